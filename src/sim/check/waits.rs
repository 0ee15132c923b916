//! Who waits: for keys, first come first; for the clock; for the end of a
//! pause.

use super::account::Account;
use super::checker::Step;
use super::tables::State;
use super::{Held, Invariant, require};
use crate::engine::client::ClientFlags;
use crate::event::{
    BlockedOn, ClientId, CloseReason, Event, PauseScope, Phase, Preview, UnblockReason,
};
use crate::time::Micros;
use crate::trace::{Record, World};
use std::collections::BTreeMap;

/// What one client waits for, as the facts say.
#[derive(Debug)]
struct Wait {
    id: ClientId,
    db: u32,
    keys: Vec<Preview>,
    until: Option<Micros>,
}

/// See the module documentation.
#[derive(Debug, Default)]
pub struct Waits {
    /// In the order in which they began.
    waiting: Vec<Wait>,
    /// The last one that ended by the clock in this pass.
    last_until: Micros,
    sleep_began: Micros,
    paused: Option<(PauseScope, Micros)>,
    /// Commands that run, one inside the other.
    depth: BTreeMap<ClientId, u32>,
    /// Usage and limit before an eviction.
    memory: Option<(u64, u64)>,
}

impl Waits {
    pub fn fold(&mut self, record: &Record, world: &World) -> Held {
        match &record.event {
            Event::PhaseEnter { phase: Phase::BeforeSleep } => {
                self.last_until = Micros::ZERO;
                self.sleep_began = record.at;
            }
            Event::Blocked { client, on: BlockedOn::Keys { keys, until } } => {
                let db = world.clients.get(client).map_or(0, |view| view.db);
                let wait = Wait { id: *client, db, keys: keys.clone(), until: *until };
                self.waiting.push(wait);
            }
            Event::Unblocked { client, why } => self.unblocked(*client, *why, record.at)?,
            Event::ClientFreed { client, why, .. } => {
                self.waiting.retain(|wait| wait.id != *client);
                self.depth.remove(client);
                let memory = self.memory.take();
                let due = memory.is_some_and(|(used, limit)| used >= limit);
                require(due || *why != CloseReason::Evicted, Invariant::EvictionOrder, || {
                    format!("client {client} is evicted, used and allowed are {memory:?}")
                })?;
            }
            Event::ClientMemory { used, limit } => self.memory = Some((*used, *limit)),
            Event::Paused { scope, until } => self.paused = scope.map(|scope| (scope, *until)),
            Event::CommandBegin { client, .. } => {
                let depth = self.depth.entry(*client).or_default();
                *depth += 1;
                let outermost = *depth == 1;
                // Monitors are like replicas: no pause holds them.
                let monitors = world.clients.get(client).is_some_and(|c| c.monitoring);
                let held = matches!(self.paused, Some((PauseScope::All, _))) && !monitors;
                require(!(outermost && held), Invariant::PauseHolds, || {
                    format!("client {client} runs a command during {:?}", self.paused)
                })?;
            }
            Event::CommandEnd { client, .. } => {
                let depth = self.depth.entry(*client).or_default();
                *depth = depth.saturating_sub(1);
            }
            _ => {}
        }
        Ok(())
    }

    fn unblocked(&mut self, client: ClientId, why: UnblockReason, at: Micros) -> Held {
        let place = self.waiting.iter().position(|wait| wait.id == client);
        let wait = place.map(|place| self.waiting.remove(place));
        match why {
            UnblockReason::Resumed => {
                require(self.paused.is_none() && wait.is_none(), Invariant::PauseHolds, || {
                    format!("client {client} is let out of {:?} at {at}", self.paused)
                })
            }
            UnblockReason::KeyReady => {
                let earlier = &self.waiting[..place.unwrap_or(0)];
                let first = wait.as_ref().is_some_and(|wait| {
                    wait.keys.iter().any(|key| {
                        let same = |other: &Wait| other.db == wait.db && other.keys.contains(key);
                        !earlier.iter().any(same)
                    })
                });
                require(first, Invariant::FirstComeFirst, || {
                    format!("client {client} is woken before those who came earlier")
                })
            }
            UnblockReason::Timeout | UnblockReason::Error => {
                let Some(wait) = wait else {
                    return require(false, Invariant::BlockedWait, || {
                        format!("client {client} waits no longer, and never did")
                    });
                };
                // Somebody else's CLIENT UNBLOCK may come at any time.
                let asked = self.depth.values().any(|depth| *depth > 0);
                let until = wait.until.unwrap_or(Micros(u64::MAX));
                let in_order = until <= at && self.last_until <= until;
                self.last_until = if asked { self.last_until } else { until };
                require(asked || in_order, Invariant::TimeoutOrder, || {
                    format!("client {client} waits until {until}, and no longer at {at}")
                })
            }
        }
    }

    pub fn settle(
        &self,
        step: Step,
        accounts: &BTreeMap<ClientId, Account>,
        state: State<'_>,
    ) -> Held {
        let server = state.server;
        let mut counted = 0;
        for (_, client) in server.clients.iter() {
            let flagged = client.flags.has(ClientFlags::BLOCKED);
            counted += u64::from(flagged);
            let known = accounts.get(&client.id).is_some_and(|account| account.blocked);
            let held = client.rare.as_ref().is_some_and(|rare| rare.blocked.is_some());
            require(flagged == known && flagged == held, Invariant::BlockedWait, || {
                format!(
                    "client {} waits: by its flag {flagged}, by its notes {held}, by the facts {known}",
                    client.id
                )
            })?;
        }
        let stored = server.blocking.clients();
        require(stored == counted, Invariant::BlockedWait, || {
            format!("{stored} clients wait, they say; {counted} do")
        })?;
        if step == Step::AfterPoll {
            return Ok(());
        }
        let left = server.clients.iter().find(|(_, c)| c.flags.has(ClientFlags::UNBLOCKED));
        require(
            left.is_none() && server.blocking.is_settled(),
            Invariant::UnblockedServed,
            || format!("client {:?} waits no longer and was not served", left.map(|(_, c)| c.id)),
        )?;
        let late = self.waiting.iter().find(|wait| {
            step == Step::BeforePoll && wait.until.is_some_and(|until| until < self.sleep_began)
        });
        require(late.is_none(), Invariant::TimeoutOrder, || format!("{late:?} should be over"))
    }
}
