//! A deterministic kernel, and the guests at the far ends.
//!
//! [`Virt`] is a [`Net`] whose peers are scripts: [`Virt::schedule`] says when
//! a guest connects, sends, stops reading or leaves, and everything else
//! (when bytes arrive, what is ready, when a buffer is full, who sees a reset)
//! follows from a few rules that stand beside the code:
//!
//! - `wire`: the clock and what is under way. Time moves only by the
//!   [`Costs`] of what the thread does and by sleeping in [`Wait::wait`].
//! - `pipe`: one direction of a connection, with both buffers and the window.
//! - `connection`: both ends' behaviour, the guest's program included.
//! - `descriptor`: the kernel's tables and its ready list.
//! - `guest`: what guests do, and what is seen of them and of the wire.
//! - `carriers`: helpers who take part of the final sweep.
//! - `taped`: what a real kernel gave, played again.
//!
//! *Simplified* against a real kernel: no packet is lost or reordered, the
//! handshake takes two packets instead of three, an accept queue holds exactly
//! its backlog (Linux lets one more in), and no timer of TCP runs except that
//! a guest who found the queue full knocks again after 1, 2, 4… seconds.
//! *Simulated*: flow control in both directions, half-close, reset, data to a
//! closed socket answered by a reset, `close` with unread input, the lowest
//! free descriptor number, the order of the ready list.
//!
//! Facts about the wire and the guests come out of [`Virt::take_facts`] in
//! order of time, each stamped with the moment it happened, which may lie
//! within the last system call.

mod carriers;
mod connection;
mod descriptor;
mod guest;
mod pipe;
mod taped;
#[cfg(test)]
mod tests;
mod wire;

pub use guest::{Excerpt, Fact, GuestAction, GuestEnd, Program, Turn};

use super::fault::Abort;
use super::tape::Tape;
use super::{
    Accepted, Costs, Fd, Fired, Listening, Mask, Net, NetError, Outgoing, Share, Timeout, Wait,
    Work, WriteJob, batch,
};
use crate::sorted::SortedMap;
use crate::time::Micros;
use carriers::Carriers;
use connection::{Connection, Door, ServerEnd};
use descriptor::{Descriptors, Listener, Socket};
use std::collections::VecDeque;
use std::io::IoSlice;
use std::net::{Ipv4Addr, SocketAddr};
use taped::Taped;
use wire::{Due, End, Wire};

/// A guest's connection, by the number that whoever schedules chose for it.
/// Each number connects once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Conn(pub u32);

impl Conn {
    const FIRST_PORT: u16 = 50_001;

    /// Where the guest comes from: ports from 50001 on 127.0.0.1, then on the
    /// next addresses.
    #[must_use]
    pub fn address(self) -> SocketAddr {
        let ports = u32::from(u16::MAX - Conn::FIRST_PORT) + 1;
        let host = u32::from(Ipv4Addr::LOCALHOST) + self.0 / ports;
        let port = Conn::FIRST_PORT + (self.0 % ports) as u16;
        SocketAddr::from((Ipv4Addr::from(host), port))
    }
}

/// What lies between one guest and the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Link {
    /// One way; a journey takes at least a microsecond.
    pub latency: Micros,
    /// The server's socket: bytes that arrived and were not read.
    pub server_receive_bytes: u64,
    /// The server's socket: bytes written and not acknowledged.
    pub server_send_bytes: u64,
    /// The guest's socket: bytes that arrived and were not read.
    pub guest_receive_bytes: u64,
}

impl Default for Link {
    fn default() -> Link {
        Link {
            latency: Micros(200),
            server_receive_bytes: 64 * 1_024,
            server_send_bytes: 64 * 1_024,
            guest_receive_bytes: 64 * 1_024,
        }
    }
}

/// The machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VirtConfig {
    pub costs: Costs,
    /// The kernel's upper bound for every listener's backlog.
    pub somaxconn: u32,
    /// Descriptor numbers below this one can be given out (`ulimit -n`).
    pub descriptor_limit: u32,
}

