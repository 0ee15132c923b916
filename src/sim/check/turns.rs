//! Whose turn it was: dispatch, sweep, door, timers, sleep.

use super::account::{Account, Leaving};
use super::checker::Step;
use super::ledger::Ledger;
use super::rulebook::Rulebook;
use super::tables::State;
use super::{Held, Invariant, require};
use crate::engine::client::{ClientFlags, Slot};
use crate::event::{ClientId, Event, Handler, TimerKind};
use crate::net::{Fd, Fired, Mask, NetError, Timeout};
use crate::time::Micros;
use crate::trace::Record;
use std::collections::{BTreeMap, VecDeque};

/// What is remembered from one record to the next.
#[derive(Debug, Default)]
pub struct Turns {
    watched: BTreeMap<Fd, Mask>,
    fired: Vec<Fired>,
    /// Handlers that ran in this half-cycle.
    fires: Vec<(Fd, Option<ClientId>, Handler)>,
    /// `io-threads`; 0 if it was not stated, which means 1.
    io_threads: u32,
    /// Members of the pending-write queue, oldest first; who has to be served
    /// by the running sweep, next first, and by whom.
    queue: Vec<ClientId>,
    sweep: Option<VecDeque<(ClientId, u8)>>,
    /// Sweeps that helpers had a share in, by the clients in the queue.
    pub threaded: u64,
    /// Who is doomed: the sweep passes over them.
    doomed: Vec<ClientId>,
    swept: Vec<ClientId>,
    due: BTreeMap<u8, Micros>,
    /// `PollEnter`'s timeout and time.
    slept: Option<(Timeout, Micros)>,
    cron_ran: bool,
    visited: Option<u32>,
    /// For each client, how many runs of the clock have found it idle for too
    /// long.
    overdue: BTreeMap<ClientId, u64>,
    places: BTreeMap<ClientId, Slot>,
}

/// Whoever waits or listens may idle for ever.
const EXEMPT: u32 = ClientFlags::BLOCKED | ClientFlags::PUBSUB | ClientFlags::MONITOR;

fn number(timer: TimerKind) -> u8 {
    match timer {
        TimerKind::ServerCron => 0,
    }
}

impl Turns {
    pub fn begin(&mut self) {
        self.fires.clear();
        self.swept.clear();
        self.cron_ran = false;
        self.visited = None;
    }

    /// Where a client sat when it was last seen.
    pub fn place_of(&self, id: ClientId) -> Option<Slot> {
        self.places.get(&id).copied()
    }

    pub fn fold(&mut self, record: &Record, ledger: &mut Ledger, rules: &Rulebook) -> Held {
        match &record.event {
            Event::Watch { fd, mask } => {
                self.watched.insert(*fd, *mask);
            }
            Event::PollEnter { timeout } => self.slept = Some((*timeout, record.at)),
            Event::PollReturn { fired } => {
                self.fired.clone_from(fired);
                require(*fired == ledger.fired, Invariant::FactsAddUp, || {
                    format!(
                        "the poll gave {:?}, say the calls; {fired:?}, say the facts",
                        ledger.fired
                    )
                })?;
            }
            Event::Fire { fd, client, handler, .. } => self.fire(*fd, *client, *handler)?,
            Event::AcceptEnd { .. } => Turns::door(ledger, rules)?,
            Event::PendingWriteQueued { client } => self.queue.push(*client),
            Event::PendingWriteTaken { client } => self.queue.retain(|c| c != client),
            Event::CloseAsap { client, .. } => self.doomed.push(*client),
            Event::Config { name, value } if name == "io-threads" => {
                self.io_threads = value.parse().unwrap_or_default();
            }
            Event::SweepBegin { .. } => self.begin_sweep(),
            Event::SweepEnd { .. } => {
                let left = self.sweep.take().unwrap_or_default();
                require(left.is_empty(), Invariant::SweepComplete, || {
                    format!("the sweep passed over {left:?}")
                })?;
            }
            Event::Write { client, by, .. } => self.write(*client, *by)?,
            Event::TimerAdded { timer, due } | Event::TimerRearmed { timer, due } => {
                self.due.insert(number(*timer), *due);
            }
            Event::TimerFired { timer } => {
                self.cron_ran = true;
                let due = self.due.get(&number(*timer)).copied().unwrap_or_default();
                require(due <= record.at, Invariant::TimersNotEarly, || {
                    format!("{timer:?} was due at {due} and fired at {}", record.at)
                })?;
            }
            Event::ClientsCron { visited } => self.visited = Some(*visited),
            Event::ClientFreed { client, fd, .. } => {
                self.watched.remove(fd);
                self.queue.retain(|c| c != client);
                self.doomed.retain(|c| c != client);
                self.overdue.remove(client);
            }
            _ => {}
        }
        Ok(())
    }

