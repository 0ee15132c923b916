//! The transcript of one client: whatever was said is there, in order, byte by
//! byte; the moment decides how much of it; and no record can break it.

use crate::{facts, runs};
use onechef::event::{ClientId, Event};
use onechef::sim::{Scenario, Sim, scenarios};
use onechef::trace::Timeline;
use onechef::view::beat::is_step;
use onechef::view::panels;
use onechef::view::transcript::{ENTRIES_CAP, Entry, Kind, Transcript, Transcripts};
use proptest::prelude::*;

const ANA: ClientId = ClientId(1);
const BOB: ClientId = ClientId(2);

fn bundled(slug: &str) -> Timeline {
    let bundled = scenarios().iter().find(|b| b.slug == slug).expect("a bundled scenario");
    timeline(&bundled.scenario())
}

fn timeline(scenario: &Scenario) -> Timeline {
    let mut records = Vec::new();
    Sim::new(scenario).run_to_quiet(200, &mut records);
    facts::timeline_of(&records)
}

fn played(text: &str) -> Timeline {
    timeline(&Scenario::parse("test", text).expect("a scenario"))
}

fn said(timeline: &Timeline, client: ClientId, playhead: usize) -> Transcript {
    let mut all = Transcripts::default();
    all.catch_up(timeline.records());
    all.at(timeline, client, playhead)
}

fn at_end(timeline: &Timeline, client: ClientId) -> Transcript {
    said(timeline, client, timeline.len())
}

fn line(entry: &Entry) -> String {
    let text: String = entry.pieces.iter().map(|piece| piece.text.as_str()).collect();
    format!("{:?} {text}", entry.kind)
}

fn lines(said: &Transcript) -> Vec<String> {
    said.entries.iter().map(line).collect()
}

/// How many records there are after the n-th (from 0) that `wanted` wants.
#[track_caller]
fn after(timeline: &Timeline, nth: usize, wanted: impl Fn(&Event) -> bool) -> usize {
    let mut found = timeline.records().iter().enumerate().filter(|(_, r)| wanted(&r.event));
    found.nth(nth).expect("it happens").0 + 1
}

/// Protects: of one read that brings five orders, each is an entry with its
/// own bytes, and each has its own answer; who is served meanwhile is not in it.
#[test]
fn pipelined_requests_are_told_apart() {
    let timeline = bundled("pipelining");
    let ana = at_end(&timeline, ANA);
    assert_eq!(ana.entries.len(), 10);
    assert_eq!(lines(&ana)[0], "Request *2\\r\\n$4\\r\\nINCR\\r\\n$6\\r\\nvisits\\r\\n");
    assert_eq!(lines(&ana)[9], "Reply :5\\r\\n");
    let first = &ana.entries[0];
    let words = first.pieces.iter().filter(|p| !p.framing).map(|p| p.text.as_str());
    assert_eq!(words.collect::<Vec<_>>(), ["INCR", "visits"]);
    let write = ana.entries[1].carried;
    assert!(ana.entries.iter().filter(|e| e.kind == Kind::Reply).all(|e| e.carried == write));
    assert_eq!(lines(&at_end(&timeline, BOB)).len(), 2);
    // After the first of them, the other four are here and not parsed.
    let parsed = after(&timeline, 0, |e| matches!(e, Event::Parsed { .. }));
    let then = said(&timeline, ANA, parsed);
    let rest = then.entries.last().expect("the rest");
    assert_eq!((rest.kind, rest.len, rest.is_partial), (Kind::Unfinished, 4 * 26, false));
    assert!(then.entries[0].is_now && !rest.is_now);
}

/// Protects: half an order is told as such, with how much of it is known, and
/// becomes a request of the same bytes.
#[test]
fn half_an_order_grows() {
    let timeline = bundled("half-an-order");
    let mut seen = Vec::new();
    for playhead in 0..=timeline.len() {
        let last = said(&timeline, ANA, playhead).entries.pop();
        let shown = last.filter(|e| !e.kind.is_out()).map(|e| (line(&e), e.whole));
        if let Some(shown) = shown.filter(|shown| seen.last() != Some(shown)) {
            seen.push(shown);
        }
    }
    let whole = "*3\\r\\n$3\\r\\nSET\\r\\n$5\\r\\nprice\\r\\n$2\\r\\n42\\r\\n";
    let expected = [
        ("Unfinished *3\\r\\n$3\\r\\nSET\\r\\n$5\\r\\n".to_owned(), None),
        ("Unfinished *3\\r\\n$3\\r\\nSET\\r\\n$5\\r\\nprice\\r\\n$".to_owned(), None),
        (format!("Unfinished {whole}"), None),
        (format!("Request {whole}"), None),
    ];
    assert_eq!(seen, expected);
}

