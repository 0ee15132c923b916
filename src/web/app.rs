//! The page's state, and the one function that changes it.

mod checking;
mod controls;
mod forking;
mod living;
mod painting;
mod rewriting;
mod sharing;
mod telling;
mod touring;

use super::asking::Asking;
use super::beside::Beside;
use super::boundary::contain;
use super::console::{Console, Outcome};
use super::document::{self, element, flag, select, set};
use super::frames;
use super::marking::Marking;
use super::message::{Message, Tab};
use super::paint::Painter;
use super::panes::Panes;
use super::report::Report;
use super::run::{Run, called};
use super::settings::{Settings, remember, remembered};
use super::stream;
use super::tour::Tour;
use crate::event::ClientId;
use crate::sim::{Bundled, Scenario, scenarios};
use crate::view::announce::Announcer;
use crate::view::control::{Control, Direction};
use crate::view::link::{Link, Theme};
use crate::view::marks::Marks;
use crate::view::pictures::Pictures;
use crate::view::player::{Step, Tick};
use crate::view::rest::{self, Ahead};
use crate::view::why::{self, Question};
use crate::view::{Grain, Motion, Node, Player, Terms, fault, panels};
use living::Living;
use painting::frame_of;
use std::cell::RefCell;
use std::collections::VecDeque;

/// A step may need more of the simulation than is known; a step that is not
/// over after so many half-cycles is given up.
const MORE_LIMIT: u32 = 256;

/// Everything the page knows.
#[derive(Debug)]
pub struct App {
    run: Run,
    /// Before the reader changed anything.
    beside: Beside,
    player: Player,
    settings: Settings,
    selected: Option<ClientId>,
    asking: Asking,
    marking: Marking,
    lanes: bool,
    said: bool,
    designs: bool,
    tab: Tab,
    announcer: Announcer,
    console: Console,
    panes: Panes,
    report: Report,
    scenarios: Painter,
    tour: Tour,
    living: Option<Living>,
    live_bar: Painter,
    /// The words have just changed by themselves, which is to be told.
    drifted: bool,
    pictures: Pictures,
    drawn_at_ms: Option<f64>,
    now_ms: f64,
}

thread_local! {
    static APP: RefCell<Option<App>> = const { RefCell::new(None) };
    static WAITING: RefCell<VecDeque<Message>> = const { RefCell::new(VecDeque::new()) };
}

/// Opens the page at what the link asks for.
pub fn open(link: &Link) {
    let mut app = None;
    match contain(&mut || app = Some(App::new(link))) {
        Ok(()) => APP.with(|slot| *slot.borrow_mut() = app),
        Err(why) => Report::new().failed_to_open(&why),
    }
    with_contained(|app| app.open(link));
}

/// Hands a message to the page. One that comes while another is being handled
/// (painting moves the focus, and the browser tells at once) waits its turn.
pub fn dispatch(message: Message) {
    WAITING.with(|waiting| waiting.borrow_mut().push_back(message));
    while APP.with(|app| app.try_borrow_mut().is_ok()) {
        let next = WAITING.with(|waiting| waiting.borrow_mut().pop_front());
        let Some(message) = next else { return };
        with_contained(|app| app.update(message));
    }
}

/// Runs one change of the page; if a check in it fails, the page says so and
/// lives on.
fn with_contained(change: impl FnOnce(&mut App)) {
    let mut change = Some(change);
    let moving = APP.with(|slot| {
        let mut slot = slot.borrow_mut();
        let Some(app) = slot.as_mut() else { return false };
        let outcome = contain(&mut || {
            if let Some(change) = change.take() {
                change(app);
            }
        });
        if let Err(why) = outcome {
            app.fail(&why);
            // What can still be painted is; a second failure is the same one.
            let _ = contain(&mut || app.paint());
        }
        let late = app.pictures.held || app.is_stale() || app.is_behind();
        late || app.player.is_moving(&app.run.timeline)
    });
    frames::wish(moving);
}

