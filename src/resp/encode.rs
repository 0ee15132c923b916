//! Replies, in RESP2 or RESP3.

use itoa::Integer;
use memchr::memchr2;

/// Which dialect a client speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    Resp2,
    Resp3,
}

/// Where encoded bytes go.
pub trait Sink {
    fn put(&mut self, bytes: &[u8]);
    /// Where a reply of up to `bytes` bytes may be written at once instead of
    /// being put, if there is such a place. To ask is to promise that something
    /// will be written, there or by [`Sink::put`].
    fn room(&mut self, _bytes: usize) -> Option<&mut Vec<u8>> {
        None
    }
    /// An error reply is about to be put; its text, code first.
    fn note_error(&mut self, _text: &[u8]) {}
}

impl Sink for Vec<u8> {
    fn put(&mut self, bytes: &[u8]) {
        self.extend_from_slice(bytes);
    }
}

impl<S: Sink> Sink for &mut S {
    fn put(&mut self, bytes: &[u8]) {
        (**self).put(bytes);
    }
    fn room(&mut self, bytes: usize) -> Option<&mut Vec<u8>> {
        (**self).room(bytes)
    }
    fn note_error(&mut self, text: &[u8]) {
        (**self).note_error(text);
    }
}

/// A reply of at most this many bytes is put in one piece.
const PIECE_BYTES: usize = 192;

/// Writes one reply after the other.
///
/// An aggregate is its header ([`array`](Encoder::array), [`map`](Encoder::map),
/// …) followed by that many elements; counting them is the caller's duty.
/// Nothing here allocates.
#[derive(Debug)]
pub struct Encoder<S> {
    sink: S,
    protocol: Protocol,
}

impl<S: Sink> Encoder<S> {
    #[inline]
    pub fn new(sink: S, protocol: Protocol) -> Encoder<S> {
        Encoder { sink, protocol }
    }

    #[must_use]
    pub fn protocol(&self) -> Protocol {
        self.protocol
    }

    /// `+OK`.
    #[inline]
    pub fn ok(&mut self) {
        self.shared(b"+OK\r\n");
    }

    /// A whole reply that never changes, its line end included (`shared`).
    #[inline]
    pub fn shared(&mut self, reply: &'static [u8]) {
        match self.sink.room(reply.len()) {
            Some(room) => room.extend_from_slice(reply),
            None => self.sink.put(reply),
        }
    }

    /// `+text`; a line break in it would end the reply and becomes a space.
    pub fn simple(&mut self, text: impl AsRef<[u8]>) {
        self.line(b'+', text.as_ref());
    }

    /// `-text`. `text` begins with the error's code (`ERR`, `WRONGTYPE`, …);
    /// none is added. Line breaks at its ends go, those inside become spaces,
    /// so that nothing a client sent can forge a reply.
    ///
    /// Redis: `addReplyErrorFormat`, *faithful* apart from the code, which
    /// there defaults to `ERR`.
    #[cold]
    pub fn error(&mut self, text: impl AsRef<[u8]>) {
        let mut text = text.as_ref();
        self.sink.note_error(text);
        while let [rest @ .., b'\r' | b'\n'] | [b'\r' | b'\n', rest @ ..] = text {
            text = rest;
        }
        self.line(b'-', text);
    }

    /// `-text`, as it stands but for its line breaks: a reply that looks like
    /// an error and is none to the statistics (`addReplySds`).
    pub fn error_uncounted(&mut self, text: &[u8]) {
        self.line(b'-', text);
    }

    /// `:value`.
    #[inline]
    pub fn integer(&mut self, value: i64) {
        match (u64::try_from(value), self.sink.room(HEADER_BYTES)) {
            (Ok(value), Some(room)) => extend_header(room, b':', value),
            _ => self.header(b':', value),
        }
    }

    /// `$len` and the bytes.
    #[inline]
    pub fn bulk(&mut self, bytes: &[u8]) {
        if let Some(room) = self.sink.room(HEADER_BYTES + bytes.len() + 2) {
            extend_header(room, b'$', bytes.len() as u64);
            room.extend_from_slice(bytes);
            room.extend_from_slice(b"\r\n");
            return;
        }
        let mut piece = Piece::header(b'$', bytes.len());
        if bytes.len() + piece.len + 2 <= PIECE_BYTES {
            piece.extend(bytes);
            piece.extend(b"\r\n");
            self.sink.put(piece.bytes());
        } else {
            self.sink.put(piece.bytes());
            self.sink.put(bytes);
            self.sink.put(b"\r\n");
        }
    }

