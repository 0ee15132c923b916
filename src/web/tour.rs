//! The guided tour's part of the page: where one is in it, what was answered,
//! and what is remembered.

use super::document::{document, element, flag, set};
use super::paint::Painter;
use super::run::Run;
use super::settings::{remember, remembered};
use crate::sim::bundled_as;
use crate::view::Node;
use crate::view::control::Direction;
use crate::view::lesson::{
    self, Address, Asked, Broken, Chapter, Evening, Here, Mission, Offer, Progress, Reply, Step,
    chapter_page, chapters, overview,
};
use crate::view::text::line;
use crate::view::tree::short;

/// See the module documentation.
#[derive(Debug)]
pub struct Tour {
    address: Address,
    broken: Option<Broken>,
    /// The records of the chapter's own run hold its moments here.
    places: Vec<Option<usize>>,
    /// What is watched is the chapter's own run, as it is told.
    at_home: bool,
    asked: Option<Asked>,
    reply: Reply,
    progress: Progress,
    painter: Painter,
    /// To be told to a screen reader with the next painting.
    said: Option<String>,
}

impl Tour {
    #[must_use]
    pub fn new() -> Tour {
        Tour {
            address: Address::Overview,
            broken: None,
            places: Vec::new(),
            at_home: false,
            asked: None,
            reply: Reply::Open,
            progress: Progress::parse(&remembered("tour").unwrap_or_default()),
            painter: Painter::new(element("tour")),
            said: None,
        }
    }

    fn here(&self) -> Option<(&'static Chapter, &'static Step, usize)> {
        let Address::Step { chapter, step } = self.address else { return None };
        let told = &chapters()[chapter];
        Some((told, &told.steps[step], step))
    }

    /// Goes to an address. Returns the chapter's run if it must be watched anew.
    pub fn go(&mut self, read: Result<Address, Broken>) -> Option<Run> {
        let (address, broken) = match read {
            Ok(address) => (address, None),
            Err(broken) => (Address::Overview, Some(broken)),
        };
        self.said = broken.as_ref().map(ToString::to_string);
        self.broken = broken;
        if address != self.address {
            self.reply = Reply::Open;
        }
        let before = std::mem::replace(&mut self.address, address);
        let Address::Step { chapter, step } = address else { return None };
        let same = matches!(before, Address::Step { chapter: before, .. } if before == chapter);
        let told = &chapters()[chapter];
        let fresh = (!same || !self.at_home).then(|| {
            let bundled = bundled_as(told.scenario).expect("a chapter's scenario is bundled");
            Run::bundled(bundled)
        });
        self.progress.reach(chapter, step);
        self.remember();
        let (of, says) = (told.steps.len(), told.says(step));
        self.said = Some(line!("tour-page.said", step + 1, of, &says));
        fresh
    }

    /// The chapter's own run is watched from now on, or is no more.
    pub fn settle(&mut self, run: &Run, at_home: bool) {
        self.at_home = at_home;
        if let (true, Some((chapter, ..))) = (at_home, self.here()) {
            self.places = chapter.places(run.timeline.records());
        }
    }

    /// The playhead of the present step's moment; the question is looked up.
    pub fn arrive(&mut self, run: &Run) -> Option<usize> {
        let (_, step, index) = self.here()?;
        let playhead = self.playhead(index)?;
        let evening = Evening::new(run.timeline.records());
        self.asked = step.asks.and_then(|question| question.ask(&evening, playhead));
        Some(playhead)
    }

    fn playhead(&self, step: usize) -> Option<usize> {
        self.places.get(step).copied().flatten().map(|place| place + 1)
    }

    pub fn guess(&mut self, choice: usize) {
        if !matches!(self.reply, Reply::Revealed(_)) {
            self.reply = Reply::Guessed(choice);
        }
    }

    pub fn reveal(&mut self) {
        self.reply = match self.reply {
            Reply::Open => Reply::Revealed(None),
            Reply::Guessed(choice) => Reply::Revealed(Some(choice)),
            revealed @ Reply::Revealed(_) => revealed,
        };
    }

    /// What the chapter offers to change, and the playhead to do it at.
    #[must_use]
    pub fn offer(&self) -> Option<(Offer, usize)> {
        let (chapter, ..) = self.here()?;
        Some((chapter.attempt.offer, self.playhead(chapter.attempt.from)?))
    }

