//! Every order from its first byte on the wire to its answer's last: which
//! record was each stage of it.
//!
//! Records speak of bytes, calls and commands, not of orders. But a connection
//! is two streams, and nothing on a stream overtakes: the n-th byte sent is
//! the n-th byte read and the n-th byte parsed. So an order is a range of the
//! stream in, its answer a range of the stream out, and each stage is the
//! record that took the stream past the range's end. Nothing is guessed; what
//! a source cannot know (a real network says nothing of the far end) stays
//! `None`.

use super::narration::words;
use crate::event::{ClientId, Event, Pipe};
use crate::sorted::SortedMap;
use crate::time::Micros;
use crate::trace::{Record, Timeline};
use std::collections::VecDeque;
use std::net::SocketAddr;

/// One order. The stages are indices of records, in this order if all are
/// there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Request {
    pub client: ClientId,
    /// As somebody would type it, clipped; empty while it is not complete.
    pub order: String,
    /// Bytes on the wire, of a complete order, and of its reply.
    pub size: u64,
    pub reply: u64,
    /// The guest wrote its first byte.
    pub sent: Option<usize>,
    /// Its last byte came to rest in the server's socket.
    pub arrived: Option<usize>,
    /// The poll told of the bytes that completed it.
    pub signalled: Option<usize>,
    /// The first and the last `read` that took some of it, and how many there
    /// were.
    pub first_read: Option<usize>,
    pub read: Option<usize>,
    pub reads: u32,
    pub parsed: Option<usize>,
    /// Its command began and ended. Both are the same record if it was
    /// refused without running.
    pub began: Option<usize>,
    pub ended: Option<usize>,
    /// Its reply went on the rack.
    pub queued: Option<usize>,
    /// The first write that tried to carry it, and the one that took the last
    /// of its bytes.
    pub first_write: Option<usize>,
    pub written: Option<usize>,
    /// The guest read the last byte of the reply.
    pub consumed: Option<usize>,
    /// It waits for a key or for the end of a pause.
    pub blocked: Option<usize>,
    /// The order before it, of the same guest, if one read brought both: it is
    /// served first.
    pub behind: Option<usize>,
}

impl Request {
    /// The newest stage that it has reached.
    #[must_use]
    pub fn newest(&self) -> Option<usize> {
        let stages = [
            self.sent,
            self.arrived,
            self.first_read,
            self.read,
            self.parsed,
            self.began,
            self.ended,
            self.queued,
            self.first_write,
            self.written,
            self.consumed,
        ];
        stages.into_iter().flatten().max()
    }

    /// The oldest record that speaks of it.
    #[must_use]
    pub fn oldest(&self) -> Option<usize> {
        [self.sent, self.arrived, self.first_read, self.parsed].into_iter().flatten().min()
    }

    /// From its last byte's arrival, or what is known instead (the poll that
    /// told of it), until its answer had left for good.
    #[must_use]
    pub fn latency(&self, timeline: &Timeline) -> Option<Micros> {
        let from = self.arrived.or(self.signalled)?;
        Some(at(timeline, self.written?).saturating_sub(at(timeline, from)))
    }
}

/// When a record happened; zero if there is none of that number.
pub(super) fn at(timeline: &Timeline, index: usize) -> Micros {
    timeline.record(index).map_or(Micros::ZERO, |record| record.at)
}

/// How far a stream has come, and by which records.
#[derive(Clone, Debug, Default)]
pub(super) struct Stream {
    pub total: u64,
    /// Where the stream stood after a record; what nobody can ask for any
    /// more is forgotten.
    steps: VecDeque<(u64, usize)>,
}

impl Stream {
    pub fn pass(&mut self, bytes: u64, record: usize) {
        if bytes > 0 {
            self.total = self.total.saturating_add(bytes);
            self.steps.push_back((self.total, record));
        }
    }

    /// The record that took the stream past `offset`.
    pub fn past(&self, offset: u64) -> Option<usize> {
        self.around(offset).map(|(_, _, record)| record)
    }

