//! One scenario, run with the checker at its side, to the end and beyond: when
//! all is quiet everybody leaves, and nothing may remain.

use super::checker::{Checker, Step};
use super::tables::State;
use super::witness::{Call, Testimony, Witness};
use super::{Broken, Held, Invariant, Violation, require};
use crate::net::fault::Fault;
use crate::net::virt::Virt;
use crate::sim::{ADDRESS, Action, Input, Next, Progress, Scenario, Sim};
use crate::time::Micros;
use crate::trace::Record;
use std::net::SocketAddr;

/// A scenario must come to rest within so many cycles, and once more after
/// everybody has left.
const REST_WITHIN_CYCLES: u64 = 30_000;

/// What a trial without a violation came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    pub cycles: u64,
    /// Half-cycles and waits, after each of which everything was checked.
    pub steps: u64,
    pub records: u64,
    /// How long the restaurant was open, by its own clock.
    pub simulated: Micros,
    /// Every byte that each guest has read, when all was quiet.
    pub received: Vec<Vec<u8>>,
    /// The keyspace then: database, key, value.
    pub keys: Vec<(usize, Vec<u8>, String)>,
    /// `io_threaded_writes_processed`.
    pub threaded: u64,
    /// All records, hashed.
    pub hash: u64,
}

/// See the module documentation.
#[derive(Debug)]
pub struct Trial<N = Witness<Fault<Virt>>> {
    pub(super) sim: Sim<N>,
    pub(super) checker: Checker,
    pub(super) records: Vec<Record>,
    pub(super) calls: Vec<Call>,
    report: Report,
}

/// Runs a scenario and checks every invariant that one run can break.
///
/// # Errors
/// The first violation.
pub fn examine(scenario: &Scenario) -> Result<Report, Violation> {
    Trial::new(scenario).run()
}

/// [`examine`], and what takes several runs: the same again, and the same
/// with nobody watching.
///
/// # Errors
/// The first violation.
pub fn examine_twice(scenario: &Scenario) -> Result<Report, Violation> {
    let report = examine(scenario)?;
    let again = examine(scenario)?;
    same_again(&report, &again)?;
    same_calls(&report, &calls(scenario, true), &calls(scenario, false))?;
    Ok(report)
}

/// What is found when a run is over.
fn at_the_end(report: &Report, invariant: Invariant, text: String) -> Violation {
    Violation { invariant, seq: report.records, at: report.simulated, text }
}

pub(super) fn same_again(first: &Report, second: &Report) -> Result<(), Violation> {
    if first.hash == second.hash {
        return Ok(());
    }
    let text = format!("records hash to {:016x}, then to {:016x}", first.hash, second.hash);
    Err(at_the_end(first, Invariant::SameAgain, text))
}

pub(super) fn same_calls(
    report: &Report,
    watched: &[Call],
    alone: &[Call],
) -> Result<(), Violation> {
    if watched == alone {
        return Ok(());
    }
    let at = watched.iter().zip(alone).take_while(|(a, b)| a == b).count();
    let (watched, alone) = (shown(watched.get(at)), shown(alone.get(at)));
    let text = format!("call {at}: watched {watched}, alone {alone}");
    Err(at_the_end(report, Invariant::ObserverEffectZero, text))
}

/// A call in few words, its payload by length and hash.
fn shown(call: Option<&Call>) -> String {
    let payload = |bytes: &[u8]| format!("{} bytes, hash {:016x}", bytes.len(), hash(BASIS, bytes));
    match call {
        Some(Call::Read { fd, result: Ok(bytes) }) => format!("read {fd}: {}", payload(bytes)),
        Some(Call::Write { fd, result: Ok(bytes) }) => format!("write {fd}: {}", payload(bytes)),
        other => format!("{other:?}"),
    }
}

/// FNV-1a.
const BASIS: u64 = 0xcbf2_9ce4_8422_2325;

fn hash(from: u64, bytes: &[u8]) -> u64 {
    bytes.iter().fold(from, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3))
}

/// The calls of a run until it is quiet.
pub(super) fn calls(scenario: &Scenario, watched: bool) -> Vec<Call> {
    let mut sim = Sim::over(scenario, Witness::new);
    if !watched {
        sim.opening = false;
        sim.engine
            .listen(&mut sim.net, SocketAddr::from(ADDRESS))
            .expect("nobody else listens on the virtual network");
    }
    sim.run_to_quiet(REST_WITHIN_CYCLES, &mut Vec::new());
    let mut calls = Vec::new();
    sim.net.take_calls(&mut calls);
    calls
}

impl Trial {
    #[must_use]
    pub fn new(scenario: &Scenario) -> Trial {
        Trial::over(scenario, Witness::new)
    }
}

impl<N: Testimony> Trial<N> {
    pub(super) fn over(scenario: &Scenario, wrap: impl FnOnce(Fault<Virt>) -> N) -> Trial<N> {
        Trial {
            sim: Sim::over(scenario, wrap),
            checker: Checker::new(scenario),
            records: Vec::new(),
            calls: Vec::new(),
            report: Report { hash: BASIS, ..Report::default() },
        }
    }

