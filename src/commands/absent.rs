//! What clients ask for on the way in and does not exist here: answered as by
//! a Redis in which it is switched off.

use super::{Command, Context, Flags, Outcome, Refusal};

const ANY_TIME: Flags = Flags::LOADING.with(Flags::STALE);
const FAST: Flags = Flags::FAST.with(Flags::LOADING).with(Flags::STALE).with(Flags::CONNECTION);

pub(super) const COMMANDS: &[Command] = &[
    Command::new("readonly", 1, FAST, no_cluster).about(
        "cluster",
        "3.0.0",
        "Would let a replica answer; there is no cluster.",
    ),
    Command::new("readwrite", 1, FAST, no_cluster).about(
        "cluster",
        "3.0.0",
        "Would undo READONLY; there is no cluster.",
    ),
    Command::new("asking", 1, FAST, no_cluster).about(
        "cluster",
        "3.0.0",
        "Would follow an ASK redirection; there is no cluster.",
    ),
    Command::new("cluster", -2, ANY_TIME.with(Flags::ADMIN), no_cluster).about(
        "cluster",
        "3.0.0",
        "Would tell of the cluster; there is none.",
    ),
];

fn no_cluster(_: &mut Context<'_>) -> Outcome {
    Err(Refusal::fixed("ERR This instance has cluster support disabled"))
}

/// CLIENT TRACKING: it can be switched off, which it is.
pub(super) fn client_tracking(ctx: &mut Context<'_>) -> Outcome {
    match ctx.argc() {
        3 if ctx.is(2, "off") => {
            ctx.reply().ok();
            Ok(())
        }
        _ if ctx.is(2, "on") => Err(Refusal::fixed("ERR client-side caching is not offered here")),
        _ => Err(Refusal::Syntax),
    }
}

pub(super) fn client_trackinginfo(ctx: &mut Context<'_>) -> Outcome {
    let mut reply = ctx.reply();
    reply.map(3);
    reply.bulk(b"flags");
    reply.set(1);
    reply.bulk(b"off");
    reply.bulk(b"redirect");
    reply.integer(-1);
    reply.bulk(b"prefixes");
    reply.array(0);
    Ok(())
}

pub(super) fn client_getredir(ctx: &mut Context<'_>) -> Outcome {
    ctx.reply().integer(-1);
    Ok(())
}

pub(super) fn client_caching(_: &mut Context<'_>) -> Outcome {
    Err(Refusal::fixed(
        "ERR CLIENT CACHING can be called only when the client is in tracking mode with OPTIN or \
         OPTOUT mode enabled",
    ))
}
