//! DEBUG: what only a demonstration or a test needs.

use super::long_double::LongDouble;
use super::{Command, Context, Flags, Outcome, Refusal, keyword};
use crate::engine::KEYS_CAP;
use crate::engine::config::EnableDebug;
use crate::store::{Db, Deadline, StringValue, Value, parse_integer};
use crate::time::Micros;

pub(super) const COMMANDS: &[Command] = &[Command::new(
    "debug",
    -2,
    Flags::ADMIN.with(Flags::NOSCRIPT).with(Flags::LOADING).with(Flags::STALE),
    debug,
)
.about("server", "1.0.0", "Does what only a demonstration or a test needs.")
.complexity("depends on the subcommand")];

/// Redis: `debugCommand`, *simplified* to what tests of clients and of the loop
/// need. Its subcommands are no commands of their own there either. *Omitted*:
/// what crashes on purpose, what belongs to persistence, and REPLYBUFFER and
/// CLIENT-EVICTION, since no idle client has a buffer that could be resized.
fn debug(ctx: &mut Context<'_>) -> Outcome {
    if !is_allowed(ctx) {
        return Err(Refusal::fixed(
            "ERR DEBUG command not allowed. If the enable-debug-command option is set to \
             \"local\", you can run it from a local connection, otherwise you need to set this \
             option in the configuration file, and then restart the server.",
        ));
    }
    let argc = ctx.argc();
    match &*keyword(ctx.arg(1)) {
        "help" if argc == 2 => {
            ctx.help(
                "DEBUG",
                &[
                    "ERROR <text>",
                    "    Answer with an error.",
                    "PAUSE-CRON 0|1",
                    "    Let the timer ring in vain.",
                    "POPULATE <count> [<prefix>] [<size>]",
                    "    Make keys, <prefix>:<number>, that are not there yet.",
                    "PROTOCOL <type>",
                    "    Answer with a specimen: string, integer, double, bignum, null, array,",
                    "    set, map, attrib, push, verbatim, true, false.",
                    "SET-ACTIVE-EXPIRE 0|1",
                    "    Whether keys end although nobody asks for them.",
                    "SLEEP <seconds>",
                    "    Let the one thread sleep; nobody is served meanwhile.",
                ],
            );
            Ok(())
        }
        "sleep" if argc == 3 => sleep(ctx),
        "populate" if (3..=5).contains(&argc) => populate(ctx),
        "protocol" if argc == 3 => protocol(ctx),
        "error" if argc == 3 => {
            let text = ctx.arg(2);
            ctx.reply().error_uncounted(text);
            Ok(())
        }
        "set-active-expire" if argc == 3 => {
            ctx.server.debug.no_active_expire = !is_on(ctx);
            ctx.reply().ok();
            Ok(())
        }
        "pause-cron" if argc == 3 => {
            ctx.server.debug.pause_cron = is_on(ctx);
            ctx.reply().ok();
            Ok(())
        }
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

/// As C's `atoi` has it: what is not a number is zero.
fn is_on(ctx: &Context<'_>) -> bool {
    parse_integer(ctx.arg(2)).is_some_and(|number| number != 0)
}

/// One reply of each kind, for whoever writes a decoder. The specimens are
/// Redis's.
fn protocol(ctx: &mut Context<'_>) -> Outcome {
    const BIG: &[u8] = b"1234567999999999999999999999999999999";
    let resp3 = ctx.client().resp == 3;
    let wanted = keyword(ctx.arg(2));
    let mut reply = ctx.reply();
    match &*wanted {
        "string" => reply.bulk(b"Hello World"),
        "integer" => reply.integer(12_345),
        "double" => reply.double_of(b"3.141"),
        "bignum" if resp3 => reply.shared(b"(1234567999999999999999999999999999999\r\n"),
        "bignum" => reply.bulk(BIG),
        "null" => reply.null(),
        "array" | "set" => {
            if wanted == "set" {
                reply.set(3)
            } else {
                reply.array(3)
            }
            (0..3).for_each(|n| reply.integer(n));
        }
        "map" => {
            reply.map(3);
            for n in 0..3 {
                reply.integer(n);
                reply.boolean(n == 1);
            }
        }
        "attrib" => {
            if resp3 {
                reply.shared(b"|1\r\n$14\r\nkey-popularity\r\n*2\r\n$7\r\nkey:123\r\n:90\r\n");
            }
            reply.bulk(b"Some real reply following the attribute");
        }
        "push" if resp3 => {
            reply.push(2);
            reply.bulk(b"server-cpu-usage");
            reply.integer(42);
            reply.bulk(b"Some real reply following the push reply");
        }
        "push" => return Err(Refusal::fixed("ERR RESP2 is not supported by this command")),
        "verbatim" => reply.verbatim(*b"txt", b"This is a verbatim\nstring"),
        "true" => reply.boolean(true),
        "false" => reply.boolean(false),
        _ => {
            return Err(Refusal::fixed(
                "ERR Wrong protocol type name. Please use one of the following: \
                 string|integer|double|bignum|null|array|set|map|attrib|push|verbatim|true|false",
            ));
        }
    }
    Ok(())
}

/// As C's `strtod` has it: what is not a number is no time at all.
fn sleep(ctx: &mut Context<'_>) -> Outcome {
    let micros = LongDouble::parse(ctx.arg(2)).and_then(|seconds| seconds.times_up(1_000_000));
    ctx.sleep = Micros(micros.and_then(|micros| u64::try_from(micros).ok()).unwrap_or(0));
    ctx.reply().ok();
    Ok(())
}

/// A million keys are no million facts: the last are stated, as many as stand
/// for a database elsewhere, and of those before them how many.
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
    let (size, brief) = (size.map(usize::try_from), count.saturating_sub(KEYS_CAP as u64));
    let size = size.transpose().map_err(|_| Refusal::StringTooLong)?;
    let more = usize::try_from(count).map(|count| count.saturating_sub(ctx.db().len()));
    if !more.is_ok_and(Db::has_room_for) {
        return Err(Refusal::fixed("ERR OOM in dictTryExpand"));
    }
    ctx.is_brief = brief > 0;
    let made = (0..count).try_for_each(|n| {
        if n == brief && ctx.is_brief {
            ctx.is_brief = false;
            ctx.state_keys();
        }
        make(ctx, prefix, n, size)
    });
    if ctx.is_brief {
        ctx.state_keys();
    }
    made?;
    ctx.work(count);
    ctx.reply().ok();
    Ok(())
}

fn make(ctx: &mut Context<'_>, prefix: &[u8], n: u64, size: Option<usize>) -> Outcome {
    let key = [prefix, b":", n.to_string().as_bytes()].concat();
    if ctx.find_write(&key).is_some() {
        return Ok(());
    }
    let mut value = format!("value:{n}").into_bytes();
    if let Some(size) = size {
        // A limit may allow more than there is.
        value.try_reserve(size).map_err(|_| Refusal::StringTooLong)?;
        value.resize(size, 0);
    }
    ctx.put(&key, Value::String(StringValue::text(&value)), Deadline::Clear);
    Ok(())
}
