//! What comes in and what is done with it: reading, parsing, executing.

use super::words::{bytes, clip, grouped, many, order, shown};
use super::{Scene, Told, told};
use crate::event::{ClientId, Event, KeyChange, Need, Preview, ReadOutcome};
use crate::net::Fd;
use crate::time::Micros;

pub(super) fn tell(event: &Event, scene: &Scene<'_>) -> Told {
    match event {
        Event::Read { client, fd, outcome, bytes: taken } => {
            read(*client, *fd, *outcome, taken.len)
        }
        Event::Parsed { client, argc, argv, parsed_to } => told(
            format!("The order of table {client} is complete: {}.", order(argv)),
            format!(
                "Client {client} has a complete request, {}: {}.",
                many(u64::from(*argc), "argument"),
                order(argv)
            ),
            format!("processInputBuffer · argc={argc} qb_pos={parsed_to}"),
        ),
        Event::Incomplete { client, parsed_to, need, .. } => incomplete(*client, *parsed_to, *need),
        Event::ProtocolError { client, text, at } => {
            let text = clip(text);
            told(
                format!("The chef cannot read byte {at} of table {client}'s order."),
                format!("Client {client} breaks the protocol at byte {at}: {text}."),
                format!("setProtocolError · -ERR Protocol error: {text}"),
            )
        }
        Event::QueryTrimmed { client, bytes: n, left } => told(
            format!("Notepad {client} is tidied: {} done, {} to go.", bytes(*n), grouped(*left)),
            format!(
                "{} that are understood leave the query buffer; {} stay.",
                bytes(*n),
                grouped(*left)
            ),
            format!("sdsrange(querybuf, {n}, -1) · {left} left"),
        ),
        Event::CommandBegin { client, name } => begin(*client, name, scene),
        Event::CommandEnd { name, took, error, .. } => end(name, *took, *error),
        Event::CommandRejected { client, name } => {
            let name = clip(name);
            told(
                format!("The chef refuses the order of table {client}; the grill stays cold."),
                format!("Client {client}'s request is answered with an error, nothing runs."),
                format!("rejectCommand · {name}"),
            )
        }
        Event::Key { db, key, change, .. } => key_change(*db, key, change),
        Event::Flushed { db: Some(db) } => told(
            format!("Pantry {db} is emptied."),
            format!("Database {db} is emptied."),
            format!("emptyData({db})"),
        ),
        Event::Flushed { db: None } => {
            told("All pantries are emptied.", "Every database is emptied.", "emptyData(-1)")
        }
        Event::ExpireCycle { fast, expired } => {
            let kind = if *fast { "fast" } else { "slow" };
            told(
                format!("{} past their date were thrown out.", many(*expired, "jar")),
                format!("A {kind} expire cycle removed {}.", many(*expired, "key")),
                format!("activeExpireCycle({kind}) · {} expired", grouped(*expired)),
            )
        }
        _ => told("Something happened in the kitchen.", "A request moved on.", "request"),
    }
}

fn read(client: ClientId, fd: Fd, outcome: ReadOutcome, taken: u64) -> Told {
    let call = format!("readQueryFromClient → read({fd}, querybuf, …)");
    match outcome {
        ReadOutcome::Bytes => told(
            format!(
                "The chef copies {} from table {client}'s slip onto notepad {client}.",
                bytes(taken)
            ),
            format!(
                "One non-blocking read() copies {} from client {client}'s socket into its query buffer.",
                bytes(taken)
            ),
            format!("{call} = {taken}"),
        ),
        ReadOutcome::Eof => told(
            format!("The slip of table {client} is blank: the guest has hung up."),
            format!("read() returns 0: client {client} sends no more."),
            format!("{call} = 0"),
        ),
        ReadOutcome::WouldBlock => told(
            format!("Table {client} has no slip after all; the chef does not wait for one."),
            format!("read() has nothing for client {client} and does not wait."),
            format!("{call} = EAGAIN"),
        ),
        ReadOutcome::Reset => told(
            format!("The line to table {client} is broken."),
            format!("read() fails: the connection of client {client} was reset."),
            format!("{call} = ECONNRESET"),
        ),
    }
}

