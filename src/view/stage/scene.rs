//! The moment to be drawn: the frame, what the thread is at, the layout, and
//! who stands in which column. Looked up once, read by every object.

use super::geometry::{Dining, Layout};
use super::whereabouts::{Place, Whereabouts};
use crate::event::{ClientId, Event};
use crate::net::{Fd, Mask};
use crate::sorted::{SortedMap, sort_by_key};
use crate::trace::World;
use crate::trace::world::{ClientView, Departed, Doing, Guest};
use crate::view::frame::{Frame, Motion};

/// One client with everything a column shows of it.
#[derive(Clone, Copy, Debug)]
pub struct Sitter<'a> {
    pub client: &'a ClientView,
    /// Freed in this cycle: still to be seen on the way out.
    pub departed: Option<&'a Departed>,
    /// The far end, if the network knows it.
    pub guest: Option<&'a Guest>,
    /// Number of the seat.
    pub seat: usize,
    /// Middle of its column at the pass; off the stage for those on the map
    /// who have none.
    pub x: f64,
}

impl Sitter<'_> {
    #[must_use]
    pub fn id(&self) -> ClientId {
        self.client.id
    }
}

/// Where a descriptor of the last poll leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    Bell,
    Client(ClientId),
    /// Somebody who is gone.
    Nobody(Fd),
}

/// How far a signal has been dealt with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lamp {
    Dark,
    Lit,
    Now,
    Handled,
}

#[derive(Debug)]
pub struct Scene<'a> {
    pub frame: &'a Frame<'a>,
    pub world: &'a World,
    pub chef: Whereabouts,
    pub layout: Layout,
    /// The beat's progress; 1 whenever nothing may move.
    pub t: f64,
    /// Everybody, by seat.
    pub sitters: Vec<Sitter<'a>>,
    /// Indices into `sitters` of those who have a column, left to right.
    pub columns: Vec<usize>,
    /// What the last poll returned, in handling order; empty while asleep.
    pub signals: Vec<Signal>,
    lamps: SortedMap<ClientId, Lamp>,
    pub bell: Lamp,
}

