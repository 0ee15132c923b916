//! Bytes as evidence, bounded and printable.

use std::fmt;

/// Bytes as evidence: how many there were, and the first of them.
///
/// `head` is escaped so that any byte can be shown and read back: printable
/// ASCII stands for itself; `\r \n \t \\ \"` and `\xHH` for the rest.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Preview {
    pub len: u64,
    pub head: String,
}

impl Preview {
    /// Keeps at most `cap` bytes of `bytes`.
    #[must_use]
    pub fn of(bytes: &[u8], cap: usize) -> Preview {
        Preview { len: bytes.len() as u64, head: escape(&bytes[..bytes.len().min(cap)]) }
    }

    /// The bytes of the head; a malformed escape (a hand-edited trace) reads
    /// as the characters it is made of.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        unescape(&self.head)
    }

    /// Whether `head` is less than all.
    #[must_use]
    pub fn is_cut(&self) -> bool {
        (self.bytes().len() as u64) < self.len
    }
}

impl fmt::Display for Preview {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.head)?;
        if self.is_cut() { f.write_str("…") } else { Ok(()) }
    }
}

/// See [`Preview`].
#[must_use]
pub fn escape(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len());
    bytes.iter().for_each(|b| push_escaped(&mut out, *b));
    out
}

/// One byte, escaped; see [`Preview`].
pub fn push_escaped(out: &mut String, b: u8) {
    match b {
        b'\r' => out.push_str("\\r"),
        b'\n' => out.push_str("\\n"),
        b'\t' => out.push_str("\\t"),
        b'\\' => out.push_str("\\\\"),
        b'"' => out.push_str("\\\""),
        0x20..=0x7e => out.push(char::from(b)),
        _ => {
            const HEX: &[u8; 16] = b"0123456789abcdef";
            out.push_str("\\x");
            out.push(char::from(HEX[usize::from(b >> 4)]));
            out.push(char::from(HEX[usize::from(b & 15)]));
        }
    }
}

/// The inverse of [`escape`]; see [`Preview::bytes`].
#[must_use]
pub fn unescape(text: &str) -> Vec<u8> {
    let src = text.as_bytes();
    let mut out = Vec::with_capacity(src.len());
    let mut i = 0;
    while i < src.len() {
        let hex = |k: usize| src.get(k).and_then(|c| char::from(*c).to_digit(16));
        let (byte, used) = match (src[i], src.get(i + 1)) {
            (b'\\', Some(b'r')) => (b'\r', 2),
            (b'\\', Some(b'n')) => (b'\n', 2),
            (b'\\', Some(b't')) => (b'\t', 2),
            (b'\\', Some(b'\\')) => (b'\\', 2),
            (b'\\', Some(b'"')) => (b'"', 2),
            (b'\\', Some(b'x')) => match (hex(i + 2), hex(i + 3)) {
                (Some(h), Some(l)) => ((h * 16 + l) as u8, 4),
                _ => (b'\\', 1),
            },
            (other, _) => (other, 1),
        };
        out.push(byte);
        i += used;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_survives_escaping() {
        let all: Vec<u8> = (0..=255).collect();
        assert_eq!(unescape(&escape(&all)), all);
        assert!(escape(&all).is_ascii());
    }

    #[test]
    fn a_broken_escape_reads_as_itself() {
        assert_eq!(unescape("\\xZ1\\"), b"\\xZ1\\");
    }
}
