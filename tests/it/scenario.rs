//! Every bundled scenario is short, quiet in the end, and shows what its
//! title promises; and the same text is the same run, to the byte.

use crate::facts::timeline_of;
use onechef::event::{
    ClientChange, CloseReason, Event, KeyChange, LimitKind, Pipe, TransactionStep, UnblockReason,
};
use onechef::net::{Mask, WriteOutcome};
use onechef::sim::{Progress, Scenario, Sim, scenarios, summary};
use onechef::time::Micros;
use onechef::trace::Record;
use onechef::trace::world::Jar;
use onechef::view::lanes::Load;
use onechef::view::requests::Requests;

/// More would not be read by anybody, except where a crowd comes: there it is
/// how the figures come about, not the single order.
fn cycles_max(slug: &str) -> u64 {
    if slug == "the-rush" { 40 } else { 12 }
}

struct Run {
    sim: Sim,
    records: Vec<Record>,
}

impl Run {
    fn of(slug: &str) -> Run {
        let bundled = scenarios().iter().find(|b| b.slug == slug).expect("a bundled scenario");
        let mut sim = Sim::new(&bundled.scenario());
        let mut records = Vec::new();
        let end = sim.run_to_quiet(cycles_max(slug) + 1, &mut records);
        let run = Run { sim, records };
        assert_eq!(end, Progress::Quiet, "{slug} does not end\n{}", run.table());
        assert!(run.sim.cycles() <= cycles_max(slug), "{slug} is too long\n{}", run.table());
        run
    }

    fn table(&self) -> String {
        summary::table(&self.records)
    }

    /// The events that `pick` picks, with their times, in order.
    fn pick<T>(&self, pick: impl Fn(&Event) -> Option<T>) -> Vec<(Micros, T)> {
        self.records.iter().filter_map(|r| Some((r.at, pick(&r.event)?))).collect()
    }

    /// Where in the run the first event is that `want` wants.
    #[track_caller]
    fn first(&self, want: impl Fn(&Event) -> bool) -> usize {
        self.records.iter().position(|r| want(&r.event)).unwrap_or_else(|| {
            panic!("it never happens\n{}", self.table());
        })
    }

    fn received(&self, client: &str) -> String {
        let index = self.sim.scenario().client_named(client).expect("a guest of the scenario");
        String::from_utf8_lossy(self.sim.received(index)).into_owned()
    }

    /// Each cycle's commands: who, what, how often.
    fn commands(&self) -> Vec<Vec<(String, u64)>> {
        let rows = summary::rows(&self.records);
        rows.into_iter().map(|row| row.commands).filter(|commands| !commands.is_empty()).collect()
    }
}

fn once(command: &str) -> (String, u64) {
    (command.to_owned(), 1)
}

#[test]
fn each_has_a_title_and_text_that_is_its_own_inverse() {
    for bundled in scenarios() {
        let scenario = bundled.scenario();
        assert!(!scenario.title.is_empty() && !scenario.about.is_empty(), "{}", bundled.slug);
        let again = Scenario::parse(bundled.slug, &scenario.to_text());
        assert_eq!(again, Ok(scenario), "{}", bundled.slug);
    }
}

#[test]
fn each_is_the_same_run_every_time() {
    for bundled in scenarios() {
        let lines = || -> Vec<String> {
            let run = Run::of(bundled.slug);
            let line = |r: &Record| onechef::trace::codec::record_line(r);
            run.records.iter().map(line).collect()
        };
        assert_eq!(lines(), lines(), "{}", bundled.slug);
    }
}

#[test]
fn each_is_an_ordinary_day_except_for_what_it_shows() {
    for bundled in scenarios() {
        let run = Run::of(bundled.slug);
        let errors = run.pick(|e| match e {
            Event::ProtocolError { text, .. } => Some(text.clone()),
            Event::CommandRejected { name, .. } => Some(name.clone()),
            Event::CommandEnd { name, error: true, .. } => Some(name.clone()),
            _ => None,
        });
        let errors: Vec<String> = errors.into_iter().map(|(_, what)| what).collect();
        let shown: &[&str] = if bundled.slug == "the-password" { &["get", "auth"] } else { &[] };
        assert_eq!(errors, shown, "{}\n{}", bundled.slug, run.table());
    }
}

