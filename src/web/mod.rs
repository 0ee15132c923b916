//! The page: paints what the views say and turns what the reader does into
//! messages. It holds no rule of its own that a native test could not reach
//! better in `view`.
//!
//! ```text
//! browser ─ bind ─► Message ─► app ─► panes ─► paint ─► document
//!              ▲                │
//!              └──── frames ◄───┘   only while something moves
//! ```
//!
//! A message changes the [`app`]'s state and the page is painted anew from it;
//! the painter touches only what changed. Whatever goes wrong inside stops at
//! the [`boundary`].

pub mod app;
pub mod asking;
pub mod beside;
pub mod bind;
pub mod boundary;
pub mod checking;
pub mod conditions;
pub mod console;
mod crowd;
pub mod deflate;
pub mod document;
pub mod files;
pub mod frames;
pub mod language;
pub mod marking;
pub mod message;
pub mod paint;
pub mod panes;
pub mod report;
pub mod run;
pub mod settings;
pub mod stream;
pub mod tour;

use crate::view::link::Link;

/// Opens the page as soon as there are words for it: what the address asks
/// for, paused.
pub fn start() {
    boundary::install();
    language::ask("", open);
}

fn open(heard: language::Heard) {
    let problem = match heard {
        Ok((_, problem)) => problem,
        Err(why) => return report::Report::new().without_words(&why),
    };
    let location = document::window().location();
    let query = location.search().unwrap_or_default();
    app::open(&Link::parse(&query));
    if let Some(message) = message::addressed(&location.hash().unwrap_or_default()) {
        app::dispatch(message);
    }
    bind::bind();
    // The address that a live server leads to.
    if query.split(['?', '&']).any(|part| part == "live") {
        app::dispatch(message::Message::Attach);
    }
    if let Some(problem) = problem {
        app::dispatch(message::Message::Remark(problem));
    }
}
