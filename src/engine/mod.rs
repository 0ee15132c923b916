//! The chef: the loop itself.

pub mod client;
pub mod config;
pub mod limits;
pub mod reply;
pub mod server;
pub mod stats;
pub mod tap;
