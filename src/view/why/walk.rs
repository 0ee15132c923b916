//! Walking back: for each question, which records are its causes.

use super::{CAUSES_MAX, Role, Silence};
use crate::event::{ClientId, CloseReason, Event, LimitKind, Pipe, ReadOutcome};
use crate::net::{Fired, Mask, WriteOutcome};
use crate::sorted::SortedMap;
use crate::trace::{Record, Timeline, World};
use crate::view::requests::{Request, Requests};
use std::net::SocketAddr;
use std::rc::Rc;

/// The records up to the moment, and what was found among them so far.
pub(super) struct Walk<'a> {
    timeline: &'a Timeline,
    records: &'a [Record],
    world: Rc<World>,
    requests: Requests,
    /// By record: the first role given to it stays.
    found: SortedMap<usize, Role>,
    silence: Option<Silence>,
}

impl<'a> Walk<'a> {
    pub(super) fn new(timeline: &'a Timeline, playhead: usize) -> Walk<'a> {
        let records = &timeline.records()[..playhead];
        Walk {
            timeline,
            records,
            world: timeline.world_at(playhead),
            requests: Requests::of(records),
            found: SortedMap::new(),
            silence: None,
        }
    }

    /// The causes, oldest first; if they are too many, the newest.
    pub(super) fn finish(self) -> (Vec<(usize, Role)>, Option<Silence>) {
        let skip = self.found.len().saturating_sub(CAUSES_MAX);
        (self.found.into_iter().skip(skip).collect(), self.silence)
    }

    fn add(&mut self, role: Role, index: Option<usize>) {
        if let Some(index) = index {
            self.found.or_insert_with(index, || role);
        }
    }

    fn say(&mut self, silence: Silence) {
        self.silence.get_or_insert(silence);
    }

    /// The newest record before `end` that `wanted` wants.
    fn before(&self, end: usize, wanted: impl Fn(&Event) -> bool) -> Option<usize> {
        let known = self.records.get(..end).unwrap_or(self.records);
        known.iter().rposition(|record| wanted(&record.event))
    }

    fn last(&self, wanted: impl Fn(&Event) -> bool) -> Option<usize> {
        self.before(self.records.len(), wanted)
    }

    fn event(&self, index: usize) -> Option<&'a Event> {
        self.records.get(index).map(|record| &record.event)
    }

    /// The newest thing of that kind that the client's far end did.
    fn far_end(
        &self,
        client: ClientId,
        end: usize,
        wanted: impl Fn(&Pipe) -> bool,
    ) -> Option<usize> {
        let peer = self.requests.peer(client)?;
        self.peer_before(peer, end, wanted)
    }

    fn peer_before(
        &self,
        peer: SocketAddr,
        end: usize,
        wanted: impl Fn(&Pipe) -> bool,
    ) -> Option<usize> {
        self.before(
            end,
            |event| matches!(event, Event::Pipe { peer: who, pipe } if *who == peer && wanted(pipe)),
        )
    }

    /// Whether the source tells what far ends do.
    fn sees_far_ends(&self) -> bool {
        !self.world.guests.is_empty()
    }

    /// The way of one order, as far as it has come.
    fn order(&mut self, request: &Request) {
        self.add(Role::Plated, request.queued);
        self.add(Role::Cooked, request.ended);
        if request.ended.is_none() {
            self.add(Role::Begun, request.began);
        }
        self.add(Role::Blocked, request.blocked);
        self.add(Role::Understood, request.parsed);
        self.add(Role::Taken, request.read);
        self.add(Role::Taken, request.first_read);
        self.add(Role::Told, request.signalled);
        self.add(Role::Arrived, request.arrived);
        self.add(Role::Sent, request.sent);
        if request.sent.is_none() && !self.sees_far_ends() {
            self.say(Silence::FarEnd);
        }
    }
}

