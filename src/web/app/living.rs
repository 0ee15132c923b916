//! A live server in the page: its stream, and following it.

use super::{App, Watched, show_scenarios};
use crate::view::fault;
use crate::view::live::{Link, Live};
use crate::web::message::News;
use crate::web::run::Run;
use crate::web::stream::{self, Stream};

/// The stream, and what became of it so far.
#[derive(Debug)]
pub(super) struct Living {
    pub live: Live,
    stream: Option<Stream>,
    /// Something came that is not painted yet.
    pub stale: bool,
}

impl App {
    /// Attaches to the server that the page came from.
    pub(super) fn attach(&mut self) {
        let run = Run::live();
        show_scenarios(&mut self.scenarios, Watched::File(&run.title));
        self.watch(run);
        self.living = Some(Living { live: Live::new(), stream: stream::open(""), stale: false });
    }

    /// Another run is watched: the server is let go.
    pub(super) fn detach(&mut self) {
        self.living = None;
    }

    /// Whether there is anything to paint in the next frame.
    pub(super) fn is_stale(&self) -> bool {
        self.living.as_ref().is_some_and(|living| living.stale)
    }

    pub(super) fn news(&mut self, news: News) {
        let Some(living) = &mut self.living else { return };
        living.stale = true;
        match news {
            News::Opened => living.live.opened(),
            News::Ended(name) => self.ended(name),
            News::Broke { for_good } => living.live.broke(for_good),
            News::Gate(text) => {
                living.live.take_gate(&text);
                // Said again and again while it is held: somebody is here.
                if living.live.is_held() {
                    stream::order("renew");
                }
            }
            News::Lines { lines, id } => {
                living.live.last_id = id;
                if let Err(error) =
                    living.live.take(&lines, &mut self.run.timeline, &mut self.run.inputs)
                {
                    self.report.refused(&fault(&error.to_string()));
                }
                if let Some(header) = living.live.header() {
                    self.run.set_header(header);
                }
                if matches!(living.live.link, Link::LetGo | Link::Full) {
                    living.stream = None;
                }
            }
        }
    }

    /// What came was a recording, all of which is here now.
    fn ended(&mut self, name: String) {
        self.detach();
        self.run.end_as_recording(name);
        show_scenarios(&mut self.scenarios, Watched::File(&self.run.title));
        self.seek(0);
        self.paint();
    }

    /// In each frame: whoever follows is taken along.
    pub(super) fn catch_up(&mut self, dt_ms: f64) {
        let Some(living) = &mut self.living else { return };
        living.stale = false;
        if living.live.follows {
            let passed_over = self.player.follow(dt_ms, &self.run.timeline);
            living.live.pass_over(passed_over);
        }
    }

    /// What came is painted in a later frame.
    pub(super) fn put_off(&mut self) {
        if let Some(living) = &mut self.living {
            living.stale = true;
        }
    }

    /// Whether there is anything to show to somebody who follows.
    pub(super) fn is_behind(&self) -> bool {
        self.living.as_ref().is_some_and(|living| living.live.follows)
            && self.player.is_behind(&self.run.timeline)
    }

    /// The reader has moved the playhead, or wants to be taken along again.
    pub(super) fn follow(&mut self, on: bool) {
        let Some(living) = &mut self.living else { return };
        living.live.follow(on);
        if on {
            if living.live.link == Link::LetGo {
                living.live.link = Link::Looking;
                living.stream = stream::open(&living.live.last_id);
            }
            self.player.seek(self.run.timeline.len(), &self.run.timeline);
        }
    }

    pub(super) fn paint_live(&mut self) {
        let bar = self
            .living
            .as_ref()
            .map_or_else(Vec::new, |living| living.live.bar(&self.run.timeline));
        self.live_bar.paint(bar);
    }
}
