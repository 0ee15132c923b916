//! The document: its elements by name, and listening to them.

use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{
    Document, Element, Event, EventTarget, HtmlElement, HtmlInputElement, HtmlSelectElement, Window,
};

/// # Panics
/// Outside a browser window.
#[must_use]
pub fn window() -> Window {
    web_sys::window().expect("a window")
}

/// # Panics
/// Outside a browser window.
#[must_use]
pub fn document() -> Document {
    window().document().expect("a document")
}

/// The element of `index.html` with that id.
///
/// # Panics
/// If there is none: page and program do not belong together.
#[must_use]
pub fn element(id: &str) -> Element {
    document().get_element_by_id(id).unwrap_or_else(|| panic!("index.html has no #{id}"))
}

/// [`element`], as what it is.
///
/// # Panics
/// If it is missing or something else.
#[must_use]
pub fn typed<T: JsCast>(id: &str) -> T {
    element(id).dyn_into().unwrap_or_else(|_| panic!("#{id} is another element"))
}

#[must_use]
pub fn input(id: &str) -> HtmlInputElement {
    typed(id)
}

#[must_use]
pub fn select(id: &str) -> HtmlSelectElement {
    typed(id)
}

/// Calls `handler` at every `kind` of event on `target`, for as long as the
/// page lives.
pub fn on<E: JsCast>(target: &EventTarget, kind: &str, mut handler: impl FnMut(E) + 'static) {
    let closure =
        Closure::<dyn FnMut(Event)>::new(move |event: Event| handler(event.unchecked_into()));
    let _ = target.add_event_listener_with_callback(kind, closure.as_ref().unchecked_ref());
    closure.forget();
}

/// Sets or clears an attribute that is there or not (`hidden`, `disabled`).
pub fn flag(element: &Element, name: &str, on: bool) {
    let _ = if on { element.set_attribute(name, "") } else { element.remove_attribute(name) };
}

/// Writes an attribute only if it changes, so that nothing is told twice.
pub fn set(element: &Element, name: &str, value: &str) {
    if element.get_attribute(name).as_deref() != Some(value) {
        let _ = element.set_attribute(name, value);
    }
}

/// Moves the focus without scrolling the page.
pub fn focus(element: &HtmlElement) {
    let options = web_sys::FocusOptions::new();
    options.set_prevent_scroll(true);
    let _ = element.focus_with_options(&options);
}

/// A thrown value's words.
#[must_use]
pub fn words(thrown: &JsValue) -> String {
    js_sys::Object::from(thrown.clone()).to_string().into()
}
