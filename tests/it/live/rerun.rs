//! A real server's recording, run again in the simulation: the same facts at
//! the same times, whatever its clients did.

use super::server::{self, Client, Server};
use super::{ends, until};
use onechef::event::{Event, Handler, ReadOutcome};
use onechef::sim::rerun::{self, NoRerun, Verdict};
use onechef::sim::{Action, Input, Packets, Scenario, Sim};
use onechef::time::Micros;
use onechef::trace::codec::{self, Trace};
use onechef::trace::{Inputs, Record};

/// Runs `guests` against a server that records; what it recorded.
fn recorded(name: &str, arguments: &[&str], guests: impl FnOnce(&Server)) -> (String, Trace) {
    let folder = server::Folder::new(name);
    let file = folder.path("trace.ndjson");
    let server = Server::start(&[&["--record", &file], arguments].concat());
    guests(&server);
    server.stop();
    let text = std::fs::read_to_string(&file).expect("the recording");
    let trace = codec::read(text.as_bytes()).expect("a trace");
    (text, trace)
}

fn scenario_of(trace: &Trace) -> Result<Scenario, NoRerun> {
    rerun::scenario("A recording", trace.header.as_ref().expect("a header"), &trace.inputs)
}

/// The scenario as anybody would get it: through its text.
fn read_back(scenario: &Scenario) -> Scenario {
    let text = scenario.to_text();
    let read = Scenario::parse("recorded", &text).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(read, *scenario);
    read
}

/// Protects: the recording's lines, to the byte.
fn assert_same(text: &str, trace: &Trace) -> Scenario {
    let scenario = read_back(&scenario_of(trace).expect("all that is needed"));
    match rerun::compare(&scenario, &trace.records, &trace.inputs) {
        Verdict::Same { records } => assert_eq!(records, trace.records.len()),
        Verdict::Differs { at, recorded, rerun } => {
            panic!("record {at}\nrecorded {recorded}\nrerun    {rerun}")
        }
    }
    let (mut sim, mut records) = (Sim::new(&scenario), Vec::new());
    while sim.plays_tape() {
        sim.advance(&mut records);
    }
    assert!(!sim.has_left_tape());
    let rerun = codec::to_text(trace.header.as_ref().expect("a header"), &records);
    let core = |line: &str| {
        line.split(",\"in\":").next().unwrap_or_default().trim_end_matches('}').to_owned()
    };
    assert!(text.lines().map(core).eq(rerun.lines().map(core)), "line by line");
    scenario
}

fn seen(trace: &Trace, what: &str, is_it: impl Fn(&Event) -> bool) {
    assert!(trace.records.iter().any(|record| is_it(&record.event)), "nobody saw {what}");
}

/// What guests of all kinds do.
fn all_kinds(server: &Server) {
    let mut ana = server.client();
    ana.pipeline(&["INCR", "visits"], 300);
    ana.pieces(&[b"*3\r\n$3\r\nSE", b"T\r\n$5\r\nprice\r\n$2", b"\r\n42\r\n"]);
    ana.ask(&["SET", "short", "lived", "PX", "1"]);
    for words in
        [&["TIME"][..], &["RANDOMKEY"], &["INFO"], &["CLIENT", "LIST"], &["OBJECT", "FREQ", "a"]]
    {
        ana.ask(words);
    }
    ana.ask(&["CONFIG", "SET", "hz", "50"]);
    ana.ask(&["DEBUG", "SLEEP", "0.01"]);
    let mut bob = server.client();
    bob.ask(&["SUBSCRIBE", "news"]);
    ana.ask(&["PUBLISH", "news", "an essay"]);
    bob.answer();
    let mut eve = server.client();
    eve.send(&["BLPOP", "orders", "0"]);
    until_blocked(&mut ana);
    ana.ask(&["RPUSH", "orders", "soup"]);
    eve.answer();
    eve.ask(&["BLPOP", "nothing", "0.01"]);
    for words in [&["WATCH", "price"][..], &["MULTI"], &["GET", "price"], &["EXEC"]] {
        ana.ask(words);
    }
    server.client().say_and_leave(&[["PING".to_owned()]]);
    server.client().say_and_leave(&[["\u{e9}\u{0}\r\n\"'%\\ ".to_owned()]]);
    typed(server.client(), "ECHO \"typed by hand\"\r\nPING\r\n");
    typed(server.client(), "*nonsense\r\n");
    typed(server.client(), "*2\r\n$3\r\nGET\r\n$5\r\nhal");
    ana.ask(&["QUIT"]);
}

fn until_blocked(client: &mut Client) {
    while !client.info("blocked_clients:1") {}
}

