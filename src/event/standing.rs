//! How things stand, for whoever was not there when they came to stand so.

use super::ClientId;
use crate::time::Micros;

/// What a watcher who comes late, or has missed something, must be told
/// because no fact will say it any more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Nothing said before counts any longer. The facts up to the next
    /// `poll_enter` state anew what holds; they did not happen now.
    Begun,
    /// The loop is watched through its system calls: of what the server keeps to
    /// itself nothing is stated, so that nothing follows from silence.
    FromOutside,
    /// A counter, by INFO's name.
    Counter { name: String, value: u64 },
    /// How many keys a database has. Which ones is stated of a few only: to
    /// whoever comes late, and where one command made very many.
    Keys { db: u32, keys: u64 },
    /// Since when a client is there and was last heard of, and what it had
    /// asked for then, as CLIENT LIST's `cmd` says (empty: nothing known).
    Client { client: ClientId, created: Micros, active: Micros, last_command: String },
}
