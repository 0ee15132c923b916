//! The format: what is read, what is refused and where, and that writing and
//! reading undo each other.

use super::*;
use proptest::prelude::*;

fn parse(text: &str) -> Result<Scenario, String> {
    Scenario::parse("half.scenario", text).map_err(|error| error.to_string())
}

/// A scenario with these lines after a header and two guests, from line 4 on.
fn with(lines: &str) -> Result<Scenario, String> {
    parse(&format!("onechef scenario 1\nclient ana\nclient bob\n{lines}\n"))
}

#[track_caller]
fn sends(statement: &str) -> Packets {
    let scenario = with(&format!("at 1ms ana connects\nat 2ms ana sends {statement}"));
    match &scenario.expect("a well-formed statement").inputs[1].action {
        Action::Send(packets) => packets.clone(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_example_of_the_documentation_is_read() {
    let source = include_str!("mod.rs");
    let example: String = source
        .lines()
        .skip_while(|line| !line.contains("```text"))
        .skip(1)
        .take_while(|line| !line.contains("```"))
        .map(|line| line.trim_start_matches("//!").trim_start().to_owned() + "\n")
        .collect();
    // Nobody in it has connected bob.
    let example = example.replace("at 2ms", "at 1ms bob connects\nat 2ms");
    let scenario = parse(&example).expect("the example");
    assert_eq!(scenario.title, "Half an order");
    assert_eq!(scenario.seed, 7);
    let limit = ("client-query-buffer-limit".to_owned(), "1mb".to_owned());
    assert_eq!(scenario.config, [limit]);
    assert_eq!(scenario.costs.syscall_ns, 2_000);
    assert_eq!(scenario.faults.short_read_per_mille, 100);
    let bob = &scenario.clients[1];
    assert_eq!((bob.link.latency, bob.link.guest_receive_bytes), (Micros(1_000), 4_096));
    assert_eq!(bob.link.server_send_bytes, Link::default().server_send_bytes);
    assert_eq!(scenario.inputs.len(), 14 + 20 + 20 + 1);
    assert_eq!(parse(&scenario.to_text()), Ok(scenario));
}

#[test]
fn every_way_of_sending() {
    let request = b"*3\r\n$3\r\nSET\r\n$5\r\nprice\r\n$2\r\n42\r\n";
    assert_eq!(sends("SET price 42"), Packets::whole(request.to_vec()));
    assert_eq!(sends("SET price 42 # a comment").bytes, request);
    assert_eq!(sends("3 x PING").bytes, b"*1\r\n$4\r\nPING\r\n".repeat(3));
    assert_eq!(sends("ECHO \"a\\x00 b\" 'c d'").bytes, {
        Packets::command(&[&b"ECHO"[..], b"a\0 b", b"c d"]).bytes
    });
    assert_eq!(sends("SET k <2kb>").bytes.len(), 29 + 2_048);
    assert_eq!(sends("inline PING").bytes, b"PING\r\n");
    assert_eq!(sends(r#"inline "set k \"a b\"""#).bytes, b"set k \"a b\"\r\n");
    assert_eq!(sends(r#"raw "*1\r\n$4\r\nPI""#).bytes, b"*1\r\n$4\r\nPI");
    assert_eq!(sends("raw <4> y").bytes, b"xxxxy");
    // Quoted, a word means only itself.
    assert!(sends("SET \"split\" 7").splits.is_empty());
    assert_eq!(sends("\"raw\" x").bytes, Packets::command(&["raw", "x"]).bytes);
    assert_eq!(sends("SET k \"<2kb>\"").bytes, Packets::command(&["SET", "k", "<2kb>"]).bytes);
}

#[test]
fn packets_are_cut_where_it_says() {
    let packets = sends("raw 0123456789 split 3 7");
    let cut: Vec<_> = packets.packets().map(|(after, bytes)| (after.0, bytes)).collect();
    assert_eq!(cut, [(0, &b"012"[..]), (1_000, b"3456"), (2_000, b"789")]);
    let packets = sends("raw 0123456789 split every 4 apart 250us");
    let cut: Vec<_> = packets.packets().map(|(after, bytes)| (after.0, bytes)).collect();
    assert_eq!(cut, [(0, &b"0123"[..]), (250, b"4567"), (500, b"89")]);
}

#[test]
fn statements_are_put_in_order_of_time_and_keep_their_own() {
    let scenario = with("at 2ms ana closes\nat 1ms bob connects\nat 1ms ana connects").unwrap();
    let order: Vec<_> = scenario.inputs.iter().map(|i| (i.at.0, i.client)).collect();
    assert_eq!(order, [(1_000, 1), (1_000, 0), (2_000, 0)]);
}

#[test]
fn refusals_say_where_and_what_was_expected() {
    let header = [
        ("", r#"1:1: expected 'onechef scenario 1', found the end of the line"#),
        ("title X", r#"1:1: expected 'onechef scenario 1', found "title""#),
        ("onechef scenario 2", r#"1:18: expected version 1 of the format, found "2""#),
        ("onechef scenario 1 x", r#"1:20: expected the end of the line, found "x""#),
    ];
    for (text, want) in header {
        assert_eq!(parse(text), Err(format!("half.scenario:{want}")));
    }
    let lines = [
        (
            "dance",
            r#"4:1: expected one of title, about, seed, set, net, cost, fault, calm, tape, client, crowd, at, found "dance""#,
        ),
        ("\n  at soon ana closes", r#"5:6: expected a time such as 3ms, found "soon""#),
        ("at", "4:3: expected a time such as 3ms, found the end of the line"),
        ("at 3ms", "4:7: expected one of ana, bob, found the end of the line"),
        ("at 3ms eve closes", r#"4:8: expected one of ana, bob, found "eve""#),
        (
            "at 3ms ana dances",
            r#"4:12: expected one of connects, sends, stops reading, reads, shuts down, closes, resets, found "dances""#,
        ),
        ("at 3ms ana stops", "4:17: expected 'reading', found the end of the line"),
        ("at 3ms ana stops it", r#"4:18: expected 'reading', found "it""#),
        ("at 3ms ana closes now", r#"4:19: expected the end of the line, found "now""#),
        (
            "at 3ms ana sends",
            "4:17: expected a command, 'inline', 'raw', or a number and 'x', found the end of the line",
        ),
        ("at 3ms ana sends GET \"a", r#"4:22: expected a quoted word that ends, found ""a""#),
        ("at 3ms ana sends raw", r#"4:18: expected bytes after 'raw', found "raw""#),
        ("at 3ms ana sends 9 x", r#"4:20: expected a command after 'x', found "x""#),
        (
            "at 3ms ana sends 0 x PING",
            r#"4:18: expected between 1 request and 64mb in one statement, found "0""#,
        ),
        (
            "at 3ms ana sends 9999999999 x PING",
            r#"4:18: expected between 1 request and 64mb in one statement, found "9999999999""#,
        ),
        (
            "at 3ms ana sends SET k <9gb>",
            r#"4:24: expected a size up to 64mb in angle brackets, such as <4kb>, found "<9gb>""#,
        ),
        ("at 3ms ana sends inline \"a\\nb\"", "4:25: an inline request is one line"),
        (
            "at 3ms ana sends PING split",
            "4:28: expected an offset from 1 to 13, found the end of the line",
        ),
        ("at 3ms ana sends PING split 14", r#"4:29: expected an offset from 1 to 13, found "14""#),
        ("at 3ms ana sends PING split 5 5", r#"4:31: expected an offset from 6 to 13, found "5""#),
        (
            "at 3ms ana sends PING split every 0",
            r#"4:35: expected a number of bytes that makes at most 10000 packets, found "0""#,
        ),
        (
            "at 3ms ana sends PING split 5 apart",
            "4:36: expected a time such as 3ms, found the end of the line",
        ),
        (
            "at 3ms ana reads 0",
            r#"4:18: expected a size from 1 such as 4kb, or nothing, found "0""#,
        ),
        ("at 3ms ana closes", "4:8: 'ana' has not connected by then"),
        ("at 3ms ana connects\nat 4ms ana connects", "5:8: 'ana' connects twice"),
        ("client ana", "4:8: a second client named 'ana'"),
        (
            "client \"eve\"",
            r#"4:8: expected a client's name of letters, digits, '-', '_', found ""eve"""#,
        ),
        ("client eve latency", "4:19: expected a time such as 3ms, found the end of the line"),
        ("client eve receive-buffer 0", r#"4:27: expected a size such as 4kb, found "0""#),
        (
            "client eve hair",
            r#"4:12: expected one of latency, receive-buffer, send-buffer, server-receive-buffer, found "hair""#,
        ),
        (
            "client eve from nowhere",
            r#"4:17: expected an address such as 127.0.0.1:50001, found "nowhere""#,
        ),
        (
            "client eve from 127.0.0.1:50001",
            "4:8: the clients declared with 'from' are not those who come in on the tape",
        ),
        (
            "tape a9,127.0.0.1:50001,127.0.0.1:6379;",
            "4:1: the clients declared with 'from' are not those who come in on the tape",
        ),
        ("tape", "4:5: expected a text, found the end of the line"),
        ("net latency 1ms", "4:1: 'net' must come before the first client"),
        ("seed -1", r#"4:6: expected a whole number, found "-1""#),
        ("seed 1\nseed 2", "5:1: a second 'seed'"),
        ("title", "4:6: expected a text, found the end of the line"),
        ("cost syscall 2", r#"4:14: expected a time such as 1.5us, found "2""#),
        (
            "cost love 2us",
            r#"4:6: expected one of syscall, copy-per-kb, poll, wakeup, accept, command, unit, parse-per-kb, fan-out, fan-in, found "love""#,
        ),
        (
            "fault short-reads 1001",
            r#"4:19: expected a rate from 0 to 1000, per thousand, found "1001""#,
        ),
        ("set", "4:4: expected a directive, found the end of the line"),
        ("set warp-drive on", "4:5: warp-drive: unknown directive"),
        // Columns are characters, not bytes.
        (
            "at 3ms ana sends \"é\" split every é",
            r#"4:34: expected a number of bytes that makes at most 10000 packets, found "é""#,
        ),
    ];
    for (text, want) in lines {
        assert_eq!(with(text), Err(format!("half.scenario:{want}")), "{text}");
    }
    let wrong_value = with("set maxclients many").unwrap_err();
    assert!(wrong_value.starts_with("half.scenario:4:16: maxclients: "), "{wrong_value}");
}

/// Protects: a crowd and its load are refused where they are wrong, and
/// bounded.
#[test]
fn refusals_of_crowds_and_loads() {
    const CROWD: &str = "crowd rush 3\nat 1ms rush connects\n";
    let declared = [
        ("crowd", "4:6: expected a client's name, found the end of the line"),
        ("crowd ana 3", "4:7: a second client named 'ana'"),
        (
            "crowd rush",
            "4:11: expected from 1 to 1000 guests in all crowds together, found the end of the line",
        ),
        (
            "crowd rush 0",
            r#"4:12: expected from 1 to 1000 guests in all crowds together, found "0""#,
        ),
        (
            "crowd a 600\ncrowd b 401",
            r#"5:9: expected from 1 to 1000 guests in all crowds together, found "401""#,
        ),
        ("crowd rush 3\nclient rush", "5:8: a second client named 'rush'"),
        (
            "client rush.1",
            r#"4:8: expected a client's name of letters, digits, '-', '_', found "rush.1""#,
        ),
        (
            "crowd rush 3\nat 1ms eve connects",
            r#"5:8: expected one of ana, bob, rush, found "eve""#,
        ),
        (
            "crowd rush 3\nat 1ms rush.4 connects",
            r#"5:8: expected one of ana, bob, rush, found "rush.4""#,
        ),
        ("crowd rush 3\nat 1ms rush closes", "5:8: 'rush.1' has not connected by then"),
    ];
    for (text, want) in declared {
        assert_eq!(with(text), Err(format!("half.scenario:{want}")), "{text}");
    }
    let loads = [
        ("0 x PING closed", r#"6:19: expected a number of requests from 1 to 100000, found "0""#),
        (
            "100001 x PING closed",
            r#"6:19: expected a number of requests from 1 to 100000, found "100001""#,
        ),
        ("9 x closed", r#"6:21: expected a command after 'x', found "x""#),
        ("PING closed", "6:30: expected 'until', found the end of the line"),
        ("9 x PING closed soon", r#"6:35: expected 'until', found "soon""#),
        ("9 x PING closed until noon", r#"6:41: expected a time such as 3ms, found "noon""#),
        ("9 x PING closed until 9ms now", r#"6:45: expected the end of the line, found "now""#),
        ("9 x PING closed pipeline 0", r#"6:44: expected a number from 1 to 1000, found "0""#),
        ("9 x PING closed think a-lot", r#"6:41: expected a time such as 3ms, found "a-lot""#),
        ("9 x PING open", "6:32: expected 'every', found the end of the line"),
        ("9 x PING open every 0us", r#"6:39: expected a time such as 3ms, found "0us""#),
        (
            "9 x GET k<m> closed",
            r#"6:27: expected <n> or a range such as <1-9> in angle brackets, found "k<m>""#,
        ),
        (
            "9 x GET k<9-1> closed",
            r#"6:27: expected <n> or a range such as <1-9> in angle brackets, found "k<9-1>""#,
        ),
        (
            "9 x GET <9gb> closed",
            r#"6:27: expected a size up to 64mb in angle brackets, such as <4kb>, found "<9gb>""#,
        ),
        ("9 x SET k <32mb> closed", "6:19: more than 128mb are sent in all"),
        ("SET k <43mb>", "6:8: more than 128mb are sent in all"),
    ];
    for (text, want) in loads {
        let lines = format!("{CROWD}at 3ms rush sends {text}");
        assert_eq!(with(&lines), Err(format!("half.scenario:{want}")), "{text}");
    }
    let twice =
        format!("{CROWD}at 3ms rush sends 2 x PING closed\nat 4ms rush sends 2 x PING closed");
    assert_eq!(with(&twice), Err("half.scenario:7:8: a second load of 'rush'".to_owned()));
}

/// Protects: a line about a crowd is as many deeds as the crowd has guests, and
/// a text that fits into a link may not make more of them than a page can hold.
#[test]
fn a_crowd_does_no_more_than_a_page_can_hold() {
    let reads =
        |times| format!("crowd a 1000\nat 1ms a connects{}", "\nat 2ms a reads".repeat(times));
    assert!(with(&reads(99)).is_ok());
    let why = "all crowds together do more than 100000 things";
    assert_eq!(with(&reads(70_000)), Err(format!("half.scenario:105:8: {why}")));
    let packets = "crowd a 1000\nat 1ms a sends raw <101> split every 1";
    assert_eq!(with(packets), Err(format!("half.scenario:5:8: {why}")));
}

/// Protects: what a crowd does stands in one line again, and what only one of
/// it does in its own; who is no crowd may say "open".
#[test]
fn a_crowds_statements_are_written_as_they_were_read() {
    let lines = [
        "crowd   rush 3 latency 1ms",
        "crowd   one 1",
        "client  door",
        "at 1ms     rush connects",
        "at 1ms     one connects",
        "at 1ms     door connects",
        "at 2ms     rush sends 200 x GET dish:<n> closed pipeline 4 think 1ms until 2s",
        "at 2ms     one sends 9 x SET \"a<n>\" <64> v<1-9>-<n> \"open\" open every 250us random",
        "at 3ms     rush.2 stops reading",
        "at 3ms     door sends SET door \"open\"",
        "at 4ms     rush sends SET door \"closed\"",
        "at 5ms     rush.3 closes",
    ];
    let text = format!("onechef scenario 1\n{}\n", lines.join("\n"));
    let scenario = parse(&text).expect("well-formed");
    assert_eq!(scenario.clients.len(), 5);
    assert_eq!(scenario.inputs.len(), 3 + 1 + 1 + 3 + 1 + 1 + 1 + 3 + 1);
    assert_eq!(scenario.to_text(), text);
    let plain = text.replace("SET door \"open\"", "SET door open");
    assert_eq!(parse(&plain), Ok(scenario));
    let endless = "onechef scenario 1\ncrowd rush 2\nat 1ms rush connects\n\
                   at 2ms rush sends PING open every 1ms until 1s\n";
    let endless = parse(endless).expect("well-formed");
    assert_eq!(parse(&endless.to_text()), Ok(endless));
}

#[test]
fn a_load_is_shared_among_its_guests() {
    let scenario =
        with("crowd rush 4\nat 1ms rush connects\nat 2ms rush sends 10 x GET k:<n> closed");
    let shares: Vec<u64> = scenario
        .expect("well-formed")
        .inputs
        .iter()
        .filter_map(|input| match &input.action {
            Action::Load(share) => Some(share.load.share(share.nth)),
            _ => None,
        })
        .collect();
    assert_eq!(shares, [3, 3, 2, 2]);
}

#[test]
fn prose_is_taken_as_it_is() {
    let text = "onechef scenario 1\n  title  Ana's \"half\" # order \nabout x";
    let scenario = parse(text).unwrap();
    assert_eq!(scenario.title, "Ana's \"half\" # order");
}

#[test]
fn a_live_gesture_has_its_place_and_its_words() {
    let mut scenario = with("at 1ms ana connects\nat 5ms ana closes").unwrap();
    let guest = scenario.add_client("ana");
    assert_eq!(scenario.clients[guest].name, "ana2");
    for (at, action) in [(5_000, Action::Connect), (6_000, Action::ReadOnly { bytes: 2_048 })] {
        scenario.insert(Input { at: Micros(at), client: guest, action });
    }
    let text = scenario.to_text();
    let tail: Vec<&str> = text.lines().skip_while(|line| !line.starts_with("at")).collect();
    assert_eq!(
        tail,
        [
            "at 1ms     ana connects",
            "at 5ms     ana closes",
            "at 5ms     ana2 connects",
            "at 6ms     ana2 reads 2kb",
        ]
    );
    assert_eq!(parse(&text), Ok(scenario));
}

fn bytes() -> impl Strategy<Value = Vec<u8>> {
    let arg = prop_oneof![
        prop::collection::vec(any::<u8>(), 0..6),
        prop::sample::select(vec!["x", "split", "raw", "inline", "#a", "<4kb>", "12", "a'b", ""])
            .prop_map(|word| word.as_bytes().to_vec()),
        (60..70_usize).prop_map(|len| vec![b'x'; len]),
    ];
    let command = prop::collection::vec(arg, 1..5).prop_map(|argv| Packets::command(&argv).bytes);
    prop_oneof![
        4 => (command, 1..4_usize).prop_map(|(bytes, times)| bytes.repeat(times)),
        1 => "[ -~]{1,12}\r\n".prop_map(String::into_bytes),
        1 => prop::collection::vec(any::<u8>(), 1..20),
    ]
}

fn action() -> impl Strategy<Value = Action> {
    let cuts = prop::collection::vec(any::<prop::sample::Index>(), 0..4);
    let send = (bytes(), cuts, 1..5_000_u64).prop_map(|(bytes, cuts, apart)| {
        let mut splits: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len())).collect();
        splits.sort_unstable();
        splits.dedup();
        splits.retain(|offset| *offset > 0);
        // With one packet the distance means nothing and is not written.
        let apart = if splits.is_empty() { Packets::APART } else { Micros(apart) };
        Action::Send(Packets { bytes, splits, apart })
    });
    prop_oneof![
        4 => send,
        1 => prop::sample::select(vec![
            Action::StopReading,
            Action::Read,
            Action::ReadOnly { bytes: 1_536 },
            Action::HalfClose,
            Action::Close,
            Action::Reset,
        ]),
    ]
}

prop_compose! {
    fn scenario()(
        seed in any::<u64>(),
        latencies in prop::collection::vec(1..3_000_000_u64, 1..4),
        sizes in prop::collection::vec(1..5_000_000_u64, 4),
        syscall_ns in 0..3_000_000_u64,
        delayed_per_mille in 0..=1_000_u16,
        timeout in 0..100_u32,
        actions in prop::collection::vec((0..9_000_000_u64, action()), 0..8),
    ) -> Scenario {
        let mut scenario = Scenario { title: "A 'title'".into(), seed, ..Scenario::default() };
        scenario.config.push(("timeout".into(), timeout.to_string()));
        scenario.costs.syscall_ns = syscall_ns;
        scenario.faults.delayed_per_mille = delayed_per_mille;
        scenario.link.server_send_bytes = sizes[0];
        for (latency, size) in latencies.iter().zip(&sizes[1..]) {
            let link = Link {
                latency: Micros(*latency), guest_receive_bytes: *size, ..scenario.link
            };
            let name = format!("guest-{}", scenario.clients.len());
            scenario.clients.push(ClientSpec { name, link, from: None });
        }
        for client in 0..scenario.clients.len() {
            scenario.insert(Input { at: Micros::ZERO, client, action: Action::Connect });
        }
        for (i, (at, action)) in actions.into_iter().enumerate() {
            let client = i % scenario.clients.len();
            scenario.insert(Input { at: Micros(at), client, action });
        }
        scenario
    }
}

proptest! {
    /// What is shared as text is the same scenario at the other end.
    #[test]
    fn text_and_scenario_undo_each_other(scenario in scenario()) {
        let text = scenario.to_text();
        prop_assert_eq!(parse(&text), Ok(scenario), "{}", text);
    }

    /// Whatever stands in the file, the answer is a scenario or a place.
    #[test]
    fn no_text_makes_it_panic(
        noise in "[ -~éß\t]{0,60}",
        line in prop::sample::select(vec![
            "at 1ms ana sends ", "client ", "crowd ",
            "crowd rush 3\nat 1ms rush connects\nat 2ms rush sends ", "set ", "cost ", "net ", "fault ", "at ", "",
        ]),
    ) {
        let _ = with(&format!("{line}{noise}"));
    }
}

/// A tape that was wrapped anew on its way, in a mail say, is the same tape.
/// Written and read again it was another: a space within it met the end of a
/// line.
#[test]
fn white_space_on_a_tape_means_nothing() {
    let text = |tape: &str| format!("onechef scenario 1\ntitle t\n{tape}\n");
    let whole = parse(&text(&format!("tape {}", "+1=2".repeat(60)))).expect("a tape");
    let spaced = format!("tape {}", "+1= \u{a0} 2".repeat(30));
    let wrapped = parse(&text(&format!("{spaced}\n{spaced}"))).expect("a tape");
    assert_eq!(wrapped, whole);
    assert_eq!(parse(&wrapped.to_text()).expect("our own text"), wrapped);
}
