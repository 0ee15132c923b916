//! Who sits where.
//!
//! A view has few places and must not reshuffle them while somebody looks, so
//! the seat is part of the world: a newcomer takes the lowest free one and
//! keeps it. Only when the room has been too large for a while is everybody
//! moved together, which a view shows as a change of scale anyway.

use crate::event::ClientId;
use crate::sorted::SortedMap;
use crate::time::Micros;

/// How many places a view sets out at once; a view may draw several sizes
/// alike, but never changes its scale inside one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Room {
    #[default]
    Six,
    Twelve,
    TwentyFour,
    /// As many as it takes.
    Hall,
}

impl Room {
    /// The smallest room for `guests`.
    #[must_use]
    pub const fn for_guests(guests: usize) -> Room {
        match guests {
            0..=6 => Room::Six,
            7..=12 => Room::Twelve,
            13..=24 => Room::TwentyFour,
            _ => Room::Hall,
        }
    }
}

/// The seats, by number; a free one is `None`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seats {
    places: Vec<Option<ClientId>>,
    of: SortedMap<ClientId, usize>,
    room: Room,
    /// Since when a smaller room would do.
    roomy_since: Option<Micros>,
}

impl Seats {
    /// A room grows at once, but shrinks only after this long, so that a guest
    /// who comes and goes does not make the picture flicker.
    pub const SHRINK_AFTER: Micros = Micros::from_secs(2);

    /// `client` takes the lowest free seat; a second arrival changes nothing.
    pub fn arrive(&mut self, client: ClientId) {
        if self.of.contains_key(&client) {
            return;
        }
        let seat = self.places.iter().position(Option::is_none).unwrap_or(self.places.len());
        if seat == self.places.len() {
            self.places.push(None);
        }
        self.places[seat] = Some(client);
        self.of.insert(client, seat);
        self.room = self.room.max(Room::for_guests(self.places.len()));
    }

    /// Frees the seats of everybody for whom `stays` is false, and moves to a
    /// smaller room if it has been large enough since
    /// [`SHRINK_AFTER`](Self::SHRINK_AFTER). Called once per cycle, when the
    /// poll returns: until then a guest who was shown out can still be drawn
    /// on the way to the door.
    pub fn settle(&mut self, at: Micros, stays: impl Fn(ClientId) -> bool) {
        for place in &mut self.places {
            if let Some(gone) = place.filter(|id| !stays(*id)) {
                self.of.remove(&gone);
                *place = None;
            }
        }
        let enough = Room::for_guests(self.of.len());
        if enough >= self.room {
            self.roomy_since = None;
        } else if at.saturating_sub(*self.roomy_since.get_or_insert(at)) >= Self::SHRINK_AFTER {
            self.roomy_since = None;
            self.room = enough;
            self.compact();
        }
    }

    /// Keeps the order and closes the gaps.
    fn compact(&mut self) {
        self.places.retain(Option::is_some);
        self.of = self.iter().map(|(seat, id)| (id, seat)).collect();
    }

    #[must_use]
    pub fn seat_of(&self, client: ClientId) -> Option<usize> {
        self.of.get(&client).copied()
    }

    /// Occupied seats, lowest first.
    pub fn iter(&self) -> impl Iterator<Item = (usize, ClientId)> + '_ {
        self.places.iter().enumerate().filter_map(|(seat, place)| place.map(|id| (seat, id)))
    }

    /// One past the highest seat that was ever needed in this room.
    #[must_use]
    pub fn places(&self) -> usize {
        self.places.len()
    }

    #[must_use]
    pub fn room(&self) -> Room {
        self.room
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seated(n: u64) -> Seats {
        let mut seats = Seats::default();
        (1..=n).for_each(|id| seats.arrive(ClientId(id)));
        seats
    }

    #[test]
    fn a_newcomer_takes_the_lowest_free_seat_and_nobody_else_moves() {
        let mut seats = seated(4);
        seats.settle(Micros::ZERO, |id| id != ClientId(2));
        seats.arrive(ClientId(5));
        seats.arrive(ClientId(6));
        let who: Vec<_> = seats.iter().map(|(_, id)| id.0).collect();
        assert_eq!(who, [1, 5, 3, 4, 6]);
        assert_eq!(seats.seat_of(ClientId(2)), None);
    }

    #[test]
    fn a_room_grows_at_once_and_shrinks_late() {
        let mut seats = seated(7);
        assert_eq!(seats.room(), Room::Twelve);
        let few = |id: ClientId| id.0 == 3 || id.0 == 7;
        seats.settle(Micros::from_secs(10), few);
        assert_eq!((seats.room(), seats.seat_of(ClientId(7))), (Room::Twelve, Some(6)));
        seats.settle(Micros(11_999_999), few);
        assert_eq!(seats.room(), Room::Twelve);
        seats.settle(Micros::from_secs(12), few);
        assert_eq!((seats.room(), seats.seat_of(ClientId(7))), (Room::Six, Some(1)));
    }

    #[test]
    fn a_guest_who_comes_back_in_time_keeps_the_room() {
        let mut seats = seated(7);
        seats.settle(Micros::from_secs(1), |id| id.0 != 7);
        seats.arrive(ClientId(8));
        seats.settle(Micros::from_secs(2), |id| id.0 != 7);
        // Another leaves, and the wait begins anew.
        seats.settle(Micros::from_secs(9), |id| id.0 > 1 && id.0 != 7);
        assert_eq!(seats.room(), Room::Twelve);
    }
}
