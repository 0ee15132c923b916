//! What a cycle did after its handlers, until it is known what it was.

use crate::event::{ARG_CAP, ClientId, Event, Phase, Preview, ReplyInto, Stamped};
use crate::net::{Fd, Mask, NetError, WriteOutcome};
use crate::time::Micros;
use std::collections::BTreeSet;

/// One client's turn to be written to: one call, or several in a row.
#[derive(Debug)]
pub(super) struct Written {
    at: Micros,
    client: ClientId,
    pub fd: Fd,
    by: u8,
    calls: u32,
    bytes: u64,
    /// At least so much was there before it.
    offered: u64,
    head: Vec<u8>,
    vectored: bool,
    pub outcome: WriteOutcome,
    /// At least so much stays.
    pub left: u64,
}

impl Written {
    pub fn begin(at: Micros, client: ClientId, fd: Fd, by: u8) -> Written {
        Written {
            at,
            client,
            fd,
            by,
            calls: 0,
            bytes: 0,
            offered: 0,
            head: Vec::new(),
            vectored: false,
            outcome: WriteOutcome::Drained,
            left: 0,
        }
    }

    pub fn is_of(&self, fd: Fd, by: u8) -> bool {
        self.fd == fd && self.by == by
    }

    /// One more call.
    pub fn go_on(&mut self, head: &[u8], offered: u64, vectored: bool, end: Result<u64, NetError>) {
        if self.calls == 0 {
            self.head = head[..head.len().min(ARG_CAP)].to_vec();
        }
        let taken = end.unwrap_or(0).min(offered);
        self.calls = self.calls.saturating_add(1);
        self.offered = self.bytes.saturating_add(offered);
        self.bytes = self.bytes.saturating_add(taken);
        self.vectored |= vectored;
        self.left = offered - taken;
        self.outcome = match end {
            Ok(_) if self.left == 0 => WriteOutcome::Drained,
            Ok(_) | Err(NetError::WouldBlock) => WriteOutcome::WouldBlock,
            Err(_) => WriteOutcome::Reset,
        };
    }

    /// It is to be told when there is room, though all was taken: there is
    /// more, and the budget of one turn was spent.
    pub fn is_not_all(&mut self) {
        if self.outcome == WriteOutcome::Drained {
            self.outcome = WriteOutcome::Budget;
            self.left = self.left.max(1);
            self.offered = self.offered.max(self.bytes.saturating_add(1));
        }
    }

    pub fn stated(&self) -> Stamped {
        let Written { client, fd, outcome, bytes, calls, left, by, .. } = *self;
        let event = Event::Write { client, fd, outcome, bytes, calls, left, blocks: 0, by };
        Stamped { at: self.at, event }
    }

    /// What was on the rack when its turn came.
    fn stood(&self) -> Event {
        let total = self.offered;
        let (into, buffered, listed) =
            if self.vectored { (ReplyInto::List, 0, total) } else { (ReplyInto::Buffer, total, 0) };
        let bytes = Preview { len: total, ..Preview::of(&self.head, ARG_CAP) };
        Event::ReplyQueued { client: self.client, bytes, into, buffered, listed, blocks: 0 }
    }
}

#[derive(Debug)]
enum Step {
    Wrote(Written),
    Fact(Stamped),
}

/// See the module documentation.
#[derive(Debug, Default)]
pub(super) struct Late {
    steps: Vec<Step>,
}

impl Late {
    pub fn len(&self) -> usize {
        self.steps.len()
    }

    pub fn wrote(&mut self, written: Written) {
        self.steps.push(Step::Wrote(written));
    }

    pub fn add(&mut self, fact: Stamped) {
        if let (Event::Watch { fd, mask }, Some(Step::Wrote(last))) =
            (&fact.event, self.steps.last_mut())
            && *fd == last.fd
            && mask.has(Mask::WRITABLE)
        {
            last.is_not_all();
        }
        self.steps.push(Step::Fact(fact));
    }

    /// States all of it as what handlers did.
    pub fn state(self, out: &mut Vec<Stamped>) {
        out.extend(self.steps.into_iter().map(Step::stated));
    }

    fn turns(&self) -> impl Iterator<Item = &Written> {
        self.steps.iter().filter_map(|step| match step {
            Step::Wrote(written) => Some(written),
            Step::Fact(_) => None,
        })
    }

    /// States all of it as a sweep: its writes are those of clients in a queue, each of whom has one
    /// turn. That they were in it, and what stood on their racks, is known by
    /// the writes, so it is stated when the first of them begins.
    pub fn state_sweep(self, in_files: bool, out: &mut Vec<Stamped>) {
        let Some(began) = self.turns().next().map(|first| first.at) else {
            return self.state(out);
        };
        let mut say = |event| out.push(Stamped { at: began, event });
        if in_files {
            say(Event::PhaseLeave { phase: Phase::Files });
        }
        let mut waiting = BTreeSet::new();
        let queue: Vec<&Written> = self.turns().filter(|w| waiting.insert(w.client)).collect();
        let clients = u32::try_from(queue.len()).unwrap_or(u32::MAX);
        say(Event::PhaseEnter { phase: Phase::BeforeSleep });
        for written in queue.into_iter().rev() {
            say(written.stood());
            say(Event::PendingWriteQueued { client: written.client });
        }
        say(Event::SweepBegin { clients });
        let mut last = self.steps.iter().rposition(|step| matches!(step, Step::Wrote(_)));
        let mut at = began;
        for (nth, step) in self.steps.into_iter().enumerate() {
            if let Step::Wrote(written) = &step
                && waiting.remove(&written.client)
            {
                let event = Event::PendingWriteTaken { client: written.client };
                out.push(Stamped { at: written.at, event });
            }
            let stated = step.stated();
            at = stated.at;
            // Asking to be told of room is part of the turn.
            let belongs =
                matches!(stated.event, Event::Watch { mask, .. } if mask.has(Mask::WRITABLE));
            if last.is_some_and(|last| nth > last) && !belongs {
                last = None;
                out.push(Stamped { at, event: Event::SweepEnd { clients } });
            }
            out.push(stated);
        }
        if last.is_some() {
            out.push(Stamped { at, event: Event::SweepEnd { clients } });
        }
        out.push(Stamped { at, event: Event::PhaseLeave { phase: Phase::BeforeSleep } });
    }
}

impl Step {
    fn stated(self) -> Stamped {
        match self {
            Step::Fact(fact) => fact,
            Step::Wrote(written) => written.stated(),
        }
    }
}
