//! "Why?": what can be asked of this moment, and the chain of causes.

use super::amount;
use super::badge;
use super::words::{Words, either, note};
use crate::view::why::{Cause, Chain, Question};
use crate::view::{Node, Terms};

const TITLE: Words = Words::new("Why?", "Why?");
const NEWEST: Words = Words::new("newest first", "newest first");
const HERE: Words = Words::new("here", "here");
const ELSEWHERE: Words = Words::new("Asked at another moment.", "Asked at another moment.");
const ASK_AGAIN: Words = Words::new("Ask again here", "Ask again here");
const CLOSE: Words = Words::new("Close", "Close");
const GO_BACK: Words = Words::new("Go back there", "Go back there");

/// The questions as buttons (`data-why`) and, if one was asked, its answer.
/// Each cause is a button whose `data-seek` leads to the moment after it; the
/// button that ends the answer carries `data-why=""`.
#[must_use]
pub fn why(questions: &[Question], chain: Option<&Chain>, playhead: usize, terms: Terms) -> Node {
    let asked = chain.map(|chain| chain.question);
    let buttons = questions.iter().map(|question| {
        let pressed = asked == Some(*question);
        either("button", "btn ask", question.words())
            .key(question.word())
            .attr("type", "button")
            .attr("data-why", question.word())
            .attr("aria-pressed", if pressed { "true" } else { "false" })
    });
    let section = Node::new("section")
        .class("why")
        .key("why")
        .attr("aria-label", TITLE.pick(terms))
        .child(Node::new("div").class("asks").key("asks").children(buttons));
    match chain {
        Some(chain) => section.children(answer(chain, playhead)),
        None => section,
    }
}

/// What a screen reader is told when a question was asked.
#[must_use]
pub fn spoken(chain: &Chain, terms: Terms) -> String {
    let mut text = format!(
        "{} {}, newest first.",
        chain.question.words().pick(terms),
        amount::many(chain.causes.len() as u64, "cause"),
    );
    if let Some(newest) = chain.causes.first() {
        let told = &newest.sentence;
        let sentence = match terms {
            Terms::Redis => told.words.redis(),
            Terms::Kitchen | Terms::Both => told.words.kitchen(),
        };
        text.push_str(&format!(" {}: {sentence}", newest.role.words().pick(terms)));
    }
    if let Some(silence) = chain.silence {
        text.push(' ');
        text.push_str(&silence.words().pick(terms));
    }
    text
}

fn answer(chain: &Chain, playhead: usize) -> Vec<Node> {
    let who = chain.question.client().map(|client| badge(client, 20));
    let close = either("button", "lnk", CLOSE).attr("type", "button").attr("data-why", "");
    let head = Node::new("div")
        .class("h3 asked")
        .key("asked")
        .children(who)
        .child(either("h3", "", chain.question.words()))
        .child(Node::new("span").class("rt").children(NEWEST.either()).child(close));
    let mut nodes = vec![head];
    if chain.playhead != playhead {
        let again = either("button", "lnk", ASK_AGAIN)
            .attr("type", "button")
            .attr("data-why", chain.question.word());
        let there = either("button", "lnk", GO_BACK)
            .attr("type", "button")
            .attr("data-seek", chain.playhead.to_string());
        nodes.push(
            Node::new("p")
                .class("note1 moved")
                .key("moved")
                .children(ELSEWHERE.either())
                .child(there)
                .child(again),
        );
    }
    let causes = chain.causes.iter().map(|cause| row(cause, playhead));
    nodes.push(Node::new("ol").class("ev causes").key("causes").children(causes));
    nodes.extend(chain.silence.map(|silence| note(silence.words()).key("silence")));
    nodes
}

fn row(cause: &Cause, playhead: usize) -> Node {
    let told = &cause.sentence;
    let who = told.badge.map_or_else(|| Node::new("span"), |client| badge(client, 20));
    let text = Node::new("span")
        .class("tx")
        .child(either("b", "role", cause.role.words()))
        .children(
            Words::said(told.words.kitchen().to_owned(), told.words.redis().to_owned()).either(),
        )
        .child(Node::new("span").class("r").text(told.words.term().to_owned()));
    let now = cause.record + 1 == playhead;
    let button = Node::new("button")
        .class("row")
        .attr("type", "button")
        .attr("data-seek", (cause.record + 1).to_string());
    let button = if now { button.attr("aria-current", "step") } else { button };
    let item = Node::new("li").key(format!("cause:{}", cause.record));
    let item = if now { item.class("at") } else { item };
    let here = if now { HERE.either() } else { Vec::new() };
    item.child(button.child(Node::new("span").class("no").children(here)).child(who).child(text))
}
