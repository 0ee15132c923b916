//! Traces as text: one JSON value a line (NDJSON). This documentation is the
//! format's specification.
//!
//! ```text
//! {"onechef-trace":1,"source":{"simulation":{"scenario":"…","seed":7}},"config":{"hz":"10"}}
//! {"n":0,"us":0,"ev":{"listen":{"fd":6,"address":"127.0.0.1:6379","backlog":511}}}
//! {"n":1,"us":0,"ev":{"poll_enter":{"timeout":{"after":1000}}}}
//! ```
//!
//! # Lines
//!
//! UTF-8 without a byte order mark; each line ends with `\n` (readers also
//! take `\r\n`) and holds one JSON object; blank lines mean nothing. No line
//! is longer than [`LINE_LIMIT_BYTES`]. The first line is the header, every
//! other line a record. There is no trailer: a trace may end after any line.
//!
//! **Header.** `onechef-trace` is the format's version. `source` says where the
//! records come from, by its one key: `simulation` (`scenario`, its text;
//! `seed`), `native` (`version` of the server; `pid`; `started_unix_us`, the
//! wall clock at the records' time zero) or `system_calls` (`tracer`; `pid` and
//! `started_unix_us` as before, 0 if not known; see below). `config` has directives as they were
//! at the start, by Redis's names, all values strings; the records state
//! changes.
//!
//! **Record.** `n` is its number, from 0; it grows from line to line, by one
//! unless somebody left lines out (or `dropped` says that the writer had to).
//! `us` is the time in microseconds since time zero; it never goes back. `ev`
//! is the fact: an object whose one key is the event's name and whose value is
//! an object of its fields, or the bare name of an event without fields. Beside
//! it may stand `in`, a string: a piece of the [`tape`](crate::net::tape) of what
//! the network gave the loop, all pieces one after the other being the tape.
//! With them the records up to the end of the half-cycle are explained; on the
//! lines of a `begun` and of the standing that follows stands all that came
//! before. A trace holds them only if it was to tell everything.
//!
//! # Values
//!
//! - Numbers are JSON integers from 0 to 2^64 − 1.
//! - *address*: a string, `127.0.0.1:50001` or `[::1]:50001`.
//! - *client*: a client's id, from 1, never reused. *fd*: a descriptor, reused
//!   like a kernel's. Fields that may be absent hold `null` then.
//! - *mask*: the sum of 1 (readable), 2 (writable), 4 (barrier).
//! - *duration* and *time*: microseconds; *due*, *until* and *arrives* are
//!   times.
//! - *bytes*: `{"len":n,"head":"…"}`: how many there were, and the first of
//!   them (at most 256 of a read or an arrival, 64 of an argument, key, value
//!   or reply). In `head`, printable ASCII stands for itself, except `\\`, `\"`
//!   and `\r \n \t`; every other byte is `\xHH`. That is *inside* the JSON
//!   string, so its backslashes are escaped once more by JSON.
//! - *error*: `would_block`, `reset`, `aborted`, `exhausted`, `unavailable`.
//! - *why* of a close: `peer_closed`, `read_error`, `write_error`,
//!   `protocol_error`, `query_buffer_limit`, `output_buffer_hard`,
//!   `output_buffer_soft`, `idle_timeout`, `quit`, `killed`, `cross_protocol`,
//!   `protected_mode`, `evicted`, `shutdown`, `unseen`.
//!
//! # Events
//!
//! What each means, and which function of Redis it stands for, is on the
//! variant of the same name of [`Event`](crate::event::Event).
//!
//! | name | fields |
//! |---|---|
//! | `listen` | `fd`, `address`, `backlog` (number) |
//! | `config` | `name`, `value` (strings) |
//! | `cycle_begin` | `cycle` (number) |
//! | `cycle_end` | `cycle`, `busy` (duration) |
//! | `phase_enter`, `phase_leave` | `phase`: `before_sleep`, `poll`, `after_sleep`, `files`, `timers` |
//! | `poll_enter` | `timeout`: `"now"`, `"forever"` or `{"after":duration}` |
//! | `poll_return` | `fired`: array of `{"fd":fd,"mask":mask}` in handling order |
//! | `fire` | `fd`, `client` or null, `handler`: `accept`, `read_query`, `send_reply`; `mask` |
//! | `fire_skipped` | `fd`, `why`: `no_longer_watched` |
//! | `accept` | `fd`, `peer` (address) |
//! | `accept_refused` | `fd`, `peer`, `why`: `max_clients`, `protected_mode` |
//! | `accept_end` | `accepted` (number), `why`: `"drained"`, `"cycle_limit"` or `{"failed":error}` |
//! | `client_created` | `client`, `fd`, `peer`, `local` (addresses) |
//! | `client_changed` | `client`, `change`: `{"name":bytes}`, `{"db":number}`, `{"resp":2 or 3}` or `"authenticated"` |
//! | `close_after_reply` | `client`, `why` |
//! | `close_asap` | `client`, `why` |
//! | `client_freed` | `client`, `fd`, `why`, `dropped` (bytes, a number) |
//! | `read` | `client`, `fd`, `outcome`: `bytes`, `eof`, `would_block`, `reset`; `bytes` |
//! | `parsed` | `client`, `argc`, `argv` (array of bytes, at most 16), `parsed_to` (offset) |
//! | `incomplete` | the same and `need`: `"inline_end"`, `"multibulk_header"`, `"bulk_header"` or `{"bulk_bytes":number}` |
//! | `protocol_error` | `client`, `text`, `at` (offset) |
//! | `query_trimmed` | `client`, `bytes`, `left` (numbers) |
//! | `unrecorded` | `client`, `bytes` (number) |
//! | `command_begin` | `client`, `name` |
//! | `command_end` | `client`, `name`, `took` (duration), `error` (true or false) |
//! | `command_rejected` | `client`, `name` |
//! | `key` | `client` or null, `db`, `key` (bytes), `change`: `{"read":{"found":true or false}}`, `{"written":{"kind":string,"size":number,"value":bytes,"created":true or false}}`, `"deleted"`, `"expired"` or `{"ttl":{"ms":number or null}}` |
//! | `flushed` | `db` or null |
//! | `expire_cycle` | `fast` (true or false), `expired` (number) |
//! | `reply_queued` | `client`, `bytes`, `into`: `buffer`, `list`; `buffered`, `listed`, `blocks` (numbers) |
//! | `pending_write_queued`, `pending_write_taken` | `client` |
//! | `sweep_begin`, `sweep_end` | `clients` (number) |
//! | `write` | `client`, `fd`, `outcome`: `drained`, `would_block`, `budget`, `reset`; `bytes`, `calls`, `left`, `blocks`, `by` (numbers) |
//! | `watch` | `fd`, `mask` |
//! | `timer_added`, `timer_rearmed` | `timer`: `server_cron`; `due` |
//! | `timer_fired` | `timer` |
//! | `clients_cron` | `visited` (number) |
//! | `blocked` | `client`, `on`: `"pause"` or `{"keys":{"keys":array of bytes,"until":time or null}}` |
//! | `unblocked` | `client`, `why`: `key_ready`, `timeout`, `error`, `resumed` |
//! | `transaction` | `client`, `step`: `{"watching":{"keys":number}}`, `{"key_touched":{"db":number,"key":bytes}}`, `"begun"`, `{"queued":{"name":string,"commands":number}}`, `"flawed"`, `{"executing":{"commands":number}}` or `{"ended":{"how":…}}` with `executed`, `discarded`, `aborted`, `key_changed` |
//! | `subscription` | `client`, `kind`: `channel`, `pattern`, `shard`; `name` (bytes), `on` (true or false), `subscribed` (number) |
//! | `published` | `client`, `channel` (bytes), `receivers` (number) |
//! | `paused` | `scope`: `write`, `all` or null; `until` (time) |
//! | `monitoring` | `client`, `on` (true or false) |
//! | `client_memory` | `used`, `limit` (numbers) |
//! | `limit` | `client` or null, `kind`: `query_buffer`, `output_hard`, `output_soft_started`, `output_soft_cleared`, `output_soft_expired`, `max_clients`, `write_budget`; `at`, `limit` (numbers) |
//! | `shutdown` | none |
//! | `pipe` | `peer`, `pipe`: `{"queued":{"name":string}}`, `{"backlog_full":{"name":string}}`, `{"sent":{"bytes":bytes,"arrives":time}}`, `{"arrived":{"bytes":bytes}}`, `"fin_arrived"`, `"reset_arrived"`, `{"delivered":{"bytes":number}}`, `{"consumed":{"bytes":bytes}}`, `{"reading":{"on":true or false}}`, `{"saw_close":{"reset":true or false}}` or `"left"` |
//! | `dropped` | `count` (number) |
//! | `standing` | `what`: `"begun"`, `"from_outside"`, `{"counter":{"name":string,"value":number}}`, `{"keys":{"db":number,"keys":number}}` or `{"client":{"client":client,"created":time,"active":time,"last_command":string}}` |
//!
//! # Traces of system calls
//!
//! With the source `system_calls` a server was watched from outside, through
//! what it asks of the kernel. Such a trace has only what follows from that:
//!
//! - The first fact is a `standing` of `from_outside`.
//! - *Absent*: `command_begin`, `command_end`, `command_rejected`, `key`,
//!   `blocked`, `transaction`, `subscription`, `limit` and every other event
//!   about what goes on inside; `close_asap`, `close_after_reply`.
//! - Clients are numbered in the order in which they were first seen, cycles
//!   from the first poll that was seen. An address that is not known is
//!   `0.0.0.0:0`, a backlog that is not known 0.
//! - `parsed`, `incomplete`, `protocol_error`, `query_trimmed`: what Redis's
//!   rules make of the bytes at the moment of the read. When the server got
//!   that far (it may have waited for a key first) is not known.
//! - `unrecorded`: bytes whose meaning is not known, since not all was written
//!   down, or the client was there before the trace began. Requests are known
//!   again from the first read on that is nothing but whole ones.
//! - `reply_queued`, `pending_write_queued`: known by the write, and stated
//!   when the sweep begins, one of each for a client whatever the number of its
//!   requests. `buffered` is of a `write`, `listed` of a `writev`.
//! - `left` of a `write`, `dropped` of a `client_freed`, `buffered` and `listed`:
//!   at least so much. `blocks` is 0.
//! - `by`: 0 is the loop's thread; others are numbered in order of appearance.
//! - `client_freed`: `why` is what the last calls say (`peer_closed`,
//!   `read_error`, `write_error`) or the last request (`protocol_error`, `quit`,
//!   `cross_protocol`), else `unseen`.
//! - `phase_enter` of the timers, `timer_fired`: the server has asked how much
//!   memory it has, which is what `serverCron` does. Absent if strace did not
//!   say which file it read.
//! - Times include what watching costs.
//!
//! # What a reader owes
//!
//! - Fields that it does not know, in any object: ignored.
//! - Events that it does not know: skipped, and counted for the reader to see.
//! - Kinds of `source` that it does not know: the records are read all the same.
//! - A last line without its end that stops in the middle of its JSON: the
//!   trace was cut there; what came before counts, and the reader says so.
//! - Anything else that is not as above: an error with line, column (in bytes)
//!   and what was expected. What came before stays valid.
//! - A version greater than its own: refused.
//!
//! # Versions
//!
//! New events and new fields may come within a version, since old readers pass
//! over them. Whatever would make an old reader wrong or stop (another
//! meaning, a name or field that goes, a new value of a closed list) is a new
//! version. [`EVENTS_HASH`] holds the two together.

