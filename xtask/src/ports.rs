//! Ports: which one is free, and whether somebody answers.

use crate::failure::Failure;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

/// How many ports after the wished one are tried.
const TRIES: u16 = 100;

/// `wished`, or the next port that is free; says so when it is not the wished one.
pub fn free_port(wished: u16, what_for: &str) -> Result<u16, Failure> {
    let found = (wished..wished.saturating_add(TRIES)).find(|port| is_free(*port));
    match found {
        Some(port) => {
            if port != wished {
                eprintln!("  port {wished} is taken; {what_for} gets {port} instead");
            }
            Ok(port)
        }
        None => Err(Failure::Check(format!(
            "no free port for {what_for} between {wished} and {}",
            wished.saturating_add(TRIES - 1)
        ))),
    }
}

/// Free on both loopbacks, since a server that listens on one of two is a
/// riddle for whoever connects to the other. A machine without IPv6 has only one.
fn is_free(port: u16) -> bool {
    let v6 = SocketAddr::from((Ipv6Addr::LOCALHOST, port));
    let v6_taken =
        TcpListener::bind(v6).is_err_and(|error| error.kind() == std::io::ErrorKind::AddrInUse);
    !v6_taken && TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok()
}

/// Sends `question` and whether the answer begins with `answer`.
pub fn answers(port: u16, question: &str, answer: &str) -> bool {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let patience = Duration::from_secs(2);
    let Ok(mut stream) = TcpStream::connect_timeout(&address, patience) else { return false };
    let mut got = vec![0; answer.len()];
    stream.set_read_timeout(Some(patience)).is_ok()
        && stream.write_all(question.as_bytes()).is_ok()
        && stream.read_exact(&mut got).is_ok()
        && got == answer.as_bytes()
}
