//! Proof by simulation: what must hold is checked after every half-cycle,
//! over scenarios that a seed draws.
//!
//! A [`Trial`] runs a scenario with a [`Checker`] at its side. The checker
//! believes three witnesses and compares them: the calls at the seam
//! ([`witness`]: every byte read and written), the facts, and the engine's
//! structures. Requests are read a second time by an independent reader,
//! replies by the strict one; counters are counted again. What does not fit
//! is a [`Violation`], never a panic, so that a page can stop there and show
//! it.
//!
//! [`swarm`] draws scenarios, [`shrink`] makes a failing one small, and
//! [`examine`] is all of it for one scenario. That the checker can fail is
//! tested by breaking the loop on purpose, once per invariant.
//!
//! # What is not checked here
//!
//! Of the project's 49 invariants: 10 (differential) needs a second server, and
//! 48 (a native run replayed) a native one: tests of their own hold them. 24
//! speaks of nested loops, which there are none of, 49 of live watchers. 23 (a
//! walk survives the death of any element) is not a state but an event:
//! regression tests kill every neighbour, and 16 and 43 hold afterwards. 33
//! (one owner of the shared query buffer) is the borrow checker's.

pub mod invariant;
pub mod shrink;
pub mod swarm;
pub mod witness;

mod account;
mod checker;
mod ledger;
mod reader;
mod rulebook;
mod tables;
mod trial;
mod turns;
mod verdict;
mod waits;

#[cfg(test)]
mod canaries;

pub use checker::Checker;
pub use invariant::Invariant;
pub use trial::{Report, Trial, examine, examine_twice};
pub use verdict::Verdict;

use crate::time::Micros;
use std::fmt;

/// An invariant that did not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    pub invariant: Invariant,
    /// The record after which it was seen, and its time.
    pub seq: u64,
    pub at: Micros,
    /// What was found instead.
    pub text: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}\n  at {}, record {}: {}", self.invariant, self.at, self.seq, self.text)
    }
}

impl std::error::Error for Violation {}

/// A [`Violation`] whose place is not known yet.
#[derive(Debug)]
struct Broken {
    invariant: Invariant,
    text: String,
}

type Held = Result<(), Broken>;

fn require(holds: bool, invariant: Invariant, text: impl FnOnce() -> String) -> Held {
    if holds { Ok(()) } else { Err(Broken { invariant, text: text() }) }
}
