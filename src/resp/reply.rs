//! Reading replies: strict, and independent of the encoder, so that a mistake
//! in one shows in the other. Used by simulated guests and by tests.

use super::Protocol;
use super::number::parse_i64;
use memchr::memchr;
use std::fmt;

/// Deepest nesting that is read; Redis itself replies four deep at most.
const DEPTH_MAX: usize = 32;
/// Longest line; an error echoes at most a few hundred bytes.
const LINE_MAX_BYTES: usize = 64 * 1024;
/// Longest string: Redis's `proto-max-bulk-len` by default.
const BULK_MAX_BYTES: i64 = 512 * 1024 * 1024;

/// A reply.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    Simple(String),
    /// The line after `-`, code included.
    Error(String),
    Integer(i64),
    Bulk(Vec<u8>),
    /// `$-1` or `_`.
    Null,
    /// `*-1`.
    NullArray,
    Array(Vec<Value>),
    Map(Vec<(Value, Value)>),
    Set(Vec<Value>),
    Push(Vec<Value>),
    Double(f64),
    Boolean(bool),
    /// Text for people, and its three-letter format.
    Verbatim {
        format: String,
        text: Vec<u8>,
    },
    BigNumber(String),
}

impl fmt::Display for Value {
    /// One line, much as redis-cli would say it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Simple(text) | Value::BigNumber(text) => f.write_str(text),
            Value::Error(text) => write!(f, "(error) {text}"),
            Value::Integer(value) => write!(f, "(integer) {value}"),
            Value::Bulk(bytes) | Value::Verbatim { text: bytes, .. } => quote(f, bytes),
            Value::Null | Value::NullArray => f.write_str("(nil)"),
            Value::Double(value) => write!(f, "(double) {value}"),
            Value::Boolean(value) => write!(f, "({value})"),
            Value::Array(items) => list(f, "[", items, "]"),
            Value::Set(items) => list(f, "~[", items, "]"),
            Value::Push(items) => list(f, "push [", items, "]"),
            Value::Map(pairs) => {
                f.write_str("{")?;
                for (i, (key, value)) in pairs.iter().enumerate() {
                    let separator = if i == 0 { "" } else { ", " };
                    write!(f, "{separator}{key} => {value}")?;
                }
                f.write_str("}")
            }
        }
    }
}

fn list(f: &mut fmt::Formatter<'_>, open: &str, items: &[Value], close: &str) -> fmt::Result {
    f.write_str(open)?;
    for (i, item) in items.iter().enumerate() {
        write!(f, "{}{item}", if i == 0 { "" } else { ", " })?;
    }
    f.write_str(close)
}

fn quote(f: &mut fmt::Formatter<'_>, bytes: &[u8]) -> fmt::Result {
    f.write_str("\"")?;
    for &byte in bytes {
        match byte {
            b'\'' => f.write_str("'")?,
            _ => write!(f, "{}", byte.escape_ascii())?,
        }
    }
    f.write_str("\"")
}

/// Bytes which are no reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReplyError {
    /// Offset of the offending line in everything that was fed.
    pub at: u64,
    pub cause: ReplyFault,
}

/// What is wrong with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReplyFault {
    /// No type has this marker.
    UnknownType(u8),
    /// A RESP3 type on a connection that speaks RESP2.
    NotResp2(u8),
    /// A CR without LF, an LF without CR, or anything else after a payload.
    BadLineEnd,
    LineTooLong,
    /// Not a number, or not a possible one.
    BadNumber,
    NotUtf8,
    TooDeep,
    /// Neither a reply nor part of one (`_x`, `#y`, `=3`…).
    BadShape,
}

impl fmt::Display for ReplyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "byte {}: ", self.at)?;
        match self.cause {
            ReplyFault::UnknownType(marker) => {
                write!(f, "no reply begins with '{}'", marker.escape_ascii())
            }
            ReplyFault::NotResp2(marker) => {
                write!(f, "'{}' is RESP3, and RESP2 was agreed", marker.escape_ascii())
            }
            ReplyFault::BadLineEnd => f.write_str("expected CR LF"),
            ReplyFault::LineTooLong => f.write_str("a line without end"),
            ReplyFault::BadNumber => f.write_str("expected a number"),
            ReplyFault::NotUtf8 => f.write_str("a line that is no text"),
            ReplyFault::TooDeep => f.write_str("nested too deeply"),
            ReplyFault::BadShape => f.write_str("malformed"),
        }
    }
}

impl std::error::Error for ReplyError {}

/// An aggregate that lacks elements.
#[derive(Debug)]
struct Frame {
    kind: FrameKind,
    missing: u64,
    items: Vec<Value>,
}