/// Protects: who waits to be served before ordering again hides a stall, who
/// comes by the clock shows it; both would be as many if nothing stalled.
#[test]
fn the_rush_is_hidden_by_regulars_and_shown_by_walk_ins() {
    let of = |run: &Run| {
        let timeline = timeline_of(&run.records);
        let requests = Requests::of(timeline.records());
        match &Load::all(&timeline, &requests, timeline.len())[..] {
            [regular, walkin] => {
                assert_eq!((&*regular.crowd, &*walkin.crowd), ("regular", "walkin"));
                for load in [regular, walkin] {
                    assert_eq!((load.sent, load.took.orders), (40, 40), "{}", run.table());
                }
                (regular.clone(), walkin.clone())
            }
            loads => panic!("{loads:?}"),
        }
    };
    let (ms, run) = (Micros::from_millis, Run::of("the-rush"));
    let (regular, walkin) = of(&run);
    assert!(regular.took.p50 < ms(1) && regular.took.p90 < ms(1), "{regular:?}");
    assert!(regular.took.p99 > ms(10), "{regular:?}");
    assert!(walkin.took.p50 < ms(1) && walkin.took.p90 > ms(8), "{walkin:?}");
    let mut calm = run.sim.scenario().clone();
    let eve = calm.client_named("eve").expect("who orders the slow dish");
    calm.inputs.retain(|input| input.client != eve);
    let (mut sim, mut records) = (Sim::new(&calm), Vec::new());
    sim.run_to_quiet(200, &mut records);
    let (regular, walkin) = of(&Run { sim, records });
    for load in [&regular, &walkin] {
        assert!(load.took.max < ms(1), "{load:?}");
        assert!((1_600..1_850).contains(&load.per_second), "{load:?}");
    }
}

#[test]
fn past_its_date_one_key_is_asked_for_and_one_is_found_by_the_clock() {
    let run = Run::of("past-its-date");
    assert_eq!(run.received("ana"), "+OK\r\n:1\r\n$3\r\nhot\r\n$-1\r\n");
    assert_eq!(run.received("bob"), "+OK\r\n$-1\r\n");
    let ended: Vec<(usize, bool, String)> = (run.records.iter().enumerate())
        .filter_map(|(index, record)| match &record.event {
            Event::Key { client, key, change: KeyChange::Expired, .. } => {
                Some((index, client.is_some(), key.to_string()))
            }
            _ => None,
        })
        .collect();
    let [(asked, true, lazily), (rang, false, actively)] = &ended[..] else { panic!("{ended:?}") };
    assert_eq!((&**lazily, &**actively), ("soup", "bread"));
    // The one inside the command that asks, the other after the clock has rung.
    let before = |index: &usize| {
        let said = run.records[..*index].iter().rev();
        said.map(|record| &record.event).find(|e| {
            matches!(
                e,
                Event::CommandBegin { .. } | Event::CommandEnd { .. } | Event::TimerFired { .. }
            )
        })
    };
    assert!(matches!(before(asked), Some(Event::CommandBegin { .. })), "{}", run.table());
    assert!(matches!(before(rang), Some(Event::TimerFired { .. })), "{}", run.table());
    let cycles = run.pick(|e| match e {
        Event::ExpireCycle { fast, expired } => Some((*fast, *expired)),
        _ => None,
    });
    assert_eq!(cycles.into_iter().map(|(_, of)| of).collect::<Vec<_>>(), [(false, 1)]);
    // Past its date, before it is asked for: still on the shelf.
    let timeline = timeline_of(&run.records);
    let world = timeline.world_at(*asked);
    let jar = world.pantry.jars.iter().find(|jar| jar.key == b"soup").expect("still there");
    assert_eq!(Jar::left_ms(jar.ends.expect("a date"), world.at), None);
    let left = |ends: u64, now: u64| Jar::left_ms(Micros(ends), Micros(now));
    assert_eq!((left(25_205, 5_205), left(25_205, 24_900)), (Some(20), Some(1)));
    assert_eq!((left(25_205, 26_205), left(25_205, 26_206)), (Some(0), None));
}

