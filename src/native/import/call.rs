//! The system calls of an event loop, as strace prints them.

use super::cursor::{Cursor, Fault, Named, Shown};
use crate::net::{Fd, Fired, Mask, NetError, Timeout};
use crate::time::Micros;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// Stands for an address that nobody has told.
pub(super) const UNKNOWN_ADDRESS: SocketAddr =
    SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), 0);

/// One end of a connection or both, as `-yy` names them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Socket {
    /// Neither named nor excluded.
    Perhaps,
    /// A file, a pipe, whatever has no far end.
    No,
    Door {
        local: SocketAddr,
    },
    Connection {
        local: SocketAddr,
        peer: SocketAddr,
    },
}

/// A call that says something about the loop.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Call {
    Poll {
        timeout: Timeout,
        fired: Vec<Fired>,
    },
    Accept {
        listener: Fd,
        door: Socket,
        end: Result<Arrival, NetError>,
    },
    Read {
        fd: Fd,
        socket: Socket,
        shown: Shown,
        end: Result<u64, NetError>,
    },
    Write(Writing),
    Watch {
        fd: Fd,
        socket: Socket,
        mask: Mask,
    },
    Listen {
        fd: Fd,
        address: SocketAddr,
        backlog: u32,
    },
    Bind {
        fd: Fd,
        address: SocketAddr,
    },
    Close {
        fd: Fd,
    },
    /// `serverCron` asks how much memory it has, ten times a second.
    OwnMemory,
    /// `exit_group`
    Exit,
    /// Any other, and those that had not returned.
    Other,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Arrival {
    pub fd: Fd,
    pub peer: SocketAddr,
    pub local: SocketAddr,
}

/// A `write` or `writev`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Writing {
    pub fd: Fd,
    pub socket: Socket,
    /// How it begins.
    pub head: Vec<u8>,
    /// At least so much was offered.
    pub offered: u64,
    pub vectored: bool,
    pub end: Result<u64, NetError>,
}

/// What a call returned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Returned<'a> {
    Number(i64, Option<&'a [u8]>),
    Error(&'a [u8]),
    /// `?`: it has not.
    Nothing,
}

/// Reads a call from its name to its result, without the time it took.
///
/// # Errors
/// If a call of interest is not as strace prints it.
pub(super) fn read(text: &[u8]) -> Result<Call, Fault> {
    let mut cursor = Cursor::new(text);
    let name = cursor.run(|byte| byte != b'(');
    let read: fn(&mut Cursor<'_>) -> Result<Call, Fault> = match name {
        b"epoll_wait" | b"epoll_pwait" | b"epoll_pwait2" => poll,
        b"accept4" | b"accept" => accept,
        b"read" | b"recvfrom" => read_call,
        b"write" | b"sendto" => |cursor| write(cursor, false),
        b"writev" => |cursor| write(cursor, true),
        b"epoll_ctl" => watch,
        b"listen" => listen,
        b"bind" => bind,
        b"close" => close,
        b"exit_group" => return Ok(Call::Exit),
        _ => return Ok(Call::Other),
    };
    cursor.expect("(")?;
    read(&mut cursor)
}

/// Whether a call that has only begun is the one in which the thread sleeps.
pub(super) fn is_poll(text: &[u8]) -> bool {
    let name = memchr::memchr(b'(', text).map_or(&b""[..], |end| &text[..end]);
    matches!(name, b"epoll_wait" | b"epoll_pwait" | b"epoll_pwait2")
}

/// `) = 5`, `) = -1 EAGAIN (…)`, `) = ?`.
fn returned<'a>(cursor: &mut Cursor<'a>) -> Result<Returned<'a>, Fault> {
    while cursor.peek() == Some(b',') {
        cursor.comma()?;
        cursor.skip()?;
    }
    cursor.expect(")")?;
    cursor.spaces();
    cursor.expect("=")?;
    cursor.spaces();
    if cursor.take(b"?") {
        return Ok(Returned::Nothing);
    }
    if cursor.take(b"-1 ") {
        return Ok(Returned::Error(cursor.run(|byte| byte.is_ascii_alphanumeric())));
    }
    let before = *cursor;
    let number = cursor.number()?;
    if number < 0 {
        return before.fault("a result");
    }
    if cursor.peek() != Some(b'<') {
        return Ok(Returned::Number(number, None));
    }
    *cursor = before;
    Ok(Returned::Number(number, cursor.descriptor()?.about))
}

