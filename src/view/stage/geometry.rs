//! Where everything stands: two stages (desktop, phone) and how the pass and
//! the dining room are divided among the guests.
//!
//! One column per client: notepad, plate and seat of a client share one x.
//! Left is in, right is out: bytes rise in the left lane of a column, plates
//! fall in the right one. Rail, rack and boundary keep their height whatever
//! the number of guests.

use crate::trace::seats::Room;
use crate::view::frame::Viewport;

/// How large one column is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scale {
    /// Name, order, byte bar and state line.
    Large,
    /// Badge, verb, byte bar.
    Medium,
    /// Badge and byte bar.
    Small,
}

/// What stands below the boundary.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dining {
    /// A table under every notepad.
    Tables,
    /// Seats in rows; the columns at the pass follow what matters.
    Map(Grid),
}

/// The rows of the map.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Grid {
    pub columns: usize,
    pub rows: usize,
    pub pitch_x: f64,
    pub pitch_y: f64,
    /// 1 = a badge of 24 px.
    pub pip: f64,
    /// Clients per seat; more than one is drawn with a count.
    pub clients_per_seat: usize,
}

impl Eq for Grid {}

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ring {
    pub x: f64,
    pub y: f64,
    pub r: f64,
}

#[derive(Clone, Copy, Debug)]
pub struct Layout {
    pub viewport: Viewport,
    pub scale: Scale,
    pub dining: Dining,
    /// Columns at the pass.
    pub slots: usize,
    pub width: f64,
    pub height: f64,
    /// Lower edge of the kitchen. From here to the rail is the sentence's room
    /// (`.narr` in `www/page.css`): between the chef and whom he serves.
    pub kitchen: f64,
    pub rail: f64,
    pub pad: f64,
    pub pad_width: f64,
    pub pad_height: f64,
    pub shelf: f64,
    pub shelf_height: f64,
    /// The sweep's line, right under the rack.
    pub track: f64,
    /// Where the process ends and the kernel begins.
    pub boundary: f64,
    pub table: f64,
    pub floor: f64,
    pub caption: f64,
    /// Where the pass begins, and the columns' span inside it.
    pub pass: f64,
    pub x0: f64,
    pub x1: f64,
    pub ring: Ring,
}

impl Layout {
    /// `places` is the number of seats in use (see
    /// [`Seats::places`](crate::trace::seats::Seats::places)).
    #[must_use]
    pub fn of(viewport: Viewport, room: Room, places: usize) -> Layout {
        match viewport {
            Viewport::Desktop => Layout::desktop(room, places),
            Viewport::Phone => Layout::phone(room, places),
        }
    }

    fn desktop(room: Room, places: usize) -> Layout {
        let (scale, slots) = match room {
            Room::Six | Room::Hall => (Scale::Large, 6),
            Room::Twelve => (Scale::Medium, 12),
            Room::TwentyFour => (Scale::Small, 24),
        };
        let (pad_width, pad_height, table, floor, caption) = match scale {
            Scale::Large => (112.0, 77.0, 538.0, 578.0, 595.0),
            Scale::Medium => (58.0, 56.0, 530.0, 559.0, 580.0),
            Scale::Small => (26.0, 44.0, 532.0, 562.0, 580.0),
        };
        let dining = match room {
            Room::Hall => Dining::Map(Grid::desktop(places)),
            _ => Dining::Tables,
        };
        Layout {
            viewport: Viewport::Desktop,
            scale,
            dining,
            slots,
            width: 920.0,
            height: 602.0,
            kitchen: 216.0,
            rail: 298.0,
            pad: 307.0,
            pad_width,
            pad_height,
            shelf: 422.0,
            shelf_height: 18.0,
            track: 446.5,
            boundary: 453.0,
            table,
            floor,
            caption,
            pass: 146.0,
            x0: 158.0,
            x1: 916.0,
            ring: Ring { x: 410.7, y: 106.0, r: 80.0 },
        }
    }

    /// A phone is 390 px wide: columns narrower than 28 px could be neither
    /// read nor hit, so the map begins at 13 guests here.
    fn phone(room: Room, places: usize) -> Layout {
        let (scale, slots) = match room {
            Room::Twelve => (Scale::Small, 12),
            _ => (Scale::Medium, 6),
        };
        let (pad_width, pad_height) = match scale {
            Scale::Small => (24.0, 44.0),
            _ => (51.0, 48.0),
        };
        let dining = match room {
            Room::Six | Room::Twelve => Dining::Tables,
            Room::TwentyFour | Room::Hall => Dining::Map(Grid::phone(places)),
        };
        Layout {
            viewport: Viewport::Phone,
            scale,
            dining,
            slots,
            width: 390.0,
            height: 528.0,
            kitchen: 202.0,
            rail: 293.0,
            pad: 300.0,
            pad_width,
            pad_height,
            shelf: 382.0,
            shelf_height: 14.0,
            track: 401.0,
            boundary: 406.0,
            table: 474.0,
            floor: 503.0,
            caption: 519.0,
            pass: 44.0,
            x0: 48.0,
            x1: 386.0,
            ring: Ring { x: 97.0, y: 84.0, r: 66.0 },
        }
    }

    #[must_use]
    pub fn is_phone(&self) -> bool {
        self.viewport == Viewport::Phone
    }