fn bundled(slug: Option<&str>) -> (usize, &'static Bundled) {
    let all = scenarios();
    let found = all.iter().enumerate().find(|(_, bundled)| Some(bundled.slug) == slug);
    found.unwrap_or((0, &all[0]))
}

impl App {
    fn new(link: &Link) -> App {
        let settings = Settings::read(link);
        let (index, bundled) = bundled(link.scenario.as_deref());
        let mut player = Player::new();
        player.set_motion(settings.motion);
        let run = Run::bundled(bundled);
        if let Some(at) = link.at {
            player.seek(at, &run.timeline);
        }
        let known = remembered("card").is_some() || link.at.is_some();
        let mut scenarios = Painter::new(element("scenario"));
        show_scenarios(&mut scenarios, Watched::Bundled(index));
        let marking = Marking::new(link.marks.clone(), &run);
        App {
            run,
            beside: Beside::new(),
            player,
            settings,
            selected: None,
            asking: Asking::default(),
            marking,
            lanes: false,
            said: false,
            designs: false,
            tab: if known { Tab::Notepad } else { Tab::Card },
            announcer: Announcer::default(),
            console: Console::new(),
            panes: Panes::new(),
            report: Report::new(),
            scenarios,
            tour: Tour::new(),
            living: None,
            live_bar: Painter::new(element("live-bar")),
            drifted: false,
            pictures: Pictures::default(),
            drawn_at_ms: None,
            now_ms: 0.0,
        }
    }

    fn open(&mut self, link: &Link) {
        self.show_tab();
        self.show_settings();
        self.show_speed();
        if link.why.is_some() {
            self.ask(link.why);
        }
        if link.play {
            self.player.play();
        }
        self.paint();
    }

