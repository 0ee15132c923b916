//! The calls of the loop, kept by connection.

use super::witness::Call;
use super::{Held, Invariant, require};
use crate::net::{Fd, Fired, Mask, NetError, Timeout};
use std::collections::{BTreeMap, VecDeque};

/// What went over one accepted descriptor, from `accept` to `close`.
#[derive(Debug, Default)]
pub struct Connection {
    pub fd: Option<Fd>,
    /// Every byte the loop has read, and every byte the kernel has taken.
    pub input: Vec<u8>,
    pub output: Vec<u8>,
    /// Results that no fact has spoken of yet: how many bytes.
    pub reads: VecDeque<Result<usize, NetError>>,
    pub writes: VecDeque<Result<usize, NetError>>,
    pub watched: Mask,
    pub closed: bool,
    /// Calls in this half-cycle.
    pub reads_now: u32,
    pub writes_now: u32,
}

/// See the module documentation.
#[derive(Debug, Default)]
pub struct Ledger {
    pub connections: Vec<Connection>,
    by_fd: BTreeMap<Fd, usize>,
    pub listeners: BTreeMap<Fd, Mask>,
    /// Accepted, and no fact has spoken of it yet.
    pub arrivals: VecDeque<usize>,
    /// Results of `accept` that no fact has spoken of yet.
    pub accepts: VecDeque<Result<(), NetError>>,
    pub timeout: Option<Timeout>,
    pub fired: Vec<Fired>,
    /// `fired`, by connection, as far as it was watched.
    pub ready: Vec<(usize, Mask)>,
    /// Whom calls of this half-cycle concerned.
    pub touched: Vec<usize>,
}

impl Ledger {
    /// Takes over the calls of one half-cycle, or one wait.
    pub fn absorb(&mut self, calls: Vec<Call>) -> Held {
        for index in std::mem::take(&mut self.touched) {
            self.connections[index].reads_now = 0;
            self.connections[index].writes_now = 0;
        }
        for call in calls {
            self.call(call)?;
        }
        Ok(())
    }

    /// How many descriptors are open, doors included.
    #[must_use]
    pub fn open(&self) -> usize {
        self.by_fd.len() + self.listeners.len()
    }

    fn call(&mut self, call: Call) -> Held {
        match call {
            Call::Listen { fd } => {
                self.listeners.insert(fd, Mask::NONE);
            }
            Call::Accept { result } => {
                if let Ok(fd) = result {
                    let connection = Connection { fd: Some(fd), ..Connection::default() };
                    self.by_fd.insert(fd, self.connections.len());
                    self.arrivals.push_back(self.connections.len());
                    self.connections.push(connection);
                }
                self.accepts.push_back(result.map(|_| ()));
            }
            Call::Read { fd, result } => {
                let connection = self.on(fd, "read from")?;
                connection.reads_now += 1;
                connection.reads.push_back(result.as_ref().map(Vec::len).map_err(|e| *e));
                connection.input.extend(result.unwrap_or_default());
            }
            Call::Write { fd, result } => {
                let connection = self.on(fd, "written to")?;
                connection.writes_now += 1;
                connection.writes.push_back(result.as_ref().map(Vec::len).map_err(|e| *e));
                connection.output.extend(result.unwrap_or_default());
            }
            Call::Watch { fd, mask } => match self.listeners.get_mut(&fd) {
                Some(watched) => *watched = mask,
                None => self.on(fd, "watched")?.watched = mask,
            },
            Call::Close { fd } => {
                if self.listeners.remove(&fd).is_none() {
                    self.on(fd, "closed")?.closed = true;
                    self.by_fd.remove(&fd);
                }
            }
            Call::Wait { timeout, fired } => {
                self.timeout = Some(timeout);
                let connections = &self.connections;
                let by_fd = &self.by_fd;
                let ready = fired.iter().filter_map(|fired| {
                    let index = *by_fd.get(&fired.fd)?;
                    Some((index, fired.mask.and(connections[index].watched)))
                });
                self.ready = ready.collect();
                self.fired = fired;
            }
        }
        Ok(())
    }

    fn on(&mut self, fd: Fd, what: &str) -> Result<&mut Connection, super::Broken> {
        let index = self.by_fd.get(&fd).copied();
        require(index.is_some(), Invariant::FreedIsGone, || {
            format!("descriptor {fd} is {what} although it is not open")
        })?;
        let index = index.unwrap_or_default();
        self.touched.push(index);
        Ok(&mut self.connections[index])
    }
}
