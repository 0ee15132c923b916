//! A small language for commands, so that the menu reads like a manual.
//!
//! | written | drawn as |
//! | --- | --- |
//! | `word` | itself, now and then in another case |
//! | `@class` | one value of that [class](super::values::draw) |
//! | `{a \| b @x \| c}` | one of the alternatives |
//! | `?{…}` | the same, or nothing |
//! | `*{…}` | none to three draws of it |
//! | `+{…}` | one to four draws of it |

use super::dice::Dice;
use super::script::Word;
use super::values::{self, Table};

/// Draws the words of a pattern.
///
/// # Panics
/// If the pattern is not of this language: a mistake in the menu.
pub fn draw(pattern: &str, table: &Table, dice: &mut Dice) -> Vec<Word> {
    let mut words = Vec::new();
    expand(pattern, table, dice, &mut words);
    words
}

fn expand(pattern: &str, table: &Table, dice: &mut Dice, into: &mut Vec<Word>) {
    let mut rest = pattern.trim();
    while !rest.is_empty() {
        let (mark, body) = match rest.as_bytes()[0] {
            mark @ (b'?' | b'*' | b'+') if rest[1..].starts_with('{') => (mark, &rest[1..]),
            b'{' => (b'1', rest),
            _ => {
                let end = rest.find(' ').unwrap_or(rest.len());
                word(&rest[..end], table, dice, into);
                rest = rest[end..].trim_start();
                continue;
            }
        };
        let end = closing(body);
        let times = match mark {
            b'?' => dice.below(2),
            b'*' => dice.pick(&[0, 0, 1, 1, 1, 2, 3]),
            b'+' => dice.pick(&[1, 1, 1, 2, 2, 3, 4]),
            _ => 1,
        };
        for _ in 0..times {
            let choices = alternatives(&body[1..end]);
            expand(dice.pick(&choices), table, dice, into);
        }
        rest = body[end + 1..].trim_start();
    }
}

fn word(text: &str, table: &Table, dice: &mut Dice, into: &mut Vec<Word>) {
    into.push(match text.strip_prefix('@') {
        Some(class) => values::draw(class, table, dice),
        None => Word::Bytes(
            match dice.below(16) {
                0 => text.to_ascii_lowercase(),
                1 => text
                    .chars()
                    .map(|c| if dice.chance(50) { c.to_ascii_lowercase() } else { c })
                    .collect(),
                _ => text.to_owned(),
            }
            .into_bytes(),
        ),
    });
}

/// Where the brace that opens `text` is closed.
fn closing(text: &str) -> usize {
    let mut depth = 0;
    for (at, c) in text.char_indices() {
        depth += match c {
            '{' => 1,
            '}' => -1,
            _ => 0,
        };
        if depth == 0 {
            return at;
        }
    }
    panic!("a brace is not closed: {text}");
}

/// The parts between bars that are in no inner braces.
fn alternatives(text: &str) -> Vec<&str> {
    let (mut depth, mut from, mut parts) = (0, 0, Vec::new());
    for (at, c) in text.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            '|' if depth == 0 => {
                parts.push(&text[from..at]);
                from = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[from..]);
    parts
}