mod facts;
mod json;
mod reader;
mod scan;
mod wire;

pub use facts::{EVENT_NAMES, event_name};
pub use reader::{Ending, ReadError, Reader, Trace, read};
pub(super) use wire::write_text;

use super::{Inputs, Record};
use crate::sorted::SortedMap;
use std::io;
use wire::Wire;

/// See the module documentation.
pub const FORMAT_VERSION: u32 = 1;

/// A digest of the code of `src/event.rs` and its parts, comments apart, that
/// [`FORMAT_VERSION`] and the table above were last compared with. A test
/// recomputes it.
pub const EVENTS_HASH: u64 = 0x2714_2c7c_0564_84ae;

/// No line is longer, its end included.
pub const LINE_LIMIT_BYTES: usize = 4 * 1024 * 1024;

/// The first line.
#[derive(Clone, Debug, PartialEq)]
pub struct Header {
    version: u32,
    pub source: Source,
    pub config: SortedMap<String, String>,
}

impl Header {
    #[must_use]
    pub fn new(source: Source, config: SortedMap<String, String>) -> Header {
        Header { version: FORMAT_VERSION, source, config }
    }

    #[must_use]
    pub fn version(&self) -> u32 {
        self.version
    }
}

/// Where records come from.
#[derive(Clone, Debug, PartialEq)]
pub enum Source {
    Simulation(Simulation),
    Native(Native),
    SystemCalls(SystemCalls),
    /// A kind that a later program writes.
    Unknown,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Simulation {
    /// The scenario's text: with the seed, it is the whole run.
    pub scenario: String,
    pub seed: u64,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Native {
    pub version: String,
    pub pid: u32,
    pub started_unix_us: u64,
}

/// A server that was watched from outside; see the format's specification.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SystemCalls {
    /// The program that watched.
    pub tracer: String,
    /// 0 if not known.
    pub pid: u32,
    /// 0 if not known.
    pub started_unix_us: u64,
}

/// Writes a trace, line by line.
#[derive(Debug)]
pub struct Writer<W> {
    sink: W,
    line: Vec<u8>,
}

impl<W: io::Write> Writer<W> {
    /// Writes the header.
    ///
    /// # Errors
    /// Those of the sink.
    pub fn new(sink: W, header: &Header) -> io::Result<Writer<W>> {
        let mut writer = Writer { sink, line: Vec::new() };
        append_line(&mut writer.line, header);
        writer.sink.write_all(&writer.line)?;
        Ok(writer)
    }

