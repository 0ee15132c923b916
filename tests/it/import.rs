//! What strace wrote about a real redis-server 7.0.15, told as a trace: cycle
//! by cycle, with nothing in it that system calls do not show.
//!
//! `tests/strace/*.strace` are strace's own lines (start-up's left out); beside
//! each is what must come of it. `UPDATE=1` rewrites that.

use onechef::event::{CloseReason, Event, Stamped};
use onechef::native::import::Importer;
use onechef::native::redact::{Disclosure, Redactor};
use onechef::net::Fired;
use onechef::trace::codec::{self, Ending, Source};
use onechef::trace::{Record, World};
use proptest::prelude::*;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

const FIXTURES: [&str; 4] = ["ten-clients", "io-threads", "short-strings", "attached"];

fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/strace").join(name)
}

fn fixture(name: &str) -> Vec<u8> {
    fs::read(path(&format!("{name}.strace"))).expect("the fixture is there")
}

/// The facts of a whole, well-formed file.
fn import(bytes: &[u8]) -> (Vec<Stamped>, Source) {
    let (mut importer, mut facts) = (Importer::new(), Vec::new());
    importer.feed(bytes, &mut facts).expect("strace's lines");
    assert_eq!(importer.finish(&mut facts), Ok(Ending::Complete));
    (facts, importer.header().source)
}

fn records(facts: Vec<Stamped>) -> Vec<Record> {
    let numbered = facts.into_iter().zip(0..);
    numbered.map(|(fact, seq)| Record { seq, at: fact.at, event: fact.event }).collect()
}

/// One line a cycle in which something happened, without times and counters.
fn cycles(facts: &[Stamped]) -> String {
    let (mut out, mut line) = (String::new(), String::new());
    for Stamped { event, .. } in facts {
        if let Event::PollReturn { .. } = event {
            line.clear();
        }
        if let Some(words) = words(event) {
            let gap = if line.is_empty() { "" } else { " | " };
            let _ = write!(line, "{gap}{words}");
        }
        if matches!(event, Event::PollEnter { .. } | Event::Shutdown) && !line.is_empty() {
            let _ = writeln!(out, "{line}");
            line.clear();
        }
    }
    out
}

fn words(event: &Event) -> Option<String> {
    Some(match event {
        Event::Listen { fd, address, .. } => format!("listen {fd} {address}"),
        Event::PollReturn { fired } if fired.is_empty() => return None,
        Event::PollReturn { fired } => {
            let fd = |Fired { fd, mask }: &Fired| match mask.0 {
                1 => fd.to_string(),
                2 => format!("{fd}w"),
                _ => format!("{fd}rw"),
            };
            format!("fired {}", fired.iter().map(fd).collect::<Vec<_>>().join(" "))
        }
        Event::AcceptEnd { accepted, why } => format!("accepted {accepted}, {why:?}"),
        Event::ClientCreated { client, fd, .. } => format!("client {client} on {fd}"),
        Event::ClientFreed { client, why, dropped, .. } => {
            format!("client {client} freed, {why:?}, {dropped} lost")
        }
        Event::Read { client, outcome, bytes, .. } => {
            format!("{client} read {outcome:?} {}", bytes.len)
        }
        Event::Parsed { client, argv, .. } => {
            let argv: Vec<String> = argv.iter().map(ToString::to_string).collect();
            format!("{client} asks {}", argv.join(" "))
        }
        Event::Incomplete { client, need, .. } => format!("{client} lacks {need:?}"),
        Event::Unrecorded { client, bytes } => format!("{client} unknown {bytes}"),
        Event::ProtocolError { client, text, .. } => format!("{client} breaks: {text}"),
        Event::SweepBegin { clients } => format!("sweep {clients} ("),
        Event::SweepEnd { .. } => ")".to_owned(),
        Event::Write { client, outcome, bytes, left, by, .. } => {
            format!("{client} written {bytes} {outcome:?} left {left} by {by}")
        }
        Event::Watch { fd, mask } => format!("watch {fd} {}", mask.0),
        Event::Shutdown => "shutdown".to_owned(),
        _ => return None,
    })
}

