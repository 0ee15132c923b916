//! The reader's marks in the run that is watched, and what is said of each.

use super::document::element;
use super::paint::Painter;
use super::run::Run;
use crate::view::compare;
use crate::view::marks::Marks;
use crate::view::text::Words;
use crate::view::{Node, panels};

/// See the module documentation.
#[derive(Debug)]
pub struct Marking {
    marks: Marks,
    told: Vec<Words>,
    notches: Painter,
}

impl Marking {
    #[must_use]
    pub fn new(marks: Marks, run: &Run) -> Marking {
        let notches = Painter::new(element("marks"));
        let mut marking = Marking { marks: Marks::default(), told: Vec::new(), notches };
        marking.put(marks, run);
        marking
    }

    /// Other marks, or those of another run.
    pub fn put(&mut self, marks: Marks, run: &Run) {
        self.marks = marks;
        self.retell(run);
    }

    #[must_use]
    pub fn marks(&self) -> &Marks {
        &self.marks
    }

    /// Marks this place, or no more.
    pub fn switch(&mut self, at: usize, run: &Run) {
        self.marks.switch(at);
        self.retell(run);
    }

    /// `is` was made of `was`: what was marked after the two part is another
    /// moment now.
    pub fn follow(&mut self, was: &Run, is: &Run) {
        if !self.marks.places().is_empty() {
            let (was, now) = (was.timeline.records(), is.timeline.records());
            self.marks.keep_until(compare::parting(was, now));
            self.retell(is);
        }
    }

    /// Says again what was said: after a change, and in another language.
    pub fn retell(&mut self, run: &Run) {
        self.marks.keep_until(run.timeline.len());
        self.told = panels::told_at(&self.marks, &run.timeline);
    }

    /// The list of them.
    #[must_use]
    pub fn list(&self, playhead: usize) -> Node {
        panels::marked(&self.marks, &self.told, playhead)
    }

    pub fn paint(&mut self, run: &Run) {
        self.notches.paint(panels::notches(&self.marks, run.timeline.len()));
    }
}