#[test]
fn first_guest_one_order_from_the_door_to_the_table() {
    let run = Run::of("first-guest");
    assert_eq!(run.received("ana"), "+PONG\r\n");
    let way = [
        run.first(|e| matches!(e, Event::Pipe { pipe: Pipe::Queued { .. }, .. })),
        run.first(|e| matches!(e, Event::ClientCreated { .. })),
        run.first(|e| matches!(e, Event::Pipe { pipe: Pipe::Arrived { .. }, .. })),
        run.first(|e| matches!(e, Event::Read { .. })),
        run.first(|e| matches!(e, Event::Parsed { .. })),
        run.first(|e| matches!(e, Event::CommandBegin { .. })),
        run.first(|e| matches!(e, Event::ReplyQueued { .. })),
        run.first(|e| matches!(e, Event::Write { outcome: WriteOutcome::Drained, .. })),
        run.first(|e| matches!(e, Event::Pipe { pipe: Pipe::Consumed { .. }, .. })),
    ];
    assert!(way.is_sorted(), "{way:?}");
}

#[test]
fn two_guests_are_cooked_for_in_order_and_served_newest_first() {
    let run = Run::of("two-guests");
    assert_eq!(run.commands(), [[once("ana set"), once("bob get")]]);
    assert_eq!(run.received("bob"), "$2\r\n42\r\n");
    let cooked = run.pick(|e| match e {
        Event::CommandBegin { client, .. } => Some(*client),
        _ => None,
    });
    let served = run.pick(|e| match e {
        Event::Write { client, .. } => Some(*client),
        _ => None,
    });
    let order = |picked: &[(Micros, onechef::event::ClientId)]| -> Vec<u64> {
        picked.iter().map(|(_, client)| client.0).collect()
    };
    assert_eq!((order(&cooked), order(&served)), (vec![1, 2], vec![2, 1]));
    assert!(cooked[1].0 < served[0].0, "everything is cooked before anything is served");
}

#[test]
fn pipelining_is_one_read_and_one_write() {
    let run = Run::of("pipelining");
    assert_eq!(run.commands(), [[("ana incr".to_owned(), 5), once("bob ping")]]);
    assert_eq!(run.received("ana"), ":1\r\n:2\r\n:3\r\n:4\r\n:5\r\n");
    let calls = run.pick(|e| match e {
        Event::Read { client, .. } => Some(("read", client.0)),
        Event::Write { client, .. } => Some(("write", client.0)),
        _ => None,
    });
    let calls: Vec<_> = calls.into_iter().map(|(_, call)| call).collect();
    assert_eq!(calls, [("read", 1), ("read", 2), ("write", 2), ("write", 1)]);
}

#[test]
fn half_an_order_waits_while_others_are_served() {
    let run = Run::of("half-an-order");
    let needs = run.pick(|e| match e {
        Event::Incomplete { need, parsed_to, .. } => Some((*need, *parsed_to)),
        _ => None,
    });
    assert_eq!(needs.len(), 2, "{}", run.table());
    assert!(needs[0].1.1 <= needs[1].1.1, "what was understood stays understood");
    // Bob's order is done while ana's is not.
    assert_eq!(run.commands(), [[once("bob ping")], [once("ana set")]]);
    assert_eq!((run.received("ana"), run.received("bob")), ("+OK\r\n".into(), "+PONG\r\n".into()));
}

