//! Parts of a text. What the standard library has for them is ready for long
//! texts, and for telling at length which character an offset cuts in two: it
//! costs the page 5 KB.

use std::slice::SliceIndex;

/// What stands at `range`.
///
/// # Panics
/// If an end of it lies within a character or beyond the text's: a bug of ours.
#[must_use]
#[inline(never)]
pub fn part(text: &str, range: impl SliceIndex<str, Output = str>) -> &str {
    text.get(range).expect("a part begins and ends between characters")
}

/// What stands before and after the first `sought`.
#[must_use]
#[inline(never)]
pub fn around<'a>(text: &'a str, sought: &str) -> Option<(&'a str, &'a str)> {
    let at = (0..=text.len()).find(|at| text.as_bytes()[*at..].starts_with(sought.as_bytes()))?;
    Some((part(text, ..at), part(text, at + sought.len()..)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn around_is_what_split_once_gives() {
        for text in ["", ":", ": ", "a: b: c", "grün: blau", "::  : x"] {
            for sought in ["", ":", ": ", "ü", "b: c", "longer than that"] {
                assert_eq!(around(text, sought), text.split_once(sought), "{text:?} {sought:?}");
            }
        }
    }

    #[test]
    #[should_panic = "between characters"]
    fn no_character_is_cut_in_two() {
        let _ = part("ü", 1..);
    }
}
