//! The boundary at which a failure stops.
//!
//! A failed check inside the program aborts the call into WebAssembly: for
//! the browser it is an exception, and nothing on the Rust side unwinds. So
//! [`contain`] goes out to the browser and back in. Its own frame outlives
//! the abort (a frame restores the stack it took from what it kept in its
//! locals), hence the caller may go on, as long as it no longer trusts what
//! the aborted call was changing.

use super::document::words;
use js_sys::Function;
use std::cell::{Cell, RefCell};
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::ScopedClosure;

thread_local! {
    static INSTALLED: Cell<bool> = const { Cell::new(false) };
    static LAST_PANIC: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Keeps the message of every panic for [`contain`], and prints it with its
/// stack to the browser's console. Once is enough; and since a contained
/// panic counts as one that is still going on, a second time would be refused.
pub fn install() {
    if INSTALLED.replace(true) {
        return;
    }
    std::panic::set_hook(Box::new(|info| {
        LAST_PANIC.with(|last| *last.borrow_mut() = Some(info.to_string()));
        console_error_panic_hook::hook(info);
    }));
}

/// Runs `action`; a panic inside becomes its message.
///
/// # Errors
/// What the panic said, or the browser's words for an abort without one
/// (memory ran out, the stack overflowed).
pub fn contain(action: &mut dyn FnMut()) -> Result<(), String> {
    let mut inward = || action();
    let inward = ScopedClosure::borrow_mut_aborting(&mut inward);
    let function: &Function = inward.as_ref().unchecked_ref();
    match function.call0(&wasm_bindgen::JsValue::NULL) {
        Ok(_) => Ok(()),
        Err(thrown) => {
            Err(LAST_PANIC.with(|last| last.borrow_mut().take()).unwrap_or_else(|| words(&thrown)))
        }
    }
}
