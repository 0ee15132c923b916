//! From what the browser tells to messages. Parsing ends here.

use super::app::dispatch;
use super::console::Gesture;
use super::document::{document, element, flag, input, on, select, window};
use super::files;
use super::message::{Form, Message, Portion, Tab, addressed};
use super::settings::{PHONE, media};
use crate::event::ClientId;
use crate::view::control::{Control, Direction, Focus, shortcut};
use crate::view::lesson::{Address, Mission};
use crate::view::panels::transport::stop_named;
use crate::view::why::Question;
use crate::view::{Grain, Viewport, link};
use wasm_bindgen::JsCast;
use web_sys::{DragEvent, Element, Event, HtmlInputElement, KeyboardEvent, MouseEvent};

/// Binds every control of `index.html`. The painted parts are heard through
/// the document, so painting binds nothing.
pub fn bind() {
    let document = document();
    on(&document, "click", |event: MouseEvent| {
        fold_up(target(&event).as_ref());
        if let Some(message) = target(&event).as_ref().and_then(clicked) {
            dispatch(message);
        }
    });
    on(&document, "keydown", key);
    bind_fields();
    bind_console();
    bind_files();
    bind_window();
}

/// Closes what has folded out of a button, unless `at` is in it and is no
/// choice of it. A focus that was in it goes to the button.
fn fold_up(at: Option<&Element>) {
    let focused = document().active_element();
    for id in ["stop", "save", "acts-more", "conditions", "crowd"] {
        let folded = element(id);
        let inside = at.is_some_and(|at| {
            folded.contains(Some(at)) && at.closest(".choice-list").ok().flatten().is_none()
        });
        if inside || !folded.has_attribute("open") {
            continue;
        }
        flag(&folded, "open", false);
        let summary = folded.first_element_child().and_then(|summary| summary.dyn_into().ok());
        if let (true, Some(summary)) = (folded.contains(focused.as_deref()), summary) {
            super::document::focus(&summary);
        }
    }
}

fn target(event: &Event) -> Option<Element> {
    event.target()?.dyn_into().ok()
}

/// What a click means, by the nearest element that means something.
fn clicked(at: &Element) -> Option<Message> {
    let closest = |selector: &str| at.closest(selector).ok().flatten();
    if let Some(element) = closest("[data-step]") {
        return element.get_attribute("data-step").as_deref().and_then(step).map(Message::Control);
    }
    if let Some(link) = closest("a[href^='#tour']") {
        // The browser follows the link after this, and tells where it went. It
        // says nothing if it is there already, so only then is it done here.
        let href = link.get_attribute("href")?;
        let is_here = window().location().hash().is_ok_and(|hash| hash == href);
        return Address::parse(&href).filter(|_| is_here).map(Message::Tour);
    }
    if let Some(element) = closest("[data-mission]") {
        let slug = element.get_attribute("data-mission")?;
        return Mission::ALL.into_iter().find(|m| m.slug() == slug).map(Message::ShowWay);
    }
    if let Some(element) = closest("[data-act]") {
        return element.get_attribute("data-act").as_deref().and_then(act);
    }
    if let Some(byte) = closest("[data-cut]") {
        return byte.get_attribute("data-cut")?.parse().ok().map(Message::Cut);
    }
    if closest("[data-follow]").is_some() {
        return Some(Message::Select(None));
    }
    if let Some(element) = closest("[data-why]") {
        return Some(Message::Why(Question::parse(&element.get_attribute("data-why")?)));
    }
    if let Some(element) = closest("[data-seek]") {
        return element.get_attribute("data-seek")?.parse().ok().map(Message::Seek);
    }
    if let Some(element) = closest("[data-client]") {
        let id = element.get_attribute("data-client")?.parse().ok()?;
        return Some(Message::Select(Some(ClientId(id))));
    }
    if let Some(tab) = closest("[role=tab]") {
        return Tab::named(tab.get_attribute("aria-controls")?.as_str()).map(Message::Tab);
    }
    let control = closest("button")?;
    if control.get_attribute("aria-disabled").as_deref() == Some("true") {
        // Visible, focusable and explained, so the refusal is said in place.
        return refusable(&control.id());
    }
    button(&control.id())
}

fn step(word: &str) -> Option<Control> {
    use Direction::{Back, Forward};
    Some(match word {
        "start" => Control::ToStart,
        "back-cycle" => Control::Step(Back, Grain::Cycle),
        "back-phase" => Control::Step(Back, Grain::Phase),
        "back-event" => Control::Step(Back, Grain::Event),
        "event" => Control::Step(Forward, Grain::Event),
        "phase" => Control::Step(Forward, Grain::Phase),
        "cycle" => Control::Step(Forward, Grain::Cycle),
        _ => return None,
    })
}

