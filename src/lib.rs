//! onechef: Redis's event loop as a real engine.
#![forbid(unsafe_code)]

pub mod commands;
pub mod engine;
pub mod event;
pub mod net;
pub mod resp;
pub mod sim;
pub mod store;
pub mod time;
pub mod trace;
pub mod view;

#[cfg(not(target_arch = "wasm32"))]
pub mod native;
#[cfg(target_arch = "wasm32")]
pub mod web;