    /// A number as a bulk string.
    #[inline]
    pub fn bulk_display(&mut self, value: impl Integer) {
        self.bulk(itoa::Buffer::new().format(value).as_bytes());
    }

    /// No value: `$-1`, in RESP3 `_`.
    #[inline]
    pub fn null(&mut self) {
        self.either(b"$-1\r\n", b"_\r\n");
    }

    /// No array: `*-1`, in RESP3 `_`.
    pub fn null_array(&mut self) {
        self.either(b"*-1\r\n", b"_\r\n");
    }

    /// `elements` replies follow.
    #[inline]
    pub fn array(&mut self, elements: usize) {
        match self.sink.room(HEADER_BYTES) {
            Some(room) => extend_header(room, b'*', elements as u64),
            None => self.header(b'*', elements),
        }
    }

    /// `pairs` times a key and a value follow; in RESP2 a flat array.
    pub fn map(&mut self, pairs: usize) {
        match self.protocol {
            Protocol::Resp2 => self.header(b'*', 2 * pairs as u64),
            Protocol::Resp3 => self.header(b'%', pairs),
        }
    }

    /// `elements` distinct replies follow; in RESP2 an array.
    pub fn set(&mut self, elements: usize) {
        let marker = if self.protocol == Protocol::Resp3 { b'~' } else { b'*' };
        self.header(marker, elements);
    }

    /// `elements` replies follow which answer no request; in RESP2 an array.
    pub fn push(&mut self, elements: usize) {
        let marker = if self.protocol == Protocol::Resp3 { b'>' } else { b'*' };
        self.header(marker, elements);
    }

    /// `#t` or `#f`; in RESP2 the integers 1 and 0.
    pub fn boolean(&mut self, value: bool) {
        match value {
            true => self.either(b":1\r\n", b"#t\r\n"),
            false => self.either(b":0\r\n", b"#f\r\n"),
        }
    }

    /// `,value`; in RESP2 a bulk string. The shortest digits that read back as
    /// the same number.
    pub fn double(&mut self, value: f64) {
        self.double_of(Piece::double(value).bytes());
    }

    /// A double whose digits are known; they fit a [`Piece`].
    pub(crate) fn double_of(&mut self, digits: &[u8]) {
        match self.protocol {
            Protocol::Resp2 => self.bulk(digits),
            Protocol::Resp3 => {
                let mut piece = Piece::EMPTY;
                piece.extend(b",");
                piece.extend(digits);
                piece.extend(b"\r\n");
                self.sink.put(piece.bytes());
            }
        }
    }

    /// Text for people with its format (`txt`, `mkd`); in RESP2 a bulk string.
    pub fn verbatim(&mut self, format: [u8; 3], text: &[u8]) {
        if self.protocol == Protocol::Resp2 {
            return self.bulk(text);
        }
        let mut piece = Piece::header(b'=', text.len() as u64 + 4);
        piece.extend(&format);
        piece.extend(b":");
        self.sink.put(piece.bytes());
        self.sink.put(text);
        self.sink.put(b"\r\n");
    }

    #[inline]
    fn header(&mut self, marker: u8, count: impl Integer) {
        self.sink.put(Piece::header(marker, count).bytes());
    }

    #[inline]
    fn either(&mut self, resp2: &'static [u8], resp3: &'static [u8]) {
        self.shared(if self.protocol == Protocol::Resp3 { resp3 } else { resp2 });
    }

    /// One line without breaks inside.
    fn line(&mut self, marker: u8, text: &[u8]) {
        if text.len() + 3 <= PIECE_BYTES {
            let mut piece = Piece::EMPTY;
            piece.extend(&[marker]);
            piece.extend(text);
            for byte in &mut piece.bytes[1..piece.len] {
                if matches!(byte, b'\r' | b'\n') {
                    *byte = b' ';
                }
            }
            piece.extend(b"\r\n");
            return self.sink.put(piece.bytes());
        }
        self.sink.put(&[marker]);
        let mut rest = text;
        while let Some(end) = memchr2(b'\r', b'\n', rest) {
            self.sink.put(&rest[..end]);
            self.sink.put(b" ");
            rest = &rest[end + 1..];
        }
        self.sink.put(rest);
        self.sink.put(b"\r\n");
    }
}

/// A marker, the longest number without a sign, a line end.
const HEADER_BYTES: usize = 1 + 20 + 2;

