//! "Why?": what can be asked of this moment, and the chain of causes.

use super::badge;
use super::words::{either, note};
use crate::view::text::{Phrase, line};
use crate::view::why::{Cause, Chain, Question};
use crate::view::{Node, Terms};

const TITLE: Phrase = Phrase::named("why.why");
const NEWEST: Phrase = Phrase::named("why.newest-first");
const HERE: Phrase = Phrase::named("why.here");
const ELSEWHERE: Phrase = Phrase::named("why.asked-at-another-moment");
const ASK_AGAIN: Phrase = Phrase::named("why.ask-again-here");
const CLOSE: Phrase = Phrase::named("why.close");
const GO_BACK: Phrase = Phrase::named("why.go-back-there");

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
        .attr("aria-label", TITLE.say().pick(terms).to_owned())
        .child(Node::new("div").class("asks").key("asks").children(buttons));
    match chain {
        Some(chain) => section.children(answer(chain, playhead)),
        None => section,
    }
}

/// What a screen reader is told when a question was asked.
#[must_use]
pub fn spoken(chain: &Chain, terms: Terms) -> String {
    let asked = chain.question.words();
    let mut text = line!("why.spoken", asked.pick(terms), chain.causes.len());
    if let Some(newest) = chain.causes.first() {
        let (role, told) = (newest.role.words(), newest.sentence.words.pick(terms));
        for part in [" ", role.pick(terms), ": ", told] {
            text.push_str(part);
        }
    }
    if let Some(silence) = chain.silence {
        text.push(' ');
        text.push_str(silence.words().pick(terms));
    }
    text
}

fn answer(chain: &Chain, playhead: usize) -> Vec<Node> {
    let who = chain.question.client().map(|client| badge(client, 20));
    let close = either("button", "lnk", CLOSE.say()).attr("type", "button").attr("data-why", "");
    let head = Node::new("div")
        .class("h3 asked")
        .key("asked")
        .children(who)
        .child(either("h3", "", chain.question.words()))
        .child(Node::new("span").class("rt").children(NEWEST.say().either()).child(close));
    let mut nodes = vec![head];
    if chain.playhead != playhead {
        let again = either("button", "lnk", ASK_AGAIN.say())
            .attr("type", "button")
            .attr("data-why", chain.question.word());
        let there = either("button", "lnk", GO_BACK.say())
            .attr("type", "button")
            .attr("data-seek", chain.playhead.to_string());
        nodes.push(
            Node::new("p")
                .class("note1 moved")
                .key("moved")
                .children(ELSEWHERE.say().either())
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
        .children(told.words.either())
        .child(Node::new("span").class("r").text(told.words.term().to_owned()));
    let now = cause.record + 1 == playhead;
    let button = Node::new("button")
        .class("row")
        .attr("type", "button")
        .attr("data-seek", (cause.record + 1).to_string());
    let button = if now { button.attr("aria-current", "step") } else { button };
    let item = Node::new("li").key(format!("cause:{}", cause.record));
    let item = if now { item.class("at") } else { item };
    let here = if now { HERE.say().either() } else { Vec::new() };
    item.child(button.child(Node::new("span").class("no").children(here)).child(who).child(text))
}