    /// # Errors
    /// Those of the sink; the line may be cut then.
    pub fn record(&mut self, record: &Record) -> io::Result<()> {
        self.line.clear();
        append_line(&mut self.line, record);
        self.sink.write_all(&self.line)
    }

    /// The same with a piece of the inputs beside it; none if it is empty.
    ///
    /// # Errors
    /// Those of the sink; the line may be cut then.
    pub fn record_with(&mut self, record: &Record, inputs: &str) -> io::Result<()> {
        if inputs.is_empty() {
            return self.record(record);
        }
        self.sink.write_all(record_line_with(record, inputs).as_bytes())
    }

    /// # Errors
    /// Those of the sink.
    pub fn flush(&mut self) -> io::Result<()> {
        self.sink.flush()
    }

    /// Where it is written to.
    #[must_use]
    pub fn get_ref(&self) -> &W {
        &self.sink
    }

    #[must_use]
    pub fn into_inner(self) -> W {
        self.sink
    }
}

/// The line of a header, its end included.
#[must_use]
pub fn header_line(header: &Header) -> String {
    line(header)
}

/// The line of a record, its end included.
#[must_use]
pub fn record_line(record: &Record) -> String {
    line(record)
}

/// The same with a piece of the inputs beside it; none if it is empty.
#[must_use]
pub fn record_line_with(record: &Record, inputs: &str) -> String {
    let mut line = line(record);
    if !inputs.is_empty() {
        line.truncate(line.len() - "}\n".len());
        let mut member = Vec::new();
        write_text(&mut member, inputs);
        line.push_str(",\"in\":");
        line.push_str(&text(member));
        line.push_str("}\n");
    }
    line
}

/// A whole trace, without inputs.
#[must_use]
pub fn to_text(header: &Header, records: &[Record]) -> String {
    to_text_with(header, records, &Inputs::default())
}

/// A whole trace, with its inputs.
#[must_use]
pub fn to_text_with(header: &Header, records: &[Record], inputs: &Inputs) -> String {
    let mut text = line(header);
    for record in records {
        text.push_str(&record_line_with(record, inputs.on(record.seq)));
    }
    text
}

fn line(value: &impl Wire) -> String {
    let mut bytes = Vec::new();
    append_line(&mut bytes, value);
    text(bytes)
}

/// What a writer wrote.
pub(super) fn text(json: Vec<u8>) -> String {
    // `expect` would bring the page all that the error has to tell.
    String::from_utf8(json).unwrap_or_else(|_| unreachable!("JSON is UTF-8"))
}

fn append_line(out: &mut Vec<u8>, value: &impl Wire) {
    value.write(out);
    out.push(b'\n');
}
