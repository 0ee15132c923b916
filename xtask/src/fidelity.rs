//! `cargo xtask fidelity`: the same guests at a real `redis-server` and at
//! ours, both under strace, and their system calls compared cycle by cycle.
//!
//! [Scripts](script) are [played](play) to each server alone; what strace
//! writes is [read](calls) as cycles, with guests instead of descriptors and no
//! times; what may differ is an [explicit list](argued), each with its reason in
//! `docs/fidelity.md`. Any other difference fails.

mod argued;
mod calls;
mod play;
mod script;

use crate::failure::Failure;
use crate::install;
use crate::process::{run, say};
use argued::{ARGUED, Comparison};
use calls::Cycle;
use play::Contender;
use script::{SCRIPTS, Script};
use std::path::Path;
use std::process::Command;

/// A difference counts if it shows so many times: when the kernel says what
/// has become ready is its own matter.
const TRIES: usize = 3;

pub fn run_fidelity(root: &Path, arguments: &[&str]) -> Result<(), Failure> {
    let mut chosen = Vec::new();
    for word in arguments {
        match SCRIPTS.iter().find(|script| script.name == *word) {
            Some(script) => chosen.push(script),
            None => {
                let names: Vec<&str> = SCRIPTS.iter().map(|script| script.name).collect();
                let names = names.join(", ");
                return Err(Failure::Usage(format!("{word}: expected one of {names}")));
            }
        }
    }
    if chosen.is_empty() {
        chosen.extend(SCRIPTS);
    }
    let note = measure(root, &chosen)?;
    println!("\n{note}");
    Ok(())
}

/// All scripts: half a minute.
pub fn sample(root: &Path) -> Result<String, Failure> {
    measure(root, &SCRIPTS.iter().collect::<Vec<_>>())
}

fn measure(root: &Path, scripts: &[&Script]) -> Result<String, Failure> {
    for (program, package) in [("redis-server", "redis-server"), ("strace", "strace")] {
        if install::program(program).is_none() {
            install::system_packages(&[package])?;
        }
    }
    say("Building the server");
    run(Command::new("cargo").args(["build", "--quiet", "--bin", "onechef"]).current_dir(root))?;
    let ours = Contender::ours(root.join("target/debug/onechef"));
    let theirs = Contender::redis();
    println!("\n{:<16} {:>6} {:>6} {:>11}  argued", "script", "cycles", "equal", "differences");
    let (mut cycles, mut differences) = (0, 0);
    for script in scripts {
        let (comparison, from) = attempt(script, &ours, &theirs)?;
        println!(
            "{:<16} {:>6} {:>6} {:>11}  {}",
            script.name,
            comparison.cycles,
            comparison.equal,
            comparison.differences.len(),
            comparison.argued.join(", ")
        );
        comparison.differences.iter().for_each(|difference| println!("{difference}"));
        cycles += comparison.cycles;
        differences += comparison.differences.len();
        if !comparison.differences.is_empty() {
            println!("    the whole of it: {from}");
        }
    }
    let note = format!(
        "{} scripts, {cycles} cycles, {differences} differences that nothing argues for; \
         {} kinds that something does (docs/fidelity.md)",
        scripts.len(),
        ARGUED.len()
    );
    if differences == 0 { Ok(note) } else { Err(Failure::Check(note)) }
}

/// The best of several, and where its traces are.
fn attempt(
    script: &Script,
    ours: &Contender,
    theirs: &Contender,
) -> Result<(Comparison, String), Failure> {
    let mut best: Option<(Comparison, String)> = None;
    for _ in 0..TRIES {
        let (us, them) = (cycles(script, ours)?, cycles(script, theirs)?);
        let from = format!("{} and {}", us.1, them.1);
        let comparison = argued::compare(them.0, us.0);
        let better = best
            .as_ref()
            .is_none_or(|(so_far, _)| comparison.differences.len() < so_far.differences.len());
        if better {
            best = Some((comparison, from));
        }
        if best.as_ref().is_some_and(|(best, _)| best.differences.is_empty()) {
            break;
        }
    }
    best.ok_or_else(|| Failure::Check("no attempt was made".into()))
}

fn cycles(script: &Script, contender: &Contender) -> Result<(Vec<Cycle>, String), Failure> {
    let file = contender.play(script)?;
    let failed = |source| Failure::File { path: file.display().to_string(), source };
    let text = std::fs::read(&file).map_err(failed)?;
    Ok((calls::cycles(&String::from_utf8_lossy(&text)), file.display().to_string()))
}
