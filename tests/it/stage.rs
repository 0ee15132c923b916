//! The drawing: every object in every state it can have, exactly one hot thing
//! while the thread is awake and none while it sleeps, the same picture from
//! the same facts, and nothing a client says can break it.

use crate::evening::{self, Evening};
use crate::facts;
use crate::runs;
use onechef::event::{ClientId, Event};
use onechef::trace::{Record, World};
use onechef::view::stage::{SYMBOLS, stage};
use onechef::view::tree::Children;
use onechef::view::{Frame, Motion, Node, StagePhase, Terms, Viewport};
use std::collections::BTreeSet;

const STYLE: &str = include_str!("../../www/stage.css");

fn frame<'a>(world: &'a World, now: &'a Record) -> Frame<'a> {
    Frame {
        world,
        now: Some(now),
        progress: 1.0,
        terms: Terms::Both,
        motion: Motion::Full,
        viewport: Viewport::Desktop,
        selected: None,
        you: None,
    }
}

fn draw(evening: &Evening) -> Node {
    stage(&frame(&evening.world, &evening.last))
}

pub fn attr<'n>(node: &'n Node, name: &str) -> Option<&'n str> {
    node.attrs.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_ref())
}

fn walk<'n>(node: &'n Node, visit: &mut dyn FnMut(&'n Node)) {
    visit(node);
    if let Children::Nodes(nodes) = &node.children {
        nodes.iter().for_each(|child| walk(child, visit));
    }
}

fn all(node: &Node, wanted: impl Fn(&Node) -> bool) -> Vec<&Node> {
    let mut found = Vec::new();
    walk(node, &mut |node| {
        if wanted(node) {
            found.push(node);
        }
    });
    found
}

fn has_class(node: &Node, class: &str) -> bool {
    attr(node, "class").is_some_and(|classes| classes.split(' ').any(|c| c == class))
}

/// Every text inside, in order.
fn said(node: &Node) -> Vec<String> {
    let mut out = Vec::new();
    walk(node, &mut |node| {
        if let Children::Text(text) = &node.children {
            out.push(text.to_string());
        }
    });
    out
}

fn by_id<'n>(node: &'n Node, id: &str) -> &'n Node {
    let found = all(node, |node| attr(node, "id") == Some(id));
    assert_eq!(found.len(), 1, "one {id}");
    found[0]
}

fn says(node: &Node, id: &str, words: &str) {
    let said = said(by_id(node, id));
    assert!(said.iter().any(|text| text == words), "{id} says {said:?}, not {words:?}");
}

const HOT: [&str; 14] = [
    "seg-on", "hotb", "hot", "hotring", "att", "attd", "hots", "hotwash", "flame", "pass", "passd",
    "lane2", "on", "now",
];

pub fn is_hot(node: &Node) -> bool {
    HOT.iter().any(|class| has_class(node, class))
        || attr(node, "href") == Some("#flame")
        || attr(node, "class") == Some("well")
}

/// The moments of the specimen sheet.
fn moments() -> Vec<Evening> {
    vec![
        evening::poll(),
        evening::read(),
        evening::execute(),
        evening::sweep(),
        evening::helper(),
        evening::faults(),
        evening::accept(),
        evening::crowd(12),
        evening::crowd(24),
        evening::crowd(60),
        evening::crowd(300),
    ]
}

