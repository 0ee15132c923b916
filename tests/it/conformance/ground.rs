//! The far ends: how a peer is made to do something, on a virtual network and
//! on a real one.

use onechef::net::fault::Abort;
use onechef::net::tcp::{Tcp, TcpConfig};
use onechef::net::virt::{Conn, GuestAction, GuestEnd, Link, Virt, VirtConfig};
use onechef::net::{Fd, Net, Wait, Work};
use onechef::time::Micros;
use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::Duration;

/// How a connection ended, seen from the far end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    Closed,
    Reset,
}

/// A network and how to play its far ends. What a far end does has arrived
/// when the call returns; a far end reads only when told to.
pub trait Ground {
    type Net: Net + Wait + Abort;
    /// Whether there are two helpers for a batch.
    const HELPERS: bool;
    fn open() -> (Self, Self::Net, Fd)
    where
        Self: Sized;
    /// The far end's number, counted from 0, and its address.
    fn connect(&mut self, net: &mut Self::Net) -> (usize, SocketAddr);
    fn send(&mut self, net: &mut Self::Net, peer: usize, bytes: &[u8]);
    fn half_close(&mut self, net: &mut Self::Net, peer: usize);
    fn close(&mut self, net: &mut Self::Net, peer: usize);
    fn reset(&mut self, net: &mut Self::Net, peer: usize);
    /// Reads exactly so many bytes.
    fn read(&mut self, net: &mut Self::Net, peer: usize, len: usize) -> Vec<u8>;
    /// Reads to the end.
    fn end(&mut self, net: &mut Self::Net, peer: usize) -> (Vec<u8>, End);
}

pub const DOOR: &str = "127.0.0.1:0";
pub const BACKLOG: u32 = 64;

/// The virtual network, with small buffers so that they fill.
pub struct Virtual {
    guests: u32,
    read: Vec<usize>,
}

impl Virtual {
    fn act(&mut self, net: &mut Virt, peer: usize, action: GuestAction) {
        net.schedule(net.now(), Conn(peer as u32), action);
        Virtual::pass(net);
    }

    fn pass(net: &mut Virt) {
        net.spend(Work::Sleep { micros: Micros::from_millis(1) });
    }

    fn unread<'a>(&self, net: &'a Virt, peer: usize) -> &'a [u8] {
        &net.received(Conn(peer as u32))[self.read[peer]..]
    }
}

impl Ground for Virtual {
    type Net = Virt;
    const HELPERS: bool = true;

    fn open() -> (Virtual, Virt, Fd) {
        let mut net = Virt::new(VirtConfig::default());
        let listener = net.listen(DOOR.parse().unwrap(), BACKLOG).unwrap();
        (Virtual { guests: 0, read: Vec::new() }, net, listener.fd)
    }

    fn connect(&mut self, net: &mut Virt) -> (usize, SocketAddr) {
        let conn = Conn(self.guests);
        self.guests += 1;
        self.read.push(0);
        let link = Link { server_send_bytes: 20_000, ..Link::default() };
        let connect = GuestAction::Connect { name: "peer".into(), link };
        net.schedule(net.now(), conn, connect);
        self.act(net, conn.0 as usize, GuestAction::StopReading);
        (conn.0 as usize, conn.address())
    }

    fn send(&mut self, net: &mut Virt, peer: usize, bytes: &[u8]) {
        self.act(net, peer, GuestAction::Send { bytes: bytes.to_vec() });
    }

    fn half_close(&mut self, net: &mut Virt, peer: usize) {
        self.act(net, peer, GuestAction::HalfClose);
    }

    fn close(&mut self, net: &mut Virt, peer: usize) {
        self.act(net, peer, GuestAction::Close);
    }

    fn reset(&mut self, net: &mut Virt, peer: usize) {
        self.act(net, peer, GuestAction::Reset);
    }

    fn read(&mut self, net: &mut Virt, peer: usize, len: usize) -> Vec<u8> {
        self.act(net, peer, GuestAction::ReadOnly { bytes: len as u64 });
        for _ in 0..1_000 {
            if self.unread(net, peer).len() >= len {
                break;
            }
            Virtual::pass(net);
        }
        let bytes = self.unread(net, peer).to_vec();
        assert_eq!(bytes.len(), len, "the peer reads what it waits for");
        self.read[peer] += len;
        bytes
    }

    fn end(&mut self, net: &mut Virt, peer: usize) -> (Vec<u8>, End) {
        self.act(net, peer, GuestAction::Read);
        for _ in 0..1_000 {
            if let Some(end) = net.guest_end(Conn(peer as u32)) {
                let end = if end == GuestEnd::Closed { End::Closed } else { End::Reset };
                return (self.unread(net, peer).to_vec(), end);
            }
            Virtual::pass(net);
        }
        panic!("the peer never sees the end");
    }
}

/// Real sockets on the loopback interface, where what is sent has arrived when
/// `send` returns.
pub struct Sockets<const IO_THREADS: u32> {
    door: SocketAddr,
    peers: Vec<Option<TcpStream>>,
}

/// The one thread alone.
pub type Real = Sockets<1>;
/// With two helpers.
pub type Helped = Sockets<3>;

impl<const IO_THREADS: u32> Sockets<IO_THREADS> {
    fn peer(&mut self, peer: usize) -> &mut TcpStream {
        self.peers[peer].as_mut().expect("a peer that has not left")
    }
}

impl<const IO_THREADS: u32> Ground for Sockets<IO_THREADS> {
    type Net = Tcp;
    const HELPERS: bool = IO_THREADS > 1;

    fn open() -> (Self, Tcp, Fd) {
        let config = TcpConfig { io_threads: IO_THREADS, ..TcpConfig::default() };
        let mut net = Tcp::new(config).unwrap();
        let listener = net.listen(DOOR.parse().unwrap(), BACKLOG).unwrap();
        (Sockets { door: listener.address, peers: Vec::new() }, net, listener.fd)
    }

    fn connect(&mut self, _: &mut Tcp) -> (usize, SocketAddr) {
        let peer = TcpStream::connect(self.door).unwrap();
        // A safety net: no test may hang.
        peer.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        peer.set_nodelay(true).unwrap();
        let address = peer.local_addr().unwrap();
        self.peers.push(Some(peer));
        (self.peers.len() - 1, address)
    }

    fn send(&mut self, _: &mut Tcp, peer: usize, bytes: &[u8]) {
        self.peer(peer).write_all(bytes).unwrap();
    }

    fn half_close(&mut self, _: &mut Tcp, peer: usize) {
        self.peer(peer).shutdown(Shutdown::Write).unwrap();
    }

    fn close(&mut self, _: &mut Tcp, peer: usize) {
        self.peers[peer] = None;
    }

    fn reset(&mut self, _: &mut Tcp, peer: usize) {
        let socket = socket2::SockRef::from(&*self.peer(peer));
        socket.set_linger(Some(Duration::ZERO)).unwrap();
        self.peers[peer] = None;
    }

    fn read(&mut self, _: &mut Tcp, peer: usize, len: usize) -> Vec<u8> {
        let mut bytes = vec![0; len];
        self.peer(peer).read_exact(&mut bytes).unwrap();
        bytes
    }

    fn end(&mut self, _: &mut Tcp, peer: usize) -> (Vec<u8>, End) {
        let mut bytes = Vec::new();
        match self.peer(peer).read_to_end(&mut bytes) {
            Ok(_) => (bytes, End::Closed),
            Err(error) if error.kind() == ErrorKind::ConnectionReset => (bytes, End::Reset),
            Err(error) => panic!("the peer never sees the end: {error}"),
        }
    }
}
