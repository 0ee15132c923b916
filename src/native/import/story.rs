//! From calls to cycles: which handler ran for whom, what the sweep wrote,
//! who came and went.
//!
//! A call is put into the cycle by what is known when it is seen, with one
//! exception: whether a write belongs to the sweep shows only when the thread
//! goes back to sleep. So from the first write on that no handler explains, a
//! cycle's facts wait; if a handler runs after all, they were no sweep.

use super::call::{Arrival, Call, Socket, UNKNOWN_ADDRESS, Writing};
use super::cursor::Shown;
use super::guest::{Guest, Query};
use super::late::{Late, Written};
use crate::event::{
    AcceptEnd, BYTES_CAP, ClientId, CloseReason, Event, Handler, Phase, Preview, ReadOutcome,
    RefuseReason, Stamped, Standing,
};
use crate::net::{Fd, Fired, Mask, NetError, Timeout, WriteOutcome};
use crate::time::Micros;
use std::collections::BTreeMap;
use std::net::SocketAddr;

/// Most facts that wait for the end of their cycle.
const LATE_LIMIT: usize = 100_000;
/// Most bytes of what is said to somebody at the door.
const SAID_BYTES: usize = 64;
/// Most threads that are told apart.
const HELPERS_LIMIT: usize = 254;

/// Where the loop is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// No poll has been seen yet.
    Before,
    Asleep,
    Awake,
}

/// Accepted, and not yet known to be a client.
#[derive(Debug)]
struct AtTheDoor {
    arrival: Arrival,
    /// What was written to it.
    said: Vec<u8>,
}

/// See the module documentation.
#[derive(Debug)]
pub(super) struct Story {
    stage: Stage,
    /// The thread whose loop this is.
    thread: Option<u32>,
    helpers: Vec<u32>,
    at: Micros,
    cycle: u64,
    woke: Micros,
    /// What the last poll returned and no handler has taken yet.
    fired: BTreeMap<Fd, Mask>,
    in_files: bool,
    doors: BTreeMap<Fd, (SocketAddr, u32)>,
    bound: BTreeMap<Fd, SocketAddr>,
    /// Whose bell is being answered, and how many have come.
    accepting: Option<(Fd, u32)>,
    at_the_door: BTreeMap<Fd, AtTheDoor>,
    guests: BTreeMap<Fd, Guest>,
    known_guests: u64,
    /// A client's write that may go on with the next call.
    writing: Option<Written>,
    late: Option<Late>,
    /// It has been said that this is seen from outside.
    introduced: bool,
    out: Vec<Stamped>,
}

impl Story {
    /// Of the loop of `thread`, else of the first thread that polls.
    pub fn new(thread: Option<u32>) -> Story {
        Story {
            stage: Stage::Before,
            thread,
            helpers: Vec::new(),
            at: Micros::ZERO,
            cycle: 0,
            woke: Micros::ZERO,
            fired: BTreeMap::new(),
            in_files: false,
            doors: BTreeMap::new(),
            bound: BTreeMap::new(),
            accepting: None,
            at_the_door: BTreeMap::new(),
            guests: BTreeMap::new(),
            known_guests: 0,
            writing: None,
            late: None,
            introduced: false,
            out: Vec::new(),
        }
    }

    /// The thread whose loop it is, once known.
    pub fn thread(&self) -> Option<u32> {
        self.thread
    }

    /// The facts since the last call.
    pub fn take(&mut self, out: &mut Vec<Stamped>) {
        out.append(&mut self.out);
    }

