//! A short run of every fuzz target: proof that they build and run, and a few
//! thousand new inputs each time nobody has asked for more.
//!
//! What libFuzzer needs of the compiler only a nightly one gives. Without it
//! the step says so; the seeds are replayed by the stable tests in any case.

use super::Report;
use super::tally::Tally;
use crate::failure::Failure;
use crate::process::{output_of, run, say};
use std::fs;
use std::path::Path;
use std::process::Command;

/// Bounded by runs and not by time, so that a slow machine does as much. A
/// run of the engine is a whole evening.
const TARGETS: [(&str, u32); 7] = [
    ("requests", 20_000),
    ("replies", 20_000),
    ("trace", 20_000),
    ("scenario", 20_000),
    ("link", 20_000),
    ("strace", 20_000),
    ("engine", 200),
];

/// Coverage as cargo-fuzz asks for it; without the address sanitizer, since
/// there is no unsafe code to watch and it would double the time.
const FLAGS: &str = "-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
     -Cllvm-args=-sanitizer-coverage-inline-8bit-counters \
     -Cllvm-args=-sanitizer-coverage-pc-table -Cllvm-args=-sanitizer-coverage-trace-compares \
     --cfg fuzzing";

pub fn step(root: &Path) -> Report {
    let mut report = Report { tally: Tally::default(), note: String::new(), result: Ok(()) };
    if output_of(Command::new("rustup").args(["run", "nightly", "rustc", "--version"])).is_err() {
        report.note = "skipped: no nightly compiler; the seeds are replayed by unit".into();
        return report;
    }
    say("Building the fuzz targets with the nightly compiler (about a minute)");
    let folder = root.join("fuzz");
    // With a target named, build scripts are built without the flags.
    let host = format!("{}-unknown-linux-gnu", std::env::consts::ARCH);
    let built = run(Command::new("rustup")
        .args(["run", "nightly", "cargo", "build", "--quiet", "--release"])
        .args(["--target", &host])
        .env("RUSTFLAGS", FLAGS)
        .env_remove("RUSTUP_TOOLCHAIN")
        .current_dir(&folder));
    if built.is_err() {
        return Report::of(built);
    }
    for (target, runs) in TARGETS {
        match fuzz(root, &folder.join("target").join(&host).join("release"), target, runs) {
            Ok(()) => report.tally.passed += 1,
            Err(failure) => {
                eprintln!("  {target}: {failure}");
                report.tally.failed += 1;
                report.result = Err(Failure::Check(format!("the target {target} fails")));
            }
        }
    }
    report
}

/// New inputs go to a folder of the build, never among the seeds; what fails
/// is kept beside them, and libFuzzer prints its name.
fn fuzz(root: &Path, programs: &Path, target: &str, runs: u32) -> Result<(), Failure> {
    let found = root.join("target/fuzz").join(target);
    fs::create_dir_all(&found)
        .map_err(|source| Failure::File { path: found.display().to_string(), source })?;
    run(Command::new(programs.join(target))
        .arg(&found)
        .arg(root.join("fuzz/seeds").join(target))
        .args([&format!("-runs={runs}"), "-seed=1", "-timeout=60", "-verbosity=0"])
        .arg(format!("-artifact_prefix={}/", found.display())))
}
