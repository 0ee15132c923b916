//! Strings: reading, replacing, changing in place.

use super::{Command, Context, Flags, Outcome, Refusal};
use crate::store::{Deadline, Place, StringValue, Value};

const READ: Flags = Flags::READONLY.with(Flags::STRING);
const FAST_READ: Flags = READ.with(Flags::FAST);
const WRITE: Flags = Flags::WRITE.with(Flags::DENYOOM).with(Flags::STRING);
const FAST_WRITE: Flags = WRITE.with(Flags::FAST);

pub(super) const COMMANDS: &[Command] = &[
    Command::new("get", 2, FAST_READ, get).keys(1, 1, 1).about(
        "string",
        "1.0.0",
        "Answers the string that a key holds.",
    ),
    Command::new("getset", 3, FAST_WRITE, getset).keys(1, 1, 1).about(
        "string",
        "1.0.0",
        "Answers the string that a key holds and gives it another.",
    ),
    Command::new("getdel", 2, Flags::WRITE.with(Flags::FAST).with(Flags::STRING), getdel)
        .keys(1, 1, 1)
        .about("string", "6.2.0", "Answers the string that a key holds and deletes the key."),
    Command::new("mget", -2, FAST_READ, mget)
        .keys(1, -1, 1)
        .about("string", "1.0.0", "Answers the strings of several keys.")
        .complexity("O(N) with N keys"),
    Command::new("mset", -3, WRITE, mset)
        .keys(1, -1, 2)
        .about("string", "1.0.1", "Gives several keys their string values.")
        .complexity("O(N) with N keys"),
    Command::new("msetnx", -3, WRITE, msetnx)
        .keys(1, -1, 2)
        .about("string", "1.0.1", "Gives several keys their values, but only if none exists.")
        .complexity("O(N) with N keys"),
    Command::new("append", 3, FAST_WRITE, append).keys(1, 1, 1).about(
        "string",
        "2.0.0",
        "Adds to the end of a string; makes the key if need be.",
    ),
    Command::new("strlen", 2, FAST_READ, strlen).keys(1, 1, 1).about(
        "string",
        "2.2.0",
        "Answers a string's length in bytes.",
    ),
    Command::new("getrange", 4, READ, getrange)
        .keys(1, 1, 1)
        .about("string", "2.4.0", "Answers part of a string.")
        .complexity("O(N) with N bytes answered"),
    Command::new("substr", 4, READ, getrange)
        .keys(1, 1, 1)
        .about("string", "1.0.0", "Answers part of a string; GETRANGE under its old name.")
        .complexity("O(N) with N bytes answered"),
    Command::new("setrange", 4, WRITE, setrange)
        .keys(1, 1, 1)
        .about("string", "2.2.0", "Overwrites part of a string, which grows as needed.")
        .complexity("O(N) with N bytes written"),
];

/// Answers a string that was looked up.
#[inline]
pub(super) fn reply_value(ctx: &mut Context<'_>, place: Place) {
    ctx.reply_from(|db, reply| match db.value(place) {
        Value::String(string) => reply.bulk(string.bytes(&mut itoa::Buffer::new())),
        Value::List(_) => unreachable!("looked up as a string"),
    });
}

/// Answers the string of a key, or null; where it is.
///
/// Redis: `getGenericCommand`, *faithful*.
#[inline]
pub(super) fn reply_string(ctx: &mut Context<'_>, key: &[u8]) -> Result<Option<Place>, Refusal> {
    let place = ctx.find_string_read(key)?;
    match place {
        Some(place) => reply_value(ctx, place),
        None => ctx.reply().null(),
    }
    Ok(place)
}

fn get(ctx: &mut Context<'_>) -> Outcome {
    reply_string(ctx, ctx.arg(1)).map(|_| ())
}

fn getset(ctx: &mut Context<'_>) -> Outcome {
    reply_string(ctx, ctx.arg(1))?;
    ctx.put(ctx.arg(1), Value::String(StringValue::new(ctx.arg(2))), Deadline::Clear);
    Ok(())
}

fn getdel(ctx: &mut Context<'_>) -> Outcome {
    if let Some(place) = reply_string(ctx, ctx.arg(1))? {
        ctx.delete(place);
    }
    Ok(())
}

/// A key that holds something else counts as missing.
fn mget(ctx: &mut Context<'_>) -> Outcome {
    let keys = ctx.argc() - 1;
    ctx.work(keys as u64 - 1);
    ctx.reply().array(keys);
    for i in 1..=keys {
        match ctx.find_read(ctx.arg(i)) {
            Some(place) => ctx.reply_from(|db, reply| match db.value(place) {
                Value::String(string) => reply.bulk(string.bytes(&mut itoa::Buffer::new())),
                Value::List(_) => reply.null(),
            }),
            None => ctx.reply().null(),
        }
    }
    Ok(())
}

fn mset(ctx: &mut Context<'_>) -> Outcome {
    must_be_pairs(ctx, "mset")?;
    put_pairs(ctx);
    ctx.reply().ok();
    Ok(())
}

fn msetnx(ctx: &mut Context<'_>) -> Outcome {
    must_be_pairs(ctx, "msetnx")?;
    for i in (1..ctx.argc()).step_by(2) {
        if ctx.find_write(ctx.arg(i)).is_some() {
            ctx.reply().integer(0);
            return Ok(());
        }
    }
    put_pairs(ctx);
    ctx.reply().integer(1);
    Ok(())
}

fn must_be_pairs(ctx: &Context<'_>, name: &'static str) -> Outcome {
    if ctx.argc().is_multiple_of(2) { Err(Refusal::WrongArity(name)) } else { Ok(()) }
}

