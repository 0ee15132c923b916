//! What connections cost that have nothing to say: memory, and the time in
//! which they are looked after.

use super::contender::Contender;
use crate::failure::Failure;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::time::Duration;

/// Descriptors that we need for other things.
const SPARE_DESCRIPTORS: usize = 192;
/// Redis gives an idle client's buffers back by a timer that looks at each
/// client about once a second, so what a server keeps shows only after a while.
const SETTLE: Duration = Duration::from_secs(5);
/// And what looking after them takes then, for as long as this.
const WATCHED: Duration = Duration::from_secs(2);
/// A server that does not answer within this has lost the connection.
const PATIENCE: Duration = Duration::from_secs(30);

/// Connections that have each been served and say nothing more.
pub struct Crowd {
    streams: Vec<TcpStream>,
    /// What the server took for each, resident.
    pub bytes_per_connection: f64,
    /// What the server took while nobody said anything.
    pub cpu_ms_per_second: f64,
}

impl Crowd {
    /// As many as wished and as this process may have. Each has had a PING
    /// answered. The kernel's socket memory is not part of the bytes.
    pub fn seat(contender: &Contender, wished: usize) -> Result<Crowd, Failure> {
        let enough = (wished + SPARE_DESCRIPTORS) as u64;
        let may_have = rlimit::increase_nofile_limit(enough).unwrap_or(1024) as usize;
        let count = wished.min(may_have.saturating_sub(SPARE_DESCRIPTORS));
        let failed = |source| Failure::Start { program: contender.name.into(), source };
        let before = contender.resident_bytes()?;
        let mut streams = Vec::with_capacity(count);
        for _ in 0..count {
            let mut stream = connect(contender.port).map_err(failed)?;
            ping(&mut stream).map_err(failed)?;
            streams.push(stream);
        }
        std::thread::sleep(SETTLE);
        let taken = contender.resident_bytes()?.saturating_sub(before);
        let cpu_before = contender.cpu_ns()?;
        std::thread::sleep(WATCHED);
        let cpu_ns = contender.cpu_ns()? - cpu_before;
        Ok(Crowd {
            streams,
            bytes_per_connection: taken as f64 / count as f64,
            cpu_ms_per_second: cpu_ns as f64 / 1e6 / WATCHED.as_secs_f64(),
        })
    }

    pub fn len(&self) -> usize {
        self.streams.len()
    }

    /// Every one of them is still served.
    pub fn serve_all(&mut self, contender: &Contender) -> Result<(), Failure> {
        for (index, stream) in self.streams.iter_mut().enumerate() {
            ping(stream).map_err(|why| {
                Failure::Check(format!("{}: connection {index} is lost: {why}", contender.name))
            })?;
        }
        Ok(())
    }
}

/// It ends with a reset, so that no port of this machine waits a minute for
/// stragglers, and the next crowd finds all of them free.
fn connect(port: u16) -> std::io::Result<TcpStream> {
    let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
    stream.set_read_timeout(Some(PATIENCE))?;
    socket2::SockRef::from(&stream).set_linger(Some(Duration::ZERO))?;
    Ok(stream)
}

fn ping(stream: &mut TcpStream) -> std::io::Result<()> {
    let mut pong = [0; 7];
    stream.write_all(b"*1\r\n$4\r\nPING\r\n")?;
    stream.read_exact(&mut pong)?;
    if &pong == b"+PONG\r\n" { Ok(()) } else { Err(std::io::Error::other("no PONG")) }
}

/// Resident bytes per idle connection.
pub fn bytes_per_connection(contender: &Contender, wished: usize) -> Result<f64, Failure> {
    Ok(Crowd::seat(contender, wished)?.bytes_per_connection)
}
