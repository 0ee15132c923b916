//! Where facts are stated.

use crate::event::{Event, Stamped};
use crate::time::Micros;

/// Collects facts while somebody watches; one predictable branch otherwise.
#[derive(Debug, Default)]
pub struct Tap {
    on: bool,
    now: Micros,
    events: Vec<Stamped>,
}

impl Tap {
    #[must_use]
    pub fn new(on: bool) -> Tap {
        Tap { on, ..Tap::default() }
    }

    /// Whether facts are collected. Constant `false` without the `emit` feature.
    #[inline]
    #[must_use]
    pub fn is_on(&self) -> bool {
        cfg!(feature = "emit") && self.on
    }

    pub fn turn(&mut self, on: bool) {
        self.on = on;
    }

    /// The stamp of the facts that follow. It never goes back: what follows
    /// from one job of a batch is stated when the whole batch is done, and the
    /// next job's facts after it.
    #[inline]
    pub fn at(&mut self, now: Micros) {
        self.now = self.now.max(now);
    }

    /// The stamp of the last fact.
    #[must_use]
    pub fn last_stamp(&self) -> Micros {
        self.now
    }

    /// States a fact. `fact` runs only while somebody watches.
    #[inline]
    pub fn emit(&mut self, fact: impl FnOnce() -> Event) {
        if self.is_on() {
            self.push(fact());
        }
    }

    #[cold]
    fn push(&mut self, event: Event) {
        self.events.push(Stamped { at: self.now, event });
    }

    /// Moves the facts since the last call to the end of `out`, oldest first.
    pub fn take(&mut self, out: &mut Vec<Stamped>) {
        out.append(&mut self.events);
    }
}
