//! What guests do besides ordering: combined orders, listening in, waiting.

use super::words::{bytes, clip, grouped, many, sentence, shown};
use super::{Told, told};
use crate::event::{
    BlockedOn, ClientId, Event, PauseScope, Preview, SubscriptionKind, TransactionEnd,
    TransactionStep, UnblockReason,
};

pub(super) fn tell(event: &Event) -> Told {
    match event {
        Event::Blocked { client, on } => blocked(*client, on),
        Event::Unblocked { client, why } => unblocked(*client, *why),
        Event::Transaction { client, step } => transaction(*client, step),
        Event::Subscription { client, kind, name, on, subscribed } => {
            subscription(*client, *kind, name, *on, *subscribed)
        }
        Event::Published { client, channel, receivers } => told(
            format!(
                "Table {client}'s message on {} becomes {}.",
                shown(channel),
                many(*receivers, "plate")
            ),
            format!(
                "Client {client} publishes on {}: {} queued for writing.",
                shown(channel),
                many(*receivers, "message")
            ),
            format!("pubsubPublishMessage({}) = {}", shown(channel), grouped(*receivers)),
        ),
        Event::Paused { scope: None, .. } => told(
            "The pause is over: who was put off is served now.",
            "The pause is over: postponed clients are processed again.",
            "unpauseActions · unblockPostponedClients",
        ),
        Event::Paused { scope: Some(scope), until } => paused(*scope, &until.to_string()),
        Event::Monitoring { client, on } => monitoring(*client, *on),
        Event::ClientMemory { used, limit } => told(
            "The guests' notepads and plates take too much room: the biggest must go.",
            format!("Clients hold {}, allowed are {}: evict.", bytes(*used), grouped(*limit)),
            format!("evictClients · {used} ≥ maxmemory-clients {limit}"),
        ),
        _ => told("Something happened at the tables.", "A client changed.", "client"),
    }
}

fn blocked(client: ClientId, on: &BlockedOn) -> Told {
    match on {
        BlockedOn::Keys { keys, .. } => {
            let first = keys.first().map(shown).unwrap_or_default();
            let more =
                if keys.len() > 1 { format!(" (+{})", keys.len() - 1) } else { String::new() };
            told(
                format!("Table {client} waits for jar {first}{more}; its other orders wait too."),
                format!(
                    "Client {client} blocks on key {first}{more}; it executes nothing meanwhile."
                ),
                format!("blockForKeys(client {client}) · {first}{more}"),
            )
        }
        BlockedOn::Pause => told(
            format!("Table {client} must wait: the kitchen is paused."),
            format!("Client {client} is postponed: clients are paused."),
            format!("blockPostponeClient(client {client})"),
        ),
    }
}

fn unblocked(client: ClientId, why: UnblockReason) -> Told {
    match why {
        UnblockReason::KeyReady => told(
            format!("The jar that table {client} waits for is there; its order is tried again."),
            format!("A key that client {client} waits for is ready; its command runs again."),
            format!("unblockClientOnKey(client {client})"),
        ),
        UnblockReason::Timeout => told(
            format!("Table {client} has waited long enough and gets an empty plate."),
            format!("Client {client}'s time is up: it is answered null."),
            format!("unblockClientOnTimeout(client {client})"),
        ),
        UnblockReason::Error => told(
            format!("Table {client} is told to wait no longer."),
            format!("Client {client} is unblocked with an error by CLIENT UNBLOCK."),
            format!("unblockClientOnError(client {client})"),
        ),
        UnblockReason::Resumed => told(
            format!("Table {client} was put off; now it is its turn again."),
            format!("Client {client} is postponed no longer; its command runs now."),
            format!("unblockClient(client {client}) · BLOCKED_POSTPONE"),
        ),
    }
}

