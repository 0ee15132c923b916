//! Writes what happens to a file, as the trace that every reader of traces
//! understands.

use crate::engine::Engine;
use crate::event::Stamped;
use crate::trace::Record;
use crate::trace::codec::{Header, Writer};
use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter};
use std::path::Path;

/// A trace file being written.
pub struct Recorder {
    writer: Writer<BufWriter<File>>,
    facts: Vec<Stamped>,
    next: u64,
}

impl Recorder {
    /// Creates the file, readable by its owner only, and writes the header.
    ///
    /// # Errors
    /// What the file system says.
    pub fn create(path: &Path, header: &Header) -> io::Result<Recorder> {
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true);
        // A trace holds what clients sent: nobody else's business.
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = BufWriter::new(options.open(path)?);
        Ok(Recorder { writer: Writer::new(file, header)?, facts: Vec::new(), next: 0 })
    }

    /// Writes the facts of the last half-cycle.
    ///
    /// # Errors
    /// What the file system says.
    pub fn drain(&mut self, engine: &mut Engine) -> io::Result<()> {
        engine.take_events(&mut self.facts);
        for Stamped { at, event } in self.facts.drain(..) {
            self.writer.record(&Record { seq: self.next, at, event })?;
            self.next += 1;
        }
        Ok(())
    }

    /// Everything written so far reaches the file.
    ///
    /// # Errors
    /// What the file system says.
    pub fn finish(mut self) -> io::Result<()> {
        self.writer.flush()
    }
}
