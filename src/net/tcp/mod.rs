//! The real network: Unix sockets of the internet kind, over `mio`.
//!
//! # Level-triggered on top of edge-triggered
//!
//! `mio` registers with `epoll` (or `kqueue`) edge-triggered only: it reports
//! when a socket *becomes* ready. The loop needs law 1: report it as long as
//! it *is*. So each descriptor carries what is known to be ready:
//!
//! - set by an edge;
//! - cleared by `EAGAIN`, and by a read or write that moved less than was
//!   offered, because the kernel then promises a new edge for the next byte
//!   (or the next free room). Not by a short read if the peer has sent urgent
//!   data: a read ends in front of it, whatever is behind it;
//! - never cleared once the peer has closed or an error is pending, since no
//!   further edge would come.
//!
//! While anything known to be ready is watched, [`Wait::wait`] does not sleep.
//! `fired` is what the kernel reports, in its order, then what is still ready
//! and was not reported anew, in the order of the last time.
//!
//! # System calls
//!
//! One `epoll_wait` per wait; one `read`, `write` or `writev` per call. A
//! descriptor is registered for reading at its first watch, for writing as
//! well at the first time that this is watched, and so it stays: what is
//! watched from then on is a filter here and costs no `epoll_ctl`. The price
//! is a wait that may end early with nothing in `fired`, when an edge arrives
//! that nobody watches. Closing needs no `epoll_ctl` either.
//!
//! Nothing is allocated per event: the tables grow and shrink with the highest
//! descriptor number.
//!
//! With `io-threads`, helpers take part in the final sweep; see `io_threads`.

mod first_visit;
mod io_threads;
mod level;
#[cfg(test)]
mod tests;

use super::fault::Abort;
use super::{
    Accepted, Fd, Fired, Listening, Mask, Net, NetError, Outgoing, Timeout, Wait, Work, WriteJob,
};
use crate::time::Micros;
use first_visit::FirstVisit;
use io_threads::IoThreads;
use level::Level;
use mio::net::{TcpListener, TcpStream};
use mio::{Events, Interest, Poll, Token};
use socket2::{Domain, Protocol, SockRef, Socket, TcpKeepalive, Type};
use std::io::{self, ErrorKind, IoSlice, Read, Write};
use std::net::{Shutdown, SocketAddr};
use std::os::fd::{AsRawFd, RawFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// What the sockets are like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TcpConfig {
    /// `tcp-keepalive`: ask an idle peer after so many seconds whether it is
    /// still there, then three times, a third of that apart. 0 never asks.
    pub tcp_keepalive_secs: u32,
    /// Most descriptors that one wait reports anew; the kernel reports the
    /// others next time. Redis: `setsize`, `maxclients` and a few more.
    pub max_events: u32,
    /// Threads that carry the final sweep, the loop's own included
    /// (`io-threads`).
    pub io_threads: u32,
}

impl Default for TcpConfig {
    fn default() -> TcpConfig {
        TcpConfig { tcp_keepalive_secs: 300, max_events: 10_128, io_threads: 1 }
    }
}

/// Urgent data included, where the kernel says so.
#[cfg(target_os = "linux")]
const READABLE: Interest = Interest::READABLE.add(Interest::PRIORITY);
#[cfg(not(target_os = "linux"))]
const READABLE: Interest = Interest::READABLE;

const FIRST_VISIT: Token = Token(usize::MAX);

#[derive(Debug)]
enum Handle {
    /// With the address that it is bound to.
    Listener(TcpListener, SocketAddr),
    Stream(TcpStream),
}

/// A descriptor number: the socket behind it, if any.
#[derive(Debug, Default)]
struct Place {
    handle: Option<Handle>,
    level: Level,
}

impl Place {
    /// Nothing is there, and nothing refers to it.
    fn is_forgotten(&self) -> bool {
        self.handle.is_none() && !self.level.listed
    }
}

/// Descriptors that the table always has room for.
const PLACES_TO_SPARE: usize = 64;

/// See the module documentation.
#[derive(Debug)]
pub struct Tcp {
    config: TcpConfig,
    poll: Poll,
    events: Events,
    started: Instant,
    /// By descriptor number.
    places: Vec<Place>,
    /// Those that have something to report, in the order of the last report.
    /// May name some that have not any more.
    ready: Vec<Fd>,
    turn: u64,
    /// What the kernel said to the last `listen` that failed.
    listen_error: Option<io::Error>,
    io_threads: IoThreads,
    first_visit: Option<FirstVisit>,
    roused: Arc<AtomicBool>,
}

/// How often a thread that sleeps looks whether it is to be up.
const NAP: Duration = Duration::from_millis(50);

/// What a write has told of its socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Found {
    /// It took everything.
    Room,
    /// It took only a part, or nothing.
    Full,
    /// The connection is over.
    Broken,
}