    fn fire(&mut self, fd: Fd, client: Option<ClientId>, handler: Handler) -> Held {
        let condition = if handler == Handler::SendReply { Mask::WRITABLE } else { Mask::READABLE };
        let fired = self.fired.iter().any(|f| f.fd == fd && f.mask.has(condition));
        let watched = self.watched.get(&fd).is_some_and(|mask| mask.has(condition));
        require(fired && watched, Invariant::HonestDispatch, || {
            format!("{handler:?} runs for descriptor {fd}: fired {fired}, watched {watched}")
        })?;
        let alive = client.is_none_or(|client| !self.doomed.contains(&client));
        require(alive, Invariant::HonestDispatch, || {
            format!("{handler:?} runs for client {client:?}, who is doomed")
        })?;
        let earlier = self.fires.iter().filter(|(f, c, _)| *f == fd && *c == client);
        let in_order = earlier
            .clone()
            .all(|(_, _, h)| *h == Handler::ReadQuery && handler == Handler::SendReply);
        require(in_order, Invariant::HandlerOrder, || {
            format!("{handler:?} runs for descriptor {fd} after {:?}", earlier.collect::<Vec<_>>())
        })?;
        self.fires.push((fd, client, handler));
        Ok(())
    }

    /// Newest first, shared out in turn among as many as are worth it.
    fn begin_sweep(&mut self) {
        let threads = self.io_threads.max(1) as usize;
        let shared = threads > 1 && self.queue.len() >= 2 * threads;
        if shared {
            self.threaded += self.queue.len() as u64;
        }
        let carriers = if shared { threads } else { 1 };
        let served = self.queue.iter().rev().filter(|c| !self.doomed.contains(c));
        let carried_by = (0..carriers as u8).cycle();
        self.sweep = Some(served.copied().zip(carried_by).collect());
    }

    fn write(&mut self, client: ClientId, by: u8) -> Held {
        if let Some(sweep) = &mut self.sweep {
            // Carriers overtake each other; nobody overtakes itself.
            let next = sweep.iter().position(|(_, carrier)| *carrier == by);
            let next = next.and_then(|at| sweep.remove(at)).map(|(client, _)| client);
            require(next == Some(client), Invariant::PendingWriteFlag, || {
                format!("carrier {by} serves client {client}; it is the turn of {next:?}")
            })?;
            let twice = self.swept.contains(&client);
            self.swept.push(client);
            return require(!twice, Invariant::BoundedWork, || {
                format!("the sweep serves client {client} twice")
            });
        }
        let called = self.fires.iter().any(|f| f.1 == Some(client) && f.2 == Handler::SendReply);
        require(called, Invariant::BoundedWork, || {
            format!("client {client} is written to out of turn")
        })
    }

    /// The calls of one ring of the bell: only an empty queue, a failure other
    /// than a guest's leaving, or the budget ends it.
    fn door(ledger: &mut Ledger, rules: &Rulebook) -> Held {
        let calls: Vec<Result<(), NetError>> = ledger.accepts.drain(..).collect();
        let goes_on = |call: &Result<(), NetError>| matches!(call, Ok(()) | Err(NetError::Aborted));
        let ended = calls.iter().position(|call| !goes_on(call));
        require(ended.is_none_or(|at| at + 1 == calls.len()), Invariant::AcceptBudget, || {
            format!("accept was called on after it failed: {calls:?}")
        })?;
        let (budget, accepts) = (rules.config.max_new_connections_per_cycle, calls.len());
        let budget = budget as usize;
        let short = ended.is_none() && accepts > 0 && accepts != budget;
        require(accepts <= budget && !short, Invariant::AcceptBudget, || {
            format!("one ring of the bell: {accepts} calls of accept, the budget is {budget}")
        })
    }

