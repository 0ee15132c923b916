//! What was said on one connection up to a moment: requests, replies and
//! pushes, in order, each with the records that tell of it.
//!
//! A connection is two streams (see [`requests`](super::requests)). A request
//! is a range of the stream in, a reply a range of the stream out, and how far
//! a stream had come at a moment is known from the reads and writes before it.
//! So one pass over the records finds the ranges, whatever the moment, and the
//! moment only cuts: nothing after the playhead is looked at.
//!
//! A range takes few bytes and belongs to one record, so that
//! [`Timeline::RECORD_LIMIT`] bounds all of them together. A transcript has at
//! most [`ENTRIES_CAP`] entries and finds them by search, so that a step costs
//! the same however long the run.

use super::requests::Stream;
use crate::event::{ClientId, Event, Need, Preview, Standing, push_escaped};
use crate::sorted::SortedMap;
use crate::trace::{Record, Timeline};

/// Most entries of a transcript: the newest.
pub const ENTRIES_CAP: usize = 30;
/// Most bytes of one entry that are shown.
const SHOWN_BYTES: usize = 120;
/// Instead of bytes that a trace does not tell.
const MASK: &str = "•••";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Request,
    /// What broke the protocol.
    Unreadable,
    /// What these bytes asked for is not in the recording.
    Unrecorded,
    /// Bytes that are here, but are no request yet.
    Unfinished,
    Reply,
    /// The next part of the reply before it: what a command of EXEC's gave.
    Continued,
    /// Said unasked: a message, a MONITOR line, an invalidation.
    Push,
}

impl Kind {
    #[must_use]
    pub fn is_out(self) -> bool {
        matches!(self, Kind::Reply | Kind::Continued | Kind::Push)
    }
}

/// A stretch of bytes that are all shown alike.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// What RESP puts around what is said: counts, lengths, line ends.
    pub framing: bool,
    /// Printable, as evidence is ([`escape`](crate::event::escape)), but quotes as they are.
    pub text: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub kind: Kind,
    /// Where it was understood, or queued.
    pub record: usize,
    pub len: u64,
    pub pieces: Vec<Piece>,
    /// The parser has looked at it and found it incomplete.
    pub is_partial: bool,
    /// How long it will be then, where that is known.
    pub whole: Option<u64>,
    /// Of a reply: so many of its bytes had left, the last of them with this
    /// write.
    pub left: u64,
    pub carried: Option<usize>,
    /// The record at the playhead is about it.
    pub is_now: bool,
}

/// See the module documentation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Transcript {
    /// Oldest first.
    pub entries: Vec<Entry>,
    /// How many came before them.
    pub before: usize,
    /// Where the client was freed: what had not left never will.
    pub over: Option<usize>,
}

/// A range of a stream.
#[derive(Clone, Copy, Debug)]
struct Range {
    kind: Kind,
    record: usize,
    from: u64,
    to: u64,
}

/// Whether a reply is expected.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Asked {
    #[default]
    No,
    Yes,
    /// The request waits: its reply comes after the pass that read it.
    Waits,
}

#[derive(Clone, Debug, Default)]
struct Line {
    ranges: Vec<Range>,
    read: Stream,
    written: Stream,
    /// Where requests were found incomplete, and what each still lacked; the
    /// last of a request is enough.
    partial: Vec<usize>,
    /// Bytes that left the query buffer.
    trimmed: u64,
    understood: Stream,
    asked: Asked,
    /// A first part of the reply is queued.
    answered: bool,
    /// Commands that have begun and not ended: EXEC's are within EXEC.
    running: u32,
    freed: Option<usize>,
}

/// The transcripts of all clients, at every moment.
#[derive(Clone, Debug, Default)]
pub struct Transcripts {
    lines: SortedMap<ClientId, Line>,
    seen: usize,
}

