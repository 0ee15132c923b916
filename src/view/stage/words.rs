//! Text that fits: clients choose names, keys and arguments, and none of them
//! may run over an edge, break a line or reach the page as markup.

use std::borrow::Cow;

/// Advance of one character at 10.5 px in the widest of the monospaced faces
/// the style sheet names.
pub const MONO_PX: f64 = 6.32;

/// Advance of one character of a sans-serif face, in em. Rough on purpose and
/// rather too wide: the face is the reader's system's.
fn sans_em(c: char) -> f64 {
    match c {
        'i' | 'j' | 'l' | '.' | ',' | ':' | ';' | '\'' | '|' | '!' => 0.3,
        'f' | 'r' | 't' | ' ' | '\u{a0}' | '-' | '(' | ')' | '[' | ']' | '/' => 0.4,
        'm' | 'w' | 'M' | 'W' | '@' | '%' => 0.92,
        'A'..='Z' => 0.7,
        '\u{0}'..='\u{2ff}' => 0.6,
        // Ideographs, emoji and what else may be as wide as it is high.
        _ => 1.05,
    }
}

/// Replaces what a line of SVG text cannot show: control characters, and a
/// blank after a blank, which would collapse.
fn shown(c: char, before: Option<char>) -> char {
    match c {
        ' ' if before == Some(' ') => '\u{a0}',
        // Overrides of the writing direction would reorder the whole line.
        '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => '·',
        c if c.is_control() => '·',
        c => c,
    }
}

fn fit_by(text: &str, max: f64, advance: impl Fn(char) -> f64) -> Cow<'_, str> {
    let mut before = None;
    let mut width = 0.0;
    let mut plain = true;
    for c in text.chars() {
        width += advance(c);
        plain &= shown(c, before) == c;
        before = Some(c);
    }
    if plain && width <= max {
        return Cow::Borrowed(text);
    }
    let room = if width <= max { max } else { max - advance('…') };
    let mut out = String::with_capacity(text.len().min(64));
    let (mut before, mut used) = (None, 0.0);
    for c in text.chars() {
        used += advance(c);
        if used > room {
            out.push('…');
            break;
        }
        out.push(shown(c, before));
        before = Some(c);
    }
    Cow::Owned(out)
}

/// At most `max` pixels of the monospaced face at 10.5 px.
#[must_use]
pub fn fit_mono(text: &str, max: f64) -> Cow<'_, str> {
    fit_by(text, max, |c| if c < '\u{300}' { MONO_PX } else { 2.0 * MONO_PX })
}

/// At most `max` pixels of the sans-serif face at `size` pixels.
#[must_use]
pub fn fit_sans(text: &str, max: f64, size: f64) -> Cow<'_, str> {
    fit_by(text, max, |c| sans_em(c) * size)
}

/// A number of bytes in at most five characters: `8 B`, `36K`, `712K`.
#[must_use]
pub fn bytes_short(n: u64) -> String {
    match n {
        0..1_024 => format!("{n} B"),
        1_024..1_048_576 => format!("{}K", n / 1_024),
        1_048_576..1_073_741_824 => format!("{}M", n / 1_048_576),
        _ => format!("{}G", n / 1_073_741_824),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_text_ends_in_an_ellipsis_inside_its_room() {
        assert_eq!(fit_mono("GET stock", 96.0), "GET stock");
        assert_eq!(fit_mono("LRANGE log 0 -1 WITH", 96.0), "LRANGE log 0 …");
        assert_eq!(fit_mono("INCRBY visits 10", 96.0), "INCRBY visits…");
        assert_eq!(fit_sans("a-name-far-too-long-for-its-pad", 74.0, 11.5), "a-name-fa…");
    }

    #[test]
    fn what_svg_cannot_show_is_replaced() {
        assert_eq!(fit_mono("a  b\u{0}c\u{202e}d", 96.0), "a \u{a0}b·c·d");
    }

    #[test]
    fn bytes_are_read_by_people() {
        assert_eq!(bytes_short(729_088), "712K");
    }
}