    /// A call of `thread`, from `at` to `until`.
    pub fn call(&mut self, thread: u32, at: Micros, until: Micros, call: Call) {
        if let Call::Poll { .. } = call {
            self.thread.get_or_insert(thread);
        }
        let own = self.thread.is_none_or(|own| own == thread);
        let by = self.by(thread);
        let goes_on = match &call {
            Call::Write(next) => self.writing.as_ref().is_some_and(|w| w.is_of(next.fd, by)),
            Call::Other => true,
            _ => false,
        };
        if !goes_on {
            self.end_write(Some(&call));
        }
        self.at = self.at.max(at);
        match call {
            Call::Other => {}
            Call::Read { fd, socket, shown, end } => self.read(fd, socket, &shown, end, by),
            Call::Write(writing) => self.write(writing, by),
            // Children and helpers have tables and loops of their own.
            _ if !own => {}
            Call::Poll { timeout, fired } => {
                self.go_to_sleep(self.at);
                self.poll(timeout, fired, until);
            }
            Call::Accept { listener, door, end } => self.accept(listener, door, end),
            Call::Watch { fd, socket, mask } => self.watch(fd, socket, mask),
            Call::Listen { fd, address, backlog } => self.listen(fd, address, backlog),
            Call::Bind { fd, address } => {
                self.bound.insert(fd, address);
            }
            Call::Close { fd } => self.close(fd),
            Call::OwnMemory => self.timer(),
            Call::Exit => {
                self.end();
                self.say(Event::Shutdown);
            }
        }
    }

    /// The call in which `thread` sleeps has begun.
    pub fn poll_begins(&mut self, thread: u32, at: Micros) {
        if *self.thread.get_or_insert(thread) == thread {
            self.end_write(None);
            self.at = self.at.max(at);
            self.go_to_sleep(self.at);
        }
    }

    /// Nothing more will come: what waited is stated.
    pub fn end(&mut self) {
        self.end_write(None);
        self.end_accepting(AcceptEnd::CycleLimit);
        self.settle(true);
        self.leave_files();
    }

    /// How things stand, for somebody who comes late: as at the end of a cycle.
    pub fn standing(&self, at: Micros) -> Vec<Stamped> {
        let begun = Event::Standing { what: Standing::Begun };
        let mut facts = vec![begun, Event::Standing { what: Standing::FromOutside }];
        for (fd, (address, backlog)) in &self.doors {
            facts.push(Event::Listen { fd: *fd, address: *address, backlog: *backlog });
        }
        for guest in self.guests.values() {
            let Guest { id: client, fd, peer, local, mask, .. } = *guest;
            facts.push(Event::ClientCreated { client, fd, peer, local });
            facts.push(Event::Watch { fd, mask });
            if let Some(incomplete) = guest.query.standing(client) {
                let bytes = Preview { len: guest.query.held(), head: String::new() };
                facts.push(Event::Read { client, fd, outcome: ReadOutcome::Bytes, bytes });
                facts.push(incomplete);
            }
            let (created, active, last_command) = (guest.since, guest.active, String::new());
            let what = Standing::Client { client, created, active, last_command };
            facts.push(Event::Standing { what });
        }
        facts.into_iter().map(|event| Stamped { at, event }).collect()
    }
}

/// The cycle.
impl Story {
    fn say(&mut self, event: Event) {
        let at = self.at;
        if !std::mem::replace(&mut self.introduced, true) {
            let event = Event::Standing { what: Standing::FromOutside };
            self.out.push(Stamped { at, event });
        }
        match &mut self.late {
            Some(late) => late.add(Stamped { at, event }),
            None => self.out.push(Stamped { at, event }),
        }
    }

    /// 0 is the loop's own thread.
    fn by(&mut self, thread: u32) -> u8 {
        if self.thread.is_none_or(|own| own == thread) {
            return 0;
        }
        let known = self.helpers.iter().position(|helper| *helper == thread);
        let nth = known.unwrap_or_else(|| {
            if self.helpers.len() < HELPERS_LIMIT {
                self.helpers.push(thread);
            }
            self.helpers.len() - 1
        });
        u8::try_from(nth + 1).unwrap_or(u8::MAX)
    }

    fn go_to_sleep(&mut self, at: Micros) {
        if self.stage == Stage::Asleep {
            return;
        }
        self.end();
        if self.stage == Stage::Awake {
            let busy = at.saturating_sub(self.woke);
            self.say(Event::CycleEnd { cycle: self.cycle, busy });
        }
        self.stage = Stage::Asleep;
        self.fired.clear();
        self.say(Event::PhaseEnter { phase: Phase::Poll });
    }