impl Default for VirtConfig {
    fn default() -> VirtConfig {
        VirtConfig { costs: Costs::default(), somaxconn: 4_096, descriptor_limit: 10_032 }
    }
}

/// See the module documentation.
#[derive(Debug)]
pub struct Virt {
    config: VirtConfig,
    wire: Wire,
    connections: SortedMap<Conn, Connection>,
    descriptors: Descriptors,
    /// While a batch is shared out.
    carriers: Option<Carriers>,
    /// While a tape lasts.
    taped: Option<Taped>,
    /// The loop asked for something else than the tape had.
    was_left: bool,
}

impl Virt {
    #[must_use]
    pub fn new(config: VirtConfig) -> Virt {
        let descriptors = Descriptors::new(config.descriptor_limit);
        let (wire, connections) = (Wire::default(), SortedMap::new());
        Virt {
            config,
            wire,
            connections,
            descriptors,
            carriers: None,
            taped: None,
            was_left: false,
        }
    }

    /// `conn`'s guest will do this at `at`, or at once if that is past. What
    /// makes no sense by then (sending after closing, connecting twice) is
    /// not done.
    pub fn schedule(&mut self, at: Micros, conn: Conn, action: GuestAction) {
        self.wire.at(at.max(self.wire.now()), Due::Act(conn, action));
    }

    /// When the next thing happens by itself: a guest's action, an arrival.
    #[must_use]
    pub fn next_scheduled(&self) -> Option<Micros> {
        self.wire.next_at()
    }

    /// Whether anything is under way, actions to come not counted.
    #[must_use]
    pub fn in_flight(&self) -> bool {
        self.wire.is_travelling()
    }

