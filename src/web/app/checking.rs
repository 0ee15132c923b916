//! Checking the run on stage, when somebody asks for it.

use super::App;
use crate::sim::check::Verdict;
use crate::view::Grain;
use crate::web::checking;
use crate::web::console::Outcome;

impl App {
    pub(super) fn check(&mut self) {
        self.tell(match self.run.scenario() {
            None => Outcome::Refused(
                "Only a simulation can be checked: it is run again for that.".into(),
            ),
            Some(scenario) => match checking::ask(scenario.to_text()) {
                Some(()) => Outcome::Done("The run is being checked, step by step.".into()),
                None => Outcome::Refused(NOT_HERE.into()),
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
            None => self.tell(Outcome::Refused(NOT_HERE.into())),
            Some(Verdict::Held { steps, invariants }) => self.tell(Outcome::Done(format!(
                "Run again and checked: {steps} steps, {invariants} invariants held."
            ))),
            Some(Verdict::Broken { seq, invariant, found }) => {
                let after = usize::try_from(seq).map_or(usize::MAX, |seq| seq.saturating_add(1));
                self.seek(after.min(self.run.timeline.len()));
                // A step may consist of several events: to the one that shows it.
                if self.player.playhead() < after {
                    self.player.forward(Grain::Event, &self.run.timeline);
                }
                self.console.outcome = None;
                let why = format!("Event {after} breaks {invariant}.\n{found}");
                self.report.failed(&why, self.run.seed());
            }
        }
    }
}

const NOT_HERE: &str = "The checker, which is loaded only now, could not be had.";
