//! See `bodies/strace.rs`.
#![no_main]

#[path = "../bodies/strace.rs"]
mod strace;

libfuzzer_sys::fuzz_target!(|data: &[u8]| strace::hold(data));
