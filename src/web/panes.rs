//! Everything that is painted, and what each part is painted from.

use super::document::{document, element, input, set};
use super::message::Tab;
use super::paint::Painter;
use super::run::Run;
use crate::event::Event;
use crate::trace::timeline::CycleSummary;
use crate::trace::{Record, Timeline, World};
use crate::view::narration::{Narration, narrate};
use crate::view::{Frame, Node, panels, stage};
use web_sys::Element;

/// Rows of the events panel before and after the playhead.
const EVENTS_BEFORE: usize = 14;
const EVENTS_AFTER: usize = 14;

/// The painters of the page's parts.
#[derive(Debug)]
pub struct Panes {
    stage: Painter,
    narration: Painter,
    position: Painter,
    strip: Painter,
    tabs: Vec<(Tab, Painter)>,
    live: Element,
}

/// What a full painting needs beyond the frame.
#[derive(Clone, Copy, Debug)]
pub struct Scene<'a> {
    pub run: &'a Run,
    pub playhead: usize,
    /// The state before the last record.
    pub before: &'a World,
    /// The state at the step before this one.
    pub stepped: &'a World,
    pub tab: Tab,
    /// Nothing is left but the clock, which may be asked to tick.
    pub ticks: bool,
}

impl Panes {
    #[must_use]
    pub fn new() -> Panes {
        let painted = [Tab::Notepad, Tab::Events, Tab::Counters, Tab::Tables];
        Panes {
            stage: Painter::new(element("stage")),
            narration: Painter::new(element("narration")),
            position: Painter::new(element("position")),
            strip: Painter::new(element("strip")),
            tabs: painted.map(|tab| (tab, Painter::new(element(tab.id())))).into(),
            live: element("live"),
        }
    }

    /// The drawing alone: all that changes between two records.
    pub fn paint_stage(&mut self, frame: &Frame) {
        self.stage.paint(vec![stage::stage(frame)]);
    }

    /// All that changes with the playhead. Returns the sentence that is shown.
    pub fn paint(&mut self, frame: &Frame, scene: Scene) -> String {
        self.paint_stage(frame);
        let cycles = scene.run.timeline.cycles();
        let told = frame.now.map(|record| narrate(record, scene.before, frame.world));
        let said = told.as_ref().map_or_else(
            || scene.run.about.clone(),
            |told| match frame.terms {
                crate::view::Terms::Redis => told.redis.to_string(),
                _ => told.kitchen.to_string(),
            },
        );
        self.narration.paint(match told {
            Some(told) => sentences(told),
            None => opening(&scene.run.about),
        });
        self.position.paint(position(frame, cycles, scene));
        self.paint_timeline(frame, cycles, scene);
        let page = self.tabs.iter_mut().find(|(tab, _)| *tab == scene.tab);
        if let Some((tab, painter)) = page {
            painter.paint(match tab {
                Tab::Card => Vec::new(),
                Tab::Notepad => vec![panels::notepad(frame)],
                Tab::Counters => vec![panels::counters(frame.world, Some(scene.stepped))],
                Tab::Tables => vec![panels::tables(frame)],
                Tab::Events => vec![events(frame, scene)],
            });
        }
        said
    }

    fn paint_timeline(&mut self, frame: &Frame, cycles: &[CycleSummary], scene: Scene) {
        let width_px = element("strip").client_width().max(0).unsigned_abs();
        self.strip
            .paint(vec![panels::strip(cycles, scene.playhead, frame, width_px), panels::legend()]);
        let scrub = input("scrub");
        set(&scrub, "max", &scene.run.timeline.len().to_string());
        scrub.set_value(&scene.playhead.to_string());
        set(&scrub, "aria-valuetext", &panels::value_text(cycles, scene.playhead, frame));
    }

    /// Tells a screen reader.
    pub fn say(&self, sentence: &str) {
        self.live.set_text_content(Some(sentence));
    }
}

impl Default for Panes {
    fn default() -> Panes {
        Panes::new()
    }
}

fn position(frame: &Frame, cycles: &[CycleSummary], scene: Scene) -> Vec<Node> {
    let mut nodes = vec![panels::readout(cycles, scene.playhead, frame.world).key("readout")];
    if scene.ticks {
        let tick = Node::new("button").key("tick").class("lnk").attr("type", "button");
        nodes.push(tick.attr("data-act", "tick").text("Let the clock tick"));
    }
    nodes
}

fn sentences(told: Narration) -> Vec<Node> {
    let kitchen = Node::new("span").class("k1").text(told.kitchen);
    let redis = Node::new("span").class("r1").text(told.redis);
    vec![
        Node::new("p").key("say").class("say").child(kitchen).child(redis),
        Node::new("p").key("term").class("term").text(told.term),
    ]
}

fn opening(about: &str) -> Vec<Node> {
    let hint = "Press event, or the right arrow key, for the first event.";
    vec![
        Node::new("p").key("say").class("say").text(about.to_owned()),
        Node::new("p").key("hint").class("hint").text(hint),
    ]
}

fn events(frame: &Frame, scene: Scene) -> Node {
    let window = window(&scene.run.timeline, scene.playhead);
    let _ = (frame, window);
    Node::new("p")
}

/// The steps around the playhead: what a reader can stop at, nothing else.
fn window(timeline: &Timeline, playhead: usize) -> Vec<(usize, &Record)> {
    let steps = |index: &usize| timeline.record(*index).is_some_and(|r| is_shown(&r.event));
    let mut before: Vec<usize> = (0..playhead).rev().filter(steps).take(EVENTS_BEFORE).collect();
    before.reverse();
    let after = (playhead..timeline.len()).filter(steps).take(EVENTS_AFTER);
    before.into_iter().chain(after).filter_map(|i| Some((i, timeline.record(i)?))).collect()
}

fn is_shown(event: &Event) -> bool {
    crate::view::beat::is_step(event)
}

/// The window's title: what is watched, and where in it.
pub fn title(run: &Run, world: &World) {
    let place = if world.cycle > 0 { format!("cycle {}", world.cycle) } else { "start".into() };
    document().set_title(&format!("{} · {place} · onechef", run.title));
}
