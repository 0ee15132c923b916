//! `serve --live`: the loop, watched from a browser.
//!
//! ```text
//!  the loop ──► outlet ══ bounded queue ══► teller ──► ring ──► watchers' threads ──► browsers
//!   (never waits)            facts           masks,    lines       one each, bounded
//!                                            writes
//!  the loop ◄── gate ◄─────────────────────────────────────── POST /step/…, if allowed
//! ```
//!
//! One small HTTP server of our own, on threads of the standard library (which
//! start when somebody first comes, see [`Reception`]) and the `httparse`
//! crate. A framework would bring a runtime for eight connections, and would
//! know nothing of the rules that matter here: who may ask ([`access`]), what
//! is understood ([`request`]), what is shown ([`redact`](super::redact)) and
//! what never waits ([`outlet`]).
//!
//! | path | answers |
//! |---|---|
//! | `/`, and what the page is made of | the page |
//! | `/events` | the trace as server-sent events |
//! | `/metrics` | numbers, for Prometheus |
//! | `/step` | how the gate is, if there is one |
//! | `POST /step/ORDER` | tells the gate ([`gate::Order`]) |
//!
//! # The stream
//!
//! Each event's `data` is lines of the trace's format
//! ([`codec`](crate::trace::codec)): first the header, then how things stand
//! (from [`Standing::Begun`](crate::event::Standing::Begun) on), then what
//! happens, half-cycle by half-cycle. The event's `id` brings whoever comes
//! back with it as `Last-Event-ID` (or `?after=ID`) to the place where it was,
//! if that is still kept, else to how things stand, with a `dropped` record
//! that counts what was missed. Numbers that are left out without one belong
//! to what others were told when they came. An event of the type `gate` says
//! where the loop is held. Of a recording (`onechef replay`) there is all of it,
//! and then an event of the type `end` with its name.

pub mod access;
pub mod gate;
pub mod metrics;
pub mod moment;
pub mod outlet;
pub mod page;
mod recording;
pub mod request;
pub mod ring;
mod server;
pub mod teller;
pub mod token;

pub use server::{CONNECTIONS_LIMIT, Live, LiveError, Reception, Replaying, prepare, replay};

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

/// Where `--live` listens unless told otherwise.
pub const DEFAULT_ADDRESS: SocketAddr =
    SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 8079);
/// How long a loop stays held when its watcher is silent, unless told otherwise.
pub const DEFAULT_STEP_LEASE: Duration = Duration::from_secs(10);

/// How much of what came in is kept for reruns, unless told otherwise.
pub const DEFAULT_RERUN_BYTES: usize = 16 * 1024 * 1024;

/// What `serve` was asked about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveOptions {
    pub address: SocketAddr,
    /// Names that the server goes by for others than this machine.
    pub hosts: Vec<String>,
    /// The built page.
    pub page: Option<PathBuf>,
    /// Where the token is kept, so that it outlives a restart.
    pub token: Option<PathBuf>,
    /// Whether the loop may be held, and how long when its watcher is silent.
    pub step: Option<Duration>,
}
