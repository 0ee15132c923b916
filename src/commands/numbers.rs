//! Strings that are numbers.

use super::long_double::LongDouble;
use super::{Command, Context, Flags, Outcome, Refusal};
use crate::store::{Deadline, StringValue, Value};

const FLAGS: Flags = Flags::WRITE.with(Flags::DENYOOM).with(Flags::FAST).with(Flags::STRING);

pub(super) const COMMANDS: &[Command] = &[
    Command::new("incr", 2, FLAGS, |ctx| add(ctx, 1)).keys(1, 1, 1).about(
        "string",
        "1.0.0",
        "Adds one to a number; a missing key counts as zero.",
    ),
    Command::new("decr", 2, FLAGS, |ctx| add(ctx, -1)).keys(1, 1, 1).about(
        "string",
        "1.0.0",
        "Takes one from a number; a missing key counts as zero.",
    ),
    Command::new("incrby", 3, FLAGS, |ctx| add(ctx, ctx.integer(2)?)).keys(1, 1, 1).about(
        "string",
        "1.0.0",
        "Adds an integer to a number.",
    ),
    Command::new("decrby", 3, FLAGS, |ctx| {
        let amount = ctx.integer(2)?;
        add(ctx, amount.checked_neg().ok_or(Refusal::DecrementOverflow)?)
    })
    .keys(1, 1, 1)
    .about("string", "1.0.0", "Takes an integer from a number."),
    Command::new("incrbyfloat", 3, FLAGS, incrbyfloat).keys(1, 1, 1).about(
        "string",
        "2.6.0",
        "Adds a fractional number to a number.",
    ),
];

/// Redis: `incrDecrCommand`, *faithful*: the key keeps its end.
fn add(ctx: &mut Context<'_>, amount: i64) -> Outcome {
    let key = ctx.arg(1);
    let place = ctx.find_string_write(key)?;
    let old = match place.map(|place| ctx.db().value(place)) {
        Some(Value::String(string)) => string.integer().ok_or(Refusal::NotAnInteger)?,
        _ => 0,
    };
    let new = old.checked_add(amount).ok_or(Refusal::IncrementOverflow)?;
    match place {
        Some(place) => ctx.change_string(place, |string| *string = StringValue::from(new)),
        None => {
            ctx.put(key, Value::String(StringValue::from(new)), Deadline::Clear);
        }
    }
    ctx.reply().integer(new);
    Ok(())
}

/// Redis: `incrbyfloatCommand`, *faithful* on x86-64, where `long double` has
/// 64 bits of precision.
fn incrbyfloat(ctx: &mut Context<'_>) -> Outcome {
    let key = ctx.arg(1);
    let place = ctx.find_string_write(key)?;
    let old = match place.map(|place| ctx.db().value(place)) {
        Some(Value::String(string)) => LongDouble::parse(string.bytes(&mut itoa::Buffer::new())),
        _ => LongDouble::parse(b"0"),
    };
    let (old, amount) = old.zip(LongDouble::parse(ctx.arg(2))).ok_or(Refusal::NotAFloat)?;
    let sum = (old + amount).to_text().ok_or(Refusal::NotFinite)?;
    let new = StringValue::text(sum.as_bytes());
    match place {
        Some(place) => ctx.change_string(place, |string| *string = new),
        None => {
            ctx.put(key, Value::String(new), Deadline::Clear);
        }
    }
    ctx.reply().bulk(sum.as_bytes());
    Ok(())
}