    #[must_use]
    pub fn address(&self) -> Address {
        self.address
    }

    /// The step after the present one, or before it.
    #[must_use]
    pub fn neighbour(&self, direction: Direction) -> Option<Address> {
        let Address::Step { chapter, step } = self.address else { return None };
        match direction {
            Direction::Forward => lesson::next(chapter, step),
            Direction::Back => lesson::before(chapter, step),
        }
    }

    #[must_use]
    pub fn is_at_home(&self) -> bool {
        self.at_home
    }

    /// Compares what the reader has made with what was there before. A goal
    /// that the original met already is nobody's achievement.
    pub fn judge(&mut self, made: &Run, original: Option<&Run>) -> Option<String> {
        let evening = Evening::new(made.timeline.records());
        let before = original.map(|run| Evening::new(run.timeline.records()));
        let new: Vec<String> = Mission::ALL
            .into_iter()
            .filter(|mission| mission.met(&evening).is_some())
            .filter(|mission| before.as_ref().is_none_or(|before| mission.met(before).is_none()))
            .filter(|mission| self.progress.accomplish(*mission))
            .map(Mission::goal)
            .collect();
        if new.is_empty() {
            return None;
        }
        self.remember();
        Some(line!("tour-page.mission-done", &new.join(" ")))
    }

    fn remember(&self) {
        remember("tour", &self.progress.to_text());
    }

    /// What a screen reader is told instead of the event.
    pub fn take_said(&mut self) -> Option<String> {
        self.said.take()
    }

    /// The present step, if `playhead` is at its moment of the chapter's run.
    fn present(&self, playhead: usize) -> Option<(&'static Chapter, &'static Step, usize)> {
        self.here().filter(|(.., step)| self.at_home && self.playhead(*step) == Some(playhead))
    }

    /// What the chapter says of this moment.
    #[must_use]
    pub fn says(&self, playhead: usize) -> Option<String> {
        self.present(playhead).map(|(chapter, _, step)| chapter.says(step))
    }

    /// `open`: the tour's tab is shown.
    pub fn paint(&mut self, playhead: usize, open: bool) {
        let present = self.present(playhead);
        flag(&element("page"), "data-touring", open && self.here().is_some());
        if open {
            self.painter.paint(self.nodes(present.is_some()));
        }
        let cue = present.filter(|_| open).map(|(_, step, _)| step.of.id());
        point_at(cue.as_deref());
    }

    fn nodes(&self, at_the_moment: bool) -> Vec<Node> {
        let Address::Step { chapter, step } = self.address else {
            return overview(&self.progress, self.broken.as_ref());
        };
        let (asked, reply) = (self.asked.as_ref(), self.reply);
        chapter_page(Here { chapter, step, at_the_moment, asked, reply })
    }
}

impl Default for Tour {
    fn default() -> Tour {
        Tour::new()
    }
}

/// Sets the brackets around an object of the drawing. In shares of the
/// drawing's size, so that they stay where they are when the window changes.
fn point_at(id: Option<&str>) {
    let brackets = element("cue");
    let place = id.and_then(|id| {
        let (object, scene) = (document().get_element_by_id(id)?, element("scene"));
        let (object, scene) = (object.get_bounding_client_rect(), scene.get_bounding_client_rect());
        let is_drawn = object.width() > 0.0 && scene.width() > 0.0 && scene.height() > 0.0;
        let across = |px: f64| 100.0 * px / scene.width();
        let down = |px: f64| 100.0 * px / scene.height();
        is_drawn.then(|| {
            let place = format!(
                "left:{}%;top:{}%;width:{}%;height:{}%",
                short(across(object.left() - scene.left())),
                short(down(object.top() - scene.top())),
                short(across(object.width())),
                short(down(object.height()))
            );
            (place, object.top() < 0.0)
        })
    });
    flag(&brackets, "hidden", place.is_none());
    if let Some((place, is_above)) = place {
        if brackets.get_attribute("style").as_ref() != Some(&place) {
            // On a phone a reader has scrolled down to go on to this step.
            if is_above {
                element("stage").scroll_into_view();
            }
        }
        set(&brackets, "style", &place);
    }
}
