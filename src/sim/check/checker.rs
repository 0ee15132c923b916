//! The checker: takes the calls and the facts of one half-cycle, then looks
//! at what the engine holds.

use super::account::{Account, Leaving};
use super::ledger::Ledger;
use super::rulebook::Rulebook;
use super::tables::{self, Freed, State};
use super::turns::Turns;
use super::waits::Waits;
use super::witness::Call;
use super::{Broken, Held, Invariant, Violation, require};
use crate::engine::client::ClientFlags;
use crate::event::{ClientChange, ClientId, CloseReason, Event, ReadOutcome, TransactionStep};
use crate::net::Outgoing;
use crate::resp::Protocol;
use crate::sim::load::Orderer;
use crate::sim::{Action, Scenario, Sim};
use crate::time::Micros;
use crate::trace::{Record, World};
use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;

/// Which part of a cycle has just been.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    BeforePoll,
    Wait,
    AfterPoll,
}

/// See the module documentation.
#[derive(Debug)]
pub struct Checker {
    /// What each guest would send in all, by its address.
    sent: BTreeMap<SocketAddr, Option<Vec<u8>>>,
    ledger: Ledger,
    accounts: BTreeMap<ClientId, Account>,
    /// Who was freed in this half-cycle, and those of all times.
    freed: Vec<Freed>,
    departed: Vec<Account>,
    /// Whom facts of this half-cycle concerned.
    touched: BTreeSet<ClientId>,
    /// Accepted, not seated or turned away yet: its place in the ledger.
    at_the_door: Option<usize>,
    last_id: ClientId,
    refused: u64,
    commands: u64,
    turns: Turns,
    waits: Waits,
    world: World,
    rules: Rulebook,
    seq: u64,
    at: Micros,
}

impl Checker {
    #[must_use]
    pub fn new(scenario: &Scenario) -> Checker {
        let sent = (0..scenario.clients.len()).map(|i| (Sim::peer(i), sent_by(scenario, i)));
        Checker {
            sent: sent.collect(),
            ledger: Ledger::default(),
            accounts: BTreeMap::new(),
            freed: Vec::new(),
            departed: Vec::new(),
            touched: BTreeSet::new(),
            at_the_door: None,
            last_id: ClientId(0),
            refused: 0,
            commands: 0,
            turns: Turns::default(),
            waits: Waits::default(),
            world: World::default(),
            rules: Rulebook::new(scenario),
            seq: 0,
            at: Micros::ZERO,
        }
    }

    /// After one step: its calls, its facts, and the engine as it is now.
    ///
    /// # Errors
    /// The first invariant that does not hold.
    pub fn observe(
        &mut self,
        step: Step,
        calls: Vec<Call>,
        records: &[Record],
        state: State<'_>,
    ) -> Result<(), Violation> {
        self.step(step, calls, records, state).map_err(|broken| self.violation(broken))
    }

    pub(super) fn violation(&self, broken: Broken) -> Violation {
        let Broken { invariant, text } = broken;
        Violation { invariant, seq: self.seq, at: self.at, text }
    }

    /// The accounts of everybody seated.
    pub(super) fn accounts(&self) -> &BTreeMap<ClientId, Account> {
        &self.accounts
    }

    pub(super) fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    fn step(&mut self, step: Step, calls: Vec<Call>, records: &[Record], state: State<'_>) -> Held {
        self.touched.clear();
        self.freed.clear();
        self.turns.begin();
        self.ledger.absorb(calls)?;
        for record in records {
            (self.seq, self.at) = (record.seq, record.at);
            self.world.fold(record);
            self.rules.fold(&record.event);
            self.turns.fold(record, &mut self.ledger, &self.rules)?;
            self.waits.fold(record, &self.world)?;
            self.fold(&record.event)?;
        }
        self.turns.settle(step, &self.ledger, &self.accounts, state)?;
        self.settle_accounts(state)?;
        self.waits.settle(step, &self.accounts, state)?;
        let listens = |id| self.accounts.get(&id).is_some_and(|account| account.hears_messages);
        let stranger = |id| self.accounts.get(&id).is_some_and(|account| account.stranger);
        tables::check(step, state, &self.freed, &self.rules, listens, stranger)?;
        tables::check_seam(state, &self.ledger)?;
        self.recount(state)?;
        tables::check_fold(&self.world, state)
    }

