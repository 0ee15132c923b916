//! LATENCY: what took long, by kind.

use super::{Command, Context, Flags, Outcome};
use crate::engine::latency::Sample;

const READ: Flags = Flags::ADMIN.with(Flags::NOSCRIPT).with(Flags::LOADING).with(Flags::STALE);

/// GRAPH and DOCTOR are left out, since the page draws and explains; so is
/// HISTOGRAM, since counts of single calls would have to time every one of
/// them, and a call that is fast takes about as long as looking at the clock.
pub(super) const COMMANDS: &[Command] = &[Command::container("latency", SUBCOMMANDS).about(
    "server",
    "2.8.13",
    "Answers what took long.",
)];

const SUBCOMMANDS: &[Command] = &[
    Command::new("latency|latest", 2, READ, latest).about(
        "server",
        "2.8.13",
        "Answers the latest and the worst sample of each event.",
    ),
    Command::new("latency|history", 3, READ, history).about(
        "server",
        "2.8.13",
        "Answers the samples of one event.",
    ),
    Command::new("latency|reset", -2, READ, reset).about(
        "server",
        "2.8.13",
        "Forgets some events, or all.",
    ),
    Command::new("latency|help", 2, Flags::LOADING.with(Flags::STALE), help).about(
        "server",
        "2.8.13",
        "Lists the subcommands.",
    ),
];

fn latest(ctx: &mut Context<'_>) -> Outcome {
    let events: Vec<(&str, Sample, u64)> = ctx
        .server
        .latency_events
        .iter()
        .filter_map(|(event, series)| Some((*event, *series.samples.back()?, series.max_ms)))
        .collect();
    let mut reply = ctx.reply();
    reply.array(events.len());
    for (event, last, max_ms) in events {
        reply.array(4);
        reply.bulk(event.as_bytes());
        reply.integer(last.unix_s.cast_signed());
        reply.integer(last.ms.cast_signed());
        reply.integer(max_ms.cast_signed());
    }
    Ok(())
}

fn history(ctx: &mut Context<'_>) -> Outcome {
    let wanted = ctx.arg(2);
    let found = ctx.server.latency_events.iter().find(|(event, _)| event.as_bytes() == wanted);
    let samples: Vec<Sample> =
        found.map_or(Vec::new(), |(_, series)| series.samples.iter().copied().collect());
    let mut reply = ctx.reply();
    reply.array(samples.len());
    for sample in samples {
        reply.array(2);
        reply.integer(sample.unix_s.cast_signed());
        reply.integer(sample.ms.cast_signed());
    }
    Ok(())
}

fn reset(ctx: &mut Context<'_>) -> Outcome {
    let before = ctx.server.latency_events.len();
    let args = ctx.args;
    let named = |event: &str| (2..args.len()).any(|i| args.get(i) == event.as_bytes());
    let all = args.len() == 2;
    ctx.server.latency_events.retain(|event, _| !all && !named(event));
    let gone = before - ctx.server.latency_events.len();
    ctx.reply().integer(gone as i64);
    Ok(())
}

fn help(ctx: &mut Context<'_>) -> Outcome {
    ctx.help(
        "LATENCY",
        &[
            "HISTORY <event>",
            "    The samples of an event: when, and how many milliseconds.",
            "LATEST",
            "    Of each event the latest sample and the worst.",
            "RESET [<event> ...]",
            "    Forget some events, or all; answers how many.",
        ],
    );
    Ok(())
}
