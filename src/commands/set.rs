//! SET, its short forms, and GETEX, which shares its options.

use super::expiry::{Clock, deadline_ms, is_past};
use super::{Command, Context, Flags, Outcome, Refusal};
use crate::store::{Deadline, StringValue, Value};

const WRITE: Flags = Flags::WRITE.with(Flags::DENYOOM).with(Flags::STRING);
const FAST_WRITE: Flags = WRITE.with(Flags::FAST);

pub(super) const COMMANDS: &[Command] = &[
    Command::new("set", -3, WRITE, set).keys(1, 1, 1).about(
        "string",
        "1.0.0",
        "Gives a key a string value, whatever it held, on conditions and for a time if asked.",
    ),
    Command::new("setnx", 3, FAST_WRITE, setnx).keys(1, 1, 1).about(
        "string",
        "1.0.0",
        "Gives a key a string value only if there is no such key.",
    ),
    Command::new("setex", 4, WRITE, setex).keys(1, 1, 1).about(
        "string",
        "2.0.0",
        "Gives a key a string value for some seconds.",
    ),
    Command::new("psetex", 4, WRITE, psetex).keys(1, 1, 1).about(
        "string",
        "2.6.0",
        "Gives a key a string value for some milliseconds.",
    ),
    Command::new("getex", -2, Flags::WRITE.with(Flags::FAST).with(Flags::STRING), getex)
        .keys(1, 1, 1)
        .about("string", "6.2.0", "Answers a string and changes when it ends."),
];

/// When to write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Condition {
    Always,
    IfMissing,
    IfPresent,
}

/// What becomes of the key's end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ttl {
    /// Nothing was said: SET clears it, GETEX leaves it.
    Unsaid,
    Keep,
    Persist,
    /// The position of the number.
    At(Clock, usize),
}

#[derive(Clone, Copy, Debug)]
struct Options {
    condition: Condition,
    get: bool,
    ttl: Ttl,
}

/// Which of the two is asking; some options are only for one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum For {
    Set,
    Getex,
}

impl Options {
    /// Redis: `parseExtendedStringArgumentsOrReply`, *faithful*: an option
    /// may come twice, but not with one that contradicts it.
    fn parse(ctx: &Context<'_>, first: usize, whom: For) -> Result<Options, Refusal> {
        let mut options = Options { condition: Condition::Always, get: false, ttl: Ttl::Unsaid };
        let mut i = first;
        while i < ctx.argc() {
            let is = |word| ctx.is(i, word);
            let set = whom == For::Set;
            if is("nx") && set && options.condition != Condition::IfPresent {
                options.condition = Condition::IfMissing;
            } else if is("xx") && set && options.condition != Condition::IfMissing {
                options.condition = Condition::IfPresent;
            } else if is("get") && set {
                options.get = true;
            } else if is("keepttl") && set && matches!(options.ttl, Ttl::Unsaid | Ttl::Keep) {
                options.ttl = Ttl::Keep;
            } else if is("persist") && !set && matches!(options.ttl, Ttl::Unsaid | Ttl::Persist) {
                options.ttl = Ttl::Persist;
            } else {
                let clock = Clock::of_option(ctx.arg(i)).ok_or(Refusal::Syntax)?;
                let fits = match options.ttl {
                    Ttl::Unsaid => true,
                    Ttl::At(same, _) => same == clock,
                    Ttl::Keep | Ttl::Persist => false,
                };
                i += 1;
                if !fits || i == ctx.argc() {
                    return Err(Refusal::Syntax);
                }
                options.ttl = Ttl::At(clock, i);
            }
            i += 1;
        }
        Ok(options)
    }
}

/// Redis: `setCommand`, *faithful*. The plain form looks for the key once;
/// the options cost a second look.
fn set(ctx: &mut Context<'_>) -> Outcome {
    if ctx.argc() == 3 {
        write(ctx, 2, Deadline::Clear);
        ctx.reply().ok();
        return Ok(());
    }
    let options = Options::parse(ctx, 3, For::Set)?;
    let deadline = match options.ttl {
        Ttl::Keep => Deadline::Keep,
        Ttl::Unsaid | Ttl::Persist => Deadline::Clear,
        Ttl::At(clock, i) => Deadline::At(deadline_ms(ctx, i, clock, "set")?),
    };
    let key = ctx.arg(1);
    if options.get {
        super::strings::reply_string(ctx, key)?;
    }
    let wanted = match options.condition {
        Condition::Always => true,
        Condition::IfMissing => ctx.find_write(key).is_none(),
        Condition::IfPresent => ctx.find_write(key).is_some(),
    };
    if wanted {
        write(ctx, 2, deadline);
    }
    match (options.get, wanted) {
        (true, _) => {}
        (false, true) => ctx.reply().ok(),
        (false, false) => ctx.reply().null(),
    }
    Ok(())
}

#[inline]
fn write(ctx: &mut Context<'_>, value: usize, deadline: Deadline) {
    let value = Value::String(StringValue::new(ctx.arg(value)));
    ctx.put(ctx.arg(1), value, deadline);
}

fn setnx(ctx: &mut Context<'_>) -> Outcome {
    let missing = ctx.find_write(ctx.arg(1)).is_none();
    if missing {
        write(ctx, 2, Deadline::Clear);
    }
    ctx.reply().integer(i64::from(missing));
    Ok(())
}

fn setex(ctx: &mut Context<'_>) -> Outcome {
    let at_ms = deadline_ms(ctx, 2, Clock::InSeconds, "setex")?;
    write(ctx, 3, Deadline::At(at_ms));
    ctx.reply().ok();
    Ok(())
}

fn psetex(ctx: &mut Context<'_>) -> Outcome {
    let at_ms = deadline_ms(ctx, 2, Clock::InMillis, "psetex")?;
    write(ctx, 3, Deadline::At(at_ms));
    ctx.reply().ok();
    Ok(())
}

/// Redis: `getexCommand`, *faithful*: a time in the past deletes the key.
fn getex(ctx: &mut Context<'_>) -> Outcome {
    let options = Options::parse(ctx, 2, For::Getex)?;
    let Some(place) = ctx.find_string_read(ctx.arg(1))? else {
        ctx.reply().null();
        return Ok(());
    };
    let at_ms = match options.ttl {
        Ttl::At(clock, i) => Some(deadline_ms(ctx, i, clock, "getex")?),
        _ => None,
    };
    super::strings::reply_value(ctx, place);
    match at_ms {
        Some(at_ms) if is_past(ctx, at_ms) => {
            ctx.delete(place);
        }
        Some(at_ms) => ctx.set_deadline(place, Some(at_ms)),
        // Without an end nothing changes, and whoever watches has nothing to see.
        None if options.ttl == Ttl::Persist && ctx.db().deadline_ms(place).is_some() => {
            ctx.set_deadline(place, None);
        }
        None => {}
    }
    Ok(())
}
