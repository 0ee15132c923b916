//! Helpers who carry a part of the final sweep, each on a clock of its own.
//!
//! While a batch is shared out, several threads run at once, and the wire has
//! one clock. So every carrier counts its own time, and the wire follows
//! whoever makes a call: the batch lets the one who is behind call next, so
//! the wire never has to go back. What a call finds is found at its beginning;
//! what it hands over is put on the wire's schedule for the moment at which
//! its copy is done, since others may act before that.
//!
//! The prices are [`Costs::fan_out_ns`](crate::net::Costs) for each helper, paid by
//! the one thread before its own share, and `fan_in_ns` for each, paid after
//! the slowest is done. *Simplified*: as many cores as carriers, and a
//! helper's memory is as near as the one thread's.

use crate::time::Micros;

/// See the module documentation.
#[derive(Clone, Debug)]
pub(super) struct Carriers {
    /// By number: 0 is the one thread.
    clocks_ns: Vec<u64>,
    acting: usize,
}

impl Carriers {
    /// Everybody's clock when the shares have been handed out.
    pub fn fan_out(now_ns: u64, helpers: u8, fan_out_ns: u64) -> Carriers {
        let after = |handed: u64| now_ns.saturating_add(fan_out_ns.saturating_mul(handed));
        let helpers = u64::from(helpers);
        let clocks_ns = std::iter::once(after(helpers)).chain((1..=helpers).map(after)).collect();
        Carriers { clocks_ns, acting: 0 }
    }

    /// # Panics
    /// If nobody has this number: the batch's own mistake.
    pub fn turn(&mut self, carrier: u8) {
        self.acting = usize::from(carrier);
        assert!(self.acting < self.clocks_ns.len(), "carrier {carrier} has no share");
    }

    /// The clock of whoever acts.
    pub fn now_ns(&self) -> u64 {
        self.clocks_ns[self.acting]
    }

    pub fn now(&self) -> Micros {
        Micros(self.now_ns() / 1_000)
    }

    pub fn spend(&mut self, ns: u64) {
        let clock = &mut self.clocks_ns[self.acting];
        *clock = clock.saturating_add(ns);
    }

    /// When the one thread goes on alone.
    pub fn fan_in(&self, fan_in_ns: u64) -> u64 {
        let helpers = self.clocks_ns.len() as u64 - 1;
        let slowest = self.clocks_ns.iter().copied().max().unwrap_or_default();
        slowest.saturating_add(fan_in_ns.saturating_mul(helpers))
    }
}