fn put_pairs(ctx: &mut Context<'_>) {
    ctx.work(ctx.argc() as u64 / 2 - 1);
    for i in (1..ctx.argc()).step_by(2) {
        ctx.put(ctx.arg(i), Value::String(StringValue::new(ctx.arg(i + 1))), Deadline::Clear);
    }
}

/// Refuses a string that would be longer than a request could carry it.
///
/// Redis: `checkStringLength`, *faithful*; the sum is checked, too.
fn check_length(ctx: &Context<'_>, bytes: u64, more: u64) -> Outcome {
    match bytes.checked_add(more) {
        Some(sum) if sum <= ctx.server.config.proto_max_bulk_len => Ok(()),
        _ => Err(Refusal::StringTooLong),
    }
}

fn length(ctx: &mut Context<'_>, place: Place) -> u64 {
    ctx.db().value(place).size()
}

fn append(ctx: &mut Context<'_>) -> Outcome {
    let (key, more) = (ctx.arg(1), ctx.arg(2));
    let len = match ctx.find_string_write(key)? {
        None => {
            ctx.put(key, Value::String(StringValue::new(more)), Deadline::Clear);
            more.len()
        }
        Some(place) => {
            let len = length(ctx, place);
            check_length(ctx, len, more.len() as u64)?;
            ctx.change_string(place, |string| {
                let bytes = string.growing();
                bytes.extend_from_slice(more);
                bytes.len()
            })
        }
    };
    ctx.reply().integer(len as i64);
    Ok(())
}

fn strlen(ctx: &mut Context<'_>) -> Outcome {
    let len = match ctx.find_string_read(ctx.arg(1))? {
        Some(place) => length(ctx, place),
        None => 0,
    };
    ctx.reply().integer(len.cast_signed());
    Ok(())
}

fn getrange(ctx: &mut Context<'_>) -> Outcome {
    let (start, end) = (ctx.integer(2)?, ctx.integer(3)?);
    let Some(place) = ctx.find_string_read(ctx.arg(1))? else {
        ctx.reply().bulk(b"");
        return Ok(());
    };
    let range = byte_range(start, end, length(ctx, place));
    ctx.work((range.end - range.start) as u64 / 1024);
    ctx.reply_from(|db, reply| match db.value(place) {
        Value::String(string) => reply.bulk(&string.bytes(&mut itoa::Buffer::new())[range]),
        Value::List(_) => unreachable!("looked up as a string"),
    });
    Ok(())
}

/// The bytes from `start` to `end`, both included, negative ones counted from
/// the end.
///
/// Redis: `getrangeCommand`, *faithful*, with its quirk: an end before the
/// first byte means the first byte, not nothing.
fn byte_range(start: i64, end: i64, len: u64) -> std::ops::Range<usize> {
    if start < 0 && end < 0 && start > end {
        return 0..0;
    }
    let len = len.cast_signed();
    let clamp = |at: i64| if at < 0 { at.saturating_add(len).max(0) } else { at };
    let (start, end) = (clamp(start), clamp(end).min(len - 1));
    if start > end {
        return 0..0;
    }
    // Both are positions of bytes in memory now.
    start as usize..end as usize + 1
}

/// Redis: `setrangeCommand`, *faithful*: the gap is filled with zeros, and
/// nothing to write creates nothing.
fn setrange(ctx: &mut Context<'_>) -> Outcome {
    let (key, patch) = (ctx.arg(1), ctx.arg(3));
    let offset = u64::try_from(ctx.integer(2)?).map_err(|_| Refusal::OffsetOutOfRange)?;
    let place = ctx.find_string_write(key)?;
    if patch.is_empty() {
        let len = place.map_or(0, |place| length(ctx, place));
        ctx.reply().integer(len.cast_signed());
        return Ok(());
    }
    check_length(ctx, offset, patch.len() as u64)?;
    let start = usize::try_from(offset).map_err(|_| Refusal::StringTooLong)?;
    let overwrite = |string: &mut StringValue| {
        let bytes = string.growing();
        let end = start + patch.len();
        if bytes.len() < end {
            // The limit may allow more than there is.
            bytes.try_reserve(end - bytes.len()).map_err(|_| Refusal::StringTooLong)?;
            bytes.resize(end, 0);
        }
        bytes[start..end].copy_from_slice(patch);
        Ok(bytes.len())
    };
    let len = match place {
        Some(place) => ctx.change_string(place, overwrite)?,
        None => {
            let mut string = StringValue::text(b"");
            let len = overwrite(&mut string)?;
            ctx.put(key, Value::String(string), Deadline::Clear);
            len
        }
    };
    ctx.reply().integer(len as i64);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::byte_range;

    #[test]
    fn ranges_are_cut_to_what_exists() {
        assert_eq!(byte_range(0, -1, 5), 0..5);
        assert_eq!(byte_range(-3, -2, 5), 2..4);
        assert_eq!(byte_range(-100, 1, 5), 0..2);
        assert_eq!(byte_range(3, 1, 5), 0..0);
        assert_eq!(byte_range(5, 9, 5), 0..0);
        assert_eq!(byte_range(i64::MIN, i64::MAX, 5), 0..5);
        assert_eq!(byte_range(i64::MAX, i64::MIN, 5), 0..0);
        assert_eq!(byte_range(0, 0, 0), 0..0);
        assert_eq!(byte_range(-10, -9, 5), 0..1);
        assert_eq!(byte_range(0, -6, 5), 0..1);
        assert_eq!(byte_range(-9, -10, 5), 0..0);
    }
}
