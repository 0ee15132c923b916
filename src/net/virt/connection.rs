//! One connection: two pipes, the server's end and the guest at the other.

use super::pipe::{Pipe, Segment};
use super::wire::{Due, End, Wire};
use super::{Conn, Excerpt, Fact, GuestAction, GuestEnd, Link, Program, Turn};
use crate::net::{Fd, Mask};
use crate::time::Micros;
use std::collections::VecDeque;
use std::net::SocketAddr;

/// Where the server's end is.
///
/// ```text
/// Outside ──Syn──► Queued ──accept──► Open ──close──► Closed
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ServerEnd {
    /// The request has not arrived, or there was no place in the queue.
    Outside,
    Queued {
        listener: Fd,
    },
    Open {
        fd: Fd,
    },
    /// Closed by the program; the kernel may still be sending what was
    /// written before.
    Closed,
}

/// Where the guest's program is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Presence {
    /// In `connect`, turned away this many times.
    Connecting {
        refusals: u32,
    },
    Connected,
    /// It has closed its socket.
    Gone,
}

/// What the guest's program is willing to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Appetite {
    Everything,
    AtMost(u64),
    Nothing,
}

#[derive(Debug)]
struct Guest {
    presence: Presence,
    appetite: Appetite,
    /// A guest's program blocks in `connect`, so what it does next happens
    /// once it is connected.
    waiting: VecDeque<GuestAction>,
    program: Option<Box<dyn Program>>,
    /// An RST has reached its socket.
    reset: bool,
    end: Option<GuestEnd>,
    received: Vec<u8>,
}

/// See the module documentation.
#[derive(Debug)]
pub(super) struct Connection {
    pub conn: Conn,
    name: String,
    latency: Micros,
    pub peer: SocketAddr,
    pub server: ServerEnd,
    /// An RST has reached the server's socket.
    server_reset: bool,
    /// `SO_LINGER` with zero seconds: `close` resets.
    pub abort_on_close: bool,
    pub to_server: Pipe,
    pub to_guest: Pipe,
    guest: Guest,
}

/// How often a refused guest knocks again (`tcp_syn_retries`), and how long it
/// waits before the first time; each wait is twice the one before.
const KNOCKS: u32 = 6;
const FIRST_KNOCK: Micros = Micros::from_secs(1);

impl Connection {
    pub fn new(conn: Conn, name: String, link: Link) -> Connection {
        Connection {
            conn,
            name,
            latency: link.latency,
            peer: conn.address(),
            server: ServerEnd::Outside,
            server_reset: false,
            abort_on_close: false,
            // A guest's program has all the time in the world: what does not
            // fit its send buffer waits in its hand, which looks the same
            // from here.
            to_server: Pipe::new(u64::MAX, link.server_receive_bytes),
            to_guest: Pipe::new(link.server_send_bytes, link.guest_receive_bytes),
            guest: Guest {
                presence: Presence::Connecting { refusals: 0 },
                appetite: Appetite::Everything,
                waiting: VecDeque::new(),
                program: None,
                reset: false,
                end: None,
                received: Vec::new(),
            },
        }
    }

    /// One that has been there for a while.
    pub fn seated(conn: Conn, link: Link, peer: SocketAddr, fd: Fd) -> Connection {
        let mut seated = Connection::new(conn, String::new(), link);
        seated.peer = peer;
        seated.server = ServerEnd::Open { fd };
        seated.guest.presence = Presence::Connected;
        seated
    }

    // The server's end.

    /// What `epoll` would say: computed from the state, hence level-triggered.
    pub fn readiness(&self) -> Mask {
        if self.server_reset {
            return Mask::BOTH;
        }
        let mut mask = Mask::NONE;
        if self.to_server.unread() > 0 || self.to_server.is_at_end() {
            mask = mask.with(Mask::READABLE);
        }
        if self.to_guest.is_writable() {
            mask = mask.with(Mask::WRITABLE);
        }
        mask
    }

    pub fn is_reset(&self) -> bool {
        self.server_reset
    }

    /// `close`. Unread input would be lost, which the peer must learn: RST
    /// instead of FIN.
    pub fn close(&mut self, wire: &mut Wire) {
        self.server = ServerEnd::Closed;
        if self.server_reset {
            return;
        }
        if self.to_server.unread() > 0 || self.abort_on_close {
            self.break_off(End::Guest, wire);
        } else {
            self.to_guest.finish();
            self.transmit(End::Guest, wire);
        }
    }

    /// The listener was closed while the guest stood in its queue.
    pub fn turn_away(&mut self, wire: &mut Wire) {
        self.server = ServerEnd::Closed;
        if !self.server_reset {
            self.break_off(End::Guest, wire);
        }
    }

    // Both ends.

    fn pipe_to(&mut self, to: End) -> &mut Pipe {
        match to {
            End::Server => &mut self.to_server,
            End::Guest => &mut self.to_guest,
        }
    }

    /// Sends towards `to` what the window allows.
    pub fn transmit(&mut self, to: End, wire: &mut Wire) {
        if let Some(segment) = self.pipe_to(to).next_segment() {
            wire.after(self.latency, Due::Segment(self.conn, to, segment));
        }
    }

