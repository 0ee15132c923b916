//! Notices in place: a file that was refused, a check that failed, a past
//! that was changed.

use super::document::element;
use super::paint::Painter;
use crate::view::Node;

/// The two notices of the page.
#[derive(Debug)]
pub struct Report {
    fault: Painter,
    fork: Painter,
}

impl Report {
    #[must_use]
    pub fn new() -> Report {
        Report { fault: Painter::new(element("fault")), fork: Painter::new(element("fork")) }
    }

    pub fn clear(&mut self) {
        self.fault.paint(Vec::new());
    }

    /// A file was opened, with something to say about it.
    pub fn remark(&mut self, text: &str) {
        self.fault.paint(vec![paragraph(text), button("dismiss", "Close")]);
    }

    /// A file was refused; what was watched before still is.
    pub fn refused(&mut self, why: &str) {
        let text = format!("{why}\nNothing was changed: you still watch what you watched before.");
        self.fault.paint(vec![paragraph(&text), button("dismiss", "Close")]);
    }

    /// One of our own checks failed.
    pub fn failed(&mut self, why: &str, seed: Option<u64>) {
        let seed = seed.map_or(String::new(), |seed| format!(" Seed {seed}."));
        let text = format!(
            "The program failed one of its own checks and has paused.{seed} \
             You can still step through what is known, or save it as a trace to report it.\n{why}"
        );
        self.fault.paint(vec![
            paragraph(&text),
            button("save", "Save the trace"),
            button("start-over", "Start over"),
        ]);
    }

    /// Nothing could be opened at all.
    pub fn failed_to_open(&mut self, why: &str) {
        let text = format!(
            "The kitchen could not be opened: the program failed one of its own checks.\n{why}"
        );
        self.fault.paint(vec![paragraph(&text)]);
    }

    /// The one text that cannot be fetched: that none could be.
    pub fn without_words(&mut self, why: &str) {
        let text =
            ["The page's words could not be loaded (", why, "). Load the page again."].concat();
        self.fault.paint(vec![paragraph(&text)]);
    }

    /// Whether the past was changed, and of what.
    pub fn paint_fork(&mut self, original: Option<&str>, beside: bool) {
        self.fork.paint(original.map_or_else(Vec::new, |title| {
            let text = format!("Your own run; “{title}” is kept.");
            let pressed = if beside { "true" } else { "false" };
            let beside = button("beside", "Side by side").attr("aria-pressed", pressed);
            vec![paragraph(&text), beside, button("back-to-original", "Back to it")]
        }));
    }
}

impl Default for Report {
    fn default() -> Report {
        Report::new()
    }
}

fn paragraph(text: &str) -> Node {
    Node::new("p").key("text").text(text.to_owned())
}

/// `act` is what the click handler reads.
fn button(act: &'static str, label: &'static str) -> Node {
    Node::new("button")
        .key(act)
        .attr("type", "button")
        .class("btn")
        .attr("data-act", act)
        .text(label)
}
