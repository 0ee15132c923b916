//! The checker, over seeds: what must hold does, and a failure is made small
//! enough to look at.

use onechef::event::{ClientId, Event};
use onechef::net::fault::FaultConfig;
use onechef::sim::check::{Invariant, examine_twice, shrink, swarm};
use onechef::sim::{Action, Scenario, Sim, scenarios};

const SEEDS: u64 = 300;

#[test]
fn every_invariant_holds_on_every_seed() {
    let (mut comparable, mut cycles, mut threaded) = (0, 0, 0);
    for seed in 0..SEEDS {
        let drawn = swarm::draw(seed);
        comparable += u64::from(drawn.comparable);
        match drawn.prove() {
            Ok(report) => {
                cycles += report.cycles;
                threaded += report.threaded;
            }
            Err(violation) => panic!("seed {seed}: {violation}\n{}", drawn.scenario.to_text()),
        }
    }
    assert!(comparable > SEEDS / 5, "only {comparable} seeds were compared");
    assert!(threaded > SEEDS / 2, "as if there were no helpers: {threaded} writes");
    assert!(cycles > 20 * SEEDS, "as if nothing happened: {cycles} cycles");
}

#[test]
fn every_bundled_scenario_holds() {
    for bundled in scenarios() {
        if let Err(violation) = examine_twice(&bundled.scenario()) {
            panic!("{}: {violation}", bundled.slug);
        }
    }
}

/// The line about its own command was stated twice: once as part of the reply.
#[test]
fn a_monitor_that_asks_something_itself_is_told_of_it_once() {
    let text = "onechef scenario 1\nclient ana\nat 1ms ana connects\n\
        at 2ms ana sends MONITOR\nat 3ms ana sends LPUSH list x y";
    let scenario = Scenario::parse("monitor", text).expect("a well-formed scenario");
    if let Err(violation) = examine_twice(&scenario) {
        panic!("{violation}");
    }
}

/// A watcher refreshed the loop's clock before each command, and MONITOR shows
/// that clock.
#[test]
fn a_watcher_does_not_move_the_clock() {
    let text = "onechef scenario 1\nclient ana\nclient bob\nat 1ms ana connects\n\
        at 1ms bob connects\nat 2ms ana sends MONITOR\nat 3ms bob sends LPOP list";
    let scenario = Scenario::parse("clock", text).expect("a well-formed scenario");
    if let Err(violation) = examine_twice(&scenario) {
        panic!("{violation}");
    }
}

/// The timer gave a query buffer's free space back and went on counting it
/// against maxmemory-clients (seed 1000174; Redis #15309 is of the kind).
#[test]
fn what_the_timer_gives_back_is_counted_no_more() {
    let text = "onechef scenario 1\nset maxmemory-clients 1mb\nclient ana\n\
        at 1ms ana connects\nat 2ms ana sends raw \"*2\\r\\n$4\\r\\nECHO\\r\\n\"\n\
        at 4s ana sends raw \"$1\\r\\nx\\r\\n\"";
    let scenario = Scenario::parse("buffers", text).expect("a well-formed scenario");
    if let Err(violation) = examine_twice(&scenario) {
        panic!("{violation}");
    }
}

/// What a wait left behind was not counted against maxmemory-clients: the
/// answer of CLIENT UNBLOCK (seed 4881), and what was held back during a pause
/// and not run to its end (seed 3009896).
#[test]
fn what_a_wait_leaves_behind_is_counted() {
    let unblocked = "at 3ms ana sends BLPOP queue 0\nat 5ms bob sends CLIENT UNBLOCK 1 ERROR";
    let held = "at 3ms bob sends CLIENT PAUSE 16\nat 7ms bob sends CLIENT REPLY OFF\n\
        at 12ms bob sends raw \"CLIENT KILL 127.0.0.1:50002\\r\\nPING\\r\\nPING\\r\\n\"";
    for talk in [unblocked, held] {
        let text = format!(
            "onechef scenario 1\nset maxmemory-clients 1mb\nclient ana\nclient bob\n\
             at 1ms ana connects\nat 2ms bob connects\n{talk}"
        );
        let scenario = Scenario::parse("wait", &text).expect("a well-formed scenario");
        if let Err(violation) = examine_twice(&scenario) {
            panic!("{violation}");
        }
    }
}

