//! The deterministic driver: the engine on the virtual network, fed by a log
//! of inputs.
//!
//! ```text
//!  Scenario ── inputs log ──► guests of net::virt ◄──► engine ──► Records
//!     ▲                                                              │
//!     └── a gesture is one more input, at a virtual time ◄── reader ─┘
//! ```
//!
//! The log is all there is to a run: the same scenario gives the same records,
//! to the byte, on every machine. So the past is changed by a rerun with one
//! input more ([`Sim::fork`]), and a moment is shared as text
//! ([`Scenario::to_text`]).
//!
//! A scenario may begin with the tape of a real server ([`rerun`]), which plays in
//! place of guests.
//!
//! [`scenario`] is the text format, [`summary`] a run as a table for people,
//! [`scenarios`] the ones that come with the program.

pub mod check;
pub mod scenario;
pub mod summary;

mod bundled;
mod facts;
mod load;
pub mod rerun;
mod taped;

pub use bundled::{Bundled, bundled_as, lessons, scenarios};
pub use scenario::{Action, ClientSpec, Input, Packets, Scenario, ScenarioError};

use crate::engine::Engine;
use crate::engine::config::Config;
use crate::engine::server::Birth;
use crate::event::Stamped;
use crate::net::fault::{Fault, FaultConfig};
use crate::net::virt::{Conn, Fact, GuestAction, Virt, VirtConfig};
use crate::net::{Fired, Net, Timeout, Wait};
use crate::time::Micros;
use crate::trace::Record;
use crate::trace::codec::{Header, Simulation, Source};
use load::Orderer;
use std::net::SocketAddr;
use taped::Taped;

/// Where the simulated server listens.
pub const ADDRESS: ([u8; 4], u16) = ([127, 0, 0, 1], 6379);

/// Unix time at the simulation's zero: 1 January 2025, 00:00 UTC. Fixed, since
/// the same scenario must give the same answer to `TIME` on every day.
const UNIX_EPOCH_US: u64 = 1_735_689_600_000_000;

/// How a step left the world.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    Ran,
    /// The thread sleeps, no input is to come, nothing is under way: only
    /// timers will wake it. Going on runs one idle cycle, the heartbeat.
    Quiet,
    /// `SHUTDOWN`: the doors are closed. Going on does nothing.
    Ended,
}

/// What the next step is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Next {
    BeforePoll,
    Wait(Timeout),
    AfterPoll,
    Nothing,
}

/// A network that ends at simulated guests, however it is wrapped.
pub trait Simulated: Net + Wait {
    fn faults_mut(&mut self) -> &mut Fault<Virt>;
    fn kernel(&self) -> &Virt;
}

impl Simulated for Fault<Virt> {
    fn faults_mut(&mut self) -> &mut Fault<Virt> {
        self
    }

    fn kernel(&self) -> &Virt {
        self.inner()
    }
}

/// One run of a scenario. `N` differs only where a run is watched call by
/// call ([`check`]).
#[derive(Debug)]
pub struct Sim<N = Fault<Virt>> {
    /// Its inputs are the log, live ones included.
    scenario: Scenario,
    engine: Engine,
    net: N,
    next: Next,
    fired: Vec<Fired>,
    /// What was stated before the first step.
    opening: bool,
    next_seq: u64,
    last_at: Micros,
    cycles: u64,
    stamped: Vec<Stamped>,
    facts: Vec<(Micros, SocketAddr, Fact)>,
    /// Of a run that began with a tape.
    taped: Option<Taped>,
}

impl Sim {
    /// The restaurant at time zero: the door is open, nobody has come.
    ///
    /// # Panics
    /// If the scenario holds a directive that [`Scenario::parse`] would have
    /// refused.
    #[must_use]
    pub fn new(scenario: &Scenario) -> Sim {
        Sim::over(scenario, |net| net)
    }

    /// Another past: this run's log with one input more, from time zero on.
    /// Until that input's time its records are the same as this run's.
    ///
    /// # Panics
    /// If there is no such client.
    #[must_use]
    pub fn fork(&self, input: Input) -> Sim {
        let mut scenario = self.scenario.clone();
        scenario.insert(input);
        Sim::new(&scenario)
    }

    /// Where a guest comes from: the `peer` of its events.
    #[must_use]
    pub fn peer(client: usize) -> SocketAddr {
        conn(client).address()
    }
}

