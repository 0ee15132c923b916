//! Publishing and subscribing.

use super::{Command, Context, Flags, Outcome, Refusal, glob};
use crate::event::{ARG_CAP, Event, Preview, SubscriptionKind};
use SubscriptionKind::{Channel, Pattern, Shard};

const ANY_TIME: Flags = Flags::PUBSUB.with(Flags::LOADING).with(Flags::STALE);
const SUBSCRIBE: Flags = ANY_TIME.with(Flags::NOSCRIPT);
const PUBLISH: Flags = ANY_TIME.with(Flags::FAST).with(Flags::MAY_REPLICATE);

const PER_CHANNEL: &str = "O(N) with N channels or patterns";
const PER_RECEIVER: &str = "O(N+M) with N subscribers of the channel and M patterns in all";

pub(super) const COMMANDS: &[Command] = &[
    Command::new("subscribe", -2, SUBSCRIBE, |ctx| subscribe(ctx, Channel, "subscribe"))
        .about("pubsub", "2.0.0", "Hears what is published on channels from now on.")
        .complexity(PER_CHANNEL),
    Command::new("unsubscribe", -1, SUBSCRIBE, |ctx| unsubscribe(ctx, Channel, "unsubscribe"))
        .about("pubsub", "2.0.0", "Hears some channels no longer, or none.")
        .complexity(PER_CHANNEL),
    Command::new("psubscribe", -2, SUBSCRIBE, |ctx| subscribe(ctx, Pattern, "psubscribe"))
        .about("pubsub", "2.0.0", "Hears all channels that match patterns from now on.")
        .complexity(PER_CHANNEL),
    Command::new("punsubscribe", -1, SUBSCRIBE, |ctx| unsubscribe(ctx, Pattern, "punsubscribe"))
        .about("pubsub", "2.0.0", "Gives up some patterns, or all.")
        .complexity(PER_CHANNEL),
    Command::new("ssubscribe", -2, SUBSCRIBE, |ctx| subscribe(ctx, Shard, "ssubscribe"))
        .keys(1, -1, 1)
        .about("pubsub", "7.0.0", "Hears what is published on shard channels from now on.")
        .complexity(PER_CHANNEL),
    Command::new("sunsubscribe", -1, SUBSCRIBE, |ctx| unsubscribe(ctx, Shard, "sunsubscribe"))
        .keys(1, -1, 1)
        .about("pubsub", "7.0.0", "Hears some shard channels no longer, or none.")
        .complexity(PER_CHANNEL),
    Command::new("publish", 3, PUBLISH, |ctx| publish(ctx, Channel))
        .about("pubsub", "2.0.0", "Sends a message to all who hear the channel.")
        .complexity(PER_RECEIVER),
    Command::new("spublish", 3, PUBLISH, |ctx| publish(ctx, Shard))
        .keys(1, 1, 1)
        .about("pubsub", "7.0.0", "Sends a message to all who hear the shard channel.")
        .complexity("O(N) with N subscribers of the channel"),
    Command::container("pubsub", SUBCOMMANDS).about("pubsub", "2.8.0", "Answers who hears what."),
];

const SUBCOMMANDS: &[Command] = &[
    Command::new("pubsub|channels", -2, ANY_TIME, |ctx| channels(ctx, Channel))
        .about("pubsub", "2.8.0", "Answers the channels that somebody hears.")
        .complexity("O(N) with N channels"),
    Command::new("pubsub|numsub", -2, ANY_TIME, |ctx| numsub(ctx, Channel))
        .about("pubsub", "2.8.0", "Answers how many hear each channel.")
        .complexity("O(N) with N channels asked for"),
    Command::new("pubsub|numpat", 2, ANY_TIME, numpat).about(
        "pubsub",
        "2.8.0",
        "Answers how many patterns there are.",
    ),
    Command::new("pubsub|shardchannels", -2, ANY_TIME, |ctx| channels(ctx, Shard))
        .about("pubsub", "7.0.0", "Answers the shard channels that somebody hears.")
        .complexity("O(N) with N shard channels"),
    Command::new("pubsub|shardnumsub", -2, ANY_TIME, |ctx| numsub(ctx, Shard))
        .about("pubsub", "7.0.0", "Answers how many hear each shard channel.")
        .complexity("O(N) with N shard channels asked for"),
    Command::new("pubsub|help", 2, Flags::LOADING.with(Flags::STALE), help).about(
        "pubsub",
        "6.2.0",
        "Lists the subcommands.",
    ),
];

/// The number that answers to subscribing and leaving end with: shard channels
/// are counted on their own.
fn count(ctx: &Context<'_>, kind: SubscriptionKind) -> i64 {
    let client = ctx.client();
    let count = match kind {
        Shard => client.subscriptions(Shard),
        Channel | Pattern => client.subscriptions(Channel) + client.subscriptions(Pattern),
    };
    count as i64
}