fn counted(returned: Returned<'_>) -> Option<Result<u64, NetError>> {
    match returned {
        Returned::Number(number, _) => Some(Ok(number.unsigned_abs())),
        Returned::Error(b"EAGAIN" | b"EWOULDBLOCK" | b"EINTR") => Some(Err(NetError::WouldBlock)),
        Returned::Error(_) => Some(Err(NetError::Reset)),
        Returned::Nothing => None,
    }
}

fn poll(cursor: &mut Cursor<'_>) -> Result<Call, Fault> {
    cursor.descriptor()?;
    cursor.comma()?;
    let mut fired = Vec::new();
    if cursor.take(b"[") {
        while !cursor.take(b"]") {
            // More than strace shows of an array.
            if !cursor.take(b"...") {
                fired.push(ready(cursor)?);
            }
            if cursor.peek() != Some(b']') {
                cursor.comma()?;
            }
        }
    } else {
        cursor.skip()?;
    }
    cursor.comma()?;
    cursor.number()?;
    cursor.comma()?;
    let timeout = timeout(cursor)?;
    match returned(cursor)? {
        Returned::Nothing => Ok(Call::Other),
        Returned::Error(_) => Ok(Call::Poll { timeout, fired: Vec::new() }),
        Returned::Number(..) => Ok(Call::Poll { timeout, fired }),
    }
}

/// `{events=EPOLLIN|EPOLLOUT, data={u32=8, u64=8}}`
fn ready(cursor: &mut Cursor<'_>) -> Result<Fired, Fault> {
    cursor.expect("{events=")?;
    let mask = events(cursor)?;
    cursor.comma()?;
    cursor.expect("data={u32=")?;
    let before = *cursor;
    let Ok(fd) = u32::try_from(cursor.number()?) else { return before.fault("a descriptor") };
    if cursor.peek() == Some(b',') {
        cursor.comma()?;
        cursor.skip()?;
    }
    cursor.expect("}}")?;
    Ok(Fired { fd: Fd(fd), mask })
}

/// Errors and hang-ups report both directions.
fn events(cursor: &mut Cursor<'_>) -> Result<Mask, Fault> {
    const IN: i64 = 0x001;
    const OUT: i64 = 0x004;
    const BROKEN: i64 = 0x018;
    if cursor.peek().is_some_and(|byte| byte.is_ascii_digit()) {
        let bits = cursor.number()?;
        let has = |bit| if bits & bit == 0 { Mask::NONE } else { Mask::BOTH };
        let read = has(IN | BROKEN).and(Mask::READABLE);
        return Ok(read.with(has(OUT | BROKEN).and(Mask::WRITABLE)));
    }
    let words = cursor.run(|byte| byte.is_ascii_alphanumeric() || byte == b'|' || byte == b'_');
    if words.is_empty() {
        return cursor.fault("events, such as EPOLLIN");
    }
    let masks = words.split(|byte| *byte == b'|').map(|word| match word {
        b"EPOLLIN" => Mask::READABLE,
        b"EPOLLOUT" => Mask::WRITABLE,
        b"EPOLLERR" | b"EPOLLHUP" => Mask::BOTH,
        _ => Mask::NONE,
    });
    Ok(masks.fold(Mask::NONE, Mask::with))
}

/// Milliseconds, or (`epoll_pwait2`) a `timespec`.
fn timeout(cursor: &mut Cursor<'_>) -> Result<Timeout, Fault> {
    if cursor.take(b"NULL") {
        return Ok(Timeout::Forever);
    }
    let micros = if cursor.take(b"{tv_sec=") {
        let seconds = cursor.number()?;
        cursor.comma()?;
        cursor.expect("tv_nsec=")?;
        let nanos = cursor.number()?;
        cursor.expect("}")?;
        seconds.saturating_mul(1_000_000).saturating_add(nanos.max(0) / 1_000)
    } else {
        match cursor.number()? {
            ..0 => return Ok(Timeout::Forever),
            millis => millis.saturating_mul(1_000),
        }
    };
    Ok(match micros.unsigned_abs() {
        0 => Timeout::Now,
        micros => Timeout::After(Micros(micros)),
    })
}

