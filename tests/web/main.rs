//! What only a browser can tell. Run with `wasm-bindgen-test-runner`; empty
//! on any other target.
#![cfg(target_arch = "wasm32")]

use wasm_bindgen_test::wasm_bindgen_test_configure;

wasm_bindgen_test_configure!(run_in_browser);

/// The boundary: a panic inside is contained, and costs nothing that stays.
mod boundary;
/// Bundled scenarios: the digests that other builds are compared with.
mod determinism;
/// The painter: diffing gives the document that a fresh painting would give,
/// keeps elements, and never turns text into markup.
mod paint;