    /// Sends an RST to `to`, and nothing ever after.
    fn break_off(&mut self, to: End, wire: &mut Wire) {
        self.pipe_to(to).abandon();
        wire.after(self.latency, Due::Rst(self.conn, to));
    }

    fn acknowledge(&mut self, arrived_at: End, wire: &mut Wire) {
        let ack = self.pipe_to(arrived_at).ack();
        wire.after(self.latency, Due::Ack(self.conn, arrived_at, ack));
    }

    /// The application at `reader` has read: perhaps the window opens.
    pub fn update_window(&mut self, reader: End, wire: &mut Wire) {
        if let Some(ack) = self.pipe_to(reader).window_update() {
            wire.after(self.latency, Due::Ack(self.conn, reader, ack));
        }
    }

    /// An acknowledgement of what was sent to `receiver` is back.
    pub fn on_ack(&mut self, receiver: End, ack: super::pipe::Ack, wire: &mut Wire) {
        self.pipe_to(receiver).acknowledge(ack);
        self.transmit(receiver, wire);
    }

    pub fn on_segment(&mut self, to: End, segment: &Segment, wire: &mut Wire) {
        match to {
            End::Server => self.on_segment_at_server(segment, wire),
            End::Guest => self.on_segment_at_guest(segment, wire),
        }
    }

    fn on_segment_at_server(&mut self, segment: &Segment, wire: &mut Wire) {
        if self.server == ServerEnd::Closed {
            // Nobody is there to read it.
            if !segment.bytes.is_empty() {
                self.break_off(End::Guest, wire);
            }
            return;
        }
        self.to_server.arrive(segment);
        if !segment.bytes.is_empty() {
            wire.tell(self.peer, Fact::Arrived { bytes: Excerpt::of(&segment.bytes) });
        }
        if segment.fin {
            wire.tell(self.peer, Fact::FinArrived);
        }
        self.acknowledge(End::Server, wire);
    }

    fn on_segment_at_guest(&mut self, segment: &Segment, wire: &mut Wire) {
        if self.guest.presence == Presence::Gone {
            if !segment.bytes.is_empty() {
                self.break_off(End::Server, wire);
            }
            return;
        }
        self.to_guest.arrive(segment);
        if !segment.bytes.is_empty() {
            wire.tell(self.peer, Fact::Delivered { bytes: segment.bytes.len() as u64 });
        }
        self.consume(wire);
        self.acknowledge(End::Guest, wire);
    }

    pub fn on_rst(&mut self, to: End, wire: &mut Wire) {
        match to {
            End::Server => {
                self.to_guest.abandon();
                self.server_reset = true;
                if self.server != ServerEnd::Closed {
                    wire.tell(self.peer, Fact::ResetArrived);
                }
            }
            End::Guest => {
                self.to_server.abandon();
                self.guest.reset = true;
                match self.guest.presence {
                    Presence::Connecting { .. } => self.see_end(GuestEnd::Reset, wire),
                    Presence::Connected => self.consume(wire),
                    Presence::Gone => {}
                }
            }
        }
    }

    // The way in.

    /// The guest's request arrives. *Simplified*: the server's side is
    /// complete at once, without the third packet of the handshake.
    pub fn on_syn(&mut self, door: Door, wire: &mut Wire) {
        let Presence::Connecting { refusals } = self.guest.presence else { return };
        let name = self.name.clone();
        match door {
            Door::Open { listener } => {
                self.server = ServerEnd::Queued { listener };
                wire.tell(self.peer, Fact::Queued { name });
                wire.after(self.latency, Due::SynAck(self.conn));
            }
            Door::Full => {
                wire.tell(self.peer, Fact::BacklogFull { name });
                if refusals == KNOCKS {
                    self.see_end(GuestEnd::Reset, wire);
                    return;
                }
                self.guest.presence = Presence::Connecting { refusals: refusals + 1 };
                wire.after(Micros(FIRST_KNOCK.0 << refusals), Due::Syn(self.conn));
            }
            Door::None => wire.after(self.latency, Due::Rst(self.conn, End::Guest)),
        }
    }

    /// The guest's `connect` returns.
    pub fn on_syn_ack(&mut self, wire: &mut Wire) {
        if self.guest.presence == Presence::Gone {
            self.break_off(End::Server, wire);
            return;
        }
        self.guest.presence = Presence::Connected;
        while let Some(action) = self.guest.waiting.pop_front() {
            self.act(action, wire);
        }
    }

    // The guest's program.

    pub fn received(&self) -> &[u8] {
        &self.guest.received
    }

    pub fn guest_end(&self) -> Option<GuestEnd> {
        self.guest.end
    }

    /// An action that does not apply any more (its guest is gone, or has
    /// closed its sending side) does nothing.
    pub fn act(&mut self, action: GuestAction, wire: &mut Wire) {
        match self.guest.presence {
            Presence::Connected => self.act_connected(action, wire),
            Presence::Gone => {}
            Presence::Connecting { refusals } => match action {
                GuestAction::Close | GuestAction::Reset if refusals > 0 => self.leave(wire),
                action => self.guest.waiting.push_back(action),
            },
        }
    }

