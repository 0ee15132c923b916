//! Frames of the browser, only while something moves.

use super::app::dispatch;
use super::document::window;
use super::message::Message;
use std::cell::Cell;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;

thread_local! {
    static ASKED: Cell<bool> = const { Cell::new(false) };
    static ON_FRAME: Closure<dyn FnMut(f64)> = Closure::new(|now_ms: f64| {
        ASKED.set(false);
        dispatch(Message::Frame(now_ms));
    });
}

/// After each message: is there anything to be seen in the next frame? At
/// most one frame is asked for at a time.
pub fn wish(moving: bool) {
    if moving && !ASKED.replace(true) {
        ON_FRAME.with(|closure| {
            let _ = window().request_animation_frame(closure.as_ref().unchecked_ref());
        });
    }
}
