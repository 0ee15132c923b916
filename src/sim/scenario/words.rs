//! A line of a scenario as words with their places.

use super::error::{Refusal, ScenarioError, Spot};
use crate::part::part;
use crate::resp::inline::next_arg;
use crate::time::Micros;

/// One word and where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Word<'a> {
    /// As it is written.
    pub source: &'a str,
    pub spot: Spot,
}

impl<'a> Word<'a> {
    /// The word, unless it was quoted: only then may it mean something.
    pub fn bare(self) -> Option<&'a str> {
        let quoted = self.source.contains(['"', '\'']);
        if quoted { None } else { Some(self.source) }
    }

    /// The word without its quotes, which were found to end.
    pub fn bytes(self) -> Vec<u8> {
        let mut bytes = Vec::new();
        let _ = next_arg(self.source.as_bytes(), 0, &mut bytes);
        bytes
    }
}

/// The words of one line, taken from the front.
#[derive(Debug)]
pub(super) struct Words<'a> {
    /// The file's, for errors.
    name: &'a str,
    words: std::vec::IntoIter<Word<'a>>,
    /// Just after the last word: where something is missing.
    end: Spot,
}

impl<'a> Words<'a> {
    pub fn split(name: &'a str, line: usize, text: &'a str) -> Result<Words<'a>, Refusal> {
        let spot = |offset| Spot { line, column: part(text, ..offset).chars().count() + 1 };
        let (mut words, mut from) = (Vec::new(), 0);
        let mut unquoted = Vec::new();
        loop {
            let rest = part(text, from..).trim_start();
            if rest.starts_with('#') {
                break;
            }
            let source = next_arg(text.as_bytes(), from, &mut unquoted).map_err(|quote| {
                // Quotes are ASCII, so the offset is a character's.
                let found = Some(part(text, quote.at..));
                ScenarioError::expected(name, spot(quote.at), "a quoted word that ends", found)
            })?;
            let Some(source) = source else { break };
            from = source.end;
            let spot = spot(source.start);
            words.push(Word { source: part(text, source), spot });
        }
        Ok(Words { name, words: words.into_iter(), end: spot(from) })
    }

    /// Words that were split before.
    pub fn of(name: &'a str, words: Vec<Word<'a>>) -> Words<'a> {
        let after = |word: &Word<'_>| {
            let Spot { line, column } = word.spot;
            Spot { line, column: column + word.source.chars().count() }
        };
        let end = words.last().map(after).unwrap_or_default();
        Words { name, words: words.into_iter(), end }
    }

    pub fn next(&mut self) -> Option<Word<'a>> {
        self.words.next()
    }

    /// The next word, if it means something.
    pub fn peek(&self) -> Option<&'a str> {
        self.words.as_slice().first().and_then(|word| word.bare())
    }

    pub fn is_empty(&self) -> bool {
        self.words.len() == 0
    }

    pub fn rest(&mut self) -> Vec<Word<'a>> {
        self.words.by_ref().collect()
    }

    /// The next word, of which `what` is expected.
    pub fn expect(&mut self, what: &str) -> Result<Word<'a>, Refusal> {
        self.next().ok_or_else(|| self.error(what, None))
    }

    pub fn expect_keyword(&mut self, keyword: &str) -> Result<(), Refusal> {
        let found = self.next();
        if found.and_then(Word::bare) == Some(keyword) {
            return Ok(());
        }
        Err(self.error(&["'", keyword, "'"].concat(), found))
    }

    /// The next word, if it is that one.
    pub fn take_keyword(&mut self, keyword: &str) -> bool {
        let found = self.peek() == Some(keyword);
        if found {
            self.next();
        }
        found
    }

    /// Nothing more may follow.
    pub fn expect_end(&mut self) -> Result<(), Refusal> {
        match self.next() {
            None => Ok(()),
            found => Err(self.error("the end of the line", found)),
        }
    }

    /// The next word as a value, or what was expected.
    pub fn value<T>(
        &mut self,
        what: &str,
        read: impl FnOnce(&'a str) -> Option<T>,
    ) -> Result<T, Refusal> {
        let found = self.next();
        found.and_then(Word::bare).and_then(read).ok_or_else(|| self.error(what, found))
    }

    /// What stands beside the next word, which is one of these names; `others`
    /// could have stood there, too.
    pub fn one_of<T: Copy>(&mut self, others: &[&str], all: &[(&str, T)]) -> Result<T, Refusal> {
        let found = self.next();
        let name = found.and_then(Word::bare);
        let known = all.iter().find(|(known, _)| Some(*known) == name);
        known.map(|(_, value)| *value).ok_or_else(|| {
            let known = others.iter().copied().chain(all.iter().map(|(name, _)| *name));
            self.error(&either(&known.collect::<Vec<_>>()), found)
        })
    }

    /// `what` was expected, and not `found`, or not that the line ends.
    #[inline(never)]
    pub fn error(&self, what: &str, found: Option<Word<'_>>) -> Refusal {
        let spot = found.map_or(self.end, |word| word.spot);
        ScenarioError::expected(self.name, spot, what, found.map(|word| word.source))
    }
}

/// What is expected where any of these may stand.
pub(super) fn either(all: &[&str]) -> String {
    format!("one of {}", all.join(", "))
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
