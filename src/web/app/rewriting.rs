//! Changing what cannot be done as a guest: the run's text, at hand to be edited.

use super::{App, Watched, show_scenarios};
use crate::part::around;
use crate::sim::Scenario;
use crate::sim::rerun::{self, NoRerun, Verdict};
use crate::view::fault;
use crate::view::text::line;
use crate::web::conditions;
use crate::web::console::Outcome;
use crate::web::document::{element, typed};
use crate::web::run::Run;
use web_sys::{HtmlDialogElement, HtmlTextAreaElement};

fn dialog() -> HtmlDialogElement {
    typed("rewrite-dialog")
}

fn text() -> HtmlTextAreaElement {
    typed("run-source")
}

/// Why a recording cannot be run again, in the reader's language.
pub(super) fn refusal(why: NoRerun) -> String {
    match why {
        NoRerun::Simulated => line!("rerun.simulated"),
        NoRerun::NoInputs => line!("rerun.no-inputs"),
        NoRerun::NotFromTheStart => line!("rerun.not-from-the-start"),
        NoRerun::AnotherServer => line!("rerun.another-server"),
        NoRerun::UnknownSetting => line!("rerun.unknown-setting"),
    }
}

impl App {
    pub(super) fn rewrite(&mut self) {
        self.player.pause();
        let Some(scenario) = self.run.scenario() else {
            return self.tell(Outcome::Refused(line!("run.recording.refusal")));
        };
        text().set_value(&scenario.to_text());
        element("rewrite-fault").set_text_content(None);
        let _ = dialog().show_modal();
    }

    /// A recording becomes a simulation, which states the same and can be changed.
    pub(super) fn rerun(&mut self) {
        let scenario = match self.run.rerun() {
            Ok(scenario) => scenario,
            Err(why) => return self.tell(Outcome::Refused(refusal(why))),
        };
        let verdict = rerun::compare(&scenario, self.run.timeline.records(), &self.run.inputs);
        let run = Run::simulate(scenario);
        show_scenarios(&mut self.scenarios, Watched::File(&run.title));
        self.watch(run);
        self.tell(match verdict {
            Verdict::Same { records } => Outcome::Done(line!("rerun.same", records)),
            Verdict::Differs { at, recorded, rerun } => {
                let or_end = |line: String| match line.as_str() {
                    "" => line!("rerun.its-end"),
                    _ => format!("{{{line}"),
                };
                let (recorded, rerun) = (or_end(recorded), or_end(rerun));
                Outcome::Refused(line!("rerun.differs", at, &recorded, &rerun))
            }
        });
    }

    /// A condition of the run: the run anew, from its first difference on.
    pub(super) fn change_condition(&mut self, at: &str, value: &str) {
        let Some(scenario) = self.run.scenario() else { return self.rewrite() };
        let Some(place) = conditions::place(at, scenario, self.console.guest) else { return };
        match scenario.with_condition(&place, value.trim()) {
            Ok(same) if same == *scenario => {}
            Ok(changed) => self.run_own(changed),
            Err(why) => {
                // Where in the text it would stand is no help here.
                let why = fault(&why.to_string());
                let said = around(&why, ": ").map_or(why.as_str(), |(_, said)| said);
                self.tell(Outcome::Refused(said.to_owned()));
            }
        }
    }

    fn run_own(&mut self, scenario: Scenario) {
        self.player.pause();
        self.fork(scenario, 0);
        let playhead = self.beside.parting();
        self.seek(playhead);
        self.tell(Outcome::Done(line!("rewrite.done")));
    }

    pub(super) fn run_text(&mut self) {
        match Scenario::parse("line", &text().value()) {
            Ok(scenario) => {
                dialog().close();
                self.run_own(scenario);
            }
            Err(why) => element("rewrite-fault").set_text_content(Some(&fault(&why.to_string()))),
        }
    }
}