    /// The same, and from where to where that record took it.
    pub fn around(&self, offset: u64) -> Option<(u64, u64, usize)> {
        let first = self.steps.partition_point(|(end, _)| *end <= offset);
        let (end, record) = *self.steps.get(first)?;
        let start = first.checked_sub(1).map_or(0, |before| self.steps[before].0);
        Some((start, end, record))
    }

    /// How far it had come before `record`.
    pub fn before(&self, record: usize) -> u64 {
        let count = self.steps.partition_point(|(_, at)| *at < record);
        count.checked_sub(1).map_or(0, |last| self.steps[last].0)
    }

    fn forget(&mut self, offset: u64) {
        while self.steps.front().is_some_and(|(end, _)| *end <= offset) {
            self.steps.pop_front();
        }
    }

    /// How many records it took to get from `from` to `to`.
    fn count(&self, from: u64, to: u64) -> u32 {
        let first = self.steps.partition_point(|(end, _)| *end <= from);
        let last = self.steps.partition_point(|(end, _)| *end < to);
        let count = (last + 1).min(self.steps.len()).saturating_sub(first);
        u32::try_from(count).unwrap_or(u32::MAX)
    }
}

/// One connection.
#[derive(Clone, Debug, Default)]
struct Line {
    client: Option<ClientId>,
    /// What its guest is called.
    name: String,
    sent: Stream,
    arrived: Stream,
    read: Stream,
    signalled: Option<usize>,
    /// Of each read, the poll that told of it.
    signals: VecDeque<(usize, usize)>,
    /// Bytes that left the query buffer: where its first byte is on the stream.
    trimmed: u64,
    /// Where the last complete order ended.
    understood: u64,
    /// The order whose command or reply comes next.
    open: Option<usize>,
    replied: u64,
    written: u64,
    consumed: u64,
    /// Ends of replies on the stream out, and whose they are.
    unwritten: VecDeque<(u64, usize)>,
    unconsumed: VecDeque<(u64, usize)>,
}

/// All orders of a run, in the order in which they were understood.
#[derive(Clone, Debug, Default)]
pub struct Requests {
    all: Vec<Request>,
    lines: SortedMap<SocketAddr, Line>,
    peers: SortedMap<ClientId, SocketAddr>,
    polled: Option<usize>,
    seen: usize,
}

impl Requests {
    #[must_use]
    pub fn of(records: &[Record]) -> Requests {
        let mut requests = Requests::default();
        requests.catch_up(records);
        requests
    }

    /// Takes the records that are new since the last call; `records` is the
    /// whole run so far.
    pub fn catch_up(&mut self, records: &[Record]) {
        for (index, record) in records.iter().enumerate().skip(self.seen) {
            self.take(index, &record.event);
        }
        self.seen = self.seen.max(records.len());
    }

    /// The complete orders.
    #[must_use]
    pub fn all(&self) -> &[Request] {
        &self.all
    }

    /// The oldest order of `client` that is not over: its answer has not left
    /// for good, or it has not even come in whole.
    #[must_use]
    pub fn unanswered(&self, client: ClientId) -> Option<Request> {
        let line = self.line(client)?;
        let waiting = line.unwritten.front().map(|(_, index)| *index);
        let found = waiting.or(line.open).and_then(|index| self.all.get(index)).cloned();
        found.or_else(|| self.unfinished(client))
    }

    /// The last complete order of `client`.
    #[must_use]
    pub fn last_of(&self, client: ClientId) -> Option<&Request> {
        self.all.iter().rev().find(|request| request.client == client)
    }

    /// The order of `client` that has begun to come in but is not complete.
    #[must_use]
    pub fn unfinished(&self, client: ClientId) -> Option<Request> {
        let line = self.line(client)?;
        let from = line.understood;
        let request = Request {
            client,
            sent: line.sent.past(from),
            arrived: line.arrived.past(from),
            first_read: line.read.past(from),
            read: line.read.steps.back().filter(|(end, _)| *end > from).map(|(_, record)| *record),
            reads: line.read.count(from, line.read.total),
            ..Request::default()
        };
        request.oldest().is_some().then_some(request)
    }

