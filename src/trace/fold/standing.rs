//! A watcher comes late: what held is forgotten, and stated anew.

use crate::event::{ClientId, Standing};
use crate::time::Micros;
use crate::trace::world::{Counters, Doing, World};

impl World {
    pub(super) fn standing(&mut self, what: &Standing) {
        match what {
            Standing::Begun => self.begin_anew(),
            Standing::FromOutside => self.from_outside = true,
            Standing::Counter { name, value } => {
                if let Some(counter) = self.counters.named(name) {
                    *counter = *value;
                }
            }
            Standing::Keys { db, keys } => {
                self.pantry.sizes.insert(*db, *keys);
            }
            Standing::Client { client, created, active, last_command } => {
                self.client_stands(*client, *created, *active, last_command);
            }
        }
    }

    /// Whoever is still there keeps the seat: the picture does not reshuffle.
    fn begin_anew(&mut self) {
        let before = std::mem::take(self);
        *self = World {
            records: before.records,
            at: before.at,
            cycle: before.cycle,
            seats: before.seats,
            dropped: before.dropped,
            ..World::default()
        };
    }

    fn client_stands(&mut self, id: ClientId, created: Micros, active: Micros, last: &str) {
        self.with(id, |c| {
            c.created_at = created;
            c.last_active = active;
            last.clone_into(&mut c.last_command);
            // How many there were is not known, only that there were some.
            c.commands = u64::from(!last.is_empty());
            match c.doing {
                Doing::Partial { .. } | Doing::Blocked(_) => {}
                _ if c.write_handler => c.doing = Doing::TableFull,
                _ => c.doing = Doing::Idle,
            }
        });
    }
}

impl Counters {
    /// `None` for a counter that is not kept, or follows from the clients.
    fn named(&mut self, name: &str) -> Option<&mut u64> {
        Some(match name {
            "total_connections_received" => &mut self.total_connections_received,
            "rejected_connections" => &mut self.rejected_connections,
            "total_commands_processed" => &mut self.total_commands_processed,
            "total_reads_processed" => &mut self.total_reads_processed,
            "total_writes_processed" => &mut self.total_writes_processed,
            "total_net_input_bytes" => &mut self.total_net_input_bytes,
            "total_net_output_bytes" => &mut self.total_net_output_bytes,
            "total_error_replies" => &mut self.total_error_replies,
            "client_query_buffer_limit_disconnections" => {
                &mut self.client_query_buffer_limit_disconnections
            }
            "client_output_buffer_limit_disconnections" => {
                &mut self.client_output_buffer_limit_disconnections
            }
            "expired_keys" => &mut self.expired_keys,
            "evicted_clients" => &mut self.evicted_clients,
            "eventloop_cycles" => &mut self.eventloop_cycles,
            "eventloop_duration_sum" => &mut self.eventloop_duration_sum.0,
            "eventloop_duration_cmd_sum" => &mut self.eventloop_duration_cmd_sum.0,
            "eventloop_duration_max" => &mut self.eventloop_duration_max.0,
            _ => return None,
        })
    }
}
