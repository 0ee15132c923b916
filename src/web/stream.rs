//! The stream of a live server. The browser keeps the connection, and opens
//! it again when it breaks.

use super::app::dispatch;
use super::document::{on, window};
use super::message::{Message, News};
use web_sys::{Event, EventSource, MessageEvent};

/// An open stream; closed when it is dropped.
#[derive(Debug)]
pub struct Stream(EventSource);

impl Drop for Stream {
    fn drop(&mut self) {
        self.0.close();
    }
}

/// Opens it, at the place where it was left (empty: anew).
#[must_use]
pub fn open(after: &str) -> Option<Stream> {
    let path = if after.is_empty() { "events".to_owned() } else { format!("events?after={after}") };
    let source = EventSource::new(&path).ok()?;
    let news = |news| dispatch(Message::Live(news));
    on(&source, "open", move |_: Event| news(News::Opened));
    on(&source, "message", move |event: MessageEvent| {
        let lines = event.data().as_string().unwrap_or_default();
        news(News::Lines { lines, id: event.last_event_id() });
    });
    on(&source, "gate", move |event: MessageEvent| {
        news(News::Gate(event.data().as_string().unwrap_or_default()));
    });
    on(&source, "end", move |event: MessageEvent| {
        news(News::Ended(event.data().as_string().unwrap_or_default()));
    });
    let at = source.clone();
    on(&source, "error", move |_: Event| {
        news(News::Broke { for_good: at.ready_state() == EventSource::CLOSED });
    });
    Some(Stream(source))
}

/// Tells the loop's gate: `hold`, `phase`, `cycle`, `sweep`, `renew`,
/// `release`. The stream says what came of it.
pub fn order(word: &str) {
    let _ = window().navigator().send_beacon(&format!("step/{word}"));
}
