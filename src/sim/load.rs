//! A guest of a crowd, at work on its part of a load.
//!
//! Nothing of it is in the log but the load itself: what it sends follows from
//! the scenario's seed and, in a closed load, from what it has read.

mod replies;

use super::scenario::{Load, Pace, Scenario, Share};
use crate::net::virt::{Program, Turn};
use crate::resp::{Limits, Progress, RequestParser};
use crate::time::Micros;
use rand_pcg::Pcg64Mcg;
use rand_pcg::rand_core::{Rng, SeedableRng};
use replies::Replies;
use std::sync::Arc;

#[derive(Debug)]
pub(super) struct Orderer {
    load: Arc<Load>,
    nth: usize,
    /// Of its share.
    sent: u64,
    share: u64,
    /// For what it sends, and for when.
    dice: [Pcg64Mcg; 2],
    /// Its next request is due then; `None` before its first turn.
    due: Option<Micros>,
    /// Requests without a reply so far.
    owed: u64,
    replies: Replies,
    /// What it was told to send besides, if that is no whole request yet.
    besides: (RequestParser, Vec<u8>),
}

impl Orderer {
    /// The guest is the `client`th of the scenario.
    pub fn new(share: &Share, scenario: &Scenario, client: usize) -> Orderer {
        // Each guest has dice of its own, so that nobody's replies change
        // what another sends.
        let seed = scenario.seed ^ (client as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        Orderer {
            load: Arc::clone(&share.load),
            nth: share.nth,
            sent: 0,
            share: share.load.share(share.nth),
            dice: [seed, !seed].map(Pcg64Mcg::seed_from_u64),
            due: None,
            owed: 0,
            replies: Replies::default(),
            besides: Default::default(),
        }
    }

    /// All it would send if nothing ended it.
    pub fn script(mut self) -> Vec<u8> {
        (0..self.share).flat_map(|_| self.request()).collect()
    }

    /// The next request.
    fn request(&mut self) -> Vec<u8> {
        let number = self.nth as u64 + 1 + self.sent * self.load.guests as u64;
        self.sent += 1;
        self.owed += 1;
        let dice = &mut self.dice[0];
        self.load.request(number, |below| dice.next_u64() % below)
    }

    /// How long after one request of an open load the next one is due.
    fn gap(&mut self, every: Micros, random: bool) -> Micros {
        let mean = u128::from(every.0) * self.load.guests as u128;
        let gap =
            if random { (mean * u128::from(exponential(&mut self.dice[1]))) >> 32 } else { mean };
        Micros(u64::try_from(gap).unwrap_or(u64::MAX))
    }

    fn turn_open(&mut self, now: Micros, every: Micros, random: bool) -> Turn {
        let is_first = self.due.is_none();
        let mut due = self.due.unwrap_or(now);
        let mut writes = Vec::new();
        if is_first {
            // The guests begin one after the other.
            due = due.saturating_add(match random {
                true => self.gap(every, random),
                false => Micros(every.0.saturating_mul(self.nth as u64)),
            });
        }
        while due <= now && self.sent < self.share {
            writes.extend(self.request());
            due = due.saturating_add(self.gap(every, random));
        }
        self.due = Some(due);
        Turn { writes, next: (self.sent < self.share).then_some(due) }
    }
}

impl Program for Orderer {
    fn turn(&mut self, now: Micros) -> Turn {
        if self.load.until.is_some_and(|until| now >= until) {
            return Turn::default();
        }
        match self.load.pace {
            Pace::Open { every, random } => self.turn_open(now, every, random),
            // Something sent besides is owed, or it thinks anew since then.
            Pace::Closed { .. } if self.owed > 0 || self.due.is_some_and(|due| now < due) => {
                Turn::default()
            }
            Pace::Closed { pipeline, .. } => {
                let batch = pipeline.min(self.share - self.sent);
                let writes = (0..batch).flat_map(|_| self.request()).collect();
                Turn { writes, next: None }
            }
        }
    }

    fn read(&mut self, bytes: &[u8], now: Micros) -> Option<Micros> {
        let Pace::Closed { think, .. } = self.load.pace else { return None };
        let before = self.owed;
        self.owed = self.owed.saturating_sub(self.replies.read(bytes));
        if before == 0 || self.owed > 0 {
            return None;
        }
        self.due = Some(now.saturating_add(think));
        self.due
    }

    fn also_wrote(&mut self, bytes: &[u8]) {
        let limits = Limits { max_bulk_len: i64::MAX, authenticated: true };
        let (parser, begun) = &mut self.besides;
        begun.extend_from_slice(bytes);
        loop {
            let (asks, consumed) = match parser.parse(begun, &limits) {
                Progress::Complete { consumed } => (1, consumed),
                Progress::Empty { consumed } => (0, consumed),
                Progress::Incomplete | Progress::Error { .. } => return,
            };
            self.owed += asks;
            begun.drain(..consumed);
        }
    }
}

/// A draw from the exponential distribution of mean 1, in units of 2^-32:
/// von Neumann's way, which only compares, so that it is the same on every
/// machine.
fn exponential(dice: &mut Pcg64Mcg) -> u64 {
    let mut whole = 0;
    loop {
        let first = dice.next_u32();
        let (mut last, mut falls) = (first, 1);
        loop {
            let next = dice.next_u32();
            if next >= last {
                break;
            }
            last = next;
            falls += 1;
        }
        if falls % 2 == 1 {
            return (whole << 32) + u64::from(first);
        }
        whole += 1;
    }
}

#[cfg(test)]
mod tests;