    fn poll(&mut self, timeout: Timeout, fired: Vec<Fired>, until: Micros) {
        self.say(Event::PollEnter { timeout });
        self.at = self.at.max(until);
        self.woke = self.at;
        self.cycle += 1;
        self.fired = fired.iter().map(|fired| (fired.fd, fired.mask)).collect();
        let anything = !fired.is_empty();
        self.say(Event::PollReturn { fired });
        self.say(Event::PhaseLeave { phase: Phase::Poll });
        self.say(Event::CycleBegin { cycle: self.cycle });
        self.stage = Stage::Awake;
        if anything {
            self.in_files = true;
            self.say(Event::PhaseEnter { phase: Phase::Files });
        }
    }

    fn leave_files(&mut self) {
        if std::mem::take(&mut self.in_files) {
            self.say(Event::PhaseLeave { phase: Phase::Files });
        }
    }

    /// `serverCron` runs.
    fn timer(&mut self) {
        if self.stage != Stage::Awake || self.late.is_some() {
            return;
        }
        self.end_accepting(AcceptEnd::CycleLimit);
        self.leave_files();
        let timer = crate::event::TimerKind::ServerCron;
        self.say(Event::PhaseEnter { phase: Phase::Timers });
        self.say(Event::TimerFired { timer });
        self.say(Event::PhaseLeave { phase: Phase::Timers });
    }

    /// A handler runs for `fd`, so that whatever was written before was no
    /// sweep. `None` if it is not among those that fired.
    fn fire(&mut self, fd: Fd, client: Option<ClientId>, handler: Handler) {
        self.settle(false);
        let bit = if handler == Handler::SendReply { Mask::WRITABLE } else { Mask::READABLE };
        let fired = self.fired.get_mut(&fd);
        let mask = fired.map_or(bit, |mask| {
            let all = *mask;
            *mask = mask.without(bit);
            all
        });
        self.say(Event::Fire { fd, client, handler, mask });
    }

    /// What waited is stated: as a sweep, or as what handlers did.
    fn settle(&mut self, sweep: bool) {
        let Some(late) = self.late.take() else { return };
        if sweep {
            // The handlers were over when the first write began.
            let in_files = std::mem::take(&mut self.in_files);
            late.state_sweep(in_files, &mut self.out);
        } else {
            late.state(&mut self.out);
        }
    }
}

/// The door.
impl Story {
    fn listen(&mut self, fd: Fd, address: SocketAddr, backlog: u32) {
        let bound = self.bound.remove(&fd).unwrap_or(UNKNOWN_ADDRESS);
        let address = if address == UNKNOWN_ADDRESS { bound } else { address };
        self.doors.insert(fd, (address, backlog));
        self.say(Event::Listen { fd, address, backlog });
    }

    fn accept(&mut self, listener: Fd, door: Socket, end: Result<Arrival, NetError>) {
        if !self.doors.contains_key(&listener) {
            let address = match door {
                Socket::Door { local } => local,
                _ => UNKNOWN_ADDRESS,
            };
            self.listen(listener, address, 0);
        }
        if self.accepting.is_none_or(|(open, _)| open != listener) {
            self.end_accepting(AcceptEnd::CycleLimit);
            self.fire(listener, None, Handler::Accept);
            self.accepting = Some((listener, 0));
        }
        match end {
            Ok(arrival) => {
                let Arrival { fd, peer, .. } = arrival;
                self.accepting = self.accepting.map(|(open, count)| (open, count + 1));
                self.forget(fd);
                self.say(Event::Accept { fd, peer });
                self.at_the_door.insert(fd, AtTheDoor { arrival, said: Vec::new() });
            }
            Err(NetError::WouldBlock) => self.end_accepting(AcceptEnd::Drained),
            // An aborted connection ends no pass in every version.
            Err(NetError::Aborted) => {}
            Err(error) => self.end_accepting(AcceptEnd::Failed(error)),
        }
    }

