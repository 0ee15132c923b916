//! How the page is shown: the link's wish, else what was chosen here before,
//! else the system's preference. Choices are remembered where the browser
//! allows it, and nothing breaks where it does not.

use super::document::{document, window};
use crate::view::link::{Link, Theme, motion_word, parse_motion, parse_terms, terms_word};
use crate::view::{Motion, Terms, Viewport};
use wasm_bindgen::JsCast;
use web_sys::{HtmlElement, MediaQueryList, Storage};

/// What decides the phone's drawing. The page around it is the phone's up to
/// 760 px, but there the wide drawing can be read already.
pub const PHONE: &str = "(max-width: 640px)";
pub const REDUCED_MOTION: &str = "(prefers-reduced-motion: reduce)";
const DARK: &str = "(prefers-color-scheme: dark)";

/// The reader's present choices.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    pub theme: Theme,
    pub terms: Terms,
    pub motion: Motion,
    pub viewport: Viewport,
    /// The words are the link's or the reader's choice: they do not change by
    /// themselves. Whoever comes for the first time begins with the kitchen's
    /// (`www/opening.js`), until a run has been seen to its end.
    pub words_chosen: bool,
}

impl Settings {
    /// Reads all four and puts them into the document.
    #[must_use]
    pub fn read(link: &Link) -> Settings {
        let system_theme = if prefers(DARK) { Theme::Dark } else { Theme::Light };
        let system_motion = if prefers(REDUCED_MOTION) { Motion::Reduced } else { Motion::Full };
        let remembered = |name| remembered(name).unwrap_or_default();
        let settings = Settings {
            theme: link
                .theme
                .or_else(|| Theme::parse(&remembered("theme")))
                .unwrap_or(system_theme),
            terms: link.terms.or_else(|| parse_terms(&shown("terms"))).unwrap_or_default(),
            words_chosen: link.terms.is_some() || !remembered("terms").is_empty(),
            motion: link
                .motion
                .or_else(|| parse_motion(&remembered("motion")))
                .unwrap_or(system_motion),
            viewport: if prefers(PHONE) { Viewport::Phone } else { Viewport::Desktop },
        };
        settings.show();
        settings
    }

    /// The document's root says how things are shown; style sheets read it.
    pub fn show(&self) {
        let root =
            document().document_element().and_then(|root| root.dyn_into::<HtmlElement>().ok());
        let Some(root) = root else { return };
        let _ = root.set_attribute("data-theme", self.theme.word());
        let _ = root.set_attribute("data-terms", terms_word(self.terms));
        let _ = root.set_attribute("data-motion", motion_word(self.motion));
    }

    pub fn choose_theme(&mut self, theme: Theme) {
        self.theme = theme;
        self.choose("theme", theme.word());
    }

    pub fn choose_terms(&mut self, terms: Terms) {
        self.terms = terms;
        self.words_chosen = true;
        self.choose("terms", terms_word(terms));
    }

    pub fn choose_motion(&mut self, motion: Motion) {
        self.motion = motion;
        self.choose("motion", motion_word(motion));
    }

    fn choose(&self, name: &str, word: &str) {
        remember(name, word);
        self.show();
    }
}

/// A media query that can be listened to.
#[must_use]
pub fn media(query: &str) -> Option<MediaQueryList> {
    window().match_media(query).ok().flatten()
}

/// What the document's root says before the program is there.
fn shown(name: &str) -> String {
    let root = document().document_element();
    root.and_then(|root| root.get_attribute(&["data-", name].concat())).unwrap_or_default()
}

fn prefers(query: &str) -> bool {
    media(query).is_some_and(|media| media.matches())
}

/// `None` where nothing is remembered, or remembering is refused.
#[must_use]
pub fn remembered(name: &str) -> Option<String> {
    storage()?.get_item(&key(name)).ok().flatten()
}

pub fn remember(name: &str, word: &str) {
    if let Some(storage) = storage() {
        let _ = storage.set_item(&key(name), word);
    }
}

fn storage() -> Option<Storage> {
    window().local_storage().ok().flatten()
}

fn key(name: &str) -> String {
    format!("onechef.{name}")
}
