//! Keys, whatever they hold.

use super::{Command, Context, Flags, Outcome, Refusal, glob};
use crate::event::Event;
use crate::store::Deadline;

const WRITE: Flags = Flags::WRITE.with(Flags::KEYSPACE);
const READ: Flags = Flags::READONLY.with(Flags::KEYSPACE);
const FAST: Flags = Flags::FAST;

pub(super) const COMMANDS: &[Command] = &[
    Command::new("del", -2, WRITE, del)
        .keys(1, -1, 1)
        .about("generic", "1.0.0", "Deletes keys; answers how many there were.")
        .complexity("O(N) with N keys, and the elements of those that are lists"),
    Command::new("unlink", -2, WRITE.with(FAST), del)
        .keys(1, -1, 1)
        .about("generic", "4.0.0", "Deletes keys; here the same as DEL, for want of a thread.")
        .complexity("O(N) with N keys, and the elements of those that are lists"),
    Command::new("exists", -2, READ.with(FAST), exists)
        .keys(1, -1, 1)
        .about("generic", "1.0.0", "Answers how many of the keys exist.")
        .complexity("O(N) with N keys"),
    Command::new("type", 2, READ.with(FAST), kind).keys(1, 1, 1).about(
        "generic",
        "1.0.0",
        "Answers what kind of value a key holds.",
    ),
    Command::new("keys", 2, READ.with(Flags::DANGEROUS), keys)
        .about("generic", "1.0.0", "Answers all keys that match a pattern.")
        .complexity("O(N) with N keys in the database"),
    Command::new("randomkey", 1, READ, randomkey).about("generic", "1.0.0", "Answers any one key."),
    Command::new("rename", 3, WRITE, rename).keys(1, 2, 1).about(
        "generic",
        "1.0.0",
        "Gives a key another name, over whatever had it.",
    ),
    Command::new("renamenx", 3, WRITE.with(FAST), renamenx).keys(1, 2, 1).about(
        "generic",
        "1.0.0",
        "Gives a key another name if that is free.",
    ),
    Command::new("dbsize", 1, READ.with(FAST), dbsize).about(
        "server",
        "1.0.0",
        "Answers how many keys the database has.",
    ),
    Command::new("flushdb", -1, WRITE.with(Flags::DANGEROUS), flushdb)
        .about("server", "1.0.0", "Deletes all keys of the database.")
        .complexity("O(N) with N keys in the database"),
    Command::new("flushall", -1, WRITE.with(Flags::DANGEROUS), flushall)
        .about("server", "1.0.0", "Deletes all keys of all databases.")
        .complexity("O(N) with N keys in all"),
    Command::container("object", OBJECT).about("generic", "2.2.3", "Looks inside a value."),
];

/// *Omitted*: IDLETIME. It takes a time of last use in every key, set by every
/// command, which nothing else here needs, since no key is evicted.
const OBJECT: &[Command] = &[
    Command::new("object|encoding", 3, READ, object_encoding).keys(2, 2, 1).about(
        "generic",
        "2.2.3",
        "Answers how a value is kept.",
    ),
    Command::new("object|refcount", 3, READ, object_refcount).keys(2, 2, 1).about(
        "generic",
        "2.2.3",
        "Answers how many share a value.",
    ),
    Command::new("object|freq", 3, READ, object_freq).keys(2, 2, 1).about(
        "generic",
        "4.0.0",
        "Answers how often a value is used, if that is counted.",
    ),
    Command::new(
        "object|help",
        2,
        Flags::LOADING.with(Flags::STALE).with(Flags::KEYSPACE),
        |ctx| {
            ctx.help(
                "OBJECT",
                &[
                    "ENCODING <key>",
                    "    How the key's value is kept.",
                    "FREQ <key>",
                    "    How often it is used; not counted here.",
                    "REFCOUNT <key>",
                    "    How many share it.",
                ],
            );
            Ok(())
        },
    )
    .about("generic", "6.2.0", "Lists the subcommands."),
];

fn del(ctx: &mut Context<'_>) -> Outcome {
    ctx.work(ctx.argc() as u64 - 2);
    let mut deleted = 0;
    for i in 1..ctx.argc() {
        if let Some(place) = ctx.find_write(ctx.arg(i)) {
            let value = ctx.delete(place);
            if let crate::store::Value::List(list) = value {
                ctx.work(list.len() as u64);
            }
            deleted += 1;
        }
    }
    ctx.reply().integer(deleted);
    Ok(())
}

fn exists(ctx: &mut Context<'_>) -> Outcome {
    ctx.work(ctx.argc() as u64 - 2);
    let mut found = 0;
    for i in 1..ctx.argc() {
        found += i64::from(ctx.find_read(ctx.arg(i)).is_some());
    }
    ctx.reply().integer(found);
    Ok(())
}

fn kind(ctx: &mut Context<'_>) -> Outcome {
    let kind = match ctx.find_read(ctx.arg(1)) {
        Some(place) => ctx.db().value(place).kind(),
        None => "none",
    };
    ctx.reply().simple(kind);
    Ok(())
}