impl Transcripts {
    /// Takes the records that are new since the last call; `records` is the
    /// whole run so far.
    pub fn catch_up(&mut self, records: &[Record]) {
        for (index, record) in records.iter().enumerate().skip(self.seen) {
            if let Some(client) = record.event.client() {
                self.lines.or_default(client).take(index, &record.event);
            } else if let Event::Standing { what: Standing::Begun } = &record.event {
                self.lines.values_mut().for_each(|line| line.begin_anew(index));
            }
        }
        self.seen = self.seen.max(records.len());
    }

    /// What `client` had said and been told after the first `playhead`
    /// records.
    #[must_use]
    pub fn at(&self, timeline: &Timeline, client: ClientId, playhead: usize) -> Transcript {
        let Some(line) = self.lines.get(&client) else { return Transcript::default() };
        line.at(timeline, client, playhead)
    }
}

impl Line {
    fn take(&mut self, index: usize, event: &Event) {
        match event {
            Event::Read { bytes, .. } => self.read.pass(bytes.len, index),
            Event::Parsed { parsed_to, .. } => {
                let to = self.trimmed.saturating_add(*parsed_to);
                self.understand(Kind::Request, index, to);
                (self.asked, self.answered) = (Asked::Yes, false);
            }
            Event::Incomplete { .. } => self.partial.push(index),
            Event::ProtocolError { .. } => {
                self.understand(Kind::Unreadable, index, self.read.total);
                (self.asked, self.answered) = (Asked::Yes, false);
            }
            Event::Unrecorded { bytes, .. } => {
                self.trimmed = self.trimmed.saturating_add(*bytes);
                self.understand(Kind::Unrecorded, index, self.trimmed);
                self.asked = Asked::No;
            }
            Event::QueryTrimmed { bytes, .. } => {
                self.trimmed = self.trimmed.saturating_add(*bytes);
                if self.asked == Asked::Yes {
                    self.asked = Asked::No;
                }
            }
            Event::Blocked { .. } => self.asked = Asked::Waits,
            Event::CommandBegin { .. } => self.running = self.running.saturating_add(1),
            Event::CommandEnd { .. } => {
                self.running = self.running.saturating_sub(1);
                self.close_if_answered();
            }
            Event::ReplyQueued { bytes, buffered, listed, .. } => {
                let waiting = buffered.saturating_add(*listed);
                self.answer(index, bytes, self.written.total.saturating_add(waiting));
            }
            Event::Write { bytes, .. } => self.written.pass(*bytes, index),
            Event::ClientFreed { .. } => self.freed = Some(index),
            _ => {}
        }
    }

    fn understand(&mut self, kind: Kind, record: usize, to: u64) {
        let from = self.understood.total;
        self.understood.pass(to.saturating_sub(from), record);
        self.ranges.push(Range { kind, record, from, to: self.understood.total });
    }

    fn answer(&mut self, record: usize, bytes: &Preview, to: u64) {
        if bytes.len == 0 {
            return;
        }
        let kind = match self.answered {
            _ if self.asked == Asked::No || is_push(&bytes.head) => Kind::Push,
            false => Kind::Reply,
            true => Kind::Continued,
        };
        if kind != Kind::Push {
            self.answered = true;
            self.close_if_answered();
        }
        self.ranges.push(Range { kind, record, from: to.saturating_sub(bytes.len), to });
    }

    /// The reply of a request that had to wait is whole once its command has
    /// ended: no pass ends with it.
    fn close_if_answered(&mut self) {
        if self.asked == Asked::Waits && self.answered && self.running == 0 {
            self.asked = Asked::No;
        }
    }

    /// What follows states anew what is here and has not left.
    fn begin_anew(&mut self, index: usize) {
        let queued = self.ranges.iter().rev().find(|range| range.kind.is_out());
        let unseen = queued.map_or(0, |last| last.to.saturating_sub(self.written.total));
        self.written.pass(unseen, index);
        self.trimmed = self.read.total;
        if self.understood.total < self.trimmed {
            self.understand(Kind::Unrecorded, index, self.trimmed);
        }
        self.asked = Asked::No;
    }