/// Every frame of a run of facts, on both stages, at the beginning, in the
/// middle and at the end of each motion; of long runs the end, since a crowd
/// takes its time to come in.
fn every_frame(records: &[Record], mut look: impl FnMut(&Frame<'_>, Node)) {
    let mut world = World::default();
    for (i, record) in records.iter().enumerate() {
        world.fold(record);
        if i + 60 < records.len() {
            continue;
        }
        for viewport in [Viewport::Desktop, Viewport::Phone] {
            for progress in [0.0, 0.37, 1.0] {
                let selected = record.event.client();
                let frame = Frame { progress, viewport, selected, ..frame(&world, record) };
                let node = stage(&frame);
                look(&frame, node);
            }
        }
    }
}

#[test]
fn asleep_nothing_is_hot_and_awake_one_thing_is() {
    for evening in moments() {
        every_frame(&evening.history, |frame, node| {
            let hot = all(&node, is_hot);
            if frame.world.asleep.is_some() || frame.world.phase.is_none() {
                assert!(hot.is_empty(), "{:?}: {:?}", frame.now, hot[0]);
                return;
            }
            let segments = all(&node, |node| has_class(node, "seg-on"));
            assert_eq!(segments.len(), 1, "{:?}", frame.now);
            let active = format!("seg:{}", StagePhase::of(frame.world).name());
            assert_eq!(attr(segments[0], "id"), Some(active.as_str()));
        });
    }
}

/// The same, for what the engine itself says in every scenario of the house.
#[test]
fn the_rule_of_one_hot_thing_holds_in_every_scenario() {
    for bundled in onechef::sim::scenarios() {
        let mut records = Vec::new();
        onechef::sim::Sim::new(&bundled.scenario()).run_to_quiet(40, &mut records);
        let mut world = World::default();
        for record in &records {
            world.fold(record);
            let node = stage(&frame(&world, record));
            let segments = all(&node, |node| has_class(node, "seg-on")).len();
            let awake = world.asleep.is_none() && world.phase.is_some() && !world.shut_down;
            assert_eq!(segments, usize::from(awake), "{}: {record:?}", bundled.slug);
            assert!(awake || all(&node, is_hot).is_empty(), "{}: {record:?}", bundled.slug);
            assert!(hot_clients(&node).len() <= 1, "{}: {record:?}", bundled.slug);
        }
    }
}

/// Pads and rack cells with something hot in them, by client.
fn hot_clients(node: &Node) -> BTreeSet<String> {
    let owned = all(node, |node| attr(node, "data-client").is_some() && node.tag == "g");
    owned
        .into_iter()
        .filter(|group| !all(group, is_hot).is_empty())
        .filter_map(|group| attr(group, "data-client").map(str::to_owned))
        .collect()
}

#[test]
fn at_most_one_client_is_hot() {
    for evening in moments() {
        every_frame(&evening.history, |frame, node| {
            let hot = hot_clients(&node);
            assert!(hot.len() <= 1, "{hot:?} at {:?}", frame.now);
            if let (Some(Event::Read { client, .. }), 1) = (frame.now.map(|r| &r.event), hot.len())
            {
                assert!(hot.contains(&client.to_string()));
            }
        });
    }
}

#[test]
fn every_phase_is_drawn_in_its_place() {
    let asleep = draw(&evening::poll());
    assert!(has_class(by_id(&asleep, "seg:poll"), "seg-sleep"));
    assert!(all(&asleep, |node| attr(node, "id") == Some("att")).is_empty());
    says(&asleep, "obj:board", "Nothing to do. What can wake him:");
    says(&asleep, "obj:board", "— a flag at any of 3 tables");
    says(&asleep, "obj:board", "— the clock, in 84 ms");

    let reading = draw(&evening::read());
    says(&reading, "obj:ring", "signal 3 of 4");
    says(&reading, "obj:board", "4 signals");
    assert!(!all(by_id(&reading, "lamp:2"), |node| has_class(node, "hotring")).is_empty());
    assert!(has_class(by_id(&reading, "seg:poll"), "seg-done"));
    by_id(&reading, "obj:bytes");
    by_id(&reading, "att");

    let cooking = draw(&evening::execute());
    let ticket = said(by_id(&cooking, "obj:ticket"));
    assert_eq!(ticket, ["2", "SET", "price", "42"]);
    assert_eq!(all(&cooking, |node| attr(node, "href") == Some("#flame")).len(), 7);
    let jars = by_id(&cooking, "obj:pantry");
    assert_eq!(all(jars, |node| has_class(node, "jk") && has_class(node, "hot")).len(), 1);
    says(&cooking, "obj:pantry", "\"42\"");

    let sweeping = draw(&evening::sweep());
    let done = all(&sweeping, |node| has_class(node, "seg-done"));
    assert_eq!(done.len(), 6, "everything else lies behind him");
    assert!(!all(by_id(&sweeping, "att"), |node| has_class(node, "pass")).is_empty());

    let greeting = draw(&evening::accept());
    assert!(!all(by_id(&greeting, "obj:bell"), |node| has_class(node, "ringing")).is_empty());
    assert!(!all(by_id(&greeting, "obj:door"), |node| has_class(node, "leafo")).is_empty());
    says(&greeting, "obj:door", "queue: 2");
    by_id(&greeting, "seat:4");
}

#[test]
fn every_state_of_a_client_has_its_signs() {
    let reading = draw(&evening::read());
    says(&reading, "pad:2", "taking 32 bytes");
    says(&reading, "pad:2", "read() = 32");
    says(&reading, "pad:1", "plate on the rack");
    says(&reading, "rack:1", "8 B");
    says(&reading, "pad:4", "waits for a key");
    assert_eq!(all(by_id(&reading, "pad:4"), |n| attr(n, "href") == Some("#hourglass")).len(), 1);
    assert_eq!(all(by_id(&reading, "seat:4"), |n| attr(n, "href") == Some("#guest-shut")).len(), 1);
    says(&reading, "pad:5", "half an order");
    says(&reading, "pad:5", "argc 1 of 3");
    assert_eq!(all(by_id(&reading, "pad:5"), |n| has_class(n, "miss")).len(), 2);
    assert_eq!(all(by_id(&reading, "pad:5"), |n| has_class(n, "qeat")).len(), 1);
    says(&reading, "seat:5", "18 B");
    assert_eq!(all(by_id(&reading, "seat:5"), |n| attr(n, "href") == Some("#flag")).len(), 1);

    let cooking = draw(&evening::execute());
    says(&cooking, "pad:2", "on the grill");
    let bar = |class| all(by_id(&cooking, "pad:2"), |n| has_class(n, class)).len();
    assert_eq!((bar("qeat"), bar("qnew")), (1, 0), "every byte is understood");

    let sweeping = draw(&evening::sweep());
    says(&sweeping, "pad:2", "being served");
    assert_eq!(all(by_id(&sweeping, "rack:2"), |n| has_class(n, "outline")).len(), 1);
    says(&sweeping, "pad:4", "table is full");
    says(&sweeping, "rack:4", "35 KB left");
    assert_eq!(
        all(by_id(&sweeping, "seat:4"), |n| attr(n, "href") == Some("#guest-away")).len(),
        1
    );
    says(&sweeping, "pad:6", "served");
    says(&sweeping, "rack:6", "sent");
    says(&sweeping, "rack:1", "6");
    assert_eq!(all(&sweeping, |n| has_class(n, "ordc")).len(), 6);

    let carrying = draw(&evening::helper());
    says(&carrying, "pad:3", "waiter carries it");
    by_id(&carrying, "obj:helper");
}

#[test]
fn faults_are_printed_in_reverse() {
    let node = draw(&evening::faults());
    says(&node, "pad:1", "order too long");
    assert_eq!(all(by_id(&node, "seat:1"), |n| attr(n, "href") == Some("#guest-no")).len(), 1);
    by_id(&node, "walker:1");
    says(&node, "pad:3", "unreadable: '+'");
    says(&node, "pad:3", "+");
    says(&node, "rack:3", "1 last plate");
    says(&node, "pad:4", "3 s, then out");
    says(&node, "pad:4", "soft 7/10 s");
    assert_eq!(
        all(by_id(&node, "rack:4"), |n| has_class(n, "limit") || has_class(n, "limit2")).len(),
        2
    );
    for pad in ["pad:1", "pad:3", "pad:4"] {
        assert!(!all(by_id(&node, pad), |n| has_class(n, "rev")).is_empty(), "{pad}");
    }
    assert!(all(by_id(&node, "pad:2"), |n| has_class(n, "rev")).is_empty());
}

#[test]
fn motion_ends_where_stillness_begins() {
    for evening in moments() {
        let full = frame(&evening.world, &evening.last);
        let still = Frame { motion: Motion::Reduced, progress: 0.3, ..full };
        let (full, still) = (stage(&full).to_markup(), stage(&still).to_markup());
        assert_eq!(full.replacen("stg dk", "stg dk still", 1), still);
    }
}

#[test]
fn motion_moves() {
    for evening in [evening::read(), evening::sweep(), evening::accept(), evening::faults()] {
        let at = |progress| {
            stage(&Frame { progress, ..frame(&evening.world, &evening.last) }).to_markup()
        };
        assert_ne!(at(0.4), at(0.6), "{:?}", evening.last.event);
        assert_eq!(at(0.4), at(0.4));
    }
}

#[test]
fn a_client_keeps_its_column_while_others_come_and_go() {
    let mut evening = Evening::with(4);
    let x = |evening: &Evening| {
        attr(by_id(&draw(evening), "hit:4"), "x").map(str::to_owned).expect("a place")
    };
    let before = x(&evening);
    evening.wake(&[2]).free(2, onechef::event::CloseReason::PeerClosed);
    assert_eq!(x(&evening), before);
    evening.sleep(84).wake(&[0]);
    assert_eq!(x(&evening), before);
    evening.seat(5);
    assert_eq!(x(&evening), before);
}

/// A symbol has a viewport of its own, as large as the drawing, and Firefox
/// counts that to the size of whatever shows it: brackets and frames around an
/// object would stand around the whole stage.
#[test]
fn what_is_drawn_more_than_once_is_as_large_as_it_looks() {
    assert!(!SYMBOLS.contains("<symbol"), "a group in defs does without a viewport");
}

#[test]
fn ids_are_unique_and_references_lead_somewhere() {
    let symbols: BTreeSet<&str> =
        SYMBOLS.split("id=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    for evening in moments() {
        every_frame(&evening.history, |_, node| {
            let mut ids = BTreeSet::new();
            walk(&node, &mut |node| {
                if let Some(id) = attr(node, "id") {
                    assert!(ids.insert(id.to_owned()), "{id} twice");
                    assert!(!symbols.contains(id), "{id} is a symbol's");
                }
                if let Some(href) = attr(node, "href") {
                    assert!(symbols.contains(&href[1..]), "{href}");
                }
            });
        });
    }
}

#[test]
fn siblings_have_different_keys() {
    for evening in moments() {
        walk(&draw(&evening), &mut |node| {
            if let Children::Nodes(nodes) = &node.children {
                let keys: Vec<_> = nodes.iter().filter_map(|child| child.key.as_ref()).collect();
                let unique: BTreeSet<_> = keys.iter().collect();
                assert_eq!(keys.len(), unique.len(), "{keys:?}");
            }
        });
    }
}

/// A class that the style sheet does not know draws a black shape.
#[test]
fn every_class_has_a_rule() {
    const HOOKS: [&str; 9] =
        ["badge", "chef", "done", "off", "sp", "dk", "sub3", "seg-done", "still"];
    let mut drawn = BTreeSet::new();
    for evening in moments() {
        every_frame(&evening.history, |_, node| {
            walk(&node, &mut |node| {
                for class in attr(node, "class").unwrap_or_default().split_whitespace() {
                    if !drawn.contains(class) {
                        drawn.insert(class.to_owned());
                    }
                }
            });
        });
    }
    for class in drawn {
        let known = STYLE.contains(&format!(".{class}")) || HOOKS.contains(&class.as_str());
        assert!(known, "no rule for .{class}");
    }
}

/// Tags are closed in order, and no `<`, `&` or control character stands in a
/// text or an attribute.
fn is_well_formed(markup: &str) {
    let mut open: Vec<&str> = Vec::new();
    let mut rest = markup;
    while let Some(start) = rest.find('<') {
        assert!(!rest[..start].contains('>'), "a stray >");
        let end = start + rest[start..].find('>').expect("a tag ends");
        let tag = &rest[start + 1..end];
        match tag.strip_prefix('/') {
            Some(name) => assert_eq!(open.pop(), Some(name)),
            None => {
                assert_eq!(tag.matches('"').count() % 2, 0, "{tag}");
                open.push(tag.split(' ').next().expect("a name"));
            }
        }
        rest = &rest[end + 1..];
    }
    assert!(open.is_empty(), "{open:?}");
    assert!(!markup.chars().any(char::is_control));
}

#[test]
fn what_clients_say_is_never_markup() {
    let evil = "</text><script>alert(\"x\")</script>&amp;\u{202e}";
    let mut evening = evening::execute();
    let client = evening.world.clients.get_mut(&ClientId(2)).expect("a client");
    client.name = format!("{evil}\u{0}\n");
    client.argv = evening::argv(evil);
    evening.world.executing.as_mut().expect("a command").argv = evening::argv(evil);
    evening.key(2, evil, "string", 3, evil);
    for viewport in [Viewport::Desktop, Viewport::Phone] {
        let node = stage(&Frame { viewport, ..frame(&evening.world, &evening.last) });
        let markup = node.to_markup();
        is_well_formed(&markup);
        assert!(!markup.contains("<script"));
    }
}

#[test]
fn whatever_the_facts_are_the_picture_is_one() {
    let look = |frame: &Frame<'_>, node: Node| {
        let markup = node.to_markup();
        is_well_formed(&markup);
        for nonsense in ["NaN", "inf\"", "inf ", "-inf"] {
            assert!(!markup.contains(nonsense), "{nonsense} at {:?}", frame.now);
        }
        let label = attr(by_id(&node, "obj:picture"), "aria-label").unwrap_or_default();
        assert!(!label.is_empty());
        assert_eq!(stage(frame), node, "the same frame gives the same picture");
    };
    for evening in [evening::sweep(), evening::faults(), evening::crowd(30)] {
        every_frame(&evening.history, look);
    }
    for seed in 0..4 {
        every_frame(&runs::run(seed, 8), look);
        every_frame(&facts::noise(&(seed * 1_000..seed * 1_000 + 100).collect::<Vec<_>>()), look);
    }
}

