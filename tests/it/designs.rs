//! What other designs would have made of the same orders: the model's prices
//! are the engine's, and its rows are what the documentation says of them.

use crate::facts::timeline_of;
use onechef::sim::{Scenario, Sim, bundled_as};
use onechef::time::Micros;
use onechef::trace::Timeline;
use onechef::view::designs::{Comparison, Design, Fared, HELPED, compare};
use onechef::view::requests::Requests;

fn run(scenario: &Scenario) -> (Timeline, Requests) {
    let mut records = Vec::new();
    Sim::new(scenario).run_to_quiet(100_000, &mut records);
    let timeline = timeline_of(&records);
    let requests = Requests::of(timeline.records());
    (timeline, requests)
}

fn compared(scenario: &Scenario) -> Comparison {
    let (was, helped) = (run(scenario), run(&scenario.with(HELPED)));
    compare((&was.0, &was.1), Some((&helped.0, &helped.1)), &scenario.costs)
}

fn of(text: &str) -> Comparison {
    let scenario = format!("onechef scenario 1\ntitle t\nabout a\nseed 1\n{text}");
    compared(&Scenario::parse("t", &scenario).expect("a scenario"))
}

fn bundled(slug: &str) -> Comparison {
    compared(&bundled_as(slug).expect("bundled").scenario())
}

fn in_the_loop(compared: &Comparison) -> &Fared {
    &compared.rows[0]
}

fn threads(compared: &Comparison, wanted_cores: usize, wanted_lock: bool) -> &Fared {
    let wanted = |fared: &&Fared| {
        matches!(fared.design, Design::ThreadPerClient { cores, locked, .. }
            if cores == wanted_cores && locked == wanted_lock)
    };
    compared.rows.iter().find(wanted).expect("a row")
}

/// Protects: the model charges what the engine's network charges. A guest who
/// is alone is served in the same time by either; a loop pays for its poll
/// beside.
#[test]
fn a_guest_alone_is_served_in_the_same_time() {
    let texts = [
        "at 1ms ana connects\nat 5ms ana sends PING",
        "at 1ms ana connects\nat 5ms ana sends SET menu xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\n\
         at 9ms ana sends 40 x GET menu\nat 15ms ana sends DEBUG SLEEP 0.01",
        "cost syscall 7us wakeup 30us copy-per-kb 50us parse-per-kb 9us command 3us\n\
         at 1ms ana connects\nat 5ms ana sends SET a 1\nat 9ms ana sends 9 x GET a",
    ];
    for text in texts {
        let (costs, inputs) =
            text.split_at(if text.starts_with("cost") { text.find('\n').unwrap() + 1 } else { 0 });
        let compared = of(&format!("{costs}client ana\n\n{inputs}\n"));
        let (was, alone) = (in_the_loop(&compared), threads(&compared, 1, true));
        assert_eq!(was.took.orders, alone.took.orders);
        for (was, alone) in [(was.took.p50, alone.took.p50), (was.took.max, alone.took.max)] {
            assert!(was.0.abs_diff(alone.0) <= 1, "{was} and {alone}: {text}");
        }
        assert_eq!(was.wakeups, alone.wakeups, "{text}");
        assert!(was.busy > alone.busy, "the polls: {text}");
        assert_eq!(compared.left_out, 0);
    }
}

/// Protects: what is said of the slow dish is so: a second cook helps nobody
/// who needs the one key.
#[test]
fn a_lock_makes_threads_wait_as_the_loop_does() {
    let compared = bundled("slow-dish");
    let wait = in_the_loop(&compared).took.p50;
    assert!(wait > Micros(29_000));
    assert!(threads(&compared, 4, true).took.p50 >= wait);
    assert!(threads(&compared, 4, false).took.p50 < Micros(100), "with nothing to share");
}

/// Protects: many who order at the same moment are served with one wake-up by
/// the loop, and with one each by threads.
#[test]
fn a_crowd_wakes_every_thread_and_the_loop_once() {
    let mut text = "crowd rush 50\n\nat 1ms rush connects\n".to_owned();
    text += "at 100ms rush sends 50 x PING open every 1us\n";
    let compared = of(&text);
    let (was, alone) = (in_the_loop(&compared), threads(&compared, 1, true));
    assert_eq!((was.took.orders, alone.took.orders), (50, 50));
    assert!(was.wakeups < 5, "{was:?}");
    assert!(alone.wakeups >= 50, "{alone:?}");
    assert!(alone.busy > was.busy);
    assert_eq!(alone.design, Design::ThreadPerClient { threads: 50, cores: 1, locked: true });
}

/// Protects: the row of the run with helpers is the engine's own run, where
/// they carry.
#[test]
fn helpers_carry_in_a_run_of_the_engine() {
    let compared = bundled("tour/heavy-trays");
    let helped = compared
        .rows
        .iter()
        .find(|fared| matches!(fared.design, Design::EventLoop { io_threads: 4, .. }));
    assert_eq!(helped.expect("a row").took.orders, in_the_loop(&compared).took.orders);
    let many = "client ana\nclient bob\nclient cy\nclient dan\nclient eve\nclient fay\nclient gus\nclient hal\n\n";
    let guests = ["ana", "bob", "cy", "dan", "eve", "fay", "gus", "hal"];
    let acts = |act: &str| guests.map(|guest| act.replace('G', guest)).concat();
    let set = format!("at 2ms ana sends SET essay {}\n", "x".repeat(3_000));
    let text =
        [many, &acts("at 1ms G connects\n"), &set, &acts("at 9ms G sends GET essay\n")].concat();
    let helped = of(&text).rows[1].design;
    assert!(
        matches!(helped, Design::EventLoop { io_threads: 4, shares } if shares > 0),
        "{helped:?}"
    );
}

/// Protects: orders whose answer did not depend on the design are counted and
/// left out.
#[test]
fn what_waits_for_something_else_is_left_out() {
    assert_eq!(bundled("slow-reader").left_out, 1);
    let blocked = bundled("blocked-guests");
    assert!(blocked.left_out > 0 && !blocked.rows.is_empty(), "{blocked:?}");
    let nobody = of("client ana\n\nat 1ms ana connects\n");
    assert_eq!(nobody, Comparison::default());
}

/// Protects: a price that no clock could hold is paid, and stops nobody.
#[test]
fn any_price_can_be_compared() {
    let prices = [
        "syscall",
        "copy-per-kb",
        "poll",
        "wakeup",
        "accept",
        "command",
        "unit",
        "parse-per-kb",
        "fan-out",
        "fan-in",
    ];
    for price in prices {
        let compared = of(&format!(
            "cost {price} {}ns\nclient ana\n\nat 1ms ana connects\nat 5ms ana sends PING\n",
            u64::MAX
        ));
        assert!(compared.left_out <= 1, "{price}");
    }
}
