//! The wire protocol, both ways; knows no client.
//!
//! [`request`] turns bytes into arguments and can stop after any byte;
//! [`encode`] writes replies in RESP2 or RESP3; [`reply`] reads replies, for
//! simulated guests and for tests.

pub mod encode;
pub mod reply;
pub mod request;

pub use encode::{Encoder, Protocol, Sink};
pub use request::{Args, RequestParser};
