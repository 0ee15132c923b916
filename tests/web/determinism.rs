//! The same scenario gives the same records here as natively. The digests are
//! printed (`--nocapture`), one line a scenario, for a program that runs the
//! native builds to compare: `digest SLUG HEX`.

use onechef::sim::{Bundled, Progress, Sim, lessons, scenarios};
use onechef::trace::codec;
use wasm_bindgen_test::{console_log, wasm_bindgen_test};

/// More than any bundled scenario takes.
const CYCLES_LIMIT: u64 = 1_000;

/// FNV-1a, 64 bits.
fn digest(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

/// What the bundled scenarios have too little of: chance, clocks, floating
/// point, every reply that lists something; and crowds whose pace and keys are
/// drawn, on lines with faults.
const ROUGH: [Bundled; 2] = [
    Bundled { slug: "rough-evening", text: include_str!("../scenarios/rough-evening.scenario") },
    Bundled { slug: "rough-rush", text: include_str!("../scenarios/rough-rush.scenario") },
];

/// The record lines of a run until it is quiet; without the header, which
/// says who wrote the file.
fn lines(bundled: &Bundled) -> String {
    let mut records = Vec::new();
    let progress = Sim::new(&bundled.scenario()).run_to_quiet(CYCLES_LIMIT, &mut records);
    assert_eq!(progress, Progress::Quiet, "{}", bundled.slug);
    records.iter().map(codec::record_line).collect()
}

#[wasm_bindgen_test]
fn a_scenario_gives_the_same_bytes_every_time() {
    for bundled in scenarios().iter().chain(lessons()).chain(&ROUGH) {
        let text = lines(bundled);
        assert!(!text.is_empty());
        assert_eq!(text, lines(bundled), "{}", bundled.slug);
        console_log!("digest {} {:016x}", bundled.slug, digest(&text));
    }
}
