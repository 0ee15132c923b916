//! Requests, read a second time: slowly, from the start, with no state kept.
//!
//! The engine's parser stops after any byte and goes on there. This one is
//! given everything that has arrived since the last request and answers what
//! a person would; where they disagree, one of them is wrong.

use crate::resp::inline::next_arg;

/// What the bytes from a request's first one on amount to.
#[derive(Debug, PartialEq, Eq)]
pub enum Reading {
    /// Nothing, or nothing but requests for nothing: `skip` bytes of them.
    /// What follows them, if anything, is not complete.
    Partial,
    /// A request of at least one argument, the offset behind it, and whether
    /// requests for nothing stood before it.
    Request { argv: Vec<Vec<u8>>, end: usize, late: bool },
    /// No request can come of it.
    Nonsense,
}

/// What may be asked for: `proto-max-bulk-len`, and whether the password was
/// given.
#[derive(Clone, Copy, Debug)]
pub struct Rules {
    pub max_bulk_len: u64,
    pub authenticated: bool,
}

const LINE_MAX_BYTES: usize = 64 * 1024;

/// The first request in `bytes` that asks for something.
pub fn read(bytes: &[u8], rules: Rules) -> Reading {
    let mut from = 0;
    loop {
        let one = match bytes.get(from) {
            None => return Reading::Partial,
            Some(b'*') => multibulk(&bytes[from..], rules),
            Some(_) => inline(&bytes[from..]),
        };
        match one {
            Ok((argv, end)) if argv.is_empty() => from += end,
            Ok((argv, end)) => {
                return Reading::Request { argv, end: from + end, late: from > 0 };
            }
            Err(Stop::Wait) => return Reading::Partial,
            Err(Stop::Nonsense) => return Reading::Nonsense,
        }
    }
}

enum Stop {
    Wait,
    Nonsense,
}

type One = Result<(Vec<Vec<u8>>, usize), Stop>;

/// Offset of `end` in `bytes`; a NUL before it hides it, as `strchr` would
/// have it, and a line that has grown too long without an end never gets one.
fn line(bytes: &[u8], end: u8) -> Result<usize, Stop> {
    match bytes.iter().position(|byte| *byte == end || *byte == 0) {
        Some(at) if bytes[at] == end => Ok(at),
        _ if bytes.len() > LINE_MAX_BYTES => Err(Stop::Nonsense),
        _ => Err(Stop::Wait),
    }
}

fn inline(bytes: &[u8]) -> One {
    let end = line(bytes, b'\n')?;
    let typed = bytes[..end].strip_suffix(b"\r").unwrap_or(&bytes[..end]);
    let (mut argv, mut from) = (Vec::new(), 0);
    loop {
        let mut arg = Vec::new();
        match next_arg(typed, from, &mut arg) {
            Ok(Some(place)) => from = place.end,
            Ok(None) => return Ok((argv, end + 1)),
            Err(_) => return Err(Stop::Nonsense),
        }
        argv.push(arg);
    }
}

fn multibulk(bytes: &[u8], rules: Rules) -> One {
    let (count, mut at) = header(bytes, 0)?;
    let count = count.filter(|count| *count <= i64::from(i32::MAX)).ok_or(Stop::Nonsense)?;
    if !rules.authenticated && count > 10 {
        return Err(Stop::Nonsense);
    }
    let mut argv = Vec::new();
    for _ in 0..count.max(0) {
        let (len, start) = header(bytes, at)?;
        let announced = len.filter(|_| bytes[at] == b'$').and_then(|len| u64::try_from(len).ok());
        let len = announced.filter(|len| *len <= rules.max_bulk_len).ok_or(Stop::Nonsense)?;
        if !rules.authenticated && len > 16 * 1024 {
            return Err(Stop::Nonsense);
        }
        if ((bytes.len() - start) as u64) < len + 2 {
            return Err(Stop::Wait);
        }
        let end = start + len as usize;
        argv.push(bytes[start..end].to_vec());
        at = end + 2;
    }
    Ok((argv, at))
}

/// The number behind the marker at `at`, if it is one, and where the next
/// line begins.
fn header(bytes: &[u8], at: usize) -> Result<(Option<i64>, usize), Stop> {
    let end = at + line(&bytes[at..], b'\r')?;
    if end + 1 == bytes.len() {
        return Err(Stop::Wait);
    }
    // A line may be nothing but its end: then there is no marker either.
    let text = bytes.get(at + 1..end).unwrap_or_default();
    let text = std::str::from_utf8(text).unwrap_or_default();
    let value = text.parse::<i64>().ok().filter(|value| value.to_string() == text);
    Ok((value, end + 2))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resp::{Limits, Progress, RequestParser};
    use proptest::prelude::*;

    const RULES: Rules = Rules { max_bulk_len: 1_000, authenticated: true };

    /// What the engine's parser makes of the same bytes, in one go.
    fn by_the_engine(bytes: &[u8], rules: Rules) -> Reading {
        let limits = Limits {
            max_bulk_len: rules.max_bulk_len.cast_signed(),
            authenticated: rules.authenticated,
        };
        let (mut parser, mut from) = (RequestParser::default(), 0);
        loop {
            match parser.parse(&bytes[from..], &limits) {
                Progress::Complete { consumed } => {
                    let argv = parser.args(&bytes[from..]).iter().map(<[u8]>::to_vec).collect();
                    return Reading::Request { argv, end: from + consumed, late: from > 0 };
                }
                Progress::Empty { consumed } => from += consumed,
                Progress::Incomplete => return Reading::Partial,
                Progress::Error { .. } => return Reading::Nonsense,
            }
        }
    }

    proptest! {
        #[test]
        fn both_readers_agree_on_any_bytes(
            pieces in prop::collection::vec(prop::sample::select(vec![
                "*", "$", "1", "2", "0", "-1", "3", "11", "\r\n", "\r", "\n", "PING", "abc", "\0",
                " ", "\"", "'", "\\x41", "17000", "2000",
            ]), 0..14),
            authenticated: bool,
        ) {
            let bytes = pieces.concat().into_bytes();
            let rules = Rules { authenticated, ..RULES };
            prop_assert_eq!(read(&bytes, rules), by_the_engine(&bytes, rules));
        }
    }

    #[test]
    fn requests_for_nothing_are_skipped() {
        let bytes = b"\r\n*0\r\n*-1\r\n*1\r\n$4\r\nPING\r\n";
        assert_eq!(read(b"*1\r\n\r\nx", RULES), Reading::Nonsense);
        let argv = vec![b"PING".to_vec()];
        assert_eq!(read(bytes, RULES), Reading::Request { argv, end: bytes.len(), late: true });
    }
}