impl Tcp {
    /// # Errors
    /// If the kernel gives no poll instance, or no threads.
    #[expect(clippy::disallowed_methods, reason = "this is where the loop's clock comes from")]
    pub fn new(config: TcpConfig) -> io::Result<Tcp> {
        Ok(Tcp {
            config,
            poll: Poll::new()?,
            events: Events::with_capacity(config.max_events.max(1) as usize),
            started: Instant::now(),
            places: Vec::new(),
            ready: Vec::new(),
            turn: 0,
            listen_error: None,
            io_threads: IoThreads::start(config.io_threads)?,
            first_visit: None,
            roused: Arc::default(),
        })
    }

    /// `tcp-keepalive`, for whoever is accepted from now on.
    pub fn set_keepalive(&mut self, secs: u32) {
        self.config.tcp_keepalive_secs = secs;
    }

    /// No sleep outlasts this becoming true.
    pub fn sleep_until(&mut self, told: Arc<AtomicBool>) {
        self.roused = told;
    }

    /// Redis: `debugCommand` sleeps with `nanosleep`, which the signal that is
    /// to stop the server ends.
    #[cold]
    #[expect(clippy::disallowed_methods, reason = "DEBUG SLEEP really makes everybody wait")]
    fn sleep(&self, micros: Micros) {
        let end = self.now().saturating_add(micros);
        while !self.roused.load(Ordering::Relaxed) {
            let left = end.saturating_sub(self.now());
            if left == Micros::ZERO {
                break;
            }
            std::thread::sleep(Duration::from_micros(left.0).min(NAP));
        }
    }

    /// Why the last `listen` failed, in the kernel's words, once.
    pub fn take_listen_error(&mut self) -> Option<io::Error> {
        self.listen_error.take()
    }

    fn open(&mut self, handle: Handle, raw: RawFd) -> Fd {
        let number = u32::try_from(raw).expect("an open descriptor is not negative");
        let index = number as usize;
        if index >= self.places.len() {
            self.places.resize_with(index + 1, Place::default);
        }
        let listed = self.places[index].level.listed;
        let level = Level { listed, ..Level::default() };
        self.places[index] = Place { handle: Some(handle), level };
        Fd(number)
    }

    /// # Panics
    /// If `fd` is not an open connection (`EBADF`): the loop's own mistake.
    fn stream(&mut self, fd: Fd) -> (&TcpStream, &mut Level) {
        match self.places.get_mut(fd.0 as usize) {
            Some(Place { handle: Some(Handle::Stream(stream)), level }) => (stream, level),
            _ => panic!("descriptor {fd} is not an open connection"),
        }
    }

    /// `fd` may have something to report that no edge will announce.
    fn list(&mut self, fd: Fd) {
        let level = &mut self.places[fd.0 as usize].level;
        if !level.listed && !level.reportable().is_none() {
            level.listed = true;
            self.ready.push(fd);
        }
    }

    /// Forgets those that have nothing to report any more.
    fn prune(&mut self) {
        let places = &mut self.places;
        self.ready.retain(|fd| {
            let level = &mut places[fd.0 as usize].level;
            level.listed = !level.reportable().is_none();
            level.listed
        });
        while places.last().is_some_and(Place::is_forgotten) {
            places.pop();
        }
        if places.capacity() / 4 > places.len() + PLACES_TO_SPARE {
            places.shrink_to(places.len() + PLACES_TO_SPARE);
        }
    }

    /// The connection is over: reads and writes will say so, both directions
    /// are ready for good.
    fn hang_up(&mut self, fd: Fd) {
        self.stream(fd).1.stick(Mask::BOTH);
        self.list(fd);
    }

    /// What a write has told.
    fn note(&mut self, fd: Fd, found: Found) {
        match found {
            Found::Room => {}
            Found::Full => self.stream(fd).1.exhaust(Mask::WRITABLE),
            Found::Broken => self.hang_up(fd),
        }
    }

    /// `TCP_NODELAY` and keepalive, as Redis sets them. A refusal (the peer
    /// has left already) is no reason to refuse the connection.
    fn set_options(&self, stream: &TcpStream) {
        _ = stream.set_nodelay(true);
        let secs = u64::from(self.config.tcp_keepalive_secs);
        if secs > 0 {
            let keepalive = TcpKeepalive::new()
                .with_time(Duration::from_secs(secs))
                .with_interval(Duration::from_secs((secs / 3).max(1)))
                .with_retries(3);
            _ = SockRef::from(stream).set_tcp_keepalive(&keepalive);
        }
    }

