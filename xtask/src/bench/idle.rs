//! What a connection costs that has nothing to say.

use super::contender::Contender;
use crate::failure::Failure;
use std::fs;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::time::Duration;

/// Descriptors that we need for other things.
const SPARE_DESCRIPTORS: usize = 64;
/// Redis gives an idle client's buffers back by a timer that looks at each
/// client about once a second, so what a server keeps shows only after a while.
const SETTLE: Duration = Duration::from_secs(5);

/// Resident bytes per connection, each of which has asked for one PING and
/// then falls silent. The kernel's socket memory is not part of it.
pub fn bytes_per_connection(contender: &Contender, wished: usize) -> Result<f64, Failure> {
    let count = wished.min(descriptor_limit().saturating_sub(SPARE_DESCRIPTORS));
    let failed = |source| Failure::Start { program: contender.name.into(), source };
    let before = contender.resident_bytes()?;
    let mut idle = Vec::with_capacity(count);
    for _ in 0..count {
        let mut stream =
            TcpStream::connect((Ipv4Addr::LOCALHOST, contender.port)).map_err(failed)?;
        stream.write_all(b"*1\r\n$4\r\nPING\r\n").map_err(failed)?;
        stream.read_exact(&mut [0; 7]).map_err(failed)?;
        idle.push(stream);
    }
    std::thread::sleep(SETTLE);
    let after = contender.resident_bytes()?;
    Ok(after.saturating_sub(before) as f64 / count as f64)
}

/// How many descriptors this process may have; the servers inherit the limit.
fn descriptor_limit() -> usize {
    let limits = fs::read_to_string("/proc/self/limits").unwrap_or_default();
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"));
    line.and_then(|rest| rest.split_whitespace().next()?.parse().ok()).unwrap_or(1024)
}
