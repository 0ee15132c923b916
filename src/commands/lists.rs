//! Lists.

use super::{Command, Context, Flags, Outcome, Refusal};
use crate::store::{Deadline, End, List, Value, parse_integer};

const PUSH: Flags = Flags::WRITE.with(Flags::DENYOOM).with(Flags::FAST).with(Flags::LIST);
const POP: Flags = Flags::WRITE.with(Flags::FAST).with(Flags::LIST);
const READ: Flags = Flags::READONLY.with(Flags::LIST);

const PER_ELEMENT: &str = "O(N) with N elements";

pub(super) const COMMANDS: &[Command] = &[
    Command::new("lpush", -3, PUSH, |ctx| push(ctx, End::Front, Missing::Create))
        .keys(1, 1, 1)
        .about("list", "1.0.0", "Puts elements in front of a list, one after the other.")
        .complexity(PER_ELEMENT),
    Command::new("rpush", -3, PUSH, |ctx| push(ctx, End::Back, Missing::Create))
        .keys(1, 1, 1)
        .about("list", "1.0.0", "Puts elements at the end of a list.")
        .complexity(PER_ELEMENT),
    Command::new("lpushx", -3, PUSH, |ctx| push(ctx, End::Front, Missing::Leave))
        .keys(1, 1, 1)
        .about("list", "2.2.0", "Puts elements in front of a list if there is one.")
        .complexity(PER_ELEMENT),
    Command::new("rpushx", -3, PUSH, |ctx| push(ctx, End::Back, Missing::Leave))
        .keys(1, 1, 1)
        .about("list", "2.2.0", "Puts elements at the end of a list if there is one.")
        .complexity(PER_ELEMENT),
    Command::new("lpop", -2, POP, |ctx| pop(ctx, End::Front, "lpop"))
        .keys(1, 1, 1)
        .about("list", "1.0.0", "Takes elements from the front of a list.")
        .complexity(PER_ELEMENT),
    Command::new("rpop", -2, POP, |ctx| pop(ctx, End::Back, "rpop"))
        .keys(1, 1, 1)
        .about("list", "1.0.0", "Takes elements from the end of a list.")
        .complexity(PER_ELEMENT),
    Command::new("llen", 2, READ.with(Flags::FAST), llen).keys(1, 1, 1).about(
        "list",
        "1.0.0",
        "Answers how many elements a list has.",
    ),
    Command::new("lrange", 4, READ, lrange)
        .keys(1, 1, 1)
        .about("list", "1.0.0", "Answers part of a list.")
        .complexity("O(N) with N elements answered"),
    Command::new("lindex", 3, READ, lindex).keys(1, 1, 1).about(
        "list",
        "1.0.0",
        "Answers one element of a list.",
    ),
];

/// What PUSH does without a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Missing {
    Create,
    Leave,
}

fn push(ctx: &mut Context<'_>, end: End, missing: Missing) -> Outcome {
    let key = ctx.arg(1);
    let args = ctx.args;
    let push_all = |list: &mut List| {
        for i in 2..args.len() {
            list.push(end, args.get(i));
        }
        list.len()
    };
    ctx.work(ctx.argc() as u64 - 3);
    let len = match (ctx.find_list_write(key)?, missing) {
        (Some(place), _) => ctx.change_list(place, push_all),
        (None, Missing::Leave) => 0,
        (None, Missing::Create) => {
            let mut list = Box::<List>::default();
            let len = push_all(&mut list);
            ctx.put(key, Value::List(list), Deadline::Clear);
            len
        }
    };
    ctx.reply().integer(len as i64);
    Ok(())
}

