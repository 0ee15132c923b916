//! One client's conversation, kept twice: as the calls say, and as the facts
//! say.

use super::ledger::Connection;
use super::reader::{self, Reading, Rules};
use super::{Held, Invariant, require};
use crate::event::{ARG_CAP, ARGV_CAP, ClientId, CloseReason, Preview, UnblockReason};
use crate::net::{NetError, WRITE_BUDGET_BYTES, WriteOutcome};
use crate::resp::reply::ReplyFault;
use crate::resp::{Protocol, ReplyParser, Value};
use std::collections::VecDeque;
use std::net::SocketAddr;

/// How a client's end is coming.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Leaving {
    #[default]
    No,
    /// What is queued still leaves.
    AfterReply,
    /// Nothing leaves any more.
    Now,
}

/// What one request has put on the rack.
#[derive(Clone, Copy, Debug, Default)]
struct Answer {
    len: u64,
    resp3: bool,
    /// The client was cut off meanwhile: the reply may end in the middle.
    cut: bool,
}

/// An answer, and what it has to be.
#[derive(Clone, Copy, Debug)]
struct Addition {
    answer: Answer,
    /// Replies it has to consist of, messages not counted; none: any number.
    replies: Option<u32>,
    is_protocol_error: bool,
}

/// See the module documentation.
#[derive(Debug)]
pub struct Account {
    pub id: ClientId,
    pub peer: SocketAddr,
    /// In the ledger.
    pub connection: usize,
    pub authenticated: bool,
    /// Has never given the password.
    pub stranger: bool,
    pub protocol: Protocol,
    pub leaving: Leaving,
    /// Offsets into everything that was read: received as the facts say,
    /// understood, and gone from the query buffer.
    pub received: usize,
    pub parsed: usize,
    pub trimmed: usize,
    protocol_error: bool,
    /// The request that was parsed last is not settled yet.
    in_request: bool,
    /// Its words, and those of the commands that run inside it.
    request: Vec<Vec<u8>>,
    running: Vec<Vec<Vec<u8>>>,
    /// What EXEC would run.
    queue: VecDeque<Vec<Vec<u8>>>,
    /// Replies that are due for it (none: any number), and what came so far.
    due: Option<u32>,
    answer: Answer,
    /// Waits for a key or for the end of a pause.
    pub blocked: bool,
    /// Its request has not been begun, because of a pause.
    put_off: bool,
    /// Has ever subscribed, or asked for MONITOR: not everything it is told
    /// is a reply.
    pub hears_messages: bool,
    /// Said CLIENT NO-EVICT.
    pub no_evict: bool,
    /// Input may have been left for the next `beforeSleep`.
    pub late: bool,
    replies_off: bool,
    /// The next request, and this one, get no reply.
    skip: bool,
    skipped: bool,
    /// Everything that was ever put on the rack, as far as it was seen, and
    /// its length as the facts say.
    stream: Vec<u8>,
    generated: u64,
    /// How much of `stream` was understood, and has been seen to leave.
    understood: usize,
    left: usize,
    additions: Vec<Addition>,
    /// Whether the last turn took everything.
    drained: bool,
    /// Commands that ran to their end.
    pub commands: u64,
}

impl Account {
    pub fn new(id: ClientId, peer: SocketAddr, connection: usize, authenticated: bool) -> Account {
        Account {
            id,
            peer,
            connection,
            authenticated,
            stranger: !authenticated,
            protocol: Protocol::Resp2,
            leaving: Leaving::No,
            received: 0,
            parsed: 0,
            trimmed: 0,
            protocol_error: false,
            in_request: false,
            request: Vec::new(),
            running: Vec::new(),
            queue: VecDeque::new(),
            due: Some(0),
            answer: Answer::default(),
            blocked: false,
            put_off: false,
            hears_messages: false,
            no_evict: false,
            late: false,
            replies_off: false,
            skip: false,
            skipped: false,
            stream: Vec::new(),
            generated: 0,
            understood: 0,
            left: 0,
            additions: Vec::new(),
            drained: false,
            commands: 0,
        }
    }

