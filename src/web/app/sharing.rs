//! A moment as a link, made, copied and opened; a run as a file.

use super::App;
use super::rewriting::refusal;
use crate::sim::scenarios;
use crate::trace::perfetto;
use crate::view::link::Link;
use crate::view::share::{BrokenLink, CODE_LIMIT_CHARS, Shared, TEXT_LIMIT_BYTES};
use crate::view::text::line;
use crate::web::app::dispatch;
use crate::web::console::Outcome;
use crate::web::deflate::{Way, deflate};
use crate::web::document::{select, window};
use crate::web::files;
use crate::web::message::{Form, Message, Tab};
use wasm_bindgen::JsValue;
use wasm_bindgen::closure::Closure;

impl App {
    /// A bundled scenario is named by the link, any other run is in it.
    pub(super) fn copy_link(&mut self) {
        let at = self.player.playhead();
        let chosen = usize::try_from(select("scenario").selected_index()).ok();
        let listed = chosen.and_then(|index| scenarios().get(index));
        match (listed.filter(|_| self.beside.original().is_none()), self.run.scenario()) {
            (Some(bundled), _) => self.link(Some((bundled.slug, at)), ""),
            (None, Some(scenario)) => {
                let text = scenario.to_text();
                deflate(text.as_bytes(), Way::Pack, CODE_LIMIT_CHARS as u32, at, |at, packed| {
                    dispatch(Message::Packed { at, packed });
                });
            }
            (None, None) => {
                self.tell(Outcome::Refused(line!("link.recording")));
            }
        }
    }

    pub(super) fn packed(&mut self, at: usize, packed: Result<Vec<u8>, String>) {
        let hash = packed.map(|packed| Shared { at, packed }.to_string());
        match hash {
            Ok(hash) if hash.len() <= CODE_LIMIT_CHARS => self.link(None, &hash),
            _ => {
                self.tell(Outcome::Refused(line!("link.too-large")));
            }
        }
    }

    /// Into the address bar, where it is seen, and onto the clipboard, which
    /// a browser may refuse.
    fn link(&mut self, named: Option<(&str, usize)>, hash: &str) {
        let query = Link {
            scenario: named.map(|(slug, _)| slug.to_owned()),
            at: named.map(|(_, at)| at),
            why: self.asking.at(self.player.playhead()),
            marks: self.marking.marks().clone(),
            terms: Some(self.settings.terms),
            ..Link::default()
        };
        let location = window().location();
        let page = location.origin().unwrap_or_default() + &location.pathname().unwrap_or_default();
        let page = format!("{page}{query}{hash}");
        if let Ok(history) = window().history() {
            let _ = history.replace_state_with_url(&JsValue::NULL, "", Some(&page));
        }
        let clipboard = window().navigator().clipboard();
        if AsRef::<JsValue>::as_ref(&clipboard).is_undefined() {
            // Not on a page that came over an open line.
            return self.copied(false);
        }
        let done = Closure::once(|_: JsValue| dispatch(Message::Copied(true)));
        let failed = Closure::once(|_: JsValue| dispatch(Message::Copied(false)));
        let _ = clipboard.write_text(&page).then2(&done, &failed);
        done.forget();
        failed.forget();
    }

    pub(super) fn copied(&mut self, copied: bool) {
        let said = if copied { line!("link.copied") } else { line!("link.shown") };
        self.tell(Outcome::Done(said));
    }

    pub(super) fn tell(&mut self, outcome: Outcome) {
        let (Outcome::Done(said) | Outcome::Refused(said)) = &outcome;
        self.panes.say(said);
        self.console.outcome = Some(outcome);
    }

    pub(super) fn save(&mut self, form: Form) {
        let (ending, text) = match (form, self.run.scenario()) {
            (Form::Trace, _) => ("ndjson", self.run.to_ndjson()),
            (Form::Perfetto, _) => {
                ("perfetto.json", perfetto::to_text(self.run.timeline.records()))
            }
            (Form::Scenario, Some(scenario)) => ("scenario", scenario.to_text()),
            (Form::Scenario, None) => match self.run.rerun() {
                Ok(scenario) => ("scenario", scenario.to_text()),
                Err(why) => return self.tell(Outcome::Refused(refusal(why))),
            },
        };
        files::save(&format!("{}.{ending}", self.file_stem()), &text);
    }

    fn file_stem(&self) -> String {
        let slug: String = self
            .run
            .title
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' })
            .collect();
        let slug = slug.trim_matches('-');
        slug.strip_suffix("-ndjson").unwrap_or(slug).to_owned()
    }

    pub(super) fn open_shared(&mut self, shared: Result<Shared, BrokenLink>) {
        match shared {
            Ok(Shared { at, packed }) => {
                deflate(&packed, Way::Unpack, TEXT_LIMIT_BYTES, at, |at, text| {
                    dispatch(Message::Unpacked { at, text });
                });
            }
            Err(why) => self.report.refused(&why.to_string()),
        }
    }

    pub(super) fn unpacked(&mut self, at: usize, text: Result<Vec<u8>, String>) {
        let text = text.and_then(|text| String::from_utf8(text).map_err(|_| line!("link.no-text")));
        let text = text.map_err(|why| line!("link.not-unpacked", &why));
        if self.opened("link", text) {
            self.seek(at);
            let link = Link::parse(&window().location().search().unwrap_or_default());
            self.marking.put(link.marks, &self.run);
            if link.why.is_some() {
                self.ask(link.why);
            }
            if self.tab == Tab::Card {
                self.tab = Tab::Notepad;
                self.show_tab();
            }
        }
    }
}
