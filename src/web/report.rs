//! Notices in place: a file that was refused, a check that failed, a past
//! that was changed.

use super::document::element;
use super::paint::Painter;
use crate::view::Node;
use crate::view::text::line;

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
        self.fault.paint(vec![paragraph(text), button("dismiss", line!("report.close"))]);
    }

    /// A file was refused; what was watched before still is.
    pub fn refused(&mut self, why: &str) {
        let text = [why, "\n", &line!("report.refused")].concat();
        self.fault.paint(vec![paragraph(&text), button("dismiss", line!("report.close"))]);
    }

    /// One of our own checks failed.
    pub fn failed(&mut self, why: &str, seed: Option<u64>) {
        let seed = seed.map_or(String::new(), |seed| seed.to_string());
        let text = [&line!("report.failed", &seed), "\n", why].concat();
        self.fault.paint(vec![
            paragraph(&text),
            button("save", line!("report.save")),
            button("start-over", line!("report.start-over")),
        ]);
    }

    /// Nothing could be opened at all.
    pub fn failed_to_open(&mut self, why: &str) {
        let text = [&line!("report.not-opened"), "\n", why].concat();
        self.fault.paint(vec![paragraph(&text)]);
    }

    /// The one text that cannot be fetched: that none could be.
    pub fn without_words(&mut self, why: &str) {
        let text =
            ["The page's words could not be loaded (", why, "). Load the page again."].concat();
        self.fault.paint(vec![paragraph(&text)]);
    }

    /// Whether the past was changed.
    pub fn paint_fork(&mut self, is_own: bool, beside: bool) {
        let told = || {
            let text = line!("report.own-run");
            let pressed = if beside { "true" } else { "false" };
            let beside = button("beside", line!("report.beside")).attr("aria-pressed", pressed);
            vec![paragraph(&text), beside, button("back-to-original", line!("report.back"))]
        };
        self.fork.paint(if is_own { told() } else { Vec::new() });
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
fn button(act: &'static str, label: String) -> Node {
    Node::new("button")
        .key(act)
        .attr("type", "button")
        .class("btn")
        .attr("data-act", act)
        .text(label)
}