/// A guest's plate, flag and patience.
impl Walk<'_> {
    pub(super) fn plate(&mut self, client: ClientId) {
        let Some(view) = self.world.clients.get(&client) else {
            return self.say(Silence::Unknown);
        };
        let fd = view.fd;
        if view.reply.waiting() == 0 {
            return self.say(Silence::NotSo);
        }
        let request = self.requests.unanswered(client).filter(|r| r.queued.is_some());
        // A push is nobody's order: only its queuing is known.
        let queued = request.as_ref().and_then(|r| r.queued);
        let queued = queued.or_else(|| {
            self.last(|e| matches!(e, Event::ReplyQueued { client: c, .. } if *c == client))
        });
        let tried = self.last(|e| matches!(e, Event::Write { client: c, .. } if *c == client));
        let tried = tried.filter(|tried| Some(*tried) > queued);
        match tried.and_then(|tried| Some((tried, self.event(tried)?))) {
            Some((tried, Event::Write { outcome, .. })) => {
                let handler = self.last(
                    |e| matches!(e, Event::Watch { fd: f, mask } if *f == fd && mask.has(Mask::WRITABLE)),
                );
                self.add(Role::WaitsForRoom, handler.filter(|at| Some(*at) > queued));
                match outcome {
                    WriteOutcome::WouldBlock | WriteOutcome::Drained => {
                        self.add(Role::NoRoom, Some(tried));
                        self.no_room(client, tried);
                    }
                    WriteOutcome::Budget => self.add(Role::ShareSpent, Some(tried)),
                    WriteOutcome::Reset => self.add(Role::LineBroke, Some(tried)),
                }
                self.add(Role::FirstTry, request.as_ref().and_then(|r| r.first_write));
            }
            _ => {
                let noted = self
                    .last(|e| matches!(e, Event::PendingWriteQueued { client: c } if *c == client));
                self.add(Role::Noted, noted.filter(|noted| Some(*noted) > queued));
            }
        }
        match request {
            Some(request) => self.order(&request),
            None => self.add(Role::Plated, queued),
        }
    }

    /// Why the guest's table was full at the record `tried`.
    fn no_room(&mut self, client: ClientId, tried: usize) {
        let switch = |pipe: &Pipe| matches!(pipe, Pipe::Reading { .. });
        let off = |walk: &Self, index| {
            let event = walk.event(index);
            matches!(event, Some(Event::Pipe { pipe: Pipe::Reading { on: false }, .. }))
        };
        let before = self.far_end(client, tried, switch);
        match before {
            Some(index) if off(self, index) => self.add(Role::StoppedEating, Some(index)),
            _ if self.sees_far_ends() => self.say(Silence::SlowReader),
            _ => self.say(Silence::FarEnd),
        }
        let newest = self.far_end(client, self.records.len(), switch);
        if let Some(newest) = newest.filter(|newest| Some(*newest) > before) {
            let role = if off(self, newest) { Role::StoppedEating } else { Role::EatsAgain };
            self.add(role, Some(newest));
        }
    }

    pub(super) fn flag(&mut self, client: ClientId) {
        let Some(fd) = self.world.clients.get(&client).map(|view| view.fd) else {
            return self.say(Silence::Unknown);
        };
        let waits = self.world.fired.iter().skip(self.world.fired_begun).any(|f| f.fd == fd);
        if waits && self.world.asleep.is_none() {
            self.add(Role::Told, self.last(|e| matches!(e, Event::PollReturn { .. })));
        }
        self.busy_elsewhere(client);
        let end = self.records.len();
        let unread = self.requests.unread(client);
        if let Some((arrived, sent)) = unread {
            self.add(Role::Arrived, Some(arrived));
            self.add(Role::Sent, sent);
            let read = self.last(|e| matches!(e, Event::Read { client: c, .. } if *c == client));
            self.add(Role::PartTaken, read.filter(|read| *read > arrived));
        }
        let over = self.far_end(client, end, |p| matches!(p, Pipe::FinArrived));
        self.add(Role::HungUp, over);
        let broken = self.far_end(client, end, |p| matches!(p, Pipe::ResetArrived));
        self.add(Role::LineBroke, broken);
        if unread.is_none() && over.or(broken).is_none() {
            let known = self.sees_far_ends();
            self.say(if known || !waits { Silence::NotSo } else { Silence::FarEnd });
        }
    }

    /// What the chef does meanwhile, if it is for somebody else.
    fn busy_elsewhere(&mut self, client: ClientId) {
        if self.world.asleep.is_some() {
            return;
        }
        if let Some(running) = self.world.executing.as_ref().map(|e| e.client) {
            if running != client {
                let begun = self
                    .last(|e| matches!(e, Event::CommandBegin { client: c, .. } if *c == running));
                self.add(Role::Busy, begun);
            }
        } else if let Some(firing) = self.world.firing.filter(|f| f.client != Some(client)) {
            let fired = self.last(|e| matches!(e, Event::Fire { fd, .. } if *fd == firing.fd));
            self.add(Role::Busy, fired);
        }
    }

    pub(super) fn waits(&mut self, client: ClientId) {
        if !self.world.clients.contains_key(&client) {
            return self.say(Silence::Unknown);
        }
        if let Some(request) = self.requests.unanswered(client) {
            return self.waits_for(client, &request);
        }
        let eating = self
            .requests
            .last_of(client)
            .filter(|r| r.written.is_some() && r.consumed.is_none())
            .cloned();
        match eating {
            Some(request) if self.sees_far_ends() => {
                self.add(Role::Carried, request.written);
                let switch = |p: &Pipe| matches!(p, Pipe::Reading { .. });
                let last = self.far_end(client, self.records.len(), switch);
                let off = last.and_then(|at| self.event(at)).is_some_and(|e| {
                    matches!(e, Event::Pipe { pipe: Pipe::Reading { on: false }, .. })
                });
                self.add(Role::StoppedEating, last.filter(|_| off));
                self.order(&request);
            }
            _ => self.say(Silence::NothingOwed),
        }
    }

    fn waits_for(&mut self, client: ClientId, request: &Request) {
        if request.queued.is_some() {
            return self.plate(client);
        }
        if request.parsed.is_some() {
            return self.order(request);
        }
        let half = self.last(|e| matches!(e, Event::Incomplete { client: c, .. } if *c == client));
        let half = half.filter(|half| request.first_read.is_some_and(|read| read < *half));
        self.add(Role::HalfOrder, half);
        self.add(Role::Taken, request.read);
        self.add(Role::Taken, request.first_read);
        self.add(Role::Arrived, request.arrived);
        let unread = self.requests.unread(client).is_some();
        let end = self.records.len();
        let newest = self.far_end(client, end, |p| matches!(p, Pipe::Sent { .. }));
        let flying = newest.filter(|at| {
            let now = self.world.at;
            matches!(self.event(*at), Some(Event::Pipe { pipe: Pipe::Sent { arrives, .. }, .. })
                if *arrives > now)
        });
        if unread {
            self.flag(client);
        }
        self.add(Role::OnTheWay, flying);
        self.add(Role::Sent, request.sent);
        if half.is_some() && !unread && flying.is_none() {
            let known = self.sees_far_ends();
            self.say(if known { Silence::RestNotSent } else { Silence::FarEnd });
        }
    }
}