fn typed(client: Client, text: &str) {
    client.type_and_leave(text);
}

/// Protects: readiness, bytes and clock are all that comes from outside, and
/// all of it is on the tape.
#[test]
fn guests_of_all_kinds_are_served_the_same_way_again() {
    let (text, trace) = recorded("all-kinds", &["--reveal"], all_kinds);
    seen(&trace, "half a request", |e| matches!(e, Event::Incomplete { .. }));
    seen(&trace, "a wait", |e| matches!(e, Event::Blocked { .. }));
    seen(&trace, "a message", |e| matches!(e, Event::Published { receivers: 1, .. }));
    seen(&trace, "nonsense", |e| matches!(e, Event::ProtocolError { .. }));
    seen(&trace, "an end", |e| matches!(e, Event::Read { outcome: ReadOutcome::Eof, .. }));
    let scenario = assert_same(&text, &trace);
    assert!(scenario.clients.len() >= 8 && scenario.inputs.is_empty());
}

/// Protects: what the kernel took of each write is on the tape, too.
#[test]
fn a_slow_reader_is_as_slow_again() {
    let (text, trace) = recorded("slow-reader", &["--reveal"], |server| {
        let mut ana = server.client();
        ana.ask(&["DEBUG", "POPULATE", "1", "essay", "3000000"]);
        for _ in 0..8 {
            ana.send(&["GET", "essay:0"]);
        }
        let mut other = server.client();
        other.ask(&["PING"]);
        for _ in 0..8 {
            ana.answer();
        }
    });
    seen(&trace, "a full socket", |e| matches!(e, Event::Write { left: 1.., .. }));
    let later = |e: &Event| matches!(e, Event::Fire { handler: Handler::SendReply, .. });
    seen(&trace, "a second plate", later);
    assert_same(&text, &trace);
}

/// Protects: turns that helpers carry are played as they carried them.
#[test]
fn helpers_carry_the_same_plates_again() {
    let (text, trace) = recorded("helpers", &["--reveal", "--io-threads", "3"], |server| {
        let mut ana = server.client();
        let mut guests: Vec<Client> = (0..12).map(|_| server.client()).collect();
        ana.ask(&["SET", "soup", &"x".repeat(3_000)]);
        for _ in 0..5 {
            // All of them are served by one sweep, wherever that may be.
            ana.send(&["DEBUG", "SLEEP", "0.02"]);
            guests.iter_mut().for_each(|guest| guest.send(&["GET", "soup"]));
            ana.answer();
            guests.iter_mut().for_each(|guest| drop(guest.answer()));
        }
    });
    seen(&trace, "a helper", |e| matches!(e, Event::Write { by: 1.., .. }));
    assert_same(&text, &trace);
}

/// Protects: a rerun lets in whom the run let in, without knowing the password.
#[test]
fn passwords_are_not_in_a_recording_and_yet_it_can_be_run_again() {
    let arguments = ["--reveal", "--requirepass", "Pa55word"];
    let (text, trace) = recorded("password", &arguments, |server| {
        let mut ana = server.client();
        ana.ask(&["PING"]);
        ana.ask(&["AUTH", "wr0ng-wr0ng"]);
        ana.ask(&["AUTH", "default", "Pa55word"]);
        ana.ask(&["CONFIG", "SET", "requirepass", "Pa55word-2"]);
        ana.ask(&["CONFIG", "GET", "requirepass"]);
        ana.ask(&["SET", "open", "for-all-to-see"]);
        let mut bob = server.client();
        bob.ask(&["HELLO", "3", "AUTH", "default", "Pa55word"]);
        bob.ask(&["HELLO", "3", "AUTH", "default", "Pa55word-2"]);
        typed(server.client(), "AUTH Pa55word-2\r\nGET open\r\n");
    });
    for secret in ["Pa55", "word-2", "wr0ng"] {
        assert!(!text.contains(secret), "{secret}");
    }
    assert!(text.contains("for-all-to-see"));
    assert_same(&text, &trace);
}

