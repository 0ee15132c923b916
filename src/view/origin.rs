//! What must be said of where records come from.

use crate::trace::codec::{Header, Source};

/// What a watcher from outside cannot show. `None` where nothing is missing
/// that a reader would look for.
#[must_use]
pub fn caveat(header: &Header) -> Option<&'static str> {
    match header.source {
        Source::SystemCalls(_) => {
            Some("Imported from system calls: what the server kept to itself is not shown.")
        }
        Source::Simulation(_) | Source::Native(_) | Source::Unknown => None,
    }
}