    fn at(&self, timeline: &Timeline, client: ClientId, playhead: usize) -> Transcript {
        let said = self.ranges.partition_point(|range| range.record < playhead);
        let before = said.saturating_sub(ENTRIES_CAP);
        let now = playhead.checked_sub(1);
        let mut entries: Vec<Entry> =
            self.ranges[before..said].iter().map(|r| self.entry(*r, timeline, playhead)).collect();
        entries.extend(self.unfinished(timeline, playhead));
        let acting = now.and_then(|now| timeline.record(now)).map(|record| &record.event);
        if let Some(
            Event::CommandBegin { client: who, .. }
            | Event::CommandEnd { client: who, .. }
            | Event::CommandRejected { client: who, .. },
        ) = acting
            && *who == client
            && let Some(last) = entries.iter_mut().rfind(|entry| entry.kind == Kind::Request)
        {
            last.is_now = true;
        }
        Transcript { entries, before, over: self.freed.filter(|freed| *freed < playhead) }
    }

    fn entry(&self, range: Range, timeline: &Timeline, playhead: usize) -> Entry {
        let Range { kind, record, from, to } = range;
        let mut entry = Entry {
            kind,
            record,
            len: to - from,
            pieces: Vec::new(),
            is_partial: false,
            whole: None,
            left: 0,
            carried: None,
            is_now: record + 1 == playhead,
        };
        match timeline.record(record).map(|record| &record.event) {
            Some(Event::ReplyQueued { bytes, .. }) => {
                entry.pieces = pieces(&bytes.bytes(), entry.len);
                let written = self.written.before(playhead).clamp(from, to);
                entry.left = written - from;
                let last = written.checked_sub(1).filter(|last| *last >= from);
                entry.carried = last.and_then(|last| self.written.past(last));
                entry.is_now |= entry.carried.is_some_and(|write| write + 1 == playhead);
            }
            Some(Event::Parsed { argc, argv, .. }) => {
                let known = self.known(timeline, from, to);
                // A trace may mask them, and keeps only the first of each read.
                let is_there = known.len() as u64 == entry.len || known.len() >= SHOWN_BYTES;
                entry.pieces =
                    if is_there { pieces(&known, entry.len) } else { words(*argc, argv) };
            }
            _ => entry.pieces = pieces(&self.known(timeline, from, to), entry.len),
        }
        entry
    }

    /// What is on the notepad and was not understood.
    fn unfinished(&self, timeline: &Timeline, playhead: usize) -> Option<Entry> {
        let (from, to) = (self.understood.before(playhead), self.read.before(playhead));
        let read = self.read.past(to.checked_sub(1).filter(|last| *last >= from)?)?;
        let looked = self.partial.partition_point(|record| *record < playhead).checked_sub(1);
        // What came after that, the parser has not seen yet.
        let looked = looked.map(|at| self.partial[at]).filter(|record| *record > read);
        let range = Range { kind: Kind::Unfinished, record: looked.unwrap_or(read), from, to };
        let mut entry = self.entry(range, timeline, playhead);
        if let Some(Record { event: Event::Incomplete { argc, argv, need, .. }, .. }) =
            looked.and_then(|looked| timeline.record(looked))
        {
            entry.is_partial = true;
            if let Need::BulkBytes(missing) = need
                && *argc as usize == argv.len() + 1
            {
                entry.whole = Some(entry.len.saturating_add(*missing));
            }
        }
        Some(entry)
    }