    fn update(&mut self, message: Message) {
        match message {
            Message::Frame(now_ms) => return self.frame(now_ms),
            // Painted with the next frame, however much comes until then.
            Message::Live(news) => return self.news(news),
            Message::Attach => self.attach(),
            Message::ToNow => self.follow(true),
            Message::Order(word) => stream::order(word),
            Message::Control(control) => self.control(control),
            Message::Held(control) => return self.hold(control),
            Message::Seek(count) => {
                self.follow(count == self.run.timeline.len());
                self.seek(count);
            }
            Message::Select(client) => self.select(client),
            Message::Why(question) => self.ask(question),
            Message::SwitchSaid => {
                self.said = !self.said;
                self.paint();
            }
            Message::SwitchDesigns => {
                // Asked for from elsewhere, it is to be seen.
                self.designs = !self.designs || self.tab != Tab::Counters;
                self.tab = Tab::Counters;
                self.show_tab();
                self.paint();
                document::focus(&document::typed("designs"));
            }
            Message::SwitchLanes => {
                self.lanes = !self.lanes;
                self.paint();
                // They open below what fits on a screen.
                if self.lanes {
                    element("strip").scroll_into_view_with_bool(false);
                }
            }
            Message::Scenario(index) => {
                if let Some(bundled) = scenarios().get(index) {
                    self.watch(Run::bundled(bundled));
                    show_scenarios(&mut self.scenarios, Watched::Bundled(index));
                }
            }
            Message::Terms(terms) => self.choose_terms(terms),
            Message::SwitchTheme => {
                let other =
                    if self.settings.theme == Theme::Dark { Theme::Light } else { Theme::Dark };
                self.settings.choose_theme(other);
                self.show_settings();
            }
            Message::SwitchMotion => {
                let reduced = self.settings.motion == Motion::Reduced;
                self.settings.choose_motion(if reduced { Motion::Full } else { Motion::Reduced });
                self.player.set_motion(self.settings.motion);
                self.show_settings();
            }
            Message::Viewport(viewport) => {
                self.settings.viewport = viewport;
                self.panes.measure();
            }
            Message::Resized => self.panes.measure(),
            Message::Speed(log2) => {
                self.player.set_speed(log2);
                self.show_speed();
            }
            Message::StopAt(kind, on) => {
                self.player.breakpoints.set(kind, on);
                let count = self.player.breakpoints.count();
                element("stop-count").set_text_content(Some(&count.to_string()));
                flag(&element("stop-count"), "hidden", count == 0);
            }
            Message::Tab(tab) => {
                self.tab = tab;
                self.show_tab();
            }
            Message::Begin => {
                remember("card", "read");
                self.tab = Tab::Notepad;
                self.show_tab();
                document::focus(&document::typed("next-event"));
                self.control(Control::Step(Direction::Forward, Grain::Event));
            }
            Message::Guest(index) => {
                self.console.guest = index;
                self.console.outcome = None;
            }
            Message::Typed => {
                self.console.cut = None;
                self.console.outcome = None;
            }
            Message::Cut(at) => self.console.cut = Some(at),
            Message::Gesture(gesture) => self.gesture(gesture),
            Message::Rewrite => self.rewrite(),
            Message::Conditions => {}
            Message::Crowd => self.let_crowd_in(),
            Message::Condition { at, value } => self.change_condition(&at, &value),
            Message::Check => self.check(),
            Message::Checked { scenario, verdict } => self.checked(&scenario, verdict),
            Message::RunText => self.run_text(),
            Message::SwitchBeside => {
                self.beside.switch();
                self.paint();
                self.panes.measure();
            }
            Message::BackToOriginal => {
                if let Some(original) = self.beside.take() {
                    let playhead = self.player.playhead();
                    self.watch(original);
                    self.player.seek(playhead, &self.run.timeline);
                }
            }
            Message::Tour(address) => self.tour_to(address),
            Message::ToQuestion => element("ask").scroll_into_view_with_bool(false),
            Message::Guess(choice) => self.tour.guess(choice),
            Message::Reveal => self.tour.reveal(),
            Message::Prepare => self.prepare(),
            Message::ShowWay(mission) => self.show_way(mission),
            Message::Opened { name, text } => {
                self.opened(&name, text);
            }
            Message::Save(form) => self.save(form),
            Message::CopyLink => self.copy_link(),
            Message::Shared(shared) => self.open_shared(shared),
            Message::Unpacked { at, text } => self.unpacked(at, text),
            Message::Packed { at, packed } => self.packed(at, packed),
            Message::Copied(copied) => self.copied(copied),
            Message::SwitchMenu => switch_expanded("menu", "page", "data-menu"),
            Message::SwitchActs => switch_expanded("more-acts", "console", "data-open"),
            Message::DismissFault => self.report.clear(),
            Message::Remark(text) => self.report.remark(&text),
            Message::Rerun => self.rerun(),
            Message::Language(word) => {
                super::language::ask(&word, |heard| dispatch(Message::Heard(heard)));
            }
            Message::Heard(heard) => self.retell(heard),
            Message::LetTick => self.let_tick(),
            Message::StartOver => {
                let scenario = self.run.scenario().cloned();
                self.report.clear();
                let scenario = scenario.unwrap_or_else(|| scenarios()[0].scenario());
                self.watch(self.run.changed(scenario));
            }
        }
        self.paint();
    }

    fn frame(&mut self, now_ms: f64) {
        let dt_ms = self.drawn_at_ms.map_or(0.0, |before| now_ms - before);
        self.drawn_at_ms = Some(now_ms);
        self.now_ms = now_ms;
        if self.pictures.held {
            return self.show_held();
        }
        if self.is_behind() || self.is_stale() && !self.player.is_playing() {
            let before = self.player.playhead();
            let stale = self.is_stale();
            self.catch_up(dt_ms);
            if !self.is_behind() {
                self.drawn_at_ms = None;
            }
            if !self.show(stale || self.player.playhead() != before) {
                self.put_off();
            }
            return;
        }
        let tick = self.player.tick(dt_ms, &self.run.timeline);
        if tick == Tick::NeedMore && (self.run.is_spent() || !self.run.more()) {
            self.player.pause();
        }
        if matches!(tick, Tick::NeedMore | Tick::AtEnd) && self.is_at_end() {
            self.let_words_drift();
        }
        if tick != Tick::Paused {
            self.show(tick != Tick::Moving);
        }
        if !self.player.is_playing() {
            self.drawn_at_ms = None;
        }
    }

