//! Checking the run on stage, when somebody asks for it.

use super::App;
use crate::sim::check::Verdict;
use crate::view::Grain;
use crate::view::text::line;
use crate::web::checking;
use crate::web::console::Outcome;

impl App {
    pub(super) fn check(&mut self) {
        // A tape's clock and network are not those that the checker knows.
        self.tell(match self.run.scenario().filter(|scenario| scenario.tape.is_none()) {
            None => Outcome::Refused(line!("check.simulation")),
            Some(scenario) => match checking::ask(scenario.to_text()) {
                Some(()) => Outcome::Done(line!("check.begun")),
                None => Outcome::Refused(line!("check.missing")),
            },
        });
    }

    /// The verdict belongs to the run with that text; another may be on stage
    /// by now.
    pub(super) fn checked(&mut self, text: &str, verdict: Option<Verdict>) {
        if self.run.scenario().is_none_or(|scenario| scenario.to_text() != text) {
            return;
        }
        match verdict {
            None => self.tell(Outcome::Refused(line!("check.missing"))),
            Some(Verdict::Held { steps, invariants }) => {
                self.tell(Outcome::Done(line!("check.held", steps, invariants)));
            }
            Some(Verdict::Broken { seq, invariant, found }) => {
                let after = usize::try_from(seq).map_or(usize::MAX, |seq| seq.saturating_add(1));
                self.seek(after.min(self.run.timeline.len()));
                // A step may consist of several events: to the one that shows it.
                if self.player.playhead() < after {
                    self.player.forward(Grain::Event, &self.run.timeline);
                }
                self.console.outcome = None;
                let broken = line!("check.broken", after, &invariant.to_string());
                let why = [&broken, "\n", &*found].concat();
                self.report.failed(&why, self.run.seed());
            }
        }
    }
}
