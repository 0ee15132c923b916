//! A recording as a stream: all of it, then its end.

use std::io::{self, Write};

/// So much goes into an event, or one line if it is longer.
const EVENT_BYTES: usize = 64 * 1024;

/// A trace that was read and found to be one.
#[derive(Debug)]
pub struct Recording {
    name: String,
    bytes: Vec<u8>,
}

impl Recording {
    /// The name is the end's data, so it is kept to one line.
    #[must_use]
    pub fn new(name: &str, bytes: Vec<u8>) -> Recording {
        Recording { name: name.replace(char::is_control, " "), bytes }
    }

    /// Tells all of it.
    ///
    /// # Errors
    /// Those of writing.
    pub fn tell(&self, out: &mut impl Write) -> io::Result<()> {
        let mut event = Vec::with_capacity(2 * EVENT_BYTES);
        for line in self.bytes.split(|b| *b == b'\n') {
            // A line feed within what is sent would be a line of its own.
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            if line.is_empty() || line.contains(&b'\r') {
                continue;
            }
            event.extend_from_slice(b"data: ");
            event.extend_from_slice(line);
            event.push(b'\n');
            if event.len() >= EVENT_BYTES {
                event.push(b'\n');
                out.write_all(&event)?;
                event.clear();
            }
        }
        event.extend_from_slice(b"\n");
        out.write_all(&event)?;
        write!(out, "event: end\ndata: {}\n\n", self.name)
    }
}
