//! The checker beside the page. It is as large as the page's own program, so
//! it is a program of its own that nobody loads who does not ask for it; and
//! a worker, so that the page goes on meanwhile.
//!
//! Both halves are here: what the page does with it, and what it does itself.

use super::app::dispatch;
use super::document::on;
use super::message::Message;
use crate::sim::Scenario;
use crate::sim::check::Verdict;
use wasm_bindgen::JsCast;
use web_sys::{DedicatedWorkerGlobalScope, Event, MessageEvent, Worker};

/// Written by the builder of the page, beside it.
const PROGRAM: &str = "checker_loader.js";

/// The checker's first word: it listens.
const READY: &str = "ready";

/// Has the run with this text checked; what comes of it is a message. `None`
/// if there are no workers here.
#[must_use]
pub fn ask(scenario: String) -> Option<()> {
    let worker = Worker::new(PROGRAM).ok()?;
    let (told, failed) = (worker.clone(), worker.clone());
    let asked = scenario.clone();
    on(&worker, "message", move |event: MessageEvent| {
        let text = event.data().as_string().unwrap_or_default();
        if text == READY {
            let _ = told.post_message(&asked.as_str().into());
        } else {
            told.terminate();
            dispatch(Message::Checked { scenario: asked.clone(), verdict: Verdict::parse(&text) });
        }
    });
    on(&worker, "error", move |_: Event| {
        failed.terminate();
        dispatch(Message::Checked { scenario: scenario.clone(), verdict: None });
    });
    Some(())
}

/// The checker itself: reads a scenario, answers with the verdict, again and
/// again.
pub fn start() {
    console_error_panic_hook::set_once();
    let page: DedicatedWorkerGlobalScope = js_sys::global().unchecked_into();
    let answer = page.clone();
    on(&page, "message", move |event: MessageEvent| {
        let text = event.data().as_string().unwrap_or_default();
        let verdict = Scenario::parse("run", &text).map(|scenario| Verdict::on(&scenario));
        let said = verdict.map_or_else(|why| why.to_string(), |verdict| verdict.to_text());
        let _ = answer.post_message(&said.into());
    });
    let _ = page.post_message(&READY.into());
}
