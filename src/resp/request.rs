//! Reading requests: multibulk and inline, stopping after any byte.
//!
//! ```text
//!           '*'                    n > 0               '$' len
//!  Fresh ────────► MultibulkHeader ───────► BulkHeader ────────► Bulk{len}
//!    │ other                │ n <= 0            ▲  one more argument │
//!    ▼                      ▼                   └────────────────────┤
//!  Inline ──► Done        Fresh                            the last  ▼
//!         (empty line: Fresh)                                       Done
//! ```

use super::inline::split_args;
use super::number::parse_i64;
use memchr::memchr2;
use std::fmt;
use std::ops::Range;

/// `PROTO_INLINE_MAX_SIZE`: most bytes of a line whose end has not come.
pub const LINE_MAX_BYTES: usize = 64 * 1024;
/// `PROTO_MBULK_BIG_ARG`: from here on an argument's rest is read exactly.
pub const BIG_ARG_BYTES: u64 = 32 * 1024;
/// Most arguments of a request before `AUTH`.
const UNAUTHENTICATED_ARGC_MAX: i64 = 10;
/// Longest argument before `AUTH`.
const UNAUTHENTICATED_BULK_MAX_BYTES: i64 = 16 * 1024;
/// What a parser keeps allocated from one request to the next.
const KEEP_ARGS: usize = 1024;
const KEEP_SCRATCH_BYTES: usize = 16 * 1024;

/// The arguments of one request, borrowed from the query buffer.
#[derive(Clone, Copy, Debug)]
pub struct Args<'a> {
    bytes: &'a [u8],
    ranges: &'a [Range<usize>],
}

impl<'a> Args<'a> {
    #[must_use]
    pub fn new(bytes: &'a [u8], ranges: &'a [Range<usize>]) -> Args<'a> {
        Args { bytes, ranges }
    }

    #[inline]
    #[must_use]
    pub fn len(&self) -> usize {
        self.ranges.len()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ranges.is_empty()
    }

    /// # Panics
    /// If `i` is out of range.
    #[inline]
    #[must_use]
    pub fn get(&self, i: usize) -> &'a [u8] {
        &self.bytes[self.ranges[i].clone()]
    }

    pub fn iter(&self) -> impl ExactSizeIterator<Item = &'a [u8]> + use<'a> {
        let bytes = self.bytes;
        self.ranges.iter().map(move |range| &bytes[range.clone()])
    }
}

/// What a request may ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// `proto-max-bulk-len`, in bytes.
    pub max_bulk_len: i64,
    /// False while a password is required and has not been given: then a
    /// request may have 10 arguments of 16 KB and no more.
    pub authenticated: bool,
}

/// What one call of [`RequestParser::parse`] came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// A request of at least one argument is in the first `consumed` bytes.
    Complete { consumed: usize },
    /// The first `consumed` bytes ask for nothing (`*0`, `*-1`, an empty
    /// line): no reply, no trace. The parser is fresh again.
    Empty { consumed: usize },
    /// The buffer ends in mid-request; see [`RequestParser::need`].
    Incomplete,
    /// What follows cannot be understood; `at` is the offset of the offending
    /// byte. The connection is lost: the parser would say the same again.
    Error { error: ProtocolError, at: usize },
}

/// What an incomplete request lacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// The end of an inline line.
    InlineEnd,
    /// The end of the `*count` line.
    MultibulkHeader,
    /// The end of a `$length` line.
    BulkHeader,
    /// This many more bytes of an argument, the two after it included.
    BulkBytes(u64),
}

/// Why a request cannot be understood, in Redis's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ProtocolError {
    TooBigInline,
    UnbalancedQuotes,
    TooBigCount,
    InvalidCount,
    UnauthenticatedCount,
    TooBigBulkHeader,
    /// This byte stands where a `$` should. Redis sends it raw, as
    /// [`ProtocolError::text`] has it; for people a byte above 127 is the
    /// Latin-1 character.
    ExpectedDollar(u8),
    InvalidBulkLength,
    UnauthenticatedBulkLength,
}

impl ProtocolError {
    /// What is sent, after `ERR Protocol error: `.
    #[must_use]
    pub fn text(&self) -> Vec<u8> {
        match self {
            ProtocolError::ExpectedDollar(got) => {
                [b"expected '$', got '", &[*got][..], b"'"].concat()
            }
            other => other.to_string().into_bytes(),
        }
    }
}