/// Protects: a watcher who came in mid-run can run again what it saw.
#[test]
fn what_a_watcher_saved_can_be_run_again() {
    let server = Server::start(&["--reveal", "--rerun"]);
    let mut ana = server.client();
    ana.pipeline(&["INCR", "before"], 50);
    let mut stream = server.watch(None);
    let mut records: Vec<Record> = Vec::new();
    ana.ask(&["GET", "before"]);
    all_kinds(&server);
    let mut last = server.client();
    last.ask(&["ECHO", "done"]);
    records.extend(until(&mut stream, ends("echo")));
    records.extend(stream.finish_piece());
    let trace = codec::read(stream.as_trace().as_bytes()).expect("a trace");
    // The text of the stream ends with a half-cycle, as what a page saves does.
    assert_eq!(trace.records, records);
    let scenario = read_back(&scenario_of(&trace).expect("all that is needed"));
    let verdict = rerun::compare(&scenario, &trace.records, &trace.inputs);
    let stood = records.iter().position(|r| matches!(r.event, Event::PollEnter { .. }));
    let expected = records.len() - stood.expect("how things stood") - 1;
    assert_eq!(verdict, Verdict::Same { records: expected });
}

/// Protects: what cannot be done is said, and never half done.
#[test]
fn a_recording_without_its_inputs_is_not_run_again() {
    let ask = |server: &Server| server.client().pipeline(&["INCR", "a"], 100);
    let (text, trace) = recorded("redacted", &[], ask);
    assert!(!text.contains("\"in\":"));
    assert_eq!(scenario_of(&trace), Err(NoRerun::NoInputs));
    let (text, trace) = recorded("begun-anew", &["--reveal", "--record-limit", "64kb"], |server| {
        let mut ana = server.client();
        (0..20).for_each(|_| ana.pipeline(&["INCR", "a"], 100));
    });
    assert!(!text.contains("\"in\":"));
    assert_eq!(scenario_of(&trace), Err(NoRerun::NoInputs));
    let (_, mut trace) = recorded("cut", &["--reveal"], ask);
    let mut late = Inputs::default();
    late.push(9, trace.inputs.text()[40..].to_owned());
    trace.inputs = late;
    assert_eq!(scenario_of(&trace), Err(NoRerun::NotFromTheStart));
}

/// Protects: a recording may come from anybody, and from a later program.
#[test]
fn a_recording_of_a_server_that_cannot_be_is_not_run_again() {
    let (_, trace) = recorded("strange", &["--reveal"], |server| {
        server.client().pipeline(&["INCR", "a"], 1);
    });
    assert!(scenario_of(&trace).is_ok());
    for (name, value) in [("port", "65536"), ("a-directive-of-tomorrow", "yes")] {
        let mut trace = trace.clone();
        let header = trace.header.as_mut().expect("a header");
        header.config.insert(name.to_owned(), value.to_owned());
        assert_eq!(scenario_of(&trace), Err(NoRerun::UnknownSetting));
    }
}

/// Protects: the comparison sees what differs. (It is what the others believe.)
#[test]
fn another_run_is_not_taken_for_the_same() {
    let (_, trace) = recorded("differs", &["--reveal"], |server| {
        server.client().pipeline(&["INCR", "a"], 20);
    });
    let scenario = scenario_of(&trace).expect("all that is needed");
    let compare = |tape: String| {
        let changed = Scenario { tape: Some(tape.into()), ..scenario.clone() };
        rerun::compare(&changed, &trace.records, &trace.inputs)
    };
    let tape = trace.inputs.text();
    assert!(matches!(compare(tape.clone()), Verdict::Same { .. }));
    for (known, other) in [("INCR", "DECR"), ("+1", "+2"), (",1;", ",3;"), ("a!w;", "a!a;")] {
        let at = tape.rfind(known).unwrap_or_else(|| panic!("no {known} in {tape}"));
        let changed = format!("{}{other}{}", &tape[..at], &tape[at + known.len()..]);
        assert!(matches!(compare(changed), Verdict::Differs { .. }), "{known} as {other}");
    }
    let shorter = compare(tape[..tape.len() / 2].to_owned());
    assert!(matches!(shorter, Verdict::Differs { .. }), "{shorter:?}");
}

/// Protects: from any moment on the past can be changed, and until then
/// nothing is.
#[test]
fn a_rerun_can_be_changed_from_any_moment_on() {
    let (_, trace) = recorded("changed", &["--reveal"], |server| {
        let (mut ana, mut bob) = (server.client(), server.client());
        ana.ask(&["SET", "price", "42"]);
        bob.ask(&["GET", "price"]);
        ana.ask(&["SET", "price", "43"]);
        bob.ask(&["GET", "price"]);
    });
    let whole = scenario_of(&trace).expect("all that is needed");
    let second_set = trace.records.iter().filter(|r| ends("set")(&r.event)).nth(1).expect("two");
    for (client, at) in [(0, second_set.at), (1, second_set.at), (1, Micros(1))] {
        let mut changed = whole.clone();
        let guest = changed.add_client("guest");
        let at = at.saturating_add(Micros(1));
        changed.insert(Input { at, client: guest, action: Action::Connect });
        for client in [client, guest] {
            let packets = Packets::command(&["INCRBY", "price", "1000"]);
            changed.insert(Input { at, client, action: Action::Send(packets) });
        }
        let changed = read_back(&changed);
        let (mut sim, mut records) = (Sim::new(&changed), Vec::new());
        sim.run_to_quiet(1_000, &mut records);
        assert!(!sim.has_left_tape());
        let parting = trace.records.iter().zip(&records).take_while(|(a, b)| a == b).count();
        assert!(trace.records[parting].at >= at, "parts at {parting}, before {at}");
        let is_asked = |r: &&Record| ends("incrby")(&r.event);
        let expected = if at == Micros(2) { 1 } else { 2 };
        assert_eq!(records.iter().filter(is_asked).count(), expected, "from {at}");
        assert!(!sim.received(guest).is_empty(), "and are answered");
    }
}

