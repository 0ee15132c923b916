//! COMMAND: the menu about itself.

use super::table::{all, lookup, subcommand};
use super::{Command, Context, Flags, Outcome, Refusal, glob};
use crate::resp::{Encoder, Sink};
use crate::store::parse_integer;

const FLAGS: Flags = Flags::LOADING.with(Flags::STALE).with(Flags::CONNECTION);
const PER_COMMAND: &str = "O(N) with N commands";

pub(super) const COMMANDS: &[Command] = &[Command::new("command", -1, FLAGS, info_of_all)
    .about("server", "2.8.13", "Answers what is known of all commands.")
    .complexity(PER_COMMAND)
    .subcommands(SUBCOMMANDS)];

const SUBCOMMANDS: &[Command] = &[
    Command::new("command|count", 2, FLAGS, count).about(
        "server",
        "2.8.13",
        "Answers how many commands there are.",
    ),
    Command::new("command|docs", -2, FLAGS, docs)
        .about("server", "7.0.0", "Answers what commands do, for people.")
        .complexity(PER_COMMAND),
    Command::new("command|info", -2, FLAGS, info)
        .about("server", "2.8.13", "Answers what is known of commands, for programs.")
        .complexity(PER_COMMAND),
    Command::new("command|list", -2, FLAGS, list)
        .about("server", "7.0.0", "Answers the commands' names.")
        .complexity(PER_COMMAND),
    Command::new("command|getkeys", -3, FLAGS, getkeys)
        .about("server", "2.8.13", "Answers which words of a request are keys.")
        .complexity("O(N) with N words"),
    Command::new("command|help", 2, FLAGS, help).about("server", "5.0.0", "Lists the subcommands."),
];

/// By name, `command|subcommand` included.
fn find(name: &[u8]) -> Option<&'static Command> {
    match name.iter().position(|b| *b == b'|') {
        None => lookup(name),
        Some(bar) => subcommand(lookup(&name[..bar])?, &name[bar + 1..]),
    }
}

fn info_of_all(ctx: &mut Context<'_>) -> Outcome {
    ctx.work(all().len() as u64);
    let mut reply = ctx.reply();
    reply.array(all().len());
    for command in all() {
        put_info(&mut reply, command);
    }
    Ok(())
}

fn info(ctx: &mut Context<'_>) -> Outcome {
    if ctx.argc() == 2 {
        return info_of_all(ctx);
    }
    let names: Vec<&[u8]> = (2..ctx.argc()).map(|i| ctx.arg(i)).collect();
    let mut reply = ctx.reply();
    reply.array(names.len());
    for name in names {
        match find(name) {
            Some(command) => put_info(&mut reply, command),
            None => reply.null(),
        }
    }
    Ok(())
}

/// Redis: `addReplyCommandInfo`, *simplified*: no tips, and no key
/// specifications beyond first, last and step.
fn put_info(reply: &mut Encoder<impl Sink>, command: &Command) {
    let (first, last, step) = command.keys;
    reply.array(10);
    reply.bulk(command.name.as_bytes());
    reply.integer(i64::from(command.arity));
    reply.set(command.flags.names().count());
    for flag in command.flags.names() {
        reply.simple(flag);
    }
    reply.integer(i64::from(first));
    reply.integer(i64::from(last));
    reply.integer(i64::from(step));
    reply.set(command.flags.categories().count());
    for category in command.flags.categories() {
        reply.simple(category);
    }
    reply.array(0);
    reply.array(0);
    reply.array(command.subcommands.len());
    for sub in command.subcommands {
        put_info(reply, sub);
    }
}

fn count(ctx: &mut Context<'_>) -> Outcome {
    ctx.reply().integer(all().len() as i64);
    Ok(())
}

/// Names that are not known are left out.
fn docs(ctx: &mut Context<'_>) -> Outcome {
    let commands: Vec<&Command> = if ctx.argc() == 2 {
        all().collect()
    } else {
        (2..ctx.argc()).filter_map(|i| find(ctx.arg(i))).collect()
    };
    ctx.work(commands.len() as u64);
    let mut reply = ctx.reply();
    reply.map(commands.len());
    for command in commands {
        put_docs(&mut reply, command);
    }
    Ok(())
}