    #[must_use]
    pub fn pitch(&self) -> f64 {
        (self.x1 - self.x0) / self.slots as f64
    }

    /// Middle of a column.
    #[must_use]
    pub fn column(&self, slot: usize) -> f64 {
        self.x0 + self.pitch() * (slot as f64 + 0.5)
    }

    /// From the middle of a column to the lane where bytes rise.
    #[must_use]
    pub fn lane_in(&self) -> f64 {
        match self.scale {
            Scale::Large => -36.0,
            Scale::Medium => -17.0,
            Scale::Small => -8.0,
        }
    }

    /// From the middle of a column to the lane where plates fall.
    #[must_use]
    pub fn lane_out(&self) -> f64 {
        match self.scale {
            Scale::Large => 34.0,
            Scale::Medium => 16.0,
            Scale::Small => 7.0,
        }
    }

    /// From the middle of a column to where its plate stands on the rack.
    #[must_use]
    pub fn plate_dx(&self) -> f64 {
        if self.scale == Scale::Large { 18.0 } else { 0.0 }
    }

    /// How large a plate is on the rack and on a table.
    #[must_use]
    pub fn plate_scale(&self) -> (f64, f64) {
        match self.scale {
            Scale::Large => (1.22, 0.82),
            Scale::Medium => (0.84, 0.5),
            Scale::Small => (0.58, 0.32),
        }
    }

    /// How large a guest is.
    #[must_use]
    pub fn guest_scale(&self) -> f64 {
        match self.scale {
            Scale::Large => 1.0,
            Scale::Medium => 0.72,
            Scale::Small => 0.46,
        }
    }

    /// Where the attention line crosses to a column: right above the rail, below
    /// the sentence.
    #[must_use]
    pub fn crossing(&self) -> f64 {
        self.rail - 7.0
    }

    /// Where the attention line leaves downwards: the foot of the ring, which
    /// on the desktop hangs over the gap between two columns; on the phone
    /// that gap lies beside the ring.
    #[must_use]
    pub fn descent(&self) -> (f64, f64) {
        match self.viewport {
            Viewport::Desktop => (self.ring.x, self.ring.y + self.ring.r + 2.0),
            Viewport::Phone => (self.x0 + (self.x1 - self.x0) / 3.0, 104.0),
        }
    }

    /// Where the lanes of a column end below: at its table, or on the map just
    /// outside, since its seat may be anywhere.
    #[must_use]
    pub fn lane_end(&self) -> f64 {
        match self.dining {
            Dining::Tables => self.table,
            Dining::Map(_) => self.boundary + 12.0,
        }
    }

    /// Middle of a seat on the map; `None` when the room has tables, or when
    /// the seat is out of the grid.
    #[must_use]
    pub fn map_seat(&self, seat: usize) -> Option<(f64, f64)> {
        let Dining::Map(grid) = self.dining else { return None };
        let index = seat / grid.clients_per_seat;
        let (row, column) = (index / grid.columns, index % grid.columns);
        let top = self.boundary + 11.0 + grid.pitch_y / 2.0;
        let x = self.x0 + grid.pitch_x * (column as f64 + 0.5);
        (row < grid.rows).then_some((x, top + grid.pitch_y * row as f64))
    }
}

impl Grid {
    /// 240 seats of 12 px, then 540 of 8 px, then several clients to a seat.
    fn desktop(places: usize) -> Grid {
        if places <= 240 {
            Grid::fit(40, 6, 758.0, 19.6, 0.5, places)
        } else {
            Grid::fit(60, 9, 758.0, 13.1, 0.34, places)
        }
    }

    fn phone(places: usize) -> Grid {
        if places <= 80 {
            Grid::fit(16, 5, 338.0, 18.0, 0.5, places)
        } else {
            Grid::fit(28, 8, 338.0, 12.0, 0.32, places)
        }
    }

    fn fit(columns: usize, rows: usize, width: f64, pitch_y: f64, pip: f64, places: usize) -> Grid {
        Grid {
            columns,
            rows,
            pitch_x: width / columns as f64,
            pitch_y,
            pip,
            clients_per_seat: places.div_ceil(columns * rows).max(1),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_seat_of_every_room_is_on_the_stage() {
        for viewport in [Viewport::Desktop, Viewport::Phone] {
            for (room, places) in [
                (Room::Six, 6),
                (Room::Twelve, 12),
                (Room::TwentyFour, 24),
                (Room::Hall, 240),
                (Room::Hall, 241),
                (Room::Hall, 10_000),
            ] {
                let layout = Layout::of(viewport, room, places);
                for seat in 0..places {
                    let (x, y) = match layout.dining {
                        Dining::Tables => (layout.column(seat), layout.table),
                        Dining::Map(_) => layout.map_seat(seat).expect("a seat for everybody"),
                    };
                    assert!(x > layout.pass && x < layout.width, "{viewport:?} {seat}: x {x}");
                    assert!(y > layout.boundary && y < layout.height - 12.0, "{seat}: y {y}");
                }
            }
        }
    }

    #[test]
    fn the_attention_line_falls_between_two_columns() {
        let layout = Layout::of(Viewport::Desktop, Room::Six, 3);
        let gap = (layout.column(1) + layout.column(2)) / 2.0;
        assert!((gap - layout.ring.x).abs() < 0.1);
    }
}
