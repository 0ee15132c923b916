//! SLOWLOG and MONITOR: what the server does, for people.

use super::{Command, Context, Flags, Outcome, Refusal};
use crate::engine::client::ClientFlags;
use crate::engine::slowlog::Entry;
use crate::event::Event;
use crate::store::parse_integer;

const READ: Flags = Flags::ADMIN.with(Flags::LOADING).with(Flags::STALE);

pub(super) const COMMANDS: &[Command] = &[
    Command::container("slowlog", SUBCOMMANDS).about(
        "server",
        "2.2.12",
        "Answers which commands took long.",
    ),
    Command::new("monitor", 1, READ.with(Flags::NOSCRIPT), monitor).about(
        "server",
        "1.0.0",
        "Hears every command from now on.",
    ),
];

const SUBCOMMANDS: &[Command] = &[
    Command::new("slowlog|get", -2, READ, get)
        .about("server", "2.2.12", "Answers the latest slow commands.")
        .complexity("O(N) with N entries answered"),
    Command::new("slowlog|len", 2, READ, len).about(
        "server",
        "2.2.12",
        "Answers how many slow commands are remembered.",
    ),
    Command::new("slowlog|reset", 2, READ, reset)
        .about("server", "2.2.12", "Forgets the slow commands.")
        .complexity("O(N) with N entries"),
    Command::new("slowlog|help", 2, Flags::LOADING.with(Flags::STALE), help).about(
        "server",
        "6.2.0",
        "Lists the subcommands.",
    ),
];

/// Without a count.
const ENTRIES: i64 = 10;

fn get(ctx: &mut Context<'_>) -> Outcome {
    let count = match ctx.argc() {
        2 => ENTRIES,
        3 => parse_integer(ctx.arg(2))
            .filter(|count| *count >= -1)
            .ok_or(Refusal::fixed("ERR count should be greater than or equal to -1"))?,
        _ => return Err(Refusal::unknown_subcommand("SLOWLOG", ctx.arg(1))),
    };
    let count = usize::try_from(count).unwrap_or(usize::MAX);
    let entries: Vec<Entry> = ctx.server.slowlog.entries().take(count).cloned().collect();
    ctx.work(entries.len() as u64);
    let mut reply = ctx.reply();
    reply.array(entries.len());
    for entry in &entries {
        reply.array(6);
        reply.integer(entry.id.cast_signed());
        reply.integer(entry.unix_s.cast_signed());
        reply.integer(entry.took.0.cast_signed());
        reply.array(entry.args.len());
        entry.args.iter().for_each(|arg| reply.bulk(arg));
        reply.bulk(entry.peer.as_bytes());
        reply.bulk(&entry.name);
    }
    Ok(())
}

fn len(ctx: &mut Context<'_>) -> Outcome {
    let len = ctx.server.slowlog.entries().len() as i64;
    ctx.reply().integer(len);
    Ok(())
}

fn reset(ctx: &mut Context<'_>) -> Outcome {
    ctx.server.slowlog.reset();
    ctx.reply().ok();
    Ok(())
}

fn help(ctx: &mut Context<'_>) -> Outcome {
    ctx.help(
        "SLOWLOG",
        &[
            "GET [<count>]",
            "    The latest entries, 10 or this many; -1 is all. Each is its number, when,",
            "    microseconds, arguments, and the connection's address and name.",
            "LEN",
            "    How many entries there are.",
            "RESET",
            "    Forget them.",
        ],
    );
    Ok(())
}

/// Redis: `monitorCommand`, *faithful*: no reply to whoever is one already.
fn monitor(ctx: &mut Context<'_>) -> Outcome {
    if ctx.denies_blocking() {
        return Err(Refusal::fixed("ERR MONITOR isn't allowed for DENY BLOCKING client"));
    }
    let client = ctx.client_mut();
    if client.flags.has(ClientFlags::MONITOR) {
        return Ok(());
    }
    client.flags.set(ClientFlags::MONITOR);
    let id = client.id;
    ctx.server.monitors.push(ctx.caller);
    ctx.server.review_concerns();
    ctx.emit(|| Event::Monitoring { client: id, on: true });
    ctx.reply().ok();
    Ok(())
}