/// A header line; nearly all have one or two digits.
#[inline]
fn extend_header(room: &mut Vec<u8>, marker: u8, count: u64) {
    let digit = |value: u64| b'0' + value as u8;
    match count {
        0..10 => room.extend_from_slice(&[marker, digit(count), b'\r', b'\n']),
        10..100 => {
            room.extend_from_slice(&[marker, digit(count / 10), digit(count % 10), b'\r', b'\n']);
        }
        _ => {
            room.push(marker);
            room.extend_from_slice(itoa::Buffer::new().format(count).as_bytes());
            room.extend_from_slice(b"\r\n");
        }
    }
}

/// Bytes being put together, on the stack.
struct Piece {
    bytes: [u8; PIECE_BYTES],
    len: usize,
}

impl Piece {
    const EMPTY: Piece = Piece { bytes: [0; PIECE_BYTES], len: 0 };

    #[inline]
    fn header(marker: u8, count: impl Integer) -> Piece {
        let mut piece = Piece::EMPTY;
        piece.extend(&[marker]);
        piece.extend(itoa::Buffer::new().format(count).as_bytes());
        piece.extend(b"\r\n");
        piece
    }

    /// Redis: `d2string`, *faithful*: whole numbers up to 2^52 as integers,
    /// else the shortest digits, without an exponent as long as that adds
    /// fewer than seven zeros.
    fn double(value: f64) -> Piece {
        let mut piece = Piece::EMPTY;
        if !value.is_finite() || value == 0.0 {
            let text: &[u8] = match value {
                v if v.is_nan() => b"nan",
                v if v == f64::INFINITY => b"inf",
                v if v == f64::NEG_INFINITY => b"-inf",
                v if v.is_sign_negative() => b"-0",
                _ => b"0",
            };
            piece.extend(text);
            return piece;
        }
        const WHOLE_MAX: f64 = (1_u64 << 52) as f64;
        if value.abs() <= WHOLE_MAX && value.fract() == 0.0 {
            piece.extend(itoa::Buffer::new().format(value as i64).as_bytes());
            return piece;
        }
        if value < 0.0 {
            piece.extend(b"-");
        }
        let mut shortest = zmij::Buffer::new();
        let text = shortest.format_finite(value.abs());
        let (plain, exponent) = text.split_once('e').unwrap_or((text, "0"));
        let exponent: i32 = exponent.parse().expect("an exponent is a number");
        let whole = plain.find('.').unwrap_or(plain.len());
        let first = plain.bytes().position(|b| matches!(b, b'1'..=b'9')).expect("it is not zero");
        // Of the first digit that counts, whichever side of the point it is on.
        let power =
            if first < whole { (whole - first - 1) as i32 } else { -((first - whole) as i32) };
        piece.decimal(plain[first..].trim_end_matches(['0', '.']).as_bytes(), exponent + power);
        piece
    }

    /// The digits of `mantissa`, a point behind the first of them, times ten to
    /// the `exponent`.
    fn decimal(&mut self, mantissa: &[u8], exponent: i32) {
        let digits = || mantissa.iter().filter(|b| **b != b'.');
        let count = digits().count() as i32;
        // The exponent of the last digit.
        let last = exponent - (count - 1);
        if last >= 0 && exponent < count + 7 {
            digits().for_each(|d| self.extend(&[*d]));
            (0..last).for_each(|_| self.extend(b"0"));
        } else if last < 0 && (last > -7 || exponent.abs() < 4) {
            if exponent < 0 {
                self.extend(b"0.");
                (exponent..-1).for_each(|_| self.extend(b"0"));
                digits().for_each(|d| self.extend(&[*d]));
            } else {
                for (i, d) in digits().enumerate() {
                    if i as i32 == exponent + 1 {
                        self.extend(b".");
                    }
                    self.extend(&[*d]);
                }
            }
        } else {
            for (i, d) in digits().enumerate() {
                if i == 1 {
                    self.extend(b".");
                }
                self.extend(&[*d]);
            }
            self.extend(if exponent < 0 { b"e-" } else { b"e+" });
            self.extend(itoa::Buffer::new().format(exponent.unsigned_abs()).as_bytes());
        }
    }

    #[inline]
    fn extend(&mut self, bytes: &[u8]) {
        self.bytes[self.len..self.len + bytes.len()].copy_from_slice(bytes);
        self.len += bytes.len();
    }

