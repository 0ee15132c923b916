//! The order: arguments understood so far, and those still owed.

use super::super::words::{heading, note};
use super::state;
use crate::event::Need;
use crate::trace::World;
use crate::trace::world::{ClientView, Doing};
use crate::view::Node;
use crate::view::panels::words::either;
use crate::view::text::{Phrase, Words, say};

const SO_FAR: Phrase = Phrase::named("argv.the-order-so-far");
const THIS: Phrase = Phrase::named("argv.the-order");
const LAST: Phrase = Phrase::named("argv.the-last-order");
const NONE: Phrase = Phrase::named("argv.nothing-ordered-yet");

/// Most chips of arguments whose text is not known; the rest is a count.
const OWED_CHIPS: u64 = 6;

pub(super) fn section(world: &World, client: &ClientView) -> Vec<Node> {
    let need = match client.doing {
        Doing::Partial { need } => Some(need),
        _ => None,
    };
    let known = client.argv.len() as u64;
    let argc = u64::from(client.argc).max(known);
    if argc == 0 && need.is_none() {
        return vec![heading(THIS.say(), NONE.say())];
    }
    let title = match (need, client.argv_old) {
        (Some(_), _) => SO_FAR.say(),
        (None, true) => LAST.say(),
        (None, false) => THIS.say(),
    };
    let glance = say!("argv.glance", need.map_or(argc, |_| known), argc);
    let mut nodes = vec![heading(title, glance), chips(client, need, argc)];
    nodes.extend(parser_state(client, need, argc));
    nodes.extend(cooking(world, client));
    nodes
}

fn chips(client: &ClientView, need: Option<Need>, argc: u64) -> Node {
    let list = Node::new("ol").class("argv");
    let mut chips: Vec<Node> = client
        .argv
        .iter()
        .enumerate()
        .map(|(i, arg)| chip("ach", Words::plain(i.to_string()), Words::plain(arg.to_string())))
        .collect();
    let known = chips.len() as u64;
    let missing = argc.saturating_sub(known);
    let Some(need) = need else {
        // A finished request with more arguments than a record keeps.
        chips.extend((missing > 0).then(|| more(missing)));
        return list.children(chips);
    };
    let what = match need {
        Need::BulkBytes(n) => say!("argv.more-bytes", n),
        Need::InlineEnd => say!("argv.end-of-line"),
        Need::MultibulkHeader => say!("argv.how-many"),
        Need::BulkHeader => say!("argv.how-long"),
    };
    chips.push(chip("ach q", Words::plain(known.to_string()), what));
    let unknown = missing.saturating_sub(1);
    for i in 0..unknown.min(OWED_CHIPS) {
        let index = known.saturating_add(1).saturating_add(i);
        chips.push(chip("ach q", Words::plain(index.to_string()), Words::plain("?")));
    }
    chips.extend((unknown > OWED_CHIPS).then(|| more(unknown - OWED_CHIPS)));
    list.children(chips)
}

fn chip(class: &'static str, index: Words, text: Words) -> Node {
    Node::new("li").class(class).child(either("small", "", index)).child(either("span", "v", text))
}

fn more(n: u64) -> Node {
    Node::new("li").class("more").text(format!("+ {n}"))
}

/// `multibulklen` and `bulklen`, derived from what the parser says it lacks.
fn parser_state(client: &ClientView, need: Option<Need>, argc: u64) -> Option<Node> {
    let multibulklen = argc.saturating_sub(client.argv.len() as u64);
    let terms: Vec<String> = match need? {
        Need::InlineEnd => vec!["reqtype inline".into()],
        Need::MultibulkHeader => vec!["multibulklen 0".into(), "bulklen −1".into()],
        Need::BulkHeader => vec![format!("multibulklen {multibulklen}"), "bulklen −1".into()],
        Need::BulkBytes(missing) => {
            // The argument's bytes that are here, plus those that are not,
            // without the CRLF that closes it.
            let here = client.query.len.saturating_sub(client.query.parsed_to);
            let bulklen = here.saturating_add(missing).saturating_sub(2);
            vec![format!("multibulklen {multibulklen}"), format!("bulklen {bulklen}")]
        }
    };
    Some(codes(terms))
}

fn codes(terms: Vec<String>) -> Node {
    let mut line = Node::new("p").class("note1");
    for (i, term) in terms.into_iter().enumerate() {
        if i > 0 {
            line.push(Node::new("span").text(" · "));
        }
        line.push(Node::new("code").text(term));
    }
    line
}

fn cooking(world: &World, client: &ClientView) -> Option<Node> {
    if !state::is_executing(world, client.id) {
        return None;
    }
    let executing = world.executing.as_ref()?;
    Some(note(say!("argv.so-far", world.at.saturating_sub(executing.since))))
}