/// How a guest's evening ended.
impl Walk<'_> {
    pub(super) fn shown_out(&mut self, client: ClientId) {
        let about = |event: &Event| event.client() == Some(client);
        let freed = self.last(|e| matches!(e, Event::ClientFreed { .. }) && about(e));
        let asap = self.last(|e| matches!(e, Event::CloseAsap { .. }) && about(e));
        let after = self.last(|e| matches!(e, Event::CloseAfterReply { .. }) && about(e));
        self.add(Role::Gone, freed);
        self.add(Role::ShownOut, asap);
        self.add(Role::LastPlate, after);
        // The first word decides: what follows carries it out.
        let decided = [after, asap, freed].into_iter().flatten().min();
        let why = decided.and_then(|index| match self.event(index)? {
            Event::CloseAfterReply { why, .. }
            | Event::CloseAsap { why, .. }
            | Event::ClientFreed { why, .. } => Some(*why),
            _ => None,
        });
        let (Some(decided), Some(why)) = (decided, why) else {
            let known = self.world.clients.contains_key(&client);
            return self.say(if known { Silence::NotSo } else { Silence::Unknown });
        };
        self.because(client, decided, why);
    }

    fn because(&mut self, client: ClientId, decided: usize, why: CloseReason) {
        match why {
            CloseReason::PeerClosed | CloseReason::ReadError | CloseReason::WriteError => {
                self.line_ended(client, decided);
            }
            CloseReason::ProtocolError => {
                let error = self.before(
                    decided + 1,
                    |e| matches!(e, Event::ProtocolError { client: c, .. } if *c == client),
                );
                self.add(Role::Unreadable, error);
                self.unfinished_order(client);
            }
            CloseReason::QueryBufferLimit => {
                let kinds = [LimitKind::QueryBuffer];
                self.limit(client, decided, &kinds, "client-query-buffer-limit");
                let half = self.before(
                    decided,
                    |e| matches!(e, Event::Incomplete { client: c, .. } if *c == client),
                );
                self.add(Role::HalfOrder, half);
                self.unfinished_order(client);
            }
            CloseReason::OutputBufferHard | CloseReason::OutputBufferSoft => {
                let kinds = [
                    LimitKind::OutputHard,
                    LimitKind::OutputSoftExpired,
                    LimitKind::OutputSoftStarted,
                ];
                self.limit(client, decided, &kinds, "client-output-buffer-limit");
                self.unserved(client, decided);
            }
            CloseReason::IdleTimeout => {
                self.rule("timeout");
                let heard = self.before(decided, |e| {
                    matches!(e, Event::Read { .. } | Event::Write { .. })
                        && e.client() == Some(client)
                });
                self.add(Role::HeardLast, heard);
            }
            CloseReason::Quit | CloseReason::CrossProtocol | CloseReason::Unseen => {
                self.last_order(client, decided);
            }
            CloseReason::Killed => self.killed(client, decided),
            CloseReason::ProtectedMode => {
                let peer = self.requests.peer(client);
                let refused = self.before(
                    decided + 1,
                    |e| matches!(e, Event::AcceptRefused { peer: p, .. } if Some(*p) == peer),
                );
                self.add(Role::TurnedAway, refused);
                self.rule("protected-mode");
            }
            CloseReason::Evicted => {
                self.rule("maxmemory-clients");
                self.unserved(client, decided);
            }
            CloseReason::Shutdown => {
                self.add(Role::ClosingTime, self.last(|e| matches!(e, Event::Shutdown)));
            }
        }
    }

    fn rule(&mut self, directive: &str) {
        let set = self.last(|e| matches!(e, Event::Config { name, .. } if name == directive));
        self.add(Role::Rule, set);
    }

    fn limit(&mut self, client: ClientId, decided: usize, kinds: &[LimitKind], directive: &str) {
        for wanted in kinds {
            let passed = self.before(decided, |e| {
                matches!(e, Event::Limit { client: Some(c), kind, .. } if *c == client && kind == wanted)
            });
            self.add(Role::LimitPassed, passed);
        }
        self.rule(directive);
    }

    fn line_ended(&mut self, client: ClientId, decided: usize) {
        let ended = self.before(decided + 1, |e| match e {
            Event::Read { client: c, outcome, .. } => {
                *c == client && matches!(outcome, ReadOutcome::Eof | ReadOutcome::Reset)
            }
            Event::Write { client: c, outcome, .. } => {
                *c == client && *outcome == WriteOutcome::Reset
            }
            _ => false,
        });
        self.add(Role::Taken, ended);
        let fin = self.far_end(client, decided, |p| matches!(p, Pipe::FinArrived));
        self.add(Role::HungUp, fin);
        let reset = self.far_end(client, decided, |p| matches!(p, Pipe::ResetArrived));
        self.add(Role::LineBroke, reset);
        if fin.or(reset).is_none() {
            let known = self.sees_far_ends();
            self.say(if known { Silence::NotSo } else { Silence::FarEnd });
        }
    }

    /// The order that never became whole: its first and last piece.
    fn unfinished_order(&mut self, client: ClientId) {
        if let Some(request) = self.requests.unfinished(client) {
            self.order(&request);
        }
    }

    /// The plates that could not be carried out.
    fn unserved(&mut self, client: ClientId, decided: usize) {
        let queued = self
            .before(decided, |e| matches!(e, Event::ReplyQueued { client: c, .. } if *c == client));
        self.add(Role::Plated, queued);
        let tried = self.before(decided, |e| {
            matches!(e, Event::Write { client: c, outcome, .. }
                if *c == client && *outcome != WriteOutcome::Drained)
        });
        if let Some(tried) = tried {
            self.add(Role::NoRoom, Some(tried));
            self.no_room(client, tried);
        }
        if let Some(request) = self.requests.last_of(client).cloned() {
            self.order(&request);
        }
    }

    fn last_order(&mut self, client: ClientId, decided: usize) {
        let request = self
            .requests
            .all()
            .iter()
            .rev()
            .find(|r| r.client == client && r.parsed.is_some_and(|parsed| parsed < decided))
            .cloned();
        if let Some(request) = request {
            self.order(&request);
        }
    }

    /// Whoever was at the grill then gave the order.
    fn killed(&mut self, client: ClientId, decided: usize) {
        let running = self.before(decided, |e| matches!(e, Event::CommandBegin { .. }));
        let Some(Event::CommandBegin { client: killer, .. }) = running.and_then(|i| self.event(i))
        else {
            return self.say(Silence::FarEnd);
        };
        self.add(Role::Begun, running);
        self.last_order(*killer, decided);
        if *killer != client {
            let created =
                self.last(|e| matches!(e, Event::ClientCreated { client: c, .. } if *c == client));
            self.add(Role::HeardLast, created);
        }
    }
}

