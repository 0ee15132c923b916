//! One chef, a million tables: Redis's event loop as a real engine.
//!
//! Redis serves everybody with one thread. This crate shows how, with the loop
//! itself instead of a cartoon of it: the same code runs in the browser on a
//! simulated network, where every cycle can be stepped, rewound, broken and
//! explained, and natively on a real port, where any Redis client can use it.
//! The reference for behaviour is Redis 7.4, classic single-threaded loop.
//!
//! # The shape: an hourglass with facts as its waist
//!
//! ```text
//!  inputs (the only way in)                            facts (the only way out)
//!  scenario, gestures ──► net::virt ─┐
//!  real clients ─ kernel ► net::tcp ─┼─ Fired ─► engine ─ Event ─► trace::Record
//!                              ▲     │              │                   │
//!                              └─ accept read write watch close         │
//!                                                                       ▼
//!                                  trace::Timeline ─► trace::World ─► view ─► web
//! ```
//!
//! Each hop has one type: bytes, [`Fired`](net::Fired), [`Event`](event::Event),
//! [`Record`](trace::Record), [`World`](trace::World), [`Node`](view::Node),
//! pixels. Nothing downstream calls upstream: the view reads records and never
//! the engine, so a simulation, a recording and a live server look the same.
//!
//! # Reading order
//!
//! 1. [`event`]: every fact that can be observed. What the rest is about.
//! 2. [`net`]: the seam, as a list of what a network owes. Then its three
//!    implementations: [`net::virt`], a deterministic kernel; [`net::fault`],
//!    which breaks any network by seed; and `net::tcp` on real sockets.
//! 3. [`engine`]: the cycle, in half-cycles that never wait.
//! 4. [`resp`], [`store`], [`commands`]: the protocol, the keyspace, the menu.
//! 5. [`sim`]: scenarios, the inputs log, reruns and forks.
//! 6. [`trace`]: records, their file format, and the fold that makes a world.
//! 7. [`view`]: worlds as drawings, tables and sentences; pure.
//! 8. `native` and `web`: the two thin shells.
//!
//! # Who may import whom
//!
//! | module | may import |
//! | --- | --- |
//! | [`time`], [`sorted`], [`part`] | nothing of ours; all may import them |
//! | [`net`] | time |
//! | [`event`] | time, net (its types) |
//! | [`resp`] | nothing of ours |
//! | [`store`] | time |
//! | [`commands`] | resp, store, event, net (its types), time, engine (what a command sees) |
//! | [`engine`] | time, event, net (the contract), resp, store, commands |
//! | [`trace`] | time, event, net (its types) |
//! | [`sim`] | engine, net, event, resp, trace, time |
//! | [`view`] | time, event, net (its types), resp (how a typed line is split), trace |
//! | `native` | everything but view and web |
//! | `web` | everything |
//!
//! A test reads the sources and holds this table.
//!
//! # Determinism
//!
//! The same scenario and seed give byte-identical traces from a debug build, a
//! release build and WebAssembly. So in everything but the two shells and
//! `net::tcp`: no clock, thread, file or entropy but what is handed in; no
//! behaviour that depends on the order of a hash table or the width of
//! `usize`; integers only wherever a result is observable. A lint and tests
//! hold these rules.
//!
//! # Time and cost
//!
//! In simulation the clock moves only by the cost model
//! ([`Costs`](net::Costs)): so much per system call, per byte, per
//! command and its work. Durations on screen therefore mean something, and one
//! slow command visibly delays everybody. Natively it is the monotonic clock.
//!
//! # What can go wrong
//!
//! `docs/edge-cases.md` lists 90 situations between two machines; a test plays
//! each of them in simulation and over TCP and writes the page. What must hold
//! whatever happens is checked after every half-cycle by [`sim::check`];
//! `docs/invariants.md` lists it, and by what each part is held.
//!
//! # Errors
//!
//! Every input has a defined end. On the wire, Redis's own texts; in our own
//! formats, the place and what was expected. A panic is a bug of ours.
#![forbid(unsafe_code)]

pub mod commands;
pub mod engine;
pub mod event;
pub mod net;
pub mod part;
pub mod resp;
pub mod sim;
pub mod sorted;
pub mod store;
pub mod time;
pub mod trace;
pub mod view;

#[cfg(not(target_arch = "wasm32"))]
pub mod native;
#[cfg(target_arch = "wasm32")]
pub mod web;