fn transaction(client: ClientId, step: &TransactionStep) -> Told {
    match step {
        TransactionStep::Watching { keys: 0 } => told(
            format!("Table {client} keeps an eye on no jar any more."),
            format!("Client {client} watches no key any more."),
            format!("unwatchAllKeys(client {client})"),
        ),
        TransactionStep::Watching { keys } => told(
            format!("Table {client} keeps an eye on {}.", many(u64::from(*keys), "jar")),
            format!("Client {client} watches {}.", many(u64::from(*keys), "key")),
            format!("watchForKey(client {client}) · {keys}"),
        ),
        TransactionStep::KeyTouched { db, key } => told(
            format!("Jar {} changed under table {client}'s eyes.", shown(key)),
            format!("Watched key {} changed: client {client}'s EXEC will do nothing.", shown(key)),
            format!("touchWatchedKey(db {db}, {}) · CLIENT_DIRTY_CAS", shown(key)),
        ),
        TransactionStep::Begun => told(
            format!("Table {client} begins a combined order: nothing is cooked before EXEC."),
            format!("Client {client} begins a transaction: its commands are queued until EXEC."),
            format!("multiCommand · client {client} CLIENT_MULTI"),
        ),
        TransactionStep::Queued { name, commands } => {
            let name = clip(name);
            let count = grouped(u64::from(*commands));
            told(
                format!("Table {client}'s {name} is noted for later: {count} on its list."),
                format!("{name} is queued, not run: client {client} has {count} queued."),
                format!("queueMultiCommand({name}) · multi={commands}"),
            )
        }
        TransactionStep::Flawed => told(
            format!("Table {client}'s combined order has a mistake; it will not be cooked."),
            format!("A request was refused: client {client}'s EXEC will abort."),
            format!("flagTransaction(client {client}) · CLIENT_DIRTY_EXEC"),
        ),
        TransactionStep::Executing { commands } => {
            let dishes = many(u64::from(*commands), "dish").replace("dishs", "dishes");
            told(
                format!("Table {client}'s combined order: {dishes} in a row, nobody in between."),
                format!(
                    "EXEC runs client {client}'s {} in a row; nothing comes between.",
                    many(u64::from(*commands), "command")
                ),
                format!("execCommand · client {client} runs {commands}"),
            )
        }
        TransactionStep::Ended { how } => transaction_ended(client, *how),
    }
}

fn transaction_ended(client: ClientId, how: TransactionEnd) -> Told {
    let (kitchen, redis) = match how {
        TransactionEnd::Executed => ("is done", "has run"),
        TransactionEnd::Discarded => ("is torn up", "is discarded"),
        TransactionEnd::Aborted => ("is refused for its mistake", "is aborted: EXECABORT"),
        TransactionEnd::KeyChanged => {
            ("is void: a jar changed meanwhile", "does nothing: a watched key changed")
        }
    };
    told(
        format!("Table {client}'s combined order {kitchen}."),
        format!("Client {client}'s transaction {redis}."),
        format!("discardTransaction(client {client})"),
    )
}

fn subscription(
    client: ClientId,
    kind: SubscriptionKind,
    name: &Preview,
    on: bool,
    subscribed: u32,
) -> Told {
    let name = shown(name);
    let (what, function) = match kind {
        SubscriptionKind::Channel => ("channel", "Channel"),
        SubscriptionKind::Pattern => ("pattern", "Pattern"),
        SubscriptionKind::Shard => ("shard channel", "ShardChannel"),
    };
    if on {
        return told(
            format!("Table {client} wants to hear everything on {what} {name}."),
            format!("Client {client} subscribes to {what} {name}: {subscribed} now."),
            format!("pubsubSubscribe{function}(client {client}, {name})"),
        );
    }
    told(
        format!("Table {client} listens to {what} {name} no longer."),
        format!("Client {client} leaves {what} {name}: {subscribed} left."),
        format!("pubsubUnsubscribe{function}(client {client}, {name})"),
    )
}

fn paused(scope: PauseScope, until: &str) -> Told {
    let (kitchen, redis) = match scope {
        PauseScope::Write => ("Orders that change a jar", "Commands that write"),
        PauseScope::All => ("All orders", "All commands"),
    };
    told(
        format!("{} are put off until {until}.", sentence(kitchen)),
        format!("{redis} are postponed until {until}."),
        format!("pauseActions({scope:?}) · until {until}"),
    )
}

fn monitoring(client: ClientId, on: bool) -> Told {
    if on {
        return told(
            format!("Table {client} hears every order from now on."),
            format!("Client {client} is a monitor: it is sent every command that runs."),
            format!("monitorCommand · client {client}"),
        );
    }
    told(
        format!("Table {client} hears the orders no longer."),
        format!("Client {client} is no monitor any more."),
        format!("resetCommand · client {client}"),
    )
}
