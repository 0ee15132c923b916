//! Edges in, levels out.
//!
//! What is known to be ready is set by an edge, cleared by a call that used it
//! up, and never cleared once no further edge can come.

use crate::net::Mask;

/// Turns edges into levels, for one descriptor.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Level {
    pub watched: Mask,
    /// What the kernel reports edges of.
    pub registered: Mask,
    /// Known to be ready.
    pub ready: Mask,
    /// The part of `ready` that no read or write clears.
    pub stuck: Mask,
    /// The peer has sent urgent data, and not everything has been read since.
    pub urgent: bool,
    /// Has a place in `Tcp::ready`. Outlives the socket: a number that is
    /// reused while it is listed is not listed twice.
    pub listed: bool,
    /// The wait that the kernel reported it to last.
    pub turn: u64,
}

impl Level {
    pub fn reportable(&self) -> Mask {
        self.ready.and(self.watched)
    }

    /// A call has used up all that was ready in this direction.
    pub fn exhaust(&mut self, direction: Mask) {
        self.ready = self.ready.without(direction.without(self.stuck));
    }

    /// Ready for good.
    pub fn stick(&mut self, mask: Mask) {
        self.stuck = self.stuck.with(mask);
        self.ready = self.ready.with(mask);
    }

    /// Takes in what the kernel reports.
    pub fn rise(&mut self, event: &mio::event::Event) {
        if event.is_error() || event.is_write_closed() {
            self.stick(Mask::BOTH);
        } else if event.is_read_closed() {
            self.stick(Mask::READABLE);
        }
        self.urgent |= event.is_priority();
        if event.is_readable() {
            self.ready = self.ready.with(Mask::READABLE);
        }
        if event.is_writable() {
            self.ready = self.ready.with(Mask::WRITABLE);
        }
    }
}
