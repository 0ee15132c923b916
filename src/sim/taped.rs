//! A run that begins with a tape: the driver's part of it.
//!
//! The calls of the network are the kernel's to play; here is what the driver
//! of the real server did between them: making the loop, opening the doors,
//! turning the facts on when somebody came to watch, ending it all.

use super::{Scenario, Sim, Simulated, UNIX_EPOCH_US};
use crate::engine::Engine;
use crate::engine::config::Config;
use crate::engine::discretion::Discretion;
use crate::engine::server::{self, ConfigFile};
use crate::event::Stamped;
use crate::net::Timeout;
use crate::net::tape::{Birth, Tape};
use crate::net::virt::Virt;

/// What a run keeps of its tape's beginning.
#[derive(Debug)]
pub(super) struct Taped {
    birth: Birth,
    /// A recording has passwords masked, so a rerun has, too.
    discretion: Discretion,
    /// Facts were turned on in mid-run: how things stand is stated first.
    owes_standing: bool,
}

/// A stand-in for the real server's: writing to it succeeds.
#[derive(Debug)]
struct Kept;

impl ConfigFile for Kept {
    fn rewrite(&self, _: &Config) -> Result<(), String> {
        Ok(())
    }
}

impl Taped {
    /// Has `kernel` play the scenario's tape, if it has one.
    pub fn begin(scenario: &Scenario, kernel: &mut Virt) -> Option<Taped> {
        let tape = Tape::new(scenario.tape.clone()?);
        let birth = tape.birth().unwrap_or_else(|| Birth {
            unix_epoch_us: UNIX_EPOCH_US,
            seed: scenario.seed,
            process_id: 1,
            multiplexing_api: String::new(),
            has_config_file: false,
            clients_limit: u32::MAX,
        });
        let until = scenario.inputs.first().map(|input| input.at);
        kernel.follow(tape, until, scenario.link);
        Some(Taped { birth, discretion: Discretion::default(), owes_standing: false })
    }

    pub fn birth(&self) -> server::Birth {
        server::Birth {
            unix_epoch_us: self.birth.unix_epoch_us,
            seed: self.birth.seed,
            hash_seed: self.birth.seed,
            process_id: self.birth.process_id,
            multiplexing_api: if self.birth.multiplexing_api == "kqueue" {
                "kqueue"
            } else {
                "epoll"
            },
        }
    }

    /// What else the driver knew.
    pub fn brief(&self, engine: &mut Engine) {
        engine.limit_clients(self.birth.clients_limit);
        if self.birth.has_config_file {
            engine.set_config_file(Box::new(Kept));
        }
    }

    pub fn mask(&mut self, facts: &mut [Stamped]) {
        self.discretion.mask(facts);
    }
}

impl<N: Simulated> Sim<N> {
    /// Whether the tape goes on.
    #[must_use]
    pub fn plays_tape(&self) -> bool {
        self.net.kernel().tape().is_some_and(|tape| !tape.is_over())
    }

    /// How much of the tape was played, in bytes; `None` once it is over.
    #[must_use]
    pub fn tape_place(&self) -> Option<usize> {
        self.net.kernel().tape().map(Tape::place)
    }

    /// Whether the loop asked for something else than what is on the tape.
    #[must_use]
    pub fn has_left_tape(&self) -> bool {
        self.net.kernel().was_left()
    }

    /// Facts may have been turned on before, between and after the doors.
    pub(super) fn open_taped_doors(&mut self) {
        loop {
            self.turn_facts(None);
            let Some(asked) = self.net.kernel().tape().and_then(Tape::listens) else { return };
            // One that could not be had was done without.
            let _ = self.engine.listen(&mut self.net, asked);
        }
    }

    /// If the driver turned the facts on or off here, so it is done. `asleep`:
    /// the loop goes to sleep now.
    pub(super) fn turn_facts(&mut self, asleep: Option<Timeout>) {
        if self.taped.is_none() {
            return;
        }
        while let Some(on) = self.net.kernel().tape().and_then(Tape::facts) {
            self.engine.watch_events(&self.net, on);
            let in_mid_run = !self.engine.server().listeners.is_empty();
            if let Some(taped) = &mut self.taped {
                taped.owes_standing = on && in_mid_run;
            }
        }
        let (Some(timeout), Some(taped)) = (asleep, &mut self.taped) else { return };
        if std::mem::take(&mut taped.owes_standing) {
            let mut before = Vec::new();
            self.engine.take_events(&mut before);
            self.stamped.extend(self.engine.standing_asleep(timeout));
        }
    }

    pub(super) fn ends_here(&self) -> bool {
        self.net.kernel().tape().is_some_and(Tape::ends_here)
    }
}
