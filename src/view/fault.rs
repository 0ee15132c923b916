//! What the readers of scenarios and traces say is wrong, in the language of
//! who reads it.
//!
//! They say it in English, since a terminal has no catalogue. Another
//! language's catalogue holds it under these very words, joined by hyphens,
//! with a `_` for each that is a number or quoted; what it lacks stays.

use super::text::{Arg, Phrase, known};
use crate::part::around;

/// A fault as its `Display` gives it: a place, a colon, the problem.
#[must_use]
pub fn fault(said: &str) -> String {
    let Some((place, problem)) = around(said, ": ") else { return words(said) };
    let told = problem.strip_prefix("expected ").and_then(|rest| {
        let (what, found) = around(rest, ", found ").unwrap_or((rest, ""));
        let (what, found) = (words(what), words(found));
        known(const { Phrase::named("fault") }, &[Arg::Text(&what), Arg::Text(&found)])
    });
    [place, ": ", &told.unwrap_or_else(|| fault(problem))].concat()
}

fn words(text: &str) -> String {
    let (mut phrase, mut values) = (const { Phrase::named("fault") }, Vec::new());
    let mut before = ".";
    let (first, names) = text.split_at_checked(7).unwrap_or((text, ""));
    let counted = if first == "one of " { "one of _" } else { text };
    for word in counted.split(' ') {
        let is_value = !word.starts_with(|c: char| c.is_ascii_alphabetic())
            || word.contains(|c: char| c.is_ascii_digit());
        if is_value {
            values.push(Arg::Text(if word == "_" { names } else { word }));
        }
        phrase = phrase.and(before).and(if is_value { "_" } else { word });
        before = "-";
    }
    known(phrase, &values).unwrap_or_else(|| text.to_owned())
}