fn act(word: &str) -> Option<Message> {
    Some(match word {
        "dismiss" => Message::DismissFault,
        "save" => Message::Save(Form::Trace),
        "rerun" => Message::Rerun,
        "save-scenario" => Message::Save(Form::Scenario),
        "save-perfetto" => Message::Save(Form::Perfetto),
        "start-over" => Message::StartOver,
        "beside" => Message::SwitchBeside,
        "check" => Message::Check,
        "back-to-original" => Message::BackToOriginal,
        "tick" => Message::LetTick,
        "mark" => Message::Control(Control::Mark),
        "now" => Message::ToNow,
        "gate-hold" => Message::Order("hold"),
        "gate-sweep" => Message::Order("sweep"),
        "gate-phase" => Message::Order("phase"),
        "gate-cycle" => Message::Order("cycle"),
        "gate-release" => Message::Order("release"),
        "lanes" => Message::SwitchLanes,
        "said" => Message::SwitchSaid,
        "ask" => Message::ToQuestion,
        "designs" => Message::SwitchDesigns,
        "reveal" => Message::Reveal,
        "prepare" => Message::Prepare,
        _ => return None,
    })
}

fn button(id: &str) -> Option<Message> {
    Some(match id {
        "play" => Message::Control(Control::PlayOrPause),
        "help" => Message::Control(Control::Help),
        "present" => Message::Control(Control::Present),
        "theme" => Message::SwitchTheme,
        "motion" => Message::SwitchMotion,
        "link" => Message::CopyLink,
        "menu" => Message::SwitchMenu,
        "run-text" => Message::RunText,
        "begin" => Message::Begin,
        "more-acts" => Message::SwitchActs,
        _ => return refusable(id),
    })
}

/// The buttons of the console: each gesture can be refused, with its reason.
fn refusable(id: &str) -> Option<Message> {
    Some(match id {
        "add-guest" => Message::Gesture(Gesture::Add),
        "send-first" => Message::Gesture(Gesture::Send(Portion::First)),
        "send-rest" => Message::Gesture(Gesture::Send(Portion::Rest)),
        "reading" => Message::Gesture(Gesture::SwitchReading),
        "half-close" => Message::Gesture(Gesture::HalfClose),
        "reset" => Message::Gesture(Gesture::Reset),
        "garbage" => Message::Gesture(Gesture::Garbage),
        "disconnect" => Message::Gesture(Gesture::Disconnect),
        "rewrite" => Message::Rewrite,
        _ => return None,
    })
}

fn key(event: KeyboardEvent) {
    if event.ctrl_key() || event.alt_key() || event.meta_key() || event.default_prevented() {
        return;
    }
    let Some(at) = target(&event) else { return };
    if tab_key(&at, &event) {
        return event.prevent_default();
    }
    let name = event.key();
    if name == "Escape" {
        fold_up(None);
        let presenting = document().query_selector("[data-present]");
        if matches!(presenting, Ok(Some(_))) {
            dispatch(Message::Control(Control::Present));
        }
        return;
    }
    // What is drawn as a button is pressed like one.
    if matches!(name.as_str(), "Enter" | " ")
        && at.get_attribute("role").as_deref() == Some("button")
        && let Some(message) = clicked(&at)
    {
        event.prevent_default();
        return dispatch(message);
    }
    if let Some(control) = shortcut(&name, event.shift_key(), focus(&at)) {
        event.prevent_default();
        match control {
            Control::Step(..) if event.repeat() => dispatch(Message::Held(control)),
            _ if event.repeat() => {}
            _ => dispatch(Message::Control(control)),
        }
    }
}

/// Where the focus is.
fn focus(at: &Element) -> Focus {
    let within = |selector: &str| at.closest(selector).ok().flatten().is_some();
    if within("dialog, #console") {
        Focus::Elsewhere
    } else if at.tag_name() == "BODY" {
        Focus::Page
    } else if !within("#player") {
        Focus::Elsewhere
    } else if within("input, select, textarea, [role=tab]") {
        Focus::Field
    } else if within("button, summary, a, [role=button]") {
        Focus::Button
    } else if within("[role=tabpanel]") {
        Focus::Scroller
    } else {
        Focus::Player
    }
}

/// Arrow keys, Home and End walk through the tab list.
fn tab_key(at: &Element, event: &KeyboardEvent) -> bool {
    let Some(here) = at
        .get_attribute("aria-controls")
        .filter(|_| at.get_attribute("role").as_deref() == Some("tab"))
        .and_then(|id| Tab::ALL.iter().position(|tab| tab.id() == id))
    else {
        return false;
    };
    let last = Tab::ALL.len() - 1;
    let next = match event.key().as_str() {
        "ArrowRight" => (here + 1) % Tab::ALL.len(),
        "ArrowLeft" => (here + last) % Tab::ALL.len(),
        "Home" => 0,
        "End" => last,
        _ => return false,
    };
    let tab = Tab::ALL[next];
    dispatch(Message::Tab(tab));
    if let Ok(button) = element(&format!("tab-{}", tab.id())).dyn_into() {
        super::document::focus(&button);
    }
    true
}