#[derive(Clone, Copy, Debug)]
enum FrameKind {
    Array,
    Map,
    Set,
    Push,
    /// Precedes a reply and is dropped: nobody asked.
    Attribute,
}

/// Turns bytes into replies; packets may end anywhere.
#[derive(Debug)]
pub struct ReplyParser {
    protocol: Protocol,
    buffer: Vec<u8>,
    /// What is understood of `buffer`, and how far no line end was found.
    position: usize,
    scanned: usize,
    /// Bytes that have left `buffer` at its front.
    gone: u64,
    /// Aggregates around the next value, outermost first.
    frames: Vec<Frame>,
}

/// A line or a payload, or the wish for more bytes.
type Step<T> = Result<Option<T>, ReplyFault>;

impl ReplyParser {
    #[must_use]
    pub fn new(protocol: Protocol) -> ReplyParser {
        ReplyParser {
            protocol,
            buffer: Vec::new(),
            position: 0,
            scanned: 0,
            gone: 0,
            frames: Vec::new(),
        }
    }

    /// From the next value on, RESP3's types are expected or refused.
    pub fn set_protocol(&mut self, protocol: Protocol) {
        self.protocol = protocol;
    }

    pub fn feed(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// Whether nothing of a reply is held back.
    #[must_use]
    pub fn is_between_replies(&self) -> bool {
        self.position == self.buffer.len() && self.frames.is_empty()
    }

    /// The next complete reply, if it is there.
    ///
    /// # Errors
    /// [`ReplyError`]; the stream cannot be understood from there on.
    pub fn next_reply(&mut self) -> Result<Option<Value>, ReplyError> {
        let reply = self
            .advance()
            .map_err(|cause| ReplyError { at: self.gone + self.position as u64, cause });
        if matches!(reply, Ok(Some(_))) {
            self.buffer.drain(..self.position);
            self.gone += self.position as u64;
            self.scanned -= self.position;
            self.position = 0;
        }
        reply
    }

    fn advance(&mut self) -> Step<Value> {
        loop {
            // Each turn understands one line, with its payload if it has one.
            let Some(mut value) = self.element()? else { return Ok(None) };
            while let Some(complete) = value {
                let Some(frame) = self.frames.last_mut() else { return Ok(Some(complete)) };
                frame.items.push(complete);
                frame.missing -= 1;
                if frame.missing > 0 {
                    break;
                }
                let frame = self.frames.pop().expect("it was just looked at");
                value = frame.close();
            }
        }
    }

    /// `Some(None)`: an aggregate was opened, or an attribute has ended.
    fn element(&mut self) -> Step<Option<Value>> {
        let Some(end) = self.line_end()? else { return Ok(None) };
        let line = &self.buffer[self.position..end];
        let Some((&marker, text)) = line.split_first() else {
            return Err(ReplyFault::BadShape);
        };
        if self.protocol == Protocol::Resp2 && b"_,#(!=%~>|".contains(&marker) {
            return Err(ReplyFault::NotResp2(marker));
        }
        let after = end + 2;
        let value = match marker {
            b'+' => Value::Simple(utf8(text)?),
            // It may quote what a client has sent, which need not be text.
            b'-' => Value::Error(String::from_utf8_lossy(text).into_owned()),
            b':' => Value::Integer(parse_i64(text).ok_or(ReplyFault::BadNumber)?),
            b'(' => Value::BigNumber(big_number(text)?),
            b',' => Value::Double(double(text)?),
            b'_' if text.is_empty() => Value::Null,
            b'#' if text == b"t" => Value::Boolean(true),
            b'#' if text == b"f" => Value::Boolean(false),
            b'$' if text == b"-1" => Value::Null,
            b'*' if text == b"-1" => Value::NullArray,
            b'$' | b'=' | b'!' => return self.payload(marker, after),
            b'*' | b'%' | b'~' | b'>' | b'|' => {
                let opened = self.open(marker, end)?;
                self.understood(after);
                return Ok(Some(opened));
            }
            b'_' | b'#' => return Err(ReplyFault::BadShape),
            other => return Err(ReplyFault::UnknownType(other)),
        };
        self.understood(after);
        Ok(Some(Some(value)))
    }

    /// Offset of the CR LF that ends the current line.
    fn line_end(&mut self) -> Step<usize> {
        match memchr(b'\n', &self.buffer[self.scanned..]) {
            None if self.buffer.len() - self.position > LINE_MAX_BYTES => {
                Err(ReplyFault::LineTooLong)
            }
            None => {
                self.scanned = self.buffer.len();
                Ok(None)
            }
            Some(offset) => {
                self.scanned += offset;
                let line = &self.buffer[self.position..self.scanned];
                match line.split_last() {
                    Some((b'\r', text)) if memchr(b'\r', text).is_none() => {
                        Ok(Some(self.scanned - 1))
                    }
                    _ => Err(ReplyFault::BadLineEnd),
                }
            }
        }
    }

    /// The counted bytes after a header line, which is read again when more
    /// bytes have come: it is short.
    fn payload(&mut self, marker: u8, start: usize) -> Step<Option<Value>> {
        let len = parse_i64(&self.buffer[self.position + 1..start - 2]);
        let len = len.filter(|len| (0..=BULK_MAX_BYTES).contains(len));
        // At most 512 MB, so it is an offset on every machine.
        let len = len.ok_or(ReplyFault::BadNumber)? as usize;
        if self.buffer.len() - start < len + 2 {
            self.scanned = start - 1;
            return Ok(None);
        }
        let (bytes, rest) = self.buffer[start..].split_at(len);
        if !rest.starts_with(b"\r\n") {
            return Err(ReplyFault::BadLineEnd);
        }
        let value = match (marker, bytes) {
            (b'$', _) => Value::Bulk(bytes.to_vec()),
            (b'!', _) => Value::Error(utf8(bytes)?),
            (_, [a, b, c, b':', text @ ..]) => {
                Value::Verbatim { format: utf8(&[*a, *b, *c])?, text: text.to_vec() }
            }
            _ => return Err(ReplyFault::BadShape),
        };
        self.understood(start + len + 2);
        Ok(Some(Some(value)))
    }

    /// Begins an aggregate; an empty one is complete at once.
    fn open(&mut self, marker: u8, line_end: usize) -> Result<Option<Value>, ReplyFault> {
        let count = parse_i64(&self.buffer[self.position + 1..line_end]);
        let count = count.filter(|count| (0..=i64::from(i32::MAX)).contains(count));
        let count = count.ok_or(ReplyFault::BadNumber)?.unsigned_abs();
        if self.frames.len() == DEPTH_MAX {
            return Err(ReplyFault::TooDeep);
        }
        let (kind, missing) = match marker {
            b'%' => (FrameKind::Map, 2 * count),
            b'|' => (FrameKind::Attribute, 2 * count),
            b'~' => (FrameKind::Set, count),
            b'>' => (FrameKind::Push, count),
            _ => (FrameKind::Array, count),
        };
        // Room grows with what arrives, not with what is announced.
        let frame = Frame { kind, missing, items: Vec::new() };
        if missing == 0 {
            return Ok(frame.close());
        }
        self.frames.push(frame);
        Ok(None)
    }

    fn understood(&mut self, position: usize) {
        self.position = position;
        self.scanned = position;
    }
}

impl Frame {
    fn close(self) -> Option<Value> {
        Some(match self.kind {
            FrameKind::Array => Value::Array(self.items),
            FrameKind::Set => Value::Set(self.items),
            FrameKind::Push => Value::Push(self.items),
            FrameKind::Attribute => return None,
            FrameKind::Map => {
                let mut items = self.items.into_iter();
                let mut pairs = Vec::with_capacity(items.len() / 2);
                while let (Some(key), Some(value)) = (items.next(), items.next()) {
                    pairs.push((key, value));
                }
                Value::Map(pairs)
            }
        })
    }
}

fn utf8(bytes: &[u8]) -> Result<String, ReplyFault> {
    String::from_utf8(bytes.to_vec()).map_err(|_| ReplyFault::NotUtf8)
}

fn double(text: &[u8]) -> Result<f64, ReplyFault> {
    let text = std::str::from_utf8(text).map_err(|_| ReplyFault::BadNumber)?;
    match text {
        "inf" => Ok(f64::INFINITY),
        "-inf" => Ok(f64::NEG_INFINITY),
        "nan" => Ok(f64::NAN),
        // Rust's own reading also knows `+1`, `infinity` and `.5`.
        _ if text.starts_with(|c: char| c == '-' || c.is_ascii_digit()) => {
            let value: f64 = text.parse().map_err(|_| ReplyFault::BadNumber)?;
            if value.is_finite() { Ok(value) } else { Err(ReplyFault::BadNumber) }
        }
        _ => Err(ReplyFault::BadNumber),
    }
}

fn big_number(text: &[u8]) -> Result<String, ReplyFault> {
    let digits = text.strip_prefix(b"-").unwrap_or(text);
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return Err(ReplyFault::BadNumber);
    }
    utf8(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resp::Encoder;

    fn read(stream: &[u8]) -> Result<Vec<Value>, ReplyFault> {
        let mut parser = ReplyParser::new(Protocol::Resp3);
        let (mut whole, mut split) = (Vec::new(), Vec::new());
        parser.feed(stream);
        let end = loop {
            match parser.next_reply() {
                Ok(Some(value)) => whole.push(value),
                Ok(None) => break Ok(()),
                Err(error) => break Err(error),
            }
        };
        // The same one byte at a time.
        let mut parser = ReplyParser::new(Protocol::Resp3);
        let end_of_split = stream.iter().try_for_each(|byte| {
            parser.feed(&[*byte]);
            while let Some(value) = parser.next_reply()? {
                split.push(value);
            }
            Ok::<_, ReplyError>(())
        });
        assert_eq!(end_of_split, end, "{}", stream.escape_ascii());
        end.map_err(|e| e.cause)?;
        assert_eq!(format!("{whole:?}"), format!("{split:?}"));
        Ok(whole)
    }

    #[test]
    fn everything_the_encoder_writes_is_read_and_said_in_one_line() {
        let mut out = Vec::new();
        let mut e = Encoder::new(&mut out, Protocol::Resp3);
        e.ok();
        e.error("ERR no");
        e.integer(-3);
        e.bulk(b"a\r\n\"'\0");
        e.null();
        e.array(2);
        e.array(0);
        e.map(1);
        e.simple("k");
        e.set(1);
        e.boolean(true);
        e.push(1);
        e.double(-0.5);
        e.verbatim(*b"txt", b"note");
        let said: Vec<String> = read(&out).unwrap().iter().map(Value::to_string).collect();
        assert_eq!(
            said,
            [
                "OK",
                "(error) ERR no",
                "(integer) -3",
                r#""a\r\n\"'\x00""#,
                "(nil)",
                "[[], {k => ~[(true)]}]",
                "push [(double) -0.5]",
                "\"note\"",
            ]
        );
    }

    #[test]
    fn rarer_types() {
        let want = vec![
            Value::NullArray,
            Value::Null,
            Value::BigNumber("-12345678901234567890".into()),
            Value::Error("SYNTAX bad".into()),
            Value::Integer(1),
        ];
        let stream =
            b"*-1\r\n$-1\r\n(-12345678901234567890\r\n!10\r\nSYNTAX bad\r\n|1\r\n+ttl\r\n:9\r\n:1\r\n";
        assert_eq!(read(stream), Ok(want));
    }

    #[test]
    fn what_is_no_reply_is_refused() {
        use ReplyFault::*;
        for (stream, fault) in [
            (&b"hello\r\n"[..], UnknownType(b'h')),
            (b"\r\n", BadShape),
            (b"+a\n", BadLineEnd),
            (b"+a\rb\r\n", BadLineEnd),
            (b"$1\r\nabc", BadLineEnd),
            (b"$-2\r\n", BadNumber),
            (b"$536870913\r\n", BadNumber),
            (b"*-3\r\n", BadNumber),
            (b":+1\r\n", BadNumber),
            (b":\r\n", BadNumber),
            (b",1e999\r\n", BadNumber),
            (b"#y\r\n", BadShape),
            (b"_x\r\n", BadShape),
            (b"=3\r\ntxt\r\n", BadShape),
            (b"+\xff\r\n", NotUtf8),
        ] {
            assert_eq!(read(stream), Err(fault), "{}", stream.escape_ascii());
        }
        assert_eq!(read("*1\r\n".repeat(33).as_bytes()), Err(TooDeep));
        assert_eq!(read(&[b'+'; LINE_MAX_BYTES + 2]), Err(LineTooLong));
    }

    #[test]
    fn resp3_types_need_an_agreement() {
        let mut parser = ReplyParser::new(Protocol::Resp2);
        parser.feed(b"+OK\r\n%0\r\n");
        assert_eq!(parser.next_reply(), Ok(Some(Value::Simple("OK".into()))));
        let refused = ReplyError { at: 5, cause: ReplyFault::NotResp2(b'%') };
        assert_eq!(parser.next_reply(), Err(refused));
        parser.set_protocol(Protocol::Resp3);
        assert_eq!(parser.next_reply(), Ok(Some(Value::Map(Vec::new()))));
        assert!(parser.is_between_replies());
    }

    #[test]
    fn an_announced_length_costs_nothing() {
        let mut parser = ReplyParser::new(Protocol::Resp3);
        parser.feed(b"*2147483647\r\n");
        assert_eq!(parser.next_reply(), Ok(None));
        assert_eq!(parser.frames[0].items.capacity(), 0);
        assert!(!parser.is_between_replies());
    }
}
