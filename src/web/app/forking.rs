//! A change makes another run of the one that was; both can be watched.

use super::App;
use crate::sim::Scenario;
use crate::web::console::{Gesture, Outcome};
use crate::web::crowd;
use crate::web::document::{element, flag};
use crate::web::message::Tab;

impl App {
    /// What the guest does now, which was not in the run before.
    pub(super) fn gesture(&mut self, gesture: Gesture) {
        self.player.pause();
        let playhead = self.player.playhead();
        let world = self.run.timeline.world_at(playhead);
        let (scenario, said) = match self.console.act(&gesture, &self.run, &world) {
            Ok(changed) => changed,
            Err(why) => {
                self.panes.say(&why);
                self.console.outcome = Some(Outcome::Refused(why));
                return;
            }
        };
        self.panes.say(&said);
        self.console.outcome = Some(Outcome::Done(said));
        self.run.play_as(self.console.guest);
        self.fork(scenario, playhead);
    }

    /// A crowd comes now, whose figures are then shown.
    pub(super) fn let_crowd_in(&mut self) {
        self.player.pause();
        let playhead = self.player.playhead();
        let now = self.run.timeline.world_at(playhead).at;
        let (scenario, said) = match crowd::scenario(&self.run, now) {
            Ok(crowded) => crowded,
            Err(wrong) => return crowd::show(Some(wrong)),
        };
        crowd::show(None);
        flag(&element("crowd"), "open", false);
        self.panes.say(&said);
        self.console.outcome = Some(Outcome::Done(said));
        self.tab = Tab::Counters;
        self.show_tab();
        self.fork(scenario, playhead);
    }

    /// What was before the playhead is the same in both runs, so it stays.
    pub(super) fn fork(&mut self, scenario: Scenario, playhead: usize) {
        let fork = self.run.changed(scenario);
        self.asking.put_away();
        let before = std::mem::replace(&mut self.run, fork);
        self.marking.follow(&before, &self.run);
        let original = self.beside.keep(before, &self.run);
        self.player.seek(playhead, &self.run.timeline);
        self.tour.settle(&self.run, false);
        if let Some(done) = self.tour.judge(&self.run, Some(original)) {
            self.panes.say(&done);
            self.console.outcome = Some(Outcome::Done(done));
        }
    }
}
