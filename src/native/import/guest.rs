//! What a client has asked for, as far as its bytes were recorded.
//!
//! The bytes go through the server's own parser. Memory stays small whatever
//! was sent: of an argument that is long, or not recorded whole, only its
//! beginning and its length are kept, and the rest of the request is read as
//! one that has so many arguments less.

use crate::event::{ARG_CAP, ARGV_CAP, ClientId, CloseReason, Event, Need, Preview};
use crate::net::{Fd, Mask};
use crate::resp::request::{self, Limits, Progress, RequestParser};
use crate::time::Micros;
use std::net::SocketAddr;

/// As many bytes of unfinished requests are kept.
const KEPT_BYTES: usize = 64 * 1024;

/// What a server that nobody has configured allows.
const LIMITS: Limits = Limits { max_bulk_len: 512 * 1024 * 1024, authenticated: true };

/// A client.
#[derive(Debug)]
pub(super) struct Guest {
    pub id: ClientId,
    pub fd: Fd,
    pub peer: SocketAddr,
    pub local: SocketAddr,
    pub since: Micros,
    pub active: Micros,
    pub mask: Mask,
    /// What its end would be, if it came now.
    pub ending: CloseReason,
    /// At least so many reply bytes wait for room.
    pub left: u64,
    pub query: Query,
}

/// Its query buffer.
#[derive(Debug, Default)]
pub(super) struct Query {
    reading: Reading,
    parser: RequestParser,
    /// What the parser sees of the current request.
    buffer: Vec<u8>,
    /// Arguments that it does not see any more: the first of them, and all.
    taken: Vec<Preview>,
    taken_count: u32,
    /// Bytes in the server's buffer, the current request's first.
    held: u64,
    /// Bytes of the current request that `buffer` does not have, less those
    /// that it has instead.
    aside: i64,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Reading {
    #[default]
    Whole,
    /// So many bytes of an argument that began there still come, and are not
    /// looked at; so many arguments follow.
    Passing { left: u64, more: i64, began: u64 },
    /// Where requests begin is not known.
    Lost,
    /// The server does not read on either.
    Over,
}

impl Query {
    /// Of somebody who was there before: the first bytes to be seen may end
    /// what began unseen.
    pub fn begun_unseen() -> Query {
        Query { reading: Reading::Lost, ..Query::default() }
    }

    /// Bytes in the server's buffer.
    pub fn held(&self) -> u64 {
        self.held
    }

    /// Takes what a read gave: `total` bytes, of which `known` are the first.
    pub fn take(
        &mut self,
        client: ClientId,
        known: &[u8],
        total: u64,
        say: &mut impl FnMut(Event),
    ) {
        let known = &known[..known.len().min(usize::try_from(total).unwrap_or(usize::MAX))];
        let unknown = total - known.len() as u64;
        self.held = self.held.saturating_add(total);
        match self.reading {
            Reading::Over => return,
            Reading::Lost => self.find_again(known, unknown),
            Reading::Whole | Reading::Passing { .. } => {}
        }
        let mut pass = Pass { client, understood: 0 };
        if self.reading != Reading::Lost {
            self.take_known(known, &mut pass, say);
        }
        if unknown > 0 && self.reading != Reading::Over {
            self.take_unknown(unknown, &mut pass, say);
        }
        self.close_pass(&pass, say);
    }

    fn close_pass(&mut self, pass: &Pass, say: &mut impl FnMut(Event)) {
        let client = pass.client;
        if self.reading == Reading::Over {
            // What was understood stays visible with what was not.
            return;
        }
        let partial = self.reading != Reading::Lost && self.held > pass.understood;
        if partial {
            say(self.incomplete(client, pass.understood));
        }
        self.held = self.held.saturating_sub(pass.understood);
        if pass.understood > 0 {
            say(Event::QueryTrimmed { client, bytes: pass.understood, left: self.held });
        }
        if self.reading == Reading::Lost && self.held > 0 {
            say(Event::Unrecorded { client, bytes: self.held });
            self.held = 0;
        }
    }

    /// How far the current request is understood, for somebody who comes late.
    pub fn standing(&self, client: ClientId) -> Option<Event> {
        let partial = matches!(self.reading, Reading::Whole | Reading::Passing { .. });
        (partial && self.held > 0).then(|| self.incomplete(client, 0))
    }