    fn control(&mut self, control: Control) {
        self.console.outcome = None;
        if !matches!(control, Control::Terms(_) | Control::Why | Control::Mark | Control::Help) {
            self.follow(control == Control::ToEnd);
        }
        match control {
            Control::Step(direction, grain) => match self.told_beside(direction) {
                // The address says where one is; the page follows it.
                Some(address) if grain == Grain::Event => {
                    let _ = document::window().location().set_hash(&address.to_string());
                }
                _ => self.step(direction, grain),
            },
            Control::ToStart => self.seek(0),
            Control::ToEnd => self.seek(self.run.timeline.len()),
            Control::PlayOrPause if self.player.is_playing() => self.player.pause(),
            Control::PlayOrPause => {
                if self.is_at_end() {
                    self.player.seek(0, &self.run.timeline);
                }
                self.drawn_at_ms = None;
                self.player.play();
            }
            Control::Terms(terms) => self.choose_terms(terms),
            Control::Why => self.ask(self.asking.next(&self.questions(), self.player.playhead())),
            Control::Mark => {
                self.marking.switch(self.player.playhead(), &self.run);
            }
            Control::ToMark(direction) => {
                if let Some(at) = self.marking.marks().next(self.player.playhead(), direction) {
                    self.seek(at);
                }
            }
            Control::Present => self.switch_present(),
            Control::Help => {
                let dialog: web_sys::HtmlDialogElement = document::typed("help-dialog");
                if !dialog.open() {
                    let _ = dialog.show_modal();
                }
            }
        }
    }

    fn step(&mut self, direction: Direction, grain: Grain) {
        if direction == Direction::Back {
            self.player.back(grain, &self.run.timeline);
            return;
        }
        self.step_forward(grain);
        if self.is_at_end() {
            self.let_words_drift();
        }
    }

    fn step_forward(&mut self, grain: Grain) {
        for _ in 0..MORE_LIMIT {
            match self.player.forward(grain, &self.run.timeline) {
                Step::Moved | Step::AtEnd => return,
                // A quiet kitchen would tick on for ever: see `LetTick`.
                Step::NeedMore if self.run.is_spent() || !self.run.more() => return,
                Step::NeedMore => {}
            }
        }
    }

    /// One round of the clock, though nobody is there to be served.
    fn let_tick(&mut self) {
        for _ in 0..MORE_LIMIT {
            let grown = self.run.more();
            let step = self.player.forward(Grain::Event, &self.run.timeline);
            if step == Step::Moved || !grown {
                return;
            }
        }
    }

    fn seek(&mut self, count: usize) {
        self.player.pause();
        self.player.scrub(count, &self.run.timeline);
    }

    /// Playing could not go on from here by itself.
    fn is_at_end(&self) -> bool {
        let ahead = rest::after(&self.run.timeline, Grain::Event, self.player.playhead());
        self.player.playhead() > 0 && self.run.is_spent() && !matches!(ahead, Ahead::Rest(_))
    }

    fn select(&mut self, client: Option<ClientId>) {
        self.selected = client;
        let Some(id) = client else { return };
        let world = self.run.timeline.world_at(self.player.playhead());
        let guests = self.run.guests(&world);
        if let Some(index) = guests.iter().position(|(_, client)| *client == Some(id)) {
            self.console.guest = index;
        }
        if self.tab == Tab::Card {
            self.tab = Tab::Notepad;
            self.show_tab();
        }
    }

