//! Short windows of load, and the CPU time that a server took for each.
//!
//! `redis-benchmark` connects anew for every run, which is too much for a
//! window of a few milliseconds. Here the connections stay.

use super::contender::Contender;
use crate::failure::Failure;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::time::Duration;

const GUESTS: usize = 50;
const PING: &[u8] = b"*1\r\n$4\r\nPING\r\n";
const PONG: &[u8] = b"+PONG\r\n";
/// A server that does not answer within this has lost a request.
const PATIENCE: Duration = Duration::from_secs(30);
/// About 25 ms of a server of ours: shorter than most of what else goes on, so
/// that both windows of a pair fall into the same weather.
const ROUNDS: [(u32, u32); 2] = [(1, 40), (16, 24)];

/// How many requests each guest sends at once.
pub fn pipelines() -> impl Iterator<Item = u32> {
    ROUNDS.iter().map(|(pipeline, _)| *pipeline)
}

/// The guests of one server who have something to say.
pub struct Guests<'a> {
    pub contender: &'a Contender,
    streams: Vec<TcpStream>,
}

/// One window.
#[derive(Clone, Copy, Debug)]
pub struct Window {
    pub cpu_ns: u64,
    pub requests: u64,
}

impl Window {
    pub fn us_per_request(&self) -> f64 {
        self.cpu_ns as f64 / self.requests as f64 / 1_000.0
    }
}

impl<'a> Guests<'a> {
    pub fn seat(contender: &'a Contender) -> Result<Guests<'a>, Failure> {
        let connect = || -> std::io::Result<TcpStream> {
            let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, contender.port))?;
            stream.set_nodelay(true)?;
            stream.set_read_timeout(Some(PATIENCE))?;
            Ok(stream)
        };
        let streams = (0..GUESTS).map(|_| connect()).collect::<std::io::Result<_>>();
        let failed = |source| Failure::Start { program: contender.name.into(), source };
        Ok(Guests { contender, streams: streams.map_err(failed)? })
    }

    /// One window of PINGs. A round that is not counted goes before it, since
    /// the other server has had the caches to itself meanwhile.
    pub fn window(&mut self, pipeline: u32) -> Result<Window, Failure> {
        let rounds = ROUNDS.iter().find(|(known, _)| *known == pipeline).map_or(1, |row| row.1);
        let requests = PING.repeat(pipeline as usize);
        let mut replies = vec![0; PONG.len() * pipeline as usize];
        self.round(&requests, &mut replies)?;
        let before = self.contender.cpu_ns_at_rest()?;
        for _ in 0..rounds {
            self.round(&requests, &mut replies)?;
        }
        let cpu_ns = self.contender.cpu_ns_at_rest()? - before;
        let requests = u64::from(rounds) * u64::from(pipeline) * GUESTS as u64;
        Ok(Window { cpu_ns, requests })
    }

    /// Everybody asks, then everybody is answered.
    fn round(&mut self, requests: &[u8], replies: &mut [u8]) -> Result<(), Failure> {
        let lost = |why: std::io::Error| {
            Failure::Check(format!("{}: a request is lost: {why}", self.contender.name))
        };
        for stream in &mut self.streams {
            stream.write_all(requests).map_err(lost)?;
        }
        for stream in &mut self.streams {
            stream.read_exact(replies).map_err(lost)?;
            if replies.chunks(PONG.len()).any(|reply| reply != PONG) {
                return Err(lost(std::io::Error::other("no PONG")));
            }
        }
        Ok(())
    }
}