    fn take_known(&mut self, bytes: &[u8], pass: &mut Pass, say: &mut impl FnMut(Event)) {
        let mut bytes = bytes;
        if let Reading::Passing { left, .. } = self.reading {
            let passed = left.min(bytes.len() as u64);
            self.pass_over(passed, pass, say);
            bytes = &bytes[usize::try_from(passed).unwrap_or(bytes.len())..];
            if bytes.is_empty() {
                return;
            }
        }
        self.buffer.extend_from_slice(bytes);
        let mut start = 0;
        while start < self.buffer.len() {
            let rest = &self.buffer[start..];
            match self.parser.parse(rest, &LIMITS) {
                Progress::Complete { consumed } => {
                    let args = self.parser.args(rest);
                    let argv = previews(&self.taken, args);
                    let argc = self.taken_count.saturating_add(args.len() as u32);
                    self.parser.reset();
                    start += consumed;
                    self.finish(argc, argv, consumed, pass, say);
                }
                Progress::Empty { consumed } => {
                    self.parser.reset();
                    start += consumed;
                    pass.understood += consumed as u64;
                }
                Progress::Incomplete => break,
                Progress::Error { error, at } => {
                    let at = pass.understood + self.absolute(at);
                    say(Event::ProtocolError { client: pass.client, text: error.to_string(), at });
                    self.forget();
                    self.reading = Reading::Over;
                    return;
                }
            }
        }
        self.buffer.drain(..start);
        if self.buffer.len() > KEPT_BYTES {
            self.shorten();
        }
    }

    /// Bytes that were not recorded can only be within an argument whose
    /// length is known.
    fn take_unknown(&mut self, unknown: u64, pass: &mut Pass, say: &mut impl FnMut(Event)) {
        if self.reading == Reading::Whole && !self.buffer.is_empty() {
            self.begin_passing();
        }
        match self.reading {
            Reading::Passing { left, .. } if unknown <= left => {
                self.pass_over(unknown, pass, say);
            }
            _ => {
                self.forget();
                self.reading = Reading::Lost;
            }
        }
    }

    fn finish(
        &mut self,
        argc: u32,
        argv: Vec<Preview>,
        consumed: usize,
        pass: &mut Pass,
        say: &mut impl FnMut(Event),
    ) {
        pass.understood += self.absolute(consumed);
        let parsed_to = pass.understood;
        say(Event::Parsed { client: pass.client, argc, argv, parsed_to });
        self.taken.clear();
        self.taken_count = 0;
        self.aside = 0;
    }

    /// The rest of a long argument, or a part of it.
    fn pass_over(&mut self, bytes: u64, pass: &mut Pass, say: &mut impl FnMut(Event)) {
        let Reading::Passing { left, more, began } = self.reading else { return };
        self.aside = self.aside.saturating_add_unsigned(bytes);
        if bytes < left {
            self.reading = Reading::Passing { left: left - bytes, more, began };
            return;
        }
        self.reading = Reading::Whole;
        if more > 0 {
            self.begin_with(more);
        } else {
            let argv = std::mem::take(&mut self.taken);
            self.finish(self.taken_count, argv, 0, pass, say);
        }
    }

    /// Goes on as if the request had only the arguments that are to come.
    fn begin_with(&mut self, more: i64) {
        let header = format!("*{more}\r\n");
        self.aside = self.aside.saturating_sub_unsigned(header.len() as u64);
        self.parser.reset();
        self.buffer = header.into_bytes();
        // The parser is where the rest of the request begins.
        let _ = self.parser.parse(&self.buffer, &LIMITS);
    }

    /// If an argument is being waited for: from now on it is only counted.
    fn begin_passing(&mut self) {
        let request::Need::BulkBytes(missing) = self.parser.need() else { return };
        if self.parser.argc_expected() < 1 {
            return;
        }
        let begun = self.parser.position().min(self.buffer.len());
        let head = &self.buffer[begun..];
        // The two bytes behind the argument count as missing, not as its own.
        let len = (head.len() as u64).saturating_add(missing).saturating_sub(2);
        let shown = head.len().min(usize::try_from(len).unwrap_or(usize::MAX));
        let began = self.absolute(begun);
        let argument = Preview { len, ..Preview::of(&head[..shown], ARG_CAP) };
        let args = self.parser.args(&self.buffer);
        let complete = args.len();
        self.taken = previews(&self.taken, args);
        if self.taken.len() < ARGV_CAP {
            self.taken.push(argument);
        }
        self.taken_count = self.taken_count.saturating_add(complete as u32).saturating_add(1);
        self.aside = self.aside.saturating_add_unsigned(self.buffer.len() as u64);
        let more = self.parser.argc_expected() - complete as i64 - 1;
        self.buffer = Vec::new();
        self.parser.reset();
        self.reading = Reading::Passing { left: missing, more, began };
    }