fn accept(cursor: &mut Cursor<'_>) -> Result<Call, Fault> {
    let door = cursor.descriptor()?;
    cursor.comma()?;
    let told = address(cursor)?;
    let end = match returned(cursor)? {
        Returned::Number(number, about) => {
            let fd = Fd(u32::try_from(number).unwrap_or(u32::MAX));
            let (local, peer) = match socket(about) {
                Socket::Connection { local, peer } => (local, peer),
                _ => (local_address(door), told.unwrap_or(UNKNOWN_ADDRESS)),
            };
            Ok(Arrival { fd, peer, local })
        }
        Returned::Error(b"EAGAIN" | b"EWOULDBLOCK") => Err(NetError::WouldBlock),
        Returned::Error(b"EMFILE" | b"ENFILE" | b"ENOBUFS" | b"ENOMEM") => Err(NetError::Exhausted),
        Returned::Error(_) => Err(NetError::Aborted),
        Returned::Nothing => return Ok(Call::Other),
    };
    Ok(Call::Accept { listener: door.fd, door: socket(door.about), end })
}

fn local_address(door: Named<'_>) -> SocketAddr {
    match socket(door.about) {
        Socket::Door { local } => local,
        _ => UNKNOWN_ADDRESS,
    }
}

fn read_call(cursor: &mut Cursor<'_>) -> Result<Call, Fault> {
    let from = cursor.descriptor()?;
    if from.about.is_some_and(is_own_memory) {
        return Ok(Call::OwnMemory);
    }
    cursor.comma()?;
    let shown = match cursor.peek() {
        Some(b'"') => cursor.string()?,
        _ => {
            cursor.skip()?;
            Shown::default()
        }
    };
    let Some(end) = counted(returned(cursor)?) else { return Ok(Call::Other) };
    Ok(Call::Read { fd: from.fd, socket: socket(from.about), shown, end })
}

/// `/proc/self/stat`, by the name that the kernel gives.
fn is_own_memory(about: &[u8]) -> bool {
    let inside = about.strip_prefix(b"/proc/").and_then(|rest| rest.strip_suffix(b"/stat"));
    inside.is_some_and(|pid| !pid.is_empty() && pid.iter().all(u8::is_ascii_digit))
}

fn write(cursor: &mut Cursor<'_>, vectored: bool) -> Result<Call, Fault> {
    let to = cursor.descriptor()?;
    cursor.comma()?;
    let (head, offered) = if vectored { pieces(cursor)? } else { piece(cursor)? };
    let Some(end) = counted(returned(cursor)?) else { return Ok(Call::Other) };
    // What was taken was offered, whatever strace left out.
    let offered = offered.max(end.unwrap_or(0));
    let socket = socket(to.about);
    Ok(Call::Write(Writing { fd: to.fd, socket, head, offered, vectored, end }))
}

/// `"+OK\r\n", 5`
fn piece(cursor: &mut Cursor<'_>) -> Result<(Vec<u8>, u64), Fault> {
    let shown = text_or_pointer(cursor)?;
    cursor.comma()?;
    let length = cursor.number()?;
    Ok((shown.bytes, u64::try_from(length).unwrap_or(0)))
}

/// `[{iov_base="…", iov_len=8}, …], 3`
fn pieces(cursor: &mut Cursor<'_>) -> Result<(Vec<u8>, u64), Fault> {
    let (mut head, mut offered, mut whole) = (Vec::new(), 0_u64, true);
    if !cursor.take(b"[") {
        cursor.skip()?;
        return Ok((head, offered));
    }
    while !cursor.take(b"]") {
        if !cursor.take(b"...") {
            cursor.expect("{iov_base=")?;
            let shown = text_or_pointer(cursor)?;
            cursor.comma()?;
            cursor.expect("iov_len=")?;
            let length = u64::try_from(cursor.number()?).unwrap_or(0);
            cursor.expect("}")?;
            offered = offered.saturating_add(length);
            if whole {
                whole = shown.bytes.len() as u64 == length;
                head.extend_from_slice(&shown.bytes);
            }
        }
        if cursor.peek() != Some(b']') {
            cursor.comma()?;
        }
    }
    Ok((head, offered))
}

fn text_or_pointer(cursor: &mut Cursor<'_>) -> Result<Shown, Fault> {
    if cursor.peek() == Some(b'"') {
        return cursor.string();
    }
    cursor.skip()?;
    Ok(Shown::default())
}

