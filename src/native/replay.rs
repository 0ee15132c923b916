//! `onechef replay`: what can be done with a recording.

use super::live::{self, LiveError, LiveOptions};
use super::summary::Form;
use crate::sim::Scenario;
use crate::sim::rerun::{self, NoRerun, Verdict};
use crate::trace::Record;
use crate::trace::codec::{self, Ending, Header, ReadError, Trace};
use std::fmt;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

/// What was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replay {
    /// `-` is the standard input.
    pub file: PathBuf,
    pub how: How,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum How {
    /// Its cycles and its crowds, summed up.
    Summary(Form),
    /// Runs it again and compares.
    Check,
    /// The scenario that runs it again.
    Scenario,
    /// Serves the page on it, until told to stop.
    Serve(LiveOptions),
}

/// Why it could not be done.
#[derive(Debug)]
pub enum ReplayError {
    File(PathBuf, io::Error),
    NoTrace(PathBuf, ReadError),
    /// It ends in its first line.
    NoHeader(PathBuf),
    NoRerun(PathBuf, NoRerun),
    /// Run again it is another run; how is said already.
    Differs,
    Live(LiveError),
    Output(io::Error),
}

impl fmt::Display for ReplayError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ReplayError::File(path, error) => write!(f, "{}: {error}", path.display()),
            ReplayError::NoTrace(path, error) => write!(f, "{}:{error}", path.display()),
            ReplayError::NoHeader(path) => {
                write!(f, "{}: expected a trace, found nothing, or half a line", path.display())
            }
            ReplayError::NoRerun(path, why) => write!(f, "{}: {why}", path.display()),
            ReplayError::Differs => f.write_str("the recording and its rerun differ"),
            ReplayError::Live(error) => error.fmt(f),
            ReplayError::Output(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for ReplayError {}

impl ReplayError {
    /// Exit status: 2 for what cannot be understood.
    #[must_use]
    pub fn status(&self) -> u8 {
        match self {
            ReplayError::File(..) | ReplayError::NoTrace(..) | ReplayError::NoHeader(_) => 2,
            _ => 1,
        }
    }
}

/// A recording, read.
struct Recording {
    bytes: Vec<u8>,
    header: Header,
    trace: Trace,
}

impl Replay {
    /// Does it; what is to be said goes to `out`, remarks to the error output.
    /// `sum_up` writes the summary, if it is asked for.
    ///
    /// # Errors
    /// See [`ReplayError`].
    pub fn carry_out(
        self,
        sum_up: fn(Vec<Record>, Form) -> String,
        out: &mut impl Write,
    ) -> Result<(), ReplayError> {
        let Replay { file, how } = self;
        let recording = read(&file)?;
        match how {
            How::Summary(form) => print(out, &sum_up(recording.trace.records, form)),
            How::Scenario => print(out, &recording.scenario(&file)?.to_text()),
            How::Check => recording.check(&file, out),
            How::Serve(options) => {
                let name = file.file_name().unwrap_or(file.as_os_str()).to_string_lossy();
                let replaying = live::replay(&options, &name, recording.bytes);
                let replaying = replaying.map_err(ReplayError::Live)?;
                print(out, &format!("onechef: watch at {}\n", replaying.address))?;
                replaying.run();
                Ok(())
            }
        }
    }
}

impl Recording {
    fn scenario(&self, file: &Path) -> Result<Scenario, ReplayError> {
        let title = format!("{}, run again", file.display());
        rerun::scenario(&title, &self.header, &self.trace.inputs)
            .map_err(|why| ReplayError::NoRerun(file.to_owned(), why))
    }

    fn check(&self, file: &Path, out: &mut impl Write) -> Result<(), ReplayError> {
        let scenario = self.scenario(file)?;
        let verdict = rerun::compare(&scenario, &self.trace.records, &self.trace.inputs);
        print(out, &format!("{verdict}\n"))?;
        match verdict {
            Verdict::Same { .. } => Ok(()),
            Verdict::Differs { .. } => Err(ReplayError::Differs),
        }
    }
}

fn read(file: &Path) -> Result<Recording, ReplayError> {
    let failed = |error| ReplayError::File(file.to_owned(), error);
    let bytes = if file == Path::new("-") {
        let mut bytes = Vec::new();
        io::stdin().lock().read_to_end(&mut bytes).map_err(failed)?;
        bytes
    } else {
        std::fs::read(file).map_err(failed)?
    };
    let trace =
        codec::read(&bytes).map_err(|error| ReplayError::NoTrace(file.to_owned(), error))?;
    let header = trace.header.clone().ok_or_else(|| ReplayError::NoHeader(file.to_owned()))?;
    if let Ending::CutMidLine { line } = trace.ending {
        eprintln!("onechef: {} is cut in line {line}: up to there", file.display());
    }
    if trace.skipped > 0 {
        let (path, skipped) = (file.display(), trace.skipped);
        eprintln!("onechef: {path}: {skipped} events of a kind unknown here were skipped");
    }
    Ok(Recording { bytes, header, trace })
}

fn print(out: &mut impl Write, text: &str) -> Result<(), ReplayError> {
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        // `onechef replay … | head` is not a failure.
        Err(e) if e.kind() != io::ErrorKind::BrokenPipe => Err(ReplayError::Output(e)),
        _ => Ok(()),
    }
}
