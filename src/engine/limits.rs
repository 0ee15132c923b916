//! How much may pile up on the rack (`checkClientOutputBufferLimits`).

use super::client::{ClientFlags, Slot};
use super::config::OutputLimit;
use super::server::Server;
use crate::event::{CloseReason, Event, LimitKind};

/// `REPLY_BUFFER_SIZE_UNAUTHENTICATED_CLIENT`: whoever has yet to give the
/// password may have this much in the reply list, whatever the limits say
/// (since 7.4.3, CVE-2025-21605).
const UNAUTHENTICATED_BYTES: u64 = 1024;

/// The verdict on one client's output buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Fine,
    Close(CloseReason, LimitKind, u64),
}

/// Closes a client that is over its limit, asynchronously, since its command
/// may still be running; returns why. Asked whenever a block was added to a
/// reply list, and by `clientsCron`, which so catches silent slow readers and
/// frees them at once.
///
/// Redis: `closeClientOnOutputBufferLimitReached`, *faithful*.
pub fn close_if_over_output_limit(server: &mut Server, slot: Slot) -> Option<CloseReason> {
    let client = server.clients.get(slot)?;
    // Nothing in the list, or on its way out already: nothing to decide.
    if !client.may_be_over_limit() {
        return None;
    }
    let usage = client.reply.limit_usage_bytes();
    if usage > UNAUTHENTICATED_BYTES && server.must_authenticate(slot) {
        let (why, kind) = (CloseReason::OutputBufferHard, LimitKind::OutputHard);
        return Some(close(server, slot, usage, (why, kind, UNAUTHENTICATED_BYTES)));
    }
    let limits = &server.config.client_output_buffer_limit;
    let subscriber = client.flags.has(ClientFlags::PUBSUB);
    let limit = if subscriber { limits.pubsub } else { limits.normal };
    match judge(server, slot, usage, limit) {
        Verdict::Fine => None,
        Verdict::Close(why, kind, threshold) => {
            Some(close(server, slot, usage, (why, kind, threshold)))
        }
    }
}

fn close(
    server: &mut Server,
    slot: Slot,
    usage: u64,
    (why, kind, limit): (CloseReason, LimitKind, u64),
) -> CloseReason {
    let client = Some(server.id_of(slot));
    server.state_reply_so_far(slot);
    server.tap.emit(|| Event::Limit { client, kind, at: usage, limit });
    server.stats.client_output_buffer_limit_disconnections += 1;
    server.free_client_async(slot, why);
    why
}

/// Hard: at once. Soft: only when the usage stayed above it for *more than*
/// the allowed whole seconds; the first crossing starts the clock, falling
/// below resets it.
fn judge(server: &mut Server, slot: Slot, usage: u64, limit: OutputLimit) -> Verdict {
    if limit.hard > 0 && usage >= limit.hard {
        let why = CloseReason::OutputBufferHard;
        return Verdict::Close(why, LimitKind::OutputHard, limit.hard);
    }
    let now = server.now;
    let client = &mut server.clients[slot];
    let id = Some(client.id);
    let above = limit.soft > 0 && usage >= limit.soft;
    let threshold = limit.soft;
    let kind = match (above, client.soft_limit_since()) {
        (false, None) => return Verdict::Fine,
        (false, Some(_)) => {
            client.rare().soft_limit_since = None;
            LimitKind::OutputSoftCleared
        }
        (true, None) => {
            client.rare().soft_limit_since = Some(now);
            LimitKind::OutputSoftStarted
        }
        (true, Some(since)) => {
            if server.seconds_since(since) > limit.soft_seconds {
                let why = CloseReason::OutputBufferSoft;
                return Verdict::Close(why, LimitKind::OutputSoftExpired, threshold);
            }
            return Verdict::Fine;
        }
    };
    server.state_reply_so_far(slot);
    server.tap.emit(|| Event::Limit { client: id, kind, at: usage, limit: threshold });
    Verdict::Fine
}
