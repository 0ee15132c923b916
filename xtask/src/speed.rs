//! `cargo xtask speed`: how quick the published page is in a real browser.

use crate::failure::Failure;
use crate::process::{output_of, run, say};
use crate::{install, page};
use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::process::Command;

/// How many events the long run is meant to have, at least.
const EVENTS: usize = 100_000;

pub fn run_speed(root: &Path) -> Result<(), Failure> {
    page::build_release(root)?;
    println!("{}", page::check_weight(root)?);
    let browser = install::browser()?;
    let folder = root.join("target/speed");
    let scenario = folder.join("long.scenario");
    let trace = folder.join("long.ndjson");
    let write = |path: &Path, bytes: &[u8]| {
        fs::create_dir_all(&folder)
            .and_then(|()| fs::write(path, bytes))
            .map_err(|source| Failure::File { path: path.display().to_string(), source })
    };
    write(&scenario, long_scenario().as_bytes())?;
    say(&format!("Recording a run of {EVENTS} events"));
    run(Command::new("cargo").args(["build", "--quiet", "--bin", "onechef"]).current_dir(root))?;
    let recorded =
        output_of(Command::new(root.join("target/debug/onechef")).arg("run").arg(&scenario))?;
    let events = recorded.iter().filter(|byte| **byte == b'\n').count();
    if events < EVENTS {
        return Err(Failure::Check(format!("the long run has only {events} events")));
    }
    write(&trace, &recorded)?;
    say("Measuring in the browser (about a minute)");
    run(Command::new("npm")
        .args(["run", "--silent", "speed", "--"])
        .arg(&trace)
        .current_dir(install::npm_folder(root))
        .env("CHROMIUM", browser.chromium))
}

/// Ten guests, each of whom orders on and on.
fn long_scenario() -> String {
    let mut text = "onechef scenario 1\ntitle A long evening\nseed 1\n".to_owned();
    for guest in 0..10 {
        let _ = writeln!(text, "client g{guest}");
    }
    for guest in 0..10 {
        let _ = writeln!(text, "at 1ms g{guest} connects");
    }
    for order in 0..6_000 {
        let (at, guest) = (2_000 + order * 250, order % 10);
        let _ = writeln!(text, "at {at}us g{guest} sends SET key{} {order}", order % 50);
    }
    text
}
