//! Files in and out: opened by picker or drop, saved as a download.

use super::app::dispatch;
use super::document::{document, words};
use super::message::Message;
use crate::view::text::line;
use js_sys::{Array, Promise};
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Blob, File, HtmlAnchorElement, Url};

/// A trace of a million records is some hundred megabytes; the timeline would
/// not hold more.
const SIZE_LIMIT_BYTES: f64 = 256.0 * 1024.0 * 1024.0;

/// Reads `file`; a [`Message::Opened`] follows.
pub fn open(file: &File) {
    let name = file.name();
    if file.size() > SIZE_LIMIT_BYTES {
        let text = Err(line!("file.large"));
        return dispatch(Message::Opened { name, text });
    }
    let failed_name = name.clone();
    let read = Closure::once(move |text: JsValue| {
        let text = text.as_string().ok_or_else(|| line!("file.no-text"));
        dispatch(Message::Opened { name, text });
    });
    let failed = Closure::once(move |why: JsValue| {
        dispatch(Message::Opened { name: failed_name, text: Err(words(&why)) });
    });
    let text: Promise = file.text();
    let _ = text.then2(&read, &failed);
    // Exactly one of the two is called, once; the other waits for the page's end.
    read.forget();
    failed.forget();
}

/// Offers `text` as a file of that name.
pub fn save(name: &str, text: &str) {
    let parts = Array::of1(&JsValue::from_str(text));
    let Ok(blob) = Blob::new_with_str_sequence(&parts) else { return };
    let Ok(url) = Url::create_object_url_with_blob(&blob) else { return };
    if let Ok(Ok(anchor)) =
        document().create_element("a").map(JsCast::dyn_into::<HtmlAnchorElement>)
    {
        anchor.set_href(&url);
        anchor.set_download(name);
        anchor.click();
    }
    let _ = Url::revoke_object_url(&url);
}
