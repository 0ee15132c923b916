//! Redis's directives that apply, by their own names.
//!
//! [`Config`] is what the engine reads: typed, always valid. The [`directive`]
//! table is how text gets in and out (a configuration file, a flag, `CONFIG
//! SET`, `CONFIG GET`), and the only place that knows the rules for it.

pub mod directive;

pub use directive::{Directive, find, matching};

use std::fmt;

const KB: u64 = 1024;
const MB: u64 = 1024 * KB;
const GB: u64 = 1024 * MB;

/// One class of `client-output-buffer-limit`, in bytes and seconds; zero is
/// no limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OutputLimit {
    /// At this many bytes the client is closed at once.
    pub hard: u64,
    /// At this many bytes the clock starts.
    pub soft: u64,
    /// For more than this many seconds above `soft`, and it is closed.
    pub soft_seconds: u64,
}

/// `client-output-buffer-limit`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutputLimits {
    pub normal: OutputLimit,
    pub replica: OutputLimit,
    pub pubsub: OutputLimit,
}

/// `maxmemory-clients`: so many bytes, or a share of `maxmemory`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientMemory {
    /// Zero is no limit.
    Bytes(u64),
    Percent(u8),
}

/// `enable-debug-command`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EnableDebug {
    No,
    Yes,
    /// From a loopback address only.
    Local,
}

/// `maxmemory-policy`; there is no eviction, so only one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MaxmemoryPolicy {
    /// Commands that may use more memory are refused.
    NoEviction,
}

/// `server.*` settings. Each field is the directive of the same name; bytes
/// and seconds unless its documentation says otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    pub bind: Vec<String>,
    /// 0 = do not listen (Redis) or any free port (the native driver).
    pub port: u16,
    pub tcp_backlog: u32,
    /// Seconds; 0 = off.
    pub tcp_keepalive: u32,
    pub protected_mode: bool,
    /// Empty = no password.
    pub requirepass: Vec<u8>,
    pub maxclients: u32,
    pub max_new_connections_per_cycle: u32,
    /// Seconds; 0 = never.
    pub timeout: u32,
    pub client_query_buffer_limit: u64,
    pub client_output_buffer_limit: OutputLimits,
    pub proto_max_bulk_len: u64,
    pub maxmemory: u64,
    pub maxmemory_policy: MaxmemoryPolicy,
    pub maxmemory_clients: ClientMemory,
    pub io_threads: u32,
    /// 1 to 500, whatever was asked for.
    pub hz: u32,
    pub dynamic_hz: bool,
    pub databases: u32,
    /// 1 to 10.
    pub active_expire_effort: u32,
    pub enable_debug_command: EnableDebug,
    /// Microseconds; negative = never, 0 = everything.
    pub slowlog_log_slower_than: i64,
    pub slowlog_max_len: u64,
    /// Milliseconds; 0 = off.
    pub latency_monitor_threshold: u64,
    pub latency_tracking: bool,
    /// Milliseconds. Kept and answered; there are no scripts to interrupt.
    pub busy_reply_threshold: u64,
}

impl Default for Config {
    /// Redis's defaults, except two: `bind` is the loopback (so that nobody
    /// offers a server to the world by trying it), and DEBUG is allowed from
    /// there (so that the slow dish can be cooked).
    fn default() -> Config {
        Config {
            bind: vec!["127.0.0.1".into(), "-::1".into()],
            port: 6379,
            tcp_backlog: 511,
            tcp_keepalive: 300,
            protected_mode: true,
            requirepass: Vec::new(),
            maxclients: 10_000,
            max_new_connections_per_cycle: 10,
            timeout: 0,
            client_query_buffer_limit: GB,
            client_output_buffer_limit: OutputLimits {
                normal: OutputLimit::default(),
                replica: OutputLimit { hard: 256 * MB, soft: 64 * MB, soft_seconds: 60 },
                pubsub: OutputLimit { hard: 32 * MB, soft: 8 * MB, soft_seconds: 60 },
            },
            proto_max_bulk_len: 512 * MB,
            maxmemory: 0,
            maxmemory_policy: MaxmemoryPolicy::NoEviction,
            maxmemory_clients: ClientMemory::Bytes(0),
            io_threads: 1,
            hz: 10,
            dynamic_hz: true,
            databases: 16,
            active_expire_effort: 1,
            enable_debug_command: EnableDebug::Local,
            slowlog_log_slower_than: 10_000,
            slowlog_max_len: 128,
            latency_monitor_threshold: 0,
            latency_tracking: true,
            busy_reply_threshold: 5_000,
        }
    }
}

/// Why a directive was not set; `Display` is Redis's wording where it has one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SetError {
    /// There is no such directive; who asked says so in its own words.
    Unknown,
    /// It can only be given at start.
    Immutable,
    /// The value was refused, for this reason.
    Value(String),
}

impl fmt::Display for SetError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SetError::Unknown => f.write_str("unknown directive"),
            SetError::Immutable => f.write_str("can't set immutable config"),
            SetError::Value(why) => f.write_str(why),
        }
    }
}

impl Config {
    /// Sets a directive at start: a configuration file, a flag. The value's
    /// words are separated by spaces.
    ///
    /// # Errors
    /// See [`SetError`]; the configuration is unchanged.
    pub fn set(&mut self, name: impl AsRef<[u8]>, value: impl AsRef<[u8]>) -> Result<(), SetError> {
        let directive = find(name.as_ref()).ok_or(SetError::Unknown)?;
        directive.set(self, value.as_ref())
    }

    /// `CONFIG SET` of one directive: as [`Config::set`], but those that only
    /// count at start are refused.
    ///
    /// # Errors
    /// See [`SetError`]; the configuration is unchanged.
    pub fn set_at_runtime(&mut self, name: &[u8], value: &[u8]) -> Result<(), SetError> {
        let directive = find(name).ok_or(SetError::Unknown)?;
        if directive.is_immutable() {
            return Err(SetError::Immutable);
        }
        directive.set(self, value)
    }

    /// Names and values of the directives that are not at their defaults.
    #[must_use]
    pub fn changed_from_default(&self) -> Vec<(&'static str, String)> {
        let default = Config::default().get("*");
        self.get("*").into_iter().zip(default).filter(|(a, b)| a != b).map(|(a, _)| a).collect()
    }

    /// Names and values of the directives that match a glob pattern, in the
    /// table's order, an alias under its own name.
    #[must_use]
    pub fn get(&self, pattern: impl AsRef<[u8]>) -> Vec<(&'static str, String)> {
        directive::matching(pattern.as_ref()).map(|(name, d)| (name, d.get(self))).collect()
    }
}

#[cfg(test)]
mod tests;