    /// Tells the kernel what to report edges of, if it does not know yet.
    fn register(&mut self, fd: Fd, mask: Mask) -> io::Result<()> {
        let Some(Place { handle: Some(handle), level }) = self.places.get_mut(fd.0 as usize) else {
            panic!("descriptor {fd} is not open");
        };
        let wanted = level.registered.with(mask);
        if wanted == level.registered {
            return Ok(());
        }
        let interest = match (wanted.has(Mask::READABLE), wanted.has(Mask::WRITABLE)) {
            (true, true) => READABLE | Interest::WRITABLE,
            (true, false) => READABLE,
            (false, _) => Interest::WRITABLE,
        };
        let is_new = level.registered.is_none();
        let token = Token(fd.0 as usize);
        let source: &mut dyn mio::event::Source = match handle {
            Handle::Listener(listener, _) => listener,
            Handle::Stream(stream) => stream,
        };
        if is_new {
            self.poll.registry().register(source, token, interest)?;
        } else {
            self.poll.registry().reregister(source, token, interest)?;
        }
        level.registered = wanted;
        Ok(())
    }
}

fn bind(address: SocketAddr, backlog: u32) -> io::Result<(TcpListener, SocketAddr)> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_reuse_address(true)?;
    if address.is_ipv6() {
        socket.set_only_v6(true)?;
    }
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(i32::try_from(backlog).unwrap_or(i32::MAX))?;
    let listener = TcpListener::from_std(socket.into());
    let address = listener.local_addr()?;
    Ok((listener, address))
}

/// What an error of `accept` means for the loop. An error that is not known
/// ends the pass like a lack of descriptors: going on might never end.
fn accept_error(error: &io::Error) -> NetError {
    /// `EPROTO`, `ENOPROTOOPT`, `ENONET`, `EHOSTDOWN`: with the named kinds
    /// below, Linux's "pending network errors" of a connection that is
    /// already gone (CVE-2025-48367).
    #[cfg(target_os = "linux")]
    const PENDING: [i32; 4] = [71, 92, 64, 112];
    #[cfg(not(target_os = "linux"))]
    const PENDING: [i32; 0] = [];
    match error.kind() {
        ErrorKind::WouldBlock => NetError::WouldBlock,
        ErrorKind::ConnectionAborted
        | ErrorKind::ConnectionReset
        | ErrorKind::NetworkDown
        | ErrorKind::NetworkUnreachable
        | ErrorKind::HostUnreachable
        | ErrorKind::TimedOut
        | ErrorKind::PermissionDenied
        | ErrorKind::Unsupported => NetError::Aborted,
        _ if error.raw_os_error().is_some_and(|code| PENDING.contains(&code)) => NetError::Aborted,
        _ => NetError::Exhausted,
    }
}