/// Redis: `addReplyCommandDocs`, *simplified*: no history and no arguments.
fn put_docs(reply: &mut Encoder<impl Sink>, command: &Command) {
    reply.bulk(command.name.as_bytes());
    reply.map(4 + usize::from(!command.subcommands.is_empty()));
    for (name, value) in [
        ("summary", command.summary),
        ("since", command.since),
        ("group", command.group),
        ("complexity", command.complexity),
    ] {
        reply.bulk(name.as_bytes());
        reply.bulk(value.as_bytes());
    }
    if !command.subcommands.is_empty() {
        reply.bulk(b"subcommands");
        reply.map(command.subcommands.len());
        for sub in command.subcommands {
            put_docs(reply, sub);
        }
    }
}

/// Redis: `commandListCommand`, *faithful*: there are no modules to filter by.
fn list(ctx: &mut Context<'_>) -> Outcome {
    let rows = || all().flat_map(|command| std::iter::once(command).chain(command.subcommands));
    let names: Vec<&str> = match ctx.argc() {
        2 => rows().map(|command| command.name).collect(),
        5 if ctx.is(2, "filterby") => {
            let value = ctx.arg(4);
            let matches: Box<dyn Fn(&Command) -> bool> = if ctx.is(3, "pattern") {
                Box::new(move |c| glob::matches_nocase(value, c.name.as_bytes()))
            } else if ctx.is(3, "aclcat") {
                Box::new(move |c| {
                    c.flags
                        .categories()
                        .any(|name| name.as_bytes()[1..].eq_ignore_ascii_case(value))
                })
            } else if ctx.is(3, "module") {
                Box::new(|_| false)
            } else {
                return Err(Refusal::Syntax);
            };
            rows().filter(|c| matches(c)).map(|c| c.name).collect()
        }
        _ => return Err(Refusal::Syntax),
    };
    let mut reply = ctx.reply();
    reply.array(names.len());
    for name in names {
        reply.bulk(name.as_bytes());
    }
    Ok(())
}

/// Redis: `getKeysSubcommand`, *faithful*: where keys are counted by an
/// argument, the count stands before the first of them.
fn getkeys(ctx: &mut Context<'_>) -> Outcome {
    let argc = ctx.argc() - 2;
    let arg = |i: usize| ctx.arg(i + 2);
    let unknown = Refusal::fixed("ERR Invalid command specified");
    let container = lookup(arg(0)).ok_or_else(|| unknown.clone())?;
    let command = match container.subcommands {
        [] => container,
        _ if argc > 1 => subcommand(container, arg(1)).ok_or(unknown)?,
        _ => container,
    };
    // A shard channel stands where a key would, and is none: `CMD_KEY_NOT_KEY`.
    let has_keys = command.keys.2 != 0 && !command.flags.has(Flags::PUBSUB);
    if !has_keys && !command.flags.has(Flags::MOVABLEKEYS) {
        return Err(Refusal::fixed("ERR The command has no key arguments"));
    }
    if !command.takes(argc) {
        return Err(Refusal::fixed("ERR Invalid number of arguments specified for command"));
    }
    let invalid = Refusal::fixed("ERR Invalid arguments specified for command");
    let keys: Vec<&[u8]> = if command.flags.has(Flags::MOVABLEKEYS) {
        // LMPOP count key…, BLMPOP timeout count key…
        let at = if command.flags.has(Flags::BLOCKING) { 2 } else { 1 };
        let count = parse_integer(arg(at)).and_then(|n| usize::try_from(n).ok());
        let fits = |count: &usize| *count > 0 && count.checked_add(at).is_some_and(|n| n < argc);
        let count = count.filter(fits).ok_or(invalid)?;
        (at + 1..=at + count).map(arg).collect()
    } else {
        let (first, last, step) = command.keys;
        let last = if last < 0 { argc as i32 + last } else { last };
        (first..=last).step_by(step.unsigned_abs() as usize).map(|i| arg(i as usize)).collect()
    };
    let mut reply = ctx.reply();
    reply.array(keys.len());
    keys.iter().for_each(|key| reply.bulk(key));
    Ok(())
}

fn help(ctx: &mut Context<'_>) -> Outcome {
    ctx.help(
        "COMMAND",
        &[
            "(without a subcommand)",
            "    What is known of all commands.",
            "COUNT",
            "    How many commands there are.",
            "DOCS [<name> ...]",
            "    What commands do, for people.",
            "GETKEYS <command> [<arg> ...]",
            "    Which words of a request are keys.",
            "INFO [<name> ...]",
            "    What is known of commands, for programs.",
            "LIST [FILTERBY MODULE <name>|ACLCAT <category>|PATTERN <pattern>]",
            "    The commands' names.",
        ],
    );
    Ok(())
}
