//! A run's records, and who is who in them.

use crate::event::{ClientId, Event, Pipe};
use crate::net::Fd;
use crate::sorted::SortedMap;
use crate::trace::Record;
use crate::view::text::line;
use std::net::SocketAddr;

/// See the module documentation.
#[derive(Debug)]
pub struct Evening<'a> {
    pub records: &'a [Record],
    names: SortedMap<SocketAddr, &'a str>,
    /// Each client's descriptor and far end, and the record that says so.
    seats: SortedMap<ClientId, (usize, Fd, SocketAddr)>,
}

impl<'a> Evening<'a> {
    #[must_use]
    pub fn new(records: &'a [Record]) -> Evening<'a> {
        let (mut names, mut seats) = (SortedMap::new(), SortedMap::new());
        for (index, record) in records.iter().enumerate() {
            match &record.event {
                Event::Pipe { peer, pipe: Pipe::Queued { name } } => {
                    names.insert(*peer, name.as_str());
                }
                Event::ClientCreated { client, fd, peer, .. } => {
                    seats.insert(*client, (index, *fd, *peer));
                }
                _ => {}
            }
        }
        Evening { records, names, seats }
    }

    /// Facts about a guest outside name an address; this is whose it is.
    #[must_use]
    pub fn is_from(&self, client: ClientId, address: SocketAddr) -> bool {
        self.seats.get(&client).is_some_and(|(_, _, peer)| *peer == address)
    }

    /// Who sits at `fd` when record `index` happens.
    #[must_use]
    pub fn client_at(&self, fd: Fd, index: usize) -> Option<ClientId> {
        let earlier = self.seats.iter().filter(|(_, (since, at, _))| *at == fd && *since < index);
        earlier.max_by_key(|(_, (since, ..))| *since).map(|(client, _)| *client)
    }

    /// Everybody who ever came in, in order.
    pub fn clients(&self) -> impl Iterator<Item = ClientId> {
        self.seats.keys().copied()
    }

    /// `guest 2 (bob)`, or the number alone where no name is known.
    #[must_use]
    pub fn name(&self, client: ClientId) -> String {
        let seat = self.seats.get(&client);
        match seat.and_then(|(_, _, peer)| self.names.get(peer)) {
            Some(name) if !name.is_empty() => line!("tour-page.guest", client, *name),
            _ => line!("tour-page.guest", client, ""),
        }
    }

    /// The first record from index `from` on whose event `want` wants.
    pub fn find(&self, from: usize, mut want: impl FnMut(&Event) -> bool) -> Option<usize> {
        let later = self.records.get(from..)?;
        later.iter().position(|record| want(&record.event)).map(|index| from + index)
    }
}
