//! Transactions: many commands, nothing in between.

use super::{Command, Context, Flags, Outcome, Refusal};
use crate::engine::client::ClientFlags;
use crate::event::{Event, TransactionEnd, TransactionStep};

const PLAIN: Flags =
    Flags::NOSCRIPT.with(Flags::LOADING).with(Flags::STALE).with(Flags::TRANSACTION);
const AT_ONCE: Flags = PLAIN.with(Flags::FAST).with(Flags::ALLOW_BUSY);

pub(super) const COMMANDS: &[Command] = &[
    Command::new("multi", 1, AT_ONCE, multi).about(
        "transactions",
        "1.2.0",
        "Begins a transaction: commands are queued until EXEC.",
    ),
    Command::new("exec", 1, PLAIN.with(Flags::SKIP_SLOWLOG), exec)
        .about("transactions", "1.2.0", "Runs the queued commands, and nothing in between.")
        .complexity("that of the queued commands"),
    Command::new("discard", 1, AT_ONCE, discard)
        .about("transactions", "2.0.0", "Forgets the queued commands.")
        .complexity("O(N) with N queued commands"),
    Command::new("watch", -2, AT_ONCE, watch)
        .keys(1, -1, 1)
        .about("transactions", "2.2.0", "Lets EXEC do nothing if one of these keys changes.")
        .complexity("O(N) with N keys"),
    Command::new("unwatch", 1, AT_ONCE, unwatch)
        .about("transactions", "2.2.0", "Forgets which keys are watched.")
        .complexity("O(N) with N watched keys"),
];

fn multi(ctx: &mut Context<'_>) -> Outcome {
    if ctx.client().flags.has(ClientFlags::MULTI) {
        return Err(Refusal::fixed("ERR MULTI calls can not be nested"));
    }
    ctx.server.begin_transaction(ctx.caller);
    ctx.reply().ok();
    Ok(())
}

fn discard(ctx: &mut Context<'_>) -> Outcome {
    if !ctx.client().flags.has(ClientFlags::MULTI) {
        return Err(Refusal::fixed("ERR DISCARD without MULTI"));
    }
    ctx.server.discard_transaction(ctx.caller, TransactionEnd::Discarded);
    ctx.reply().ok();
    Ok(())
}

fn watch(ctx: &mut Context<'_>) -> Outcome {
    let flags = ctx.client().flags;
    if flags.has(ClientFlags::MULTI) {
        return Err(Refusal::fixed("ERR WATCH inside MULTI is not allowed"));
    }
    // The transaction is lost anyway: nothing more needs watching.
    if !flags.has(ClientFlags::DIRTY_CAS) {
        for i in 1..ctx.argc() {
            ctx.server.watch_key(ctx.caller, ctx.arg(i));
        }
    }
    ctx.reply().ok();
    Ok(())
}

fn unwatch(ctx: &mut Context<'_>) -> Outcome {
    ctx.server.unwatch_all_keys(ctx.caller);
    ctx.reply().ok();
    Ok(())
}

/// Redis: `execCommand`, *faithful*; the loop runs the queue, since each of
/// its commands takes time and states facts of its own.
fn exec(ctx: &mut Context<'_>) -> Outcome {
    let caller = ctx.caller;
    let mut flags = ctx.client().flags;
    if !flags.has(ClientFlags::MULTI) {
        return Err(Refusal::fixed("ERR EXEC without MULTI"));
    }
    if ctx.server.has_watched_key_expired(caller) {
        flags.set(ClientFlags::DIRTY_CAS);
    }
    if flags.has(ClientFlags::DIRTY_EXEC) {
        ctx.server.discard_transaction(caller, TransactionEnd::Aborted);
        return Err(Refusal::fixed("EXECABORT Transaction discarded because of previous errors."));
    }
    if flags.has(ClientFlags::DIRTY_CAS) {
        ctx.server.discard_transaction(caller, TransactionEnd::KeyChanged);
        ctx.reply().null_array();
        return Ok(());
    }
    // At once: what the queue itself changes is nobody's surprise.
    ctx.server.unwatch_all_keys(caller);
    let transaction = ctx.client().rare.as_ref().and_then(|rare| rare.transaction.as_ref());
    let commands = transaction.map_or(0, |transaction| transaction.commands);
    let client = ctx.client().id;
    ctx.emit(|| Event::Transaction { client, step: TransactionStep::Executing { commands } });
    ctx.reply().array(commands as usize);
    ctx.runs_transaction = true;
    Ok(())
}