#[test]
fn every_client_can_be_reached_by_keyboard_in_the_order_of_the_tables() {
    let node = draw(&evening::sweep());
    let stops: Vec<_> = all(&node, |node| attr(node, "tabindex") == Some("0"))
        .into_iter()
        .filter_map(|node| attr(node, "data-client"))
        .collect();
    assert_eq!(stops, ["1", "2", "3", "4", "5", "6"]);
    let image = by_id(&node, "obj:picture");
    let inside = all(image, |node| attr(node, "tabindex").is_some());
    assert!(inside.is_empty(), "nothing inside an image can be reached");
}

/// A token's two colours, as the style sheet says them.
fn token(name: &str) -> [String; 2] {
    let line = STYLE
        .lines()
        .find(|line| line.trim_start().starts_with(&format!("--{name}:")))
        .unwrap_or_else(|| panic!("a token --{name}"));
    let colours: Vec<_> = line.split('#').skip(1).map(|rest| rest[..6].to_owned()).collect();
    [colours[0].clone(), colours.last().expect("a colour").clone()]
}

/// WCAG 2: relative luminance of `RRGGBB`.
fn luminance(colour: &str) -> f64 {
    let channel = |at: usize| {
        let value = u8::from_str_radix(&colour[at..at + 2], 16).expect("a colour");
        let value = f64::from(value) / 255.0;
        if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
    };
    0.2126 * channel(0) + 0.7152 * channel(2) + 0.0722 * channel(4)
}

