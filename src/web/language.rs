//! The reader's language: its words are fetched beside the program
//! (`www/opening.js` begins before the program is there), and what
//! `index.html` says by itself is said anew.

use super::document::{document, set, window, words};
use crate::part::around;
use crate::view::text::{Catalogue, Phrase, known, line, speak};
use js_sys::{Array, Function, Promise, Reflect};
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Element, Node};

/// What came of asking for a language: its short name, and what to tell the
/// reader if it is not the one that was asked for. `Err`: there are no words
/// at all.
pub type Heard = Result<(String, Option<String>), String>;

/// Asks for `language` (empty: what the address, an earlier choice or the
/// browser wishes), speaks it from then on, and calls `then` once.
pub fn ask(language: &str, then: fn(Heard)) {
    let asked = Reflect::get(&window(), &"onechefWords".into())
        .and_then(JsCast::dyn_into::<Function>)
        .and_then(|words| words.call1(&JsValue::NULL, &language.into()));
    match asked {
        Err(why) => then(Err(words(&why))),
        Ok(promise) => {
            let done = Closure::once(move |parts: JsValue| then(hear(&parts.unchecked_into())));
            let failed = Closure::once(move |why: JsValue| then(Err(words(&why))));
            let _ = promise.unchecked_into::<Promise>().then2(&done, &failed);
            // Exactly one of the two is called, once.
            done.forget();
            failed.forget();
        }
    }
}

/// `[language, English, the other language's words, what failed]`.
fn hear(parts: &Array) -> Heard {
    let part = |at| parts.get(at).as_string().filter(|part| !part.is_empty());
    let first = part(1).unwrap_or_default();
    let english = Catalogue::parse(&first).map_err(|why| format!("en.txt, {why}"))?;
    speak(english.clone());
    let mut language = part(0).unwrap_or_else(|| "en".into());
    let mut problem = part(3).map(|why| line!("language.failed", &language, &why));
    if let Some(other) = part(2) {
        match english.translated(&other) {
            Ok(catalogue) => speak(catalogue),
            Err(why) => {
                let why = format!("{language}.txt, {why}");
                problem = Some(line!("language.failed", &language, &why));
            }
        }
    }
    if problem.is_some() {
        language = "en".into();
    }
    show(&language);
    Ok((language, problem))
}

/// The document says which language it is in, and what stands in it is said
/// in that language: `data-t` names the phrase of an element's own text,
/// `data-t-label` and the others that of an attribute.
fn show(language: &str) {
    let Some(root) = document().document_element() else { return };
    if root.get_attribute("lang").as_deref() == Some(language) {
        return;
    }
    let _ = root.set_attribute("lang", language);
    for (mark, attribute) in [
        ("data-t", ""),
        ("data-t-label", "aria-label"),
        ("data-t-title", "title"),
        ("data-t-hint", "placeholder"),
        ("data-t-group", "label"),
    ] {
        each(mark, attribute);
    }
}

/// What the document says in English no catalogue need hold: it is kept beside
/// the mark while another language stands there.
fn each(mark: &str, attribute: &str) {
    let Ok(marked) = document().query_selector_all(&["[", mark, "]"].concat()) else { return };
    let kept = [mark, "-en"].concat();
    for at in 0..marked.length() {
        let element = marked.item(at).and_then(|node| node.dyn_into::<Element>().ok());
        let Some(element) = element else { continue };
        let name = element.get_attribute(mark).unwrap_or_default();
        let text = own_text(&element).filter(|_| attribute.is_empty());
        let now = match &text {
            Some(node) => node.node_value(),
            None => element.get_attribute(attribute),
        };
        let now = now.unwrap_or_default();
        let english = element.get_attribute(&kept).unwrap_or_else(|| {
            set(&element, &kept, now.trim());
            now.trim().to_owned()
        });
        let said = known(Phrase::named(&name), &[]).unwrap_or(english);
        match text {
            // The blanks at its ends stay.
            Some(node) => {
                let (before, after) = around(&now, now.trim()).unwrap_or_default();
                node.set_node_value(Some(&[before, &said, after].concat()));
            }
            None => set(&element, attribute, &said),
        }
    }
}

/// An element's first text that is no blank: what else stands in it has marks
/// of its own.
fn own_text(element: &Element) -> Option<Node> {
    let mut child: Option<Node> = element.first_child();
    while let Some(node) = child {
        let text = node.node_value().unwrap_or_default();
        if node.node_type() == Node::TEXT_NODE && !text.trim().is_empty() {
            return Some(node);
        }
        child = node.next_sibling();
    }
    None
}
