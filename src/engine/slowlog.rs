//! Commands that took long (`slowlog.c`): execution alone, neither the wait
//! in the socket nor the way of the reply.

use super::client::Slot;
use super::server::Server;
use crate::commands::{Command, Flags};
use crate::net::address_text;
use crate::resp::Args;
use crate::time::Micros;
use std::collections::VecDeque;

/// `SLOWLOG_ENTRY_MAX_ARGC`.
const ARGUMENTS_MAX: usize = 32;
/// `SLOWLOG_ENTRY_MAX_STRING`.
const ARGUMENT_BYTES_MAX: usize = 128;

/// `slowlogEntry`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub id: u64,
    /// When it was done.
    pub unix_s: u64,
    pub took: Micros,
    /// Cut, with notes of what is missing.
    pub args: Vec<Vec<u8>>,
    pub peer: String,
    pub name: Vec<u8>,
}

/// Newest first.
#[derive(Debug, Default)]
pub struct Slowlog {
    entries: VecDeque<Entry>,
    next_id: u64,
}

impl Slowlog {
    /// Newest first.
    pub fn entries(&self) -> impl ExactSizeIterator<Item = &Entry> {
        self.entries.iter()
    }

    /// Ids go on where they were.
    pub fn reset(&mut self) {
        self.entries.clear();
    }
}

/// What takes less is no matter of SLOWLOG or LATENCY, unless
/// [`Server::times_every_command`].
pub(super) const MAY_BE_SLOW: Micros = Micros::from_millis(1);

impl Server {
    /// Whether even commands that should be fast must be timed one by one:
    /// SLOWLOG wants to know of less than a millisecond, or LATENCY is on.
    #[inline]
    #[must_use]
    pub fn times_every_command(&self) -> bool {
        (0..MAY_BE_SLOW.0.cast_signed()).contains(&self.config.slowlog_log_slower_than)
            || self.config.latency_monitor_threshold > 0
    }

    /// `slowlogPushCurrentCommand`, *faithful*.
    pub fn note_if_slow(&mut self, slot: Slot, command: &Command, args: Args<'_>, took: Micros) {
        let Ok(threshold_us) = u64::try_from(self.config.slowlog_log_slower_than) else { return };
        let keep = usize::try_from(self.config.slowlog_max_len).unwrap_or(usize::MAX);
        if took.0 < threshold_us || keep == 0 || command.flags.has(Flags::SKIP_SLOWLOG) {
            return;
        }
        let client = &self.clients[slot];
        let (peer, name) = (address_text(client.peer), client.name().to_vec());
        let entry = Entry {
            id: self.slowlog.next_id,
            unix_s: self.unix_us() / 1_000_000,
            took,
            args: noted(command, args),
            peer,
            name,
        };
        self.slowlog.next_id += 1;
        self.slowlog.entries.push_front(entry);
        self.slowlog.entries.truncate(keep);
    }
}

/// The arguments as they are kept.
fn noted(command: &Command, args: Args<'_>) -> Vec<Vec<u8>> {
    let kept = args.len().min(ARGUMENTS_MAX);
    (0..kept)
        .map(|i| {
            if i + 1 == kept && args.len() > kept {
                let more = args.len() - kept + 1;
                return format!("... ({more} more arguments)").into_bytes();
            }
            let arg = shown_argument(command, args, i);
            if arg.len() <= ARGUMENT_BYTES_MAX {
                return arg.to_vec();
            }
            let more = arg.len() - ARGUMENT_BYTES_MAX;
            let note = format!("... ({more} more bytes)");
            [&arg[..ARGUMENT_BYTES_MAX], note.as_bytes()].concat()
        })
        .collect()
}

/// An argument as others may see it: passwords are nobody's business
/// (`redactClientCommandArgument`).
pub(super) fn shown_argument<'a>(command: &Command, args: Args<'a>, i: usize) -> &'a [u8] {
    let is = |at: usize, word: &[u8]| at < args.len() && args.get(at).eq_ignore_ascii_case(word);
    let secret = match command.name {
        "auth" => i > 0,
        "hello" => (1..=2).any(|back| i > back + 1 && is(i - back, b"auth")),
        "config|set" => i > 2 && i % 2 == 1 && is(i - 1, b"requirepass"),
        _ => false,
    };
    if secret { b"(redacted)" } else { args.get(i) }
}
