//! Reading a trace: incremental, strict, and forgiving exactly where the
//! format's specification says so.

use super::json::{Fault, Line};
use super::wire::{Wire, field};
use super::{EVENT_NAMES, FORMAT_VERSION, Header, LINE_LIMIT_BYTES, Record};
use crate::event::Event;
use crate::time::Micros;
use crate::trace::Inputs;
use std::fmt;

/// How a trace ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// At the end of a line.
    Complete,
    /// In the middle of this line (from 1), which does not count.
    CutMidLine { line: u64 },
}

/// What is wrong, and where. [`Display`](fmt::Display) is `line:column:
/// problem`, to be put behind a file's name and a colon.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadError {
    /// From 1.
    pub line: u64,
    /// From 1, in bytes; the last byte that was understood, or the one after.
    pub column: usize,
    /// What was expected instead.
    pub problem: String,
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.line, self.column, self.problem)
    }
}

impl std::error::Error for ReadError {}

/// A whole trace, read.
#[derive(Clone, Debug, PartialEq)]
pub struct Trace {
    /// `None` if the trace was cut in its first line.
    pub header: Option<Header>,
    pub records: Vec<Record>,
    /// What came in meanwhile, as far as it was recorded.
    pub inputs: Inputs,
    pub ending: Ending,
    /// Records whose event this program does not know.
    pub skipped: u64,
}

/// Reads a whole trace.
///
/// # Errors
/// See [`Reader::feed`] and [`Reader::finish`].
pub fn read(bytes: &[u8]) -> Result<Trace, ReadError> {
    let mut reader = Reader::new();
    let mut records = Vec::new();
    reader.feed(bytes, &mut records)?;
    let ending = reader.finish(&mut records)?;
    let (skipped, inputs) = (reader.skipped(), reader.take_inputs());
    Ok(Trace { header: reader.header, records, inputs, ending, skipped })
}

/// Takes a trace in pieces of any size.
#[derive(Debug, Default)]
pub struct Reader {
    header: Option<Header>,
    /// The beginning of a line whose end has not come yet.
    rest: Vec<u8>,
    /// Lines that ended.
    lines: u64,
    next_n: u64,
    at: Micros,
    skipped: u64,
    inputs: Inputs,
    failed: Option<ReadError>,
}

impl Reader {
    #[must_use]
    pub fn new() -> Reader {
        Reader::default()
    }

    /// Known after the first line.
    #[must_use]
    pub fn header(&self) -> Option<&Header> {
        self.header.as_ref()
    }

    /// Records whose event this program does not know.
    #[must_use]
    pub fn skipped(&self) -> u64 {
        self.skipped
    }

    /// The inputs on the lines since the last time.
    pub fn take_inputs(&mut self) -> Inputs {
        std::mem::take(&mut self.inputs)
    }

    /// Appends the records of all lines that end within `bytes`.
    ///
    /// # Errors
    /// The first malformed line; what came before it is in `out`. The reader
    /// stays where it failed and says the same again.
    pub fn feed(&mut self, bytes: &[u8], out: &mut Vec<Record>) -> Result<(), ReadError> {
        if let Some(error) = &self.failed {
            return Err(error.clone());
        }
        let mut bytes = bytes;
        while let Some(end) = memchr::memchr(b'\n', bytes) {
            let (line, after) = bytes.split_at(end);
            bytes = &after[1..];
            let outcome = if self.rest.is_empty() {
                self.line(line, out)
            } else {
                self.rest.extend_from_slice(line);
                let whole = std::mem::take(&mut self.rest);
                self.line(&whole, out)
            };
            outcome.map_err(|fault| self.fail(fault))?;
            self.lines += 1;
        }
        self.rest.extend_from_slice(bytes);
        if self.rest.len() > LINE_LIMIT_BYTES {
            self.rest = Vec::new();
            return Err(self.fail(too_long()));
        }
        Ok(())
    }

