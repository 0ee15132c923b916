//! The guided tour: eleven short chapters, and missions to go on with.
//!
//! A [`Chapter`] runs one scenario on the real engine. Each of its [`Step`]s
//! is one sentence about one thing on the stage, bound to a [`Moment`] that is
//! *found* in the records, never counted off: a change of the engine moves the
//! step along, or fails a test. What a [`Question`] asks for is answered by
//! the records further on, for the same reason. A [`Mission`] is a predicate
//! over the records of a run that the reader has made.
//!
//! Reading order: `evening` (who is who in a run), `moment`, `question`,
//! `story` (the chapters themselves), `mission`, `address`, `progress`, and
//! `page`, which turns all of it into nodes.

mod address;
mod cue;
mod evening;
mod mission;
mod moment;
mod page;
mod progress;
mod question;
mod story;

pub use address::{Address, Broken};
pub use cue::Cue;
pub use evening::Evening;
pub use mission::Mission;
pub use moment::Moment;
pub use page::{Here, Reply, before, chapter_page, next, overview};
pub use progress::Progress;
pub use question::{Asked, Question};
pub use story::chapters;

use crate::trace::Record;
use crate::view::text::Phrase;

/// One chapter of the tour.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Chapter {
    /// For addresses: `#tour/final-sweep/2`.
    pub slug: &'static str,
    /// The bundled scenario that runs under it.
    pub scenario: &'static str,
    /// At least one; in the order of their moments.
    pub steps: &'static [Step],
    pub attempt: Attempt,
    /// Its end points to how other designs would have served its guests.
    pub contrasts: bool,
}

/// One sentence about one thing at one moment.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Step {
    pub at: Moment,
    /// What on the stage it speaks of.
    pub of: Cue,
    /// About what comes next; never has to be answered.
    pub asks: Option<Question>,
}

/// One thing to change and try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// Index of the step at whose moment it is done.
    pub from: usize,
    pub offer: Offer,
}

/// What the page prepares, for the reader to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Offer {
    /// This guest's command line is filled in; the reader sends it.
    Command { guest: &'static str, line: &'static str },
    /// The scenario runs again with another value of this directive.
    Directive { name: &'static str, value: &'static str },
}

impl Chapter {
    fn said(&self, what: &str) -> String {
        Phrase::named("tour.").and(self.slug).and(what).say().into_kitchen()
    }

    #[must_use]
    pub fn title(&self) -> String {
        self.said("")
    }

    /// What the step of that index says: at most twenty words, the plain word
    /// first, then the term.
    #[must_use]
    pub fn says(&self, step: usize) -> String {
        self.said(&[".", &(step + 1).to_string()].concat())
    }

    /// What there is to try.
    #[must_use]
    pub fn tries(&self) -> String {
        self.said(".try")
    }

    /// Where the picture of the restaurant breaks.
    #[must_use]
    pub fn breaks(&self) -> String {
        self.said(".breaks")
    }

    /// For each step, the index of its moment's record. Each moment is looked
    /// for after the one before, so the places only ever grow; `None` for one
    /// that the records do not hold, and for all after it.
    #[must_use]
    pub fn places(&self, records: &[Record]) -> Vec<Option<usize>> {
        let evening = Evening::new(records);
        let mut from = Some(0);
        let find = |step: &Step| {
            let place = step.at.find(&evening, from?);
            from = place.map(|place| place + 1);
            place
        };
        self.steps.iter().map(find).collect()
    }
}

/// The chapter of that slug and its number from 0.
#[must_use]
pub fn chapter_named(slug: &str) -> Option<(usize, &'static Chapter)> {
    chapters().iter().enumerate().find(|(_, chapter)| chapter.slug == slug)
}
