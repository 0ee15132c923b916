//! The seven segments of the loop's ring.

use crate::trace::{Activity, World};

/// Where on the ring the chef is, clockwise from the poll; [`Activity`] in the
/// kitchen's order and words.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum StagePhase {
    #[default]
    Poll,
    Read,
    Parse,
    Execute,
    Plate,
    Timers,
    Sweep,
}

impl StagePhase {
    /// In the order of a cycle.
    pub const ALL: [StagePhase; 7] = [
        StagePhase::Poll,
        StagePhase::Read,
        StagePhase::Parse,
        StagePhase::Execute,
        StagePhase::Plate,
        StagePhase::Timers,
        StagePhase::Sweep,
    ];

    #[must_use]
    pub fn of(world: &World) -> StagePhase {
        match world.activity {
            Activity::Poll => StagePhase::Poll,
            Activity::Read => StagePhase::Read,
            Activity::Parse => StagePhase::Parse,
            Activity::Execute => StagePhase::Execute,
            Activity::Reply => StagePhase::Plate,
            Activity::Timers => StagePhase::Timers,
            Activity::Sweep => StagePhase::Sweep,
        }
    }

    /// One word, lower case: a label and the tail of an id (`seg:read`).
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            StagePhase::Poll => "poll",
            StagePhase::Read => "read",
            StagePhase::Parse => "parse",
            StagePhase::Execute => "execute",
            StagePhase::Plate => "plate",
            StagePhase::Timers => "timers",
            StagePhase::Sweep => "sweep",
        }
    }
}
