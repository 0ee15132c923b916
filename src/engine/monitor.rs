//! Whoever asked to hear every command (`replicationFeedMonitors`).

use super::client::Slot;
use super::server::Server;
use super::slowlog::shown_argument;
use crate::commands::{Command, Flags};
use crate::net::address_text;
use crate::resp::Args;
use std::io::Write;

impl Server {
    /// Tells the monitors of a command that has run. Administrative ones are
    /// not told of; one that waited is told of once.
    ///
    /// Redis: `replicationFeedMonitors`, *faithful*.
    pub(super) fn feed_monitors(&mut self, slot: Slot, command: &Command, args: Args<'_>) {
        if command.flags.has(Flags::ADMIN.with(Flags::SKIP_MONITOR)) {
            return;
        }
        let client = &self.clients[slot];
        let now_us = self.unix_us();
        let mut line = Vec::new();
        // Writing to memory cannot fail.
        let _ = write!(
            line,
            "+{}.{:06} [{} {}]",
            now_us / 1_000_000,
            now_us % 1_000_000,
            client.db,
            address_text(client.peer)
        );
        for i in 0..args.len() {
            line.push(b' ');
            append_quoted(&mut line, shown_argument(command, args, i));
        }
        line.extend_from_slice(b"\r\n");
        for monitor in self.monitors.clone() {
            if self.clients[monitor].accepts_replies() {
                self.push(monitor, &line);
            }
        }
    }
}

/// `sdscatrepr`: nothing but printable characters.
fn append_quoted(line: &mut Vec<u8>, bytes: &[u8]) {
    line.push(b'"');
    for byte in bytes {
        match byte {
            b'\\' | b'"' => line.extend_from_slice(&[b'\\', *byte]),
            b'\n' => line.extend_from_slice(b"\\n"),
            b'\r' => line.extend_from_slice(b"\\r"),
            b'\t' => line.extend_from_slice(b"\\t"),
            0x07 => line.extend_from_slice(b"\\a"),
            0x08 => line.extend_from_slice(b"\\b"),
            0x20..=0x7e => line.push(*byte),
            _ => {
                let _ = write!(line, "\\x{byte:02x}");
            }
        }
    }
    line.push(b'"');
}

#[cfg(test)]
mod tests {
    use super::append_quoted;

    #[test]
    fn nothing_in_an_argument_ends_the_line_or_its_quotes() {
        let mut line = Vec::new();
        append_quoted(&mut line, b"a\"b\\c\r\n\t\x07\x08\x00\xff");
        assert_eq!(line, br#""a\"b\\c\r\n\t\a\b\x00\xff""#);
    }
}
