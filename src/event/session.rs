//! What a client does besides asking and being answered: transactions,
//! subscriptions, waiting.

use super::Preview;
use crate::time::Micros;

/// What became of a client's transaction (`multi.c`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TransactionStep {
    /// `WATCH`, `UNWATCH`, and whatever ends a transaction: so many keys are
    /// watched now.
    Watching { keys: u32 },
    /// `touchWatchedKey`: a watched key changed, so EXEC will do nothing. No
    /// key is watched any more.
    KeyTouched { db: u32, key: Preview },
    /// `MULTI`.
    Begun,
    /// `queueMultiCommand`: so many commands are queued now; the same number
    /// as before if the transaction is lost already.
    Queued { name: String, commands: u32 },
    /// `flagTransaction`: a request was refused while queueing.
    Flawed,
    /// `EXEC` runs the queue; each command has its own `command_begin`.
    Executing { commands: u32 },
    /// `discardTransaction`: the queue is empty, nothing is watched.
    Ended { how: TransactionEnd },
}

/// How a transaction ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TransactionEnd {
    /// All its commands ran.
    Executed,
    /// `DISCARD`, `RESET`.
    Discarded,
    /// `EXEC` refused: `EXECABORT`.
    Aborted,
    /// `EXEC` answered null: a watched key had changed.
    KeyChanged,
}

/// What is subscribed to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SubscriptionKind {
    /// `SUBSCRIBE`.
    Channel,
    /// `PSUBSCRIBE`.
    Pattern,
    /// `SSUBSCRIBE`.
    Shard,
}

/// What a client waits for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BlockedOn {
    Keys { keys: Vec<Preview>, until: Option<Micros> },
    Pause,
}

/// Why a client waits no longer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum UnblockReason {
    /// A key it waited for is there: its command runs again.
    #[default]
    KeyReady,
    /// Its time was up, or `CLIENT UNBLOCK` said so: it was answered nothing.
    Timeout,
    /// `CLIENT UNBLOCK … ERROR`: it was answered an error.
    Error,
    /// The pause is over: its command runs now.
    Resumed,
}

/// Whose commands a pause holds up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PauseScope {
    /// Those that may change something.
    Write,
    All,
}
