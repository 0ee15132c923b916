//! The panels around the stage: pure functions from a [`Frame`](super::Frame)
//! (or from records and cycle summaries) to a [`Node`](super::Node).
//!
//! Each says in HTML what the drawing shows, so that the whole lesson can be
//! read with the drawing hidden. Both wordings are always in the tree; the
//! style sheet (`www/panels.css`) shows the chosen one by `html[data-terms]`,
//! and only attributes, which no style sheet can switch, look at
//! [`Terms`](super::Terms).
//!
//! | function | shows |
//! | --- | --- |
//! | [`notepad()`] | one client: CLIENT LIST fields, query buffer, argv, reply buffers, limits |
//! | [`transcript()`] | what one client said and was told so far, byte by byte |
//! | [`events()`] | the records around the playhead, a sentence each |
//! | [`counters()`] | INFO's counters, changed ones flagged |
//! | [`strip()`], [`legend`] | the cycles as blocks of work with the sleep between them |
//! | [`wire()`](wire::wire) | what a typed command becomes on the wire, and where its first part ends |
//! | [`tables()`] | the complete table twin of the stage |
//! | [`why()`] | what can be asked of the moment, and the chain of causes |
//! | [`lints()`] | what is worth noticing in the run |
//! | [`loads`] | how each crowd fared |
//! | [`designs()`] | how other designs would have served the same orders |
//! | [`lanes()`], [`latencies`] | each order's way as a bar of waiting and work, and as a table |
//! | [`readout`], [`value_text`] | the transport's texts |
//!
//! A *playhead* is always the number of records folded: 0 is before the first
//! record, and the record it stands on is `playhead - 1`. `data-seek`
//! attributes hold such numbers.

mod counters;
mod designs;
mod events;
mod lanes;
mod lints;
mod load;
mod marked;
mod notepad;
mod strip;
mod tables;
mod transcript;
pub mod transport;
mod why;
pub mod wire;
mod words;

pub use crate::view::stage::badge_picture as badge;
pub use crate::view::text::Words;
pub use counters::{counters, kept};
pub use designs::designs;
pub use events::{before_the_first_cycle, cycle_line, events};
pub use lanes::{lanes, latencies, legend_line};
pub use lints::lints;
pub use load::loads;
pub use marked::{marked, notches, told_at};
pub use notepad::{Shown, notepad, shown};
pub(super) use notepad::{output_limit, output_usage_bytes, query_limit_bytes};
pub use strip::{legend, round, strip};
pub use tables::tables;
pub use transcript::transcript;
pub use transport::{readout, value_text};
pub use why::{spoken as why_spoken, why};
