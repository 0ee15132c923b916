//! The server as a whole: its clock and its end.

use super::{Command, Context, Flags, Outcome, Refusal, keyword};
use crate::engine::client::ClientFlags;
use crate::engine::server::ShutdownRequest;

pub(super) const COMMANDS: &[Command] = &[
    Command::new("time", 1, Flags::LOADING.with(Flags::STALE).with(Flags::FAST), time).about(
        "server",
        "2.6.0",
        "Answers the wall clock: seconds since 1970, and microseconds.",
    ),
    Command::new(
        "shutdown",
        -1,
        Flags::ADMIN
            .with(Flags::NOSCRIPT)
            .with(Flags::LOADING)
            .with(Flags::STALE)
            .with(Flags::NO_MULTI)
            .with(Flags::ALLOW_BUSY),
        shutdown,
    )
    .about("server", "1.0.0", "Ends the server."),
];

fn time(ctx: &mut Context<'_>) -> Outcome {
    let now_us = ctx.server.unix_us();
    let mut reply = ctx.reply();
    reply.array(2);
    reply.bulk_display(now_us / 1_000_000);
    reply.bulk_display(now_us % 1_000_000);
    Ok(())
}

/// Redis: `shutdownCommand`, *simplified*: with nothing to save and nobody to
/// wait for, NOSAVE, SAVE, NOW and FORCE only have to make sense together,
/// and there never is a shutdown to abort. Nobody gets a reply.
fn shutdown(ctx: &mut Context<'_>) -> Outcome {
    let (mut save, mut nosave, mut abort) = (false, false, false);
    for i in 1..ctx.argc() {
        match &*keyword(ctx.arg(i)) {
            "save" => save = true,
            "nosave" => nosave = true,
            "abort" => abort = true,
            "now" | "force" => {}
            _ => return Err(Refusal::Syntax),
        }
    }
    if (save && nosave) || (abort && ctx.argc() > 2) {
        return Err(Refusal::Syntax);
    }
    if abort {
        return Err(Refusal::fixed("ERR No shutdown in progress."));
    }
    // Asked of each client anyway, so that it costs nothing until then.
    let slots: Vec<_> = ctx.server.clients.iter().map(|(slot, _)| slot).collect();
    for slot in slots {
        ctx.server.clients[slot].flags.set(ClientFlags::SHUTDOWN);
    }
    ctx.server.shutdown = Some(ShutdownRequest);
    Ok(())
}
