//! When keys end: setting it, asking for it, taking it away.

use super::{Command, Context, Flags, Outcome, Refusal, keyword};

const WRITE: Flags = Flags::WRITE.with(Flags::FAST).with(Flags::KEYSPACE);
const READ: Flags = Flags::READONLY.with(Flags::FAST).with(Flags::KEYSPACE);

pub(super) const COMMANDS: &[Command] = &[
    Command::new("expire", -3, WRITE, |ctx| expire(ctx, Clock::InSeconds, "expire"))
        .keys(1, 1, 1)
        .about("generic", "1.0.0", "Lets a key end after some seconds."),
    Command::new("pexpire", -3, WRITE, |ctx| expire(ctx, Clock::InMillis, "pexpire"))
        .keys(1, 1, 1)
        .about("generic", "2.6.0", "Lets a key end after some milliseconds."),
    Command::new("expireat", -3, WRITE, |ctx| expire(ctx, Clock::AtSecond, "expireat"))
        .keys(1, 1, 1)
        .about("generic", "1.2.0", "Lets a key end at a Unix time in seconds."),
    Command::new("pexpireat", -3, WRITE, |ctx| expire(ctx, Clock::AtMilli, "pexpireat"))
        .keys(1, 1, 1)
        .about("generic", "2.6.0", "Lets a key end at a Unix time in milliseconds."),
    Command::new("ttl", 2, READ, |ctx| ttl(ctx, Clock::InSeconds)).keys(1, 1, 1).about(
        "generic",
        "1.0.0",
        "Answers how many seconds a key has left.",
    ),
    Command::new("pttl", 2, READ, |ctx| ttl(ctx, Clock::InMillis)).keys(1, 1, 1).about(
        "generic",
        "2.6.0",
        "Answers how many milliseconds a key has left.",
    ),
    Command::new("expiretime", 2, READ, |ctx| ttl(ctx, Clock::AtSecond)).keys(1, 1, 1).about(
        "generic",
        "7.0.0",
        "Answers the Unix time in seconds at which a key ends.",
    ),
    Command::new("pexpiretime", 2, READ, |ctx| ttl(ctx, Clock::AtMilli)).keys(1, 1, 1).about(
        "generic",
        "7.0.0",
        "Answers the Unix time in milliseconds at which a key ends.",
    ),
    Command::new("persist", 2, WRITE, persist).keys(1, 1, 1).about(
        "generic",
        "2.2.0",
        "Lets a key stay for ever.",
    ),
];

/// How a time is told: from now or from 1970, in seconds or milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Clock {
    InSeconds,
    InMillis,
    AtSecond,
    AtMilli,
}

impl Clock {
    /// As an option of SET and GETEX.
    pub(super) fn of_option(word: &[u8]) -> Option<Clock> {
        match &*keyword(word) {
            "ex" => Some(Clock::InSeconds),
            "px" => Some(Clock::InMillis),
            "exat" => Some(Clock::AtSecond),
            "pxat" => Some(Clock::AtMilli),
            _ => None,
        }
    }

    fn is_relative(self) -> bool {
        matches!(self, Clock::InSeconds | Clock::InMillis)
    }

    fn is_in_seconds(self) -> bool {
        matches!(self, Clock::InSeconds | Clock::AtSecond)
    }

    /// The Unix time in milliseconds that `number` means; `None` if 64 bits
    /// do not hold it.
    fn to_unix_ms(self, number: i64, now_ms: i64) -> Option<i64> {
        let ms = if self.is_in_seconds() { number.checked_mul(1_000)? } else { number };
        if self.is_relative() { ms.checked_add(now_ms) } else { Some(ms) }
    }
}

/// Argument `i` of a command that creates, as a deadline: it must be positive.
///
/// Redis: `getExpireMillisecondsOrReply`, *faithful*.
///
/// # Errors
/// [`Refusal::NotAnInteger`], [`Refusal::InvalidExpireTime`].
pub(super) fn deadline_ms(
    ctx: &Context<'_>,
    i: usize,
    clock: Clock,
    name: &'static str,
) -> Result<i64, Refusal> {
    let number = ctx.integer(i)?;
    Some(number)
        .filter(|number| *number > 0)
        .and_then(|number| clock.to_unix_ms(number, ctx.now_ms()))
        .ok_or(Refusal::InvalidExpireTime(name))
}