/// One `write` or `writev`.
fn write_stream(
    mut stream: &TcpStream,
    pieces: &[IoSlice<'_>],
) -> (Result<usize, NetError>, Found) {
    let result = match pieces {
        [piece] => stream.write(piece),
        pieces => stream.write_vectored(pieces),
    };
    match result {
        Ok(n) if n < pieces.iter().map(|piece| piece.len()).sum() => (Ok(n), Found::Full),
        Ok(n) => (Ok(n), Found::Room),
        Err(error) => match stream_error(&error) {
            NetError::WouldBlock => (Err(NetError::WouldBlock), Found::Full),
            error => (Err(error), Found::Broken),
        },
    }
}

fn since(started: Instant) -> Micros {
    let since = started.elapsed();
    Micros(since.as_secs() * 1_000_000 + u64::from(since.subsec_micros()))
}

/// What an error of `read` or `write` means for the loop.
fn stream_error(error: &io::Error) -> NetError {
    match error.kind() {
        ErrorKind::WouldBlock | ErrorKind::Interrupted => NetError::WouldBlock,
        _ => NetError::Reset,
    }
}

impl Net for Tcp {
    #[inline]
    fn now(&self) -> Micros {
        since(self.started)
    }

    fn listen(&mut self, address: SocketAddr, backlog: u32) -> Result<Listening, NetError> {
        let (listener, address) = bind(address, backlog).map_err(|error| {
            self.listen_error = Some(error);
            NetError::Unavailable
        })?;
        let raw = listener.as_raw_fd();
        let fd = self.open(Handle::Listener(listener, address), raw);
        Ok(Listening { fd, address })
    }

    fn accept(&mut self, listener: Fd) -> Result<Accepted, NetError> {
        let Some(Place { handle: Some(Handle::Listener(door, address)), level }) =
            self.places.get_mut(listener.0 as usize)
        else {
            panic!("descriptor {listener} is not a listener");
        };
        let accepted = loop {
            match door.accept() {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                other => break other,
            }
        };
        let (stream, peer) = accepted.map_err(|error| {
            let error = accept_error(&error);
            if error == NetError::WouldBlock {
                level.exhaust(Mask::READABLE);
            }
            error
        })?;
        // A door with an address of its own saves a call per guest.
        let local = match *address {
            address if !address.ip().is_unspecified() => address,
            _ => stream.local_addr().map_err(|_| NetError::Aborted)?,
        };
        self.set_options(&stream);
        let raw = stream.as_raw_fd();
        Ok(Accepted { fd: self.open(Handle::Stream(stream), raw), peer, local })
    }

    fn read(&mut self, fd: Fd, into: &mut [u8]) -> Result<usize, NetError> {
        let (mut stream, level) = self.stream(fd);
        match stream.read(into) {
            Ok(0) if !into.is_empty() => {
                level.stick(Mask::READABLE);
                self.list(fd);
                Ok(0)
            }
            Ok(n) => {
                if n < into.len() && !level.urgent {
                    level.exhaust(Mask::READABLE);
                }
                Ok(n)
            }
            Err(error) => {
                let error = stream_error(&error);
                match error {
                    NetError::WouldBlock => {
                        level.urgent = false;
                        level.exhaust(Mask::READABLE);
                    }
                    _ => self.hang_up(fd),
                }
                Err(error)
            }
        }
    }

    fn write(&mut self, fd: Fd, pieces: &[IoSlice<'_>]) -> Result<usize, NetError> {
        let (result, found) = write_stream(self.stream(fd).0, pieces);
        self.note(fd, found);
        result
    }

    fn write_batch<S: Outgoing>(&mut self, jobs: &mut [WriteJob<S>], timed: bool) {
        if !self.io_threads.is_empty() && jobs.iter().any(|job| job.carried_by > 0) {
            self.write_batch_threaded(jobs, timed);
        } else {
            super::batch::write_batch(self, jobs, timed);
        }
    }

    fn watch(&mut self, fd: Fd, mask: Mask) {
        let mask = mask.and(Mask::BOTH);
        if self.register(fd, mask).is_err() {
            // The kernel is out of memory or of watches. A connection that
            // cannot be watched is over: let the loop find out by itself.
            match &self.places[fd.0 as usize].handle {
                Some(Handle::Stream(stream)) => _ = stream.shutdown(Shutdown::Both),
                _ => panic!("the kernel refuses to watch listener {fd}"),
            }
            self.hang_up(fd);
        }
        self.places[fd.0 as usize].level.watched = mask;
        self.list(fd);
    }

    fn close(&mut self, fd: Fd) {
        let place = self.places.get_mut(fd.0 as usize);
        let place = place.unwrap_or_else(|| panic!("descriptor {fd} is not open"));
        // Dropping the socket closes it, which also ends its registration.
        assert!(place.handle.take().is_some(), "descriptor {fd} is not open");
        place.level = Level { listed: place.level.listed, ..Level::default() };
    }

    #[inline]
    fn spend(&mut self, work: Work) {
        if let Work::Sleep { micros } = work {
            self.sleep(micros);
        }
    }
}

impl Wait for Tcp {
    /// May return early with nothing in `fired`: after a signal, or an edge that
    /// nobody watches.
    ///
    /// # Panics
    /// If the kernel refuses to poll for any reason but a signal.
    fn wait(&mut self, timeout: Timeout, fired: &mut Vec<Fired>) {
        fired.clear();
        self.prune();
        let timeout = match timeout {
            _ if !self.ready.is_empty() => Some(Duration::ZERO),
            Timeout::Now => Some(Duration::ZERO),
            Timeout::After(delay) => Some(Duration::from_millis(delay.0.div_ceil(1_000))),
            Timeout::Forever => None,
        };
        match self.poll.poll(&mut self.events, timeout) {
            Ok(()) => {}
            // The kernel wrote no events; those of the last wait are stale.
            Err(error) if error.kind() == ErrorKind::Interrupted => self.events.clear(),
            Err(error) => panic!("cannot poll: {error}"),
        }
        self.turn += 1;
        let mut visited = false;
        for event in &self.events {
            // Somebody else's door is no descriptor of the loop's.
            let Some(place) = self.places.get_mut(event.token().0) else {
                visited |= event.token() == FIRST_VISIT;
                continue;
            };
            let level = &mut place.level;
            level.rise(event);
            level.turn = self.turn;
            let mask = level.reportable();
            if !mask.is_none() {
                level.listed = true;
                fired.push(Fired { fd: Fd(event.token().0 as u32), mask });
            }
        }
        for &fd in &self.ready {
            let level = &self.places[fd.0 as usize].level;
            if level.turn != self.turn {
                fired.push(Fired { fd, mask: level.reportable() });
            }
        }
        self.ready.clear();
        self.ready.extend(fired.iter().map(|entry| entry.fd));
        if visited {
            self.open_up();
        }
    }
}

impl Abort for Tcp {
    fn abort_on_close(&mut self, fd: Fd) {
        // Fails only if the connection is over already.
        _ = SockRef::from(self.stream(fd).0).set_linger(Some(Duration::ZERO));
    }
}
