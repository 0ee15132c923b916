//! The answer that is shown: asked at one moment, kept while the reader walks
//! along its causes.

use super::run::Run;
use crate::view::why::{Chain, Question, chain};
use crate::view::{Terms, panels};

/// See the module documentation.
#[derive(Debug, Default)]
pub struct Asking {
    shown: Option<Chain>,
}

impl Asking {
    #[must_use]
    pub fn shown(&self) -> Option<&Chain> {
        self.shown.as_ref()
    }

    /// What is asked of that very moment.
    #[must_use]
    pub fn at(&self, playhead: usize) -> Option<Question> {
        self.shown().filter(|chain| chain.playhead == playhead).map(|chain| chain.question)
    }

    pub fn put_away(&mut self) {
        self.shown = None;
    }

    /// What the key asks: the first question of the moment, after it the next;
    /// `None` after the last.
    #[must_use]
    pub fn next(&self, all: &[Question], playhead: usize) -> Option<Question> {
        let asked = self.at(playhead).and_then(|asked| all.iter().position(|q| *q == asked));
        all.get(asked.map_or(0, |index| index + 1)).copied()
    }

    /// The same answer in the language of now.
    pub fn retell(&mut self, run: &Run) {
        if let Some(told) = &mut self.shown {
            *told = chain(&run.timeline, told.playhead, &told.question);
        }
    }

    /// Finds the answer. Returns it as a screen reader tells it.
    pub fn ask(&mut self, question: &Question, run: &Run, playhead: usize, terms: Terms) -> String {
        let found = chain(&run.timeline, playhead, question);
        let told = panels::why_spoken(&found, terms);
        self.shown = Some(found);
        told
    }
}