/// Whether setting this deadline is the same as deleting the key at once
/// (`checkAlreadyExpired`).
pub(super) fn is_past(ctx: &Context<'_>, at_ms: i64) -> bool {
    at_ms <= ctx.now_ms()
}

/// NX, XX, GT and LT of EXPIRE and its family.
#[derive(Clone, Copy, Debug, Default)]
struct Conditions {
    if_none: bool,
    if_any: bool,
    if_later: bool,
    if_sooner: bool,
}

impl Conditions {
    fn parse(ctx: &Context<'_>, first: usize) -> Result<Conditions, Refusal> {
        let mut conditions = Conditions::default();
        for i in first..ctx.argc() {
            let condition = match &*keyword(ctx.arg(i)) {
                "nx" => &mut conditions.if_none,
                "xx" => &mut conditions.if_any,
                "gt" => &mut conditions.if_later,
                "lt" => &mut conditions.if_sooner,
                _ => return Err(Refusal::quoting("ERR Unsupported option ", ctx.arg(i), "")),
            };
            *condition = true;
        }
        let Conditions { if_none, if_any, if_later, if_sooner } = conditions;
        if if_none && (if_any || if_later || if_sooner) {
            return Err(Refusal::fixed(
                "ERR NX and XX, GT or LT options at the same time are not compatible",
            ));
        }
        if if_later && if_sooner {
            return Err(Refusal::fixed(
                "ERR GT and LT options at the same time are not compatible",
            ));
        }
        Ok(conditions)
    }

    /// A key without an end counts as ending later than any other.
    fn allow(self, current_ms: Option<i64>, at_ms: i64) -> bool {
        let refused = match current_ms {
            Some(current) => {
                self.if_none
                    || (self.if_later && at_ms <= current)
                    || (self.if_sooner && at_ms >= current)
            }
            None => self.if_any || self.if_later,
        };
        !refused
    }
}

/// Redis: `expireGenericCommand`, *faithful*: any integer will do, and a time
/// in the past deletes the key.
fn expire(ctx: &mut Context<'_>, clock: Clock, name: &'static str) -> Outcome {
    let conditions = Conditions::parse(ctx, 3)?;
    let at_ms =
        clock.to_unix_ms(ctx.integer(2)?, ctx.now_ms()).ok_or(Refusal::InvalidExpireTime(name))?;
    let Some(place) = ctx.find_write(ctx.arg(1)) else {
        ctx.reply().integer(0);
        return Ok(());
    };
    let allowed = conditions.allow(ctx.db().deadline_ms(place), at_ms);
    if allowed && is_past(ctx, at_ms) {
        ctx.delete(place);
    } else if allowed {
        ctx.set_deadline(place, Some(at_ms));
    }
    ctx.reply().integer(i64::from(allowed));
    Ok(())
}

/// Redis: `ttlGenericCommand`, *faithful*: -2 without the key, -1 without an
/// end, seconds rounded to the nearest.
fn ttl(ctx: &mut Context<'_>, clock: Clock) -> Outcome {
    let answer = match ctx.find_read(ctx.arg(1)) {
        None => -2,
        Some(place) => match ctx.db().deadline_ms(place) {
            None => -1,
            Some(at_ms) => {
                let from_ms = if clock.is_relative() { ctx.now_ms() } else { 0 };
                let ms = at_ms.saturating_sub(from_ms).max(0);
                if clock.is_in_seconds() { ms / 1_000 + i64::from(ms % 1_000 >= 500) } else { ms }
            }
        },
    };
    ctx.reply().integer(answer);
    Ok(())
}

fn persist(ctx: &mut Context<'_>) -> Outcome {
    let place = ctx.find_write(ctx.arg(1));
    let place = place.filter(|place| ctx.db().deadline_ms(*place).is_some());
    if let Some(place) = place {
        ctx.set_deadline(place, None);
    }
    ctx.reply().integer(i64::from(place.is_some()));
    Ok(())
}
