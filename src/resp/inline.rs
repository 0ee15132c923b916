//! Splitting a line into arguments, as a person types them.

use std::ops::Range;

/// A quoted section was not closed, or something sticks to its closing quote.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnbalancedQuotes {
    /// Offset of the quote that opened the section.
    pub at: usize,
}

fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | 0x0b | 0x0c | b'\r')
}

/// Splits `line` and appends the arguments' bytes to `scratch` and their
/// places in `scratch` to `ranges`.
///
/// Redis: `sdssplitargs`, *faithful* for a line without NUL bytes (there a
/// NUL is the end of the line). Any `isspace` byte may precede an argument,
/// but inside an unquoted one vertical tab and form feed are ordinary bytes.
///
/// # Errors
/// [`UnbalancedQuotes`]; what was appended so far stays.
pub fn split_args(
    line: &[u8],
    ranges: &mut Vec<Range<usize>>,
    scratch: &mut Vec<u8>,
) -> Result<(), UnbalancedQuotes> {
    let mut from = 0;
    let mut start = scratch.len();
    while let Some(source) = next_arg(line, from, scratch)? {
        ranges.push(start..scratch.len());
        start = scratch.len();
        from = source.end;
    }
    Ok(())
}

/// The next argument of `line` from offset `from` on: appends its bytes to
/// `scratch` and returns where in `line` it stands, quotes included; `None` at
/// the end of the line. [`split_args`] is this until it is exhausted.
///
/// # Errors
/// [`UnbalancedQuotes`].
pub fn next_arg(
    line: &[u8],
    from: usize,
    scratch: &mut Vec<u8>,
) -> Result<Option<Range<usize>>, UnbalancedQuotes> {
    let rest = &line[from..];
    let Some(gap) = rest.iter().position(|b| !is_space(*b)) else { return Ok(None) };
    let start = from + gap;
    Ok(Some(start..split_one(line, start, scratch)?))
}

/// One argument from `line[i]` on; returns the offset after it.
fn split_one(line: &[u8], mut i: usize, scratch: &mut Vec<u8>) -> Result<usize, UnbalancedQuotes> {
    while let Some(&byte) = line.get(i) {
        match byte {
            b' ' | b'\t' | b'\n' | b'\r' => break,
            // A quote opens a section even in mid-word; since whitespace must
            // follow the closing one, the argument ends with the section.
            b'"' | b'\'' => {
                let end = quoted(line, i, byte, scratch).ok_or(UnbalancedQuotes { at: i })?;
                return match line.get(end) {
                    Some(next) if !is_space(*next) => Err(UnbalancedQuotes { at: i }),
                    _ => Ok(end),
                };
            }
            _ => scratch.push(byte),
        }
        i += 1;
    }
    Ok(i)
}

/// The section whose opening `quote` is `line[open]`; returns the offset after
/// its closing quote.
fn quoted(line: &[u8], open: usize, quote: u8, scratch: &mut Vec<u8>) -> Option<usize> {
    let hex = |k: usize| line.get(k).and_then(|c| char::from(*c).to_digit(16));
    let mut i = open + 1;
    loop {
        let byte = *line.get(i)?;
        let next = line.get(i + 1).copied();
        let (decoded, used) = match (quote, byte, next) {
            (_, b, _) if b == quote => return Some(i + 1),
            (b'\'', b'\\', Some(b'\'')) => (b'\'', 2),
            (b'"', b'\\', Some(escaped)) => match (escaped, hex(i + 2), hex(i + 3)) {
                (b'x', Some(high), Some(low)) => ((high * 16 + low) as u8, 4),
                (b'n', ..) => (b'\n', 2),
                (b'r', ..) => (b'\r', 2),
                (b't', ..) => (b'\t', 2),
                (b'b', ..) => (0x08, 2),
                (b'a', ..) => (0x07, 2),
                (other, ..) => (other, 2),
            },
            (_, other, _) => (other, 1),
        };
        scratch.push(decoded);
        i += used;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(line: &str) -> Result<Vec<Vec<u8>>, usize> {
        let (mut ranges, mut scratch) = (Vec::new(), Vec::new());
        split_args(line.as_bytes(), &mut ranges, &mut scratch).map_err(|e| e.at)?;
        Ok(ranges.into_iter().map(|r| scratch[r].to_vec()).collect())
    }

    #[test]
    fn words_quotes_and_escapes() {
        let ok = |line: &str, want: &[&[u8]]| {
            assert_eq!(
                split(line).as_deref().map(|v| v.iter().map(|a| &a[..]).collect()),
                Ok(want.to_vec()),
                "{line:?}"
            );
        };
        ok("", &[]);
        ok(" \t ", &[]);
        ok("set  k\tv ", &[b"set", b"k", b"v"]);
        ok(r#"set k "\x41\n""#, &[b"set", b"k", b"A\n"]);
        ok(r#""\r\t\b\a\q\"\\\xZZ""#, &[b"\r\t\x08\x07q\"\\xZZ"]);
        ok(r#"'it\'s' '\n' '"'"#, &[b"it's", b"\\n", b"\""]);
        ok(r#"a"b c" """#, &[b"ab c", b""]);
        ok("a\\nb", &[b"a\\nb"]);
        ok("a\x0bb \x0cc", &[b"a\x0bb", b"c"]);
    }

    #[test]
    fn broken_quotes_are_found_where_they_open() {
        assert_eq!(split(r#"set a "b"#), Err(6));
        assert_eq!(split(r#""a"b"#), Err(0));
        assert_eq!(split("x 'a''b'"), Err(2));
        assert_eq!(split("\"a\\"), Err(0));
        assert_eq!(split("\"a\\\""), Err(0));
    }
}
