//! The grammar of JSON (RFC 8259): where in a text each value begins and ends.

use crate::part::part;

/// Deeper nesting is refused, before it takes the stack.
const DEPTH_MOST: u32 = 128;

/// One value, by its place in the text and in the row of all values.
#[derive(Clone, Copy, Debug)]
pub(super) struct Value {
    /// Its first byte.
    pub from: usize,
    /// The byte after its last.
    pub to: usize,
    /// The value that is not in it any more: its own are between. Those of an
    /// object are names and values by turns.
    pub after: usize,
}

/// What should stand where something else does.
#[derive(Debug)]
pub(super) struct Wrong {
    pub at: usize,
    pub expected: &'static str,
}

/// All values of a text that is one JSON value, in the order in which they
/// begin.
///
/// # Errors
/// The first place at which no JSON could go on as the text does.
pub(super) fn scan(text: &str) -> Result<Vec<Value>, Wrong> {
    let mut scanner = Scanner { bytes: text.as_bytes(), at: 0, values: Vec::with_capacity(32) };
    match scanner.text() {
        Ok(()) => Ok(scanner.values),
        Err(expected) => Err(Wrong { at: scanner.at, expected }),
    }
}

/// Each part stops behind what it took, or at what it does not expect.
type Part = Result<(), &'static str>;

struct Scanner<'a> {
    bytes: &'a [u8],
    at: usize,
    values: Vec<Value>,
}

impl Scanner<'_> {
    fn text(&mut self) -> Part {
        self.skip_space();
        self.value(0)?;
        self.skip_space();
        if self.at < self.bytes.len() { Err("the end of the line") } else { Ok(()) }
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn take(&mut self, byte: u8) -> bool {
        let taken = self.peek() == Some(byte);
        self.at += usize::from(taken);
        taken
    }

    fn skip_space(&mut self) {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.peek() {
            self.at += 1;
        }
    }

    fn value(&mut self, depth: u32) -> Part {
        let index = self.values.len();
        self.values.push(Value { from: self.at, to: 0, after: 0 });
        match self.peek() {
            Some(b'{') => self.members(b'}', depth)?,
            Some(b'[') => self.members(b']', depth)?,
            Some(b'"') => self.string()?,
            Some(b't') => self.word(b"true")?,
            Some(b'f') => self.word(b"false")?,
            Some(b'n') => self.word(b"null")?,
            Some(b'-' | b'0'..=b'9') => self.number()?,
            _ => return Err("a value"),
        }
        let after = self.values.len();
        let value = &mut self.values[index];
        (value.to, value.after) = (self.at, after);
        Ok(())
    }

    /// What is between the brackets, and these.
    fn members(&mut self, closing: u8, depth: u32) -> Part {
        if depth == DEPTH_MOST {
            return Err("no value so deep in others");
        }
        self.at += 1;
        self.skip_space();
        if self.take(closing) {
            return Ok(());
        }
        loop {
            if closing == b'}' {
                if self.peek() != Some(b'"') {
                    return Err("a name in quotes");
                }
                self.value(depth)?;
                self.skip_space();
                if !self.take(b':') {
                    return Err("a colon");
                }
                self.skip_space();
            }
            self.value(depth + 1)?;
            self.skip_space();
            if self.take(closing) {
                return Ok(());
            }
            if !self.take(b',') {
                return Err(if closing == b'}' { "a comma or }" } else { "a comma or ]" });
            }
            self.skip_space();
        }
    }

    fn word(&mut self, word: &'static [u8]) -> Part {
        if word.iter().all(|byte| self.take(*byte)) { Ok(()) } else { Err("a value") }
    }

    fn number(&mut self) -> Part {
        self.take(b'-');
        if !self.take(b'0') {
            self.digits()?;
        }
        if self.take(b'.') {
            self.digits()?;
        }
        if self.take(b'e') || self.take(b'E') {
            let _ = self.take(b'+') || self.take(b'-');
            self.digits()?;
        }
        Ok(())
    }

    fn digits(&mut self) -> Part {
        let first = self.at;
        while let Some(b'0'..=b'9') = self.peek() {
            self.at += 1;
        }
        if self.at > first { Ok(()) } else { Err("a digit") }
    }

    fn string(&mut self) -> Part {
        self.at += 1;
        while let Some(byte) = self.peek() {
            match byte {
                b'"' => {
                    self.at += 1;
                    return Ok(());
                }
                b'\\' => self.escape()?,
                0..=0x1f => return Err("a control character's escape"),
                _ => self.at += 1,
            }
        }
        Err("a closing quote")
    }

    fn escape(&mut self) -> Part {
        self.at += 1;
        match self.peek() {
            Some(b'u') => {
                // Half of a pair means nothing alone.
                match self.unit()? {
                    0xdc00..=0xdfff => Err("the first half of a pair"),
                    0xd800..=0xdbff => {
                        if !self.take(b'\\') || self.peek() != Some(b'u') {
                            return Err("the second half of a pair");
                        }
                        let second = matches!(self.unit()?, 0xdc00..=0xdfff);
                        if second { Ok(()) } else { Err("the second half of a pair") }
                    }
                    _ => Ok(()),
                }
            }
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => {
                self.at += 1;
                Ok(())
            }
            _ => Err("an escape"),
        }
    }

    /// `uXXXX`.
    fn unit(&mut self) -> Result<u32, &'static str> {
        let mut unit = 0;
        for _ in 0..4 {
            self.at += 1;
            let digit = self.peek().and_then(|byte| char::from(byte).to_digit(16));
            unit = unit * 16 + digit.ok_or("four hexadecimal digits")?;
        }
        self.at += 1;
        Ok(unit)
    }
}

