//! See `bodies/trace.rs`.
#![no_main]

#[path = "../bodies/trace.rs"]
mod trace;

libfuzzer_sys::fuzz_target!(|data: &[u8]| trace::hold(data));
