//! The wire protocol, both ways; knows no client.
//!
//! [`request`] turns bytes into arguments and can stop after any byte;
//! [`inline`] splits a typed line, for requests and for scenarios; [`encode`]
//! writes replies in RESP2 or RESP3; [`reply`] reads replies, for simulated
//! guests and for tests; [`number`] is the strict integer they share.
//! [`OwnedArgs`] are arguments that outlive the buffer they came in.

pub mod encode;
pub mod inline;
pub mod number;
mod owned;
pub mod reply;
pub mod request;

pub use encode::{Encoder, Protocol, Sink};
pub use owned::OwnedArgs;
pub use reply::{ReplyError, ReplyParser, Value};
pub use request::{Args, Limits, Need, Progress, ProtocolError, RequestParser};
