//! What concerns every command while it lasts: a limit, a pause, somebody who
//! watches. None of it is usual, so a command asks once whether there is
//! anything at all, and looks closer only then.

use super::server::Server;

/// A bit for each thing that is on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Concerns(u8);

impl Concerns {
    /// `maxmemory`.
    const MEMORY: u8 = 1 << 0;
    /// `maxmemory-clients`.
    const CLIENT_MEMORY: u8 = 1 << 1;
    /// `CLIENT PAUSE`.
    const PAUSE: u8 = 1 << 2;
    const MONITORS: u8 = 1 << 3;
    /// SLOWLOG or LATENCY want every command timed.
    const TIMES: u8 = 1 << 4;

    #[inline]
    #[must_use]
    pub const fn is_none(self) -> bool {
        self.0 == 0
    }
}

impl Server {
    /// To be called whenever one of them may have begun or ended.
    pub fn review_concerns(&mut self) {
        self.concerns = self.concerns_now();
    }

    pub(super) fn concerns_now(&self) -> Concerns {
        let all = [
            (Concerns::MEMORY, self.config.maxmemory > 0),
            (Concerns::CLIENT_MEMORY, self.client_eviction_limit_bytes().is_some()),
            (Concerns::PAUSE, self.pause.is_some()),
            (Concerns::MONITORS, !self.monitors.is_empty()),
            (Concerns::TIMES, self.times_every_command()),
        ];
        Concerns(all.into_iter().filter(|(_, on)| *on).fold(0, |bits, (bit, _)| bits | bit))
    }
}
