//! What comes in and what is done with it: reading, parsing, executing.

use super::Scene;
use super::words::{clip, order, shown};
use crate::event::{Event, KeyChange, Need, Preview, ReadOutcome};
use crate::time::Micros;
use crate::view::text::{Words, line, say};

pub(super) fn tell(event: &Event, scene: &Scene<'_>) -> Words {
    match event {
        Event::Read { client, fd, outcome, bytes: taken } => match outcome {
            ReadOutcome::Bytes => say!("read", *client, *fd, taken.len),
            ReadOutcome::Eof => say!("read.eof", *client, *fd),
            ReadOutcome::WouldBlock => say!("read.nothing", *client, *fd),
            ReadOutcome::Reset => say!("read.reset", *client, *fd),
        },
        Event::Parsed { client, argc, argv, parsed_to } => {
            say!("parsed", *client, *argc, &order(argv), *parsed_to)
        }
        Event::Incomplete { client, parsed_to, need, .. } => {
            let (missing, function) = match need {
                Need::InlineEnd => (say!("missing.line"), "processInlineBuffer"),
                Need::MultibulkHeader => (say!("missing.count"), "processMultibulkBuffer"),
                Need::BulkHeader => (say!("missing.length"), "processMultibulkBuffer"),
                Need::BulkBytes(n) => (say!("missing.bytes", *n), "processMultibulkBuffer"),
            };
            say!("incomplete", *client, *parsed_to, &missing, function)
        }
        Event::ProtocolError { client, text, at } => {
            say!("protocol-error", *client, *at, &clip(text))
        }
        Event::QueryTrimmed { client, bytes: n, left } => say!("trimmed", *client, *n, *left),
        Event::Unrecorded { client, bytes: n } => say!("unrecorded", *client, *n),
        Event::CommandBegin { client, name } => {
            let name = clip(name);
            let running = scene.after.executing.as_ref().filter(|r| !r.argv.is_empty());
            let dish = running.map_or_else(|| name.clone(), |running| order(&running.argv));
            say!("command.begin", *client, &name, &dish)
        }
        Event::CommandEnd { name, took, error: false, .. } => {
            say!("command.end", &clip(name), *took)
        }
        Event::CommandEnd { name, took, .. } => say!("command.failed", &clip(name), *took),
        Event::CommandRejected { client, name } => {
            say!("command.rejected", *client, &clip(name))
        }
        Event::Key { client, db, key, change } => {
            key_change(*db, &shown(key), change, client.is_some())
        }
        Event::Flushed { db: Some(db) } => say!("flushed", *db),
        Event::Flushed { db: None } => say!("flushed.all"),
        Event::ExpireCycle { fast: true, expired } => say!("expire-cycle.fast", *expired),
        Event::ExpireCycle { expired, .. } => say!("expire-cycle.slow", *expired),
        _ => Words::plain(""),
    }
}

fn key_change(db: u32, key: &String, change: &KeyChange, asked: bool) -> Words {
    match change {
        KeyChange::Read { found: true } => say!("key.hit", db, key),
        KeyChange::Read { found: false } => say!("key.miss", db, key),
        KeyChange::Written { kind, size, value, created } => {
            let holds = &holds(kind, *size, value);
            if *created {
                say!("key.created", db, key, holds)
            } else {
                say!("key.written", db, key, holds)
            }
        }
        KeyChange::Deleted => say!("key.deleted", db, key),
        KeyChange::Expired => say!("key.expired", db, key, asked),
        KeyChange::Ttl { ms: Some(ms) } => {
            say!("key.ttl", db, key, Micros::from_millis(*ms), *ms)
        }
        KeyChange::Ttl { ms: None } => say!("key.persists", db, key),
    }
}

/// What a key holds: a string's text, anything else's size.
fn holds(kind: &str, size: u64, value: &Preview) -> String {
    if kind != "string" {
        line!("key.other", &clip(kind), size)
    } else if value.is_cut() {
        line!("key.string", size)
    } else {
        shown(value)
    }
}
