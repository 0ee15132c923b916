//! That the checker can fail: the loop is broken on purpose, in one way per
//! invariant, and the checker has to name that invariant.
//!
//! Four ways to break it, none of which is in the engine. A [`Saboteur`]
//! between the loop and the witness makes the loop's calls wrong (bytes
//! twice, a watch forgotten). [`Forgery`] falsifies the facts. [`Damage`]
//! corrupts the engine's structures between half-cycles. A [`Spell`] makes the
//! loop believe something during one of them.
//!
//! [`comparisons`] does the same to what compares whole runs; [`listed`] holds the page that says of each invariant how it is held.

mod clauses;
mod comparisons;
mod listed;
mod occasions;
mod saboteur;
mod spell;

use super::trial::Trial;
use super::witness::Witness;
use super::{Invariant, Violation};
use crate::engine::client::{Client, ClientFlags, Slot};
use crate::engine::server::Server;
use crate::event::{BlockedOn, ClientId, CloseReason, Event, PauseScope, Preview, UnblockReason};
use crate::net::Timeout;
use crate::sim::{Next, Progress, Scenario};
use crate::time::Micros;
use crate::trace::Record;
use occasions::occasion;
use saboteur::{Sabotage, Saboteur};
use spell::Spell;

/// What is wrong with the facts. Returns whether it could be done.
type Forgery = fn(&mut Vec<Record>) -> bool;
/// What is wrong with the structures. Returns whether it could be done.
type Damage = fn(&mut Server) -> bool;

/// Changes the first fact for which `change` says that it did.
fn forge(records: &mut [Record], change: impl Fn(&mut Event) -> bool) -> bool {
    records.iter_mut().any(|record| change(&mut record.event))
}

/// Takes the first such fact away.
fn omit(records: &mut Vec<Record>, which: impl Fn(&Event) -> bool) -> bool {
    let at = records.iter().position(|record| which(&record.event));
    at.map(|at| records.remove(at)).is_some()
}

/// States the first such fact twice.
fn repeat(records: &mut Vec<Record>, which: impl Fn(&Event) -> bool) -> bool {
    let at = records.iter().position(|record| which(&record.event));
    if let Some(at) = at {
        records.insert(at, records[at].clone());
    }
    at.is_some()
}

fn honest(_: &mut Vec<Record>) -> bool {
    false
}

fn intact(_: &mut Server) -> bool {
    false
}

/// One bug.
#[derive(Clone, Copy)]
struct Canary {
    invariant: Invariant,
    sabotage: Sabotage,
    forgery: Forgery,
    damage: Damage,
    spell: Spell,
    /// Part of what the checker must say, where an invariant has several
    /// parts.
    says: &'static str,
}

const NO_BUG: Canary = Canary {
    invariant: Invariant::Liveness,
    sabotage: Sabotage::None,
    forgery: honest,
    damage: intact,
    spell: Spell::None,
    says: "",
};

const fn at_the_seam(invariant: Invariant, sabotage: Sabotage) -> Canary {
    Canary { invariant, sabotage, ..NO_BUG }
}

const fn in_the_facts(invariant: Invariant, forgery: Forgery) -> Canary {
    Canary { invariant, forgery, ..NO_BUG }
}

const fn in_the_server(invariant: Invariant, damage: Damage) -> Canary {
    Canary { invariant, damage, ..NO_BUG }
}

const fn under_a_spell(invariant: Invariant, spell: Spell) -> Canary {
    Canary { invariant, spell, ..NO_BUG }
}

impl Canary {
    const fn saying(self, says: &'static str) -> Canary {
        Canary { says, ..self }
    }
}

/// The first client that fits, to be damaged.
fn damage(
    server: &mut Server,
    fits: impl Fn(&Client) -> bool,
    change: impl FnOnce(&mut Client),
) -> bool {
    let slot = server.clients.iter().find(|(_, client)| fits(client)).map(|(slot, _)| slot);
    if let Some(slot) = slot {
        change(&mut server.clients[slot]);
    }
    slot.is_some()
}

