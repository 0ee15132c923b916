//! Filling a template with values, and numbers as a reader of the language
//! writes them.

use super::{Arg, Catalogue, Expected, Phrase, SPOKEN, Said, Words};
use crate::part::part;
use crate::time::Micros;

/// Says a phrase in all its wordings.
pub(super) fn fill(catalogue: &Catalogue, phrase: Phrase, values: &[Arg<'_>]) -> Words {
    let Some(entry) = catalogue.find(phrase) else {
        #[cfg(not(target_arch = "wasm32"))]
        debug_assert!(false, "the catalogue lacks {phrase:?}");
        return Words::plain("…");
    };
    let mut pen =
        Pen { catalogue, names: catalogue.values(entry), values, wording: 0, out: String::new() };
    debug_assert_eq!(pen.names.split_whitespace().count(), values.len(), "values of {phrase:?}");
    pen.write(catalogue.wording(entry, 0), None);
    let kitchen_end = pen.out.len();
    let redis = catalogue.wording(entry, 1);
    pen.wording = 1;
    pen.write(redis, None);
    let term = pen.out.len();
    pen.write(catalogue.wording(entry, 2), None);
    // Without a wording of their own, Redis's readers are told the kitchen's.
    let redis = if redis.is_empty() { 0 } else { kitchen_end };
    Words(Box::new(Said { text: pen.out, kitchen_end, redis, term }))
}

/// What stands between two braces.
struct Slot<'a> {
    name: &'a str,
    /// `:` a format follows, `|` a form for one, `?` a form for something.
    kind: Option<u8>,
    first: &'a str,
    second: &'a str,
}

/// The text before the first slot, the slot, and the text after it.
fn split(template: &str) -> Result<Option<(&str, Slot<'_>, &str)>, Expected> {
    let Some(open) = template.find('{') else {
        let stray = template.contains('}');
        return if stray { Err(Expected::Brace) } else { Ok(None) };
    };
    let inner = part(template, open + 1..);
    let (mut depth, mut kind_at, mut middle) = (0_u32, None, None);
    for (at, byte) in inner.bytes().enumerate() {
        match byte {
            b'{' => depth += 1,
            b'}' if depth > 0 => depth -= 1,
            b'}' => {
                let name_end = kind_at.unwrap_or(at);
                let first = kind_at.map_or(at, |kind| kind + 1);
                let slot = Slot {
                    name: part(inner, ..name_end),
                    kind: kind_at.map(|kind| inner.as_bytes()[kind]),
                    first: part(inner, first..middle.unwrap_or(at)),
                    second: middle.map_or("", |middle| part(inner, middle + 1..at)),
                };
                return Ok(Some((part(template, ..open), slot, part(inner, at + 1..))));
            }
            b':' | b'?' if depth == 0 && kind_at.is_none() => kind_at = Some(at),
            b'|' if depth == 0 && kind_at.is_none() => kind_at = Some(at),
            b'|' if depth == 0 && middle.is_none() => middle = Some(at),
            _ => {}
        }
    }
    Err(Expected::Brace)
}

/// Where the value of that name stands; a capital does not matter.
fn place(names: &str, name: &str) -> Option<usize> {
    names.split_ascii_whitespace().position(|known| known.eq_ignore_ascii_case(name))
}

const FORMATS: [&str; 6] = ["number", "bytes", "size", "time", "lasting", "clock"];

/// Whether a wording can be filled with values of these names.
pub(super) fn check(template: &str, names: &str) -> Result<(), Expected> {
    let mut rest = template;
    while let Some((_, slot, after)) = split(rest)? {
        place(names, slot.name).ok_or(Expected::Value)?;
        if slot.kind == Some(b':') {
            if !FORMATS.contains(&slot.first) {
                return Err(Expected::Format);
            }
        } else {
            check(slot.first, names)?;
            check(slot.second, names)?;
        }
        rest = after;
    }
    Ok(())
}

/// Writes one phrase.
struct Pen<'a> {
    catalogue: &'a Catalogue,
    names: &'a str,
    values: &'a [Arg<'a>],
    wording: u8,
    out: String,
}

impl Pen<'_> {
    /// `counted` is what `#` stands for.
    fn write(&mut self, template: &str, counted: Option<u64>) {
        let mut rest = template;
        while let Ok(Some((before, slot, after))) = split(rest) {
            self.plain(before, counted);
            let start = self.out.len();
            self.slot(&slot, counted);
            if slot.name.starts_with(|c: char| c.is_ascii_uppercase())
                && let Some(first) = self.out.get_mut(start..=start)
            {
                first.make_ascii_uppercase();
            }
            rest = after;
        }
        self.plain(rest, counted);
    }

    fn plain(&mut self, text: &str, counted: Option<u64>) {
        let mut parts = text.split('#');
        self.out.push_str(parts.next().unwrap_or_default());
        for part in parts {
            match counted {
                Some(n) => group(self.catalogue, n, &mut self.out),
                None => self.out.push('#'),
            }
            self.out.push_str(part);
        }
    }

    fn slot(&mut self, slot: &Slot<'_>, counted: Option<u64>) {
        let value = place(self.names, slot.name).and_then(|place| self.values.get(place));
        let Some(value) = value.copied() else { return };
        let number = match value {
            Arg::Number(n) => n,
            Arg::Text(text) => u64::from(!text.is_empty()),
            Arg::Words(words) => u64::from(!words.kitchen().is_empty()),
        };
        match slot.kind {
            None => match value {
                Arg::Number(n) => self.out.push_str(itoa::Buffer::new().format(n)),
                Arg::Text(text) => self.out.push_str(text),
                Arg::Words(words) if self.wording == 0 => self.out.push_str(words.kitchen()),
                Arg::Words(words) => self.out.push_str(words.redis()),
            },
            Some(b':') => format(self.catalogue, slot.first, number, &mut self.out),
            Some(b'|') => {
                let form = if number == 1 { slot.first } else { slot.second };
                self.write(form, Some(number));
            }
            Some(_) => {
                let form = if number > 0 { slot.first } else { slot.second };
                self.write(form, counted);
            }
        }
    }
}

