//! Output-buffer limits.

use super::client::Slot;
use super::server::Server;

/// `closeClientOnOutputBufferLimitReached`, asynchronous form.
pub fn check_output_limit(_server: &mut Server, _slot: Slot) {}
