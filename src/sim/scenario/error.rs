//! Why a text is no scenario: where, and what was expected there.

use std::fmt;

/// Why a text is no scenario; lines and columns count from 1, columns in
/// characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScenarioError {
    /// The file, as the caller calls it.
    pub name: String,
    pub line: usize,
    pub column: usize,
    pub problem: Problem,
}

/// What is wrong there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Problem {
    /// `found` is what stands there, quoted if it is the file's own words.
    Expected { what: String, found: String },
    /// Well-formed, but it cannot be.
    Refused(String),
}

/// What the parser hands on: a pointer, since almost every line of it may fail
/// and each would have to carry the whole of it.
pub(super) type Refusal = Box<ScenarioError>;

/// A place in a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Spot {
    pub line: usize,
    pub column: usize,
}

impl ScenarioError {
    /// `what` was expected where the text says `found`; without one, where the
    /// line ends.
    pub(super) fn expected(name: &str, spot: Spot, what: &str, found: Option<&str>) -> Refusal {
        const SHOWN_CHARS: usize = 40;
        let found = found.map_or("the end of the line".to_owned(), |found| {
            let cut = found.chars().count() > SHOWN_CHARS;
            let shown: String = found.chars().take(SHOWN_CHARS).collect();
            ["\"", &shown, if cut { "…" } else { "" }, "\""].concat()
        });
        ScenarioError::at(name, spot, Problem::Expected { what: what.to_owned(), found })
    }

    /// It is well-formed, but it cannot be.
    pub(super) fn refused(name: &str, spot: Spot, why: &str) -> Refusal {
        ScenarioError::at(name, spot, Problem::Refused(why.to_owned()))
    }

    #[inline(never)]
    fn at(name: &str, Spot { line, column }: Spot, problem: Problem) -> Refusal {
        Box::new(ScenarioError { name: name.to_owned(), line, column, problem })
    }
}

impl fmt::Display for ScenarioError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}: ", self.name, self.line, self.column)?;
        match &self.problem {
            Problem::Expected { what, found } => write!(f, "expected {what}, found {found}"),
            Problem::Refused(why) => f.write_str(why),
        }
    }
}

impl std::error::Error for ScenarioError {}
