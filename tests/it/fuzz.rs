//! The bodies of the fuzz targets, on the seeds that they start from: what a
//! fuzzer once found stays found, on the stable compiler, with every test run.

use std::fs;
use std::path::Path;

#[path = "../../fuzz/bodies/engine.rs"]
mod engine;
#[path = "../../fuzz/bodies/link.rs"]
mod link;
#[path = "../../fuzz/bodies/replies.rs"]
mod replies;
#[path = "../../fuzz/bodies/requests.rs"]
mod requests;
#[path = "../../fuzz/bodies/scenario.rs"]
mod scenario;
#[path = "../../fuzz/bodies/strace.rs"]
pub mod strace;
#[path = "../../fuzz/bodies/trace.rs"]
mod trace;

/// Replays the seeds of a target, and each of them cut short.
fn replay(target: &str, hold: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds").join(target);
    let entries = fs::read_dir(&folder).expect("the target has seeds");
    let mut seeds: Vec<_> = entries.map(|entry| entry.expect("readable").path()).collect();
    seeds.sort();
    assert!(!seeds.is_empty(), "no seeds in {}", folder.display());
    for seed in seeds {
        let bytes = fs::read(&seed).expect("readable");
        hold(&bytes);
        hold(&bytes[..bytes.len() / 2]);
    }
}

macro_rules! targets {
    ($($target:ident),*) => {$(
        #[test]
        fn $target() {
            replay(stringify!($target), self::$target::hold);
        }
    )*};
}

targets!(requests, replies, trace, scenario, link, engine, strace);

/// Protects the tests above: there is no target that they do not replay.
#[test]
fn every_target_is_replayed() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/targets");
    let mut names: Vec<String> = fs::read_dir(folder)
        .expect("the fuzz targets")
        .map(|entry| entry.expect("readable").path())
        .map(|path| path.file_stem().unwrap_or_default().to_string_lossy().into_owned())
        .collect();
    names.sort();
    assert_eq!(names, ["engine", "link", "replies", "requests", "scenario", "strace", "trace"]);
}