/// Protects: where the length of what is missing is known, so is the whole's;
/// and a guest who is shown out leaves it unfinished.
#[test]
fn half_a_value_says_how_long_it_will_be() {
    let timeline = bundled("too-big-an-order");
    let halves = timeline.records().iter().enumerate();
    let halves = halves.filter(|(_, r)| matches!(r.event, Event::Incomplete { .. }));
    let wholes: Vec<_> = halves
        .map(|(at, _)| said(&timeline, BOB, at + 1).entries[0].clone())
        .inspect(|entry| assert!(entry.is_partial && entry.is_now))
        .map(|entry| entry.whole)
        .collect();
    assert!(wholes.len() > 1, "it comes in many reads");
    let whole = "*3\r\n$3\r\nSET\r\n$5\r\nnovel\r\n$1228800\r\n".len() as u64 + 1_228_802;
    assert!(wholes.iter().all(|w| *w == Some(whole)), "{wholes:?}");
    assert!(at_end(&timeline, BOB).over.is_some());
}

/// Protects: a reply says how much of it has left and by which write, and what
/// never will.
#[test]
fn a_reply_leaves_by_and_by() {
    let timeline = bundled("slow-reader");
    let mut left = Vec::new();
    for playhead in 0..=timeline.len() {
        let reply = said(&timeline, BOB, playhead).entries.pop();
        if let Some(reply) = reply.filter(|e| e.kind == Kind::Reply) {
            let by = reply.carried.and_then(|write| timeline.record(write));
            let is_write = by.is_some_and(|r| matches!(r.event, Event::Write { .. }));
            assert_eq!(is_write, reply.left > 0);
            left.push(reply.left);
        }
    }
    left.dedup();
    assert!(left.is_sorted() && left.len() > 2, "{left:?}");
    assert_eq!((left[0], left[left.len() - 1]), (0, 12_298));
    let timeline = bundled("gone-in-mid-meal");
    let gone = at_end(&timeline, BOB);
    let plate = &gone.entries[1];
    let freed = gone.over.and_then(|freed| timeline.record(freed));
    assert!(matches!(freed.map(|r| &r.event), Some(Event::ClientFreed { .. })));
    assert!(0 < plate.left && plate.left < plate.len);
}

/// Protects: what comes unasked is told apart from answers, whatever the
/// dialect, also while an order of the same guest is open.
#[test]
fn pushes_are_told_apart_from_answers() {
    let ana = at_end(&bundled("one-message"), ANA);
    let kinds: Vec<Kind> = ana.entries.iter().map(|entry| entry.kind).collect();
    assert_eq!(kinds, [Kind::Request, Kind::Reply, Kind::Push]);
    let timeline = played(
        "onechef scenario 1\nclient ana\nclient bob\n\
         at 1ms ana connects\nat 1ms bob connects\n\
         at 2ms ana sends HELLO 3\nat 3ms ana sends SUBSCRIBE news\n\
         at 4ms ana sends PUBLISH news hi\nat 5ms bob sends MONITOR\n\
         at 6ms ana sends PING\nat 7ms bob sends PING\n",
    );
    let ana = at_end(&timeline, ANA);
    let kinds: Vec<Kind> = ana.entries[2..].iter().map(|entry| entry.kind).collect();
    let (ask, answer) = (Kind::Request, Kind::Reply);
    let published = [ask, answer, ask, answer, Kind::Push, ask, answer];
    assert_eq!(kinds, published, "{:#?}", lines(&ana));
    let bob = at_end(&timeline, BOB);
    let kinds: Vec<Kind> = bob.entries.iter().map(|entry| entry.kind).collect();
    let monitored = [ask, answer, Kind::Push, ask, answer, Kind::Push];
    assert_eq!(kinds, monitored, "{:#?}", lines(&bob));
}

/// Protects: the reply of who waits for a key is an answer, after whatever
/// happened meanwhile.
#[test]
fn a_late_answer_is_an_answer() {
    for client in [ANA, BOB] {
        let late = at_end(&bundled("blocked-guests"), client);
        let last = late.entries.last().expect("a conversation");
        assert_eq!(last.kind, Kind::Reply, "{:#?}", lines(&late));
    }
}

/// Protects: what EXEC's commands give are parts of its answer, also if a
/// pause held it up, so that no pass of the parser ends with it.
#[test]
fn an_answer_in_parts_is_one_answer() {
    let exec = |text: &str| {
        let ana =
            at_end(&played(&format!("onechef scenario 1\nclient ana\nclient bob\n{text}")), ANA);
        let from = ana.entries.len() - 4;
        let kinds: Vec<Kind> = ana.entries[from..].iter().map(|entry| entry.kind).collect();
        assert_eq!(lines(&ana)[from], "Request *1\\r\\n$4\\r\\nEXEC\\r\\n");
        assert_eq!(kinds[1..], [Kind::Reply, Kind::Continued, Kind::Continued]);
    };
    let ask = "at 1ms ana connects\nat 1ms bob connects\nat 2ms ana sends MULTI\n\
               at 2ms ana sends INCR a\nat 2ms ana sends INCR b\n";
    exec(&format!("{ask}at 4ms ana sends EXEC\n"));
    exec(&format!("{ask}at 3ms bob sends CLIENT PAUSE 5 WRITE\nat 4ms ana sends EXEC\n"));
}