impl<'a> Scene<'a> {
    #[must_use]
    pub fn of(frame: &'a Frame<'a>) -> Scene<'a> {
        let world = frame.world;
        let t = match frame.motion {
            Motion::Full if frame.progress.is_finite() => frame.progress.clamp(0.0, 1.0),
            _ => 1.0,
        };
        let layout = Layout::of(frame.viewport, world.seats.room(), world.seats.places());
        let mut scene = Scene {
            frame,
            world,
            chef: Whereabouts::of(frame),
            layout,
            t,
            sitters: sitters(world),
            columns: Vec::new(),
            signals: Vec::new(),
            lamps: SortedMap::new(),
            bell: Lamp::Dark,
        };
        scene.read_signals();
        scene.assign_columns();
        scene
    }

    fn read_signals(&mut self) {
        if self.chef == Whereabouts::Asleep {
            return;
        }
        let by_fd: SortedMap<Fd, ClientId> =
            self.sitters.iter().map(|s| (s.client.fd, s.client.id)).collect();
        let handling = self.world.firing.is_some();
        for (i, fired) in self.world.fired.iter().enumerate() {
            let lamp = if i >= self.world.fired_begun {
                Lamp::Lit
            } else if handling && i + 1 == self.world.fired_begun {
                Lamp::Now
            } else {
                Lamp::Handled
            };
            let is_bell = self.world.listeners.iter().any(|(fd, _)| *fd == fired.fd);
            let signal = match by_fd.get(&fired.fd) {
                _ if is_bell => {
                    self.bell = lamp;
                    Signal::Bell
                }
                Some(id) => {
                    self.lamps.insert(*id, lamp);
                    Signal::Client(*id)
                }
                None => Signal::Nobody(fired.fd),
            };
            self.signals.push(signal);
        }
    }

    /// At tables, seat and column are one. On the map, the few columns are a
    /// window onto what is being worked through, so that they stand still
    /// while the work moves along them; what is left over goes to those who
    /// matter otherwise.
    fn assign_columns(&mut self) {
        if self.layout.dining == Dining::Tables {
            self.columns = (0..self.sitters.len()).collect();
            for sitter in &mut self.sitters {
                sitter.x = self.layout.column(sitter.seat);
            }
            return;
        }
        let mut slots = self.window();
        if let Some(pinned) = self.index_of(self.frame.selected)
            && !slots.contains(&Some(pinned))
        {
            let active = self.index_of(self.chef.client());
            let free = slots.iter().position(Option::is_none);
            let last = slots.iter().rposition(|slot| *slot != active);
            if let Some(slot) = free.or(last) {
                slots[slot] = Some(pinned);
            }
        }
        self.fill(&mut slots);
        self.columns = slots.iter().flatten().copied().collect();
        for (slot, index) in slots.iter().enumerate() {
            if let Some(index) = index {
                self.sitters[*index].x = self.layout.column(slot);
            }
        }
    }

    fn index_of(&self, id: Option<ClientId>) -> Option<usize> {
        self.sitters.iter().position(|s| Some(s.client.id) == id)
    }

    /// The stretch of the signals, or of the sweep, that the thread is in.
    fn window(&self) -> Vec<Option<usize>> {
        let order: Vec<Option<usize>> = match &self.world.sweep {
            Some(sweep) => sweep.order.iter().map(|id| self.index_of(Some(*id))).collect(),
            None => self
                .signals
                .iter()
                .map(|signal| match signal {
                    Signal::Client(id) => self.index_of(Some(*id)),
                    Signal::Bell | Signal::Nobody(_) => None,
                })
                .collect(),
        };
        let active = self.index_of(self.chef.client());
        let at = match active.and_then(|a| order.iter().position(|other| *other == Some(a))) {
            Some(at) => at,
            None => match &self.world.sweep {
                Some(sweep) => sweep.served.saturating_sub(1),
                None => self.world.fired_begun.saturating_sub(1),
            },
        };
        let start = at / self.layout.slots * self.layout.slots;
        let mut slots = vec![None; self.layout.slots];
        for (slot, index) in slots.iter_mut().zip(order.iter().skip(start)) {
            *slot = *index;
        }
        if active.is_some() && !slots.contains(&active) {
            slots[0] = active;
        }
        slots
    }

    /// Free columns: who leaves, who is stuck, whose plates wait, half orders,
    /// then anybody; equals by seat.
    fn fill(&self, slots: &mut [Option<usize>]) {
        let rank = |s: &Sitter<'_>| {
            if s.departed.is_some() || s.client.close_asap.is_some() {
                0_u64
            } else if s.client.write_handler {
                1
            } else if s.client.reply.waiting() > 0 {
                2
            } else if matches!(s.client.doing, Doing::Partial { .. } | Doing::Blocked(_)) {
                3
            } else {
                4
            }
        };
        // One number each, the rank above the place: what is sorted by it keeps
        // its order among equals.
        let mut rest: Vec<u64> = self
            .sitters
            .iter()
            .enumerate()
            .filter(|(i, _)| !slots.contains(&Some(*i)))
            .map(|(i, s)| rank(s) << 32 | i as u64)
            .collect();
        sort_by_key(&mut rest, |ranked| *ranked);
        let mut rest = rest.into_iter();
        for slot in slots.iter_mut().filter(|slot| slot.is_none()) {
            *slot = rest.next().map(|ranked| ranked as u32 as usize);
        }
    }

    /// The client's column, if it has one.
    #[must_use]
    pub fn column_of(&self, id: ClientId) -> Option<f64> {
        self.columns.iter().map(|i| &self.sitters[*i]).find(|s| s.client.id == id).map(|s| s.x)
    }

    pub fn at_the_pass(&self) -> impl Iterator<Item = &Sitter<'a>> {
        self.columns.iter().map(|i| &self.sitters[*i])
    }

    #[must_use]
    pub fn event(&self) -> Option<&'a Event> {
        self.frame.now.map(|record| &record.event)
    }

    #[must_use]
    pub fn lamp(&self, id: ClientId) -> Lamp {
        self.lamps.get(&id).copied().unwrap_or(Lamp::Dark)
    }

    #[must_use]
    pub fn is_asleep(&self) -> bool {
        self.chef == Whereabouts::Asleep
    }

    /// Whether this client's place is the hot one.
    #[must_use]
    pub fn is_hot(&self, id: ClientId) -> bool {
        self.chef.client() == Some(id)
    }

    #[must_use]
    pub fn is_at(&self, place: Place) -> bool {
        self.chef.place() == Some(place)
    }

    /// A flag is up while bytes (or the end) wait in the socket: since the
    /// loop is told about levels, not edges, reading a part leaves it up. A
    /// network that cannot look into sockets knows only what the poll said.
    #[must_use]
    pub fn flag(&self, sitter: &Sitter<'_>) -> bool {
        if sitter.departed.is_some() {
            return false;
        }
        let client = sitter.client;
        let announced = self
            .world
            .fired
            .iter()
            .skip(self.world.fired_begun)
            .any(|fired| fired.fd == client.fd && fired.mask.has(Mask::READABLE));
        client.waiting_in_socket > 0
            || sitter.guest.is_some_and(|guest| guest.fin || guest.gone)
            || (announced && !self.is_asleep())
            || self.is_being_read(client.id)
    }

    #[must_use]
    pub fn is_being_read(&self, id: ClientId) -> bool {
        match self.event() {
            Some(Event::Read { client, .. }) => *client == id,
            Some(Event::Fire { client, mask, .. }) => {
                *client == Some(id) && mask.has(Mask::READABLE)
            }
            _ => false,
        }
    }
}

fn sitters(world: &World) -> Vec<Sitter<'_>> {
    world
        .seats
        .iter()
        .filter_map(|(seat, id)| {
            let departed = world.departed.iter().find(|d| d.client.id == id);
            let client = world.clients.get(&id).or(departed.map(|d| &d.client))?;
            let guest = world.guests.get(&client.peer);
            Some(Sitter { client, departed, guest, seat, x: f64::NAN })
        })
        .collect()
}
