//! File and time events as data (`ae.c`).
//!
//! Redis stores function pointers here; we store who is meant, so that what
//! will happen can be printed and compared, and look the handler up in a
//! `match` ([`crate::event::Handler`]).

use super::client::{Slot, give_back_slack, reserve_an_eighth};
use crate::event::{Event, TimerKind};
use crate::net::{Fd, Mask, Net, Timeout};
use crate::time::Micros;

/// Whose descriptor it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Owner {
    #[default]
    Nobody,
    /// A listening socket: the door bell.
    Listener,
    Client(Slot),
}

/// `aeFileEvent`: what is registered for one descriptor.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FileEvent {
    pub owner: Owner,
    pub mask: Mask,
}

/// `aeTimeEvent`, without the linked list: the loop has very few.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimeEvent {
    /// Increasing; tells timers made during a pass from older ones.
    pub id: u64,
    pub kind: TimerKind,
    pub due: Micros,
}

/// `aeEventLoop`: registered descriptors and timers.
#[derive(Debug, Default)]
pub struct EventLoop {
    /// Indexed by descriptor, as in Redis: kernels hand out the lowest free
    /// number, so the table stays dense.
    files: Vec<FileEvent>,
    timers: Vec<TimeEvent>,
    next_timer_id: u64,
}

impl EventLoop {
    /// What is registered now; nothing for an unknown descriptor.
    #[inline]
    #[must_use]
    pub fn file(&self, fd: Fd) -> FileEvent {
        self.files.get(fd.0 as usize).copied().unwrap_or_default()
    }

    /// `aeCreateFileEvent` and `aeDeleteFileEvent` in one: from now on exactly
    /// `mask` is watched for `owner`. Returns the fact.
    pub fn watch<N: Net>(&mut self, net: &mut N, fd: Fd, owner: Owner, mask: Mask) -> Event {
        let index = fd.0 as usize;
        while index >= self.files.len() {
            reserve_an_eighth(&mut self.files);
            self.files.push(FileEvent::default());
        }
        self.files[index] = FileEvent { owner, mask };
        net.watch(fd, mask.without(Mask::BARRIER));
        Event::Watch { fd, mask }
    }

    /// Forgets a descriptor that is about to be closed; events of it that were
    /// already fired in this cycle find nothing.
    pub fn forget(&mut self, fd: Fd) {
        if let Some(file) = self.files.get_mut(fd.0 as usize) {
            *file = FileEvent::default();
        }
        while self.files.last().is_some_and(|last| last.owner == Owner::Nobody) {
            self.files.pop();
        }
        give_back_slack(&mut self.files);
    }

    /// How many descriptors are registered.
    #[must_use]
    pub fn watched(&self) -> usize {
        self.files.iter().filter(|file| file.owner != Owner::Nobody).count()
    }

    /// `aeCreateTimeEvent`.
    pub fn add_timer(&mut self, kind: TimerKind, due: Micros) -> Event {
        self.next_timer_id += 1;
        self.timers.push(TimeEvent { id: self.next_timer_id, kind, due });
        Event::TimerAdded { timer: kind, due }
    }

    #[must_use]
    pub fn timers(&self) -> &[TimeEvent] {
        &self.timers
    }

    /// The highest id handed out: a pass runs no timer above it.
    #[must_use]
    pub fn last_timer_id(&self) -> u64 {
        self.next_timer_id
    }

    /// Sets a timer's next due time.
    pub fn rearm(&mut self, id: u64, due: Micros) {
        if let Some(timer) = self.timers.iter_mut().find(|t| t.id == id) {
            timer.due = due;
        }
    }

    /// How long the poll may wait: until the nearest timer, found by scanning
    /// (`usUntilEarliestTimer`, *faithful*).
    #[must_use]
    pub fn timeout(&self, now: Micros) -> Timeout {
        match self.timers.iter().map(|t| t.due).min() {
            None => Timeout::Forever,
            Some(due) if due <= now => Timeout::Now,
            Some(due) => Timeout::After(due.saturating_sub(now)),
        }
    }
}