const CANARIES: &[Canary] = &[
    at_the_seam(Invariant::InputInOrder, Sabotage::ReadGarbles),
    at_the_seam(Invariant::FactsAddUp, Sabotage::ReadTwice),
    at_the_seam(Invariant::OutputInOrder, Sabotage::WriteGarbles),
    at_the_seam(Invariant::FactsAddUp, Sabotage::WriteSkips),
    at_the_seam(Invariant::FactsAddUp, Sabotage::WriteRepeats),
    in_the_facts(Invariant::WriteBudget, |records| {
        forge(records, |event| match event {
            Event::Write { bytes: 65_537.., calls, .. } => {
                *calls += 1;
                true
            }
            _ => false,
        })
    }),
    at_the_seam(Invariant::NoLostWakeup, Sabotage::ForgetWriteWatch).saying("output waits"),
    at_the_seam(Invariant::FreedIsGone, Sabotage::ForgetClose),
    at_the_seam(Invariant::FreedIsGone, Sabotage::CloseTwice),
    at_the_seam(Invariant::AcceptBudget, Sabotage::AcceptOnward),
    under_a_spell(Invariant::NoStarvation, Spell::Doomed),
    under_a_spell(Invariant::CronVisits, Spell::Lively).saying("idles"),
    under_a_spell(Invariant::UnauthenticatedLimits, Spell::Trusted).saying("takes the password"),
    under_a_spell(Invariant::UnauthenticatedLimits, Spell::Trusted).saying("and is owed 20"),
    under_a_spell(Invariant::UnauthenticatedLimits, Spell::Trusted).saying("and is owed 0"),
    at_the_seam(Invariant::FactsAddUp, Sabotage::InventFired),
    in_the_facts(Invariant::OneReplyEach, |records| {
        omit(records, |event| matches!(event, Event::ReplyQueued { .. }))
    }),
    in_the_facts(Invariant::WholeRequestsOnly, |records| {
        repeat(records, |event| matches!(event, Event::Parsed { .. }))
    }),
    in_the_facts(Invariant::WholeRequestsOnly, |records| {
        repeat(records, |event| matches!(event, Event::CommandEnd { .. }))
    }),
    in_the_facts(Invariant::WholeRequestsOnly, |records| {
        forge(records, |event| match event {
            Event::Parsed { argv, .. } => {
                argv[0] = Preview::of(b"OTHER", 64);
                true
            }
            _ => false,
        })
    }),
    in_the_facts(Invariant::WholeRequestsOnly, |records| {
        forge(records, |event| match event {
            Event::CommandBegin { name, .. } => {
                *name = "other".into();
                true
            }
            _ => false,
        })
    })
    .saying("something else was asked for"),
    in_the_facts(Invariant::UnauthenticatedLimits, |records| {
        forge(records, |event| match event {
            Event::Parsed { argc, .. } => {
                *argc = 11;
                true
            }
            _ => false,
        })
    }),
    in_the_facts(Invariant::HandlerOrder, |records| {
        repeat(records, |event| matches!(event, Event::Fire { client: Some(_), .. }))
    }),
    in_the_facts(Invariant::HonestDispatch, |records| {
        forge(records, |event| match event {
            Event::Fire { fd, client: Some(_), .. } => {
                fd.0 += 100;
                true
            }
            _ => false,
        })
    }),
    in_the_facts(Invariant::PendingWriteFlag, |records| {
        let sweep: Vec<usize> = (0..records.len())
            .filter(|at| matches!(records[*at].event, Event::Write { .. }))
            .collect();
        let swept = records.iter().any(|r| matches!(r.event, Event::SweepBegin { clients: 2.. }));
        if let (true, [first, second, ..]) = (swept, sweep.as_slice()) {
            let (head, tail) = records.split_at_mut(*second);
            std::mem::swap(&mut head[*first].event, &mut tail[0].event);
        }
        swept && sweep.len() > 1
    }),
    in_the_facts(Invariant::PendingWriteFlag, |records| {
        forge(records, |event| match event {
            Event::Write { by: by @ 1.., .. } => {
                *by = 0;
                true
            }
            _ => false,
        })
    }),
    in_the_facts(Invariant::PendingWriteFlag, |records| {
        forge(records, |event| match event {
            Event::Write { by: by @ 0, .. } => {
                *by = 1;
                true
            }
            _ => false,
        })
    }),
    in_the_facts(Invariant::SweepComplete, |records| {
        omit(records, |event| matches!(event, Event::Write { .. }))
            && records.iter().any(|r| matches!(r.event, Event::SweepEnd { .. }))
    }),
    in_the_facts(Invariant::TimersNotEarly, |records| {
        forge(records, |event| match event {
            Event::TimerRearmed { due, .. } => {
                due.0 += 1_000_000;
                true
            }
            _ => false,
        })
    }),
    in_the_facts(Invariant::NoLostWakeup, |records| {
        forge(records, |event| match event {
            Event::PollEnter { timeout } => {
                *timeout = Timeout::Forever;
                true
            }
            _ => false,
        })
    }),
    in_the_facts(Invariant::CronVisits, |records| {
        omit(records, |event| matches!(event, Event::ClientsCron { .. }))
    }),
    in_the_facts(Invariant::MaxClients, |records| {
        repeat(records, |event| matches!(event, Event::AcceptRefused { .. }))
    }),
    in_the_facts(Invariant::Tables, |records| {
        forge(records, |event| match event {
            Event::ClientCreated { client, .. } if client.0 > 1 => {
                client.0 = 1;
                true
            }
            _ => false,
        })
    }),
    in_the_facts(Invariant::SilentAfterClose, |records| {
        let at = records.iter().position(|r| matches!(r.event, Event::CommandBegin { .. }));
        let Some(at) = at else { return false };
        let Some(client) = records[at].event.client() else { return false };
        let why = CloseReason::Quit;
        let close = Record { event: Event::CloseAsap { client, why }, ..records[at].clone() };
        records.insert(at, close);
        true
    })
    .saying("a command runs although"),
    in_the_facts(Invariant::SilentAfterClose, |records| {
        // The effect before its cause.
        let at = records.iter().position(|r| matches!(r.event, Event::ReplyQueued { .. }));
        let Some(at) = at else { return false };
        let Some(client) = records[at].event.client() else { return false };
        let why = CloseReason::OutputBufferHard;
        let close = Record { event: Event::CloseAsap { client, why }, ..records[at].clone() };
        records.insert(at, close);
        true
    })
    .saying("reply bytes for somebody who is leaving"),
    in_the_facts(Invariant::FirstComeFirst, |records| {
        let woken: Vec<ClientId> = records
            .iter()
            .filter(|r| matches!(r.event, Event::Unblocked { why: UnblockReason::KeyReady, .. }))
            .filter_map(|r| r.event.client())
            .collect();
        let [_, second, ..] = woken.as_slice() else { return false };
        forge(records, |event| match event {
            Event::Unblocked { client, .. } => {
                *client = *second;
                true
            }
            _ => false,
        })
    }),
    in_the_facts(Invariant::TimeoutOrder, |records| {
        forge(records, |event| match event {
            Event::Blocked { on: BlockedOn::Keys { until: Some(until), .. }, .. } => {
                until.0 += 10_000_000;
                true
            }
            _ => false,
        })
    }),
    in_the_facts(Invariant::TimeoutOrder, |records| {
        forge(records, |event| match event {
            Event::Blocked { on: BlockedOn::Keys { until: Some(until), .. }, .. } => {
                until.0 = 1;
                true
            }
            _ => false,
        })
    })
    .saying("should be over"),
    in_the_facts(Invariant::PauseHolds, |records| {
        let at = records.iter().position(|r| matches!(r.event, Event::CommandBegin { .. }));
        if let Some(at) = at {
            let (scope, until) = (Some(PauseScope::All), Micros::from_secs(99));
            let pause = Record { event: Event::Paused { scope, until }, ..records[at].clone() };
            records.insert(at, pause);
        }
        at.is_some()
    }),
    in_the_facts(Invariant::PauseHolds, |records| {
        omit(records, |event| matches!(event, Event::Paused { scope: None, .. }))
    })
    .saying("is let out"),
    in_the_facts(Invariant::EvictionOrder, |records| {
        forge(records, |event| match event {
            Event::ClientFreed { why, .. } => {
                *why = CloseReason::Evicted;
                true
            }
            _ => false,
        })
    })
    .saying("used and allowed are"),
    in_the_facts(Invariant::EvictionOrder, |records| {
        // Above the limit, but of somebody who was to be spared.
        let at = records.iter().position(|r| matches!(r.event, Event::ClientFreed { .. }));
        let Some(at) = at else { return false };
        if let Event::ClientFreed { why, .. } = &mut records[at].event {
            *why = CloseReason::Evicted;
        }
        let memory = Event::ClientMemory { used: 2, limit: 1 };
        records.insert(at, Record { event: memory, ..records[at].clone() });
        true
    })
    .saying("in spite of"),
    in_the_facts(Invariant::OneProtocolError, |records| {
        repeat(records, |event| matches!(event, Event::ProtocolError { .. }))
    }),
    in_the_facts(Invariant::BoundedWork, |records| {
        // A turn that nothing called for.
        let sweep = records.iter().any(|r| matches!(r.event, Event::SweepBegin { .. }));
        sweep && omit(records, |event| matches!(event, Event::SweepBegin { .. }))
    }),
    in_the_server(Invariant::PendingWriteFlag, |server| {
        damage(server, |_| true, |client| client.flags.set(ClientFlags::PENDING_WRITE))
    }),
    in_the_server(Invariant::CloseQueue, |server| {
        damage(server, |_| true, |client| client.flags.set(ClientFlags::CLOSE_ASAP))
    }),
    in_the_server(Invariant::BlockedWait, |server| {
        damage(server, |_| true, |client| client.flags.set(ClientFlags::BLOCKED))
    })
    .saying("by its flag"),
    in_the_server(Invariant::UnblockedServed, |server| {
        damage(server, |_| true, |client| client.flags.set(ClientFlags::UNBLOCKED))
    }),
    in_the_server(Invariant::WriteHandlerNeeded, |server| {
        damage(server, |_| true, |client| client.flags.set(ClientFlags::WRITE_HANDLER))
    }),
    in_the_server(Invariant::OutputHasAWay, |server| {
        let Some(slot) = server.pending_write.pop() else { return false };
        server.clients[slot].flags.clear(ClientFlags::PENDING_WRITE);
        true
    }),
    in_the_server(Invariant::FreedIsGone, |server| {
        let Some((slot, _)) = server.clients.iter().next() else { return false };
        server.clients.remove(slot);
        server.pending_write.push(slot);
        true
    }),
    in_the_server(Invariant::Tables, |server| damage(server, |_| true, |client| client.fd.0 += 50)),
    in_the_server(Invariant::Recomputed, |server| {
        server.stats.total_net_input_bytes += 1;
        true
    }),
    in_the_server(Invariant::Recomputed, |server| {
        damage(server, |_| true, |client| client.flags.set(ClientFlags::PUBSUB))
    }),
    in_the_server(Invariant::Recomputed, |server| {
        // Somebody grew, and nobody noticed.
        let limited = server.client_eviction_limit_bytes().is_some();
        limited
            && damage(
                server,
                |client| !client.flags.has(ClientFlags::NO_EVICT) && client.transaction().is_some(),
                |client| {
                    if let Some(transaction) = &mut client.rare().transaction {
                        transaction.queued_bytes += 7;
                    }
                },
            )
    }),
    in_the_server(Invariant::MaxClients, |server| {
        server.config.maxclients = 0;
        !server.clients.is_empty()
    }),
    in_the_server(Invariant::MaxClients, |server| {
        server.config.maxclients += 100;
        true
    })
    .saying("is seated as one of"),
    in_the_server(Invariant::AcceptBudget, |server| {
        server.config.max_new_connections_per_cycle += 100;
        true
    })
    .saying("calls of accept"),
    in_the_server(Invariant::QueryPositions, |server| {
        damage(server, |_| true, |client| client.query_len += 1)
    }),
    in_the_server(Invariant::QueryBufferLimit, |server| {
        let over = server.clients.iter().any(|(_, client)| {
            client.query.as_ref().is_some_and(|query| query.not_understood() > 0)
        });
        if over {
            server.config.client_query_buffer_limit = 0;
        }
        over
    }),
    in_the_server(Invariant::OutputLimit, |server| {
        let over = server.clients.iter().any(|(_, client)| {
            client.reply.has_blocks() && !client.flags.has(ClientFlags::CLOSE_AFTER_REPLY)
        });
        if over {
            server.config.client_output_buffer_limit.normal.hard = 1;
        }
        over
    }),
    in_the_server(Invariant::MemoryAsReceived, |server| {
        damage(
            server,
            |client| client.query.is_some(),
            |client| {
                if let Some(query) = &mut client.query {
                    query.buffer.resize(64 * 1024 * 1024, 0);
                }
            },
        )
    }),
    in_the_server(Invariant::TimersNotEarly, |server| {
        server.now = server.now.saturating_add(Micros::from_secs(60));
        true
    }),
    in_the_server(Invariant::FactsAddUp, |server| {
        damage(server, |_| true, |client| client.db += 1)
    }),
    in_the_server(Invariant::SweepComplete, |server| {
        leave_behind(server, ClientFlags::PENDING_WRITE, |server| &mut server.pending_write)
    })
    .saying("were not swept"),
    in_the_server(Invariant::CloseQueue, |server| {
        leave_behind(server, ClientFlags::CLOSE_ASAP, |server| &mut server.to_close)
    })
    .saying("were not closed"),
    in_the_server(Invariant::StrictReplies, |server| scribble(server, b"?what\r\n")),
    in_the_server(Invariant::OneLineErrors, |server| scribble(server, b"+a\rb\r\n")),
];