    /// `Read`: `len` bytes, which must be the next that the guest sent, if
    /// that is known.
    pub fn read(&mut self, connection: &mut Connection, len: u64, sent: Option<&[u8]>) -> Held {
        let id = self.id;
        let call = connection.reads.pop_front();
        let got = call.and_then(Result::ok).unwrap_or(0);
        require(call.is_some() && got as u64 == len, Invariant::FactsAddUp, || {
            format!("client {id}: the facts tell of {len} bytes read, the call gave {got}")
        })?;
        let new = self.received..self.received + got;
        self.received = new.end;
        require(
            sent.is_none_or(|sent| sent.get(new.clone()) == connection.input.get(new.clone())),
            Invariant::InputInOrder,
            || format!("client {id}: bytes {new:?} are not what the guest sent there"),
        )
    }

    /// `Parsed`: the second reader must find the same request.
    pub fn parsed(&mut self, input: &[u8], argc: u32, argv: &[Preview], rules: Rules) -> Held {
        let id = self.id;
        self.close_request()?;
        require(!self.protocol_error, Invariant::OneProtocolError, || {
            format!("client {id}: a request is read behind the bytes that could not be understood")
        })?;
        require(self.leaving == Leaving::No, Invariant::SilentAfterClose, || {
            format!("client {id}: a request is read although the client is leaving")
        })?;
        require(!self.blocked && !self.put_off, Invariant::BlockedWait, || {
            format!("client {id}: a request is read although the client waits")
        })?;
        // A typed line has its own limit, with the password or without.
        let no_line_end = |byte: &&u8| !matches!(byte, b'\r' | b'\n');
        let first = input[self.parsed..self.received].iter().find(no_line_end);
        let is_multibulk = first == Some(&b'*');
        let large = argc > 10 || argv.iter().any(|arg| arg.len > 16 * 1024);
        require(
            rules.authenticated || !is_multibulk || !large,
            Invariant::UnauthenticatedLimits,
            || format!("client {id}: {argc} arguments got through without the password"),
        )?;
        let reading = reader::read(&input[self.parsed..self.received], rules);
        let Reading::Request { argv: words, end, late } = reading else {
            return require(false, Invariant::WholeRequestsOnly, || {
                format!(
                    "client {id}: a request of {argc} arguments is said to be in bytes {}..{}: {reading:?}",
                    self.parsed, self.received
                )
            });
        };
        let previews: Vec<Preview> =
            words.iter().take(ARGV_CAP).map(|word| Preview::of(word, ARG_CAP)).collect();
        let same = words.len() as u64 == u64::from(argc) && previews == argv;
        require(same, Invariant::WholeRequestsOnly, || {
            format!("client {id}: the request at byte {} is not the one that was sent", self.parsed)
        })?;
        self.parsed += end;
        (self.request, self.in_request) = (words, true);
        // Asking for nothing uses a CLIENT REPLY SKIP up.
        self.skipped = std::mem::take(&mut self.skip) && !late;
        Ok(())
    }

    /// `CommandBegin`; `name` may be that of a subcommand, such as `config|set`.
    pub fn runs(&mut self, name: &str, rules: Rules) -> Held {
        self.begin()?;
        let asked = self.running.last().and_then(|words| words.first());
        let opens = |word: &&str| asked.is_some_and(|n| n.eq_ignore_ascii_case(word.as_bytes()));
        let first = name.split('|').next().unwrap_or_default();
        require(opens(&first), Invariant::WholeRequestsOnly, || {
            format!("client {}: {name} runs, and something else was asked for", self.id)
        })?;
        let allowed = rules.authenticated || ["auth", "hello", "quit", "reset"].iter().any(opens);
        require(allowed, Invariant::UnauthenticatedLimits, || {
            format!("client {}: a command runs that takes the password first", self.id)
        })
    }

    /// Of the request, or of one that EXEC takes from its queue.
    fn begin(&mut self) -> Held {
        let id = self.id;
        let nested = !self.running.is_empty();
        require(self.leaving == Leaving::No || nested, Invariant::SilentAfterClose, || {
            format!("client {id}: a command runs although the client is leaving")
        })?;
        let words = if nested { self.queue.pop_front() } else { Some(self.request.clone()) };
        require(self.in_request && words.is_some(), Invariant::WholeRequestsOnly, || {
            format!("client {id}: a command runs that was not asked for")
        })?;
        self.put_off = false;
        self.running.push(words.unwrap_or_default());
        Ok(())
    }

