//! The guests: on the virtual network, and on real sockets of the loopback
//! interface. Both read everything at once until told otherwise.

use onechef::net::tcp::{Tcp, TcpConfig};
use onechef::net::virt::{Conn, GuestAction, GuestEnd, Link, Virt, VirtConfig};
use onechef::net::{Net, Wait};
use std::collections::VecDeque;
use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::Duration;

/// How a connection ended, seen from the far end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    Closed,
    Reset,
}

/// What a guest does besides talking.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    StopReading,
    Read,
    HalfClose,
    Close,
    Reset,
}

pub trait FarEnds {
    type Net: Net + Wait;
    /// What a quiet moment of this network proves: nothing is under way.
    const EXACT: bool;
    fn open() -> (Self::Net, Self)
    where
        Self: Sized;
    fn connect(&mut self, net: &mut Self::Net, door: SocketAddr);
    fn address(&self, guest: usize) -> SocketAddr;
    fn send(&mut self, net: &mut Self::Net, guest: usize, bytes: &[u8]);
    fn act(&mut self, net: &mut Self::Net, guest: usize, act: Act);
    /// Lets the far ends do what they can do now. Whether anything moved.
    fn pump(&mut self) -> bool;
    /// Whether only time lies between now and the next thing to happen.
    fn is_on_the_way(&self, net: &Self::Net) -> bool;
    fn heard<'a>(&'a self, net: &'a Self::Net, guest: usize) -> &'a [u8];
    fn end(&self, net: &Self::Net, guest: usize) -> Option<End>;
}

#[derive(Default)]
pub struct Scripted {
    guests: u32,
}

impl FarEnds for Scripted {
    type Net = Virt;
    const EXACT: bool = true;

    fn open() -> (Virt, Scripted) {
        (Virt::new(VirtConfig::default()), Scripted::default())
    }

    fn connect(&mut self, net: &mut Virt, _: SocketAddr) {
        let (conn, name) = (Conn(self.guests), format!("guest-{}", self.guests));
        // Room for a whole pipeline, as on the loopback interface.
        let link = Link {
            server_receive_bytes: 4 << 20,
            server_send_bytes: 1 << 20,
            guest_receive_bytes: 1 << 20,
            ..Link::default()
        };
        net.schedule(net.now(), conn, GuestAction::Connect { name, link });
        self.guests += 1;
    }

    fn address(&self, guest: usize) -> SocketAddr {
        Conn(guest as u32).address()
    }

    fn send(&mut self, net: &mut Virt, guest: usize, bytes: &[u8]) {
        let send = GuestAction::Send { bytes: bytes.to_vec() };
        net.schedule(net.now(), Conn(guest as u32), send);
    }

    fn act(&mut self, net: &mut Virt, guest: usize, act: Act) {
        let action = match act {
            Act::StopReading => GuestAction::StopReading,
            Act::Read => GuestAction::Read,
            Act::HalfClose => GuestAction::HalfClose,
            Act::Close => GuestAction::Close,
            Act::Reset => GuestAction::Reset,
        };
        net.schedule(net.now(), Conn(guest as u32), action);
    }

    fn pump(&mut self) -> bool {
        false
    }

    fn is_on_the_way(&self, net: &Virt) -> bool {
        net.next_scheduled().is_some() || net.in_flight()
    }

    fn heard<'a>(&'a self, net: &'a Virt, guest: usize) -> &'a [u8] {
        net.received(Conn(guest as u32))
    }

    fn end(&self, net: &Virt, guest: usize) -> Option<End> {
        Some(match net.guest_end(Conn(guest as u32))? {
            GuestEnd::Closed => End::Closed,
            GuestEnd::Reset => End::Reset,
        })
    }
}

/// One real socket, never waited for.
struct Socket {
    /// Gone when the guest has left.
    stream: Option<TcpStream>,
    address: SocketAddr,
    unsent: VecDeque<u8>,
    half_close: bool,
    reads: bool,
    heard: Vec<u8>,
    end: Option<End>,
}

#[derive(Default)]
pub struct Sockets {
    guests: Vec<Socket>,
}

impl Socket {
    /// Sends what the kernel takes. Whether it took anything.
    fn send(&mut self) -> bool {
        let Some(stream) = &mut self.stream else { return false };
        let mut moved = false;
        while !self.unsent.is_empty() {
            match stream.write(self.unsent.as_slices().0) {
                Ok(n) => {
                    self.unsent.drain(..n);
                    moved = true;
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                // The server has left: reading will say how.
                Err(_) => self.unsent.clear(),
            }
        }
        if self.half_close && self.unsent.is_empty() {
            self.half_close = false;
            // Fails only if the connection is over.
            _ = stream.shutdown(Shutdown::Write);
            moved = true;
        }
        moved
    }

    fn read(&mut self) -> bool {
        let Some(stream) = self.stream.as_mut().filter(|_| self.reads && self.end.is_none()) else {
            return false;
        };
        let (before, mut chunk) = (self.heard.len(), [0; 65_536]);
        let end = loop {
            match stream.read(&mut chunk) {
                Ok(0) => break Some(End::Closed),
                Ok(n) => self.heard.extend_from_slice(&chunk[..n]),
                Err(error) if error.kind() == ErrorKind::WouldBlock => break None,
                Err(_) => break Some(End::Reset),
            }
        };
        self.end = end;
        end.is_some() || self.heard.len() > before
    }
}

impl FarEnds for Sockets {
    type Net = Tcp;
    const EXACT: bool = false;

    fn open() -> (Tcp, Sockets) {
        (Tcp::new(TcpConfig::default()).expect("a poll instance"), Sockets::default())
    }

    fn connect(&mut self, _: &mut Tcp, door: SocketAddr) {
        let stream = TcpStream::connect(door).expect("the door is open");
        stream.set_nonblocking(true).expect("a socket");
        stream.set_nodelay(true).expect("a socket");
        self.guests.push(Socket {
            address: stream.local_addr().expect("a connected socket"),
            stream: Some(stream),
            unsent: VecDeque::new(),
            half_close: false,
            reads: true,
            heard: Vec::new(),
            end: None,
        });
    }

    fn address(&self, guest: usize) -> SocketAddr {
        self.guests[guest].address
    }

    fn send(&mut self, _: &mut Tcp, guest: usize, bytes: &[u8]) {
        self.guests[guest].unsent.extend(bytes);
        self.guests[guest].send();
    }

    fn act(&mut self, _: &mut Tcp, guest: usize, act: Act) {
        let guest = &mut self.guests[guest];
        match act {
            Act::StopReading => guest.reads = false,
            Act::Read => guest.reads = true,
            Act::HalfClose => guest.half_close = true,
            Act::Close => guest.stream = None,
            Act::Reset => {
                if let Some(stream) = guest.stream.take() {
                    let socket = socket2::SockRef::from(&stream);
                    socket.set_linger(Some(Duration::ZERO)).expect("a socket");
                }
            }
        }
        guest.send();
    }

    fn pump(&mut self) -> bool {
        let moved = self.guests.iter_mut().map(|guest| {
            let sent = guest.send();
            guest.read() || sent
        });
        moved.fold(false, |any, moved| any | moved)
    }

    fn is_on_the_way(&self, _: &Tcp) -> bool {
        false
    }

    fn heard<'a>(&'a self, _: &'a Tcp, guest: usize) -> &'a [u8] {
        &self.guests[guest].heard
    }

    fn end(&self, _: &Tcp, guest: usize) -> Option<End> {
        self.guests[guest].end
    }
}