/// Who gives the password back (RESET) with replies still waiting is no
/// stranger who let refusals pile up (seed 55059).
#[test]
fn who_resets_with_replies_waiting_is_no_stranger() {
    let text = "onechef scenario 1\nset requirepass secret\n\
        net send-buffer 1kb receive-buffer 1kb\nclient ana\nat 1ms ana connects\n\
        at 2ms ana sends AUTH secret\nat 3ms ana sends SET k <60kb>\nat 90ms ana stops reading\n\
        at 91ms ana sends GET k\nat 95ms ana sends RESET\nat 150ms ana reads";
    let scenario = Scenario::parse("reset", text).expect("a well-formed scenario");
    if let Err(violation) = examine_twice(&scenario) {
        panic!("{violation}");
    }
}

/// The checker held the limit of an argument against a typed line: half a
/// request and a whole one make several, the last a long one (seed 515785).
#[test]
fn a_typed_line_has_its_own_limit_without_the_password() {
    let text = "onechef scenario 1\nset requirepass secret\nclient ana\nat 1ms ana connects\n\
        at 2ms ana sends raw \"*2\\r\\n$3\\r\\nGET\\r\\n$5\\r\\nhal\"\n\
        at 3ms ana sends SET 1:large <38597>\n";
    let scenario = Scenario::parse("typed", text).expect("a scenario");
    examine_twice(&scenario).unwrap_or_else(|violation| panic!("{violation}"));
}

/// The checker held the write budget against a turn that it does not bind:
/// while memory is short, sending frees it (seed 2000287).
#[test]
fn no_budget_binds_a_turn_while_memory_is_short() {
    let text = "onechef scenario 1\nset maxmemory 40kb\nnet send-buffer 1mb receive-buffer 1mb\n\
        client ana\nat 1ms ana connects\nat 2ms ana sends SET key <70kb>\n\
        at 9ms ana sends 4 x GET key";
    let scenario = Scenario::parse("budget", text).expect("a well-formed scenario");
    if let Err(violation) = examine_twice(&scenario) {
        panic!("{violation}");
    }
}

/// What crosses a limit is stated before the limit, and that before the doom
/// it leads to. A line for a monitor that was too much for it came after both
/// (seeds 27793 and 82825), and so did whatever a client was answered itself.
#[test]
fn what_crosses_a_limit_is_stated_before_the_limit() {
    let heard = "client-output-buffer-limit normal 21kb 0 0\nclient ana\nclient bob\n\
        at 1ms ana connects\nat 1ms bob connects\nat 2ms ana sends MONITOR\n\
        at 3ms bob sends SET key <49kb>";
    let asked = "client-output-buffer-limit normal 21kb 0 0\nclient bob\nclient ana\n\
        at 1ms bob connects\nat 1ms ana connects\nat 2ms ana sends SET key <49kb>\n\
        at 3ms bob sends GET key";
    let soft = "client-output-buffer-limit normal 0 21kb 9\nclient bob\nclient ana\n\
        at 1ms bob connects\nat 1ms ana connects\nat 2ms ana sends SET key <49kb>\n\
        at 3ms bob sends GET key";
    for (text, doomed) in [(heard, true), (asked, true), (soft, false)] {
        let text = format!("onechef scenario 1\nset {text}");
        let scenario = Scenario::parse("limit", &text).expect("a well-formed scenario");
        if let Err(violation) = examine_twice(&scenario) {
            panic!("{violation}");
        }
        let mut records = Vec::new();
        Sim::new(&scenario).run_to_quiet(1_000, &mut records);
        let one = ClientId(1);
        let about = records.iter().filter_map(|record| match &record.event {
            Event::ReplyQueued { client, bytes, .. } if *client == one && bytes.len > 40_000 => {
                Some("reply")
            }
            Event::Limit { client, .. } if *client == Some(one) => Some("limit"),
            Event::CloseAsap { client, .. } if *client == one => Some("doom"),
            _ => None,
        });
        let expected: &[&str] =
            if doomed { &["reply", "limit", "doom"] } else { &["reply", "limit", "limit"] };
        let told: Vec<&str> = about.collect();
        assert!(told.starts_with(&expected[..2]), "{told:?} in\n{text}");
        assert_eq!(told.contains(&"doom"), doomed, "{told:?} in\n{text}");
        assert_eq!(told, &expected[..told.len()], "{text}");
    }
}