    fn fold(&mut self, event: &Event) -> Held {
        match event {
            Event::Accept { fd, .. } => {
                let index = self.ledger.arrivals.pop_front();
                let known = index.is_some_and(|i| self.ledger.connections[i].fd == Some(*fd));
                self.at_the_door = index;
                return require(known, Invariant::FactsAddUp, || {
                    format!("descriptor {fd} is said to be accepted, and was not")
                });
            }
            Event::AcceptRefused { .. } => {
                self.refused += 1;
                self.at_the_door = None;
                return Ok(());
            }
            Event::ClientCreated { client, peer, .. } => return self.seat(*client, *peer),
            _ => {}
        }
        let Some(id) = event.client() else { return Ok(()) };
        let Some(account) = self.accounts.get_mut(&id) else {
            // A key or a limit may belong to one who is gone already.
            let stray = matches!(event, Event::Key { .. } | Event::Limit { .. });
            return require(stray, Invariant::FreedIsGone, || {
                format!("a fact about client {id}, who is not there: {event:?}")
            });
        };
        self.touched.insert(id);
        let connection = &mut self.ledger.connections[account.connection];
        let rules = self.rules.of(account);
        match event {
            Event::Read { outcome: ReadOutcome::Bytes, bytes, .. } => {
                let sent = self.sent.get(&account.peer).map_or(Some(&[][..]), Option::as_deref);
                account.read(connection, bytes.len, sent)?;
            }
            Event::Read { .. } => {
                let nothing = matches!(connection.reads.pop_front(), Some(Ok(0) | Err(_)));
                require(nothing, Invariant::FactsAddUp, || {
                    format!(
                        "client {id}: a read that gave nothing, say the facts; not so the calls"
                    )
                })?;
            }
            Event::Parsed { argc, argv, .. } => {
                account.parsed(&connection.input, *argc, argv, rules)?;
            }
            Event::ProtocolError { .. } => account.protocol_error(&connection.input, rules)?,
            Event::QueryTrimmed { bytes, .. } => account.trimmed += *bytes as usize,
            Event::CommandBegin { name, .. } => account.runs(name, rules)?,
            Event::CommandEnd { .. } => {
                self.commands += u64::from(!account.blocked);
                account.end(self.rules.is_open())?;
            }
            Event::CommandRejected { .. } => account.set_aside(false)?,
            Event::Transaction { step: TransactionStep::Queued { .. }, .. } => {
                account.set_aside(true)?;
            }
            Event::Transaction { step: TransactionStep::Ended { .. }, .. } => {
                account.forget_queue();
            }
            Event::Blocked { .. } => account.blocks(),
            Event::Unblocked { why, .. } => self.commands += u64::from(account.unblocks(*why)),
            Event::Monitoring { .. } => account.hears_messages = true,
            Event::ClientChanged { change, .. } => match change {
                ClientChange::Resp(3) => account.protocol = Protocol::Resp3,
                ClientChange::Resp(_) => account.protocol = Protocol::Resp2,
                ClientChange::Authenticated => {
                    (account.authenticated, account.stranger) = (true, false);
                }
                _ => {}
            },
            Event::ReplyQueued { bytes, .. } => account.queued(bytes.len)?,
            Event::Write { outcome, bytes, calls, .. } => {
                // Nor does it bind monitors, or anybody while memory is short.
                let bounded = self.rules.config.maxmemory == 0 && !account.hears_messages;
                account.wrote(connection, *outcome, *bytes, *calls, bounded)?;
            }
            Event::CloseAfterReply { .. } => {
                account.leaving = account.leaving.max(Leaving::AfterReply);
            }
            Event::CloseAsap { .. } => account.doomed(),
            Event::ClientFreed { why, dropped, .. } => {
                account.freed(*why, *dropped)?;
                let spared = *why == CloseReason::Evicted && account.no_evict;
                require(!spared, Invariant::EvictionOrder, || {
                    format!("client {id} is evicted in spite of CLIENT NO-EVICT")
                })?;
                return self.see_off(id, *dropped);
            }
            _ => {}
        }
        Ok(())
    }

