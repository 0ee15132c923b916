//! The same scenario gives the same bytes everywhere: debug, release and
//! WebAssembly in a browser.
//!
//! Natively the traces are compared whole. From the browser comes a hash of
//! each (`tests/web/determinism.rs` prints them), over everything but the
//! first line, which describes the run instead of being part of it.

use super::tally::Tally;
use super::{Report, cargo};
use crate::failure::Failure;
use crate::process::{output_of, run, run_watched};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The browser's side, as the step `wasm` prepares it.
pub type Browser = fn(&Path) -> Result<Command, Failure>;

pub fn step(root: &Path, browser: Browser) -> Report {
    let mut tally = Tally::default();
    let result = compare(root, browser, &mut tally);
    if result.is_err() && tally.failed == 0 {
        tally.failed = 1;
    }
    let result = match result {
        Ok(()) if tally.failed > 0 => Err(Failure::Check("traces differ".into())),
        Ok(()) if tally.passed == 0 => Err(Failure::Check("no scenario was run".into())),
        other => other,
    };
    Report { tally, note: String::new(), result }
}

fn compare(root: &Path, browser: Browser, tally: &mut Tally) -> Result<(), Failure> {
    run(cargo(root).args(["build", "--quiet", "--bin", "onechef"]))?;
    run(cargo(root).args(["build", "--quiet", "--release", "--bin", "onechef"]))?;
    let in_browser = hashes_in_browser(root, browser)?;
    for (name, file) in scenarios(root)? {
        let trace = |profile: &str| {
            output_of(
                Command::new(root.join("target").join(profile).join("onechef"))
                    .arg("run")
                    .arg(&file)
                    .current_dir(root),
            )
        };
        let (debug, release) = (trace("debug")?, trace("release")?);
        let hash = format!("{:016x}", fnv1a(without_first_line(&debug)));
        let lines = debug.split(|byte| *byte == b'\n').count();
        let mut check = |what: &str, same: bool| {
            tally.add(Tally::one(same));
            println!(
                "  {} {name:26} {hash} {lines:>6} lines, {what}",
                if same { "ok  " } else { "DIFF" }
            );
        };
        check("debug and release", debug == release && lines > 2);
        check("debug and WebAssembly", in_browser.get(&name) == Some(&hash));
    }
    Ok(())
}

/// The scenarios of the program, its lessons' too, and rougher ones of the
/// tests, each with its name in the browser: `tour/a-visit`.
fn scenarios(root: &Path) -> Result<Vec<(String, PathBuf)>, Failure> {
    let mut found = Vec::new();
    let folders =
        [("scenarios", ""), ("scenarios/tour", "tour/"), ("scenarios/missions", "missions/")];
    for (folder, prefix) in folders.into_iter().chain([("tests/scenarios", "")]) {
        let folder = root.join(folder);
        let failed = |source| Failure::File { path: folder.display().to_string(), source };
        for entry in std::fs::read_dir(&folder).map_err(failed)? {
            let path = entry.map_err(failed)?.path();
            if path.extension().is_some_and(|e| e == "scenario") {
                let stem = path.file_stem().unwrap_or_default().to_string_lossy();
                found.push((format!("{prefix}{stem}"), path));
            }
        }
    }
    found.sort();
    Ok(found)
}

/// `digest NAME HASH` from the browser's console, by name.
fn hashes_in_browser(root: &Path, browser: Browser) -> Result<BTreeMap<String, String>, Failure> {
    let mut hashes = BTreeMap::new();
    let mut command = browser(root)?;
    command.args(["--", "--nocapture", "determinism"]);
    run_watched(&mut command, |line| {
        let mut words = line.split_whitespace().skip_while(|word| *word != "digest").skip(1);
        if let (Some(name), Some(hash)) = (words.next(), words.next()) {
            hashes.insert(name.to_owned(), hash.to_owned());
        }
    })??;
    Ok(hashes)
}

fn without_first_line(trace: &[u8]) -> &[u8] {
    let end = trace.iter().position(|byte| *byte == b'\n').map_or(trace.len(), |at| at + 1);
    &trace[end..]
}

/// FNV-1a, 64 bits: enough to tell traces apart that nobody forges.
fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}