    #[inline]
    fn bytes(&self) -> &[u8] {
        &self.bytes[..self.len]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Counts what the network would have to join.
    #[derive(Default)]
    struct Pieces(Vec<Vec<u8>>, u32);

    impl Sink for Pieces {
        fn put(&mut self, bytes: &[u8]) {
            self.0.push(bytes.to_vec());
        }
        fn note_error(&mut self, _: &[u8]) {
            self.1 += 1;
        }
    }

    fn both(write: impl Fn(&mut Encoder<Vec<u8>>)) -> (String, String) {
        let one = |protocol| {
            let mut encoder = Encoder::new(Vec::new(), protocol);
            write(&mut encoder);
            String::from_utf8(encoder.sink).expect("the samples are text")
        };
        (one(Protocol::Resp2), one(Protocol::Resp3))
    }

    #[track_caller]
    fn same(write: impl Fn(&mut Encoder<Vec<u8>>), want: &str) {
        assert_eq!(both(write), (want.into(), want.into()));
    }

    #[track_caller]
    fn differ(write: impl Fn(&mut Encoder<Vec<u8>>), resp2: &str, resp3: &str) {
        assert_eq!(both(write), (resp2.into(), resp3.into()));
    }

    #[test]
    fn what_both_dialects_share() {
        same(|e| e.ok(), "+OK\r\n");
        same(|e| e.simple("PONG"), "+PONG\r\n");
        same(|e| e.integer(i64::MIN), ":-9223372036854775808\r\n");
        same(|e| e.bulk(b""), "$0\r\n\r\n");
        same(|e| e.bulk(b"a\r\nb"), "$4\r\na\r\nb\r\n");
        same(|e| e.bulk_display(-42), "$3\r\n-42\r\n");
        same(|e| e.array(0), "*0\r\n");
        same(|e| e.array(10_000), "*10000\r\n");
    }

    #[test]
    fn what_only_resp3_has() {
        differ(Encoder::null, "$-1\r\n", "_\r\n");
        differ(Encoder::null_array, "*-1\r\n", "_\r\n");
        differ(|e| e.map(7), "*14\r\n", "%7\r\n");
        differ(|e| e.set(3), "*3\r\n", "~3\r\n");
        differ(|e| e.push(3), "*3\r\n", ">3\r\n");
        differ(|e| e.boolean(true), ":1\r\n", "#t\r\n");
        differ(|e| e.boolean(false), ":0\r\n", "#f\r\n");
        differ(|e| e.double(1.5), "$3\r\n1.5\r\n", ",1.5\r\n");
        differ(|e| e.verbatim(*b"txt", b"hello"), "$5\r\nhello\r\n", "=9\r\ntxt:hello\r\n");
    }

    #[test]
    fn doubles_are_short_and_exact() {
        let show = |v: f64| String::from_utf8(Piece::double(v).bytes().to_vec()).unwrap();
        for (value, text) in [
            (0.0, "0"),
            (-0.0, "-0"),
            (1.0, "1"),
            (-3.25, "-3.25"),
            (0.1, "0.1"),
            (0.000_123, "0.000123"),
            (1e-7, "1e-7"),
            (1.5e-10, "1.5e-10"),
            (100.0, "100"),
            (1e15, "1000000000000000"),
            (1e22, "1e+22"),
            (1.25e30, "1.25e+30"),
            (123_456.789, "123456.789"),
            (f64::MAX, "1.7976931348623157e+308"),
            (5e-324, "5e-324"),
            (f64::INFINITY, "inf"),
            (f64::NEG_INFINITY, "-inf"),
            (f64::NAN, "nan"),
        ] {
            assert_eq!(show(value), text);
            if value.is_finite() {
                assert_eq!(text.parse::<f64>().unwrap().to_bits(), value.to_bits());
            }
        }
    }

    #[test]
    fn an_error_is_one_line_and_is_counted() {
        let long = "x".repeat(3 * PIECE_BYTES);
        let mut encoder = Encoder::new(Pieces::default(), Protocol::Resp2);
        encoder.error("ERR a\r\n+OK\r\n");
        encoder.error(format!("\nERR {long}\n{long}"));
        let Pieces(pieces, errors) = encoder.sink;
        assert_eq!(errors, 2);
        let want = format!("-ERR a  +OK\r\n-ERR {long} {long}\r\n");
        assert_eq!(String::from_utf8(pieces.concat()).unwrap(), want);
    }

    #[test]
    fn small_replies_are_one_piece() {
        let mut encoder = Encoder::new(Pieces::default(), Protocol::Resp3);
        encoder.bulk(&[b'x'; 100]);
        encoder.integer(7);
        encoder.simple("PONG");
        encoder.map(3);
        encoder.double(0.5);
        assert_eq!(encoder.sink.0.len(), 5);
        encoder.bulk(&[b'x'; PIECE_BYTES]);
        assert_eq!(encoder.sink.0.len(), 8);
    }
}
