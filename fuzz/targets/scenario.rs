//! See `bodies/scenario.rs`.
#![no_main]

#[path = "../bodies/scenario.rs"]
mod scenario;

libfuzzer_sys::fuzz_target!(|data: &[u8]| scenario::hold(data));