    /// Whether a wait would return at once with something.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.descriptors
            .listed()
            .any(|(socket, watched)| readiness(&self.connections, socket).has(watched))
    }

    /// Moves the facts since the last call to the end of `out`; their times
    /// never go back.
    pub fn take_facts(&mut self, out: &mut Vec<(Micros, SocketAddr, Fact)>) {
        out.append(&mut self.wire.facts);
    }

    /// Everything that the guest's program has read.
    #[must_use]
    pub fn received(&self, conn: Conn) -> &[u8] {
        self.connections.get(&conn).map_or(&[], Connection::received)
    }

    /// Whether and how the guest saw its connection end; `None` also if it
    /// left by itself.
    #[must_use]
    pub fn guest_end(&self, conn: Conn) -> Option<GuestEnd> {
        self.connections.get(&conn)?.guest_end()
    }

    /// The thread was busy for so long; meanwhile the world went on. A carrier
    /// among others leaves the world where it is, since another one may act
    /// before its time is up.
    fn charge(&mut self, ns: u64) {
        match &mut self.carriers {
            Some(carriers) => carriers.spend(ns),
            None => self.pass(self.wire.now_ns().saturating_add(ns)),
        }
    }

    /// Into the kernel, where the world is seen as it is by then.
    fn charge_syscall(&mut self) {
        self.charge(self.config.costs.syscall_ns);
        if let Some(carriers) = &self.carriers {
            self.pass(carriers.now_ns());
        }
    }

    /// Of whoever acts.
    fn now_ns(&self) -> u64 {
        self.carriers.as_ref().map_or_else(|| self.wire.now_ns(), Carriers::now_ns)
    }

    /// Moves the clock to `until_ns`; what is due on the way happens at its
    /// own time.
    fn pass(&mut self, until_ns: u64) {
        while let Some(due) = self.wire.pop_due(until_ns) {
            self.happen(due);
        }
        self.wire.move_clock(until_ns);
    }

    fn happen(&mut self, due: Due) {
        let conn = match due {
            Due::Act(conn, GuestAction::Connect { name, link }) => {
                return self.connect(conn, name, link);
            }
            Due::Syn(conn) => return self.knock(conn),
            Due::Act(conn, _)
            | Due::Turn(conn)
            | Due::SynAck(conn)
            | Due::Copied(conn, _)
            | Due::Segment(conn, ..)
            | Due::Ack(conn, ..)
            | Due::Rst(conn, _) => conn,
        };
        let Some(connection) = self.connections.get_mut(&conn) else { return };
        let wire = &mut self.wire;
        match due {
            Due::Act(_, action) => connection.act(action, wire),
            Due::Turn(_) => connection.turn(wire),
            Due::SynAck(_) => connection.on_syn_ack(wire),
            Due::Copied(_, bytes) => {
                connection.to_guest.write(&bytes);
                connection.transmit(End::Guest, wire);
            }
            Due::Segment(_, to, segment) => connection.on_segment(to, &segment, wire),
            Due::Ack(_, from, ack) => connection.on_ack(from, ack, wire),
            Due::Rst(_, to) => connection.on_rst(to, wire),
            Due::Syn(_) => {}
        }
        if let ServerEnd::Open { fd } = connection.server {
            let ready = connection.readiness();
            self.announce(fd, ready);
        }
    }

    /// If `fd` is ready for what is watched, it takes its place in the ready
    /// list.
    fn announce(&mut self, fd: Fd, ready: Mask) {
        if ready.has(self.descriptors.watched(fd)) {
            self.descriptors.list(fd);
        }
    }

    fn connect(&mut self, conn: Conn, name: String, link: Link) {
        if !self.connections.contains_key(&conn) {
            self.connections.insert(conn, Connection::new(conn, name, link));
            self.wire.after(link.latency, Due::Syn(conn));
        }
    }

    fn is_taken(&self, address: SocketAddr) -> bool {
        self.descriptors.listeners().any(|(_, listener)| listener.address == address)
    }

    /// The lowest of Linux's ephemeral ports that nobody listens on.
    fn free_port(&self, mut address: SocketAddr) -> Option<u16> {
        (32_768..=60_999).find(|&port| {
            address.set_port(port);
            !self.is_taken(address)
        })
    }

    /// A guest's request for a connection is at the door: the first listener.
    fn knock(&mut self, conn: Conn) {
        let Some(connection) = self.connections.get_mut(&conn) else { return };
        let door = match self.descriptors.listeners().next() {
            None => Door::None,
            Some((_, l)) if l.queue.len() as u64 >= u64::from(l.backlog) => Door::Full,
            Some((listener, _)) => Door::Open { listener },
        };
        connection.on_syn(door, &mut self.wire);
        if let ServerEnd::Queued { listener } = connection.server
            && let Some(Socket::Listener(l)) = self.descriptors.get_mut(listener)
        {
            l.queue.push_back(conn);
            self.announce(listener, Mask::READABLE);
        }
    }

    /// The connection behind a descriptor.
    ///
    /// # Panics
    /// If `fd` is not an open connection (`EBADF`): the loop's own mistake.
    fn connection(&mut self, fd: Fd) -> (&mut Connection, &mut Wire) {
        match self.descriptors.get_mut(fd) {
            Some(Socket::Connection(conn)) => {
                let connection = self.connections.get_mut(conn).expect("connections are kept");
                (connection, &mut self.wire)
            }
            _ => panic!("descriptor {fd} is not an open connection"),
        }
    }

    /// Makes `fired` the ready list; what is not ready leaves the list.
    fn collect(&mut self, fired: &mut Vec<Fired>) {
        fired.clear();
        let connections = &self.connections;
        self.descriptors.retain_ready(|fd, socket, watched| {
            let mask = readiness(connections, socket).and(watched);
            if !mask.is_none() {
                fired.push(Fired { fd, mask });
            }
            !mask.is_none()
        });
    }

    /// Sleeps until something is ready, or nothing more can happen before
    /// `deadline`.
    fn sleep(&mut self, deadline: Option<Micros>, fired: &mut Vec<Fired>) {
        while let Some(at) = self.wire.next_at() {
            if deadline.is_some_and(|deadline| at > deadline) {
                break;
            }
            self.pass(at.0.saturating_mul(1_000));
            self.collect(fired);
            if !fired.is_empty() {
                return;
            }
        }
        if let Some(deadline) = deadline {
            self.pass(deadline.0.saturating_mul(1_000));
        }
    }
}