/// The chef, and the order in which he carries plates.
impl Walk<'_> {
    pub(super) fn sweep_order(&mut self) {
        let pending = &self.world.pending_write;
        let order = match &self.world.sweep {
            Some(sweep) if pending.is_empty() || sweep.running => sweep.order.clone(),
            _ => pending.clone(),
        };
        if order.is_empty() {
            return self.say(Silence::NotSo);
        }
        for client in order.into_iter().take(CAUSES_MAX) {
            let noted =
                self.last(|e| matches!(e, Event::PendingWriteQueued { client: c } if *c == client));
            self.add(Role::Noted, noted);
        }
    }

    pub(super) fn asleep(&mut self) {
        if self.world.asleep.is_none() {
            return self.say(Silence::NotSo);
        }
        let Some(slept) = self.last(|e| matches!(e, Event::PollEnter { .. })) else {
            return self.say(Silence::NotOpen);
        };
        self.add(Role::Asleep, Some(slept));
        let woke = self.before(slept, |e| matches!(e, Event::PollReturn { .. }));
        let swept = self.before(slept, |e| matches!(e, Event::SweepEnd { clients: 1.. }));
        self.add(Role::AllCarried, swept.filter(|swept| Some(*swept) > woke));
        self.add(Role::Alarm, self.armed(slept));
        self.add(Role::Woken, woke);
    }

    fn armed(&self, end: usize) -> Option<usize> {
        self.before(end, |e| matches!(e, Event::TimerAdded { .. } | Event::TimerRearmed { .. }))
    }

    pub(super) fn awake(&mut self) {
        if self.world.asleep.is_some() {
            return self.say(Silence::NotSo);
        }
        let Some(woke) = self.last(|e| matches!(e, Event::PollReturn { .. })) else {
            return self.say(Silence::NotOpen);
        };
        self.add(Role::Woken, Some(woke));
        let Some(Event::PollReturn { fired }) = self.event(woke) else { return };
        if fired.is_empty() {
            return self.add(Role::Alarm, self.armed(woke));
        }
        // Who held which descriptor then; since, it may have passed on.
        let then = self.timeline.world_at(woke + 1);
        for fired in fired.iter().take(CAUSES_MAX) {
            self.signal(*fired, &then, woke);
        }
        if !self.sees_far_ends() {
            self.say(Silence::FarEnd);
        }
    }

    fn signal(&mut self, fired: Fired, then: &World, woke: usize) {
        if then.listeners.iter().any(|(fd, _)| *fd == fired.fd) {
            let queued =
                self.before(woke, |e| matches!(e, Event::Pipe { pipe: Pipe::Queued { .. }, .. }));
            return self.add(Role::AtTheDoor, queued);
        }
        let Some(peer) = then.clients.values().find(|c| c.fd == fired.fd).map(|c| c.peer) else {
            return;
        };
        if fired.mask.has(Mask::READABLE) {
            let came = self.peer_before(peer, woke, |pipe| {
                matches!(pipe, Pipe::Arrived { .. } | Pipe::FinArrived | Pipe::ResetArrived)
            });
            let role = match came.and_then(|at| self.event(at)) {
                Some(Event::Pipe { pipe: Pipe::FinArrived, .. }) => Role::HungUp,
                Some(Event::Pipe { pipe: Pipe::ResetArrived, .. }) => Role::LineBroke,
                _ => Role::Arrived,
            };
            self.add(role, came);
        }
        if fired.mask.has(Mask::WRITABLE) {
            let room = self.peer_before(peer, woke, |pipe| {
                matches!(pipe, Pipe::Delivered { .. } | Pipe::Consumed { .. })
            });
            self.add(Role::TableCleared, room);
        }
    }
}
