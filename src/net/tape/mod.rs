//! What a network gave the loop, as text: all that is needed to give it again.
//!
//! The loop is deterministic but for what comes through [`Net`](super::Net)
//! and what its driver decides ([`Birth`]). A tape holds the results of those
//! calls, one after the other, and nothing of what the loop did with them: it
//! makes the same calls again, and what it writes follows.
//!
//! # The text
//!
//! Calls without anything in between, graphic ASCII without spaces, quotes
//! (`"`) and backslashes, so that it can be cut at any place, put into a JSON
//! string and pasted into a scenario:
//!
//! | text | stands for |
//! |---|---|
//! | `b1735689600000000,7,41,epoll,0,992;` | the birth: Unix time at the clock's zero in µs, seed, process id, multiplexing API, 1 if there is a config file, most clients (no more than 32 bits hold if it is missing) |
//! | `=12` | `now`: so many readings like the last one |
//! | `+3` | `now`: one reading, so many µs after the last one |
//! | `l127.0.0.1:6379,6,127.0.0.1:6379;` | `listen`: the address asked for, the descriptor, the address it got |
//! | `a9,127.0.0.1:5001,127.0.0.1:6379;` | `accept`: the descriptor, the peer, the own address |
//! | `r'PING%0d%0a'` | `read`: these bytes; `%HH` for what is not graphic ASCII or means something here |
//! | `w120;` | `write`: so many bytes were taken |
//! | `j120,1,0,2,17;` | a turn of a batch that others carried: bytes, calls, outcome (drained, would block, budget, reset), carrier, µs after the last reading (`-` if the batch was not timed) |
//! | `p40:6,1:9,3;` | the poll returned, so many µs after the last reading: descriptors and masks in order |
//! | `o` `f` | from here on facts are stated, or no more |
//! | `x` | the driver ended the loop |
//!
//! Instead of its result, a call that failed has `!` and `w` (would block),
//! `r` (reset), `a` (aborted), `e` (exhausted) or `u` (unavailable): `r!w;`.
//! `watch`, `close` and `spend` give nothing, so they are not on it.

mod reader;
#[cfg(not(target_arch = "wasm32"))]
mod writer;

pub use reader::Tape;
#[cfg(not(target_arch = "wasm32"))]
pub use writer::Ink;

use super::{NetError, WriteOutcome};

/// What only the driver knew when it made the loop.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Birth {
    /// Unix time, in microseconds, at the clock's zero.
    pub unix_epoch_us: u64,
    pub seed: u64,
    pub process_id: u32,
    /// `epoll`, `kqueue`.
    pub multiplexing_api: String,
    /// The server had a file to write its directives to.
    pub has_config_file: bool,
    /// The most clients that the system had descriptors for.
    pub clients_limit: u32,
}

const ERRORS: [(u8, NetError); 5] = [
    (b'w', NetError::WouldBlock),
    (b'r', NetError::Reset),
    (b'a', NetError::Aborted),
    (b'e', NetError::Exhausted),
    (b'u', NetError::Unavailable),
];

const OUTCOMES: [WriteOutcome; 4] =
    [WriteOutcome::Drained, WriteOutcome::WouldBlock, WriteOutcome::Budget, WriteOutcome::Reset];

/// Whether a byte stands for itself in what was read.
#[cfg(not(target_arch = "wasm32"))]
fn is_plain(byte: u8) -> bool {
    byte.is_ascii_graphic() && !matches!(byte, b'%' | b'\'' | b'"' | b'\\')
}

#[cfg(test)]
mod tests;