    /// The buffer has become long: keeps previews of what is complete.
    fn shorten(&mut self) {
        match self.parser.need() {
            request::Need::BulkBytes(_) => self.begin_passing(),
            request::Need::BulkHeader if self.parser.argc_expected() > 0 => {
                let args = self.parser.args(&self.buffer);
                let complete = args.len();
                self.taken = previews(&self.taken, args);
                self.taken_count = self.taken_count.saturating_add(complete as u32);
                let more = self.parser.argc_expected() - complete as i64;
                let position = self.parser.position().min(self.buffer.len());
                let rest = self.buffer.split_off(position);
                self.aside = self.aside.saturating_add_unsigned(position as u64);
                self.begin_with(more);
                self.buffer.extend_from_slice(&rest);
            }
            // A line: the parser itself refuses it when it becomes too long.
            _ => {}
        }
    }

    /// A read that is nothing but whole requests is taken for what it seems.
    fn find_again(&mut self, known: &[u8], unknown: u64) {
        if unknown > 0 || known.first() != Some(&b'*') {
            return;
        }
        let (mut parser, mut start) = (RequestParser::default(), 0);
        while start < known.len() {
            match parser.parse(&known[start..], &LIMITS) {
                Progress::Complete { consumed } if known[start] == b'*' => start += consumed,
                _ => return,
            }
            parser.reset();
        }
        self.reading = Reading::Whole;
    }

    fn forget(&mut self) {
        self.buffer = Vec::new();
        self.parser.reset();
        self.taken.clear();
        self.taken_count = 0;
        self.aside = 0;
    }

    /// An offset in the current request, of one in what the parser sees.
    fn absolute(&self, position: usize) -> u64 {
        self.aside.saturating_add_unsigned(position as u64).max(0).unsigned_abs()
    }

    fn incomplete(&self, client: ClientId, understood: u64) -> Event {
        if let Reading::Passing { left, more, began } = self.reading {
            let argc = i64::from(self.taken_count).saturating_add(more);
            let argc = u32::try_from(argc).unwrap_or(u32::MAX);
            // The argument that is being passed over is not complete.
            let complete = self.taken_count.saturating_sub(1) as usize;
            let argv = self.taken.iter().take(complete).cloned().collect();
            let need = Need::BulkBytes(left);
            let parsed_to = understood + began;
            return Event::Incomplete { client, argc, argv, parsed_to, need };
        }
        let args = self.parser.args(&self.buffer);
        let argv = previews(&self.taken, args);
        let announced = i64::from(self.taken_count).saturating_add(self.parser.argc_expected());
        let argc = u32::try_from(announced.max(0)).unwrap_or(u32::MAX);
        let need = match self.parser.need() {
            request::Need::InlineEnd => Need::InlineEnd,
            request::Need::MultibulkHeader => Need::MultibulkHeader,
            request::Need::BulkHeader => Need::BulkHeader,
            request::Need::BulkBytes(bytes) => Need::BulkBytes(bytes),
        };
        let parsed_to = understood + self.absolute(self.parser.position());
        Event::Incomplete { client, argc, argv, parsed_to, need }
    }
}

/// One read's worth of understanding.
struct Pass {
    client: ClientId,
    /// Bytes of whole requests.
    understood: u64,
}

/// The first arguments of a request, of which some were taken before.
fn previews(taken: &[Preview], args: request::Args<'_>) -> Vec<Preview> {
    let room = ARGV_CAP.saturating_sub(taken.len()).min(args.len());
    let more = (0..room).map(|nth| Preview::of(args.get(nth), ARG_CAP));
    taken.iter().cloned().chain(more).collect()
}

#[cfg(test)]
mod tests;
