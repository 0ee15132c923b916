//! Changing what cannot be done as a guest: the run's text, at hand to be edited.

use super::{App, Watched, show_scenarios};
use crate::sim::Scenario;
use crate::sim::rerun::{self, Verdict};
use crate::view::text::line;
use crate::web::console::Outcome;
use crate::web::document::{element, focus, select, typed};
use crate::web::run::Run;
use web_sys::{HtmlDialogElement, HtmlTextAreaElement};

fn dialog() -> HtmlDialogElement {
    typed("rewrite-dialog")
}

fn text() -> HtmlTextAreaElement {
    typed("run-source")
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
            Err(why) => return self.tell(Outcome::Refused(why.to_string())),
        };
        let verdict = rerun::compare(&scenario, self.run.timeline.records(), &self.run.inputs);
        let run = Run::simulate(scenario);
        show_scenarios(&mut self.scenarios, Watched::File(&run.title));
        self.watch(run);
        self.tell(match verdict {
            Verdict::Same { .. } => Outcome::Done(verdict.to_string()),
            Verdict::Differs { .. } => Outcome::Refused(verdict.to_string()),
        });
    }

    /// A ready statement goes before the first guest, or takes the place of
    /// the line that says something about the same.
    pub(super) fn add_line(&mut self) {
        let list = select("line");
        let known = self.run.scenario().and_then(|run| run.clients.get(self.console.guest));
        let guest = known.map_or("", |client| client.name.as_str());
        let line = list.value().replace("GUEST", guest);
        list.set_selected_index(0);
        let source = text().value();
        let subject = |line: &str| -> String {
            line.split_whitespace().take(2).collect::<Vec<_>>().join(" ")
        };
        let is_place = |known: &&str| subject(known) == subject(&line);
        let place = source.lines().find(is_place);
        let changed = match place {
            Some(known) => source.replacen(known, &line, 1),
            None => source.replacen("\nclient ", &format!("\n{line}\nclient "), 1),
        };
        text().set_value(&changed);
        focus(&text());
    }

    pub(super) fn run_text(&mut self) {
        match Scenario::parse("line", &text().value()) {
            Ok(scenario) => {
                dialog().close();
                self.fork(scenario, 0);
                let playhead = self.beside.parting();
                self.seek(playhead);
                self.tell(Outcome::Done(line!("rewrite.done")));
            }
            Err(why) => element("rewrite-fault").set_text_content(Some(&why.to_string())),
        }
    }
}