/// Protects: strace in, trace out.
#[test]
fn what_a_real_server_did_is_told_cycle_by_cycle() {
    for name in FIXTURES {
        let told = cycles(&import(&fixture(name)).0);
        let expected = path(&format!("{name}.txt"));
        if std::env::var_os("UPDATE").is_some() {
            fs::write(&expected, &told).expect("the folder is there");
        }
        let expected = fs::read_to_string(&expected).unwrap_or_default();
        assert!(told == expected, "{name} is told otherwise; if that is right, UPDATE=1:\n{told}");
    }
}

/// Protects: nothing is made up. Facts about what goes on inside a server do
/// not follow from system calls.
#[test]
fn what_system_calls_do_not_show_is_absent() {
    for name in FIXTURES {
        let (facts, source) = import(&fixture(name));
        assert!(matches!(source, Source::SystemCalls(_)), "{source:?}");
        for Stamped { event, .. } in facts {
            assert!(
                !matches!(
                    event,
                    Event::CommandBegin { .. }
                        | Event::CommandEnd { .. }
                        | Event::Key { .. }
                        | Event::Blocked { .. }
                        | Event::Subscription { .. }
                        | Event::Transaction { .. }
                        | Event::Limit { .. }
                        | Event::CloseAsap { .. }
                        | Event::Config { .. }
                ),
                "{name}: {event:?}"
            );
        }
    }
}

/// Protects: the page. The facts fold to a house in which everybody who is
/// there came in, and everything that was swept is gone.
#[test]
fn the_facts_fold_to_a_house_in_order() {
    for name in FIXTURES {
        let (facts, source) = import(&fixture(name));
        let records = records(facts);
        let header = codec::Header::new(source, <_>::default());
        let text = codec::to_text(&header, &records);
        assert_eq!(codec::read(text.as_bytes()).expect("a trace").records, records, "{name}");
        let (mut world, mut last) = (World::default(), <_>::default());
        for record in &records {
            assert!(record.at >= last, "{name}: {record:?}");
            last = record.at;
            world.fold(record);
            let seated = |client| world.clients.contains_key(&client);
            if let Some(client) = record.event.client()
                && !matches!(record.event, Event::ClientFreed { .. })
            {
                assert!(seated(client), "{name}: {record:?}");
            }
            if let Event::SweepEnd { clients } = record.event {
                let sweep = world.sweep.as_ref().expect("it has begun");
                assert_eq!((sweep.served, sweep.order.len()), (clients as usize, clients as usize));
                assert!(world.pending_write.is_empty(), "{name}: {record:?}");
            }
        }
        let counters = &world.counters;
        let freed = records.iter().filter(|r| matches!(r.event, Event::ClientFreed { .. })).count();
        assert_eq!(counters.connected_clients, counters.total_connections_received - freed as u64);
    }
}

/// Protects: ten guests in one cycle, read in the order of their bells and
/// served newest first, as Redis does it.
#[test]
fn ten_clients_are_read_in_order_and_served_in_reverse() {
    let (facts, _) = import(&fixture("ten-clients"));
    let (mut read, mut written) = (Vec::new(), Vec::new());
    for Stamped { event, .. } in &facts {
        match event {
            Event::PollReturn { .. } => (read, written) = (Vec::new(), Vec::new()),
            Event::Read { client, .. } => read.push(*client),
            Event::Write { client, .. } => written.push(*client),
            Event::SweepEnd { clients: 10 } => {
                written.reverse();
                assert_eq!((read.len(), &read), (10, &written));
                return;
            }
            _ => {}
        }
    }
    panic!("no cycle serves ten clients");
}

/// Protects: whoever was there before strace is not guessed at.
#[test]
fn somebody_from_before_is_known_by_whole_requests_only() {
    let (facts, _) = import(&fixture("attached"));
    let first = facts
        .iter()
        .find(|fact| matches!(fact.event, Event::Parsed { .. } | Event::Unrecorded { .. }));
    let event = first.map(|fact| &fact.event);
    assert!(matches!(event, Some(Event::Unrecorded { bytes: 3, .. })), "{event:?}");
}