impl<N: Simulated> Sim<N> {
    /// [`Sim::new`] with a wrapper around the network.
    fn over(scenario: &Scenario, wrap: impl FnOnce(Fault<Virt>) -> N) -> Sim<N> {
        let seed = scenario.seed;
        let birth = Birth {
            unix_epoch_us: UNIX_EPOCH_US,
            seed,
            hash_seed: seed,
            process_id: 1,
            multiplexing_api: "virtual",
        };
        let machine = VirtConfig { costs: scenario.costs.clone(), ..VirtConfig::default() };
        let faults = FaultConfig { seed, ..scenario.faults };
        let mut kernel = Virt::new(machine);
        let taped = Taped::begin(scenario, &mut kernel);
        let birth = taped.as_ref().map_or(birth, Taped::birth);
        let mut engine = Engine::new(scenario.server_config(), birth);
        if let Some(taped) = &taped {
            taped.brief(&mut engine);
        }
        let mut sim = Sim {
            scenario: scenario.clone(),
            engine,
            net: wrap(Fault::new(kernel, faults)),
            next: Next::BeforePoll,
            fired: Vec::new(),
            opening: true,
            next_seq: 0,
            last_at: Micros::ZERO,
            cycles: 0,
            stamped: Vec::new(),
            facts: Vec::new(),
            taped,
        };
        for input in &scenario.inputs {
            schedule(&mut sim.net, scenario, input);
        }
        sim
    }

    /// Runs one half-cycle, or one wait, and appends its records to `out`;
    /// their numbers have no gaps and their times never go back.
    pub fn advance(&mut self, out: &mut Vec<Record>) -> Progress {
        if std::mem::take(&mut self.opening) {
            self.open_doors();
        }
        // Only between half-cycles: what was cut off in one ends it by itself.
        self.net.faults_mut().inner_mut().leave_tape_if_over();
        if self.scenario.calm.is_some_and(|from| self.now() >= from) {
            self.net.faults_mut().heal();
        }
        self.next = match self.next {
            Next::BeforePoll => {
                let timeout = self.engine.before_poll(&mut self.net);
                self.turn_facts(Some(timeout));
                if self.ends_here() || self.engine.is_stopping() {
                    self.engine.shut_down(&mut self.net);
                    Next::Nothing
                } else {
                    Next::Wait(timeout)
                }
            }
            Next::Wait(timeout) => {
                self.net.wait(timeout, &mut self.fired);
                Next::AfterPoll
            }
            Next::AfterPoll => {
                self.engine.after_poll(&mut self.net, &self.fired);
                self.cycles += 1;
                self.turn_facts(None);
                Next::BeforePoll
            }
            Next::Nothing => Next::Nothing,
        };
        self.collect(out);
        match self.next {
            Next::Nothing => Progress::Ended,
            Next::Wait(_) if self.is_quiet() => Progress::Quiet,
            _ => Progress::Ran,
        }
    }

    /// Advances until all is quiet, or ended, or `limit_cycles` more cycles
    /// have run; which of these, is returned (`Ran` for the last).
    pub fn run_to_quiet(&mut self, limit_cycles: u64, out: &mut Vec<Record>) -> Progress {
        let until = self.cycles.saturating_add(limit_cycles);
        loop {
            let progress = self.advance(out);
            if progress != Progress::Ran || self.cycles >= until {
                return progress;
            }
        }
    }

    /// A live gesture: the input joins the log. Its time is the next
    /// microsecond if it is not later already, since what happened at this one
    /// has been told.
    ///
    /// # Panics
    /// If there is no such client; see [`Sim::add_client`].
    pub fn push(&mut self, mut input: Input) {
        input.at = input.at.max(self.now().saturating_add(Micros(1)));
        schedule(&mut self.net, &self.scenario, &input);
        self.scenario.insert(input);
    }

    /// A guest who is not in the scenario yet, with the default link; the
    /// name gets a number if it is taken. Connects by an input, like all.
    pub fn add_client(&mut self, name: &str) -> usize {
        self.scenario.add_client(name)
    }

    #[must_use]
    pub fn now(&self) -> Micros {
        self.net.kernel().clock()
    }

    /// Completed cycles: returns of the poll that have been handled.
    #[must_use]
    pub fn cycles(&self) -> u64 {
        self.cycles
    }