/// Leaves somebody in a queue, flagged as who is in it has to be.
fn leave_behind(
    server: &mut Server,
    flag: u32,
    queue: impl FnOnce(&mut Server) -> &mut Vec<Slot>,
) -> bool {
    let stays = |(_, client): &(Slot, &Client)| !client.flags.has(flag);
    let Some((slot, _)) = server.clients.iter().find(stays) else { return false };
    server.clients[slot].flags.set(flag);
    queue(server).push(slot);
    true
}

/// Puts other bytes of the same number on the rack of somebody whose replies
/// have not been looked at yet.
fn rewrite(server: &mut Server, with: impl FnOnce(usize) -> Vec<u8>) -> bool {
    let waits = |client: &Client| {
        client.reply.sent() == 0 && client.reply.blocks() == 0 && !client.reply.is_empty()
    };
    let slot = server.clients.iter().find(|(_, client)| waits(client)).map(|(slot, _)| slot);
    let Some(slot) = slot else { return false };
    let other = with(server.clients[slot].reply.len() as usize);
    server.clients[slot].reply.release(&mut server.reply_pool);
    server.clients[slot].reply.push(&other, &mut server.reply_pool);
    true
}

fn scribble(server: &mut Server, bytes: &[u8]) -> bool {
    rewrite(server, |len| bytes.iter().copied().cycle().take(len).collect())
}