fn bind_fields() {
    on(&select("scenario"), "change", |_: Event| {
        if let Ok(index) = usize::try_from(select("scenario").selected_index()) {
            dispatch(Message::Scenario(index));
        }
    });
    on(&element("terms"), "change", |event: Event| {
        let radio = target(&event).and_then(|at| at.dyn_into::<HtmlInputElement>().ok());
        if let Some(terms) = radio.and_then(|radio| link::parse_terms(&radio.value())) {
            dispatch(Message::Terms(terms));
        }
    });
    on(&element("tour"), "change", |event: Event| {
        let radio = target(&event).and_then(|at| at.dyn_into::<HtmlInputElement>().ok());
        if let Some(choice) = radio.and_then(|radio| radio.value().parse().ok()) {
            dispatch(Message::Guess(choice));
        }
    });
    on(&select("language"), "change", |_: Event| {
        dispatch(Message::Language(select("language").value()));
    });
    on(&input("speed"), "input", |_: Event| {
        if let Ok(log2) = input("speed").value().parse() {
            dispatch(Message::Speed(log2));
        }
    });
    on(&input("scrub"), "input", |_: Event| {
        if let Ok(count) = input("scrub").value().parse() {
            dispatch(Message::Seek(count));
        }
    });
    on(&element("stop"), "change", |event: Event| {
        let Some(box_) = target(&event).and_then(|at| at.dyn_into::<HtmlInputElement>().ok())
        else {
            return;
        };
        let kind = box_.get_attribute("data-stop").and_then(|name| stop_named(&name));
        if let Some(kind) = kind {
            dispatch(Message::StopAt(kind, box_.checked()));
        }
    });
}

fn bind_console() {
    on(&element("wire"), "change", |event: Event| {
        let field = target(&event).and_then(|at| at.dyn_into::<HtmlInputElement>().ok());
        if let Some(at) = field.and_then(|field| field.value().parse().ok()) {
            dispatch(Message::Cut(at));
        }
    });
    on(&element("conditions"), "toggle", |_: Event| dispatch(Message::Conditions));
    on(&element("conditions"), "change", |event: Event| {
        let field = target(&event).and_then(|at| at.dyn_into::<HtmlInputElement>().ok());
        let Some(field) = field else { return };
        if let Some(at) = field.get_attribute("data-condition") {
            dispatch(Message::Condition { at, value: field.value() });
        }
    });
    on(&element("crowd-form"), "submit", |event: Event| {
        event.prevent_default();
        dispatch(Message::Crowd);
    });
    on(&select("console-guest"), "change", |_: Event| {
        if let Ok(index) = select("console-guest").value().parse() {
            dispatch(Message::Guest(index));
        }
    });
    on(&input("command"), "input", |_: Event| dispatch(Message::Typed));
    on(&element("command-form"), "submit", |event: Event| {
        event.prevent_default();
        dispatch(Message::Gesture(Gesture::Send(Portion::Whole)));
    });
}

fn bind_files() {
    on(&input("open"), "change", |_: Event| {
        let picker = input("open");
        if let Some(file) = picker.files().and_then(|files| files.get(0)) {
            files::open(&file);
        }
        // So that the same file can be opened again after it was mended.
        picker.set_value("");
    });
    let page = document();
    let show = |on: bool| flag(&element("drop"), "hidden", !on);
    on(&page, "dragover", move |event: DragEvent| {
        event.prevent_default();
        show(true);
    });
    on(&page, "dragleave", move |event: DragEvent| {
        if event.related_target().is_none() {
            show(false);
        }
    });
    on(&page, "drop", move |event: DragEvent| {
        event.prevent_default();
        show(false);
        let file =
            event.data_transfer().and_then(|data| data.files()).and_then(|files| files.get(0));
        if let Some(file) = file {
            files::open(&file);
        }
    });
}

fn bind_window() {
    if let Some(phone) = media(PHONE) {
        let query = phone.clone();
        on(&phone, "change", move |_: Event| {
            let viewport = if query.matches() { Viewport::Phone } else { Viewport::Desktop };
            dispatch(Message::Viewport(viewport));
        });
    }
    on(&window(), "hashchange", |_: Event| {
        let hash = window().location().hash().unwrap_or_default();
        if let Some(message) = addressed(&hash) {
            dispatch(message);
        }
    });
    on(&window(), "resize", |_: Event| dispatch(Message::Resized));
}