/// Redis: `keysCommand`, *faithful* but for the order, which is that of
/// insertion as long as nothing was deleted. Ended keys are not shown, and
/// stay.
fn keys(ctx: &mut Context<'_>) -> Outcome {
    let pattern = ctx.arg(1);
    let everything = pattern == b"*";
    let now_ms = ctx.now_ms();
    let db = ctx.db();
    let scanned = db.len() as u64;
    let mut found = Vec::new();
    for place in (0..db.len()).filter_map(|i| db.nth(i)) {
        let wanted = everything || glob::matches(pattern, db.key(place));
        if wanted && !db.has_expired(place, now_ms) {
            found.push(place);
        }
    }
    ctx.work(scanned);
    ctx.reply_from(|db, reply| {
        reply.array(found.len());
        for place in found {
            reply.bulk(db.key(place));
        }
    });
    Ok(())
}

fn randomkey(ctx: &mut Context<'_>) -> Outcome {
    let now_ms = ctx.now_ms();
    loop {
        let db = usize::from(ctx.client().db);
        let server = &mut *ctx.server;
        let Some(place) = server.store.db(db).random(&mut server.rng) else {
            ctx.reply().null();
            return Ok(());
        };
        if !ctx.db().has_expired(place, now_ms) {
            ctx.reply_from(|db, reply| reply.bulk(db.key(place)));
            return Ok(());
        }
        ctx.drop_expired(place);
    }
}

fn rename(ctx: &mut Context<'_>) -> Outcome {
    rename_to(ctx, true)?;
    ctx.reply().ok();
    Ok(())
}

fn renamenx(ctx: &mut Context<'_>) -> Outcome {
    let renamed = rename_to(ctx, false)?;
    ctx.reply().integer(i64::from(renamed));
    Ok(())
}

/// Redis: `renameGenericCommand`, *faithful*: the key keeps its end.
fn rename_to(ctx: &mut Context<'_>, overwrite: bool) -> Result<bool, Refusal> {
    let (from, to) = (ctx.arg(1), ctx.arg(2));
    ctx.find_write(from).ok_or(Refusal::NoSuchKey)?;
    if from == to {
        return Ok(false);
    }
    if let Some(target) = ctx.find_write(to) {
        if !overwrite {
            return Ok(false);
        }
        ctx.delete(target);
    }
    // Looked up again: a key that goes moves another one into its place.
    let source = ctx.db().find(from).ok_or(Refusal::NoSuchKey)?;
    let deadline = match ctx.db().deadline_ms(source) {
        Some(at_ms) => Deadline::At(at_ms),
        None => Deadline::Clear,
    };
    let value = ctx.delete(source);
    ctx.put(to, value, deadline);
    Ok(true)
}

fn dbsize(ctx: &mut Context<'_>) -> Outcome {
    let keys = ctx.db().len() as i64;
    ctx.reply().integer(keys);
    Ok(())
}

fn flushdb(ctx: &mut Context<'_>) -> Outcome {
    let db = ctx.client().db;
    flush(ctx, Some(db))
}

fn flushall(ctx: &mut Context<'_>) -> Outcome {
    flush(ctx, None)
}

/// ASYNC is taken and changes nothing: there is no second thread to free with.
fn flush(ctx: &mut Context<'_>, db: Option<u16>) -> Outcome {
    if ctx.argc() > 2 || (ctx.argc() == 2 && !ctx.is(1, "sync") && !ctx.is(1, "async")) {
        return Err(Refusal::Syntax);
    }
    ctx.server.touch_keys_to_flush(db);
    let gone = ctx.server.store.flush(db.map(usize::from));
    ctx.work(gone);
    ctx.emit(|| Event::Flushed { db: db.map(u32::from) });
    ctx.reply().ok();
    Ok(())
}

fn object_encoding(ctx: &mut Context<'_>) -> Outcome {
    match ctx.find_read(ctx.arg(2)) {
        Some(place) => {
            let name = ctx.db().value(place).encoding().name();
            ctx.reply().bulk(name.as_bytes());
        }
        None => ctx.reply().null(),
    }
    Ok(())
}

/// Up to 9,999 (`OBJ_SHARED_INTEGERS`).
const SHARED_DIGITS: usize = 4;

/// Redis shares small integers among all keys, and says so with the largest
/// count there is.
fn object_refcount(ctx: &mut Context<'_>) -> Outcome {
    let Some(place) = ctx.find_read(ctx.arg(2)) else {
        ctx.reply().null();
        return Ok(());
    };
    let value = ctx.db().value(place);
    let shared = match value {
        crate::store::Value::String(text) => {
            let is_integer = value.encoding().name() == "int";
            is_integer
                && text.bytes(&mut itoa::Buffer::new()).iter().all(u8::is_ascii_digit)
                && text.len() <= SHARED_DIGITS
        }
        crate::store::Value::List(_) => false,
    };
    ctx.reply().integer(if shared { i64::from(i32::MAX) } else { 1 });
    Ok(())
}

fn object_freq(ctx: &mut Context<'_>) -> Outcome {
    if ctx.find_read(ctx.arg(2)).is_none() {
        ctx.reply().null();
        return Ok(());
    }
    Err(Refusal::fixed(
        "ERR An LFU maxmemory policy is not selected, access frequency not tracked. Please note \
         that when switching between policies at runtime LRU and LFU data will take some time to \
         adjust.",
    ))
}