    fn end_accepting(&mut self, why: AcceptEnd) {
        if let Some((_, accepted)) = self.accepting.take() {
            self.say(Event::AcceptEnd { accepted, why });
        }
    }

    /// The number belongs to somebody else now; that it was given back was not
    /// seen.
    fn forget(&mut self, fd: Fd) {
        self.at_the_door.remove(&fd);
        if self.guests.contains_key(&fd) {
            self.close(fd);
        }
    }

    /// The client behind a descriptor, if there is one: known, or known now.
    fn guest(&mut self, fd: Fd, socket: Socket) -> Option<&mut Guest> {
        if socket == Socket::No || matches!(socket, Socket::Door { .. }) {
            return None;
        }
        if !self.guests.contains_key(&fd) {
            let waiting = self.at_the_door.remove(&fd);
            let seen = waiting.is_some();
            let arrival = match (waiting, socket) {
                (Some(waiting), _) => waiting.arrival,
                (None, Socket::Connection { local, peer }) => Arrival { fd, peer, local },
                // Something that speaks when it is asked to, and is no door.
                (None, _) if self.fired.contains_key(&fd) && !self.doors.contains_key(&fd) => {
                    Arrival { fd, peer: UNKNOWN_ADDRESS, local: UNKNOWN_ADDRESS }
                }
                _ => return None,
            };
            self.seat(arrival, seen);
        }
        self.guests.get_mut(&fd)
    }

    fn seat(&mut self, arrival: Arrival, seen: bool) {
        let Arrival { fd, peer, local } = arrival;
        self.known_guests += 1;
        let id = ClientId(self.known_guests);
        self.say(Event::ClientCreated { client: id, fd, peer, local });
        let guest = Guest {
            id,
            fd,
            peer,
            local,
            since: self.at,
            active: self.at,
            mask: Mask::READABLE,
            ending: CloseReason::Unseen,
            left: 0,
            query: if seen { Query::default() } else { Query::begun_unseen() },
        };
        self.guests.insert(fd, guest);
    }

    fn watch(&mut self, fd: Fd, socket: Socket, mask: Mask) {
        if self.doors.contains_key(&fd) {
            return self.say(Event::Watch { fd, mask });
        }
        let known = self.guests.contains_key(&fd) || self.at_the_door.contains_key(&fd);
        if !known && !matches!(socket, Socket::Connection { .. }) {
            return;
        }
        if mask.is_none() && !self.guests.contains_key(&fd) {
            return;
        }
        if let Some(guest) = self.guest(fd, socket) {
            guest.mask = mask;
            self.say(Event::Watch { fd, mask });
        }
    }

    fn close(&mut self, fd: Fd) {
        self.doors.remove(&fd);
        self.bound.remove(&fd);
        self.fired.remove(&fd);
        if let Some(AtTheDoor { arrival, said }) = self.at_the_door.remove(&fd) {
            let why = [
                (&b"-ERR max number of clients"[..], RefuseReason::MaxClients),
                (b"-DENIED ", RefuseReason::ProtectedMode),
            ];
            let why = why.iter().find(|(line, _)| said.starts_with(line));
            match why {
                Some((_, why)) => {
                    self.say(Event::AcceptRefused { fd, peer: arrival.peer, why: *why });
                }
                None => self.seat(arrival, true),
            }
        }
        if let Some(guest) = self.guests.remove(&fd) {
            let Guest { id: client, ending: why, left: dropped, .. } = guest;
            self.say(Event::ClientFreed { client, fd, why, dropped });
        }
    }
}

