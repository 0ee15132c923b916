//! A line of a scenario as words with their places.

use super::parse::ScenarioError;
use crate::part::part;
use crate::resp::inline::next_arg;
use crate::time::Micros;

/// One word, unquoted, and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Word {
    pub bytes: Vec<u8>,
    /// As it is written.
    pub source: String,
    /// From 1, in characters.
    pub column: usize,
}

impl Word {
    /// The word, unless it was quoted: only then may it mean something.
    pub fn bare(&self) -> Option<&str> {
        let quoted = self.source.contains(['"', '\'']);
        if quoted { None } else { Some(&self.source) }
    }
}

/// The words of one line, taken from the front.
#[derive(Debug)]
pub(super) struct Words<'a> {
    /// The file's name and the line's number, for errors.
    pub name: &'a str,
    pub line: usize,
    words: std::vec::IntoIter<Word>,
    /// Just after the last word: where something is missing.
    end_column: usize,
}

impl<'a> Words<'a> {
    pub fn split(name: &'a str, line: usize, text: &str) -> Result<Words<'a>, ScenarioError> {
        let column = |offset: usize| part(text, ..offset).chars().count() + 1;
        let (mut words, mut from) = (Vec::new(), 0);
        loop {
            let mut bytes = Vec::new();
            let rest = part(text, from..).trim_start();
            if rest.starts_with('#') {
                break;
            }
            let source = next_arg(text.as_bytes(), from, &mut bytes).map_err(|quote| {
                // Quotes are ASCII, so the offset is a character's.
                let at = column(quote.at);
                let found = part(text, quote.at..).to_owned();
                ScenarioError::expected(name, line, at, "a quoted word that ends", found)
            })?;
            let Some(source) = source else { break };
            from = source.end;
            let column = column(source.start);
            words.push(Word { bytes, source: part(text, source).to_owned(), column });
        }
        let end_column = column(from);
        Ok(Words { name, line, words: words.into_iter(), end_column })
    }

    /// Words that were split before.
    pub fn of(name: &'a str, line: usize, words: Vec<Word>) -> Words<'a> {
        let end_column = words.last().map_or(1, |w| w.column + w.source.chars().count());
        Words { name, line, words: words.into_iter(), end_column }
    }

    pub fn next(&mut self) -> Option<Word> {
        self.words.next()
    }

    pub fn peek(&self) -> Option<&Word> {
        self.words.as_slice().first()
    }

    pub fn is_empty(&self) -> bool {
        self.words.len() == 0
    }

    pub fn rest(&mut self) -> Vec<Word> {
        self.words.by_ref().collect()
    }

    /// The next word, of which `what` is expected.
    pub fn expect(&mut self, what: &str) -> Result<Word, ScenarioError> {
        self.next().ok_or_else(|| {
            let found = "the end of the line";
            ScenarioError::expected_but(self.name, self.line, self.end_column, what, found)
        })
    }

    pub fn expect_keyword(&mut self, keyword: &str) -> Result<Word, ScenarioError> {
        let what = format!("'{keyword}'");
        let word = self.expect(&what)?;
        if word.bare() == Some(keyword) { Ok(word) } else { Err(self.error(&what, &word)) }
    }

    /// The next word, if it is that one.
    pub fn take_keyword(&mut self, keyword: &str) -> bool {
        let found = self.peek().and_then(Word::bare) == Some(keyword);
        if found {
            self.next();
        }
        found
    }

    /// Nothing more may follow.
    pub fn expect_end(&mut self) -> Result<(), ScenarioError> {
        match self.next() {
            None => Ok(()),
            Some(word) => Err(self.error("the end of the line", &word)),
        }
    }

    /// The next word as a value, or what was expected.
    pub fn value<T>(
        &mut self,
        what: &str,
        read: impl Fn(&str) -> Option<T>,
    ) -> Result<T, ScenarioError> {
        let word = self.expect(what)?;
        word.bare().and_then(read).ok_or_else(|| self.error(what, &word))
    }

    pub fn error(&self, what: &str, found: &Word) -> ScenarioError {
        let found_source = found.source.clone();
        ScenarioError::expected(self.name, self.line, found.column, what, found_source)
    }
}

pub(super) const A_TIME: &str = "a time such as 3ms";
pub(super) const A_SIZE: &str = "a size such as 4kb";

/// A decimal number with at most nine digits after the point and its unit.
fn split_unit(text: &str) -> Option<(u64, u64, &str)> {
    let unit_at = text.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(text.len());
    let (number, unit) = (part(text, ..unit_at), part(text, unit_at..));
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let digits = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit());
    if !digits(whole) || (number.contains('.') && !digits(fraction)) || fraction.len() > 9 {
        return None;
    }
    let nanos = format!("{fraction:0<9}");
    Some((whole.parse().ok()?, nanos.parse().ok()?, unit))
}

/// `whole.nanos` times `unit`, if that is a whole number.
fn scale((whole, nanos): (u64, u64), unit: u64) -> Option<u64> {
    const NANO: u64 = 1_000_000_000;
    let part = nanos.checked_mul(unit)?;
    if part % NANO != 0 {
        return None;
    }
    whole.checked_mul(unit)?.checked_add(part / NANO)
}

/// `500ns`, `2us`, `1.5ms`, `1s`, in nanoseconds.
pub(super) fn read_nanoseconds(text: &str) -> Option<u64> {
    let (whole, nanos, unit) = split_unit(text)?;
    let unit = match unit {
        "ns" => 1,
        "us" => 1_000,
        "ms" => 1_000_000,
        "s" => 1_000_000_000,
        _ => return None,
    };
    scale((whole, nanos), unit)
}

/// A whole number of microseconds.
pub(super) fn read_time(text: &str) -> Option<Micros> {
    let ns = read_nanoseconds(text)?;
    (ns % 1_000 == 0).then_some(Micros(ns / 1_000))
}

/// Redis's notation: `kb` is 1024 bytes, `k` is 1000.
pub(super) fn read_size(text: &str) -> Option<u64> {
    let (whole, nanos, unit) = split_unit(text)?;
    let unit = match unit {
        "" | "b" => 1,
        "k" => 1_000,
        "kb" => 1_024,
        "m" => 1_000_000,
        "mb" => 1_024 * 1_024,
        "g" => 1_000_000_000,
        "gb" => 1_024 * 1_024 * 1_024,
        _ => return None,
    };
    scale((whole, nanos), unit)
}

pub(super) fn read_number<T: std::str::FromStr>(text: &str) -> Option<T> {
    // `parse` also takes a plus sign.
    if text.starts_with('+') { None } else { text.parse().ok() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_exact() {
        let us = |text| read_time(text).map(|t| t.0);
        assert_eq!(us("0us"), Some(0));
        assert_eq!(us("250us"), Some(250));
        assert_eq!(us("1.5ms"), Some(1_500));
        assert_eq!(us("2s"), Some(2_000_000));
        assert_eq!(us("3000ns"), Some(3));
        assert_eq!(read_nanoseconds("0.25us"), Some(250));
        for bad in ["", "3", "ms", "-1ms", "1.ms", ".5ms", "1,5ms", "500ns", "0.5us", "1h", "1 ms"]
        {
            assert_eq!(us(bad), None, "{bad:?}");
        }
        assert_eq!(us("99999999999999s"), None);
    }

    #[test]
    fn sizes_are_redis_s() {
        assert_eq!(read_size("64"), Some(64));
        assert_eq!(read_size("4kb"), Some(4_096));
        assert_eq!(read_size("1.5kb"), Some(1_536));
        assert_eq!(read_size("1k"), Some(1_000));
        assert_eq!(read_size("1mb"), Some(1_048_576));
        for bad in ["", "kb", "1tb", "-1", "1.0001kb"] {
            assert_eq!(read_size(bad), None, "{bad:?}");
        }
    }
}
