//! The chore: a file in, a file out.

use super::Importer;
use crate::event::Stamped;
use crate::native::redact::{Disclosure, Redactor};
use crate::trace::Record;
use crate::trace::codec::{Ending, ReadError, Writer};
use std::fmt;
use std::fs::File;
use std::io::{self, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

/// `onechef import strace FILE [-o TRACE]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Import {
    /// `-` is the standard input.
    pub from: PathBuf,
    /// The standard output, unless told otherwise.
    pub to: Option<PathBuf>,
    pub disclosure: Disclosure,
}

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Done {
    pub records: u64,
    pub ending: Ending,
}

impl fmt::Display for Done {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} records", self.records)?;
        match self.ending {
            Ending::Complete => Ok(()),
            Ending::CutMidLine { line } => {
                write!(f, "; the file is cut in the middle of line {line}, and plays up to there")
            }
        }
    }
}

/// Why there is no whole trace.
#[derive(Debug)]
pub enum ImportError {
    Read(PathBuf, io::Error),
    Write(PathBuf, io::Error),
    /// What came before it was written.
    Malformed(PathBuf, ReadError),
}

impl ImportError {
    /// What the program ends with.
    #[must_use]
    pub fn status(&self) -> u8 {
        match self {
            ImportError::Write(..) => 1,
            ImportError::Read(..) | ImportError::Malformed(..) => 2,
        }
    }
}

impl fmt::Display for ImportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ImportError::Read(path, error) | ImportError::Write(path, error) => {
                write!(f, "{}: {error}", path.display())
            }
            ImportError::Malformed(path, error) => write!(f, "{}:{error}", path.display()),
        }
    }
}

impl std::error::Error for ImportError {}

/// A cycle of more facts is not waited for.
const CYCLE_LIMIT_FACTS: usize = 100_000;
/// So much is read at a time.
const CHUNK_BYTES: usize = 64 * 1024;

impl Import {
    /// Reads the one and writes the other as it goes.
    ///
    /// # Errors
    /// See [`ImportError`]. A reader of the standard output that has seen
    /// enough is none.
    pub fn carry_out(&self) -> Result<Done, ImportError> {
        let unreadable = |error| ImportError::Read(self.from.clone(), error);
        let source: Box<dyn Read> = match self.from.to_str() {
            Some("-") => Box::new(io::stdin().lock()),
            _ => Box::new(File::open(&self.from).map_err(unreadable)?),
        };
        let name = || self.to.clone().unwrap_or_else(|| PathBuf::from("standard output"));
        let unwritable = |error| ImportError::Write(name(), error);
        let sink: Box<dyn Write> = match &self.to {
            Some(path) => Box::new(create(path).map_err(unwritable)?),
            None => Box::new(io::stdout().lock()),
        };
        let mut target = Target::new(BufWriter::new(sink), self.disclosure);
        let ending = self.pour(source, &mut target)?;
        match target.finish() {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(unwritable(error)),
            _ => Ok(Done { records: target.next, ending }),
        }
    }

    fn pour<W: Write>(
        &self,
        mut source: impl Read,
        target: &mut Target<W>,
    ) -> Result<Ending, ImportError> {
        let mut importer = Importer::new();
        let (mut chunk, mut facts) = (vec![0; CHUNK_BYTES], Vec::new());
        let malformed = |error| ImportError::Malformed(self.from.clone(), error);
        loop {
            let count = match source.read(&mut chunk) {
                Ok(count) => count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(ImportError::Read(self.from.clone(), error)),
            };
            let read = match count {
                0 => importer.finish(&mut facts).map(Some),
                _ => importer.feed(&chunk[..count], &mut facts).map(|()| None),
            };
            // What was understood is worth having, whatever comes behind it.
            let last = count == 0 || read.is_err();
            target.put(&importer, &mut facts, last);
            if let Some(ending) = read.map_err(malformed)? {
                return Ok(ending);
            }
        }
    }
}

/// A trace tells of what clients do: nobody else's business.
fn create(path: &Path) -> io::Result<File> {
    let mut options = File::options();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Where facts go, masked.
struct Target<W: Write> {
    sink: Option<W>,
    writer: Option<Writer<W>>,
    redactor: Redactor,
    next: u64,
    failed: Option<io::Error>,
}

impl<W: Write> Target<W> {
    fn new(sink: W, disclosure: Disclosure) -> Target<W> {
        let redactor = Redactor::of_system_calls(disclosure);
        Target { sink: Some(sink), writer: None, redactor, next: 0, failed: None }
    }

    /// Takes `facts` up to the last sleep, or all that are left.
    fn put(&mut self, importer: &Importer, facts: &mut Vec<Stamped>, last: bool) {
        let whole = if last { facts.len() } else { whole_cycles(facts) };
        self.redactor.redact(&mut facts[..whole]);
        for Stamped { at, event } in facts.drain(..whole) {
            let record = Record { seq: self.next, at, event };
            self.next += 1;
            self.attempt(importer, |writer| writer.record(&record));
        }
        if last {
            self.attempt(importer, Writer::flush);
        }
    }

    /// The header goes before the first record, when it is known.
    fn attempt(&mut self, importer: &Importer, act: impl FnOnce(&mut Writer<W>) -> io::Result<()>) {
        if let Some(sink) = self.sink.take() {
            match Writer::new(sink, &importer.header()) {
                Ok(writer) => self.writer = Some(writer),
                Err(error) => self.failed = Some(error),
            }
        }
        if let Some(writer) = &mut self.writer
            && self.failed.is_none()
        {
            self.failed = act(writer).err();
        }
    }

    fn finish(&mut self) -> io::Result<()> {
        self.failed.take().map_or(Ok(()), Err)
    }
}

/// How many of `facts` are of cycles that are over: what was read is judged by
/// what it turned out to be.
fn whole_cycles(facts: &[Stamped]) -> usize {
    use crate::event::{Event, Phase};
    let sleeps = |fact: &Stamped| matches!(fact.event, Event::PhaseEnter { phase: Phase::Poll });
    let whole = facts.iter().rposition(sleeps).unwrap_or(0);
    if facts.len() - whole > CYCLE_LIMIT_FACTS { facts.len() } else { whole }
}
