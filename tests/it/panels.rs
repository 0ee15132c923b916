//! The panels say what happened, exactly; whatever clients send is text; and
//! no record, however odd, can break them.

use crate::specimens::{self, Specimen, Story};
use crate::{facts, runs};
use onechef::event::*;
use onechef::trace::timeline::MarkKind;
use onechef::trace::world::{Doing, World};
use onechef::trace::{Record, Timeline};
use onechef::view::panels;
use onechef::view::tree::Children;
use onechef::view::{Frame, Node, Terms, narrate};
use proptest::prelude::*;

fn frame<'a>(world: &'a World, now: Option<&'a Record>, selected: Option<ClientId>) -> Frame<'a> {
    let (motion, viewport) = Default::default();
    Frame { world, now, progress: 1.0, terms: Terms::Both, motion, viewport, selected, you: None }
}

fn notepad(specimen: &Specimen) -> Node {
    let end = specimen.timeline.len();
    let world = specimen.timeline.world_at(end);
    panels::notepad(&frame(&world, specimen.timeline.now(end), specimen.selected))
}

/// Every panel at one moment.
fn everything(timeline: &Timeline, playhead: usize, selected: Option<ClientId>) -> Vec<Node> {
    let world = timeline.world_at(playhead);
    let frame = frame(&world, timeline.now(playhead), selected);
    vec![
        panels::notepad(&frame),
        panels::events(timeline, playhead, None),
        panels::counters(&world, None),
        panels::strip(timeline.cycles(), playhead, &frame, 920),
        panels::strip(timeline.cycles(), playhead, &frame, 366),
        panels::tables(&frame),
        panels::readout(timeline, playhead, &world),
        Node::new("p").text(panels::value_text(timeline, playhead, &frame)),
    ]
}

fn attr<'a>(node: &'a Node, name: &str) -> Option<&'a str> {
    node.attrs.iter().find(|(n, _)| *n == name).map(|(_, value)| value.as_ref())
}

fn classes(node: &Node) -> Vec<&str> {
    attr(node, "class").unwrap_or_default().split(' ').collect()
}

/// All nodes of a class, in document order.
fn find<'a>(node: &'a Node, class: &str) -> Vec<&'a Node> {
    let mut found = Vec::new();
    walk(node, &mut |n| {
        if classes(n).contains(&class) {
            found.push(n);
        }
    });
    found
}

fn walk<'a>(node: &'a Node, visit: &mut impl FnMut(&'a Node)) {
    visit(node);
    if let Children::Nodes(nodes) = &node.children {
        nodes.iter().for_each(|n| walk(n, visit));
    }
}

fn text(node: &Node) -> String {
    let mut all = String::new();
    walk(node, &mut |n| {
        if let Children::Text(text) = &n.children {
            all.push_str(text);
            all.push('|');
        }
    });
    all
}

/// The glyphs of the cells of one class.
fn glyphs(node: &Node, class: &str) -> String {
    let glyph = |cell: &Node| text(cell).split('|').next().map(str::to_owned).unwrap_or_default();
    find(node, class).into_iter().map(glyph).collect()
}

/// Protects: half an order is shown as far as it is known, and no further.
#[test]
fn half_an_order_is_shown_byte_by_byte() {
    let node = notepad(&specimens::half_an_order());
    assert_eq!(glyphs(&node, "eat"), "*3\\r\\n$6\\r\\nINCRBY\\r\\n");
    // The cursor stands in the first waiting cell and brings its own label.
    assert_eq!(find(&node, "new").len(), 2);
    assert_eq!(find(&node, "miss1").len(), 14);
    assert_eq!(text(find(&node, "cur")[0]), "qb_pos 16|");
    assert_eq!(text(find(&node, "pill")[0]), "half an order|partial|");
    let chips: Vec<String> = find(&node, "ach").into_iter().map(text).collect();
    assert_eq!(chips, ["0|INCRBY|", "1|how long?|$…?|", "2|?|"]);
    let said = text(&node);
    for part in ["18 received · 16 understood", "argc 1 of 3", "multibulklen 2", "bulklen −1"] {
        assert!(said.contains(part), "{part} in {said}");
    }
    assert!(said.contains("still on the table's slip: 18 bytes"), "{said}");
}

/// Protects: `bulklen` is the announced length, derived from what is missing.
#[test]
fn half_a_value_says_how_much_is_missing() {
    let node = notepad(&specimens::half_a_value());
    let said = text(&node);
    assert!(said.contains("bulklen 18"), "{said}");
    let whole = specimens::multibulk(&["SET", "price", "forty-two and some"]).len();
    assert_eq!(find(&node, "miss1").len(), whole - 40);
}

