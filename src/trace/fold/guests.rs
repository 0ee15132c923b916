//! The far ends, as the virtual network tells of them.

use super::add;
use crate::event::Pipe;
use crate::trace::known::append_known;
use crate::trace::world::{Guest, World};
use std::net::SocketAddr;

impl World {
    pub(super) fn pipe(&mut self, peer: SocketAddr, pipe: &Pipe) {
        if let Pipe::Queued { .. } | Pipe::BacklogFull { .. } = pipe {
            // The same address again is a new connection.
            self.guests.remove(&peer);
            self.leave_backlog(peer);
        }
        if let Pipe::Queued { .. } = pipe {
            self.backlog.push_back(peer);
        }
        let clients = &self.clients;
        let guest = self.guests.or_insert_with(peer, || {
            // It may have been there before anything was heard of its far end.
            let client = clients.values().find(|client| client.peer == peer).map(|c| c.id);
            Guest { client, reading: true, ..Guest::default() }
        });
        match pipe {
            Pipe::Queued { name } | Pipe::BacklogFull { name } => guest.name.clone_from(name),
            Pipe::Sent { bytes, .. } => add(&mut guest.in_flight, bytes.len),
            Pipe::Arrived { bytes } => {
                guest.in_flight = guest.in_flight.saturating_sub(bytes.len);
                append_known(&mut guest.waiting_head, guest.waiting, bytes);
                add(&mut guest.waiting, bytes.len);
            }
            Pipe::FinArrived => guest.fin = true,
            Pipe::Delivered { bytes } => add(&mut guest.uneaten, *bytes),
            Pipe::Consumed { bytes } => {
                guest.uneaten = guest.uneaten.saturating_sub(bytes.len);
                add(&mut guest.eaten, bytes.len);
                guest.last_eaten = bytes.clone();
            }
            Pipe::Reading { on } => guest.reading = *on,
            Pipe::ResetArrived | Pipe::SawClose { .. } | Pipe::Left => guest.gone = true,
        }
        let (waiting, client) = (guest.waiting, guest.client);
        if let Some(client) = client {
            self.with(client, |c| c.waiting_in_socket = waiting);
        }
    }
}