    /// Runs to the end.
    ///
    /// # Errors
    /// The first violation.
    pub fn run(mut self) -> Result<Report, Violation> {
        self.come_to_rest()?;
        self.held(|trial| trial.check_rest())?;
        self.report.received = self.received();
        self.report.keys = self.keys();
        self.report.threaded = self.sim.engine().server().stats.io_threaded_writes_processed;
        self.everybody_leaves();
        self.come_to_rest()?;
        self.held(|trial| trial.check_baseline())?;
        Ok(self.report)
    }

    /// What every guest that is left does when it is over.
    pub(super) fn everybody_leaves(&mut self) {
        let came: Vec<bool> = (0..self.sim.scenario().clients.len())
            .map(|client| self.sim.inputs().iter().any(|input| input.client == client))
            .collect();
        for (client, _) in came.iter().enumerate().filter(|(_, came)| **came) {
            self.sim.push(Input { at: Micros::ZERO, client, action: Action::Close });
        }
    }

    fn come_to_rest(&mut self) -> Result<(), Violation> {
        let until = self.sim.cycles() + REST_WITHIN_CYCLES;
        while self.sim.cycles() < until {
            let step = self.advance();
            if self.observe(step)? != Progress::Ran {
                return Ok(());
            }
        }
        let text = format!("not at rest after {REST_WITHIN_CYCLES} cycles");
        Err(self.checker.violation(Broken { invariant: Invariant::Liveness, text }))
    }

    /// One step of the driver; its records and calls are kept for
    /// [`Trial::observe`].
    pub(super) fn advance(&mut self) -> (Step, Progress) {
        let step = match self.sim.next {
            Next::BeforePoll | Next::Nothing => Step::BeforePoll,
            Next::Wait(_) => Step::Wait,
            Next::AfterPoll => Step::AfterPoll,
        };
        self.records.clear();
        let progress = self.sim.advance(&mut self.records);
        self.sim.net.take_calls(&mut self.calls);
        (step, progress)
    }

    pub(super) fn observe(
        &mut self,
        (step, progress): (Step, Progress),
    ) -> Result<Progress, Violation> {
        let (server, ae) = (self.sim.engine.server(), self.sim.engine.event_loop());
        let state = State { server, ae, now: self.sim.now() };
        let calls = std::mem::take(&mut self.calls);
        self.checker.observe(step, calls, &self.records, state)?;
        self.report.steps += 1;
        for record in &self.records {
            self.report.records += 1;
            self.report.hash = hash(self.report.hash, format!("{record:?}").as_bytes());
        }
        self.report.cycles = self.sim.cycles();
        self.report.simulated = self.sim.now();
        Ok(progress)
    }

    pub(super) fn held(&self, check: impl FnOnce(&Self) -> Held) -> Result<(), Violation> {
        check(self).map_err(|broken| self.checker.violation(broken))
    }

    fn received(&self) -> Vec<Vec<u8>> {
        let clients = 0..self.sim.scenario().clients.len();
        clients.map(|client| self.sim.received(client).to_vec()).collect()
    }

    fn keys(&self) -> Vec<(usize, Vec<u8>, String)> {
        let store = &self.sim.engine.server().store;
        let mut keys = Vec::new();
        for index in 0..store.databases() {
            let db = store.db(index);
            keys.extend(
                (0..db.len())
                    .filter_map(|i| db.nth(i))
                    .map(|place| (index, db.key(place).to_vec(), format!("{:?}", db.value(place)))),
            );
        }
        keys.sort_unstable();
        keys
    }

    /// Quiet: whoever reads has everything, whatever was written arrived.
    pub(super) fn check_rest(&self) -> Held {
        for (id, account) in self.checker.accounts() {
            let guest = (0..self.sim.scenario().clients.len())
                .find(|client| Sim::peer(*client) == account.peer);
            let Some(guest) = guest.filter(|guest| reads(self.sim.scenario(), *guest)) else {
                continue;
            };
            let written = &self.checker.ledger().connections[account.connection].output;
            let (due, got) = (account.stream(), self.sim.received(guest));
            require(written == due && got == due, Invariant::Liveness, || {
                format!(
                    "client {id} is owed {} reply bytes, {} have left, {} have arrived",
                    due.len(),
                    written.len(),
                    got.len()
                )
            })?;
        }
        Ok(())
    }

    /// Everybody has left.
    pub(super) fn check_baseline(&self) -> Held {
        let engine = self.sim.engine();
        let server = engine.server();
        let seated = server.clients.len();
        let doors = server.listeners.len();
        let (open, watched) = (self.checker.ledger().open(), engine.event_loop().watched());
        let queued = server.pending_write.len() + server.to_close.len() + server.killed.len();
        let empty = seated == 0 && open == doors && watched == doors && queued == 0;
        require(empty, Invariant::BackToBaseline, || {
            format!(
                "{seated} clients, {open} descriptors, {watched} registrations and {queued} queue entries remain, for {doors} doors"
            )
        })
    }
}

/// Whether the guest reads everything in the end, as guests do unless told
/// otherwise.
fn reads(scenario: &Scenario, client: usize) -> bool {
    let appetite = |input: &&Input| {
        let about =
            matches!(input.action, Action::Read | Action::StopReading | Action::ReadOnly { .. });
        input.client == client && about
    };
    scenario.inputs.iter().rfind(appetite).is_none_or(|input| input.action == Action::Read)
}