#[test]
fn slow_reader_gets_a_write_handler_and_in_the_end_every_byte() {
    let run = Run::of("slow-reader");
    let stuck = run.first(|e| {
        matches!(e, Event::Write { outcome: WriteOutcome::WouldBlock, left, bytes, .. }
            if *left > 0 && *bytes > 0)
    });
    let watch = |on: bool| move |e: &Event| matches!(e, Event::Watch { mask, .. } if mask.has(Mask::WRITABLE) == on && mask.has(Mask::READABLE));
    let installed = run.first(watch(true));
    let eats = run.first(|e| matches!(e, Event::Pipe { pipe: Pipe::Reading { on: true }, .. }));
    let removed = installed
        + run.records[installed..].iter().position(|r| watch(false)(&r.event)).expect("removed");
    assert!(stuck < installed && installed < eats && eats < removed);
    // Meanwhile the others are served.
    let pong = run.pick(|e| match e {
        Event::Pipe { pipe: Pipe::Consumed { bytes }, .. } if bytes.head == "+PONG\\r\\n" => {
            Some(())
        }
        _ => None,
    });
    assert!(pong[0].0 < run.records[eats].at);
    let essay = run.received("bob");
    assert!(essay.starts_with("$12288\r\n"), "{:?}", &essay[..20]);
    assert_eq!(essay.len(), 8 + 12_288 + 2);
}

#[test]
fn slow_dish_makes_everybody_wait() {
    let run = Run::of("slow-dish");
    let slow = run.pick(|e| match e {
        Event::CommandEnd { name, took, .. } if name.starts_with("debug") => Some(*took),
        _ => None,
    });
    assert_eq!(slow.len(), 1, "{}", run.table());
    assert!(slow[0].1 >= Micros::from_millis(30));
    // Both orders lay in their sockets while the chef was busy...
    let arrived = run.pick(|e| match e {
        Event::Pipe { pipe: Pipe::Arrived { bytes }, .. } if bytes.len == 14 => Some(()),
        _ => None,
    });
    let done = slow[0].0;
    assert!(arrived.len() == 2 && arrived.iter().all(|(at, ())| *at < done), "{}", run.table());
    // ...and both are done in the one cycle after it.
    assert_eq!(run.commands()[1..], [[once("bob ping"), once("eve ping")]]);
}

#[test]
fn too_big_an_order_is_shown_out_without_a_word() {
    let run = Run::of("too-big-an-order");
    let limit = run.first(|e| matches!(e, Event::Limit { kind: LimitKind::QueryBuffer, .. }));
    let doomed =
        run.first(|e| matches!(e, Event::CloseAsap { why: CloseReason::QueryBufferLimit, .. }));
    let freed =
        run.first(|e| matches!(e, Event::ClientFreed { why: CloseReason::QueryBufferLimit, .. }));
    let seen = run.first(|e| matches!(e, Event::Pipe { pipe: Pipe::SawClose { .. }, .. }));
    assert!(limit < doomed && doomed < freed && freed < seen);
    assert_eq!(run.received("bob"), "");
    assert_eq!(run.received("ana"), "+PONG\r\n", "she is served in between");
}

#[test]
fn combined_order_is_cooked_in_a_row() {
    let run = Run::of("combined-order");
    assert_eq!(run.received("ana"), "+OK\r\n+QUEUED\r\n+QUEUED\r\n*2\r\n:2\r\n:3\r\n");
    assert_eq!(run.received("bob"), ":1\r\n$1\r\n3\r\n");
    let cooked = run.pick(|e| match e {
        Event::CommandBegin { client, name } => Some(format!("{client} {name}")),
        _ => None,
    });
    let cooked: Vec<String> = cooked.into_iter().map(|(_, what)| what).collect();
    assert_eq!(cooked, ["1 multi", "2 incr", "1 exec", "1 incr", "1 incr", "2 get"]);
    let queued = |e: &Event| {
        matches!(e, Event::Transaction { step: TransactionStep::Queued { commands: 2, .. }, .. })
    };
    let done =
        |e: &Event| matches!(e, Event::Transaction { step: TransactionStep::Ended { .. }, .. });
    assert!(run.first(queued) < run.first(done));
}

