//! The configuration, as the facts tell of it: what holds at one record of a
//! half-cycle need not hold at its end.

use super::account::Account;
use super::reader::Rules;
use crate::engine::config::Config;
use crate::event::Event;
use crate::sim::Scenario;
use std::collections::BTreeSet;

/// See the module documentation.
#[derive(Debug)]
pub struct Rulebook {
    pub config: Config,
    /// Directives that were changed while the server ran.
    changed: BTreeSet<String>,
}

impl Rulebook {
    pub fn new(scenario: &Scenario) -> Rulebook {
        Rulebook { config: scenario.server_config(), changed: BTreeSet::new() }
    }

    pub fn fold(&mut self, event: &Event) {
        if let Event::Config { name, value } = event
            && self.config.get(name).iter().all(|(_, known)| known != value)
        {
            self.changed.insert(name.clone());
            // The engine took it, so it is one that can be taken.
            let _ = self.config.set(name, value);
        }
    }

    pub fn has_changed(&self, name: &str) -> bool {
        self.changed.contains(name)
    }

    /// Whether there is no password.
    pub fn is_open(&self) -> bool {
        self.config.requirepass.is_empty()
    }

    pub fn of(&self, account: &Account) -> Rules {
        Rules {
            max_bulk_len: self.config.proto_max_bulk_len,
            authenticated: account.authenticated || self.is_open(),
        }
    }
}
