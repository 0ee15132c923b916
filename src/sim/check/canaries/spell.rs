//! What the loop is made to believe while it handles what has fired, and
//! neither before nor after: the checker, which looks in between, sees that it
//! acts on nothing.

use crate::engine::client::{ClientFlags, Slot};
use crate::engine::server::Server;
use crate::time::Micros;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spell {
    None,
    /// Everybody is doomed.
    Doomed,
    /// Everybody has given the password.
    Trusted,
    /// Nobody has been idle.
    Lively,
}

/// Who is under it, and since when each was idle.
#[derive(Debug)]
pub struct Bound {
    spell: Spell,
    who: Vec<(Slot, Micros)>,
}

impl Spell {
    pub fn cast(self, server: &mut Server) -> Bound {
        let fits = |slot: &Slot| match self {
            Spell::None => false,
            Spell::Doomed => !server.to_close.contains(slot),
            Spell::Trusted => !server.clients[*slot].flags.has(ClientFlags::AUTHENTICATED),
            Spell::Lively => true,
        };
        let slots: Vec<Slot> = server.clients.iter().map(|(slot, _)| slot).filter(fits).collect();
        let now = server.now;
        let bind = |slot: Slot| {
            let client = &mut server.clients[slot];
            let idle_since = client.last_interaction;
            match self {
                Spell::None => {}
                Spell::Doomed => client.flags.set(ClientFlags::CLOSE_ASAP),
                Spell::Trusted => client.flags.set(ClientFlags::AUTHENTICATED),
                Spell::Lively => client.last_interaction = now,
            }
            (slot, idle_since)
        };
        Bound { spell: self, who: slots.into_iter().map(bind).collect() }
    }
}

impl Bound {
    pub fn end(self, server: &mut Server) {
        for (slot, idle_since) in self.who {
            let really_doomed = server.to_close.contains(&slot);
            let Some(client) = server.clients.get_mut(slot) else { continue };
            match self.spell {
                Spell::Doomed if !really_doomed => client.flags.clear(ClientFlags::CLOSE_ASAP),
                Spell::None | Spell::Doomed => {}
                Spell::Trusted => client.flags.clear(ClientFlags::AUTHENTICATED),
                Spell::Lively => client.last_interaction = idle_since,
            }
        }
    }
}