    fn questions(&self) -> Vec<Question> {
        let world = self.run.timeline.world_at(self.player.playhead());
        let frame = frame_of(&self.run, &self.player, &self.settings, self.selected, &world);
        why::questions(&world, panels::shown(&frame).id())
    }

    fn ask(&mut self, question: Option<Question>) {
        self.player.pause();
        let Some(question) = question else { return self.asking.put_away() };
        // Asked in the tables, about somebody else than the notepad shows.
        if question.client().is_some() && !self.questions().contains(&question) {
            self.select(question.client());
        }
        let (playhead, terms) = (self.player.playhead(), self.settings.terms);
        let told = self.asking.ask(&question, &self.run, playhead, terms);
        self.panes.say(&told);
        self.tab = Tab::Notepad;
        self.show_tab();
    }

    /// A run, or a chapter, has been seen to its end: who has only heard the
    /// kitchen's words may now hear Redis's beside them.
    fn let_words_drift(&mut self) {
        if !self.settings.words_chosen && self.settings.terms == Terms::Kitchen {
            self.choose_terms(Terms::Both);
            self.drifted = true;
        }
    }

    fn choose_terms(&mut self, terms: Terms) {
        self.settings.choose_terms(terms);
        self.show_settings();
    }

    /// Another run is watched, from its start; nothing moves.
    fn watch(&mut self, run: Run) {
        self.beside.take();
        self.detach();
        self.selected = None;
        self.asking.put_away();
        self.run = run;
        self.marking.put(Marks::default(), &self.run);
        self.console.reset();
        self.player.pause();
        self.player.seek(0, &self.run.timeline);
        self.tour.settle(&self.run, false);
    }

    /// Whether it could be opened.
    fn opened(&mut self, name: &str, text: Result<String, String>) -> bool {
        let run = text.and_then(|text| {
            if text.trim_start().starts_with('{') {
                Run::recorded(name, &text)
            } else {
                let scenario =
                    Scenario::parse(name, &text).map_err(|error| fault(&error.to_string()))?;
                Ok(Run::simulate(scenario))
            }
        });
        match run {
            Ok(run) => {
                self.report.clear();
                if let Some(remark) = run.remark() {
                    self.report.remark(&format!("{name}: {remark}"));
                }
                show_scenarios(&mut self.scenarios, Watched::File(&run.title));
                self.watch(run);
                if let Some(done) = self.tour.judge(&self.run, None) {
                    self.console.outcome = Some(Outcome::Done(done));
                }
            }
            Err(why) => {
                self.report.refused(&why);
                return false;
            }
        }
        true
    }

    fn fail(&mut self, why: &str) {
        self.player.pause();
        self.report.failed(why, self.run.seed());
    }
}

/// What the list of scenarios shows as chosen.
enum Watched<'a> {
    Bundled(usize),
    File(&'a str),
}

fn show_scenarios(list: &mut Painter, watched: Watched) {
    let mut options: Vec<Node> = scenarios()
        .iter()
        .map(|bundled| {
            let option = Node::new("option").key(bundled.slug).attr("value", bundled.slug);
            let [title, _] = called(bundled);
            option.text(title)
        })
        .collect();
    let chosen = match watched {
        Watched::Bundled(index) => index,
        Watched::File(title) => {
            options.push(Node::new("option").key("file").attr("value", "").text(title.to_owned()));
            options.len() - 1
        }
    };
    list.paint(options);
    select("scenario").set_selected_index(i32::try_from(chosen).unwrap_or(0));
}

fn switch_expanded(button: &str, target: &str, mark: &str) {
    let button = element(button);
    let open = button.get_attribute("aria-expanded").as_deref() != Some("true");
    set(&button, "aria-expanded", if open { "true" } else { "false" });
    flag(&element(target), mark, open);
}