fn format(catalogue: &Catalogue, name: &str, n: u64, out: &mut String) {
    match name.as_bytes() {
        b"number" => group(catalogue, n, out),
        b"bytes" => {
            let said = fill(catalogue, const { Phrase::named("bytes") }, &[Arg::Number(n)]);
            out.push_str(said.kitchen());
        }
        b"size" => sized(catalogue, n, out),
        b"time" => timed(catalogue, n, out),
        b"clock" => decimal(catalogue, n / 1_000, 1_000, true, " s", out),
        _ => lasted(n, out),
    }
}

/// With a mark between the thousands.
fn group(catalogue: &Catalogue, n: u64, out: &mut String) {
    let mut digits = itoa::Buffer::new();
    let digits = digits.format(n);
    let mark = mark(catalogue, const { Phrase::named("number.group") }, ",");
    for (at, digit) in digits.bytes().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push_str(mark);
        }
        out.push(char::from(digit));
    }
}

fn mark<'a>(catalogue: &'a Catalogue, phrase: Phrase, without: &'static str) -> &'a str {
    catalogue.find(phrase).map_or(without, |entry| catalogue.wording(entry, 0))
}

/// `n` of so many parts to a whole. Zeros at the end are kept or not.
fn decimal(catalogue: &Catalogue, n: u64, parts: u64, zeros: bool, unit: &str, out: &mut String) {
    out.push_str(itoa::Buffer::new().format(n / parts));
    let (mut left, mut part) = (n % parts, parts / 10);
    if part > 0 && (left > 0 || zeros) {
        out.push_str(mark(catalogue, const { Phrase::named("number.point") }, "."));
    }
    while part > 0 && (left > 0 || zeros) {
        out.push(char::from(b'0' + (left / part) as u8));
        left %= part;
        part /= 10;
    }
    out.push_str(unit);
}

/// A number of bytes as a person reads it: `8 B`, `36 KB`, `1.2 MB`; rounded
/// down to a tenth, above ten units to a whole one.
fn sized(catalogue: &Catalogue, n: u64, out: &mut String) {
    let (unit, name) = match n {
        0..1_024 => return decimal(catalogue, n, 1, false, " B", out),
        1_024..1_048_576 => (1_024, " KB"),
        1_048_576..1_073_741_824 => (1_048_576, " MB"),
        _ => (1_073_741_824, " GB"),
    };
    // In this order, since a tenth of a KB is no whole number of bytes.
    let tenths = (u128::from(n) * 10 / unit) as u64;
    let tenths = if tenths >= 100 { tenths / 10 * 10 } else { tenths };
    decimal(catalogue, tenths, 10, false, name, out);
}

/// The shortest exact form a person reads: `7 µs`, `1.5 ms`, `13.266 s`.
fn timed(catalogue: &Catalogue, us: u64, out: &mut String) {
    match us {
        0..1_000 => decimal(catalogue, us, 1, false, " µs", out),
        1_000..1_000_000 => decimal(catalogue, us, 1_000, false, " ms", out),
        _ => decimal(catalogue, us / 1_000, 1_000, false, " s", out),
    }
}

/// To the unit that matters: `840 µs`, `84 ms`, `12 s`, `3 min`.
fn lasted(us: u64, out: &mut String) {
    let (n, unit) = match us {
        0..1_000 => (us, " µs"),
        1_000..1_000_000 => (us / 1_000, " ms"),
        1_000_000..120_000_000 => (us / 1_000_000, " s"),
        _ => (us / 60_000_000, " min"),
    };
    out.push_str(itoa::Buffer::new().format(n));
    out.push_str(unit);
}

#[inline(never)]
fn formatted(name: &str, n: u64) -> String {
    let mut out = String::new();
    SPOKEN.with(|spoken| format(&spoken.borrow(), name, n, &mut out));
    out
}

/// With a mark between the thousands: `16,384`.
#[must_use]
pub fn grouped(n: u64) -> String {
    formatted("number", n)
}

/// `1 byte`, `16,384 bytes`.
#[must_use]
pub fn bytes(n: u64) -> String {
    formatted("bytes", n)
}

/// A number of bytes as a person reads it, rounded down: `8 B`, `36 KB`, `1.2 MB`.
#[must_use]
pub fn size(n: u64) -> String {
    formatted("size", n)
}

/// The shortest exact form a person reads: `7 µs`, `1.5 ms`, `13.266 s`.
#[must_use]
pub fn time(time: Micros) -> String {
    formatted("time", time.0)
}

/// To the unit that matters: `840 µs`, `84 ms`, `12 s`, `3 min`.
#[must_use]
pub fn lasting(time: Micros) -> String {
    formatted("lasting", time.0)
}

/// A point in time, to the millisecond: `13.266 s`.
#[must_use]
pub fn clock(at: Micros) -> String {
    formatted("clock", at.0)
}
