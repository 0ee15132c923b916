//! Packing and unpacking by the browser, which has zlib built in: a Rust one
//! would weigh a tenth of the whole page. `www/deflate.js` is the other half.

use super::document::{window, words};
use js_sys::{Function, Promise, Reflect, Uint8Array};
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};

/// Takes what came of it; the number is the asker's own.
pub type Then = fn(of: usize, Result<Vec<u8>, String>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    Pack,
    Unpack,
}

/// Calls `then` once, with `of` and the bytes, or the browser's words for why
/// there are none (not packed at all, changed since, more than `limit_bytes`,
/// an old browser).
pub fn deflate(bytes: &[u8], way: Way, limit_bytes: u32, of: usize, then: Then) {
    let name = match way {
        Way::Pack => "Compression",
        Way::Unpack => "Decompression",
    };
    let asked = Reflect::get(&window(), &"onechefDeflate".into())
        .and_then(JsCast::dyn_into::<Function>)
        .and_then(|pour| {
            let bytes = Uint8Array::from(bytes);
            pour.call3(&JsValue::NULL, &bytes, &name.into(), &limit_bytes.into())
        });
    match asked {
        Err(why) => then(of, Err(words(&why))),
        Ok(promise) => {
            let done = Closure::once(move |bytes: JsValue| {
                then(of, Ok(bytes.unchecked_into::<Uint8Array>().to_vec()));
            });
            let failed = Closure::once(move |why: JsValue| then(of, Err(words(&why))));
            let _ = promise.unchecked_into::<Promise>().then2(&done, &failed);
            // Exactly one of the two is called, once.
            done.forget();
            failed.forget();
        }
    }
}
