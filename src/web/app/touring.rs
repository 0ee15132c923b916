//! What the tour does to the page as a whole.

use super::{App, Watched, show_scenarios};
use crate::sim::{bundled_as, scenarios};
use crate::view::control::Direction;
use crate::view::lesson::{Address, Broken, Mission, Offer, chapters};
use crate::view::text::line;
use crate::web::console::Outcome;
use crate::web::document::{self, input};
use crate::web::message::Tab;
use crate::web::run::Run;
use crate::web::settings::remember;

impl App {
    /// A place in the tour: its run, its moment, its page.
    pub(super) fn tour_to(&mut self, address: Result<Address, Broken>) {
        remember("card", "read");
        self.tab = Tab::Tour;
        self.show_tab();
        if let Some(run) = self.tour.go(address) {
            self.watch(run);
            self.tour.settle(&self.run, true);
            let slug = match self.tour.address() {
                Address::Step { chapter, .. } => chapters()[chapter].scenario,
                Address::Overview => "",
            };
            let listed = scenarios().iter().position(|bundled| bundled.slug == slug);
            let watched = listed.map_or(Watched::File(&self.run.title), Watched::Bundled);
            show_scenarios(&mut self.scenarios, watched);
        }
        if let Some(playhead) = self.tour.arrive(&self.run) {
            self.seek(playhead);
        }
        if let Address::Step { chapter, step } = self.tour.address()
            && step + 1 == chapters()[chapter].steps.len()
        {
            self.let_words_drift();
        }
    }

    /// In front of an audience, a step forward or back is one of the chapter
    /// that is told. `None` if none is.
    pub(super) fn told_beside(&self, direction: Direction) -> Option<Address> {
        let root = document::document().document_element()?;
        let presenting = self.tab == Tab::Tour && root.has_attribute("data-present");
        self.tour.neighbour(direction).filter(|_| presenting)
    }

    /// Puts what the chapter offers at hand; what is to be done, the reader does.
    pub(super) fn prepare(&mut self) {
        if !self.tour.is_at_home() {
            self.tour_to(Ok(self.tour.address()));
        }
        let Some((offer, playhead)) = self.tour.offer() else { return };
        self.seek(playhead);
        match offer {
            Offer::Command { guest, line } => {
                let index = self.run.scenario().and_then(|scenario| scenario.client_named(guest));
                self.console.guest = index.unwrap_or(0);
                input("command").set_value(line);
                document::focus(&input("command"));
            }
            Offer::Directive { name, value } => {
                let Some(scenario) = self.run.scenario() else { return };
                self.fork(scenario.with((name, value)), 0);
                let said = line!("tour-page.set", name, value);
                self.panes.say(&said);
                self.console.outcome = Some(Outcome::Done(said));
            }
        }
    }

    pub(super) fn show_way(&mut self, mission: Mission) {
        let slug = format!("missions/{}", mission.slug());
        let Some(bundled) = bundled_as(&slug) else { return };
        self.watch(Run::bundled(bundled));
        show_scenarios(&mut self.scenarios, Watched::File(&self.run.title));
        if let Some(done) = self.tour.judge(&self.run, None) {
            self.console.outcome = Some(Outcome::Done(done));
        }
    }
}