/// What `epoll` would say of a socket, whatever is watched.
fn readiness(connections: &SortedMap<Conn, Connection>, socket: &Socket) -> Mask {
    match socket {
        Socket::Listener(listener) if listener.queue.is_empty() => Mask::NONE,
        Socket::Listener(_) => Mask::READABLE,
        Socket::Connection(conn) => connections[conn].readiness(),
    }
}

impl Net for Virt {
    fn now(&self) -> Micros {
        if let Some(tape) = self.tape() {
            return tape.now().unwrap_or_else(|| tape.clock());
        }
        self.carriers.as_ref().map_or_else(|| self.wire.now(), Carriers::now)
    }

    fn listen(&mut self, address: SocketAddr, backlog: u32) -> Result<Listening, NetError> {
        if let Some(played) = self.played_listen(backlog) {
            return played;
        }
        self.charge_syscall();
        let mut address = address;
        if address.port() == 0 {
            address.set_port(self.free_port(address).ok_or(NetError::Unavailable)?);
        } else if self.is_taken(address) {
            return Err(NetError::Unavailable);
        }
        let backlog = backlog.clamp(1, self.config.somaxconn.max(1));
        let listener = Listener { address, backlog, queue: VecDeque::new() };
        let fd = self.descriptors.open(Socket::Listener(listener)).ok_or(NetError::Unavailable)?;
        Ok(Listening { fd, address })
    }

    fn accept(&mut self, listener: Fd) -> Result<Accepted, NetError> {
        if let Some(played) = self.played_accept() {
            return played;
        }
        self.charge(self.config.costs.accept_ns);
        let has_room = self.descriptors.has_room();
        let Some(Socket::Listener(door)) = self.descriptors.get_mut(listener) else {
            panic!("descriptor {listener} is not a listener");
        };
        let local = door.address;
        let conn = match door.queue.pop_front() {
            None => return Err(NetError::WouldBlock),
            // The guest keeps its place: the kernel looks for a free number
            // before it looks into the queue, but says so only if somebody
            // is there.
            Some(conn) if !has_room => {
                door.queue.push_front(conn);
                return Err(NetError::Exhausted);
            }
            Some(conn) => conn,
        };
        let fd = self.descriptors.open(Socket::Connection(conn)).expect("there is room");
        let connection = self.connections.get_mut(&conn).expect("connections are kept");
        connection.server = ServerEnd::Open { fd };
        Ok(Accepted { fd, peer: connection.peer, local })
    }

    fn read(&mut self, fd: Fd, into: &mut [u8]) -> Result<usize, NetError> {
        if let Some(played) = self.played(|tape| tape.read(into)) {
            return played;
        }
        self.charge_syscall();
        let (connection, _) = self.connection(fd);
        let n = connection.to_server.take(into);
        if n == 0 {
            return if connection.is_reset() {
                Err(NetError::Reset)
            } else if connection.to_server.is_at_end() {
                Ok(0)
            } else {
                Err(NetError::WouldBlock)
            };
        }
        self.charge(self.config.costs.copy(n as u64));
        let (connection, wire) = self.connection(fd);
        connection.update_window(End::Server, wire);
        Ok(n)
    }