    /// The scenario with every input so far: what to save or to share.
    #[must_use]
    pub fn scenario(&self) -> &Scenario {
        &self.scenario
    }

    #[must_use]
    pub fn inputs(&self) -> &[Input] {
        &self.scenario.inputs
    }

    /// Every reply byte that the guest has read.
    #[must_use]
    pub fn received(&self, client: usize) -> &[u8] {
        self.net.kernel().received(conn(client))
    }

    /// The engine, for the header of a recording and for checks.
    #[must_use]
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    fn open_doors(&mut self) {
        if self.taped.is_some() {
            return self.open_taped_doors();
        }
        self.engine.watch_events(&self.net, true);
        self.engine
            .listen(&mut self.net, SocketAddr::from(ADDRESS))
            .expect("nobody else listens on the virtual network");
    }

    fn is_quiet(&self) -> bool {
        let net = self.net.kernel();
        let plays = net.tape().is_some_and(|tape| !tape.is_over());
        !plays && net.next_scheduled().is_none() && !net.is_ready()
    }

    /// Merges what the loop and what the network state, in order of time.
    ///
    /// At the same microsecond the network goes first: the loop states what it
    /// finds after its clock got there, and arrivals happen on the way.
    fn collect(&mut self, out: &mut Vec<Record>) {
        self.engine.take_events(&mut self.stamped);
        if let Some(taped) = &mut self.taped {
            taped.mask(&mut self.stamped);
        }
        self.net.faults_mut().inner_mut().take_facts(&mut self.facts);
        let mut facts = std::mem::take(&mut self.facts);
        let mut stamped = std::mem::take(&mut self.stamped);
        let mut fact = facts.drain(..).peekable();
        for Stamped { at, event } in stamped.drain(..) {
            while let Some((told, peer, fact)) = fact.next_if(|(told, ..)| *told <= at) {
                self.record(told, facts::event(peer, fact), out);
            }
            self.record(at, event, out);
        }
        for (told, peer, fact) in fact {
            self.record(told, facts::event(peer, fact), out);
        }
        self.facts = facts;
        self.stamped = stamped;
    }

    fn record(&mut self, at: Micros, event: crate::event::Event, out: &mut Vec<Record>) {
        // A fact that the engine states without looking at the clock again
        // carries the stamp of the one before.
        self.last_at = self.last_at.max(at);
        out.push(Record { seq: self.next_seq, at: self.last_at, event });
        self.next_seq += 1;
    }
}

impl Scenario {
    /// The first line of a recording of this scenario: with its text the
    /// whole run can be had again.
    ///
    /// # Panics
    /// As [`Sim::new`].
    #[must_use]
    pub fn header(&self) -> Header {
        let source = Simulation { scenario: self.to_text(), seed: self.seed };
        let changed = self.server_config().changed_from_default();
        let config = changed.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        Header::new(Source::Simulation(source), config)
    }

    fn server_config(&self) -> Config {
        let mut config = Config::default();
        for (name, value) in &self.config {
            if let Err(why) = config.set(name, value) {
                panic!("a directive that was checked when it was read: {why}");
            }
        }
        config
    }
}

fn conn(client: usize) -> Conn {
    Conn(u32::try_from(client).expect("fewer than 2^32 guests"))
}

/// Tells the guest what to do and when.
fn schedule<N: Simulated>(net: &mut N, scenario: &Scenario, input: &Input) {
    let net = net.faults_mut().inner_mut();
    let guest = &scenario.clients[input.client];
    let action = match &input.action {
        Action::Connect => GuestAction::Connect { name: guest.name.clone(), link: guest.link },
        Action::Send(packets) => {
            for (delay, bytes) in packets.packets() {
                let send = GuestAction::Send { bytes: bytes.to_vec() };
                let at = input.at.saturating_add(delay);
                net.schedule(at, conn(input.client), send);
            }
            return;
        }
        Action::StopReading => GuestAction::StopReading,
        Action::Read => GuestAction::Read,
        Action::ReadOnly { bytes } => GuestAction::ReadOnly { bytes: *bytes },
        Action::HalfClose => GuestAction::HalfClose,
        Action::Close => GuestAction::Close,
        Action::Reset => GuestAction::Reset,
        Action::Load(share) => {
            GuestAction::Run(Box::new(Orderer::new(share, scenario, input.client)))
        }
    };
    net.schedule(input.at, conn(input.client), action);
}

#[cfg(test)]
mod tests;