/// Every bug.
fn canaries() -> impl Iterator<Item = &'static Canary> {
    CANARIES.iter().chain(clauses::CLAUSES)
}

/// Runs a scenario with a bug, which strikes at the first opportunity from
/// the `after`th step on.
fn run(scenario: &Scenario, canary: Canary, after: u64) -> Result<(), Violation> {
    let sabotage = canary.sabotage;
    let wrap = |net| Saboteur { inner: Witness::new(net), sabotage };
    let mut trial = Trial::over(scenario, wrap);
    let mut struck = false;
    for number in 0..20_000 {
        let due = number > after;
        let spell =
            if trial.sim.next == Next::AfterPoll && due { canary.spell } else { Spell::None };
        let bound = spell.cast(trial.sim.engine.server_mut());
        let step = trial.advance();
        bound.end(trial.sim.engine.server_mut());
        if due && !struck {
            struck = (canary.forgery)(&mut trial.records)
                || (canary.damage)(trial.sim.engine.server_mut());
        }
        if trial.observe(step)? != Progress::Ran {
            break;
        }
    }
    trial.held(|trial| trial.check_rest())
}

/// Checks that compare whole runs have tests of their own below.
const COMPARISONS: [Invariant; 5] = [
    Invariant::ChunkingInvariance,
    Invariant::Liveness,
    Invariant::BackToBaseline,
    Invariant::SameAgain,
    Invariant::ObserverEffectZero,
];

