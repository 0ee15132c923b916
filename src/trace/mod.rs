//! Records and what can be made of them.

pub mod activity;
pub mod codec;
mod fold;
mod known;
pub mod seats;
pub mod timeline;
pub mod world;

use crate::event::Event;
use crate::time::Micros;
use serde::{Deserialize, Serialize};

pub use activity::Activity;
pub use timeline::Timeline;
pub use world::World;

/// One line of a trace: a fact with its number and its time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// From 0, without gaps.
    #[serde(rename = "n")]
    pub seq: u64,
    /// Microseconds; never goes back.
    #[serde(rename = "us")]
    pub at: Micros,
    #[serde(rename = "ev")]
    pub event: Event,
}