/// Redis: `subscribeCommand` and its kin, *faithful*: an answer for each name,
/// as a push, so also to a client that wants no replies. Shard channels alone
/// cannot be subscribed to in a transaction, where one reply is expected.
fn subscribe(ctx: &mut Context<'_>, kind: SubscriptionKind, word: &str) -> Outcome {
    if kind == Shard && ctx.denies_blocking() {
        return Err(Refusal::fixed("ERR SSUBSCRIBE isn't allowed for a DENY BLOCKING client"));
    }
    ctx.work(ctx.argc() as u64 - 2);
    for i in 1..ctx.argc() {
        let name = ctx.arg(i);
        ctx.server.subscribe(ctx.caller, kind, name);
        confirm(ctx, kind, word, Some(name));
    }
    Ok(())
}

/// Redis: `unsubscribeCommand` and its kin, *faithful*; without names from
/// everything of the kind, in order.
fn unsubscribe(ctx: &mut Context<'_>, kind: SubscriptionKind, word: &str) -> Outcome {
    ctx.work(ctx.argc() as u64 - 1);
    for i in 1..ctx.argc() {
        let name = ctx.arg(i);
        ctx.server.unsubscribe(ctx.caller, kind, name);
        confirm(ctx, kind, word, Some(name));
    }
    if ctx.argc() > 1 {
        return Ok(());
    }
    let all = ctx.client().subscribed(kind);
    if all.is_empty() {
        confirm(ctx, kind, word, None);
    }
    for name in all {
        ctx.server.unsubscribe(ctx.caller, kind, &name);
        confirm(ctx, kind, word, Some(&name));
    }
    Ok(())
}

fn confirm(ctx: &mut Context<'_>, kind: SubscriptionKind, word: &str, name: Option<&[u8]>) {
    let count = count(ctx, kind);
    let mut reply = ctx.push_reply();
    reply.push(3);
    reply.bulk(word.as_bytes());
    match name {
        Some(name) => reply.bulk(name),
        None => reply.null(),
    }
    reply.integer(count);
}

fn publish(ctx: &mut Context<'_>, kind: SubscriptionKind) -> Outcome {
    let (channel, message) = (ctx.arg(1), ctx.arg(2));
    let receivers = ctx.server.publish(kind, channel, message);
    ctx.work(receivers);
    let client = ctx.client().id;
    ctx.emit(|| Event::Published { client, channel: Preview::of(channel, ARG_CAP), receivers });
    ctx.reply().integer(receivers.cast_signed());
    Ok(())
}

fn channels(ctx: &mut Context<'_>, kind: SubscriptionKind) -> Outcome {
    let pattern = match ctx.argc() {
        2 => None,
        3 => Some(ctx.arg(2)),
        _ => return Err(super::Refusal::unknown_subcommand("PUBSUB", ctx.arg(1))),
    };
    ctx.units += ctx.server.pubsub.names_len(kind) as u64;
    let found: Vec<Vec<u8>> = (ctx.server.pubsub.names(kind))
        .filter(|name| pattern.is_none_or(|pattern| glob::matches(pattern, name)))
        .map(<[u8]>::to_vec)
        .collect();
    let mut reply = ctx.reply();
    reply.array(found.len());
    found.iter().for_each(|name| reply.bulk(name));
    Ok(())
}

fn numsub(ctx: &mut Context<'_>, kind: SubscriptionKind) -> Outcome {
    let asked = ctx.argc() - 2;
    ctx.work(asked as u64);
    ctx.reply().array(2 * asked);
    for i in 2..ctx.argc() {
        let name = ctx.arg(i);
        let subscribers = ctx.server.pubsub.subscribers(kind, name);
        let mut reply = ctx.reply();
        reply.bulk(name);
        reply.integer(subscribers as i64);
    }
    Ok(())
}

fn numpat(ctx: &mut Context<'_>) -> Outcome {
    let patterns = ctx.server.pubsub.names_len(Pattern) as i64;
    ctx.reply().integer(patterns);
    Ok(())
}

fn help(ctx: &mut Context<'_>) -> Outcome {
    ctx.help(
        "PUBSUB",
        &[
            "CHANNELS [<pattern>]",
            "    Channels that somebody hears.",
            "NUMPAT",
            "    How many patterns there are.",
            "NUMSUB [<channel> ...]",
            "    How many hear each channel, patterns not counted.",
            "SHARDCHANNELS [<pattern>]",
            "    Shard channels that somebody hears.",
            "SHARDNUMSUB [<channel> ...]",
            "    How many hear each shard channel.",
        ],
    );
    Ok(())
}
