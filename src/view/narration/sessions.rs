//! What guests do besides ordering: combined orders, listening in, waiting.

use super::words::{clip, shown};
use crate::event::{
    BlockedOn, ClientId, Event, PauseScope, SubscriptionKind, TransactionEnd, TransactionStep,
    UnblockReason,
};
use crate::view::text::{Words, say};

pub(super) fn tell(event: &Event) -> Words {
    match event {
        Event::Blocked { client, on: BlockedOn::Keys { keys, .. } } => {
            let first = keys.first().map(shown).unwrap_or_default();
            say!("blocked", *client, &first, keys.len().saturating_sub(1))
        }
        Event::Blocked { client, on: BlockedOn::Pause } => say!("blocked.paused", *client),
        Event::Unblocked { client, why } => match why {
            UnblockReason::KeyReady => say!("unblocked.key", *client),
            UnblockReason::Timeout => say!("unblocked.timeout", *client),
            UnblockReason::Error => say!("unblocked.error", *client),
            UnblockReason::Resumed => say!("unblocked.resumed", *client),
        },
        Event::Transaction { client, step } => transaction(*client, step),
        Event::Subscription { client, kind, name, on, subscribed } => {
            let (what, function) = match kind {
                SubscriptionKind::Channel => (say!("channel"), "Channel"),
                SubscriptionKind::Pattern => (say!("channel.pattern"), "Pattern"),
                SubscriptionKind::Shard => (say!("channel.shard"), "Channel"),
            };
            let name = shown(name);
            if *on {
                say!("subscribed", *client, &what, &name, function, *subscribed)
            } else {
                say!("unsubscribed", *client, &what, &name, function, *subscribed)
            }
        }
        Event::Published { client, channel, receivers } => {
            say!("published", *client, &shown(channel), *receivers)
        }
        Event::Paused { scope: None, .. } => say!("paused.over"),
        Event::Paused { scope: Some(PauseScope::Write), until } => say!("paused.writes", *until),
        Event::Paused { scope: Some(PauseScope::All), until } => say!("paused.all", *until),
        Event::Monitoring { client, on: true } => say!("monitor", *client),
        Event::Monitoring { client, .. } => say!("monitor.off", *client),
        Event::ClientMemory { used, limit } => say!("client-memory", *used, *limit),
        _ => Words::plain(""),
    }
}

fn transaction(client: ClientId, step: &TransactionStep) -> Words {
    match step {
        TransactionStep::Watching { keys: 0 } => say!("multi.unwatched", client),
        TransactionStep::Watching { keys } => say!("multi.watching", client, *keys),
        TransactionStep::KeyTouched { db, key } => {
            say!("multi.touched", client, *db, &shown(key))
        }
        TransactionStep::Begun => say!("multi.begun", client),
        TransactionStep::Queued { name, commands } => {
            say!("multi.queued", client, &clip(name), *commands)
        }
        TransactionStep::Flawed => say!("multi.flawed", client),
        TransactionStep::Executing { commands } => say!("multi.executing", client, *commands),
        TransactionStep::Ended { how } => match how {
            TransactionEnd::Executed => say!("multi.executed", client),
            TransactionEnd::Discarded => say!("multi.discarded", client),
            TransactionEnd::Aborted => say!("multi.aborted", client),
            TransactionEnd::KeyChanged => say!("multi.void", client),
        },
    }
}