    /// `CommandEnd`; `open`: there is no password.
    pub fn end(&mut self, open: bool) -> Held {
        let id = self.id;
        let request = self.running.pop();
        require(request.is_some(), Invariant::WholeRequestsOnly, || {
            format!("client {id}: a command ends that has not begun")
        })?;
        let request = request.unwrap_or_default();
        let nested = !self.running.is_empty();
        if self.blocked {
            // It will run again, or be answered without.
            return Ok(());
        }
        self.commands += 1;
        let is = |i: usize, word: &str| {
            request.get(i).is_some_and(|arg| arg.eq_ignore_ascii_case(word.as_bytes()))
        };
        let skip = !nested && self.skipped;
        let mut silent = self.replies_off || skip;
        if is(0, "client") && is(1, "reply") {
            // Inside EXEC it tears the reply apart, as in Redis.
            self.answer.cut |= nested;
            if is(2, "on") {
                (self.replies_off, silent) = (false, false);
            } else if is(2, "off") {
                (self.replies_off, silent) = (true, true);
            } else if is(2, "skip") {
                self.skip = !self.replies_off;
                silent = true;
            }
        }
        if is(0, "reset") {
            self.replies_off = false;
            silent = skip;
            // What only a password gives is gone with it.
            (self.authenticated, self.no_evict) = (open, false);
            self.queue.clear();
        }
        if is(0, "client") && is(1, "no-evict") {
            self.no_evict = is(2, "on");
        }
        let subscribes =
            request.first().is_some_and(|name| name.to_ascii_lowercase().ends_with(b"subscribe"));
        self.hears_messages |= subscribes;
        self.answer.cut |= subscribes && nested;
        if !nested {
            // Who hears everything already is not told so again; who ends
            // everything is told nothing.
            let any = subscribes || is(0, "monitor") || is(0, "shutdown");
            self.due = (!any).then_some(u32::from(!silent));
        }
        Ok(())
    }

    /// `CommandRejected`, or a request that waits for EXEC.
    pub fn set_aside(&mut self, queued: bool) -> Held {
        self.begin()?;
        let request = self.running.pop().unwrap_or_default();
        if queued {
            self.queue.push_back(request);
        }
        self.due = Some(u32::from(!(self.replies_off || self.skipped)));
        Ok(())
    }

    /// `Blocked`: the request waits; one that a pause puts off has not begun.
    pub fn blocks(&mut self) {
        self.blocked = true;
        self.put_off = self.running.is_empty();
    }

    /// `Unblocked`: either the request runs again, or it is answered now.
    /// Returns whether that made it count as done.
    pub fn unblocks(&mut self, why: UnblockReason) -> bool {
        self.blocked = false;
        match why {
            UnblockReason::KeyReady | UnblockReason::Resumed => false,
            UnblockReason::Timeout | UnblockReason::Error => {
                self.due = Some(u32::from(!(self.replies_off || self.skipped)));
                true
            }
        }
    }

    /// The transaction is over.
    pub fn forget_queue(&mut self) {
        self.queue.clear();
    }

    /// `ProtocolError`: the second reader must be at a loss, too.
    pub fn protocol_error(&mut self, input: &[u8], rules: Rules) -> Held {
        let id = self.id;
        require(!self.protocol_error, Invariant::OneProtocolError, || {
            format!("client {id}: a second protocol error")
        })?;
        let reading = reader::read(&input[self.parsed..self.received], rules);
        require(reading == Reading::Nonsense, Invariant::WholeRequestsOnly, || {
            format!("client {id}: bytes {}.. are refused, but they are {reading:?}", self.parsed)
        })?;
        self.close_request()?;
        (self.protocol_error, self.in_request) = (true, true);
        self.due = Some(u32::from(!(self.replies_off || self.skip)));
        Ok(())
    }