#[test]
fn one_message_becomes_a_plate_on_each_rack_and_one_sweep_serves_all() {
    let run = Run::of("one-message");
    let told = run.pick(|e| match e {
        Event::Published { receivers, .. } => Some(format!("published {receivers}")),
        Event::SweepBegin { clients } if *clients > 2 => Some(format!("sweep {clients}")),
        _ => None,
    });
    let told: Vec<String> = told.into_iter().map(|(_, what)| what).collect();
    assert_eq!(told, ["published 3", "sweep 4"], "{}", run.table());
    let message = "*3\r\n$7\r\nmessage\r\n$4\r\nnews\r\n$5\r\nhello\r\n";
    assert!(run.received("ana").ends_with(message) && run.received("bob").ends_with(message));
    assert!(run.received("eve").ends_with("$2\r\nn*\r\n$4\r\nnews\r\n$5\r\nhello\r\n"));
    assert_eq!(run.received("dan"), ":3\r\n");
}

#[test]
fn blocked_guests_are_served_in_the_order_in_which_they_came() {
    let run = Run::of("blocked-guests");
    assert_eq!(run.received("ana"), "*2\r\n$6\r\norders\r\n$4\r\nsoup\r\n");
    assert_eq!(run.received("bob"), "*2\r\n$6\r\norders\r\n$5\r\nbread\r\n+PONG\r\n");
    assert_eq!(run.received("eve"), "+PONG\r\n:1\r\n:1\r\n");
    let woken = run.pick(|e| match e {
        Event::Unblocked { client, why: UnblockReason::KeyReady } => Some(client.0),
        _ => None,
    });
    assert_eq!(woken.iter().map(|(_, client)| *client).collect::<Vec<_>>(), [1, 2]);
    // Eve is served while both wait.
    let pong = run.first(|e| {
        matches!(e, Event::Pipe { pipe: Pipe::Consumed { bytes }, .. } if bytes.head == "+PONG\\r\\n")
    });
    assert!(pong < run.first(|e| matches!(e, Event::Unblocked { .. })));
}

fn freed(run: &Run) -> Vec<(u64, CloseReason)> {
    let freed = run.pick(|e| match e {
        Event::ClientFreed { client, why, .. } => Some((client.0, *why)),
        _ => None,
    });
    freed.into_iter().map(|(_, freed)| freed).collect()
}

#[test]
fn client_eviction_clears_the_largest_table_only() {
    let run = Run::of("client-eviction");
    assert_eq!(freed(&run), [(2, CloseReason::Evicted)], "{}", run.table());
    let above = run.first(|e| matches!(e, Event::ClientMemory { used, limit } if used >= limit));
    let gone = run.first(|e| matches!(e, Event::ClientFreed { .. }));
    assert!(above < gone);
    assert_eq!(
        (run.received("ana"), run.received("bob")),
        ("+PONG\r\n+PONG\r\n".into(), String::new())
    );
}

#[test]
fn the_password_opens_the_menu_and_a_guess_does_not() {
    let run = Run::of("the-password");
    assert_eq!(
        run.received("ana"),
        "-NOAUTH Authentication required.\r\n-WRONGPASS invalid username-password pair or user \
         is disabled.\r\n+OK\r\n$-1\r\n"
    );
    let let_in = run
        .first(|e| matches!(e, Event::ClientChanged { change: ClientChange::Authenticated, .. }));
    let cooked = run.first(|e| matches!(e, Event::CommandBegin { name, .. } if name == "get"));
    assert!(let_in < cooked, "{}", run.table());
}

#[test]
fn gone_in_mid_meal_the_rest_is_thrown_away() {
    let run = Run::of("gone-in-mid-meal");
    let stuck = run.first(
        |e| matches!(e, Event::Write { outcome: WriteOutcome::WouldBlock, left, .. } if *left > 0),
    );
    let reset = run.first(|e| matches!(e, Event::Pipe { pipe: Pipe::ResetArrived, .. }));
    let gone = run.first(|e| matches!(e, Event::ClientFreed { dropped, .. } if *dropped > 20_000));
    assert!(stuck < reset && reset < gone, "{}", run.table());
    assert_eq!(freed(&run), [(2, CloseReason::ReadError)]);
    assert_eq!(run.received("ana"), "+OK\r\n+PONG\r\n");
}