/// Bytes, in and out.
impl Story {
    fn read(&mut self, fd: Fd, socket: Socket, shown: &Shown, end: Result<u64, NetError>, by: u8) {
        let Some(id) = self.guest(fd, socket).map(|guest| guest.id) else { return };
        // Helpers read for the loop, or in loops of their own.
        if by == 0 {
            self.end_accepting(AcceptEnd::CycleLimit);
            self.fire(fd, Some(id), Handler::ReadQuery);
        }
        let at = self.at;
        let Some(guest) = self.guests.get_mut(&fd) else { return };
        let client = guest.id;
        let (outcome, total) = match end {
            Ok(0) => (ReadOutcome::Eof, 0),
            Ok(total) => (ReadOutcome::Bytes, total),
            Err(NetError::WouldBlock) => (ReadOutcome::WouldBlock, 0),
            Err(_) => (ReadOutcome::Reset, 0),
        };
        match outcome {
            ReadOutcome::Eof => guest.ending = CloseReason::PeerClosed,
            ReadOutcome::Reset => guest.ending = CloseReason::ReadError,
            ReadOutcome::Bytes => guest.active = at,
            ReadOutcome::WouldBlock => {}
        }
        let mut said = Vec::new();
        if outcome == ReadOutcome::Bytes {
            guest.query.take(client, &shown.bytes, total, &mut |event| said.push(event));
        }
        guest.ending =
            said.iter().fold(guest.ending, |ending, event| end_by(event).unwrap_or(ending));
        let bytes = Preview { len: total, ..Preview::of(&shown.bytes, BYTES_CAP) };
        self.say(Event::Read { client, fd, outcome, bytes });
        said.into_iter().for_each(|event| self.say(event));
    }

    fn write(&mut self, writing: Writing, by: u8) {
        let Writing { fd, socket, head, offered, vectored, end } = writing;
        if let Some(waiting) = self.at_the_door.get_mut(&fd) {
            let room = SAID_BYTES.saturating_sub(waiting.said.len()).min(head.len());
            waiting.said.extend_from_slice(&head[..room]);
            return;
        }
        let Some(client) = self.guest(fd, socket).map(|guest| guest.id) else { return };
        if self.writing.is_none() {
            self.end_accepting(AcceptEnd::CycleLimit);
            let fired = self.fired.get(&fd).is_some_and(|mask| mask.has(Mask::WRITABLE));
            let handled = by == 0 && self.late.is_none() && self.stage == Stage::Awake;
            if handled && fired {
                self.fire(fd, Some(client), Handler::SendReply);
            } else if self.stage == Stage::Awake {
                self.late.get_or_insert_default();
            }
            self.writing = Some(Written::begin(self.at, client, fd, by));
        }
        if let Some(written) = &mut self.writing {
            written.go_on(&head, offered, vectored, end);
        }
        if self.late.as_ref().is_some_and(|late| late.len() > LATE_LIMIT) {
            self.end_write(None);
            self.settle(true);
        }
    }

    /// Another call comes: the client's turn is over.
    fn end_write(&mut self, next: Option<&Call>) {
        let Some(mut written) = self.writing.take() else { return };
        if let Some(guest) = self.guests.get_mut(&written.fd) {
            let still = match next {
                Some(Call::Watch { fd, mask, .. }) if *fd == written.fd => *mask,
                _ => guest.mask,
            };
            // A handler that stays has more to send.
            if guest.mask.has(Mask::WRITABLE) && still.has(Mask::WRITABLE) {
                written.is_not_all();
            }
            guest.left = written.left;
            guest.active = self.at;
            if written.outcome == WriteOutcome::Reset {
                guest.ending = CloseReason::WriteError;
            }
        }
        match &mut self.late {
            Some(late) => late.wrote(written),
            None => self.out.push(written.stated()),
        }
    }
}

/// What a request says about its client's end.
fn end_by(event: &Event) -> Option<CloseReason> {
    match event {
        Event::ProtocolError { .. } => Some(CloseReason::ProtocolError),
        Event::Parsed { argv, .. } => {
            let name = argv.first()?.bytes();
            let is = |word: &[u8]| name.eq_ignore_ascii_case(word);
            match () {
                () if is(b"quit") => Some(CloseReason::Quit),
                () if is(b"post") || is(b"host:") => Some(CloseReason::CrossProtocol),
                () => Some(CloseReason::Unseen),
            }
        }
        _ => None,
    }
}