impl fmt::Display for ProtocolError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            ProtocolError::TooBigInline => "too big inline request",
            ProtocolError::UnbalancedQuotes => "unbalanced quotes in request",
            ProtocolError::TooBigCount => "too big mbulk count string",
            ProtocolError::InvalidCount => "invalid multibulk length",
            ProtocolError::UnauthenticatedCount => "unauthenticated multibulk length",
            ProtocolError::TooBigBulkHeader => "too big bulk count string",
            ProtocolError::ExpectedDollar(got) => {
                return write!(f, "expected '$', got '{}'", char::from(*got));
            }
            ProtocolError::InvalidBulkLength => "invalid bulk length",
            ProtocolError::UnauthenticatedBulkLength => "unauthenticated bulk length",
        })
    }
}

impl std::error::Error for ProtocolError {}

/// Where in a request the parser stands (`reqtype`, `bulklen`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    Fresh,
    Inline,
    MultibulkHeader,
    BulkHeader,
    /// The header said `len`; the payload and two more bytes are to come.
    Bulk {
        len: u64,
    },
    Done {
        args_in: ArgsIn,
    },
}

/// What the ranges of the arguments refer to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ArgsIn {
    /// The query buffer.
    Buffer,
    /// The parser's own copy: a typed line is unquoted on the way.
    Scratch,
}

/// The parser's state between reads (`reqtype`, `multibulklen`, `bulklen`,
/// `argv`).
///
/// It is given the same buffer again and again, each time with more bytes at
/// its end, until it says [`Progress::Complete`]; what it has understood it
/// does not look at again. Multibulk arguments stay where they are in the buffer;
/// inline ones, which may need unquoting, are copied as in Redis.
///
/// Redis: `processInlineBuffer` and `processMultibulkBuffer`, *faithful* in
/// what is accepted, refused and waited for, which includes that a line longer
/// than 64 KB is refused only if its end has not arrived yet, that the byte
/// after a CR and the two after a payload are never looked at, and that a NUL
/// byte in a line hides its end. *Omitted*: the exemptions of a master link.
/// *Simplified*: a big argument is not moved to an object of its own.
#[derive(Debug, Default)]
pub struct RequestParser {
    state: State,
    /// Just after what is understood (`qb_pos`, from the request's start).
    position: usize,
    /// No line end before here.
    scanned: usize,
    /// Length of the buffer at the last call.
    seen: usize,
    argc_expected: i64,
    ranges: Vec<Range<usize>>,
    /// The unquoted arguments of an inline request.
    scratch: Vec<u8>,
}

impl RequestParser {
    /// Goes as far as the buffer allows. `buffer` starts with the first byte
    /// of the current request. After [`Progress::Complete`] the next call
    /// starts a new request, if [`RequestParser::reset`] did not before.
    #[inline]
    pub fn parse(&mut self, buffer: &[u8], limits: &Limits) -> Progress {
        self.seen = buffer.len();
        if matches!(self.state, State::Done { .. }) {
            self.reset();
            self.seen = buffer.len();
        }
        if self.state == State::Fresh {
            match buffer.first() {
                None => return Progress::Incomplete,
                Some(b'*') => self.state = State::MultibulkHeader,
                Some(_) => self.state = State::Inline,
            }
        }
        let step = if self.state == State::Inline {
            self.parse_inline(buffer)
        } else {
            self.parse_multibulk(buffer, limits)
        };
        step.unwrap_or_else(|stop| match stop {
            Stop::Incomplete => Progress::Incomplete,
            Stop::Error(error, at) => Progress::Error { error, at },
        })
    }

    /// Offset in the buffer just after what is understood.
    #[inline]
    #[must_use]
    pub fn position(&self) -> usize {
        self.position
    }

    /// The arguments of the complete request, or those that are complete so
    /// far. `buffer` is the one last parsed.
    #[inline]
    #[must_use]
    pub fn args<'a>(&'a self, buffer: &'a [u8]) -> Args<'a> {
        let bytes = match self.state {
            State::Done { args_in: ArgsIn::Scratch } => &self.scratch,
            _ => buffer,
        };
        Args::new(bytes, &self.ranges)
    }

    /// What the `*count` line announced; 0 before it, and for inline requests.
    #[must_use]
    pub fn argc_expected(&self) -> i64 {
        self.argc_expected
    }

    /// What is lacking; meaningful after [`Progress::Incomplete`] only.
    #[must_use]
    pub fn need(&self) -> Need {
        match self.state {
            State::Inline => Need::InlineEnd,
            State::Fresh | State::MultibulkHeader => Need::MultibulkHeader,
            State::BulkHeader | State::Done { .. } => Need::BulkHeader,
            State::Bulk { len } => Need::BulkBytes(self.missing(len)),
        }
    }

