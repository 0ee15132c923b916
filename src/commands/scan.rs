//! SCAN.

use super::{Command, Context, Flags, Outcome, Refusal, glob};

pub(super) const COMMANDS: &[Command] =
    &[Command::new("scan", -2, Flags::READONLY.with(Flags::KEYSPACE), scan)
        .about("generic", "2.8.0", "Answers some keys and where to go on.")
        .complexity("O(1) a call, O(N) for all of N keys")];

/// What is asked for besides the cursor.
struct Filter<'a> {
    pattern: Option<&'a [u8]>,
    kind: Option<&'a [u8]>,
    count: usize,
}

impl<'a> Filter<'a> {
    fn parse(ctx: &Context<'a>) -> Result<Filter<'a>, Refusal> {
        let mut filter = Filter { pattern: None, kind: None, count: 10 };
        for i in (2..ctx.argc()).step_by(2) {
            if ctx.is(i, "novalues") {
                return Err(Refusal::fixed("ERR NOVALUES option can only be used in HSCAN"));
            }
            if i + 1 == ctx.argc() {
                return Err(Refusal::Syntax);
            }
            if ctx.is(i, "count") {
                let count = ctx.integer(i + 1)?;
                filter.count = usize::try_from(count).unwrap_or(0);
                if count < 1 {
                    return Err(Refusal::Syntax);
                }
            } else if ctx.is(i, "match") {
                // A lone star is no pattern: it also finds the empty key.
                filter.pattern = Some(ctx.arg(i + 1)).filter(|pattern| *pattern != b"*");
            } else if ctx.is(i, "type") {
                filter.kind = Some(ctx.arg(i + 1));
            } else {
                return Err(Refusal::Syntax);
            }
        }
        Ok(filter)
    }
}

/// Redis: `scanGenericCommand`, *faithful* in its promise: what is there from
/// the first call to the last is answered at least once.
///
/// The cursor is how many keys are still to be visited, and they are visited
/// from the last to the first. A key that goes is replaced by the last one: if
/// that was still to be visited it moves to where it still is, and if it had
/// been visited it may be met again, which SCAN is allowed to do. New keys
/// come at the end, behind the cursor.
fn scan(ctx: &mut Context<'_>) -> Outcome {
    let cursor = parse_cursor(ctx.arg(1)).ok_or(Refusal::InvalidCursor)?;
    let filter = Filter::parse(ctx)?;
    let now_ms = ctx.now_ms();
    let keys = ctx.db().len();
    let top = match usize::try_from(cursor) {
        Ok(0) | Err(_) => keys,
        Ok(cursor) => cursor.min(keys),
    };
    let bottom = top.saturating_sub(filter.count);
    let mut found = Vec::new();
    for i in (bottom..top).rev() {
        let db = ctx.db();
        let Some(place) = db.nth(i) else { continue };
        if db.has_expired(place, now_ms) {
            ctx.drop_expired(place);
            continue;
        }
        let key = db.key(place);
        let kind = db.value(place).kind().as_bytes();
        if filter.pattern.is_none_or(|pattern| glob::matches(pattern, key))
            && filter.kind.is_none_or(|wanted| wanted.eq_ignore_ascii_case(kind))
        {
            found.push(key.to_vec());
        }
    }
    ctx.work((top - bottom) as u64);
    let mut reply = ctx.reply();
    reply.array(2);
    reply.bulk_display(bottom);
    reply.array(found.len());
    for key in found {
        reply.bulk(&key);
    }
    Ok(())
}

/// Redis: `parseScanCursorOrReply` as it was until 7.2, *faithful* in what C's
/// `strtoul` makes of it: nothing is zero, and what stands behind a minus is
/// counted down from 2^64. Since 7.4 (`string2ull`) neither is a cursor.
fn parse_cursor(text: &[u8]) -> Option<u64> {
    let digits = match text {
        [] => return Some(0),
        [b'-' | b'+', digits @ ..] => digits,
        digits => digits,
    };
    if !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let cursor: u64 = std::str::from_utf8(digits).ok()?.parse().ok()?;
    Some(if text[0] == b'-' { cursor.wrapping_neg() } else { cursor })
}