    fn write(&mut self, fd: Fd, pieces: &[IoSlice<'_>]) -> Result<usize, NetError> {
        if let Some(played) = self.played(Tape::write) {
            let offered = pieces.iter().map(|piece| piece.len()).sum();
            return played.map(|taken| taken.min(offered));
        }
        self.charge_syscall();
        let (connection, _) = self.connection(fd);
        if connection.is_reset() {
            return Err(NetError::Reset);
        }
        let room = connection.to_guest.room();
        let wanted: u64 = pieces.iter().map(|piece| piece.len() as u64).sum();
        let taken = wanted.min(room);
        if taken == 0 && wanted > 0 {
            return Err(NetError::WouldBlock);
        }
        let mut bytes = Vec::with_capacity(taken as usize);
        for piece in pieces {
            let part = piece.len().min(taken as usize - bytes.len());
            bytes.extend_from_slice(&piece[..part]);
        }
        // Handed over when the copy is done, so that nothing of it can arrive
        // before the call returns.
        let conn = connection.conn;
        let copy_ns = self.config.costs.copy(taken);
        let done_ns = self.now_ns().saturating_add(copy_ns);
        self.wire.at(Micros(done_ns / 1_000), Due::Copied(conn, bytes));
        self.charge(copy_ns);
        Ok(taken as usize)
    }

    fn write_batch<S: Outgoing>(&mut self, jobs: &mut [WriteJob<S>], timed: bool) {
        if !self.tape().is_some_and(Tape::has_turn) {
            return batch::write_batch(self, jobs, timed);
        }
        for job in jobs {
            // Past the end of the tape, the one thread carries the rest.
            if self.played(|tape| tape.turn(job)).is_none() {
                job.carried_by = 0;
                super::write_to_client(self, job);
            }
        }
    }

    fn share(&mut self, step: Share) -> bool {
        if self.taped.is_some() {
            return false;
        }
        let costs = &self.config.costs;
        match step {
            Share::Out { helpers } => {
                let now_ns = self.wire.now_ns();
                self.carriers = Some(Carriers::fan_out(now_ns, helpers, costs.fan_out_ns));
            }
            Share::Turn { carrier } => {
                self.carriers.as_mut().expect("the batch is shared out").turn(carrier);
            }
            Share::In => {
                let carriers = self.carriers.take().expect("the batch is shared out");
                self.pass(carriers.fan_in(costs.fan_in_ns));
            }
        }
        true
    }

    fn watch(&mut self, fd: Fd, mask: Mask) {
        let mask = mask.and(Mask::BOTH);
        if self.descriptors.watched(fd) == mask {
            return;
        }
        self.descriptors.watch(fd, mask);
        if self.taped.is_some() {
            return;
        }
        self.charge_syscall();
        if let Some(socket) = self.descriptors.get(fd) {
            let ready = readiness(&self.connections, socket);
            self.announce(fd, ready);
        }
    }

    fn close(&mut self, fd: Fd) {
        if self.taped.is_some() {
            if let Socket::Connection(conn) = self.descriptors.close(fd) {
                self.connections.remove(&conn);
            }
            return;
        }
        self.charge_syscall();
        let wire = &mut self.wire;
        match self.descriptors.close(fd) {
            Socket::Connection(conn) => {
                self.connections.get_mut(&conn).expect("connections are kept").close(wire);
            }
            Socket::Listener(listener) => {
                for conn in listener.queue {
                    let connection = self.connections.get_mut(&conn);
                    connection.expect("connections are kept").turn_away(wire);
                }
            }
        }
    }

    fn spend(&mut self, work: Work) {
        // A tape's clock has it already.
        if self.taped.is_some() {
            return;
        }
        self.charge(self.config.costs.of(work));
    }
}

impl Abort for Virt {
    fn abort_on_close(&mut self, fd: Fd) {
        self.connection(fd).0.abort_on_close = true;
    }
}

impl Wait for Virt {
    /// With [`Timeout::Forever`], returns empty when nothing is ready and
    /// nothing that is scheduled makes anything ready: this thread would
    /// sleep for good. If nothing is scheduled at all, that costs no time.
    fn wait(&mut self, timeout: Timeout, fired: &mut Vec<Fired>) {
        if self.played_wait(fired).is_some() {
            return;
        }
        self.collect(fired);
        let forever = timeout == Timeout::Forever;
        if forever && fired.is_empty() && self.wire.next_at().is_none() {
            return;
        }
        self.charge(self.config.costs.poll_ns);
        self.collect(fired);
        let deadline = match timeout {
            _ if !fired.is_empty() => return,
            Timeout::Now | Timeout::After(Micros::ZERO) => return,
            Timeout::After(delay) => {
                let whole_ms = Micros::from_millis(delay.0.div_ceil(1_000));
                Some(self.wire.now().saturating_add(whole_ms))
            }
            Timeout::Forever => None,
        };
        self.sleep(deadline, fired);
        if deadline.is_some() || !fired.is_empty() {
            // More may become ready while the thread is on its way back.
            self.charge(self.config.costs.wakeup_ns);
            self.collect(fired);
        }
    }
}
