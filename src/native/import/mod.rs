//! `onechef import strace`: a stock server's loop, seen from outside.
//!
//! A `redis-server` (or `valkey-server`) that knows nothing of us asks the
//! kernel for everything that it does with the world, and strace writes that
//! down. From its lines the cycles, the accepts, the reads, the requests in
//! them and the writes of the sweep can be told again, as a trace like any
//! other. What a server keeps to itself cannot: which command ran when and for
//! how long, what happened to a key, why a client was closed. Nothing is
//! stated of that. What the facts of such a trace mean is part of the format
//! ([`codec`](crate::trace::codec)).
//!
//! ```text
//!  bytes ─► line ─► call ─► story ─► facts
//!           who,    which,  into     (what waits for the end of its
//!           when    of what cycles    cycle: late; requests: guest)
//! ```
//!
//! What strace must have been told: `-f` for io-threads, `-ttt` (or `-tt`) and
//! `-T` for the times, `-yy` for the addresses, `-s 65536` for whole requests.
//! Whatever is missing is not known, and nothing fails for it; only a line
//! that strace does not write is an error. Memory is bounded by the longest
//! line and by the number of clients.

mod call;
mod cursor;
mod file;
mod guest;
mod late;
mod line;
pub mod process;
mod story;

pub use file::{Done, Import, ImportError};

use crate::event::Stamped;
use crate::sorted::SortedMap;
use crate::time::Micros;
use crate::trace::codec::{Ending, Header, LINE_LIMIT_BYTES, ReadError, Source, SystemCalls};
use cursor::Fault;
use line::{Prefix, Stamp, Told, Torn, TornCalls};
use story::Story;

/// Turns what strace writes into facts, in pieces of any size.
#[derive(Debug)]
pub struct Importer {
    story: Story,
    torn: TornCalls,
    clock: Clock,
    /// The beginning of a line whose end has not come yet.
    rest: Vec<u8>,
    /// Lines that ended.
    lines: u64,
    failed: Option<ReadError>,
}

impl Default for Importer {
    fn default() -> Importer {
        Importer::new()
    }
}

impl Importer {
    /// Of the first thread that polls.
    #[must_use]
    pub fn new() -> Importer {
        Importer::begin(None, None)
    }

    /// Of the loop of the process `pid`; time zero is then.
    #[must_use]
    pub fn of(pid: u32, unix_us: u64) -> Importer {
        Importer::begin(Some(pid), Some(unix_us))
    }

    fn begin(pid: Option<u32>, zero: Option<u64>) -> Importer {
        Importer {
            story: Story::new(pid),
            torn: TornCalls::default(),
            clock: Clock { zero, ..Clock::default() },
            rest: Vec::new(),
            lines: 0,
            failed: None,
        }
    }

    /// What is known of where it comes from: all of it after the first line.
    #[must_use]
    pub fn header(&self) -> Header {
        let source = SystemCalls {
            tracer: "strace".to_owned(),
            pid: self.story.thread().unwrap_or(0),
            started_unix_us: self.clock.zero.unwrap_or(0),
        };
        Header::new(Source::SystemCalls(source), SortedMap::new())
    }

    /// Appends the facts of all lines that end within `bytes`.
    ///
    /// # Errors
    /// The first line that strace does not write; what came before it is in
    /// `out`. The importer stays where it failed and says the same again.
    pub fn feed(&mut self, bytes: &[u8], out: &mut Vec<Stamped>) -> Result<(), ReadError> {
        if let Some(error) = &self.failed {
            return Err(error.clone());
        }
        let mut bytes = bytes;
        while let Some(end) = memchr::memchr(b'\n', bytes) {
            let (line, after) = bytes.split_at(end);
            bytes = &after[1..];
            let read = if self.rest.is_empty() {
                self.line(line)
            } else {
                self.rest.extend_from_slice(line);
                let whole = std::mem::take(&mut self.rest);
                self.line(&whole)
            };
            self.story.take(out);
            read.map_err(|fault| self.fail(fault))?;
            self.lines += 1;
        }
        self.rest.extend_from_slice(bytes);
        if self.rest.len() > LINE_LIMIT_BYTES {
            return Err(self.fail(too_long()));
        }
        Ok(())
    }

