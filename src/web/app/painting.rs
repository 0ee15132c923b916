//! What is painted, and when.

use super::{App, controls};
use crate::event::ClientId;
use crate::view::announce::{Announcer, Moment};
use crate::view::control::Control;
use crate::view::rest;
use crate::view::text::line;
use crate::view::{Frame, Grain, Player, StagePhase};
use crate::web::message::Tab;
use crate::web::panes::{self, Scene};
use crate::web::run::Run;
use crate::web::settings::Settings;
use std::rc::Rc;

impl App {
    /// A key is held down: its steps are taken as they come, and shown in the
    /// pictures that are due.
    pub(super) fn hold(&mut self, control: Control) {
        self.control(control);
        self.pictures.held = true;
    }

    pub(super) fn show_held(&mut self) {
        self.drawn_at_ms = None;
        if self.pictures.are_due(self.now_ms, true) {
            self.pictures.held = false;
            self.paint();
        }
    }

    /// What is now, if a picture is due.
    pub(super) fn show(&mut self, moved: bool) -> bool {
        let in_haste = self.player.is_in_haste();
        let due = self.pictures.are_due(self.now_ms, in_haste);
        match (due, moved || in_haste) {
            (false, _) => {}
            (true, true) => self.paint(),
            (true, false) => self.paint_motion(),
        }
        due
    }

    /// The same moment, further on in its motion.
    pub(super) fn paint_motion(&mut self) {
        let world = self.run.timeline.world_at(self.player.playhead());
        let frame = frame_of(&self.run, &self.player, &self.settings, self.selected, &world);
        self.panes.paint_stage(&frame);
    }

    pub(super) fn paint(&mut self) {
        self.run.notice();
        let playhead = self.player.playhead();
        let in_haste = self.player.is_in_haste();
        let last_picture = self.pictures.show(playhead);
        let last_step = rest::before(&self.run.timeline, Grain::Event, playhead);
        let since = if in_haste { last_picture.min(last_step) } else { last_step };
        let stepped = self.run.timeline.world_at(since);
        let before = self.run.timeline.world_at(playhead.saturating_sub(1));
        let world = self.run.timeline.world_at(playhead);
        let frame = frame_of(&self.run, &self.player, &self.settings, self.selected, &world);
        let ticks = self.is_at_end() && !self.run.timeline.is_finished();
        let says = self.tour.says(playhead).filter(|_| self.tab == Tab::Tour);
        let scene = Scene {
            run: &self.run,
            playhead,
            before: &before,
            stepped: &stepped,
            in_haste,
            tab: self.tab,
            says: says.as_deref(),
            asked: self.asking.shown(),
            marking: &self.marking,
            lanes: self.lanes,
            said: self.said,
            designs: self.designs,
            ticks,
        };
        let (sentence, place) = self.panes.paint(&frame, scene);
        self.marking.paint(&self.run);
        self.console.paint(&self.run, &frame);
        self.report.paint_fork(self.beside.original().is_some(), self.beside.is_open());
        self.beside.paint(&self.run, playhead, &frame);
        self.paint_live();
        panes::title(&self.run, &world);
        let playing = self.player.is_playing();
        let moment = Moment {
            now_ms: self.now_ms,
            phase: StagePhase::of(&world),
            sentence: &sentence,
            playhead,
            place: &place,
        };
        let tell = match (playing, in_haste) {
            (true, _) => Announcer::playing,
            (false, true) => Announcer::hurried,
            (false, false) => Announcer::rest,
        };
        let spoken = tell(&mut self.announcer, &moment);
        self.tour.paint(playhead, self.tab == Tab::Tour);
        let drifted = std::mem::take(&mut self.drifted).then(|| line!("page.both-words"));
        if let Some(spoken) = drifted.or_else(|| self.tour.take_said()).or(spoken) {
            self.panes.say(&spoken);
        }
        controls::show_transport(playing, self.is_at_end());
    }
}

pub(super) fn frame_of<'a>(
    run: &'a Run,
    player: &Player,
    settings: &Settings,
    selected: Option<ClientId>,
    world: &'a Rc<crate::trace::World>,
) -> Frame<'a> {
    Frame {
        world,
        now: run.timeline.now(player.playhead()),
        progress: player.progress(&run.timeline),
        terms: settings.terms,
        motion: settings.motion,
        viewport: settings.viewport,
        selected,
        you: run.timeline.you(),
    }
}
