//! Everything that is painted, and what each part is painted from.

use super::document::{document, element, input, set};
use super::marking::Marking;
use super::message::Tab;
use super::paint::Painter;
use super::run::Run;
use crate::trace::World;
use crate::trace::timeline::CycleSummary;
use crate::view::narration::narrate;
use crate::view::text::{Words, line};
use crate::view::why::{self, Chain, Spot};
use crate::view::{Frame, Node, panels, stage};
use web_sys::Element;

/// The painters of the page's parts.
#[derive(Debug)]
pub struct Panes {
    stage: Painter,
    narration: Painter,
    position: Painter,
    strip: Painter,
    /// Measured only when the window changes: asking in every painting would
    /// make the browser lay the page out in the middle of it.
    strip_width_px: u32,
    tabs: Vec<(Tab, Painter)>,
    /// What the shown answer speaks of, marked in every drawing.
    because: Vec<Spot>,
    live: Element,
}

/// What a full painting needs beyond the frame.
#[derive(Clone, Copy, Debug)]
pub struct Scene<'a> {
    pub run: &'a Run,
    pub playhead: usize,
    /// The state before the last record.
    pub before: &'a World,
    /// The state at the step before this one; in haste, in the last picture.
    pub stepped: &'a World,
    /// Steps go by faster than they can be told.
    pub in_haste: bool,
    pub tab: Tab,
    /// What a chapter says of this moment.
    pub says: Option<&'a str>,
    pub asked: Option<&'a Chain>,
    pub marking: &'a Marking,
    pub lanes: bool,
    /// What was said is unfolded.
    pub said: bool,
    pub designs: bool,
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
            strip_width_px: width_px("strip"),
            tabs: painted.map(|tab| (tab, Painter::new(element(tab.id())))).into(),
            because: Vec::new(),
            live: element("live"),
        }
    }

    /// The window has another size.
    pub fn measure(&mut self) {
        self.strip_width_px = width_px("strip");
    }

    /// The drawing alone: all that changes between two records.
    pub fn paint_stage(&mut self, frame: &Frame) {
        self.stage.paint(vec![why::mark(stage::stage(frame), &self.because)]);
    }

    /// All that changes with the playhead. Returns the sentence that is shown,
    /// and the place in words.
    pub fn paint(&mut self, frame: &Frame, scene: Scene) -> (String, String) {
        self.because =
            scene.asked.map(|chain| chain.spots(&scene.run.timeline)).unwrap_or_default();
        self.paint_stage(frame);
        let cycles = scene.run.timeline.cycles();
        let round = scene.in_haste.then(|| panels::round(cycles, scene.playhead)).flatten();
        let step =
            || frame.now.map(|record| narrate(record, scene.before, frame.world, frame.you).words);
        let told = round.or_else(step);
        let said = told
            .as_ref()
            .map_or_else(|| scene.run.about.clone(), |told| told.pick(frame.terms).to_owned());
        // Hidden from assistive technology, which hears it on the chapter's page.
        let lead = |says: &str| p("lead", says.to_owned()).attr("aria-hidden", "true");
        let own = match &told {
            Some(told) => sentences(told),
            None => opening(&scene.run.about),
        };
        self.narration.paint(scene.says.map(lead).into_iter().chain(own).collect());
        self.position.paint(position(frame, scene));
        let place = self.paint_timeline(frame, cycles, scene);
        let page = self.tabs.iter_mut().find(|(tab, _)| *tab == scene.tab);
        if let Some((tab, painter)) = page {
            painter.paint(match tab {
                Tab::Notepad => {
                    let mut parts = vec![asked(frame, scene), panels::notepad(frame)];
                    parts.extend(conversation(frame, scene));
                    parts
                }
                // The one is in the document, the other has its own painter.
                Tab::Card | Tab::Tour => Vec::new(),
                Tab::Counters => counted(frame, scene),
                Tab::Tables => vec![panels::tables(frame), latencies(scene)],
                Tab::Events => vec![
                    Node::new("div")
                        .class("heads")
                        .key("heads")
                        .child(panels::lints(&scene.run.lints(), scene.playhead))
                        .child(scene.marking.list(scene.playhead)),
                    panels::events(&scene.run.timeline, scene.playhead, frame.selected),
                ],
            });
            if *tab == Tab::Events {
                keep_in_view(&element(tab.id()), "li.now");
            }
            if let (Tab::Notepad, Ok(Some(list))) =
                (*tab, element(tab.id()).query_selector(".said ol"))
            {
                keep_in_view(&list, "li.now, li:last-child");
            }
        }
        (said, place)
    }

    fn paint_timeline(&mut self, frame: &Frame, cycles: &[CycleSummary], scene: Scene) -> String {
        let width_px = self.strip_width_px;
        let mut parts = vec![panels::strip(cycles, scene.playhead, frame, width_px)];
        if scene.lanes {
            let (timeline, requests) = (&scene.run.timeline, scene.run.requests());
            parts.push(panels::lanes(timeline, &requests, scene.playhead, frame, width_px));
        }
        parts.push(panels::legend_line(scene.lanes));
        self.strip.paint(parts);
        let scrub = input("scrub");
        set(&scrub, "max", &scene.run.timeline.len().to_string());
        scrub.set_value(&scene.playhead.to_string());
        let place = panels::value_text(&scene.run.timeline, scene.playhead, frame);
        set(&scrub, "aria-valuetext", &place);
        place
    }

    /// Tells a screen reader, which hears of changes only: what stands there
    /// already is said again as a text that differs by a blank.
    pub fn say(&self, sentence: &str) {
        let again = self.live.text_content().as_deref() == Some(sentence);
        let blank = if again { "\u{a0}" } else { "" };
        self.live.set_text_content(Some(&[sentence, blank].concat()));
    }
}