/// Protects: the one reversed cell is the byte the parser could not take.
#[test]
fn the_offending_byte_is_reversed() {
    let node = notepad(&specimens::unreadable());
    assert_eq!(glyphs(&node, "bad"), "+");
    assert_eq!(glyphs(&node, "eat"), "*3\\r\\n$3\\r\\nSET\\r\\n");
    assert_eq!(text(find(&node, "pill")[0]), "unreadable|protocol error|");
}

/// Protects: one square per block, up to what fits, then a count.
#[test]
fn blocks_are_counted() {
    let node = notepad(&specimens::slow_reader());
    let row = find(&node, "blk")[0];
    let Children::Nodes(blocks) = &row.children else { panic!("a row of blocks") };
    assert_eq!(blocks.iter().filter(|n| n.tag == "i").count(), 22);
    let said = text(&node);
    for part in ["+ 22 more blocks", "soft 512 KB", "hard 1 MB", "7 s of 10 s over", "In 3 s"] {
        assert!(said.contains(part), "{part} in {said}");
    }
}

/// Protects: what is past, now and to come is told apart, and each row leads
/// to its own moment.
#[test]
fn the_event_list_marks_now_and_dims_what_comes() {
    let timeline = specimens::on_the_grill().timeline;
    let playhead = timeline.records().iter().position(|r| matches!(r.event, Event::Read { .. }));
    let playhead = playhead.expect("a read") + 1;
    let list = panels::events(&timeline, playhead, None);
    let now = find(&list, "now");
    assert_eq!(now.len(), 1);
    let record = &timeline.records()[playhead - 1];
    let (before, after) = (timeline.world_at(playhead - 1), timeline.world_at(playhead));
    assert!(
        text(now[0]).contains(narrate(record, &before, &after, None).words.kitchen()),
        "its own words"
    );
    assert!(!find(&list, "fut").is_empty());
    let mut seeks = Vec::new();
    walk(&list, &mut |n| {
        seeks.extend(attr(n, "data-seek").map(|s| s.parse::<usize>().expect("n")))
    });
    assert!(seeks.is_sorted() && seeks.contains(&playhead), "{seeks:?}");
    let future = find(&list, "fut").len();
    assert_eq!(seeks.iter().filter(|seek| **seek > playhead).count(), future);
    let marked = |list: &Node| {
        let mut marked = Vec::new();
        walk(list, &mut |n| marked.extend(attr(n, "data-mine").map(|_| text(n))));
        marked
    };
    assert!(marked(&list).is_empty(), "nobody is selected");
    let mine = marked(&panels::events(&timeline, playhead, record.event.client()));
    assert!(!mine.is_empty() && mine.len() < seeks.len(), "{mine:?}");
}

/// Protects: a list around the playhead stays a list around the playhead,
/// however long the run.
#[test]
fn the_event_list_is_bounded() {
    let mut story = Story::new();
    story.seat(2);
    for _ in 0..60 {
        story.order(1, &["GET", "stock"], b"$2\r\n17\r\n");
    }
    let timeline = story.done("long", None).timeline;
    let end = timeline.len();
    for playhead in [0, 1, end / 2, end] {
        let rows = find(&panels::events(&timeline, playhead, None), "row").len();
        assert!((1..=20).contains(&rows), "{rows} rows at {playhead}");
    }
}

/// Protects: each cycle of the strip can be hit and spoken, and the playhead
/// stands inside the current one.
#[test]
fn cycles_are_labelled_targets_and_the_playhead_is_in_its_own() {
    let timeline = specimens::sweep().timeline;
    let playhead = timeline.len();
    let world = timeline.world_at(playhead);
    let strip = panels::strip(timeline.cycles(), playhead, &frame(&world, None, None), 920);
    let number =
        |node: &Node, name: &str| attr(node, name).expect(name).parse::<f64>().expect(name);
    for cycle in find(&strip, "cyc") {
        assert!(attr(cycle, "aria-label").is_some_and(|label| label.starts_with("Cycle ")));
        assert!(attr(cycle, "data-seek").is_some());
        let hit = find(cycle, "hit")[0];
        assert!(number(hit, "width") >= 24.0 && number(hit, "height") >= 24.0);
    }
    let current = find(&strip, "ph0")[0];
    let at = number(find(&strip, "phl")[0], "x1");
    let (left, width) = (number(current, "x"), number(current, "width"));
    assert!(left <= at && at <= left + width, "{at} in {left}+{width}");
}