    /// How many bytes of an argument of at least 32 KB are missing, the two
    /// after it included: the exact size of the next read.
    #[must_use]
    pub fn pending_bulk(&self) -> Option<u64> {
        match self.state {
            State::Bulk { len } if len >= BIG_ARG_BYTES => Some(self.missing(len)),
            _ => None,
        }
    }

    /// Nothing of a request has been seen.
    #[inline]
    #[must_use]
    pub fn is_fresh(&self) -> bool {
        self.state == State::Fresh
    }

    /// Forgets the request and keeps the allocations, unless they are out of
    /// proportion.
    #[inline]
    pub fn reset(&mut self) {
        self.state = State::Fresh;
        self.position = 0;
        self.scanned = 0;
        self.seen = 0;
        self.argc_expected = 0;
        self.ranges.clear();
        self.scratch.clear();
        if self.ranges.capacity() > KEEP_ARGS || self.scratch.capacity() > KEEP_SCRATCH_BYTES {
            self.give_back();
        }
    }

    #[cold]
    fn give_back(&mut self) {
        self.ranges = Vec::new();
        self.scratch = Vec::new();
    }

    fn missing(&self, len: u64) -> u64 {
        len + 2 - (self.seen - self.position) as u64
    }

    fn parse_inline(&mut self, buffer: &[u8]) -> Result<Progress, Stop> {
        let end = self.line_end(buffer, b'\n', ProtocolError::TooBigInline)?;
        let line = &buffer[..end];
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let split = split_args(line, &mut self.ranges, &mut self.scratch);
        if let Err(unbalanced) = split {
            return Err(Stop::Error(ProtocolError::UnbalancedQuotes, unbalanced.at));
        }
        let consumed = end + 1;
        if self.ranges.is_empty() {
            self.reset();
            return Ok(Progress::Empty { consumed });
        }
        self.position = consumed;
        self.state = State::Done { args_in: ArgsIn::Scratch };
        Ok(Progress::Complete { consumed })
    }

    fn parse_multibulk(&mut self, buffer: &[u8], limits: &Limits) -> Result<Progress, Stop> {
        if self.state == State::MultibulkHeader {
            let (count, after) = match short_number(buffer, 0) {
                Some(found) => found,
                None => self.count_line(buffer)?,
            };
            if count > UNAUTHENTICATED_ARGC_MAX && !limits.authenticated {
                return Err(Stop::Error(ProtocolError::UnauthenticatedCount, 1));
            }
            if count <= 0 {
                self.reset();
                return Ok(Progress::Empty { consumed: after });
            }
            self.argc_expected = count;
            self.next_line(after);
            self.state = State::BulkHeader;
        }
        loop {
            if self.state == State::BulkHeader {
                self.take_whole_arguments(buffer, limits.max_bulk_len);
            }
            if self.ranges.len() as u64 == self.argc_expected.unsigned_abs() {
                break;
            }
            let len = match self.state {
                State::Bulk { len } => len,
                _ => self.bulk_header(buffer, limits)?,
            };
            if ((buffer.len() - self.position) as u64) < len + 2 {
                self.state = State::Bulk { len };
                return Err(Stop::Incomplete);
            }
            let start = self.position;
            // It is in the buffer, so its length fits.
            let end = start + len as usize;
            self.ranges.push(start..end);
            self.next_line(end + 2);
            self.state = State::BulkHeader;
        }
        self.state = State::Done { args_in: ArgsIn::Buffer };
        Ok(Progress::Complete { consumed: self.position })
    }

    /// Takes arguments as long as their headers have the common shape and all
    /// of their bytes are here. Lengths that short are below every limit but
    /// `max_bulk_len`.
    #[inline]
    fn take_whole_arguments(&mut self, buffer: &[u8], max_bulk_len: i64) {
        let wanted = self.argc_expected.unsigned_abs() as usize;
        let mut position = self.position;
        while self.ranges.len() < wanted {
            let Some((len, start)) = short_number(buffer, position) else { break };
            let end = start + len as usize;
            if buffer[position] != b'$' || len > max_bulk_len || end + 2 > buffer.len() {
                break;
            }
            self.ranges.push(start..end);
            position = end + 2;
        }
        // What a longer header's line has been searched for stays searched.
        if position != self.position {
            self.next_line(position);
        }
    }

