//! What the process says about itself, one event a line, as `name=value`
//! pairs (logfmt), on stderr.
//!
//! ```text
//! ts=1767225600.123456 level=info event=watcher_attached peer=127.0.0.1:50001 watchers=1
//! ```
//!
//! Only names and numbers of our own: nothing that a client or a request says
//! is ever logged.

use std::fmt::{self, Write as _};
use std::io::Write as _;
use std::time::{SystemTime, UNIX_EPOCH};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    Info,
    Warn,
}

impl Level {
    fn word(self) -> &'static str {
        match self {
            Level::Info => "info",
            Level::Warn => "warn",
        }
    }
}

/// Writes a line. Values with a space or a quote are quoted.
pub fn event(level: Level, event: &str, fields: &[(&str, &dyn fmt::Display)]) {
    let line = line(now_us(), level, event, fields);
    // Nobody may be listening.
    let _ = std::io::stderr().write_all(line.as_bytes());
}

#[expect(clippy::disallowed_methods, reason = "a log is read beside other logs")]
fn now_us() -> u128 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_micros())
}

fn line(us: u128, level: Level, event: &str, fields: &[(&str, &dyn fmt::Display)]) -> String {
    let mut line =
        format!("ts={}.{:06} level={} event={event}", us / 1_000_000, us % 1_000_000, level.word());
    for (name, value) in fields {
        let value = value.to_string();
        let plain = !value.is_empty()
            && value.bytes().all(|b| b.is_ascii_graphic() && b != b'"' && b != b'=');
        // Writing to a string cannot fail.
        let _ =
            if plain { write!(line, " {name}={value}") } else { write!(line, " {name}={value:?}") };
    }
    line.push('\n');
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_one_line_whatever_is_said() {
        let text = line(1_500_000, Level::Warn, "odd", &[("n", &7), ("why", &"two\nlines \"x\"")]);
        assert_eq!(text, "ts=1.500000 level=warn event=odd n=7 why=\"two\\nlines \\\"x\\\"\"\n");
    }
}
