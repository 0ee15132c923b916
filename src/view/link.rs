//! A moment as a link: which scenario, how far, and how it is shown.
//!
//! `?scenario=half-an-order&at=41&why=flag:1&marks=12.41&terms=redis&theme=dark&motion=reduced&play=1`.
//! Every part is optional; an unknown part or value is ignored, so that old
//! links keep working and a broken one still opens the page.

use super::frame::{Motion, Terms};
use super::marks::Marks;
use super::why::Question;
use std::fmt;

/// The two colour schemes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Theme {
    Light,
    Dark,
}

impl Theme {
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Theme::Light => "light",
            Theme::Dark => "dark",
        }
    }

    #[must_use]
    pub fn parse(word: &str) -> Option<Theme> {
        [Theme::Light, Theme::Dark].into_iter().find(|theme| theme.word() == word)
    }
}

/// The word for it in links, in the document and in memory.
#[must_use]
pub fn terms_word(terms: Terms) -> &'static str {
    match terms {
        Terms::Kitchen => "kitchen",
        Terms::Both => "both",
        Terms::Redis => "redis",
    }
}

#[must_use]
pub fn parse_terms(word: &str) -> Option<Terms> {
    [Terms::Kitchen, Terms::Both, Terms::Redis].into_iter().find(|terms| terms_word(*terms) == word)
}

/// The word for it in links, in the document and in memory.
#[must_use]
pub fn motion_word(motion: Motion) -> &'static str {
    match motion {
        Motion::Full => "full",
        Motion::Reduced => "reduced",
    }
}

#[must_use]
pub fn parse_motion(word: &str) -> Option<Motion> {
    [Motion::Full, Motion::Reduced].into_iter().find(|motion| motion_word(*motion) == word)
}

/// What a link asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Link {
    /// A bundled scenario's short name.
    pub scenario: Option<String>,
    /// Records folded: the playhead.
    pub at: Option<usize>,
    /// Asked of that moment at once.
    pub why: Option<Question>,
    pub marks: Marks,
    pub theme: Option<Theme>,
    pub terms: Option<Terms>,
    pub motion: Option<Motion>,
    /// Plays at once, which only an author may ask for; otherwise nothing
    /// moves before the reader acts.
    pub play: bool,
}

impl Link {
    /// Reads a query string, with or without its `?`.
    #[must_use]
    pub fn parse(query: &str) -> Link {
        let mut link = Link::default();
        for part in query.trim_start_matches('?').split('&') {
            let Some((name, value)) = part.split_once('=') else { continue };
            match name {
                "scenario" => {
                    let slug = value.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-'));
                    link.scenario = Some(value.to_owned()).filter(|text| slug && !text.is_empty());
                }
                "at" => link.at = value.parse::<u32>().ok().map(|at| at as usize),
                "why" => link.why = Question::parse(value),
                "marks" => link.marks = Marks::parse(value),
                "theme" => link.theme = Theme::parse(value),
                "terms" => link.terms = parse_terms(value),
                "motion" => link.motion = parse_motion(value),
                "play" => link.play = value == "1",
                _ => {}
            }
        }
        link
    }
}

impl fmt::Display for Link {
    /// The query string, with its `?`; empty if nothing is asked for.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = [
            ("scenario", self.scenario.clone()),
            ("at", self.at.map(|at| at.to_string())),
            ("why", self.why.map(Question::word)),
            ("marks", Some(self.marks.word()).filter(|word| !word.is_empty())),
            ("theme", self.theme.map(|theme| theme.word().to_owned())),
            ("terms", self.terms.map(|terms| terms_word(terms).to_owned())),
            ("motion", self.motion.map(|motion| motion_word(motion).to_owned())),
            ("play", self.play.then(|| "1".to_owned())),
        ];
        let mut before = '?';
        for (name, value) in parts {
            if let Some(value) = value {
                write!(f, "{before}{name}={value}")?;
                before = '&';
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::ClientId;

    #[test]
    fn a_link_reads_back_as_itself() {
        let link = Link {
            scenario: Some("half-an-order".into()),
            at: Some(41),
            why: Some(Question::Flag(ClientId(2))),
            marks: Marks::parse("12.41"),
            theme: Some(Theme::Dark),
            terms: Some(Terms::Redis),
            motion: Some(Motion::Reduced),
            play: true,
        };
        assert_eq!(Link::parse(&link.to_string()), link);
        assert_eq!(Link::default().to_string(), "");
    }

    #[test]
    fn what_is_unknown_is_ignored() {
        let link =
            Link::parse("?scenario=../x&at=-1&why=flag&theme=pink&terms=both&new=1&&=&motion");
        assert_eq!(link, Link { terms: Some(Terms::Both), ..Link::default() });
    }
}