    /// Nothing more will come: takes a last line that lacks only its end.
    ///
    /// # Errors
    /// As [`Reader::feed`]; also for a trace without even a beginning.
    pub fn finish(&mut self, out: &mut Vec<Record>) -> Result<Ending, ReadError> {
        if let Some(error) = &self.failed {
            return Err(error.clone());
        }
        let last = std::mem::take(&mut self.rest);
        match self.line(&last, out) {
            Ok(()) if self.header.is_none() => Err(self.fail(no_header())),
            Ok(()) => Ok(Ending::Complete),
            Err(fault) if fault.cut => Ok(Ending::CutMidLine { line: self.lines + 1 }),
            Err(fault) => Err(self.fail(fault)),
        }
    }

    fn fail(&mut self, fault: Fault) -> ReadError {
        let Fault { column, problem, .. } = fault;
        let error = ReadError { line: self.lines + 1, column: column.max(1), problem };
        self.failed = Some(error.clone());
        error
    }

    fn line(&mut self, line: &[u8], out: &mut Vec<Record>) -> Result<(), Fault> {
        if line.len() > LINE_LIMIT_BYTES {
            return Err(too_long());
        }
        let text = std::str::from_utf8(line).map_err(|error| Fault {
            column: error.valid_up_to() + 1,
            problem: "expected UTF-8".to_owned(),
            cut: error.error_len().is_none(),
        })?;
        if text.trim_ascii().is_empty() {
            return Ok(());
        }
        if self.header.is_none() {
            self.header = Some(header(text)?);
            return Ok(());
        }
        let (seq, at, event, inputs) = record(text)?;
        self.advance(seq, at)?;
        match event {
            Some(event) => {
                let record = Record { seq, at, event };
                self.inputs.note(&record);
                out.push(record);
            }
            None => self.skipped += 1,
        }
        if let Some(inputs) = inputs {
            self.inputs.push(seq, inputs);
        }
        Ok(())
    }

    /// Numbers grow, and time does not go back.
    fn advance(&mut self, n: u64, at: Micros) -> Result<(), Fault> {
        let wrong = |problem| Err(Fault::at(1, problem));
        if n < self.next_n {
            return wrong(format!("expected n to be at least {}, found {n}", self.next_n));
        }
        if at < self.at {
            return wrong(format!("expected us to be at least {}, found {}", self.at.0, at.0));
        }
        self.next_n = n.saturating_add(1);
        self.at = at;
        Ok(())
    }
}

fn too_long() -> Fault {
    let problem = format!("expected the line to end within {LINE_LIMIT_BYTES} bytes");
    Fault::at(LINE_LIMIT_BYTES, problem)
}

fn no_header() -> Fault {
    let problem =
        format!("expected a trace's header, such as {{\"onechef-trace\":{FORMAT_VERSION},…}}");
    Fault::at(1, problem)
}

fn header(text: &str) -> Result<Header, Fault> {
    // The version first: a later header may look different altogether.
    let read = Line::new(text).and_then(|line| {
        let version: u64 = field(line.whole(), "onechef-trace");
        line.settle(version)
    });
    let version = read.map_err(|fault| Fault { problem: no_header().problem, ..fault })?;
    if version == 0 || version > u64::from(FORMAT_VERSION) {
        let problem = format!(
            "expected a trace of version {FORMAT_VERSION} or earlier, found version {version}"
        );
        return Err(Fault::at(1, problem));
    }
    let line = Line::new(text)?;
    let header = Header::read(line.whole());
    line.settle(header)
}

/// A record's number, its time, its event if that is one of ours, and the
/// inputs that stand beside it.
fn record(text: &str) -> Result<(u64, Micros, Option<Event>, Option<String>), Fault> {
    let line = Line::new(text)?;
    let object = line.whole();
    let (seq, at) = (field(object, "n"), field(object, "us"));
    let event = match object.find("ev") {
        Some(event) => EVENT_NAMES.contains(&&*event.kind().0).then(|| Event::read(event)),
        None => {
            object.lacks("ev");
            None
        }
    };
    let inputs = object.find("in").map(|inputs| inputs.string().into_owned());
    line.settle((seq, at, event, inputs))
}
