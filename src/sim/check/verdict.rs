//! What a check of one run came to, as text: the checker of the page is a
//! program of its own, beside it, and text is what the two exchange.

use super::{Invariant, Violation, examine_twice};
use crate::sim::Scenario;

/// Invariants that take another network to be compared with: see
/// [`swarm::Drawn::prove`](super::swarm::Drawn::prove).
const NEEDS_ANOTHER_NETWORK: usize = 1;

/// See the module documentation. It says all in words, so that who reads it
/// need not know the invariants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// After each of so many steps, so many invariants held.
    Held { steps: u64, invariants: u64 },
    Broken {
        /// The record after which it was seen.
        seq: u64,
        /// Its number and what it says.
        invariant: String,
        /// What was found instead.
        found: String,
    },
}

impl Verdict {
    /// Runs a scenario with the checker at its side: [`examine_twice`].
    #[must_use]
    pub fn on(scenario: &Scenario) -> Verdict {
        match examine_twice(scenario) {
            Ok(report) => {
                let invariants = (Invariant::ALL.len() - NEEDS_ANOTHER_NETWORK) as u64;
                Verdict::Held { steps: report.steps, invariants }
            }
            Err(Violation { invariant, seq, text, .. }) => {
                Verdict::Broken { seq, invariant: invariant.to_string(), found: text }
            }
        }
    }

    #[must_use]
    pub fn to_text(&self) -> String {
        match self {
            Verdict::Held { steps, invariants } => format!("held\n{steps}\n{invariants}"),
            Verdict::Broken { seq, invariant, found } => {
                format!("broken\n{seq}\n{invariant}\n{found}")
            }
        }
    }

    /// `None` if it is no verdict.
    #[must_use]
    pub fn parse(text: &str) -> Option<Verdict> {
        let (kind, rest) = text.split_once('\n')?;
        let (number, rest) = rest.split_once('\n')?;
        let number = number.parse().ok()?;
        match kind {
            "held" => Some(Verdict::Held { steps: number, invariants: rest.parse().ok()? }),
            "broken" => {
                let (invariant, found) = rest.split_once('\n')?;
                let (invariant, found) = (invariant.to_owned(), found.to_owned());
                Some(Verdict::Broken { seq: number, invariant, found })
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_verdict_survives_as_text() {
        let held = Verdict::Held { steps: 39, invariants: 42 };
        let invariant = Invariant::SweepComplete.to_string();
        let broken = Verdict::Broken { seq: 7, invariant, found: "two\nlines".into() };
        for verdict in [held, broken] {
            assert_eq!(Verdict::parse(&verdict.to_text()), Some(verdict));
        }
        for strange in ["", "held", "held\n1", "held\nx\n1", "broken\n1\nalone", "ready\n1\n2"] {
            assert_eq!(Verdict::parse(strange), None, "{strange:?}");
        }
    }
}