/// Protects: nothing is hot while the thread sleeps.
#[test]
fn nothing_is_hot_while_asleep() {
    let timeline = specimens::asleep().timeline;
    let world = timeline.world_at(timeline.len());
    let frame = frame(&world, None, None);
    let strip = panels::strip(timeline.cycles(), timeline.len(), &frame, 920);
    for hot in ["ph0", "phl", "pht", "cur"] {
        assert!(find(&strip, hot).is_empty(), "{hot}");
    }
    assert!(text(&strip).contains("7 · asleep|7 · in poll|"));
    assert!(find(&panels::notepad(&frame), "hotc").is_empty());
}

/// Protects: with the drawing hidden, the tables still say it all.
#[test]
fn the_table_twin_is_complete() {
    let timeline = specimens::sweep().timeline;
    let world = timeline.world_at(timeline.len());
    let tables = panels::tables(&frame(&world, None, None));
    let said = text(&tables);
    for name in specimens::GUESTS {
        assert!(said.contains(&format!("|{name}|")), "{name}");
    }
    for part in ["2 of 6 served; still to serve: 4, 3, 2, 1", "plate on the rack", "+PONG\\r\\n"] {
        assert!(said.contains(part), "{part} in {said}");
    }
    let mut heads = 0;
    walk(&tables, &mut |n| heads += usize::from(attr(n, "scope").is_some()));
    assert!(heads > 20, "rows and columns have heads");
}

/// Protects: names and bytes that look like markup stay text.
#[test]
fn evil_text_is_text() {
    let evil = "<img src=x onerror=alert(1)>";
    let mut story = Story::new();
    story.seat(1).order(1, &["SET", evil, evil], evil.as_bytes());
    let name = Preview::of(evil.as_bytes(), ARG_CAP);
    let change = ClientChange::Name(name.clone());
    story.then(1, Event::ClientChanged { client: ClientId(1), change });
    let change =
        KeyChange::Written { kind: evil.into(), size: 1, value: name.clone(), created: true };
    story.then(1, Event::Key { client: None, db: 0, key: name, change });
    let timeline = story.done("evil", None).timeline;
    for node in everything(&timeline, timeline.len(), Some(ClientId(1))) {
        assert!(!node.to_markup().contains("<img"), "{}", node.to_markup());
    }
    let wire = panels::wire::wire(&format!("SET {evil}"), None).expect("a command");
    let markup = wire.node.to_markup();
    assert!(markup.contains("&lt;") && !markup.contains("<img"), "{markup}");
}

/// Protects: every state has a word for it, in both wordings.
#[test]
fn every_state_has_a_pill() {
    let mut world = World::clone(&specimens::on_the_grill().timeline.world_at(usize::MAX));
    world.executing = None;
    let keys = BlockedOn::Keys { keys: Vec::new(), until: None };
    let states = [
        Doing::Idle,
        Doing::Read { bytes: 1 },
        Doing::Partial { need: Need::InlineEnd },
        Doing::Parsed,
        Doing::Executing,
        Doing::Replied { bytes: 5 },
        Doing::Served { bytes: 5 },
        Doing::TableFull,
        Doing::BudgetSpent,
        Doing::Unreadable { text: "invalid bulk length".into(), at: 3 },
        Doing::Blocked(keys),
        Doing::Blocked(BlockedOn::Pause),
    ];
    let mut seen = Vec::new();
    for doing in states {
        world.clients.get_mut(&ClientId(4)).expect("seated").doing = doing;
        let said = pill(&world, ClientId(4));
        let words: Vec<&str> = said.split('|').filter(|word| !word.is_empty()).collect();
        assert_eq!(words.len(), 2, "{said}");
        assert!(!seen.contains(&said), "{said} twice");
        seen.push(said);
    }
}

/// Protects: in the sweep exactly one guest is being served, the one whose
/// plate was carried last.
#[test]
fn the_sweep_serves_one_at_a_time() {
    let timeline = specimens::sweep().timeline;
    let world = timeline.world_at(timeline.len());
    let served = |n| pill(&world, ClientId(n)) == "being served|write()|";
    assert_eq!((1..=6).filter(|n| served(*n)).collect::<Vec<_>>(), [5]);
}

