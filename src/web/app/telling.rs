//! Another language: all that was said is said again.

use super::{App, Watched, show_scenarios};
use crate::sim::scenarios;
use crate::web::document::select;
use crate::web::language::Heard;
use crate::web::settings::remember;

impl App {
    pub(super) fn retell(&mut self, heard: Heard) {
        match heard {
            Ok((language, problem)) => {
                if let Some(problem) = problem {
                    self.report.remark(&problem);
                } else {
                    remember("lang", &language);
                }
            }
            Err(why) => self.report.remark(&why),
        }
        self.run.retell();
        self.beside.retell();
        self.console.outcome = None;
        self.asking.retell(&self.run);
        self.marking.retell(&self.run);
        self.tour.arrive(&self.run);
        let chosen = usize::try_from(select("scenario").selected_index()).unwrap_or(0);
        let listed = chosen < scenarios().len();
        let file = Watched::File(&self.run.title);
        show_scenarios(&mut self.scenarios, if listed { Watched::Bundled(chosen) } else { file });
        self.show_settings();
    }
}