fn watch(cursor: &mut Cursor<'_>) -> Result<Call, Fault> {
    cursor.descriptor()?;
    cursor.comma()?;
    let before = *cursor;
    let deletes = match cursor.run(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
        b"EPOLL_CTL_ADD" | b"EPOLL_CTL_MOD" | b"0x1" | b"0x3" => false,
        b"EPOLL_CTL_DEL" | b"0x2" => true,
        _ => return before.fault("EPOLL_CTL_ADD, EPOLL_CTL_MOD or EPOLL_CTL_DEL"),
    };
    cursor.comma()?;
    let on = cursor.descriptor()?;
    cursor.comma()?;
    let mut mask = Mask::NONE;
    if !deletes && cursor.take(b"{events=") {
        mask = events(cursor)?;
        cursor.comma()?;
        cursor.skip()?;
        cursor.expect("}")?;
    } else {
        cursor.skip()?;
    }
    match returned(cursor)? {
        Returned::Number(..) => Ok(Call::Watch { fd: on.fd, socket: socket(on.about), mask }),
        Returned::Error(_) | Returned::Nothing => Ok(Call::Other),
    }
}

fn listen(cursor: &mut Cursor<'_>) -> Result<Call, Fault> {
    let door = cursor.descriptor()?;
    cursor.comma()?;
    let backlog = u32::try_from(cursor.number()?).unwrap_or(0);
    Ok(match returned(cursor)? {
        Returned::Number(..) => Call::Listen { fd: door.fd, address: local_address(door), backlog },
        Returned::Error(_) | Returned::Nothing => Call::Other,
    })
}

fn bind(cursor: &mut Cursor<'_>) -> Result<Call, Fault> {
    let door = cursor.descriptor()?;
    cursor.comma()?;
    let told = address(cursor)?;
    Ok(match (returned(cursor)?, told) {
        (Returned::Number(..), Some(address)) => Call::Bind { fd: door.fd, address },
        _ => Call::Other,
    })
}

fn close(cursor: &mut Cursor<'_>) -> Result<Call, Fault> {
    let before = *cursor;
    // `close(-1)` is a mistake that some programs make.
    if cursor.take(b"-") {
        return Ok(Call::Other);
    }
    let Ok(named) = cursor.descriptor() else { return before.fault("a descriptor") };
    Ok(match returned(cursor)? {
        // The number is free again whatever close says.
        Returned::Number(..) | Returned::Error(_) => Call::Close { fd: named.fd },
        Returned::Nothing => Call::Other,
    })
}

/// A `sockaddr`; `None` if it is of another kind, or not shown.
fn address(cursor: &mut Cursor<'_>) -> Result<Option<SocketAddr>, Fault> {
    let mut copy = *cursor;
    cursor.skip()?;
    Ok(internet_address(&mut copy))
}

fn internet_address(cursor: &mut Cursor<'_>) -> Option<SocketAddr> {
    let quoted = |cursor: &mut Cursor<'_>| {
        let text = cursor.string().ok()?.bytes;
        String::from_utf8(text).ok()
    };
    if cursor.take(b"{sa_family=AF_INET, sin_port=htons(") {
        let port = u16::try_from(cursor.number().ok()?).ok()?;
        cursor.expect("), sin_addr=inet_addr(").ok()?;
        let ip: Ipv4Addr = quoted(cursor)?.parse().ok()?;
        return Some(SocketAddr::from((ip, port)));
    }
    if cursor.take(b"{sa_family=AF_INET6, sin6_port=htons(") {
        let port = u16::try_from(cursor.number().ok()?).ok()?;
        cursor.expect("), sin6_flowinfo=").ok()?;
        cursor.skip().ok()?;
        cursor.expect(", inet_pton(AF_INET6, ").ok()?;
        let ip: Ipv6Addr = quoted(cursor)?.parse().ok()?;
        return Some(SocketAddr::from((ip, port)));
    }
    None
}

/// What `-y` and `-yy` say that a descriptor is.
fn socket(about: Option<&[u8]>) -> Socket {
    let Some(about) = about else { return Socket::Perhaps };
    let text = String::from_utf8_lossy(about);
    let inside = |prefix: &str| text.strip_prefix(prefix)?.strip_suffix(']').map(str::to_owned);
    if let Some(ends) = inside("TCP:[").or_else(|| inside("TCPv6:[")) {
        return match ends.split_once("->") {
            Some((local, peer)) => match (local.parse(), peer.parse()) {
                (Ok(local), Ok(peer)) => Socket::Connection { local, peer },
                _ => Socket::Perhaps,
            },
            None => ends.parse().map_or(Socket::Perhaps, |local| Socket::Door { local }),
        };
    }
    let other = ["socket:[", "UNIX-STREAM:[", "UNIX:["];
    if other.iter().any(|kind| text.starts_with(kind)) { Socket::Perhaps } else { Socket::No }
}

#[cfg(test)]
mod tests;