    /// `ReplyQueued`.
    pub fn queued(&mut self, len: u64) -> Held {
        let id = self.id;
        // Whose last reply it is may be told so before the reply itself.
        let last = self.leaving == Leaving::AfterReply && self.in_request;
        require(self.leaving == Leaving::No || last, Invariant::SilentAfterClose, || {
            format!("client {id}: {len} reply bytes for somebody who is leaving")
        })?;
        self.generated += len;
        self.answer.len += len;
        self.answer.resp3 |= self.protocol == Protocol::Resp3;
        self.answer.cut |= last && !self.running.is_empty();
        if self.in_request { Ok(()) } else { self.close_request() }
    }

    /// `CloseAsap`: what is being answered ends here.
    pub fn doomed(&mut self) {
        self.leaving = Leaving::Now;
        self.answer.cut |= self.in_request;
    }

    /// The request that was parsed last has had its answer: exactly what was
    /// due.
    fn close_request(&mut self) -> Held {
        if self.blocked || self.put_off || !self.running.is_empty() {
            return Ok(());
        }
        let due = self.due.replace(0);
        let answer = std::mem::take(&mut self.answer);
        self.in_request = false;
        if answer.len > 0 {
            let is_protocol_error = self.protocol_error;
            self.additions.push(Addition { answer, replies: due, is_protocol_error });
            return Ok(());
        }
        require(
            due.is_none_or(|due| due == 0) || self.leaving != Leaving::No,
            Invariant::OneReplyEach,
            || format!("client {}: its request before byte {} got no reply", self.id, self.parsed),
        )
    }

    /// `Write`: its calls, one after the other, and the budget, if it binds.
    pub fn wrote(
        &mut self,
        connection: &mut Connection,
        outcome: WriteOutcome,
        bytes: u64,
        calls: u32,
        bounded: bool,
    ) -> Held {
        let id = self.id;
        let mut written = 0;
        for _ in 0..calls {
            let more = connection.writes.pop_front().and_then(Result::ok).unwrap_or(0);
            let within = written <= WRITE_BUDGET_BYTES as u64 || !bounded;
            require(within, Invariant::WriteBudget, || {
                format!("client {id}: another write after {written} bytes have left in one turn")
            })?;
            written += more as u64;
        }
        let refused = match outcome {
            WriteOutcome::Drained | WriteOutcome::Budget => true,
            WriteOutcome::WouldBlock => {
                matches!(connection.writes.pop_front(), Some(Ok(0) | Err(NetError::WouldBlock)))
            }
            WriteOutcome::Reset => matches!(connection.writes.pop_front(), Some(Err(_))),
        };
        self.drained = outcome == WriteOutcome::Drained;
        require(written == bytes && refused, Invariant::FactsAddUp, || {
            format!(
                "client {id}: the facts tell of {bytes} bytes written ({outcome:?}), the calls of {written}"
            )
        })
    }

    /// `ClientFreed`.
    pub fn freed(&self, why: CloseReason, dropped: u64) -> Held {
        // Whoever leaves after the last reply has got it, unless something
        // worse came in between: then there was a turn that did not drain.
        let polite = self.drained && self.leaving == Leaving::Now;
        let told = matches!(why, CloseReason::Quit | CloseReason::ProtocolError);
        require(
            !(told && self.leaving != Leaving::No) || polite && dropped == 0,
            Invariant::SilentAfterClose,
            || {
                format!(
                    "client {}: freed ({why:?}) with {dropped} bytes of its last reply unsent",
                    self.id
                )
            },
        )
    }

    /// Between half-cycles: what was understood and what is held make up what
    /// was received; nothing complete lies unread; nothing is owed.
    pub fn settle_input(&mut self, input: &[u8], held: &[u8], rules: Rules) -> Held {
        let id = self.id;
        let unparsed = input.get(self.trimmed..self.received);
        require(unparsed == Some(held), Invariant::InputInOrder, || {
            format!(
                "client {id}: holds {} bytes, of which not all are bytes {}..{} of what was read",
                held.len(),
                self.trimmed,
                self.received
            )
        })?;
        self.close_request()?;
        if self.leaving != Leaving::No || self.blocked || self.late {
            return Ok(());
        }
        let rest = reader::read(&input[self.parsed..self.received], rules);
        require(rest == Reading::Partial, Invariant::WholeRequestsOnly, || {
            format!("client {id}: at byte {} lies {rest:?}, not dealt with", self.parsed)
        })
    }

