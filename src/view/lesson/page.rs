//! The tour as nodes: the list of chapters and missions, and one chapter's page.

use super::{Address, Asked, Broken, Chapter, Mission, Offer, Progress, chapters};
use crate::view::Node;
use crate::view::text::{line, say};
use crate::view::tree::Text;

/// What the reader did with the question of this step.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reply {
    #[default]
    Open,
    /// Index of a choice, not yet compared.
    Guessed(usize),
    /// With the guess, if there was one.
    Revealed(Option<usize>),
}

/// Where a chapter's page is.
#[derive(Clone, Copy, Debug)]
pub struct Here<'a> {
    /// Indices.
    pub chapter: usize,
    pub step: usize,
    /// The playhead is at this step's moment of this chapter's run.
    pub at_the_moment: bool,
    pub asked: Option<&'a Asked>,
    pub reply: Reply,
}

/// All chapters with how far one has come, and the missions.
#[must_use]
pub fn overview(progress: &Progress, broken: Option<&Broken>) -> Vec<Node> {
    let mut nodes = Vec::new();
    if let Some(broken) = broken {
        let said = line!("tour-page.choose", &broken.to_string());
        nodes.push(p("broken", said).key("broken").attr("role", "alert"));
    }
    nodes.push(Node::new("h3").key("chapters-title").text(line!("tour-page.chapters")));
    let rows = chapters().iter().enumerate().map(|(index, chapter)| row(index, chapter, progress));
    nodes.push(Node::new("ol").key("chapters").class("chapters").children(rows));
    nodes.push(Node::new("h3").key("missions-title").text(line!("tour-page.missions")));
    nodes.push(p("note1", line!("tour-page.missions.note")).key("missions-note"));
    let missions = Mission::ALL.iter().map(|mission| mission_row(*mission, progress));
    nodes.push(Node::new("ul").key("missions").class("missions").children(missions));
    nodes
}

fn row(index: usize, chapter: &Chapter, progress: &Progress) -> Node {
    let (reached, count) = (progress.reached(index), chapter.steps.len());
    // Goes on where one was; a chapter that was read to its end begins anew.
    let step = if reached == count { 0 } else { reached.saturating_sub(1) };
    let state = match reached {
        0 => line!("tour-page.steps", count),
        _ if reached == count => line!("tour-page.read"),
        _ => line!("tour-page.reached", reached, count),
    };
    let link = Node::new("a")
        .attr("href", Address::Step { chapter: index, step }.to_string())
        .text(chapter.title());
    Node::new("li").key(chapter.slug).child(link).child(Node::new("span").class("st").text(state))
}

fn mission_row(mission: Mission, progress: &Progress) -> Node {
    let done = progress.has(mission);
    let state = if done { line!("tour-page.done") } else { line!("tour-page.open") };
    let [vague, plain] = mission.hints();
    let head = Node::new("p")
        .child(Node::new("span").text(mission.goal()))
        .child(Node::new("span").class("st").text(state));
    let way = Node::new("p").child(
        Node::new("button")
            .class("lnk")
            .attr("type", "button")
            .attr("data-mission", mission.slug())
            .text(line!("tour-page.show")),
    );
    let hints = Node::new("details")
        .child(Node::new("summary").text(line!("tour-page.hints")))
        .child(Node::new("p").text(vague))
        .child(Node::new("p").text(plain))
        .child(way);
    Node::new("li").key(mission.slug()).child(head).child(hints)
}

/// One step of a chapter.
#[must_use]
pub fn chapter_page(here: Here<'_>) -> Vec<Node> {
    let chapter = &chapters()[here.chapter];
    let step = &chapter.steps[here.step];
    let (number, of) = (here.chapter + 1, chapters().len());
    let top = Node::new("p")
        .key("top")
        .class("where")
        .child(
            Node::new("a").attr("href", Address::Overview.to_string()).text(line!("tour-page.all")),
        )
        .child(Node::new("span").text(line!("tour-page.chapter", number, of)));
    let mut nodes = vec![
        top,
        Node::new("h3").key("title").text(chapter.title()),
        steps(here, chapter),
        p("says", chapter.says(here.step)).key("says"),
        p("of", line!("tour-page.of", &step.of.words())).key("of"),
    ];
    if !here.at_the_moment {
        let back = Node::new("a")
            .attr("href", Address::Step { chapter: here.chapter, step: here.step }.to_string())
            .text(line!("tour-page.back-to"));
        nodes.push(Node::new("p").key("away").class("away").child(back));
    }
    if let Some(asked) = here.asked {
        nodes.push(question(here, asked));
    }
    nodes.push(walk(here));
    if here.step + 1 == chapter.steps.len() {
        nodes.push(attempt(chapter));
        let title = Node::new("h4").text(line!("tour-page.breaks"));
        let breaks = Node::new("section").key("breaks").class("after");
        nodes.push(breaks.child(title).child(Node::new("p").text(chapter.breaks())));
        nodes.extend(chapter.contrasts.then(contrast));
    }
    nodes
}

/// Every step as a small link.
fn steps(here: Here<'_>, chapter: &Chapter) -> Node {
    let links = (0..chapter.steps.len()).map(|step| {
        let address = Address::Step { chapter: here.chapter, step };
        let label = line!("tour-page.step", step + 1, chapter.steps.len());
        let link = Node::new("a")
            .attr("href", address.to_string())
            .attr("aria-label", label)
            .attr("aria-current", if step == here.step { "step" } else { "false" })
            .text((step + 1).to_string());
        Node::new("li").child(link)
    });
    Node::new("ol")
        .key("steps")
        .class("steps")
        .attr("aria-label", line!("tour-page.step.list"))
        .children(links)
}

