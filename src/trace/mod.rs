//! Records and what can be made of them.

pub mod activity;
pub mod codec;
mod fold;
mod inputs;
mod known;
pub mod perfetto;
pub mod seats;
pub mod timeline;
pub mod world;

use crate::event::Event;
use crate::time::Micros;

pub use activity::Activity;
pub use inputs::Inputs;
pub use timeline::{Footprint, Timeline};
pub use world::World;

/// One line of a trace: a fact with its number and its time.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    /// From 0, without gaps.
    pub seq: u64,
    /// Microseconds; never goes back.
    pub at: Micros,
    pub event: Event,
}