/// A monitor hears of the EXEC it is refused itself, once.
#[test]
fn a_monitor_that_is_refused_its_own_exec_is_told_of_it_once() {
    let text = "onechef scenario 1\nclient ana\nat 1ms ana connects\n\
        at 2ms ana sends MONITOR\nat 3ms ana sends MULTI\nat 4ms ana sends EXEC now";
    let scenario = Scenario::parse("exec", text).expect("a well-formed scenario");
    if let Err(violation) = examine_twice(&scenario) {
        panic!("{violation}");
    }
}

/// A watcher times commands that nobody times otherwise, and INFO told of it
/// (seed 3792).
#[test]
fn a_watcher_does_not_change_what_info_tells() {
    let text = "onechef scenario 1\nclient ana\nat 1ms ana connects\n\
        at 2ms ana sends PING\nat 3ms ana sends INFO commandstats";
    let scenario = Scenario::parse("info", text).expect("a well-formed scenario");
    if let Err(violation) = examine_twice(&scenario) {
        panic!("{violation}");
    }
}

/// What is changed while the server runs binds what comes after: nobody is
/// held to a rule that did not hold when it came in.
#[test]
fn rules_that_change_meanwhile_bind_what_comes_after() {
    for talk in [
        "at 3ms ana sends CONFIG SET maxclients 1\nat 4ms bob sends PING",
        "at 3ms bob sends SET k <60kb>\nat 4ms bob stops reading\nat 5ms bob sends 9 x GET k\n\
         at 9ms ana sends CONFIG SET client-output-buffer-limit \"normal 1kb 0 0\"",
        "at 3ms ana sends CONFIG SET requirepass secret\nat 4ms ana sends RESET\n\
         at 5ms bob sends PING\nat 6ms ana sends PING\nat 7ms bob sends CONFIG SET requirepass \"\"\n\
         at 8ms ana sends PING\nat 9ms bob sends RESET\nat 10ms bob sends PING",
        "at 3ms ana sends DEBUG PAUSE-CRON 1\nat 4ms ana sends SHUTDOWN NOSAVE",
    ] {
        let text = format!(
            "onechef scenario 1\nclient ana\nclient bob send-buffer 1kb receive-buffer 1kb\n\
             at 1ms ana connects\nat 1ms bob connects\n{talk}"
        );
        let scenario = Scenario::parse("rules", &text).expect("a well-formed scenario");
        if let Err(violation) = examine_twice(&scenario) {
            panic!("{violation}\n{text}");
        }
    }
}

/// A seed must say the same tomorrow as text, or nobody can replay it.
#[test]
fn a_drawn_scenario_survives_as_text() {
    for seed in 0..SEEDS {
        let scenario = swarm::scenario(seed);
        let text = scenario.to_text();
        let again = Scenario::parse("drawn", &text).unwrap_or_else(|e| panic!("{e}\n{text}"));
        assert_eq!(again, scenario, "seed {seed}\n{text}");
    }
}

/// Two guests, of whom one matters: what the shrinker keeps is what decides.
#[test]
fn the_shrinker_keeps_what_decides_and_nothing_else() {
    let text = "onechef scenario 1\nseed 5\nset hz 50\n\
        fault short-reads 200 spurious 100\ncalm 40ms\n\
        client ana latency 3ms\nclient bob\nclient cy\n\
        at 1ms ana connects\nat 1ms bob connects\nat 2ms cy connects\n\
        at 3ms bob sends 5 x PING\nat 4ms bob sends SET key value split 3\n\
        at 4ms ana sends PING\nat 5ms bob sends GET key\nat 6ms cy closes";
    let scenario = Scenario::parse("text", text).expect("a well-formed scenario");
    let speaks = |scenario: &Scenario| {
        let asks = scenario.inputs.iter().any(|input| match &input.action {
            Action::Send(packets) => packets.bytes.windows(3).any(|word| word == b"SET"),
            _ => false,
        });
        asks.then_some(Invariant::Liveness)
    };
    let small = shrink::shrink(&scenario, Invariant::Liveness, speaks);
    assert_eq!(small.clients.len(), 1, "{}", small.to_text());
    assert_eq!(small.inputs.len(), 2, "{}", small.to_text());
    assert_eq!(small.faults, FaultConfig::default());
    assert_eq!((small.calm, small.config.len()), (None, 0));
    assert_eq!(Scenario::parse("small", &small.to_text()).as_ref(), Ok(&small));
    // What breaks something else is not smaller, it is different.
    let other = shrink::shrink(&scenario, Invariant::InputInOrder, speaks);
    assert_eq!(other, scenario);
}