/// Redis: `popGenericCommand`, *faithful*: with a count the answer is an
/// array, even an empty one, and without a list a null array.
fn pop(ctx: &mut Context<'_>, end: End, name: &'static str) -> Outcome {
    if ctx.argc() > 3 {
        return Err(Refusal::WrongArity(name));
    }
    let count = match ctx.argc() {
        3 => Some(
            parse_integer(ctx.arg(2))
                .and_then(|count| u64::try_from(count).ok())
                .ok_or(Refusal::NotPositive)?,
        ),
        _ => None,
    };
    let Some(place) = ctx.find_list_write(ctx.arg(1))? else {
        match count {
            Some(_) => ctx.reply().null_array(),
            None => ctx.reply().null(),
        }
        return Ok(());
    };
    let Some(count) = count else {
        let element = ctx.change_list(place, |list| list.pop(end)).expect("no list is empty");
        ctx.reply().bulk(element.bytes(&mut itoa::Buffer::new()));
        return Ok(());
    };
    let len = ctx.db().value(place).size();
    let taken = count.min(len) as usize;
    ctx.reply().array(taken);
    if taken == 0 {
        return Ok(());
    }
    ctx.work(taken as u64 - 1);
    let elements =
        ctx.change_list(place, |list| (0..taken).filter_map(|_| list.pop(end)).collect::<Vec<_>>());
    let mut reply = ctx.reply();
    for element in elements {
        reply.bulk(element.bytes(&mut itoa::Buffer::new()));
    }
    Ok(())
}

fn llen(ctx: &mut Context<'_>) -> Outcome {
    let len = match ctx.find_list_read(ctx.arg(1))? {
        Some(place) => ctx.db().value(place).size(),
        None => 0,
    };
    ctx.reply().integer(len.cast_signed());
    Ok(())
}

fn lrange(ctx: &mut Context<'_>) -> Outcome {
    let (start, end) = (ctx.integer(2)?, ctx.integer(3)?);
    let Some(place) = ctx.find_list_read(ctx.arg(1))? else {
        ctx.reply().array(0);
        return Ok(());
    };
    let range = element_range(start, end, ctx.db().value(place).size());
    ctx.work(range.len() as u64);
    ctx.reply_from(|db, reply| {
        let Value::List(list) = db.value(place) else { unreachable!("looked up as a list") };
        reply.array(range.len());
        let mut digits = itoa::Buffer::new();
        for element in list.range(range.start, range.end) {
            reply.bulk(element.bytes(&mut digits));
        }
    });
    Ok(())
}

/// The elements from `start` to `end`, both included, that exist.
fn element_range(start: i64, end: i64, len: u64) -> std::ops::Range<usize> {
    let len = len.cast_signed();
    let from_front = |at: i64| if at < 0 { at.saturating_add(len) } else { at };
    let start = from_front(start).max(0);
    let end = from_front(end).min(len - 1);
    // Both are positions of elements in memory, unless there is nothing.
    if start > end { 0..0 } else { start as usize..end as usize + 1 }
}

fn lindex(ctx: &mut Context<'_>) -> Outcome {
    // Redis looks at the key first: without it, any index will do.
    let Some(place) = ctx.find_list_read(ctx.arg(1))? else {
        ctx.reply().null();
        return Ok(());
    };
    let index = ctx.integer(2)?;
    let len = ctx.db().value(place).size().cast_signed();
    let index = if index < 0 { index.saturating_add(len) } else { index };
    ctx.reply_from(|db, reply| {
        let Value::List(list) = db.value(place) else { unreachable!("looked up as a list") };
        match usize::try_from(index).ok().and_then(|index| list.get(index)) {
            Some(element) => reply.bulk(element.bytes(&mut itoa::Buffer::new())),
            None => reply.null(),
        }
    });
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::element_range;

    #[test]
    fn ranges_are_cut_to_what_exists() {
        assert_eq!(element_range(0, -1, 3), 0..3);
        assert_eq!(element_range(-10, -9, 3), 0..0);
        assert_eq!(element_range(0, -4, 3), 0..0);
        assert_eq!(element_range(-100, 100, 3), 0..3);
        assert_eq!(element_range(2, 1, 3), 0..0);
        assert_eq!(element_range(i64::MIN, i64::MAX, 3), 0..3);
        assert_eq!(element_range(i64::MAX, i64::MIN, 3), 0..0);
    }
}
