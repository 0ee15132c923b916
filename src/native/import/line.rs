//! What stands before and behind a call: who, when, how long; and the calls
//! that `-f` tears apart, put together again.

use super::cursor::{Cursor, Fault};
use std::collections::BTreeMap;

/// When a line was written, by whichever clock strace was told to print.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stamp {
    /// `-ttt`: microseconds since 1970.
    Unix(u64),
    /// `-t`, `-tt`: microseconds since midnight.
    Day(u64),
    /// `-r`: microseconds since the line before.
    Since(u64),
    /// None of these.
    None,
}

/// Who did it (0 if strace watched one thread alone), and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Prefix {
    pub thread: u32,
    pub stamp: Stamp,
}

/// What a line is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Told<'a> {
    /// `read(8, …) = 5`, or its beginning if `torn`; the text from the name on.
    Call { text: &'a [u8], torn: bool },
    /// `<... read resumed>…`: the text behind.
    Resumed { text: &'a [u8] },
    /// `+++ exited with 0 +++`
    Ended,
    /// A signal, a remark of strace's own, nothing.
    Nothing,
}

const UNFINISHED: &[u8] = b"<unfinished ...>";
/// strace let go while the call went on.
const DETACHED: &[u8] = b"<detached ...>";

/// Reads the front of a line, and what kind of line it is. The third value is
/// after how many bytes its text begins.
///
/// # Errors
/// If no call follows.
pub(super) fn read(line: &[u8]) -> Result<(Prefix, Told<'_>, usize), Fault> {
    let mut cursor = Cursor::new(line);
    let nobody = Prefix { thread: 0, stamp: Stamp::None };
    if line.trim_ascii().is_empty() || line.starts_with(b"strace: ") {
        return Ok((nobody, Told::Nothing, 0));
    }
    let thread = thread(&mut cursor)?;
    let stamp = stamp(&mut cursor)?;
    let prefix = Prefix { thread, stamp };
    let at = cursor.at();
    if cursor.take(b"+++ ") {
        return Ok((prefix, Told::Ended, at));
    }
    if cursor.take(b"--- ") || cursor.take(b"strace: ") {
        return Ok((prefix, Told::Nothing, at));
    }
    if cursor.take(b"<... ") {
        cursor.run(is_name);
        cursor.expect(" resumed>")?;
        return Ok((prefix, Told::Resumed { text: cursor.rest() }, cursor.at()));
    }
    let text = cursor.rest();
    let name = cursor.run(is_name);
    if name.is_empty() || cursor.peek() != Some(b'(') {
        return cursor.fault("a system call, such as 'read(8, …'");
    }
    let whole = text.trim_ascii_end();
    let beginning = whole.strip_suffix(UNFINISHED).or_else(|| whole.strip_suffix(DETACHED));
    let told = match beginning {
        Some(text) => Told::Call { text: text.trim_ascii_end(), torn: true },
        None => Told::Call { text, torn: false },
    };
    Ok((prefix, told, at))
}

fn is_name(byte: u8) -> bool {
    byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_'
}

/// Larger numbers at a line's beginning are seconds since 1970, not threads.
const MOST_THREADS: u64 = 1 << 22;

/// `1234 ` or `[pid  1234] `, if there is one.
fn thread(cursor: &mut Cursor<'_>) -> Result<u32, Fault> {
    if cursor.take(b"[pid") {
        cursor.spaces();
        let before = *cursor;
        let number = decimal(cursor.run(|byte| byte.is_ascii_digit()));
        let Some(number) = number.and_then(|number| u32::try_from(number).ok()) else {
            return before.fault("a thread's number");
        };
        cursor.expect("]")?;
        cursor.spaces();
        return Ok(number);
    }
    let before = *cursor;
    let digits = decimal(cursor.run(|byte| byte.is_ascii_digit()));
    match digits {
        Some(number) if number <= MOST_THREADS && cursor.peek() == Some(b' ') => {
            cursor.spaces();
            Ok(u32::try_from(number).unwrap_or(0))
        }
        _ => {
            *cursor = before;
            Ok(0)
        }
    }
}

/// A time in one of strace's forms, if there is one.
fn stamp(cursor: &mut Cursor<'_>) -> Result<Stamp, Fault> {
    cursor.spaces();
    let before = *cursor;
    let digits = cursor.run(|byte| byte.is_ascii_digit());
    let Some(first) = decimal(digits) else { return Ok(Stamp::None) };
    let stamp = if cursor.take(b":") {
        let minutes = decimal(cursor.run(|byte| byte.is_ascii_digit()));
        let colon = cursor.take(b":");
        let seconds = decimal(cursor.run(|byte| byte.is_ascii_digit()));
        let (Some(minutes), true, Some(seconds)) = (minutes, colon, seconds) else {
            return before.fault("a time, such as 12:34:56");
        };
        if first > 23 || minutes > 59 || seconds > 60 {
            return before.fault("a time, such as 12:34:56");
        }
        Stamp::Day(((first * 60 + minutes) * 60 + seconds) * 1_000_000 + fraction(cursor))
    } else if first > MOST_THREADS {
        if first > u64::from(u32::MAX) {
            return before.fault("seconds since 1970");
        }
        Stamp::Unix(first * 1_000_000 + fraction(cursor))
    } else {
        Stamp::Since(first * 1_000_000 + fraction(cursor))
    };
    if cursor.peek() != Some(b' ') {
        return cursor.fault("a space behind the time");
    }
    cursor.spaces();
    Ok(stamp)
}

fn decimal(digits: &[u8]) -> Option<u64> {
    std::str::from_utf8(digits).ok()?.parse().ok()
}

/// `.123456` as microseconds; more digits are cut, fewer filled up.
fn fraction(cursor: &mut Cursor<'_>) -> u64 {
    if !cursor.take(b".") {
        return 0;
    }
    let digits = cursor.run(|byte| byte.is_ascii_digit());
    (0..6).fold(0, |sum, at| sum * 10 + digits.get(at).map_or(0, |digit| u64::from(digit - b'0')))
}

/// `<0.000046>` at the very end (`-T`), in microseconds; and the line before it.
pub(super) fn took(text: &[u8]) -> (&[u8], Option<u64>) {
    let text = text.trim_ascii_end();
    let found = || {
        let inside = text.strip_suffix(b">")?;
        let open = inside.iter().rposition(|byte| *byte == b'<')?;
        let mut cursor = Cursor::new(&inside[open + 1..]);
        let seconds = decimal(cursor.run(|byte| byte.is_ascii_digit()))?;
        let micros = seconds.checked_mul(1_000_000)?.checked_add(fraction(&mut cursor))?;
        cursor.rest().is_empty().then_some((&text[..open], micros))
    };
    match found() {
        Some((before, micros)) => (before.trim_ascii_end(), Some(micros)),
        None => (text, None),
    }
}

/// A call that has begun: its text so far, and when.
#[derive(Clone, Debug)]
pub(super) struct Torn {
    pub text: Vec<u8>,
    pub prefix: Prefix,
    pub since: crate::time::Micros,
}

/// Most threads of which a torn call is remembered.
const TORN_LIMIT: usize = 256;

/// The calls that have begun and not ended, by thread.
#[derive(Debug, Default)]
pub(super) struct TornCalls {
    by_thread: BTreeMap<u32, Torn>,
}

impl TornCalls {
    pub fn begin(&mut self, torn: Torn) {
        if self.by_thread.len() >= TORN_LIMIT && !self.by_thread.contains_key(&torn.prefix.thread) {
            self.by_thread.pop_first();
        }
        self.by_thread.insert(torn.prefix.thread, torn);
    }

    /// The whole of the call that `thread` now goes on with. `None` if its
    /// beginning was not seen.
    pub fn end(&mut self, thread: u32, rest: &[u8]) -> Option<Torn> {
        let mut torn = self.by_thread.remove(&thread)?;
        torn.text.extend_from_slice(rest);
        Some(torn)
    }

    pub fn forget(&mut self, thread: u32) {
        self.by_thread.remove(&thread);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn front(line: &str) -> (u32, Stamp, String) {
        let (prefix, told, _) = read(line.as_bytes()).expect("a line");
        let Told::Call { text, torn: false } = told else { panic!("{line}: {told:?}") };
        (prefix.thread, prefix.stamp, String::from_utf8_lossy(text).into_owned())
    }

    /// Protects: whichever flags strace was given, the same call is found.
    #[test]
    fn every_front_is_understood() {
        let close = || "close(8) = 0".to_owned();
        let cases = [
            ("27164 1795537102.284973 close(8) = 0", 27164, Stamp::Unix(1_795_537_102_284_973)),
            ("6225  16:26:47.044916 close(8) = 0", 6225, Stamp::Day(59_207_044_916)),
            ("[pid   12] 16:26:47 close(8) = 0", 12, Stamp::Day(59_207_000_000)),
            ("     0.000041 close(8) = 0", 0, Stamp::Since(41)),
            ("12        0.000041 close(8) = 0", 12, Stamp::Since(41)),
            ("1795537102 close(8) = 0", 0, Stamp::Unix(1_795_537_102_000_000)),
            ("1795537102.123456789 close(8) = 0", 0, Stamp::Unix(1_795_537_102_123_456)),
            ("close(8) = 0", 0, Stamp::None),
            ("12 close(8) = 0", 12, Stamp::None),
        ];
        for (line, thread, stamp) in cases {
            assert_eq!(front(line), (thread, stamp, close()), "{line}");
        }
    }

    #[test]
    fn what_is_no_line_of_strace_is_said_where() {
        for (line, at) in [
            ("hello world", 5),
            ("12 25:00:00 close(8) = 0", 3),
            ("12 1795537102.1x close(8)", 15),
            ("[pid x] close(8)", 5),
            ("\u{fe}", 0),
        ] {
            assert_eq!(read(line.as_bytes()).map_err(|fault| fault.at).err(), Some(at), "{line}");
        }
    }

    #[test]
    fn how_long_it_took_is_taken_off_the_end() {
        assert_eq!(took(b"close(8) = 0 <0.000046>\r"), (&b"close(8) = 0"[..], Some(46)));
        assert_eq!(took(b"x() = 8<socket:[1]>"), (&b"x() = 8<socket:[1]>"[..], None));
        assert_eq!(
            took(b"x() = 8<TCP:[a->b]> <1.5>"),
            (&b"x() = 8<TCP:[a->b]>"[..], Some(1_500_000))
        );
    }
}
