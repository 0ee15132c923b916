//! How long a command waits, and who puts an end to it: timeouts, CLIENT
//! UNBLOCK, CLIENT PAUSE.

use super::long_double::LongDouble;
use super::{Context, Outcome, Refusal};
use crate::event::{ClientId, PauseScope, UnblockReason};
use crate::store::parse_integer;
use crate::time::Micros;

const OUT_OF_RANGE: Refusal = Refusal::fixed("ERR timeout is out of range");
const NEGATIVE: Refusal = Refusal::fixed("ERR timeout is negative");

/// A timeout in seconds, as a point of the loop's time; `None` is for ever.
/// What is less than a millisecond counts as one.
///
/// Redis: `getTimeoutFromObjectOrReply`, *faithful*.
///
/// # Errors
/// Its four.
pub(super) fn deadline(ctx: &Context<'_>, i: usize) -> Result<Option<Micros>, Refusal> {
    let seconds = LongDouble::parse(ctx.arg(i))
        .ok_or(Refusal::fixed("ERR timeout is not a float or out of range"))?;
    // Minus infinity is just negative there, too.
    let beyond = if ctx.arg(i).starts_with(b"-") { NEGATIVE } else { OUT_OF_RANGE };
    match seconds.times_up(1_000).ok_or(beyond)? {
        0 => Ok(None),
        ms => until(ctx, ms).map(Some),
    }
}

/// So many milliseconds from now.
fn until(ctx: &Context<'_>, ms: i64) -> Result<Micros, Refusal> {
    let ms = u64::try_from(ms).map_err(|_| NEGATIVE)?;
    // As there, the sum is one of wall clock milliseconds.
    let fits = ms.checked_add(ctx.unix_ms()).is_some_and(|sum| i64::try_from(sum).is_ok());
    if !fits {
        return Err(OUT_OF_RANGE);
    }
    Ok(ctx.server.now.saturating_add(Micros(ms.saturating_mul(1_000))))
}

/// Redis: the UNBLOCK part of `clientCommand`, *faithful*.
pub(super) fn client_unblock(ctx: &mut Context<'_>) -> Outcome {
    let why = match ctx.argc() {
        3 => UnblockReason::Timeout,
        4 if ctx.is(3, "timeout") => UnblockReason::Timeout,
        4 if ctx.is(3, "error") => UnblockReason::Error,
        4 => {
            return Err(Refusal::fixed("ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR"));
        }
        _ => return Err(Refusal::unknown_subcommand("CLIENT", ctx.arg(1))),
    };
    let id = ClientId(ctx.integer(2)?.cast_unsigned());
    let target = ctx.server.clients.find(id);
    let unblocked = target.is_some_and(|slot| ctx.server.unblock_unserved(slot, why));
    ctx.reply().integer(i64::from(unblocked));
    Ok(())
}

/// Redis: the PAUSE part of `clientCommand`, *faithful*.
pub(super) fn client_pause(ctx: &mut Context<'_>) -> Outcome {
    let scope = match ctx.argc() {
        3 => PauseScope::All,
        4 if ctx.is(3, "write") => PauseScope::Write,
        4 if ctx.is(3, "all") => PauseScope::All,
        4 => return Err(Refusal::fixed("ERR CLIENT PAUSE mode must be WRITE or ALL")),
        _ => return Err(Refusal::unknown_subcommand("CLIENT", ctx.arg(1))),
    };
    let ms = parse_integer(ctx.arg(2))
        .ok_or(Refusal::fixed("ERR timeout is not an integer or out of range"))?;
    let until = until(ctx, ms)?;
    ctx.server.pause_clients(scope, until);
    ctx.reply().ok();
    Ok(())
}

pub(super) fn client_unpause(ctx: &mut Context<'_>) -> Outcome {
    ctx.server.unpause_clients();
    ctx.reply().ok();
    Ok(())
}