/// The program's exit status, what it says, and what it complains of.
fn program(arguments: &[&str]) -> (Option<i32>, String, String) {
    let mut program = std::process::Command::new(env!("CARGO_BIN_EXE_onechef"));
    let output = program.args(arguments).output().expect("the program runs");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

/// Protects: what `onechef replay` and `onechef export` make of a recording,
/// and what they say of what is none.
#[test]
fn a_recording_is_summed_up_checked_turned_and_exported() {
    let folder = server::Folder::new("replay");
    let (text, trace) = recorded("replayed", &["--reveal"], |server| {
        server.client().pipeline(&["INCR", "visits"], 20);
    });
    let file = folder.path("good.ndjson");
    std::fs::write(&file, &text).expect("a file");
    let (status, said, complaint) = program(&["replay", &file, "--check"]);
    let expected = format!("core trace is the same, {} records", trace.records.len());
    assert_eq!((status, complaint.as_str()), (Some(0), ""));
    assert!(said.contains(&expected), "{said}");
    let (_, table, _) = program(&["replay", &file, "--summary"]);
    assert!(table.contains("cycle") && table.contains("incr"), "{table}");
    let (_, cycles, _) = program(&["replay", &file, "--summary=json"]);
    let cycles: serde_json::Value = serde_json::from_str(&cycles).expect("JSON");
    let commands = cycles["cycles"].as_array().into_iter().flatten().flat_map(|cycle| {
        cycle["commands"].as_array().expect("commands").iter().filter_map(|c| c["times"].as_u64())
    });
    assert_eq!(commands.sum::<u64>(), 20);
    let (status, _, complaint) = program(&["replay", &file, "--summary=xml"]);
    assert!(status == Some(2) && complaint.contains("expected json"), "{complaint}");
    let (_, scenario, _) = program(&["replay", &file, "--scenario"]);
    let scenario_file = folder.path("turned.scenario");
    std::fs::write(&scenario_file, &scenario).expect("a file");
    let (_, rerun, _) = program(&["run", &scenario_file]);
    let read = codec::read(rerun.as_bytes()).expect("a trace").records;
    assert!(read.starts_with(&trace.records));
    let (_, perfetto, _) = program(&["export", &file]);
    let json: serde_json::Value = serde_json::from_str(&perfetto).expect("JSON");
    let events = json["traceEvents"].as_array().expect("events");
    let named = |name: &str| events.iter().filter(|event| event["name"] == name).count();
    assert_eq!(named("incr"), 40, "each command has a slice on the thread and on its client");

    let broken = folder.path("broken.ndjson");
    let lines: Vec<&str> = text.lines().take(3).collect();
    std::fs::write(&broken, lines.join("\n") + "\n{\"n\":9,\"us\":x}\n").expect("a file");
    let (status, _, complaint) = program(&["replay", &broken]);
    assert_eq!(status, Some(2));
    assert!(complaint.contains(&format!("{broken}:4:13: ")), "{complaint}");
    let (status, _, complaint) = program(&["replay", &folder.path("none"), "--summary"]);
    assert!(status == Some(2) && complaint.contains("none: "), "{complaint}");
    let (status, _, complaint) = program(&["replay", &file, "--check", "--live"]);
    assert!(status == Some(2) && complaint.contains("serve no page"), "{complaint}");

    let redacted = folder.path("redacted.ndjson");
    let (text, _) = recorded("replay-redacted", &[], |server| drop(server.client().ask(&["PING"])));
    std::fs::write(&redacted, &text).expect("a file");
    let (status, _, complaint) = program(&["replay", &redacted, "--check"]);
    assert!(status == Some(1) && complaint.contains("--reveal"), "{complaint}");
}