impl Default for Panes {
    fn default() -> Panes {
        Panes::new()
    }
}

fn position(frame: &Frame, scene: Scene) -> Vec<Node> {
    let mut nodes =
        vec![panels::readout(&scene.run.timeline, scene.playhead, frame.world).key("readout")];
    if scene.ticks {
        let tick = Node::new("button").key("tick").class("lnk").attr("type", "button");
        nodes.push(tick.attr("data-act", "tick").text(line!("page.tick")));
    }
    nodes
}

/// The questions of the moment, and the answer to the one that was asked.
fn asked(frame: &Frame, scene: Scene) -> Node {
    let questions = why::questions(frame.world, panels::shown(frame).id());
    panels::why(&questions, scene.asked, scene.playhead, frame.terms)
}

/// The conversation with whoever the notepad is about.
fn conversation(frame: &Frame, scene: Scene) -> Option<Node> {
    let client = panels::shown(frame).id()?;
    let timeline = &scene.run.timeline;
    let said = || scene.run.transcripts().at(timeline, client, scene.playhead);
    Some(panels::transcript(timeline, client, scene.said.then(said).as_ref()))
}

fn counted(frame: &Frame, scene: Scene) -> Vec<Node> {
    let timeline = &scene.run.timeline;
    let loads = panels::loads(timeline, &scene.run.requests(), scene.playhead);
    let others = [
        panels::counters(frame.world, Some(scene.stepped)),
        panels::kept(&timeline.footprint()),
        Node::new("p").class("note1").text(scene.run.truth()),
    ];
    let compared = scene.designs.then(|| scene.run.designs()).flatten();
    let designs = panels::designs(scene.designs, compared.as_deref());
    loads.into_iter().chain([designs]).chain(others).collect()
}

fn latencies(scene: Scene) -> Node {
    let (timeline, requests) = (&scene.run.timeline, scene.run.requests());
    Node::new("div").class("pn0 twin").key("latencies").child(panels::latencies(
        timeline,
        &requests,
        scene.playhead,
    ))
}

pub fn sentences(told: &Words) -> Vec<Node> {
    let kitchen = Node::new("span").class("k1").text(told.kitchen().to_owned());
    let redis = Node::new("span").class("r1").text(told.redis().to_owned());
    vec![
        Node::new("p").key("say").class("say").child(kitchen).child(redis),
        p("term", told.term().to_owned()),
    ]
}

fn opening(about: &str) -> Vec<Node> {
    vec![p("say", about.to_owned()), p("hint", line!("page.hint"))]
}

fn p(class: &'static str, text: String) -> Node {
    Node::new("p").key(class).class(class).text(text)
}

fn width_px(id: &str) -> u32 {
    element(id).client_width().max(0).unsigned_abs()
}

/// Scrolls a panel, where it is one that scrolls, so that the row of now is in
/// its middle; never the page.
fn keep_in_view(panel: &Element, row: &str) {
    let Ok(Some(row)) = panel.query_selector(row) else { return };
    let (around, row) = (panel.get_bounding_client_rect(), row.get_bounding_client_rect());
    if panel.scroll_height() > panel.client_height() {
        let middle = (row.top() + row.bottom() - around.top() - around.bottom()) / 2.0;
        panel.set_scroll_top(panel.scroll_top() + middle.round() as i32);
    }
}

/// The window's title: what is watched, and where in it.
pub fn title(run: &Run, world: &World) {
    document().set_title(&line!("page.window", &run.title, world.cycle));
}
