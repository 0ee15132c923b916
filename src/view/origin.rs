//! What must be said of where records come from.

use super::text::line;
use crate::trace::codec::{Header, Source};

/// What a watcher from outside cannot show. `None` where nothing is missing
/// that a reader would look for.
#[must_use]
pub fn caveat(header: &Header) -> Option<String> {
    match header.source {
        Source::SystemCalls(_) => Some(line!("live.system-calls")),
        Source::Simulation(_) | Source::Native(_) | Source::Unknown => None,
    }
}
