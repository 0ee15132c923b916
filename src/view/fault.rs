//! What the readers of scenarios and traces say is wrong, in the language of
//! who reads it.
//!
//! They say it in English, since a terminal has no catalogue. Another
//! language's catalogue holds it under these very words, joined by hyphens,
//! with a `_` for each that is a number or quoted; what it lacks stays.

use super::text::{Arg, Phrase, known, line};

/// A fault as its `Display` gives it: a place, a colon, the problem.
#[must_use]
pub fn fault(said: &str) -> String {
    let Some((place, problem)) = said.split_once(": ") else { return words(said) };
    let problem = match problem.strip_prefix("expected ") {
        None => fault(problem),
        Some(rest) => {
            let (what, found) = rest.split_once(", found ").unwrap_or((rest, ""));
            line!("fault", &words(what), &words(found))
        }
    };
    [place, ": ", &problem].concat()
}

fn words(text: &str) -> String {
    if let Some(names) = text.strip_prefix("one of ") {
        return line!("fault.one-of", names);
    }
    let (mut phrase, mut values, mut rest) = (Phrase::named("fault."), Vec::new(), text);
    while !rest.is_empty() {
        let (word, after) = first_word(rest);
        let is_value = !word.starts_with(|c: char| c.is_ascii_alphabetic())
            || word.contains(|c: char| c.is_ascii_digit());
        if is_value {
            values.push(Arg::Text(word));
        }
        phrase = phrase.and(if is_value { "_" } else { word });
        phrase = phrase.and(if after.is_empty() { "" } else { "-" });
        rest = after;
    }
    known(phrase, &values).unwrap_or_else(|| text.to_owned())
}

/// Up to a space; one that begins with a quote, up to a space after its end.
fn first_word(text: &str) -> (&str, &str) {
    let quote = text.chars().next().filter(|c| matches!(c, '\'' | '"'));
    let end = quote.and_then(|quote| Some(text[1..].find(quote)? + 1)).unwrap_or(0);
    let end = text[end..].find(' ').map_or(text.len(), |space| end + space);
    (&text[..end], text[end..].trim_start())
}