/// What a string that was scanned says; `inner` is what is in its quotes.
pub(super) fn unescaped(inner: &str) -> String {
    let mut text = String::with_capacity(inner.len());
    let mut pieces = inner.split('\\');
    text.push_str(pieces.next().unwrap_or_default());
    // The first half of a pair, before its second.
    let mut high = 0;
    while let Some(piece) = pieces.next() {
        let Some(escape) = piece.chars().next() else {
            // An escaped backslash: what follows it begins a piece of its own.
            text.push('\\');
            text.push_str(pieces.next().unwrap_or_default());
            continue;
        };
        let mut rest = part(piece, 1..);
        match escape {
            'b' => text.push('\u{8}'),
            'f' => text.push('\u{c}'),
            'n' => text.push('\n'),
            'r' => text.push('\r'),
            't' => text.push('\t'),
            'u' => {
                let unit = u32::from_str_radix(part(rest, ..4), 16).unwrap_or_default();
                rest = part(rest, 4..);
                match unit {
                    0xd800..=0xdbff => high = unit - 0xd800,
                    0xdc00..=0xdfff => {
                        text.extend(char::from_u32(0x1_0000 + (high << 10) + (unit - 0xdc00)))
                    }
                    _ => text.extend(char::from_u32(unit)),
                }
            }
            itself => text.push(itself),
        }
        text.push_str(rest);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{Value, scan, unescaped};
    use proptest::prelude::*;
    use serde_json::Value as Json;

    /// The value at `index`, built as serde_json builds it.
    fn built(text: &str, values: &[Value], index: usize) -> Json {
        let Value { from, to, after } = values[index];
        let source = &text[from..to];
        let string = |index: usize| {
            let Value { from, to, .. } = values[index];
            unescaped(&text[from + 1..to - 1])
        };
        let mut inside = index + 1;
        let mut next = || {
            let here = inside;
            (here < after).then(|| {
                inside = values[here].after;
                here
            })
        };
        match source.as_bytes()[0] {
            b'"' => Json::String(string(index)),
            b'[' => std::iter::from_fn(|| next().map(|at| built(text, values, at))).collect(),
            b'{' => std::iter::from_fn(|| {
                let name = next()?;
                let value = next().expect("a name has its value");
                Some((string(name), built(text, values, value)))
            })
            .collect(),
            _ => source.parse().expect("a word or a number"),
        }
    }

    fn check(text: &str) -> Result<(), TestCaseError> {
        match (scan(text), serde_json::from_str::<Json>(text)) {
            (Ok(values), Ok(json)) => prop_assert_eq!(built(text, &values, 0), json),
            // JSON by its grammar so far; no number that serde_json can hold.
            (_, Err(error)) if error.to_string().starts_with("number out of range") => {}
            // serde_json reads the four digits as one, and is at the end
            // before it sees that they are none.
            (Err(wrong), Err(error)) if wrong.expected == "four hexadecimal digits" => {
                prop_assert!(wrong.at < text.len() || error.is_eof(), "{:?} {}", wrong, error);
            }
            (Err(wrong), Err(error)) => {
                prop_assert_eq!(wrong.at == text.len(), error.is_eof(), "{:?} {}", wrong, error);
            }
            (ours, theirs) => prop_assert!(false, "{ours:?} {theirs:?} of {text}"),
        }
        Ok(())
    }

    /// JSON of all kinds, with spaces and escapes that a writer would not use.
    fn json() -> impl Strategy<Value = String> {
        let string = r#""([ -!#-\[\]-~é𝄞]|\\[bfnrt/"\\]|\\u00[0-9a-fA-F]{2}|\\ud834\\udd1e){0,6}""#;
        let leaf = prop_oneof![
            Just("null".to_owned()),
            Just("true".to_owned()),
            Just("false".to_owned()),
            "-?(0|[1-9][0-9]{0,20})(\\.[0-9]{1,3})?([eE][+-]?[0-9]{1,2})?",
            string,
        ];
        leaf.prop_recursive(4, 24, 4, move |inner| {
            prop_oneof![
                (prop::collection::vec(inner.clone(), 0..4), "[ \t]?").prop_map(
                    |(list, space)| format!("[{space}{}]", list.join(&format!("{space},")))
                ),
                prop::collection::vec((string, inner, "[ \t]?"), 0..4).prop_map(|members| {
                    let members = members.into_iter();
                    let members: Vec<String> = members
                        .map(|(name, value, s)| format!("{s}{name}{s}:{value}{s}"))
                        .collect();
                    format!("{{{}}}", members.join(","))
                }),
            ]
        })
    }

    proptest! {
        #[test]
        fn it_reads_as_serde_json_does(text in json()) {
            check(&text)?;
        }

        /// Cut anywhere, the text only ends too early; broken anywhere, both
        /// readers say whether it still is JSON.
        #[test]
        fn it_refuses_what_serde_json_refuses(
            text in json(),
            at in any::<prop::sample::Index>(),
            with in r#"[\[\]{}",:\\0-9a-z+. -]{0,2}"#,
        ) {
            let places: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
            let at = places[at.index(places.len())];
            check(&text[..at])?;
            check(&format!("{}{with}{}", &text[..at], &text[at..]))?;
            let rest = text[at..].chars().next().map_or(0, char::len_utf8);
            check(&format!("{}{with}{}", &text[..at], &text[at + rest..]))?;
        }
    }

    #[test]
    fn what_is_too_deep_is_refused() {
        let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert!(scan(&nested(128)).is_ok());
        assert!(scan(&nested(129)).is_err() && scan(&"[".repeat(4_000_000)).is_err());
    }
}
