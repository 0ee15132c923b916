//! The controls of the page, as they stand.

use super::App;
use crate::view::Motion;
use crate::view::link::Theme;
use crate::view::text::line;
use crate::web::document::{document, element, flag, focus, input, select, set, typed};
use crate::web::message::Tab;

impl App {
    pub(super) fn show_tab(&self) {
        for tab in Tab::ALL {
            let chosen = tab == self.tab;
            let button = element(&format!("tab-{}", tab.id()));
            set(&button, "aria-selected", if chosen { "true" } else { "false" });
            set(&button, "tabindex", if chosen { "0" } else { "-1" });
            flag(&element(tab.id()), "hidden", !chosen);
        }
    }

    /// The style sheets do the rest.
    pub(super) fn switch_present(&self) {
        let Some(root) = document().document_element() else { return };
        let presenting = !root.has_attribute("data-present");
        flag(&root, "data-present", presenting);
        set(&element("present"), "aria-pressed", if presenting { "true" } else { "false" });
        focus(&typed("player"));
    }

    pub(super) fn show_settings(&self) {
        let root = document().document_element();
        let language = root.and_then(|root| root.get_attribute("lang")).unwrap_or_default();
        select("language").set_value(&language);
        let pressed = |on| if on { "true" } else { "false" };
        set(&element("theme"), "aria-pressed", pressed(self.settings.theme == Theme::Dark));
        set(&element("motion"), "aria-pressed", pressed(self.settings.motion == Motion::Reduced));
        let word = crate::view::link::terms_word(self.settings.terms);
        let radio = element("terms").query_selector(&format!("[value={word}]"));
        if let Ok(Some(radio)) = radio {
            use wasm_bindgen::JsCast;
            if let Ok(radio) = radio.dyn_into::<web_sys::HtmlInputElement>() {
                radio.set_checked(true);
            }
        }
    }

    pub(super) fn show_speed(&self) {
        let log2 = self.player.speed();
        let text = if log2 < 0 {
            format!("1/{}×", 1_u32 << log2.unsigned_abs())
        } else {
            format!("{}×", 1_u32 << log2.unsigned_abs())
        };
        element("speed-value").set_text_content(Some(&text));
        let slider = input("speed");
        slider.set_value(&log2.to_string());
        set(&slider, "aria-valuetext", &text);
    }
}

pub(super) fn show_transport(playing: bool, at_end: bool) {
    let play = element("play");
    let (label, icon) = match (playing, at_end) {
        (true, _) => (line!("page.pause"), "#icon-pause"),
        (false, true) => (line!("page.play-again"), "#icon-play"),
        (false, false) => (line!("page.play"), "#icon-play"),
    };
    set(&play, "aria-label", &label);
    set(&play, "title", &line!("page.play.key", &label));
    set(&element("play-icon"), "href", icon);
    // The sleeper breathes while the page plays, and only then.
    flag(&element("player"), "data-playing", playing);
}