fn incomplete(client: ClientId, parsed_to: u64, need: Need) -> Told {
    let (missing, function) = match need {
        Need::InlineEnd => ("the end of its line".to_owned(), "processInlineBuffer"),
        Need::MultibulkHeader => ("the end of its count".to_owned(), "processMultibulkBuffer"),
        Need::BulkHeader => ("the end of a length".to_owned(), "processMultibulkBuffer"),
        Need::BulkBytes(n) => (bytes(n), "processMultibulkBuffer"),
    };
    told(
        format!("Half an order: notepad {client} keeps it, the chef moves on and never waits."),
        format!("Client {client}'s request is incomplete, it lacks {missing}; the loop goes on."),
        format!("{function} · qb_pos={parsed_to}, lacks {missing}"),
    )
}

fn begin(client: ClientId, name: &str, scene: &Scene<'_>) -> Told {
    let name = clip(name);
    let running = scene.after.executing.as_ref().filter(|running| !running.argv.is_empty());
    let dish = running.map_or_else(|| name.clone(), |running| order(&running.argv));
    told(
        format!("On the grill: {dish}. Until it is done, no other order can run."),
        format!("Client {client}'s command executes: {dish}. No other can run meanwhile."),
        format!("processCommand → call() · {name}"),
    )
}

fn end(name: &str, took: Micros, error: bool) -> Told {
    let name = clip(name);
    let term = format!("call() · {name} took {took}");
    // The clock's grain: less than one is not nothing.
    let took = if took == Micros::ZERO { "less than 1 µs".to_owned() } else { took.to_string() };
    if error {
        return told(
            format!("The dish failed after {took}: its answer is an error."),
            format!("{name} answered with an error after {took}."),
            term,
        );
    }
    told(
        format!("Done after {took}: the grill is free for the next order."),
        format!("{name} returned after {took}, as SLOWLOG measures it."),
        term,
    )
}

fn key_change(db: u32, key: &Preview, change: &KeyChange) -> Told {
    let key = shown(key);
    match change {
        KeyChange::Read { found: true } => told(
            format!("The chef takes jar {key} from the shelf."),
            format!("Key {key} is found."),
            format!("lookupKey(db {db}, {key}) = hit"),
        ),
        KeyChange::Read { found: false } => told(
            format!("The chef looks for jar {key}: there is none."),
            format!("Key {key} does not exist."),
            format!("lookupKey(db {db}, {key}) = miss"),
        ),
        KeyChange::Written { kind, size, value, created } => {
            written(db, &key, &holds(kind, *size, value), *created)
        }
        KeyChange::Deleted => told(
            format!("Jar {key} leaves the pantry."),
            format!("Key {key} is deleted."),
            format!("dbGenericDelete(db {db}, {key})"),
        ),
        KeyChange::Expired => told(
            format!("Jar {key} is past its date and is thrown out."),
            format!("Key {key} has expired and is deleted."),
            format!("deleteExpiredKeyAndPropagate(db {db}, {key})"),
        ),
        KeyChange::Ttl { ms: Some(ms) } => {
            let left = Micros::from_millis(*ms);
            told(
                format!("Jar {key} gets a date: it keeps for {left}."),
                format!("Key {key} expires in {left}."),
                format!("setExpire(db {db}, {key}) · {ms} ms"),
            )
        }
        KeyChange::Ttl { ms: None } => told(
            format!("Jar {key} keeps for ever."),
            format!("Key {key} has no expiry."),
            format!("removeExpire(db {db}, {key})"),
        ),
    }
}

/// What a key holds: a string's text, anything else's size.
fn holds(kind: &str, size: u64, value: &Preview) -> String {
    if kind == "string" {
        if value.is_cut() { format!("a string of {}", bytes(size)) } else { shown(value) }
    } else {
        format!("a {} of {}", clip(kind), grouped(size))
    }
}

fn written(db: u32, key: &str, holds: &str, created: bool) -> Told {
    if created {
        return told(
            format!("A new jar in the pantry: {key} holds {holds}."),
            format!("Key {key} is created with {holds}."),
            format!("dbAdd(db {db}, {key}) · {holds}"),
        );
    }
    told(
        format!("Jar {key} now holds {holds}."),
        format!("Key {key} is now {holds}."),
        format!("signalModifiedKey(db {db}, {key}) · {holds}"),
    )
}