    /// The bytes of a range of the stream in, as far as reads keep them.
    fn known(&self, timeline: &Timeline, from: u64, to: u64) -> Vec<u8> {
        let (mut known, mut at) = (Vec::new(), from);
        while at < to && known.len() < SHOWN_BYTES {
            let Some((start, end, record)) = self.read.around(at) else { break };
            let Some(Event::Read { bytes, .. }) = timeline.record(record).map(|r| &r.event) else {
                break;
            };
            let head = bytes.bytes();
            let place = |at: u64| usize::try_from(at - start).unwrap_or(usize::MAX);
            let stop = place(end.min(to)).min(head.len());
            let Some(here) = head.get(place(at)..stop).filter(|here| !here.is_empty()) else {
                break;
            };
            known.extend_from_slice(here);
            at += here.len() as u64;
        }
        known
    }
}

/// Whether it comes unasked although a request is open: a message that the
/// client published itself, or the line by which MONITOR shows its command.
fn is_push(head: &str) -> bool {
    match head.as_bytes() {
        // Its length, the first word's and the word, each with `\r\n` after it.
        [b'>', ..] => !head.split('\\').nth(4).is_some_and(|word| word.ends_with("subscribe")),
        [b'+', digit, ..] => digit.is_ascii_digit(),
        _ => false,
    }
}

/// The arguments, where the bytes themselves are not known.
fn words(argc: u32, argv: &[Preview]) -> Vec<Piece> {
    let (mut text, mut is_all) = (String::new(), argv.len() == argc as usize);
    for arg in argv {
        if text.len() > SHOWN_BYTES {
            is_all = false;
            break;
        }
        if !text.is_empty() {
            text.push(' ');
        }
        if arg.head.is_empty() {
            text.push_str(if arg.len > 0 { MASK } else { "\"\"" });
        } else {
            text.push_str(&visible(&arg.bytes()));
            is_all &= !arg.is_cut();
        }
    }
    if !is_all {
        text.push('…');
    }
    vec![Piece { framing: false, text }]
}

/// Bytes, told apart into what RESP puts around and what is said. `len` is how
/// many there are in all.
fn pieces(bytes: &[u8], len: u64) -> Vec<Piece> {
    let shown = &bytes[..bytes.len().min(SHOWN_BYTES)];
    let mut pieces = Vec::new();
    let mut rest = shown;
    while !rest.is_empty() {
        let end = rest.windows(2).position(|two| two == b"\r\n");
        let (line, after) = rest.split_at(end.unwrap_or(rest.len()));
        let (end, after) = after.split_at(after.len().min(2));
        let counted = framing(line);
        put(&mut pieces, counted.is_some(), line);
        put(&mut pieces, true, end);
        let said = counted.unwrap_or(0).min(after.len());
        put(&mut pieces, false, &after[..said]);
        rest = &after[said..];
    }
    let hidden = shown.is_empty() && len > 0;
    let text = if hidden { MASK } else { "…" };
    if len > shown.len() as u64 {
        pieces.push(Piece { framing: true, text: text.to_owned() });
    }
    pieces
}

/// Whether a line only counts what follows, and how many bytes that are. Of a
/// line that is not over, its beginning.
fn framing(line: &[u8]) -> Option<usize> {
    let (kind, digits) = line.split_first()?;
    let number = std::str::from_utf8(digits).ok()?.parse::<i64>();
    if number.is_err() && !digits.is_empty() {
        return None;
    }
    match kind {
        b'$' | b'=' => Some(usize::try_from(number.unwrap_or(0)).unwrap_or(0)),
        b'*' | b'>' | b'%' | b'~' => Some(0),
        _ => None,
    }
}

fn put(pieces: &mut Vec<Piece>, framing: bool, bytes: &[u8]) {
    if bytes.is_empty() {
        return;
    }
    let text = visible(bytes);
    match pieces.last_mut() {
        Some(last) if last.framing == framing => last.text.push_str(&text),
        _ => pieces.push(Piece { framing, text }),
    }
}

/// Escaped like any evidence, but quotes and backslashes as they are: here
/// nothing is read back.
#[must_use]
pub fn visible(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for &byte in bytes {
        match byte {
            b'"' | b'\\' => text.push(char::from(byte)),
            _ => push_escaped(&mut text, byte),
        }
    }
    text
}