/// Protects: secrets, by default values and keys, with `--reveal` passwords,
/// also where one reply is of several requests, or a request is half recorded.
#[test]
fn nothing_secret_is_in_the_trace() {
    let secret = r#"1 accept4(6<TCP:[127.0.0.1:1]>, NULL, NULL, 0) = 8<TCP:[127.0.0.1:1->127.0.0.1:2]>
1 epoll_wait(5, [{events=EPOLLIN, data={u32=8, u64=8}}], 100, 100) = 1
1 read(8, "AUTH canary\r\n", 16384) = 13
1 write(8, "+OK\r\n", 5) = 5
1 epoll_wait(5, [{events=EPOLLIN, data={u32=8, u64=8}}], 100, 100) = 1
1 read(8, "CONFIG GET requirepass\r\nPING\r\n", 16384) = 30
1 write(8, "*2\r\n$11\r\nrequirepass\r\n$6\r\ncanary\r\n+PONG\r\n", 42) = 42
1 epoll_wait(5, [{events=EPOLLIN, data={u32=8, u64=8}}], 100, 100) = 1
1 read(8, "*3\r\n$6\r\nCONFIG\r\n$3\r\nSET\r\n"..., 16384) = 60
1 read(8, "canary\r\n", 16384) = 8
1 write(8, "+canary\r\n", 9) = 9
1 epoll_wait(5, [{events=EPOLLIN, data={u32=8, u64=8}}], 100, 100) = 1
1 read(8, "*1\r\n$7\r\nMONITOR\r\n", 16384) = 17
1 write(8, "+OK\r\n", 5) = 5
1 epoll_wait(5, [], 100, 100) = 0
1 write(8, "+1.2 [0 127.0.0.1:9] \"config\" \"canary\"\r\n", 40) = 40
1 epoll_wait(5, [{events=EPOLLIN, data={u32=8, u64=8}}], 100, 100) = 1
1 read(8, "*3\r\n$3\r\nSET\r\n$5\r\nsweet\r\n$4\r\ndish\r\n", 16384) = 36
1 epoll_wait(5, [], 100, 100) = 0
"#;
    let told = |disclosure| {
        let mut facts = import(secret.as_bytes()).0;
        Redactor::of_system_calls(disclosure).redact(&mut facts);
        facts.iter().map(|fact| format!("{fact:?}\n")).collect::<String>()
    };
    assert!(format!("{:?}", import(secret.as_bytes()).0).contains("canary"), "it is there");
    let revealed = told(Disclosure::All);
    assert!(!revealed.contains("canary"), "{revealed}");
    assert!(revealed.contains("sweet") && revealed.contains("dish"), "{revealed}");
    let redacted = told(Disclosure::Redacted);
    for hidden in ["canary", "sweet", "dish"] {
        assert!(!redacted.contains(hidden), "{redacted}");
    }
}

/// Protects: reasons are those that calls and requests show.
#[test]
fn an_end_without_a_visible_reason_is_unseen() {
    let killed = "1 accept4(6, NULL, NULL, 0) = 8\n1 epoll_wait(5, [], 9, 9) = 0\n\
                  1 read(8, \"PING\\r\\n\", 16) = 6\n1 close(8) = 0\n";
    let (facts, _) = import(killed.as_bytes());
    let why = facts.iter().find_map(|fact| match fact.event {
        Event::ClientFreed { why, .. } => Some(why),
        _ => None,
    });
    assert_eq!(why, Some(CloseReason::Unseen));
}

proptest! {
    /// Protects: whatever stands in a file, nothing panics, and the pieces it
    /// comes in make no difference.
    #[test]
    fn any_bytes_are_taken_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        super::fuzz::strace::hold(&bytes);
    }

    /// The same, of lines that are nearly right.
    #[test]
    fn damaged_lines_are_taken_or_refused(
        from in 0_usize..20_000,
        changes in prop::collection::vec((0_usize..4_000, any::<u8>()), 0..6),
    ) {
        let whole = fixture("io-threads");
        let from = from.min(whole.len());
        let mut bytes = whole[from..whole.len().min(from + 4_000)].to_vec();
        for (at, byte) in changes {
            if let Some(place) = bytes.get_mut(at) {
                *place = byte;
            }
        }
        super::fuzz::strace::hold(&bytes);
    }
}
