//! Where in the tour one is, as the part of an address after `#`.
//!
//! `#tour` is the list of chapters, `#tour/final-sweep/2` the second step of
//! one, `#tour/final-sweep` its first.

use super::{chapter_named, chapters};
use crate::view::text::line;
use std::fmt;

/// Longest part of a broken address that is quoted back.
const QUOTED_CHARS: usize = 40;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Address {
    /// The chapters and the missions.
    #[default]
    Overview,
    /// Both are indices: from 0, and valid.
    Step { chapter: usize, step: usize },
}

/// Why an address of the tour leads nowhere, to be shown as text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Broken {
    Chapter(String),
    Step { chapter: usize, step: String },
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Broken::Chapter(slug) => f.write_str(&line!("tour-page.no-chapter", &quoted(slug))),
            Broken::Step { chapter, step } => {
                let chapter = &chapters()[*chapter];
                let (title, count) = (chapter.title(), chapter.steps.len());
                f.write_str(&line!("tour-page.no-step", &title, count, &quoted(step)))
            }
        }
    }
}

fn quoted(text: &str) -> String {
    let mut quoted: String = text.chars().take(QUOTED_CHARS).collect();
    if text.chars().nth(QUOTED_CHARS).is_some() {
        quoted.push('…');
    }
    quoted
}

impl Address {
    /// Reads what follows the page's address, with or without its `#`. `None`
    /// if it is not the tour's.
    ///
    /// # Errors
    /// If it names a chapter or a step that does not exist.
    #[must_use]
    pub fn parse(hash: &str) -> Option<Result<Address, Broken>> {
        let mut parts = hash.trim_start_matches('#').split('/');
        if parts.next() != Some("tour") {
            return None;
        }
        let rest: Vec<&str> = parts.filter(|part| !part.is_empty()).collect();
        Some(Address::within(&rest))
    }

    fn within(rest: &[&str]) -> Result<Address, Broken> {
        let Some((slug, steps)) = rest.split_first() else { return Ok(Address::Overview) };
        let found = chapter_named(slug).ok_or_else(|| Broken::Chapter((*slug).to_owned()))?;
        let (chapter, Some(step)) = (found.0, steps.first()) else {
            return Ok(Address::Step { chapter: found.0, step: 0 });
        };
        let number = step.parse::<usize>().ok().filter(|_| steps.len() == 1);
        match number {
            Some(number) if (1..=found.1.steps.len()).contains(&number) => {
                Ok(Address::Step { chapter, step: number - 1 })
            }
            _ => Err(Broken::Step { chapter, step: steps.join("/") }),
        }
    }
}

impl fmt::Display for Address {
    /// With its `#`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Address::Overview => f.write_str("#tour"),
            Address::Step { chapter, step } => {
                write!(f, "#tour/{}/{}", chapters()[*chapter].slug, step + 1)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_step_has_an_address_that_leads_to_it() {
        for (chapter, told) in chapters().iter().enumerate() {
            for step in 0..told.steps.len() {
                let address = Address::Step { chapter, step };
                assert_eq!(Address::parse(&address.to_string()), Some(Ok(address)));
            }
        }
        assert_eq!(Address::parse("#tour"), Some(Ok(Address::Overview)));
        let first = Address::Step { chapter: 0, step: 0 };
        assert_eq!(Address::parse("#tour/one-chef"), Some(Ok(first)));
    }

    #[test]
    fn a_broken_address_says_what_is_wrong_and_others_are_not_ours() {
        let said =
            |hash: &str| Address::parse(hash).map(|read| read.map_err(|why| why.to_string()));
        let evil = format!("#tour/<b>{}", "x".repeat(5_000));
        let short = format!("The tour has no chapter “<b>{}…”.", "x".repeat(37));
        assert_eq!(said(&evil), Some(Err(short)));
        for step in ["0", "99", "-1", "two", "1/2", "18446744073709551616"] {
            let hash = format!("#tour/one-chef/{step}");
            let why = said(&hash).expect("the tour's");
            assert_eq!(why, Err(format!("“One chef” has steps 1 to 8, and no “{step}”.")));
        }
        assert_eq!((said("#player"), said(""), said("#tourist")), (None, None, None));
    }
}
