//! See `bodies/replies.rs`.
#![no_main]

#[path = "../bodies/replies.rs"]
mod replies;

libfuzzer_sys::fuzz_target!(|data: &[u8]| replies::hold(data));
