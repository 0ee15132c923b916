//! Writes what happens to a file, as the trace that every reader of traces
//! understands.
//!
//! Unlike a watcher's stream a recording is complete: the loop waits for the
//! file. With a limit it is kept to the last two files of half that size, each
//! of which begins anew with how things stand.

use super::redact::Redactor;
use super::taping::Inputs;
use crate::event::Stamped;
use crate::trace::Record;
use crate::trace::codec::{Header, Writer};
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

/// A trace file being written.
#[derive(Debug)]
pub struct Recorder {
    writer: Writer<BufWriter<Counted>>,
    redactor: Redactor,
    header: Header,
    path: PathBuf,
    limit_bytes: Option<u64>,
    masked: Vec<Stamped>,
    next: u64,
    inputs: Inputs,
    /// What came in before the file began is not in it: then nothing is.
    is_from_the_start: bool,
}

impl Recorder {
    /// Creates the file, readable by its owner only, and writes the header.
    ///
    /// # Errors
    /// What the file system says.
    pub fn create(
        path: &Path,
        header: &Header,
        redactor: Redactor,
        limit_bytes: Option<u64>,
    ) -> io::Result<Recorder> {
        Ok(Recorder {
            writer: begin(path, header)?,
            redactor,
            header: header.clone(),
            path: path.to_owned(),
            limit_bytes,
            masked: Vec::new(),
            next: 0,
            inputs: Inputs::default(),
            is_from_the_start: true,
        })
    }

    /// Writes the facts of a half-cycle, and what came in before its end.
    ///
    /// # Errors
    /// What the file system says.
    pub fn write(&mut self, facts: &[Stamped], inputs: &str) -> io::Result<()> {
        if self.is_from_the_start {
            self.inputs.push(inputs);
        }
        self.masked.extend_from_slice(facts);
        self.redactor.redact(&mut self.masked);
        for Stamped { at, event } in self.masked.drain(..) {
            let record = Record { seq: self.next, at, event };
            self.writer.record_with(&record, &self.inputs.next_piece())?;
            self.next += 1;
        }
        Ok(())
    }

    /// Whether the file has reached half of the limit, so that the next facts
    /// must go to another: those of how things stand first.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.limit_bytes.is_some_and(|limit| self.writer.get_ref().get_ref().written >= limit / 2)
    }

    /// Begins the next file: this one becomes `FILE.1`, which goes.
    ///
    /// # Errors
    /// What the file system says.
    pub fn rotate(&mut self) -> io::Result<()> {
        self.writer.flush()?;
        fs::rename(&self.path, older(&self.path))?;
        self.writer = begin(&self.path, &self.header)?;
        self.is_from_the_start = false;
        self.inputs = Inputs::default();
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

/// Where the file before this one is.
fn older(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".1");
    name.into()
}

fn begin(path: &Path, header: &Header) -> io::Result<Writer<BufWriter<Counted>>> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    // A trace tells of what clients do: nobody else's business.
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = Counted { file: options.open(path)?, written: 0 };
    Writer::new(BufWriter::with_capacity(64 * 1024, file), header)
}

/// A file that knows how much was written to it.
#[derive(Debug)]
struct Counted {
    file: File,
    written: u64,
}

impl Write for Counted {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.file.write(bytes)?;
        self.written += count as u64;
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}
