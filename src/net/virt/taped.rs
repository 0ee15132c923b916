//! A kernel that plays a tape: what a real one gave, in place of its own rules.
//!
//! While the tape lasts, every call gives what stands on it, and the clock is
//! the tape's; the tables are kept all the same. Where the tape ends (or an
//! input changes what comes next), the rules of this kernel take over, with
//! everybody who is there then: guests who do nothing of their own any more,
//! read everything, and have nothing under way.

use super::connection::Connection;
use super::descriptor::{Listener, Socket};
use super::{Conn, Link, Virt};
use crate::net::tape::Tape;
use crate::net::{Accepted, Fd, Fired, Listening, NetError};
use crate::time::Micros;
use std::collections::VecDeque;

/// A tape, and what must be known to go on without it.
#[derive(Clone, Debug)]
pub(super) struct Taped {
    pub tape: Tape,
    /// No wait that returns later than this is played.
    until: Option<Micros>,
    link: Link,
    /// How many have come in.
    guests: u32,
}

impl Virt {
    /// Plays `tape`, up to the last wait that returns before `until`; guests
    /// who are there then have `link`. The n-th who comes in is `Conn(n)`.
    pub fn follow(&mut self, tape: Tape, until: Option<Micros>, link: Link) {
        self.taped = Some(Taped { tape, until, link, guests: 0 });
    }

    /// The tape, while it lasts.
    #[must_use]
    pub fn tape(&self) -> Option<&Tape> {
        self.taped.as_ref().map(|taped| &taped.tape)
    }

    /// The clock, without a reading of it.
    #[must_use]
    pub fn clock(&self) -> Micros {
        self.tape().map_or_else(|| self.wire.now(), Tape::clock)
    }

    /// If nothing more can be played, this kernel's own rules count from now on.
    pub fn leave_tape_if_over(&mut self) {
        if self.tape().is_some_and(Tape::is_over) {
            self.take_over();
        }
    }

    fn take_over(&mut self) {
        let Some(Taped { tape, .. }) = self.taped.take() else { return };
        self.was_left |= tape.was_left();
        // What was decided for a time that is past happens now.
        self.pass(tape.clock().0.saturating_mul(1_000));
        let ready: Vec<_> = self
            .descriptors
            .open_ones()
            .map(|(fd, socket)| (fd, super::readiness(&self.connections, socket)))
            .collect();
        ready.into_iter().for_each(|(fd, ready)| self.announce(fd, ready));
    }

    /// Whether the loop asked for something else than the tape had.
    #[must_use]
    pub fn was_left(&self) -> bool {
        self.was_left || self.tape().is_some_and(Tape::was_left)
    }

    /// Plays a call. `None` if this kernel must answer it by itself.
    pub(super) fn played<T>(&mut self, call: impl FnOnce(&Tape) -> Option<T>) -> Option<T> {
        let played = call(&self.taped.as_ref()?.tape);
        if played.is_none() {
            self.take_over();
        }
        played
    }

    pub(super) fn played_listen(&mut self, backlog: u32) -> Option<Result<Listening, NetError>> {
        let played = self.played(Tape::listen)?;
        if let Ok(Listening { fd, address }) = played {
            let listener = Listener { address, backlog: backlog.max(1), queue: VecDeque::new() };
            self.put(fd, Socket::Listener(listener))?;
        }
        Some(played)
    }

    pub(super) fn played_accept(&mut self) -> Option<Result<Accepted, NetError>> {
        let played = self.played(Tape::accept)?;
        if let (Ok(Accepted { fd, peer, .. }), Some(taped)) = (played, &mut self.taped) {
            let conn = Conn(taped.guests);
            taped.guests += 1;
            let seated = Connection::seated(conn, taped.link, peer, fd);
            self.put(fd, Socket::Connection(conn))?;
            self.connections.insert(conn, seated);
        }
        Some(played)
    }

    /// A tape that gives a number twice is not one.
    fn put(&mut self, fd: Fd, socket: Socket) -> Option<()> {
        let put = self.descriptors.put(fd, socket);
        if put.is_none() {
            self.was_left = true;
            self.take_over();
        }
        put
    }

    pub(super) fn played_wait(&mut self, fired: &mut Vec<Fired>) -> Option<()> {
        let Taped { tape, until, .. } = self.taped.as_ref()?;
        let comes_too_late = |until: Micros| tape.wakes_at().is_none_or(|at| at > until);
        if until.is_some_and(comes_too_late) {
            tape.stop();
            self.take_over();
            self.was_left = false;
            return None;
        }
        self.played(|tape| tape.wait(fired))
    }
}
