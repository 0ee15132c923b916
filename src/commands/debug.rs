//! DEBUG: what only a demonstration or a test needs.

use super::{Command, Context, Flags, Outcome, Refusal};
use crate::engine::config::EnableDebug;
use crate::store::{Deadline, StringValue, Value, parse_integer};
use crate::time::Micros;

pub(super) const COMMANDS: &[Command] = &[Command::new(
    "debug",
    -2,
    Flags::ADMIN.and(Flags::NOSCRIPT).and(Flags::LOADING).and(Flags::STALE),
    debug,
)
.about("server", "1.0.0", "Does what only a demonstration or a test needs.")
.complexity("depends on the subcommand")];

/// Redis: `debugCommand`, *simplified* to SLEEP, POPULATE and STRINGMATCH-LEN.
/// Its subcommands are no commands of their own there either.
fn debug(ctx: &mut Context<'_>) -> Outcome {
    if !is_allowed(ctx) {
        return Err(Refusal::fixed(
            "ERR DEBUG command not allowed. If the enable-debug-command option is set to \
             \"local\", you can run it from a local connection, otherwise you need to set this \
             option in the configuration file, and then restart the server.",
        ));
    }
    let argc = ctx.argc();
    match ctx.arg(1).to_ascii_lowercase().as_slice() {
        b"help" if argc == 2 => {
            ctx.help(
                "DEBUG",
                &[
                    "POPULATE <count> [<prefix>] [<size>]",
                    "    Make keys, <prefix>:<number>, that are not there yet.",
                    "SLEEP <seconds>",
                    "    Let the one thread sleep; nobody is served meanwhile.",
                    "STRINGMATCH-LEN <length> <pattern>",
                    "    Match a pattern against that many letters A.",
                ],
            );
            Ok(())
        }
        b"sleep" if argc == 3 => sleep(ctx),
        b"populate" if (3..=5).contains(&argc) => populate(ctx),
        b"stringmatch-len" if argc == 4 => stringmatch(ctx),
        _ => Err(Refusal::quoting(
            "ERR unknown subcommand or wrong number of arguments for '",
            ctx.arg(1),
            "'. Try DEBUG HELP.",
        )),
    }
}

/// Redis: `allowProtectedAction`, *faithful*.
fn is_allowed(ctx: &Context<'_>) -> bool {
    match ctx.server.config.enable_debug_command {
        EnableDebug::Yes => true,
        EnableDebug::No => false,
        EnableDebug::Local => ctx.client().peer.ip().is_loopback(),
    }
}

/// As C's `strtod` has it: what is not a number is no time at all.
fn sleep(ctx: &mut Context<'_>) -> Outcome {
    let text = std::str::from_utf8(ctx.arg(2)).unwrap_or("");
    let seconds: f64 = text.parse().unwrap_or(0.0);
    // The cast saturates: never less than nothing, never more than 584,000 years.
    ctx.sleep = Micros((seconds * 1_000_000.0) as u64);
    ctx.reply().ok();
    Ok(())
}

fn populate(ctx: &mut Context<'_>) -> Outcome {
    let positive = |i: usize| {
        parse_integer(ctx.arg(i)).and_then(|n| u64::try_from(n).ok()).ok_or(Refusal::NotPositive)
    };
    let count = positive(2)?;
    let prefix = if ctx.argc() > 3 { ctx.arg(3) } else { b"key" };
    let size = if ctx.argc() > 4 { Some(positive(4)?) } else { None };
    if size.is_some_and(|size| size > ctx.server.config.proto_max_bulk_len) {
        return Err(Refusal::StringTooLong);
    }
    for n in 0..count {
        let key = [prefix, b":", n.to_string().as_bytes()].concat();
        if ctx.find_write(&key).is_some() {
            continue;
        }
        let mut value = format!("value:{n}").into_bytes();
        if let Some(size) = size {
            value.resize(size as usize, 0);
        }
        ctx.put(&key, Value::String(StringValue::text(&value)), Deadline::Clear);
    }
    ctx.work(count);
    ctx.reply().ok();
    Ok(())
}

fn stringmatch(ctx: &mut Context<'_>) -> Outcome {
    let len = ctx.integer(2)?.clamp(0, 1 << 24);
    let found = super::glob::matches(ctx.arg(3), &b"A".repeat(len as usize));
    ctx.reply().integer(i64::from(found));
    Ok(())
}
