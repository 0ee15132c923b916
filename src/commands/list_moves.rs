//! Lists: from one to another, from the first of many; and waiting for one.

use super::waiting::deadline;
use super::{Command, Context, Flags, Outcome, Refusal};
use crate::store::{Deadline, End, List, Place, StringValue, Value, parse_integer};

const MOVE: Flags = Flags::WRITE.with(Flags::DENYOOM).with(Flags::LIST);
const POP: Flags = Flags::WRITE.with(Flags::LIST);
const WAIT: Flags = Flags::BLOCKING;

const PER_KEY: &str = "O(N) with N keys";
const PER_KEY_AND_ELEMENT: &str = "O(N+M) with N keys and M elements taken";

pub(super) const COMMANDS: &[Command] = &[
    Command::new("rpoplpush", 3, MOVE, |ctx| move_element(ctx, End::Back, End::Front))
        .keys(1, 2, 1)
        .about(
            "list",
            "1.2.0",
            "Takes the last element of a list and puts it in front of another.",
        ),
    Command::new("lmove", 5, MOVE, |ctx| {
        let (from, to) = (end(ctx, 3)?, end(ctx, 4)?);
        move_element(ctx, from, to)
    })
    .keys(1, 2, 1)
    .about(
        "list",
        "6.2.0",
        "Takes an element from one end of a list and puts it at one of another.",
    ),
    Command::new("lmpop", -4, POP.with(Flags::MOVABLEKEYS), |ctx| pop_many(ctx, None))
        .about("list", "7.0.0", "Takes elements from the first list that has any.")
        .complexity(PER_KEY_AND_ELEMENT),
    Command::new("blpop", -3, POP.with(WAIT), |ctx| blocking_pop(ctx, End::Front))
        .keys(1, -2, 1)
        .about("list", "2.0.0", "Takes the first element of a list, or waits for one.")
        .complexity(PER_KEY),
    Command::new("brpop", -3, POP.with(WAIT), |ctx| blocking_pop(ctx, End::Back))
        .keys(1, -2, 1)
        .about("list", "2.0.0", "Takes the last element of a list, or waits for one.")
        .complexity(PER_KEY),
    Command::new("brpoplpush", 4, MOVE.with(WAIT), |ctx| {
        let until = deadline(ctx, 3)?;
        blocking_move(ctx, End::Back, End::Front, until)
    })
    .keys(1, 2, 1)
    .about("list", "2.2.0", "Does RPOPLPUSH, or waits for an element."),
    Command::new("blmove", 6, MOVE.with(WAIT), |ctx| {
        let (from, to) = (end(ctx, 3)?, end(ctx, 4)?);
        let until = deadline(ctx, 5)?;
        blocking_move(ctx, from, to, until)
    })
    .keys(1, 2, 1)
    .about("list", "6.2.0", "Does LMOVE, or waits for an element."),
    Command::new("blmpop", -5, POP.with(WAIT).with(Flags::MOVABLEKEYS), |ctx| {
        pop_many(ctx, Some(1))
    })
    .about("list", "7.0.0", "Does LMPOP, or waits for an element.")
    .complexity(PER_KEY_AND_ELEMENT),
];

/// `LEFT` or `RIGHT` (`getListPositionFromObjectOrReply`).
fn end(ctx: &Context<'_>, i: usize) -> Result<End, Refusal> {
    if ctx.is(i, "left") {
        Ok(End::Front)
    } else if ctx.is(i, "right") {
        Ok(End::Back)
    } else {
        Err(Refusal::Syntax)
    }
}

fn reply_element(ctx: &mut Context<'_>, element: &StringValue) {
    ctx.reply().bulk(element.bytes(&mut itoa::Buffer::new()));
}

/// Redis: `lmoveGenericCommand`, *faithful*: nothing is taken unless it can be
/// put.
fn move_element(ctx: &mut Context<'_>, from: End, to: End) -> Outcome {
    let (source, target) = (ctx.arg(1), ctx.arg(2));
    if ctx.find_list_write(source)?.is_none() {
        ctx.reply().null();
        return Ok(());
    }
    ctx.find_list_write(target)?;
    // Looked up again: a target that had ended may have moved it.
    let place = ctx.db().find(source).expect("it is still there");
    if source == target {
        // At once, or a list of one element would end and lose its deadline.
        let element = ctx.change_list(place, |list| {
            let element = list.pop(from).expect("no list is empty");
            list.push(to, element.bytes(&mut itoa::Buffer::new()));
            element
        });
        reply_element(ctx, &element);
        return Ok(());
    }
    let element = ctx.change_list(place, |list| list.pop(from)).expect("no list is empty");
    let mut digits = itoa::Buffer::new();
    let bytes = element.bytes(&mut digits);
    match ctx.db().find(target) {
        Some(place) => ctx.change_list(place, |list| list.push(to, bytes)),
        None => {
            let mut list = Box::<List>::default();
            list.push(to, bytes);
            ctx.put(target, Value::List(list), Deadline::Clear);
        }
    }
    reply_element(ctx, &element);
    Ok(())
}

