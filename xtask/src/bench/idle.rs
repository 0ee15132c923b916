//! What connections cost that have nothing to say: memory, and the time of
//! those who have.

use super::contender::Contender;
use super::load::{Operation, Run, Setting};
use super::report::cpu;
use crate::failure::Failure;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::time::Duration;

/// Descriptors that we need for other things.
const SPARE_DESCRIPTORS: usize = 64;
/// Redis gives an idle client's buffers back by a timer that looks at each
/// client about once a second, so what a server keeps shows only after a while.
const SETTLE: Duration = Duration::from_secs(5);
/// A server that does not answer within this has lost the connection.
const PATIENCE: Duration = Duration::from_secs(30);
/// CPU per request with idle connections, over that without any.
pub const CROWD_MARK: f64 = 1.05;

/// Connections that have each been served and say nothing more.
pub struct Crowd {
    streams: Vec<TcpStream>,
    /// What the server took for each, resident.
    pub bytes_per_connection: f64,
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
            let mut stream =
                TcpStream::connect((Ipv4Addr::LOCALHOST, contender.port)).map_err(failed)?;
            stream.set_read_timeout(Some(PATIENCE)).map_err(failed)?;
            ping(&mut stream).map_err(failed)?;
            streams.push(stream);
        }
        std::thread::sleep(SETTLE);
        let taken = contender.resident_bytes()?.saturating_sub(before);
        Ok(Crowd { streams, bytes_per_connection: taken as f64 / count as f64 })
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

fn ping(stream: &mut TcpStream) -> std::io::Result<()> {
    let mut pong = [0; 7];
    stream.write_all(b"*1\r\n$4\r\nPING\r\n")?;
    stream.read_exact(&mut pong)?;
    if &pong == b"+PONG\r\n" { Ok(()) } else { Err(std::io::Error::other("no PONG")) }
}

/// What the same server costs with and without a crowd that only sits there.
pub struct Comparison {
    pub connections: usize,
    pub bytes_per_connection: f64,
    /// Pipeline, CPU µs per request alone and in the crowd.
    pub rows: Vec<(u32, f64, f64)>,
}

impl Comparison {
    /// Runs alternate between two processes of the same kind; only one of them
    /// has the crowd.
    pub fn measure(
        alone: &Contender,
        crowded: &Contender,
        wished: usize,
        rounds: u32,
        shorter_by: u32,
    ) -> Result<Comparison, Failure> {
        let mut crowd = Crowd::seat(crowded, wished)?;
        let mut rows = Vec::new();
        for pipeline in [1, 16] {
            let operation = Operation::Ping;
            let requests = operation.requests(pipeline) / shorter_by;
            let setting = Setting { operation, pipeline, size_bytes: 3, requests };
            let (mut without, mut with): (Vec<Run>, Vec<Run>) = (Vec::new(), Vec::new());
            for _ in 0..rounds {
                without.push(setting.measure(alone)?);
                with.push(setting.measure(crowded)?);
            }
            rows.push((pipeline, cpu(&without), cpu(&with)));
        }
        crowd.serve_all(crowded)?;
        let bytes_per_connection = crowd.bytes_per_connection;
        Ok(Comparison { connections: crowd.len(), bytes_per_connection, rows })
    }

    pub fn print(&self) {
        println!(
            "\n{} idle connections, all served before and after; {:.0} bytes each:",
            self.connections, self.bytes_per_connection
        );
        for (pipeline, alone, crowded) in &self.rows {
            println!(
                "  PING pipeline {pipeline:2}: {alone:.3} µs alone, {crowded:.3} µs in the crowd, \
                 ratio {:.3} (mark {CROWD_MARK})",
                crowded / alone
            );
        }
    }

    pub fn json(&self) -> String {
        let rows: Vec<String> = (self.rows.iter())
            .map(|(pipeline, alone, crowded)| {
                format!(
                    "{{\"pipeline\": {pipeline}, \"alone_us\": {alone:.4}, \
                     \"crowded_us\": {crowded:.4}}}"
                )
            })
            .collect();
        format!(
            "{{\"connections\": {}, \"bytes_per_connection\": {:.0}, \"ping\": [{}]}}",
            self.connections,
            self.bytes_per_connection,
            rows.join(", ")
        )
    }

    /// # Errors
    /// If the crowd costs more than the mark allows.
    pub fn check(&self) -> Result<(), Failure> {
        match self.rows.iter().find(|(_, alone, crowded)| crowded / alone > CROWD_MARK) {
            None => Ok(()),
            Some((pipeline, ..)) => Err(Failure::Check(format!(
                "{} idle connections cost more than {CROWD_MARK} at pipeline {pipeline}",
                self.connections
            ))),
        }
    }
}

/// Resident bytes per idle connection.
pub fn bytes_per_connection(contender: &Contender, wished: usize) -> Result<f64, Failure> {
    Ok(Crowd::seat(contender, wished)?.bytes_per_connection)
}
