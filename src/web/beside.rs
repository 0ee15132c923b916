//! The run that was, kept beside the one that a change in its past made of it.

use super::document::{element, flag, set};
use super::paint::Painter;
use super::panes::sentences;
use super::run::Run;
use crate::trace::Record;
use crate::view::compare::{self, Side};
use crate::view::narration::narrate;
use crate::view::text::line;
use crate::view::tree::short;
use crate::view::{Frame, Node, stage};

/// See the module documentation.
#[derive(Debug)]
pub struct Beside {
    original: Option<Run>,
    /// Records that both begin with.
    parting: usize,
    open: bool,
    stage: Painter,
    /// The sentence in its drawing.
    said: Painter,
    told: Painter,
}

impl Beside {
    #[must_use]
    pub fn new() -> Beside {
        Beside {
            original: None,
            parting: 0,
            open: false,
            stage: Painter::new(element("was")),
            said: Painter::new(element("was-told")),
            told: Painter::new(element("told")),
        }
    }

    #[must_use]
    pub fn original(&self) -> Option<&Run> {
        self.original.as_ref()
    }

    /// Gives the original back; nothing is compared any more.
    pub fn take(&mut self) -> Option<Run> {
        self.open = false;
        self.original.take()
    }

    /// `is` was made of `before`, or of what is kept already.
    pub fn keep(&mut self, before: Run, is: &Run) -> &Run {
        let original = self.original.get_or_insert(before);
        self.parting = compare::parting(original.timeline.records(), is.timeline.records());
        original
    }

    pub fn switch(&mut self) {
        self.open = !self.open;
    }

    #[must_use]
    pub fn is_open(&self) -> bool {
        self.open && self.original.is_some()
    }

    #[must_use]
    pub fn parting(&self) -> usize {
        self.parting
    }

    /// What is kept is called so in the language of now.
    pub fn retell(&mut self) {
        if let Some(original) = &mut self.original {
            original.retell();
        }
    }

    pub fn paint(&mut self, is: &Run, playhead: usize, frame: &Frame) {
        let original = self.original.as_ref().filter(|_| self.open);
        flag(&element("page"), "data-beside", original.is_some());
        self.mark(is.timeline.len());
        let Some(was) = original else {
            self.stage.paint(Vec::new());
            self.said.paint(Vec::new());
            return self.told.paint(Vec::new());
        };
        let then = compare::abreast(&was.timeline, self.parting, playhead, frame.world.at);
        let world = was.timeline.world_at(then);
        let before = was.timeline.world_at(then.saturating_sub(1));
        let is_before = is.timeline.world_at(playhead.saturating_sub(1));
        let now = was.timeline.now(then);
        let frame_then = Frame { world: &world, now, ..*frame };
        self.stage.paint(vec![compare::picture(stage::stage(&frame_then))]);
        // As to anybody: in one of the two the reader may not have come as a guest yet.
        let tell = |now: Option<&Record>, before, world| {
            now.map(|record| narrate(record, before, world, None).words)
        };
        let (told_then, told) =
            (tell(now, &before, &world), tell(frame.now, &is_before, frame.world));
        self.said.paint(told_then.as_ref().map(sentences).unwrap_or_default());
        let parting = self.parting;
        let said = if parting >= is.timeline.len() && parting >= was.timeline.len() {
            line!("beside.same")
        } else {
            line!("beside.same-up-to", parting)
        };
        let seek = Node::new("button").attr("type", "button").class("btn");
        let seek = seek.attr("data-seek", (parting + 1).to_string()).text(line!("beside.go"));
        let first = Node::new("p").child(Node::new("span").text(said)).child(seek);
        let table = compare::table(
            Side { world: &world, told: told_then.as_ref() },
            Side { world: frame.world, told: told.as_ref() },
        );
        self.told.paint(vec![first, table]);
    }

    /// The place on the timeline where the two part.
    fn mark(&self, len: usize) {
        let mark = element("parting");
        let shown = self.original.is_some() && self.parting < len;
        flag(&mark, "hidden", !shown);
        if shown {
            set(
                &mark,
                "style",
                &format!("--at:{}", short(self.parting as f64 * 100.0 / len as f64)),
            );
        }
    }
}

impl Default for Beside {
    fn default() -> Beside {
        Beside::new()
    }
}