#[test]
fn text_and_signs_stand_out_from_their_ground_in_both_themes() {
    const TEXT: [(&str, &str); 22] = [
        ("ink", "paper"),
        ("ink", "panel"),
        ("ink", "kitchen"),
        ("ink", "night"),
        ("ink", "dining"),
        ("ink", "hotw"),
        ("ink2", "paper"),
        ("ink2", "panel"),
        ("ink2", "kitchen"),
        ("ink2", "night"),
        ("ink2", "dining"),
        ("ink3", "panel"),
        ("ink3", "kitchen"),
        ("ink3", "night"),
        ("hot", "panel"),
        ("hot", "kitchen"),
        ("hot", "hotw"),
        ("cool", "panel"),
        ("cool", "dining"),
        ("countert", "counter"),
        ("cool", "coolw"),
        ("revt", "rev"),
    ];
    // Outlines of flags, tables, queues, pads and jars; lines; rings of the
    // focus (cool, and reversed on what is reversed).
    const SIGNS: [(&str, &str); 19] = [
        ("line", "paper"),
        ("line", "panel"),
        ("line", "kitchen"),
        ("line", "night"),
        ("line", "dining"),
        ("ink", "obj"),
        ("hot", "paper"),
        ("hot", "panel"),
        ("hot", "dining"),
        ("hot", "obj"),
        ("cool", "paper"),
        ("cool", "panel"),
        ("cool", "kitchen"),
        ("cool", "night"),
        ("cool", "dining"),
        ("cool", "obj"),
        ("cool2", "white"),
        ("wline", "white"),
        ("wline", "skin"),
    ];
    let pairs = TEXT.iter().map(|pair| (pair, 4.5)).chain(SIGNS.iter().map(|pair| (pair, 3.0)));
    for ((over, under), least) in pairs {
        for (over_colour, under_colour) in token(over).iter().zip(&token(under)) {
            let (a, b) = (luminance(over_colour), luminance(under_colour));
            let ratio = (a.max(b) + 0.05) / (a.min(b) + 0.05);
            assert!(ratio >= least, "--{over} on --{under}: {ratio:.2}");
        }
    }
}