/// Redis: `blmoveGenericCommand`, *faithful*: where waiting is not allowed a
/// missing list is a null.
fn blocking_move(
    ctx: &mut Context<'_>,
    from: End,
    to: End,
    until: Option<crate::time::Micros>,
) -> Outcome {
    let source = ctx.arg(1);
    if ctx.find_list_write(source)?.is_some() {
        return move_element(ctx, from, to);
    }
    if ctx.denies_blocking() {
        ctx.reply().null();
    } else {
        ctx.block_for_keys(&[source], until);
    }
    Ok(())
}

/// Redis: `blockingPopGenericCommand`, *faithful*: the first list that is
/// there, in the order asked for; else all are waited for.
fn blocking_pop(ctx: &mut Context<'_>, end: End) -> Outcome {
    let last = ctx.argc() - 1;
    let until = deadline(ctx, last)?;
    let keys: Vec<&[u8]> = (1..last).map(|i| ctx.arg(i)).collect();
    ctx.work(keys.len() as u64 - 1);
    match first_list(ctx, &keys)? {
        Some((key, place)) => {
            let element = ctx.change_list(place, |list| list.pop(end)).expect("no list is empty");
            let mut reply = ctx.reply();
            reply.array(2);
            reply.bulk(key);
            reply.bulk(element.bytes(&mut itoa::Buffer::new()));
        }
        None if ctx.denies_blocking() => ctx.reply().null_array(),
        None => ctx.block_for_keys(&keys, until),
    }
    Ok(())
}

/// # Errors
/// [`Refusal::WrongType`] if a key before it holds something else.
fn first_list<'k>(
    ctx: &mut Context<'_>,
    keys: &[&'k [u8]],
) -> Result<Option<(&'k [u8], Place)>, Refusal> {
    for key in keys {
        if let Some(place) = ctx.find_list_write(key)? {
            return Ok(Some((key, place)));
        }
    }
    Ok(None)
}

/// Redis: `lmpopGenericCommand`, *faithful*. BLMPOP has its timeout in front.
fn pop_many(ctx: &mut Context<'_>, timeout: Option<usize>) -> Outcome {
    let numkeys_at = timeout.map_or(1, |at| at + 1);
    let positive = |i: usize, refusal| {
        let number = parse_integer(ctx.arg(i)).and_then(|n| u64::try_from(n).ok());
        number.filter(|n| *n > 0).ok_or(Refusal::fixed(refusal))
    };
    let numkeys = positive(numkeys_at, "ERR numkeys should be greater than 0")?;
    let keys_at = numkeys_at + 1;
    // Where the keys end, if there are so many words at all.
    let left = (ctx.argc() - keys_at) as u64;
    if numkeys >= left {
        return Err(Refusal::Syntax);
    }
    let end_at = keys_at + numkeys as usize;
    let end = end(ctx, end_at)?;
    let mut count = None;
    let mut i = end_at + 1;
    while i < ctx.argc() {
        if count.is_some() || !ctx.is(i, "count") || i + 1 == ctx.argc() {
            return Err(Refusal::Syntax);
        }
        count = Some(positive(i + 1, "ERR count should be greater than 0")?);
        i += 2;
    }
    let count = count.unwrap_or(1);
    let until = match timeout {
        Some(at) => deadline(ctx, at)?,
        None => None,
    };
    let keys: Vec<&[u8]> = (keys_at..end_at).map(|i| ctx.arg(i)).collect();
    ctx.work(keys.len() as u64 - 1);
    match first_list(ctx, &keys)? {
        Some((key, place)) => pop_from(ctx, key, place, end, count),
        None if timeout.is_none() || ctx.denies_blocking() => ctx.reply().null_array(),
        None => ctx.block_for_keys(&keys, until),
    }
    Ok(())
}

fn pop_from(ctx: &mut Context<'_>, key: &[u8], place: Place, end: End, count: u64) {
    let taken = count.min(ctx.db().value(place).size());
    ctx.work(taken);
    let elements: Vec<StringValue> =
        ctx.change_list(place, |list| (0..taken).filter_map(|_| list.pop(end)).collect());
    let mut reply = ctx.reply();
    reply.array(2);
    reply.bulk(key);
    reply.array(elements.len());
    for element in &elements {
        reply.bulk(element.bytes(&mut itoa::Buffer::new()));
    }
}