    /// The oldest bytes of `client` that lie in the server's socket: their
    /// arrival, and when they were sent. A guest who is not let in yet has
    /// none.
    #[must_use]
    pub fn unread(&self, client: ClientId) -> Option<(usize, Option<usize>)> {
        let line = self.line(client)?;
        let offset = line.read.total;
        Some((line.arrived.past(offset)?, line.sent.past(offset)))
    }

    /// Everybody who was ever let in.
    pub fn clients(&self) -> impl Iterator<Item = ClientId> + '_ {
        self.peers.keys().copied()
    }

    #[must_use]
    pub fn peer(&self, client: ClientId) -> Option<SocketAddr> {
        self.peers.get(&client).copied()
    }

    /// The crowd that a client is of, if it is of one: `rush` of `rush.7`.
    #[must_use]
    pub fn crowd(&self, client: ClientId) -> Option<&str> {
        self.line(client)?.name.split_once('.').map(|(crowd, _)| crowd)
    }

    fn line(&self, client: ClientId) -> Option<&Line> {
        let line = self.lines.get(self.peers.get(&client)?)?;
        (line.client == Some(client)).then_some(line)
    }

    fn line_mut(&mut self, client: ClientId) -> Option<&mut Line> {
        let line = self.lines.get_mut(self.peers.get(&client)?)?;
        (line.client == Some(client)).then_some(line)
    }

    /// The order of `client` that is being served.
    fn open(&mut self, client: ClientId) -> Option<&mut Request> {
        let open = self.line(client)?.open?;
        self.all.get_mut(open)
    }

    fn take(&mut self, index: usize, event: &Event) {
        match event {
            Event::PollReturn { .. } => self.polled = Some(index),
            Event::ClientCreated { client, peer, .. } => self.seat(*client, *peer),
            Event::Pipe { peer, pipe } => self.pipe(index, *peer, pipe),
            Event::Read { client, bytes, .. } => {
                let polled = self.polled;
                if let Some(line) = self.line_mut(*client) {
                    line.read.pass(bytes.len, index);
                    line.signalled = polled;
                    line.signals.extend(polled.map(|polled| (index, polled)));
                }
            }
            Event::Parsed { client, argv, parsed_to, .. } => {
                self.parsed(index, *client, words::order(argv), *parsed_to);
            }
            Event::QueryTrimmed { client, bytes, .. } | Event::Unrecorded { client, bytes } => {
                if let Some(line) = self.line_mut(*client) {
                    line.trimmed = line.trimmed.saturating_add(*bytes);
                }
                self.close_if_answered(*client);
            }
            Event::CommandBegin { client, .. } => {
                if let Some(request) = self.open(*client) {
                    request.began.get_or_insert(index);
                }
            }
            Event::CommandEnd { client, .. } => {
                if let Some(request) = self.open(*client) {
                    request.ended = Some(index);
                }
            }
            Event::CommandRejected { client, .. } => {
                if let Some(request) = self.open(*client) {
                    request.began.get_or_insert(index);
                    request.ended = Some(index);
                }
            }
            Event::Blocked { client, .. } => {
                if let Some(request) = self.open(*client) {
                    request.blocked = Some(index);
                }
            }
            Event::ReplyQueued { client, bytes, .. } => self.replied(index, *client, bytes.len),
            Event::Write { client, bytes, .. } => self.wrote(index, *client, *bytes),
            Event::ClientFreed { client, .. } => {
                if let Some(line) = self.line_mut(*client) {
                    line.unwritten.clear();
                    line.open = None;
                }
            }
            _ => {}
        }
    }

    /// An address may come back; what was sent to the door before anybody sat
    /// down belongs to the newcomer.
    fn seat(&mut self, client: ClientId, peer: SocketAddr) {
        let line = self.lines.or_default(peer);
        if line.client.is_some() {
            *line = Line::default();
        }
        line.client = Some(client);
        self.peers.insert(client, peer);
    }

    fn pipe(&mut self, index: usize, peer: SocketAddr, pipe: &Pipe) {
        let line = self.lines.or_default(peer);
        match pipe {
            Pipe::Sent { bytes, .. } => line.sent.pass(bytes.len, index),
            Pipe::Arrived { bytes } => line.arrived.pass(bytes.len, index),
            Pipe::Consumed { bytes } => {
                line.consumed = line.consumed.saturating_add(bytes.len);
                while let Some((end, request)) = line.unconsumed.front().copied()
                    && end <= line.consumed
                {
                    line.unconsumed.pop_front();
                    self.all[request].consumed = Some(index);
                }
            }
            Pipe::Queued { name } => line.name.clone_from(name),
            Pipe::BacklogFull { .. }
            | Pipe::FinArrived
            | Pipe::ResetArrived
            | Pipe::Delivered { .. }
            | Pipe::Reading { .. }
            | Pipe::SawClose { .. }
            | Pipe::Left => {}
        }
    }

    fn parsed(&mut self, index: usize, client: ClientId, order: String, parsed_to: u64) {
        let number = self.all.len();
        let Some(line) = self.line_mut(client) else { return };
        let from = line.understood;
        let to = line.trimmed.saturating_add(parsed_to).max(from);
        line.understood = to;
        let last = to.saturating_sub(1).max(from);
        line.sent.forget(from);
        line.arrived.forget(from);
        line.read.forget(from);
        let (first_read, read) = (line.read.past(from), line.read.past(last));
        while line.signals.front().is_some_and(|(of, _)| Some(*of) < first_read) {
            line.signals.pop_front();
        }
        let told = line.signals.iter().find(|(of, _)| Some(*of) == read).map(|(_, polled)| *polled);
        let request = Request {
            client,
            order,
            size: to - from,
            sent: line.sent.past(from),
            arrived: line.arrived.past(last),
            signalled: told.or(line.signalled),
            first_read,
            read,
            reads: line.read.count(from, to),
            parsed: Some(index),
            ..Request::default()
        };
        line.open = Some(number);
        self.all.push(request);
        self.all[number].behind = self.in_the_same_read(number);
    }

    fn in_the_same_read(&self, number: usize) -> Option<usize> {
        let (this, before) = (&self.all[number], number.checked_sub(1)?);
        // Orders of one read follow each other: nobody else is read between.
        let other = &self.all[before];
        (other.client == this.client && this.read.is_some() && other.read == this.read)
            .then_some(before)
    }

    fn replied(&mut self, index: usize, client: ClientId, bytes: u64) {
        let Some(line) = self.line_mut(client) else { return };
        line.replied = line.replied.saturating_add(bytes);
        let end = line.replied;
        // Without an open order it is a push: it belongs to nobody's order.
        let Some(open) = line.open else { return };
        match line.unwritten.back_mut() {
            Some((last, request)) if *request == open => *last = end,
            _ => line.unwritten.push_back((end, open)),
        }
        let request = &mut self.all[open];
        request.reply = request.reply.saturating_add(bytes);
        request.queued.get_or_insert(index);
        if request.blocked.is_some() {
            self.close_if_answered(client);
        }
    }

    /// An order is over for the parser once its pass is; one that blocks stays
    /// open until its reply comes.
    fn close_if_answered(&mut self, client: ClientId) {
        let Some(open) = self.line(client).and_then(|line| line.open) else { return };
        let waits = self.all[open].blocked.is_some() && self.all[open].queued.is_none();
        if !waits && let Some(line) = self.line_mut(client) {
            line.open = None;
        }
    }

    fn wrote(&mut self, index: usize, client: ClientId, bytes: u64) {
        let Some(peer) = self.peers.get(&client) else { return };
        let Some(line) = self.lines.get_mut(peer) else { return };
        line.written = line.written.saturating_add(bytes);
        while let Some((end, request)) = line.unwritten.front().copied() {
            self.all[request].first_write.get_or_insert(index);
            if end > line.written {
                break;
            }
            line.unwritten.pop_front();
            line.unconsumed.push_back((end, request));
            self.all[request].written = Some(index);
        }
    }
}
