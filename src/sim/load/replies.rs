//! How many replies a guest has read, told from its bytes without a copy of
//! them: what is in a reply is nothing to it.

use std::mem::take;

#[derive(Debug, Default)]
pub(super) struct Replies {
    /// Of a header, as far as it has come.
    line: Vec<u8>,
    /// Bytes of a string that are to come.
    skip: u64,
    /// Values that the reply at hand lacks.
    lacks: u64,
    /// It is none: nobody asked for it.
    is_push: bool,
}

impl Replies {
    /// The replies that end within these bytes.
    pub fn read(&mut self, mut bytes: &[u8]) -> u64 {
        let mut replies = 0;
        while !bytes.is_empty() {
            if self.skip > 0 {
                let passed = self.skip.min(bytes.len() as u64);
                self.skip -= passed;
                bytes = &bytes[passed as usize..];
                replies += if self.skip == 0 { self.value() } else { 0 };
                continue;
            }
            let end = bytes.iter().position(|byte| *byte == b'\n');
            let (line, rest) = bytes.split_at(end.map_or(bytes.len(), |end| end + 1));
            self.line.extend_from_slice(line);
            bytes = rest;
            if end.is_some() {
                let line = take(&mut self.line);
                replies += self.header(&line);
            }
        }
        replies
    }

    fn header(&mut self, line: &[u8]) -> u64 {
        let digits = line[1..].iter().take_while(|byte| byte.is_ascii_digit());
        let size = digits.fold(0, |size: u64, digit| {
            size.saturating_mul(10).saturating_add(u64::from(digit - b'0'))
        });
        if self.lacks == 0 {
            (self.lacks, self.is_push) = (1, line[0] == b'>');
        }
        let held = match line[0] {
            // `-1` stands for nothing, and nothing follows it.
            b'$' | b'=' | b'!' if line[1] != b'-' => {
                self.skip = size.saturating_add(2);
                return 0;
            }
            b'*' | b'~' | b'>' => size,
            b'%' | b'|' => size.saturating_mul(2),
            _ => 0,
        };
        self.lacks = self.lacks.saturating_add(held);
        // An attribute is no value, it stands before one.
        if line[0] == b'|' { 0 } else { self.value() }
    }

    fn value(&mut self) -> u64 {
        self.lacks -= 1;
        u64::from(self.lacks == 0 && !self.is_push)
    }
}