    fn seat(&mut self, id: ClientId, peer: SocketAddr) -> Held {
        let last = std::mem::replace(&mut self.last_id, id);
        require(id > last, Invariant::Tables, || format!("client {id} comes after client {last}"))?;
        let connection = self.at_the_door.take();
        require(connection.is_some(), Invariant::FactsAddUp, || {
            format!("client {id} is seated, and nobody was accepted")
        })?;
        let open = self.rules.is_open();
        let account = Account::new(id, peer, connection.unwrap_or_default(), open);
        self.accounts.insert(id, account);
        self.touched.insert(id);
        let (seated, limit) = (self.accounts.len(), self.rules.config.maxclients);
        require(seated <= limit as usize, Invariant::MaxClients, || {
            format!("client {id} is seated as one of {seated}, maxclients is {limit}")
        })
    }

    fn see_off(&mut self, id: ClientId, dropped: u64) -> Held {
        let Some(mut account) = self.accounts.remove(&id) else { return Ok(()) };
        let connection = &self.ledger.connections[account.connection];
        let slot = self.turns.place_of(id);
        self.freed.push(Freed { id, slot, fd: connection.fd, closed: connection.closed });
        account.settle_output(&connection.output, &[], dropped)?;
        self.departed.push(account);
        Ok(())
    }

    fn settle_accounts(&mut self, state: State<'_>) -> Held {
        let late = self.accounts.iter().filter(|(_, account)| account.late);
        self.touched.extend(late.map(|(id, _)| *id));
        for id in &self.touched {
            let Some(account) = self.accounts.get_mut(id) else { continue };
            let Some(slot) = state.server.clients.find(*id) else { continue };
            let client = &state.server.clients[slot];
            let connection = &self.ledger.connections[account.connection];
            let held = client
                .query
                .as_ref()
                .map_or(&[][..], |q| q.buffer.get(..q.filled).unwrap_or_default());
            let rules = self.rules.of(account);
            // After a SHUTDOWN what was read stays unread by the commands.
            account.late = client.flags.has(ClientFlags::UNBLOCKED | ClientFlags::SHUTDOWN);
            account.settle_input(&connection.input, held, rules)?;
            let waiting = if client.reply.is_drained() {
                Vec::new()
            } else {
                client.reply.tail_from(u64::from(client.reply.sent()), usize::MAX)
            };
            account.settle_output(&connection.output, &waiting, 0)?;
        }
        Ok(())
    }

    /// Every counter, counted again.
    fn recount(&self, state: State<'_>) -> Held {
        let all = || self.accounts.values().chain(&self.departed);
        let of = |bytes: fn(&super::ledger::Connection) -> usize| {
            all().map(|a| bytes(&self.ledger.connections[a.connection]) as u64).sum::<u64>()
        };
        let stats = &state.server.stats;
        let seated = all().count() as u64;
        let threaded = self.turns.threaded;
        let pairs = [
            ("total_net_input_bytes", stats.total_net_input_bytes, of(|c| c.input.len())),
            ("total_net_output_bytes", stats.total_net_output_bytes, of(|c| c.output.len())),
            ("total_commands_processed", stats.total_commands_processed, self.commands),
            ("total_connections_received", stats.total_connections_received, seated),
            ("io_threaded_writes_processed", stats.io_threaded_writes_processed, threaded),
        ];
        for (name, stored, counted) in pairs {
            require(stored == counted, Invariant::Recomputed, || {
                format!("{name} is {stored}; counted again, {counted}")
            })?;
        }
        let rejected = stats.rejected_connections;
        require(rejected == self.refused, Invariant::MaxClients, || {
            format!("rejected_connections is {rejected}; {} were turned away", self.refused)
        })
    }
}

/// Everything that a guest sends, in the order in which it leaves. `None` if
/// that depends on the run: what it sends besides a load.
fn sent_by(scenario: &Scenario, client: usize) -> Option<Vec<u8>> {
    let mut packets: Vec<(Micros, &[u8])> = Vec::new();
    let mut load = None;
    for input in scenario.inputs.iter().filter(|input| input.client == client) {
        match &input.action {
            Action::Send(sending) => {
                let at = |delay| input.at.saturating_add(delay);
                packets.extend(sending.packets().map(|(delay, bytes)| (at(delay), bytes)));
            }
            Action::Load(share) => load = Some((input.at, share)),
            _ => {}
        }
    }
    packets.sort_by_key(|(at, _)| *at);
    let last = packets.last().map(|(at, _)| *at);
    let mut sent: Vec<u8> = packets.into_iter().flat_map(|(_, bytes)| bytes.to_vec()).collect();
    if let Some((at, share)) = load {
        if last.is_some_and(|last| last >= at) {
            return None;
        }
        sent.extend(Orderer::new(share, scenario, client).script());
    }
    Some(sent)
}
