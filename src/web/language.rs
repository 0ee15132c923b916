//! The reader's language: its words are fetched beside the program
//! (`www/opening.js` begins before the program is there), and what
//! `index.html` says by itself is said anew.

use super::document::{document, window, words};
use crate::view::text::{Catalogue, Phrase, Words, say, speak};
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
    let mut problem = part(3).map(|why| say!("language.failed", &language, &why).into_kitchen());
    if let Some(other) = part(2) {
        match english.translated(&other) {
            Ok(catalogue) => speak(catalogue),
            Err(why) => {
                let why = format!("{language}.txt, {why}");
                problem = Some(say!("language.failed", &language, &why).into_kitchen());
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
    each("data-t", |element, said| write(element, said.kitchen()));
    for (mark, attribute) in [
        ("data-t-label", "aria-label"),
        ("data-t-title", "title"),
        ("data-t-hint", "placeholder"),
        ("data-t-group", "label"),
    ] {
        each(mark, |element, said| {
            let _ = element.set_attribute(attribute, said.kitchen());
        });
    }
}

fn each(mark: &str, put: impl Fn(&Element, &Words)) {
    let Ok(marked) = document().query_selector_all(&format!("[{mark}]")) else { return };
    for at in 0..marked.length() {
        let element = marked.item(at).and_then(|node| node.dyn_into::<Element>().ok());
        let Some(element) = element else { continue };
        if let Some(name) = element.get_attribute(mark) {
            put(&element, &Phrase::named(&name).say());
        }
    }
}

/// Into the element's first text that is no blank: what else stands in it has
/// marks of its own. The blanks at its ends stay.
fn write(element: &Element, said: &str) {
    let mut child: Option<Node> = element.first_child();
    while let Some(node) = child {
        let text = node.node_value().unwrap_or_default();
        if node.node_type() == Node::TEXT_NODE && !text.trim().is_empty() {
            let inner = text.trim();
            let (before, after) = text.split_once(inner).unwrap_or_default();
            node.set_node_value(Some(&[before, said, after].concat()));
            return;
        }
        child = node.next_sibling();
    }
}
