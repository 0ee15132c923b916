//! Links that were given away: every one of `tests/links` must open for ever,
//! as exactly the run that it was made of. Never change one; add new ones when
//! there is a new version.

use crate::source;
use miniz_oxide::inflate::decompress_to_vec_zlib_with_limit;
use onechef::sim::{Scenario, Sim};
use onechef::view::share::{Shared, TEXT_LIMIT_BYTES};

fn unpacked(link: &str) -> (usize, String) {
    let shared = Shared::parse(link.trim()).expect("a run's link").expect("a link that is whole");
    let text = decompress_to_vec_zlib_with_limit(&shared.packed, TEXT_LIMIT_BYTES as usize);
    (shared.at, String::from_utf8(text.expect("zlib")).expect("text"))
}

/// Protects: whoever kept a link keeps the moment.
#[test]
fn frozen_links_open() {
    let links = source::files(&["tests/links"], "link");
    assert!(links.len() >= 2, "only {} links were found", links.len());
    for link in links {
        let (at, text) = unpacked(&link.text);
        let kept = source::root().join(link.path.replace(".link", ".scenario"));
        let kept = std::fs::read_to_string(kept).expect("its scenario is kept beside it");
        assert_eq!(text, kept, "{}", link.path);
        let scenario = Scenario::parse("link", &text).unwrap_or_else(|why| panic!("{why}"));
        let mut records = Vec::new();
        Sim::new(&scenario).run_to_quiet(1_000, &mut records);
        assert!(at < records.len(), "{}: it has {} records", link.path, records.len());
    }
}

/// Protects: a link names a run by its text alone, so what the page writes
/// into it is what the parser gives back.
#[test]
fn a_run_goes_into_a_link_and_comes_out() {
    for bundled in onechef::sim::scenarios() {
        let scenario = bundled.scenario();
        let packed = miniz_oxide::deflate::compress_to_vec_zlib(scenario.to_text().as_bytes(), 9);
        let (at, text) = unpacked(&Shared { at: 7, packed }.to_string());
        assert_eq!((at, Scenario::parse("link", &text)), (7, Ok(scenario)));
    }
}

/// Protects: a short link cannot make the page send more than it can hold.
#[test]
fn a_scenario_of_a_hundred_letters_sends_no_gigabytes() {
    let mut text = String::from("onechef scenario 1\nclient a\nat 1ms a connects\n");
    for _ in 0..20 {
        text.push_str("at 2ms a sends SET k <60mb>\n");
    }
    let why = Scenario::parse("link", &text).expect_err("too much").to_string();
    assert_eq!(why, "link:6:16: more than 128mb are sent in all");
}
