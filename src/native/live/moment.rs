//! The one clock of the threads that serve watchers. The loop has its own.

use std::time::Instant;

#[expect(clippy::disallowed_methods, reason = "deadlines of real connections")]
pub fn now() -> Instant {
    Instant::now()
}