    pub fn settle(
        &mut self,
        step: Step,
        ledger: &Ledger,
        accounts: &BTreeMap<ClientId, Account>,
        state: State<'_>,
    ) -> Held {
        for (slot, client) in state.server.clients.iter() {
            self.places.insert(client.id, slot);
        }
        match step {
            Step::BeforePoll => self.settle_sleep(ledger, accounts, state),
            Step::Wait => Ok(()),
            Step::AfterPoll => {
                // Who comes after a SHUTDOWN is served no more.
                if state.server.shutdown.is_none() {
                    self.settle_served(ledger, accounts)?;
                }
                self.settle_clock(state)
            }
        }
    }

    /// Going to sleep: everybody can wake the loop, and no timer is missed.
    fn settle_sleep(
        &self,
        ledger: &Ledger,
        accounts: &BTreeMap<ClientId, Account>,
        state: State<'_>,
    ) -> Held {
        let Some((timeout, at)) = self.slept else { return Ok(()) };
        let expected = match state.ae.timers().iter().map(|timer| timer.due).min() {
            None => Timeout::Forever,
            Some(due) if due <= at => Timeout::Now,
            Some(due) => Timeout::After(due.saturating_sub(at)),
        };
        require(timeout == expected, Invariant::NoLostWakeup, || {
            format!("the poll may take {timeout:?}, the timers allow {expected:?}")
        })?;
        for account in accounts.values() {
            let connection = &ledger.connections[account.connection];
            let Some(slot) = state.server.clients.find(account.id) else { continue };
            let waits = !state.server.clients[slot].reply.is_empty();
            let watched = connection.watched;
            let wakes = watched.has(Mask::READABLE) && (!waits || watched.has(Mask::WRITABLE));
            require(wakes, Invariant::NoLostWakeup, || {
                format!("client {}: output waits {waits}, watched for {watched:?}", account.id)
            })?;
        }
        Ok(())
    }

    /// Whoever was ready has been served, once.
    fn settle_served(&self, ledger: &Ledger, accounts: &BTreeMap<ClientId, Account>) -> Held {
        for (index, mask) in &ledger.ready {
            let connection = &ledger.connections[*index];
            let (reads, writes) = (connection.reads_now, connection.writes_now);
            require(reads <= 1, Invariant::BoundedWork, || {
                format!("descriptor {:?} was read {reads} times in one cycle", connection.fd)
            })?;
            let account = accounts.values().find(|account| account.connection == *index);
            // Closed or doomed meanwhile: no longer anybody's duty.
            let Some(account) = account.filter(|a| a.leaving != Leaving::Now) else { continue };
            let served = (!mask.has(Mask::READABLE) || reads == 1)
                && (!mask.has(Mask::WRITABLE) || writes > 0);
            require(served, Invariant::NoStarvation, || {
                format!(
                    "client {} was ready for {mask:?}: {reads} reads, {writes} writes",
                    account.id
                )
            })?;
        }
        let rang = self.fired.iter().any(|f| ledger.listeners.contains_key(&f.fd));
        let opened = self.fires.iter().any(|(_, _, handler)| *handler == Handler::Accept);
        require(!rang || opened, Invariant::NoStarvation, || "nobody went to the door".to_owned())
    }

    fn settle_clock(&mut self, state: State<'_>) -> Held {
        let server = state.server;
        // DEBUG PAUSE-CRON lets it ring in vain.
        if !self.cron_ran || server.debug.pause_cron {
            return Ok(());
        }
        let seated = server.clients.len() as u64;
        let hz = u64::from(server.config.hz.max(1));
        let enough = (seated / hz.max(500)).max(seated.min(5));
        let visited = u64::from(self.visited.unwrap_or(0));
        require(visited >= enough, Invariant::CronVisits, || {
            format!("{visited} of {seated} clients were visited, at least {enough} are due")
        })?;
        let timeout = u64::from(server.config.timeout);
        if timeout == 0 {
            self.overdue.clear();
            return Ok(());
        }
        for (_, client) in server.clients.iter() {
            let idle = server.now.saturating_sub(client.last_interaction).as_secs();
            if idle <= timeout || client.flags.has(EXEMPT) {
                self.overdue.remove(&client.id);
                continue;
            }
            let runs = self.overdue.entry(client.id).or_default();
            *runs += 1;
            // In so many runs everybody has been visited.
            let round = seated.div_ceil(visited.max(1)) + 1;
            require(*runs <= round, Invariant::CronVisits, || {
                format!("client {} idles for {idle} s, {runs} runs of the clock long", client.id)
            })?;
        }
        Ok(())
    }
}