/// Protects: no check is empty. A canary that lives is a hole in the net.
#[test]
fn every_canary_is_caught_by_its_invariant() {
    const SEEDS: u64 = 120;
    let mut survivors = Vec::new();
    for (number, canary) in canaries().enumerate() {
        let mut named = Vec::new();
        let caught = (0..SEEDS).any(|seed| {
            run(&occasion(seed), *canary, seed % 8 * 5).is_err_and(|violation| {
                named.push(violation.invariant);
                violation.invariant == canary.invariant && violation.text.contains(canary.says)
            })
        });
        if !caught {
            named.sort_unstable();
            named.dedup();
            let Canary { invariant, says, .. } = canary;
            survivors.push(format!("{number}: {invariant:?} {says:?}, but {named:?}"));
        }
    }
    assert!(survivors.is_empty(), "{}", survivors.join("\n"));
}

/// Protects: a new invariant comes with its canary.
#[test]
fn every_invariant_has_a_canary() {
    for invariant in Invariant::ALL {
        let caught = canaries().any(|canary| canary.invariant == invariant);
        assert!(caught || COMPARISONS.contains(&invariant), "{invariant:?}");
    }
}

/// Protects: the wrapper itself changes nothing, and no occasion is a bug.
#[test]
fn without_a_bug_nothing_is_found() {
    for seed in 0..30 {
        if let Err(violation) = run(&occasion(seed), NO_BUG, 0) {
            panic!("seed {seed}: {violation}");
        }
    }
}