    /// The length that a `$length` line announces; moves behind it.
    fn bulk_header(&mut self, buffer: &[u8], limits: &Limits) -> Result<u64, Stop> {
        let (len, after) = self.bulk_line(buffer)?;
        let number_at = self.position + 1;
        let len = match u64::try_from(len) {
            Ok(unsigned) if len <= limits.max_bulk_len => unsigned,
            _ => return Err(Stop::Error(ProtocolError::InvalidBulkLength, number_at)),
        };
        if !limits.authenticated && len > UNAUTHENTICATED_BULK_MAX_BYTES.unsigned_abs() {
            return Err(Stop::Error(ProtocolError::UnauthenticatedBulkLength, number_at));
        }
        self.next_line(after);
        Ok(len)
    }

    /// A `*count` line of any shape.
    #[cold]
    fn count_line(&mut self, buffer: &[u8]) -> Result<(i64, usize), Stop> {
        let end = self.header_end(buffer, ProtocolError::TooBigCount)?;
        match parse_i64(&buffer[1..end]) {
            Some(count) if count <= i64::from(i32::MAX) => Ok((count, end + 2)),
            _ => Err(Stop::Error(ProtocolError::InvalidCount, 1)),
        }
    }

    /// A `$length` line of any shape.
    fn bulk_line(&mut self, buffer: &[u8]) -> Result<(i64, usize), Stop> {
        let end = self.header_end(buffer, ProtocolError::TooBigBulkHeader)?;
        let marker = buffer[self.position];
        if marker != b'$' {
            return Err(Stop::Error(ProtocolError::ExpectedDollar(marker), self.position));
        }
        match parse_i64(&buffer[self.position + 1..end]) {
            Some(len) => Ok((len, end + 2)),
            None => Err(Stop::Error(ProtocolError::InvalidBulkLength, self.position + 1)),
        }
    }

    /// Offset of the CR that ends a header line; waits for the byte after it,
    /// whatever that is.
    fn header_end(&mut self, buffer: &[u8], too_big: ProtocolError) -> Result<usize, Stop> {
        let end = self.line_end(buffer, b'\r', too_big)?;
        if end + 1 < buffer.len() { Ok(end) } else { Err(Stop::Incomplete) }
    }

    /// Offset of the first `terminator` since the line began, with `strchr`'s
    /// blindness: a NUL byte ends the search for good. `scanned` then stays at
    /// the NUL (or the terminator), so that looking again costs nothing.
    fn line_end(
        &mut self,
        buffer: &[u8],
        terminator: u8,
        too_big: ProtocolError,
    ) -> Result<usize, Stop> {
        let found = memchr2(terminator, 0, &buffer[self.scanned..]);
        self.scanned = found.map_or(buffer.len(), |offset| self.scanned + offset);
        match found {
            Some(_) if buffer[self.scanned] == terminator => Ok(self.scanned),
            _ if buffer.len() - self.position > LINE_MAX_BYTES => {
                Err(Stop::Error(too_big, self.position))
            }
            _ => Err(Stop::Incomplete),
        }
    }

    #[inline]
    fn next_line(&mut self, position: usize) {
        self.position = position;
        self.scanned = position;
    }
}

/// Why parsing cannot go on.
#[derive(Clone, Copy, Debug)]
enum Stop {
    Incomplete,
    Error(ProtocolError, usize),
}

/// The number of a header line in its common shape, one to four digits after
/// the marker at `buffer[at]`, and the offset after the line. `None` says
/// nothing about the line, only that the general way must be taken.
#[inline]
fn short_number(buffer: &[u8], at: usize) -> Option<(i64, usize)> {
    const ZERO: i64 = b'0' as i64;
    match *buffer.get(at + 1..)? {
        [a @ b'0'..=b'9', b'\r', _, ..] => Some((i64::from(a) - ZERO, at + 4)),
        [a @ b'1'..=b'9', b @ b'0'..=b'9', b'\r', _, ..] => {
            Some((i64::from(a) * 10 + i64::from(b) - 11 * ZERO, at + 5))
        }
        [a @ b'1'..=b'9', ref rest @ ..] => match *rest {
            [b @ b'0'..=b'9', c @ b'0'..=b'9', b'\r', _, ..] => {
                let number = i64::from(a) * 100 + i64::from(b) * 10 + i64::from(c);
                Some((number - 111 * ZERO, at + 6))
            }
            [b @ b'0'..=b'9', c @ b'0'..=b'9', d @ b'0'..=b'9', b'\r', _, ..] => {
                let high = i64::from(a) * 10 + i64::from(b);
                let low = i64::from(c) * 10 + i64::from(d);
                Some((high * 100 + low - 1_111 * ZERO, at + 7))
            }
            _ => None,
        },
        _ => None,
    }
}

#[cfg(test)]
#[path = "request_tests.rs"]
mod tests;