/// Protects: typed lines and what is no order at all are shown as they are.
#[test]
fn inline_commands_and_garbage_are_shown_as_they_are() {
    let timeline = played(
        "onechef scenario 1\nclient ana\nat 1ms ana connects\n\
         at 2ms ana sends raw \"PING  <b>\\r\\n\"\n\
         at 3ms ana sends raw \"*1\\r\\n\\x01PING\\r\\n\"\n",
    );
    let ana = at_end(&timeline, ANA);
    assert_eq!(
        lines(&ana),
        [
            "Request PING  <b>\\r\\n",
            "Reply $3\\r\\n<b>\\r\\n",
            "Unreadable *1\\r\\n\\x01PING\\r\\n",
            "Reply -ERR Protocol error: expected '$', got '\\x01'\\r\\n",
        ]
    );
    let node = panels::transcript(&timeline, ANA, Some(&ana));
    assert!(!node.to_markup().contains("<b>\\r"), "what clients send is text");
}

/// Protects: bytes that a trace masks are masks, and the names of commands that
/// it tells are told.
#[test]
fn masks_stay_masks() {
    let mut records = bundled("the-password").records().to_vec();
    for record in &mut records {
        match &mut record.event {
            Event::Read { bytes, .. } | Event::ReplyQueued { bytes, .. } => bytes.head.clear(),
            Event::Parsed { argv, .. } => argv[1..].iter_mut().for_each(|arg| arg.head.clear()),
            _ => {}
        }
    }
    let ana = at_end(&facts::timeline_of(&records), ANA);
    assert_eq!(lines(&ana)[..3], ["Request GET •••", "Reply •••", "Request AUTH •••"]);
}

/// Protects: of orders whose bytes a read did not keep, the arguments are
/// shown, shortened.
#[test]
fn what_a_read_did_not_keep_is_told_by_its_arguments() {
    let timeline = played(
        "onechef scenario 1\nclient ana\nat 1ms ana connects\n\
         at 2ms ana sends 20 x SET name value\n",
    );
    let ana = at_end(&timeline, ANA);
    assert_eq!(
        lines(&ana)[0],
        "Request *3\\r\\n$3\\r\\nSET\\r\\n$4\\r\\nname\\r\\n$5\\r\\nvalue\\r\\n"
    );
    assert_eq!(lines(&ana)[26], "Request SET name value");
    assert_eq!(ana.entries[26].len, ana.entries[0].len);
}

/// Protects: however long one plays, so many entries and no more, and a
/// sentence that says how many came before.
#[test]
fn a_long_conversation_is_bounded() {
    let timeline = played(
        "onechef scenario 1\nclient ana\nat 1ms ana connects\nat 2ms ana sends 90 x INCR visits\n",
    );
    let ana = at_end(&timeline, ANA);
    assert_eq!((ana.entries.len(), ana.before), (ENTRIES_CAP, 180 - ENTRIES_CAP));
    assert_eq!(lines(&ana)[ENTRIES_CAP - 1], "Reply :90\\r\\n");
    let markup = panels::transcript(&timeline, ANA, Some(&ana)).to_markup();
    assert!(markup.contains("150 entries came before these."), "{markup}");
}

/// Protects: the record at the playhead marks its entry, each entry leads to
/// its moment, and that moment is one where a reader can stop.
#[test]
fn entries_lead_to_their_moments() {
    for timeline in runs::scenarios().iter().map(|records| facts::timeline_of(records)) {
        for client in [ANA, BOB] {
            for entry in at_end(&timeline, client).entries {
                for record in [Some(entry.record), entry.carried].into_iter().flatten() {
                    let there = said(&timeline, client, record + 1);
                    assert!(there.entries.iter().any(|e| e.is_now), "{entry:?} at {record}");
                    assert!(is_step(&timeline.records()[record].event));
                }
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    /// A moment is the same whether the run went on after it or not, whatever
    /// was asked before, and however the records came in.
    #[test]
    fn a_moment_knows_nothing_of_what_comes(seed in any::<u64>(), cut in 0.0..1.0_f64) {
        let timeline = facts::timeline_of(&runs::run(seed, 30));
        let playhead = (timeline.len() as f64 * cut) as usize;
        let past = facts::timeline_of(&timeline.records()[..playhead]);
        let mut growing = Transcripts::default();
        (0..=playhead).for_each(|to| growing.catch_up(&timeline.records()[..to]));
        for client in (1..6).map(ClientId) {
            let fresh = at_end(&past, client);
            prop_assert_eq!(&growing.at(&timeline, client, playhead), &fresh);
            prop_assert_eq!(&said(&timeline, client, playhead), &fresh);
            prop_assert!(fresh.entries.len() <= ENTRIES_CAP + 1);
        }
    }

    /// No records, however odd, can break it or its panel.
    #[test]
    fn odd_records_are_survived(seeds in proptest::collection::vec(any::<u64>(), 1..120)) {
        let records = facts::noise(&seeds);
        let timeline = facts::timeline_of(&records);
        let clients = records.iter().filter_map(|record| record.event.client());
        for client in clients {
            for playhead in [0, 60, timeline.len()] {
                let said = said(&timeline, client, playhead);
                let _ = panels::transcript(&timeline, client, Some(&said)).to_markup();
            }
        }
    }
}
