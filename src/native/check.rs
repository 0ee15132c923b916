//! `onechef check`: simulations by seed, until one fails or all have passed.

use crate::sim::Scenario;
use crate::sim::check::swarm::{self, Drawn};
use crate::sim::check::{Violation, examine_twice};
use crate::time::Micros;
use std::fmt::Write;
use std::path::PathBuf;

/// What to check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// So many seeds, from this one on.
    pub seeds: u64,
    pub from: u64,
    /// This one instead.
    pub scenario: Option<PathBuf>,
}

impl Default for Check {
    fn default() -> Check {
        Check { seeds: 1_000, from: 0, scenario: None }
    }
}

impl Check {
    /// Whether everything held, and what to print.
    #[must_use]
    pub fn carry_out(&self, scenario: Option<Scenario>) -> (bool, String) {
        match scenario {
            Some(scenario) => one(&scenario),
            None => self.many(),
        }
    }

    #[expect(clippy::disallowed_methods, reason = "seeds a second are measured in real seconds")]
    fn many(&self) -> (bool, String) {
        let began = std::time::Instant::now();
        let (mut simulated, mut cycles) = (Micros::ZERO, 0);
        // There are no more than 64 bits hold.
        let seeds = self.seeds.min(u64::MAX - self.from);
        for seed in self.from..self.from + seeds {
            let drawn = swarm::draw(seed);
            match drawn.prove() {
                Ok(report) => {
                    simulated = simulated.saturating_add(report.simulated);
                    cycles += report.cycles;
                }
                Err(violation) => return (false, failure(&drawn, &violation)),
            }
        }
        let spent = began.elapsed().as_secs_f64();
        let rate = seeds as f64 / spent.max(f64::MIN_POSITIVE);
        let text = format!(
            "{seeds} seeds held: {rate:.0} a second, {cycles} cycles, {} simulated seconds\n",
            simulated.as_secs(),
        );
        (true, text)
    }
}

fn one(scenario: &Scenario) -> (bool, String) {
    match examine_twice(scenario) {
        Ok(report) => {
            let text = format!(
                "all held: {} cycles, {} records, {} simulated\n",
                report.cycles, report.records, report.simulated
            );
            (true, text)
        }
        Err(violation) => {
            let drawn = Drawn { scenario: scenario.clone(), comparable: false };
            (false, failure(&drawn, &violation))
        }
    }
}

/// What failed, and the smallest scenario that fails the same way.
fn failure(drawn: &Drawn, violation: &Violation) -> String {
    let mut text = format!("seed {}: {violation}\n\n", drawn.scenario.seed);
    let mut small = drawn.shrink(violation.invariant);
    small.title = format!("Seed {} breaks invariant {}", small.seed, violation.invariant.number());
    small.about = violation.invariant.statement().1.to_owned();
    // Writing to a string cannot fail.
    let _ = write!(text, "{}", small.to_text());
    text
}