    fn act_connected(&mut self, action: GuestAction, wire: &mut Wire) {
        match action {
            GuestAction::Connect { .. } => {}
            GuestAction::Send { bytes } => {
                if let Some(program) = &mut self.guest.program {
                    program.also_wrote(&bytes);
                }
                self.send(&bytes, wire);
            }
            GuestAction::Run(program) => {
                self.guest.program = Some(program);
                self.turn(wire);
            }
            GuestAction::StopReading => self.set_appetite(Appetite::Nothing, wire),
            GuestAction::Read => self.set_appetite(Appetite::Everything, wire),
            GuestAction::ReadOnly { bytes } => self.set_appetite(Appetite::AtMost(bytes), wire),
            GuestAction::HalfClose => {
                self.to_server.finish();
                self.transmit(End::Server, wire);
            }
            GuestAction::Close if self.to_guest.unread() == 0 => {
                self.to_server.finish();
                self.transmit(End::Server, wire);
                self.leave(wire);
            }
            GuestAction::Close | GuestAction::Reset => {
                if !self.guest.reset {
                    self.break_off(End::Server, wire);
                }
                self.leave(wire);
            }
        }
    }

    /// The program's own: it has one only while it is connected.
    pub fn turn(&mut self, wire: &mut Wire) {
        let Some(program) = &mut self.guest.program else { return };
        let Turn { writes, next } = program.turn(wire.now());
        self.send(&writes, wire);
        self.take_turn(next, wire);
    }

    fn take_turn(&self, at: Option<Micros>, wire: &mut Wire) {
        if let Some(at) = at {
            wire.at(at, Due::Turn(self.conn));
        }
    }

    fn send(&mut self, bytes: &[u8], wire: &mut Wire) {
        if self.guest.reset {
            // `EPIPE`: a guest that does not read learns of it by writing.
            self.see_end(GuestEnd::Reset, wire);
        } else if !bytes.is_empty() && self.to_server.is_open() {
            let arrives = wire.arrival(self.latency);
            wire.tell(self.peer, Fact::Sent { bytes: Excerpt::of(bytes), arrives });
            self.to_server.write(bytes);
            self.transmit(End::Server, wire);
        }
    }

    fn set_appetite(&mut self, appetite: Appetite, wire: &mut Wire) {
        let appetite = if appetite == Appetite::AtMost(0) { Appetite::Nothing } else { appetite };
        let was_reading = self.guest.appetite != Appetite::Nothing;
        let on = appetite != Appetite::Nothing;
        self.guest.appetite = appetite;
        if on != was_reading {
            wire.tell(self.peer, Fact::Reading { on });
        }
        if on {
            self.consume(wire);
            self.update_window(End::Guest, wire);
        }
    }

    /// The guest's program reads what it is willing to, and sees the end if
    /// it gets there.
    fn consume(&mut self, wire: &mut Wire) {
        let wanted = match self.guest.appetite {
            Appetite::Nothing => return,
            Appetite::AtMost(bytes) => bytes.min(self.to_guest.unread()),
            Appetite::Everything => self.to_guest.unread(),
        };
        if wanted > 0 {
            let start = self.guest.received.len();
            self.guest.received.resize(start + wanted as usize, 0);
            self.to_guest.take(&mut self.guest.received[start..]);
            let bytes = Excerpt::of(&self.guest.received[start..]);
            wire.tell(self.peer, Fact::Consumed { bytes });
            if let Some(program) = &mut self.guest.program {
                let next = program.read(&self.guest.received[start..], wire.now());
                self.take_turn(next, wire);
            }
        }
        if let Appetite::AtMost(bytes) = self.guest.appetite {
            if bytes == wanted {
                self.guest.appetite = Appetite::Nothing;
                wire.tell(self.peer, Fact::Reading { on: false });
                return;
            }
            self.guest.appetite = Appetite::AtMost(bytes - wanted);
        }
        if self.to_guest.is_at_end() {
            self.see_end(GuestEnd::Closed, wire);
        } else if self.guest.reset && self.to_guest.unread() == 0 {
            self.see_end(GuestEnd::Reset, wire);
        }
    }

    /// A guest that sees the server's end, or cannot get in, leaves too.
    fn see_end(&mut self, end: GuestEnd, wire: &mut Wire) {
        self.guest.end = Some(end);
        wire.tell(self.peer, Fact::SawClose { reset: end == GuestEnd::Reset });
        if end == GuestEnd::Closed {
            self.to_server.finish();
            self.transmit(End::Server, wire);
        }
        self.leave(wire);
    }

    fn leave(&mut self, wire: &mut Wire) {
        self.guest.presence = Presence::Gone;
        self.guest.waiting.clear();
        self.guest.program = None;
        wire.tell(self.peer, Fact::Left);
    }
}

/// What a guest finds when it knocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Door {
    Open {
        listener: Fd,
    },
    /// The accept queue is full.
    Full,
    /// Nobody listens.
    None,
}