fn question(here: Here<'_>, asked: &Asked) -> Node {
    let revealed = matches!(here.reply, Reply::Revealed(_));
    let choices = asked.choices.iter().enumerate().map(|(index, choice)| {
        let mut radio = Node::new("input")
            .attr("type", "radio")
            .attr("name", "prediction")
            .attr("value", index.to_string());
        if revealed {
            radio = radio.attr("disabled", "");
        }
        let mut label = Node::new("label").child(radio);
        label.push(Node::new("span").text(choice.clone()));
        if revealed && index == asked.right {
            label.push(Node::new("span").class("tick").text(line!("ask.right")));
        }
        label
    });
    let mut acts = Node::new("p").key("acts").class("acts2");
    if !revealed {
        let reveal = Node::new("button")
            .key("reveal")
            .class("btn")
            .attr("type", "button")
            .attr("data-act", "reveal")
            .text(line!("ask.reveal"));
        acts.push(reveal);
        if let Some(next) = next(here.chapter, here.step) {
            let skip = Node::new("a").key("skip").class("lnk").attr("href", next.to_string());
            acts.push(skip.text(line!("ask.skip")));
        }
    }
    let key = format!("ask-{}-{}", here.chapter, here.step);
    Node::new("fieldset")
        .key(key)
        .attr("id", "ask")
        .class("ask")
        .child(Node::new("legend").text(line!("ask.before", &asked.text)))
        .child(Node::new("div").key("choices").class("choices").children(choices))
        .child(acts)
        .child(feedback(here.reply, asked))
}

/// There before it says anything, so that what it says is announced.
fn feedback(reply: Reply, asked: &Asked) -> Node {
    let status = Node::new("div").key("feedback").class("feedback").attr("role", "status");
    let Reply::Revealed(guess) = reply else { return status };
    let right = &asked.choices[asked.right];
    let verdict = match guess {
        Some(guess) if guess == asked.right => line!("ask.yes", right),
        Some(_) => line!("ask.no", right),
        None => line!("ask.answer", right),
    };
    let cited = Node::new("button")
        .class("lnk")
        .attr("type", "button")
        .attr("data-seek", (asked.record + 1).to_string())
        .text(line!("ask.see", asked.record + 1));
    let because = Node::new("p")
        .child(Node::new("span").text(line!("ask.because", &asked.because) + " "))
        .child(cited);
    status.child(Node::new("p").class("verdict").text(verdict)).child(because)
}

/// The step after this one, in the next chapter if need be.
#[must_use]
pub fn next(chapter: usize, step: usize) -> Option<Address> {
    if step + 1 < chapters()[chapter].steps.len() {
        Some(Address::Step { chapter, step: step + 1 })
    } else {
        (chapter + 1 < chapters().len()).then_some(Address::Step { chapter: chapter + 1, step: 0 })
    }
}

/// The step before this one, in the chapter before if need be.
#[must_use]
pub fn before(chapter: usize, step: usize) -> Option<Address> {
    if let Some(step) = step.checked_sub(1) {
        return Some(Address::Step { chapter, step });
    }
    let chapter = chapter.checked_sub(1)?;
    Some(Address::Step { chapter, step: chapters()[chapter].steps.len() - 1 })
}

fn walk(here: Here<'_>) -> Node {
    let link = |key: &'static str, class: &'static str, to: Option<Address>, text: String| {
        let to = to.unwrap_or_default().to_string();
        Node::new("a").key(key).class(class).attr("href", to).text(text)
    };
    let last = here.step + 1 == chapters()[here.chapter].steps.len();
    let on = match next(here.chapter, here.step) {
        Some(Address::Step { chapter, .. }) if last => {
            line!("tour-page.next-chapter", &chapters()[chapter].title())
        }
        Some(_) => line!("tour-page.next"),
        None => line!("tour-page.all"),
    };
    let back = if before(here.chapter, here.step).is_some() {
        line!("tour-page.back")
    } else {
        line!("tour-page.all")
    };
    let mut walk = Node::new("nav")
        .key("walk")
        .class("walk")
        .attr("aria-label", line!("tour-page.walk"))
        .child(link("back", "btn", before(here.chapter, here.step), back));
    // For the phone, where the question may begin below what is seen.
    if here.asked.is_some() && here.reply == Reply::Open {
        let ask = Node::new("button").key("ask").class("lnk").attr("type", "button");
        walk.push(ask.attr("data-act", "ask").text(line!("ask.go")));
    }
    walk.child(link("next", "btn pri", next(here.chapter, here.step), on))
}

fn attempt(chapter: &Chapter) -> Node {
    let (label, detail) = match chapter.attempt.offer {
        Offer::Command { guest, line } => {
            (line!("tour-page.prepare"), [guest, ": ", line].concat())
        }
        Offer::Directive { name, value } => {
            (line!("tour-page.run-so"), [name, " ", value].concat())
        }
    };
    let button = Node::new("button")
        .class("btn")
        .attr("type", "button")
        .attr("data-act", "prepare")
        .text(label);
    Node::new("section")
        .key("attempt")
        .class("after")
        .child(Node::new("h4").text(line!("tour-page.try")))
        .child(Node::new("p").text(chapter.tries()))
        .child(Node::new("p").class("acts2").child(button).child(Node::new("code").text(detail)))
}

/// The way to how other designs would have done.
fn contrast() -> Node {
    let button = Node::new("button").class("btn").attr("type", "button");
    let button = button.attr("data-act", "designs").children(say!("designs.title").either());
    Node::new("p").key("contrast").class("acts2").child(button)
}

fn p(class: &'static str, text: impl Text) -> Node {
    Node::new("p").class(class).text(text)
}