    /// Between half-cycles: what has left and what waits is what was there
    /// before, and the new replies behind it. `waiting` is none if the client
    /// was freed; `dropped` bytes were lost with it.
    pub fn settle_output(&mut self, output: &[u8], waiting: &[u8], dropped: u64) -> Held {
        let (id, generated) = (self.id, self.generated);
        let total = output.len() as u64 + waiting.len() as u64 + dropped;
        require(total == generated, Invariant::OutputInOrder, || {
            format!("client {id}: {generated} reply bytes were queued, {total} have left or wait")
        })?;
        let same = |now: &[u8], before: &[u8]| {
            let both = now.len().min(before.len());
            now[..both] == before[..both]
        };
        let known = &self.stream;
        let left = same(&output[self.left..], &known[self.left.min(known.len())..]);
        require(left, Invariant::OutputInOrder, || {
            format!("client {id}: what left after byte {} is not what waited", self.left)
        })?;
        let waits = same(waiting, &known[output.len().min(known.len())..]);
        require(waits, Invariant::OutputInOrder, || {
            format!("client {id}: what waits behind byte {} has changed", output.len())
        })?;
        self.left = output.len();
        for part in [(0, output), (output.len(), waiting)] {
            let (start, bytes) = part;
            let new = self.stream.len().saturating_sub(start).min(bytes.len());
            self.stream.extend_from_slice(&bytes[new..]);
        }
        self.understand()
    }

    /// Everything queued is what it should be: whole replies, as many as were
    /// due, in the client's dialect.
    fn understand(&mut self) -> Held {
        let additions = std::mem::take(&mut self.additions);
        for addition in additions {
            let end = self.understood + addition.answer.len as usize;
            // The rest was lost with its client.
            let Some(bytes) = self.stream.get(self.understood..end) else { break };
            self.understood = end;
            self.replies(bytes, addition)?;
        }
        Ok(())
    }

    fn replies(&self, bytes: &[u8], addition: Addition) -> Held {
        let id = self.id;
        let Answer { resp3, cut, .. } = addition.answer;
        let protocol = if resp3 { Protocol::Resp3 } else { Protocol::Resp2 };
        let mut parser = ReplyParser::new(protocol);
        parser.feed(bytes);
        let mut replies = 0;
        loop {
            match parser.next_reply() {
                Ok(Some(value)) => replies += u32::from(!self.is_message(&value)),
                Ok(None) => break,
                Err(error) => {
                    let broken = match error.cause {
                        ReplyFault::BadLineEnd => Invariant::OneLineErrors,
                        _ => Invariant::StrictReplies,
                    };
                    let shown = Preview::of(bytes, ARG_CAP);
                    return require(false, broken, || {
                        format!("client {id}: {error} in a reply that begins {:?}", shown.head)
                    });
                }
            }
        }
        if cut {
            return Ok(());
        }
        require(parser.is_between_replies(), Invariant::StrictReplies, || {
            format!("client {id}: half a reply of {} bytes", bytes.len())
        })?;
        let due = addition.replies;
        require(due.is_none_or(|due| due == replies), Invariant::OneReplyEach, || {
            format!("client {id}: {replies} replies, {due:?} due")
        })?;
        let told = bytes.starts_with(b"-ERR Protocol error");
        require(told || !addition.is_protocol_error, Invariant::OneProtocolError, || {
            format!("client {id}: a protocol error is answered by something else")
        })
    }

    /// Whether this is no reply but a message, or what answers SUBSCRIBE.
    fn is_message(&self, value: &Value) -> bool {
        match value {
            Value::Push(_) => true,
            // A line of MONITOR.
            Value::Simple(line) if self.hears_messages => {
                line.starts_with(|c: char| c.is_ascii_digit()) && line.contains(" [")
            }
            Value::Array(items) if self.hears_messages => {
                let kind = match items.first() {
                    Some(Value::Bulk(kind)) => kind.as_slice(),
                    _ => return false,
                };
                kind.ends_with(b"message") || kind.ends_with(b"subscribe")
            }
            _ => false,
        }
    }

    /// Everything that was put on the rack.
    pub fn stream(&self) -> &[u8] {
        &self.stream
    }
}
