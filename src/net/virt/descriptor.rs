//! The kernel's tables: which number is which socket, what is watched, and
//! who became ready first.

use super::Conn;
use crate::net::{Fd, Mask};
use crate::sorted::SortedSet;
use std::collections::VecDeque;
use std::net::SocketAddr;

/// 0 to 5 are the standard streams, the poll instance and a pipe.
const FIRST_LISTENER: u32 = 6;
/// Two listeners (IPv4 and IPv6) come first, as in a stock Redis.
const FIRST_CLIENT: u32 = 8;

#[derive(Clone, Debug)]
pub(super) struct Listener {
    pub address: SocketAddr,
    pub backlog: u32,
    /// Oldest first.
    pub queue: VecDeque<Conn>,
}

#[derive(Clone, Debug)]
pub(super) enum Socket {
    Listener(Listener),
    Connection(Conn),
}

#[derive(Clone, Debug)]
struct Descriptor {
    socket: Socket,
    watched: Mask,
    /// In `ready` (once).
    listed: bool,
}

/// All open descriptors, by number.
#[derive(Clone, Debug)]
pub(super) struct Descriptors {
    limit: u32,
    places: Vec<Option<Descriptor>>,
    /// Free numbers below `places.len()`.
    free: SortedSet<u32>,
    /// The kernel's ready list: those that have (or had, when they were
    /// listed) a watched condition, in the order in which it came true. A
    /// member that is found without one leaves; one that is reported stays,
    /// which is what level-triggered means.
    ready: VecDeque<Fd>,
}

impl Descriptors {
    pub fn new(limit: u32) -> Descriptors {
        Descriptors {
            limit,
            places: (0..FIRST_CLIENT).map(|_| None).collect(),
            free: (FIRST_LISTENER..FIRST_CLIENT).collect(),
            ready: VecDeque::new(),
        }
    }

    /// The lowest free number, as a kernel gives it; `None` at the limit
    /// (`EMFILE`).
    pub fn open(&mut self, socket: Socket) -> Option<Fd> {
        let from = match socket {
            Socket::Listener(_) => FIRST_LISTENER,
            Socket::Connection(_) => FIRST_CLIENT,
        };
        let number = match self.free.first_from(&from) {
            Some(&number) => number,
            None => u32::try_from(self.places.len()).ok()?,
        };
        if number >= self.limit {
            return None;
        }
        if !self.free.remove(&number) {
            self.places.push(None);
        }
        self.places[number as usize] =
            Some(Descriptor { socket, watched: Mask::NONE, listed: false });
        Some(Fd(number))
    }

    /// Gives it this very number; `None` if that is taken.
    pub fn put(&mut self, fd: Fd, socket: Socket) -> Option<()> {
        // A tape may ask for any number: not for a table of any size.
        let number = Some(fd.0).filter(|number| *number < self.limit)?;
        while self.places.len() <= number as usize {
            self.free.insert(self.places.len() as u32);
            self.places.push(None);
        }
        let place = &mut self.places[number as usize];
        if place.is_some() {
            return None;
        }
        self.free.remove(&number);
        *place = Some(Descriptor { socket, watched: Mask::NONE, listed: false });
        Some(())
    }

    /// By number.
    pub fn open_ones(&self) -> impl Iterator<Item = (Fd, &Socket)> {
        let numbered = self.places.iter().zip(0..);
        numbered.filter_map(|(place, number)| Some((Fd(number), &place.as_ref()?.socket)))
    }

    /// Whether one more connection could be opened.
    pub fn has_room(&self) -> bool {
        self.free.first_from(&FIRST_CLIENT).is_some()
            || (self.places.len() as u64) < u64::from(self.limit)
    }

    pub fn close(&mut self, fd: Fd) -> Socket {
        let descriptor = self.places[fd.0 as usize].take().expect("an open descriptor");
        self.free.insert(fd.0);
        if descriptor.listed {
            // The number may be given to the next guest, who must queue anew.
            self.ready.retain(|ready| *ready != fd);
        }
        descriptor.socket
    }

    pub fn get(&self, fd: Fd) -> Option<&Socket> {
        Some(&self.places.get(fd.0 as usize)?.as_ref()?.socket)
    }

    pub fn get_mut(&mut self, fd: Fd) -> Option<&mut Socket> {
        Some(&mut self.places.get_mut(fd.0 as usize)?.as_mut()?.socket)
    }

    /// By number; guests knock at the first.
    pub fn listeners(&self) -> impl Iterator<Item = (Fd, &Listener)> {
        self.places.iter().zip(0..).filter_map(|(place, number)| match place.as_ref()?.socket {
            Socket::Listener(ref listener) => Some((Fd(number), listener)),
            Socket::Connection(_) => None,
        })
    }

    pub fn watched(&self, fd: Fd) -> Mask {
        match self.places.get(fd.0 as usize) {
            Some(Some(descriptor)) => descriptor.watched,
            _ => Mask::NONE,
        }
    }

    /// # Panics
    /// If `fd` is not open (`EBADF`): the loop's own mistake.
    pub fn watch(&mut self, fd: Fd, mask: Mask) {
        let place = self.places.get_mut(fd.0 as usize).and_then(Option::as_mut);
        let descriptor = place.unwrap_or_else(|| panic!("descriptor {fd} is not open"));
        descriptor.watched = mask;
        if mask.is_none() && descriptor.listed {
            // `EPOLL_CTL_DEL` takes it off the list as well.
            descriptor.listed = false;
            self.ready.retain(|ready| *ready != fd);
        }
    }

    /// `fd` has a watched condition: it takes its place in the ready list
    /// unless it has one.
    pub fn list(&mut self, fd: Fd) {
        if let Some(Some(descriptor)) = self.places.get_mut(fd.0 as usize)
            && !descriptor.listed
        {
            descriptor.listed = true;
            self.ready.push_back(fd);
        }
    }

    /// The ready list, as it stands: not every member need be ready still.
    pub fn listed(&self) -> impl Iterator<Item = (&Socket, Mask)> {
        self.ready.iter().filter_map(|fd| {
            let descriptor = self.places[fd.0 as usize].as_ref()?;
            Some((&descriptor.socket, descriptor.watched))
        })
    }

    /// Keeps those in the ready list that `is_ready` names ready.
    pub fn retain_ready(&mut self, mut is_ready: impl FnMut(Fd, &Socket, Mask) -> bool) {
        let places = &mut self.places;
        self.ready.retain(|fd| {
            let Some(descriptor) = &mut places[fd.0 as usize] else { return false };
            descriptor.listed = is_ready(*fd, &descriptor.socket, descriptor.watched);
            descriptor.listed
        });
    }
}
