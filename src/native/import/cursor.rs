//! A line of strace's output, taken apart from left to right.

use crate::net::Fd;

/// What is wrong with a line, and after how many of its bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    pub at: usize,
    pub problem: String,
}

/// A string as strace prints one: how it begins, and whether that is all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Shown {
    pub bytes: Vec<u8>,
    pub cut: bool,
}

/// A descriptor, and what `-y` and `-yy` say about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Named<'a> {
    pub fd: Fd,
    pub about: Option<&'a [u8]>,
}

/// Where reading has come to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cursor<'a> {
    line: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    pub fn new(line: &'a [u8]) -> Cursor<'a> {
        Cursor { line, at: 0 }
    }

    pub fn at(&self) -> usize {
        self.at
    }

    pub fn rest(&self) -> &'a [u8] {
        &self.line[self.at..]
    }

    pub fn peek(&self) -> Option<u8> {
        self.line.get(self.at).copied()
    }

    pub fn fault<T>(&self, expected: &str) -> Result<T, Fault> {
        Err(Fault { at: self.at, problem: format!("expected {expected}") })
    }

    pub fn spaces(&mut self) {
        while self.peek() == Some(b' ') {
            self.at += 1;
        }
    }

    /// Takes `text` if it comes next.
    pub fn take(&mut self, text: &[u8]) -> bool {
        let found = self.rest().starts_with(text);
        self.at += if found { text.len() } else { 0 };
        found
    }

    pub fn expect(&mut self, text: &str) -> Result<(), Fault> {
        if self.take(text.as_bytes()) { Ok(()) } else { self.fault(&format!("'{text}'")) }
    }

    /// As many bytes as are `wanted`.
    pub fn run(&mut self, wanted: impl Fn(u8) -> bool) -> &'a [u8] {
        let rest = self.rest();
        let end = rest.iter().position(|byte| !wanted(*byte)).unwrap_or(rest.len());
        self.at += end;
        &rest[..end]
    }

    /// A whole number, decimal or (`-X raw`) hexadecimal.
    pub fn number(&mut self) -> Result<i64, Fault> {
        let before = *self;
        let negative = self.take(b"-");
        let radix = if self.take(b"0x") { 16 } else { 10 };
        let digits = self.run(|byte| byte.is_ascii_hexdigit());
        let parsed =
            std::str::from_utf8(digits).ok().and_then(|d| i64::from_str_radix(d, radix).ok());
        match parsed {
            Some(number) => Ok(if negative { -number } else { number }),
            None => before.fault("a number"),
        }
    }

    /// A descriptor: `8`, `8<socket:[1]>`, `8<TCP:[127.0.0.1:6379->127.0.0.1:5]>`.
    pub fn descriptor(&mut self) -> Result<Named<'a>, Fault> {
        let before = *self;
        let number = self.number()?;
        let about = self.annotation()?;
        match u32::try_from(number) {
            Ok(number) => Ok(Named { fd: Fd(number), about }),
            Err(_) => before.fault("a descriptor"),
        }
    }

    /// `<…>` behind a descriptor. Within it a `>` is that of an arrow, or of a
    /// device's numbers; the one that ends it stands before a delimiter.
    fn annotation(&mut self) -> Result<Option<&'a [u8]>, Fault> {
        if !self.take(b"<") {
            return Ok(None);
        }
        let rest = self.rest();
        let ends = |at: &usize| {
            rest[*at] == b'>' && rest.get(at + 1).is_none_or(|next| b",)]} ".contains(next))
        };
        match (0..rest.len()).find(ends) {
            Some(end) => {
                self.at += end + 1;
                Ok(Some(&rest[..end]))
            }
            None => self.fault("'>' at the end of what a descriptor is"),
        }
    }

    /// A string in quotes, with strace's escapes: those of C, octal, and with
    /// `-x` hexadecimal. Three dots behind it say that it is cut.
    pub fn string(&mut self) -> Result<Shown, Fault> {
        self.expect("\"")?;
        let mut bytes = Vec::new();
        loop {
            let plain = self.run(|byte| byte != b'"' && byte != b'\\');
            bytes.extend_from_slice(plain);
            if self.take(b"\"") {
                return Ok(Shown { bytes, cut: self.take(b"...") });
            }
            if self.peek().is_none() {
                return self.fault("'\"' at the end of a string");
            }
            bytes.push(self.escape()?);
        }
    }

    fn escape(&mut self) -> Result<u8, Fault> {
        let before = *self;
        self.expect("\\")?;
        let Some(kind) = self.peek() else { return self.fault("an escape") };
        let byte = match kind {
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            b'v' => 0x0b,
            b'f' => 0x0c,
            b'"' | b'\\' | b'\'' => kind,
            b'x' => {
                self.at += 1;
                return self.digits(2, 16).map_or_else(|| before.fault("an escape"), Ok);
            }
            b'0'..=b'7' => {
                return self.digits(3, 8).map_or_else(|| before.fault("an escape"), Ok);
            }
            _ => return before.fault("an escape"),
        };
        self.at += 1;
        Ok(byte)
    }

    /// A byte of at most so many digits.
    fn digits(&mut self, most: usize, radix: u32) -> Option<u8> {
        let mut value = None;
        for _ in 0..most {
            let digit = self.peek().and_then(|byte| char::from(byte).to_digit(radix));
            let Some(digit) = digit else { break };
            value = Some(value.unwrap_or(0) * radix + digit);
            self.at += 1;
        }
        u8::try_from(value?).ok()
    }

    /// Passes over whatever value comes next, up to the delimiter behind it.
    pub fn skip(&mut self) -> Result<(), Fault> {
        let mut depth = 0_u32;
        loop {
            match self.peek() {
                None => return self.fault("the end of the arguments"),
                Some(b'"') => {
                    self.string()?;
                    continue;
                }
                Some(b',' | b')' | b']' | b'}') if depth == 0 => return Ok(()),
                Some(b'(' | b'[' | b'{') => depth += 1,
                Some(b')' | b']' | b'}') => depth -= 1,
                Some(_) => {}
            }
            self.at += 1;
        }
    }

    /// `, ` between two values.
    pub fn comma(&mut self) -> Result<(), Fault> {
        self.expect(",")?;
        self.spaces();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn string(text: &str) -> Result<Shown, Fault> {
        Cursor::new(text.as_bytes()).string()
    }

    /// Protects: the same bytes, however strace was told to print them.
    #[test]
    fn strings_are_read_in_every_dress() {
        let plain = |bytes: &[u8]| Ok(Shown { bytes: bytes.to_vec(), cut: false });
        assert_eq!(string(r#""PING\r\n""#), plain(b"PING\r\n"));
        assert_eq!(string(r#""\x2a\x31\x00""#), plain(b"*1\0"));
        assert_eq!(
            string(r#""\0001\0\1\377\v\f\t\"\\""#),
            plain(b"\x001\x00\x01\xff\x0b\x0c\t\"\\")
        );
        assert_eq!(string(r#""abc"..."#), Ok(Shown { bytes: b"abc".to_vec(), cut: true }));
        assert_eq!(string(r#""abc"#).map_err(|fault| fault.at), Err(4));
        assert_eq!(string(r#""a\q""#).map_err(|fault| fault.at), Err(2));
        assert_eq!(string(r#""\777""#).map_err(|fault| fault.at), Err(1));
    }

    #[test]
    fn descriptors_say_what_they_are() {
        let about = |text: &'static str| {
            let named = Cursor::new(text.as_bytes()).descriptor().expect("a descriptor");
            (named.fd.0, named.about.map(String::from_utf8_lossy))
        };
        assert_eq!(about("8, "), (8, None));
        assert_eq!(about("8<socket:[12]>) = 0"), (8, Some("socket:[12]".into())));
        assert_eq!(
            about("9<TCPv6:[[::1]:1->[::1]:2]>, \"\""),
            (9, Some("TCPv6:[[::1]:1->[::1]:2]".into()))
        );
        assert_eq!(about("1</dev/null<char 1:3>>, "), (1, Some("/dev/null<char 1:3>".into())));
        assert!(Cursor::new(b"-1").descriptor().is_err());
        assert!(Cursor::new(b"8<never").descriptor().is_err());
    }

    #[test]
    fn whatever_is_not_wanted_is_passed_over() {
        for text in ["{a=[1, 2], b=\")\"}", "0x7ffe", "[128 => 16]", "htons(6379)", "A|B"] {
            let whole = format!("{text}, next");
            let mut cursor = Cursor::new(whole.as_bytes());
            cursor.skip().expect("a value");
            assert_eq!(cursor.at(), text.len(), "{text}");
        }
    }
}
