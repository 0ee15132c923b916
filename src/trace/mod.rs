//! Records and what can be made of them.
//!
//! [`codec`] writes and reads them as text; its documentation is the format.
//! [`World`] is what they add up to (`fold`, one arm for each fact), a
//! [`Timeline`] has the world of every moment, with [`activity`] and [`seats`]
//! as parts of it. [`Inputs`] is the tape beside the records, [`perfetto`]
//! another program's format.

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
    /// Counts up from 0. Without gaps as it is made; a trace that was cut or
    /// filtered has some.
    pub seq: u64,
    /// Microseconds; never goes back.
    pub at: Micros,
    pub event: Event,
}