    /// A line that has begun and not ended may tell that the thread has gone to
    /// sleep: strace writes the rest when it wakes.
    pub fn glance(&mut self, out: &mut Vec<Stamped>) {
        if let Ok((prefix, Told::Call { text, .. }, _)) = line::read(&self.rest)
            && call::is_poll(text)
            && prefix.stamp != Stamp::None
            && !matches!(prefix.stamp, Stamp::Since(_))
        {
            let at = self.clock.read(prefix.stamp);
            self.story.poll_begins(prefix.thread, at);
            self.story.take(out);
        }
    }

    /// Nothing more will come: takes a last line that lacks only its end.
    ///
    /// # Errors
    /// As [`Importer::feed`].
    pub fn finish(&mut self, out: &mut Vec<Stamped>) -> Result<Ending, ReadError> {
        if let Some(error) = &self.failed {
            return Err(error.clone());
        }
        let last = std::mem::take(&mut self.rest);
        let read = self.line(&last);
        self.story.end();
        self.story.take(out);
        match read {
            Ok(()) => Ok(Ending::Complete),
            Err(_) => Ok(Ending::CutMidLine { line: self.lines + 1 }),
        }
    }

    /// How things stand when the thread went to sleep, at `at`, for somebody
    /// who comes late.
    #[must_use]
    pub fn standing(&self, at: Micros) -> Vec<Stamped> {
        self.story.standing(at)
    }

    fn fail(&mut self, Fault { at, problem }: Fault) -> ReadError {
        self.rest = Vec::new();
        let error = ReadError { line: self.lines + 1, column: at + 1, problem };
        self.failed = Some(error.clone());
        error
    }

    fn line(&mut self, line: &[u8]) -> Result<(), Fault> {
        if line.len() > LINE_LIMIT_BYTES {
            return Err(too_long());
        }
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let (prefix, told, begins) = line::read(line)?;
        if told == Told::Nothing {
            return Ok(());
        }
        let at = self.clock.read(prefix.stamp);
        match told {
            Told::Nothing => {}
            Told::Ended => self.torn.forget(prefix.thread),
            Told::Call { text, torn: true } => {
                if call::is_poll(text) {
                    self.story.poll_begins(prefix.thread, at);
                }
                self.torn.begin(Torn { text: text.to_vec(), prefix, since: at });
            }
            Told::Call { text, torn: false } => {
                self.call(text, prefix, at, at).map_err(|fault| shifted(fault, begins))?;
            }
            Told::Resumed { text } => {
                let Some(torn) = self.torn.end(prefix.thread, text) else { return Ok(()) };
                let before = torn.text.len() - text.len();
                self.call(&torn.text, torn.prefix, torn.since, at).map_err(|fault| Fault {
                    // What its beginning lacks shows where it goes on.
                    at: begins + fault.at.saturating_sub(before),
                    problem: fault.problem,
                })?;
            }
        }
        Ok(())
    }

    /// A whole call that began at `since`; its last line was written at `told`.
    fn call(&mut self, text: &[u8], by: Prefix, since: Micros, told: Micros) -> Result<(), Fault> {
        let (text, took) = line::took(text);
        let call = call::read(text)?;
        let until = took.map_or(told, |took| since.saturating_add(Micros(took)));
        self.story.call(by.thread, since, until, call);
        Ok(())
    }
}

fn too_long() -> Fault {
    let problem = format!("expected the line to end within {LINE_LIMIT_BYTES} bytes");
    Fault { at: LINE_LIMIT_BYTES, problem }
}

fn shifted(fault: Fault, by: usize) -> Fault {
    Fault { at: fault.at + by, ..fault }
}

/// strace's clock as ours: from zero, and never back.
#[derive(Debug, Default)]
struct Clock {
    /// Time zero, in microseconds since 1970, if the lines say so.
    zero: Option<u64>,
    /// Time zero, in microseconds since its midnight.
    zero_of_day: Option<u64>,
    now: Micros,
}

const DAY: u64 = 24 * 60 * 60 * 1_000_000;

impl Clock {
    fn read(&mut self, stamp: Stamp) -> Micros {
        let now = match stamp {
            Stamp::Unix(at) => at.saturating_sub(*self.zero.get_or_insert(at)),
            Stamp::Day(at) => {
                let zero = *self.zero_of_day.get_or_insert(at);
                let today = self.now.0 - self.now.0 % DAY + (at + DAY - zero) % DAY;
                // A little earlier is another thread's line; a lot is tomorrow.
                if today + DAY / 2 < self.now.0 { today + DAY } else { today }
            }
            Stamp::Since(after) => self.now.0.saturating_add(after),
            Stamp::None => self.now.0,
        };
        self.now = self.now.max(Micros(now));
        self.now
    }
}

#[cfg(test)]
mod tests;
