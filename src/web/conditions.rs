//! The conditions of a run as fields of the console. Which there are stands in
//! `index.html`: a field's `data-condition` is its place in a scenario's text.

use super::document::{document, element};
use crate::sim::Scenario;
use crate::sim::scenario::crowd;
use wasm_bindgen::JsCast;
use web_sys::HtmlInputElement;

/// How the place of a field begins that is the chosen guest's.
const CHOSEN: &str = "client GUEST";

/// The place that `at` means while the `guest`-th guest is chosen; `None` if
/// it is a guest's and nobody is.
#[must_use]
pub fn place(at: &str, scenario: &Scenario, guest: usize) -> Option<String> {
    let Some(condition) = at.strip_prefix(CHOSEN) else { return Some(at.to_owned()) };
    let name = &scenario.clients.get(guest)?.name;
    let (kind, name) = crowd(name).map_or(("client ", name.as_str()), |crowd| ("crowd ", crowd));
    Some([kind, name, condition].concat())
}

/// Shows what holds, except in the field that the reader is writing in.
pub fn paint(scenario: &Scenario, guest: usize) {
    if !element("conditions").has_attribute("open") {
        return;
    }
    let Ok(fields) = element("conditions").query_selector_all("[data-condition]") else { return };
    let active = document().active_element();
    for index in 0..fields.length() {
        let field = fields.get(index).and_then(|node| node.dyn_into::<HtmlInputElement>().ok());
        let Some(field) = field else { continue };
        if active.as_ref().is_some_and(|active| field.is_same_node(Some(active))) {
            continue;
        }
        let at = field.get_attribute("data-condition").unwrap_or_default();
        let known = place(&at, scenario, guest).and_then(|at| scenario.condition(&at));
        field.set_value(&known.unwrap_or_default());
    }
}