/// Protects: every way out has a word for it, and it outranks all others.
#[test]
fn every_close_reason_has_a_pill() {
    let mut world = World::clone(&specimens::on_the_grill().timeline.world_at(usize::MAX));
    for why in CLOSE_REASONS {
        world.clients.get_mut(&ClientId(2)).expect("seated").close_asap = Some(why);
        let said = pill(&world, ClientId(2));
        assert!(said.len() > 4 && !said.starts_with("on the grill"), "{why:?}: {said}");
    }
}

fn pill(world: &World, client: ClientId) -> String {
    let node = panels::notepad(&frame(world, None, Some(client)));
    text(find(&node, "pill")[0])
}

/// Protects: the panel follows whoever acts until one is pinned, also when
/// the pinned one has left.
#[test]
fn a_pin_holds() {
    let specimen = specimens::on_the_grill();
    let world = specimen.timeline.world_at(specimen.timeline.len());
    let now = specimen.timeline.now(specimen.timeline.len());
    let shown = |selected| panels::shown(&frame(&world, now, selected)).id();
    assert_eq!(shown(None), Some(ClientId(2)));
    assert_eq!(shown(Some(ClientId(3))), Some(ClientId(3)));
    assert_eq!(shown(Some(ClientId(99))), Some(ClientId(99)));
    let gone = panels::notepad(&frame(&world, now, Some(ClientId(99))));
    assert!(text(&gone).contains("has left"));
    let mut follow = 0;
    walk(&gone, &mut |n| follow += usize::from(attr(n, "data-follow").is_some()));
    assert_eq!(follow, 1, "one can always go back to following");
}

/// Protects: a control that assistive technology names has a name.
#[test]
fn labels_are_not_empty() {
    for specimen in specimens::all() {
        let end = specimen.timeline.len();
        for node in everything(&specimen.timeline, end, specimen.selected) {
            walk(&node, &mut |n| {
                assert_ne!(attr(n, "aria-label"), Some(""), "{}: {n:?}", specimen.name);
                let control = n.tag == "button" || attr(n, "role") == Some("button");
                let named = attr(n, "aria-label").is_some() || text(n).len() > 1;
                assert!(!control || named, "{n:?}");
            });
        }
    }
}

/// Protects: siblings that a painter tells apart by key have different ones.
#[test]
fn keys_are_unique_among_siblings() {
    for specimen in specimens::all() {
        let end = specimen.timeline.len();
        for node in everything(&specimen.timeline, end, specimen.selected) {
            walk(&node, &mut |n| {
                let Children::Nodes(children) = &n.children else { return };
                let mut keys: Vec<_> = children.iter().filter_map(|c| c.key.as_ref()).collect();
                let all = keys.len();
                keys.sort();
                keys.dedup();
                assert_eq!(keys.len(), all, "{}", n.tag);
            });
        }
    }
}

const CLOSE_REASONS: [CloseReason; 14] = [
    CloseReason::PeerClosed,
    CloseReason::ReadError,
    CloseReason::WriteError,
    CloseReason::ProtocolError,
    CloseReason::QueryBufferLimit,
    CloseReason::OutputBufferHard,
    CloseReason::OutputBufferSoft,
    CloseReason::IdleTimeout,
    CloseReason::Quit,
    CloseReason::Killed,
    CloseReason::CrossProtocol,
    CloseReason::ProtectedMode,
    CloseReason::Evicted,
    CloseReason::Shutdown,
];

/// Every panel at every moment of these records.
fn survey(records: &[Record], selected: Option<ClientId>) -> Result<(), TestCaseError> {
    let timeline = facts::timeline_of(records);
    for playhead in 0..=timeline.len() + 1 {
        for node in everything(&timeline, playhead, selected) {
            prop_assert!(!node.to_markup().contains("NaN"));
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    /// Protects: a page that is shown a damaged trace stays alive.
    #[test]
    fn no_records_break_a_panel(
        seeds in proptest::collection::vec(any::<u64>(), 1..60),
        selected in proptest::option::of((1_u64..6).prop_map(ClientId)),
    ) {
        survey(&facts::noise(&seeds), selected)?;
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    /// Protects: the same for runs that make sense, where the panels have
    /// much more to show.
    #[test]
    fn no_run_breaks_a_panel(seed in any::<u64>()) {
        survey(&runs::run(seed, 5), None)?;
    }
}

/// Protects: what a reader can stop at is what the timeline marks.
#[test]
fn every_mark_can_be_stopped_at() {
    for kind in MarkKind::ALL {
        let name = panels::transport::stop_name(kind);
        assert_eq!(panels::transport::stop_named(name), Some(kind));
    }
}
