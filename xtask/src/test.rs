//! `cargo xtask test`: everything that must hold, as a table of steps.
//!
//! A step that fails does not stop the others: whoever waits for the whole run
//! wants to know everything that is wrong. The closing line counts checks: each
//! test of a step that runs tests, and one for a step that does not.

mod clients;
mod determinism;
mod fuzz;
mod tally;

use crate::failure::Failure;
use crate::process::{output_of, run, run_watched, say};
use crate::{differential, fidelity, install, page};
use std::path::Path;
use std::process::Command;
use std::time::Instant;
use tally::Tally;

/// What a step leaves behind.
struct Report {
    tally: Tally,
    /// A figure worth a place in the table.
    note: String,
    result: Result<(), Failure>,
}

impl Report {
    /// Of a step that is one check.
    fn of(result: Result<(), Failure>) -> Report {
        Report { tally: Tally::one(result.is_ok()), note: String::new(), result }
    }
}

struct Step {
    name: &'static str,
    about: &'static str,
    run: fn(&Path) -> Report,
}

const STEPS: &[Step] = &[
    Step { name: "fmt", about: "the source is formatted", run: fmt },
    Step { name: "clippy", about: "lints, native", run: clippy },
    Step { name: "clippy-wasm", about: "lints, WebAssembly, with its own bans", run: clippy_wasm },
    Step { name: "docs", about: "documentation builds without a warning", run: docs },
    Step { name: "unit", about: "unit, integration and conformance tests", run: unit },
    Step {
        name: "differential",
        about: "a few thousand commands to redis-server and to ours",
        run: differential_step,
    },
    Step {
        name: "fidelity",
        about: "redis-server's system calls and ours, cycle by cycle",
        run: fidelity_step,
    },
    Step { name: "fuzz", about: "a short run of every fuzz target", run: fuzz::step },
    Step { name: "clients", about: "client libraries as they are", run: clients::step },
    Step { name: "wasm", about: "tests inside headless Chromium", run: wasm },
    Step {
        name: "determinism",
        about: "debug, release and WebAssembly write the same traces",
        run: same_everywhere,
    },
    Step { name: "page", about: "the published page builds and is light enough", run: built_page },
    Step { name: "e2e", about: "the published page, driven like a reader would", run: e2e },
];

pub fn run_steps(root: &Path, arguments: &[&str]) -> Result<(), Failure> {
    let mut only = Vec::new();
    let mut words = arguments.iter();
    while let Some(word) = words.next() {
        match *word {
            "--list" => {
                for step in STEPS {
                    println!("{:12} {}", step.name, step.about);
                }
                return Ok(());
            }
            "--only" => only.push(*words.next().ok_or_else(|| no_such_step("--only"))?),
            other => return Err(no_such_step(other)),
        }
    }
    if let Some(unknown) = only.iter().find(|name| STEPS.iter().all(|s| s.name != **name)) {
        return Err(no_such_step(unknown));
    }

    let mut rows = Vec::new();
    for step in STEPS.iter().filter(|s| only.is_empty() || only.contains(&s.name)) {
        say(&format!("{}: {}", step.name, step.about));
        let began = Instant::now();
        let report = (step.run)(root);
        if let Err(failure) = &report.result {
            eprintln!("  {}: {failure}", step.name);
        }
        rows.push((step.name, began.elapsed(), report));
    }
    print_table(&rows)
}

fn no_such_step(word: &str) -> Failure {
    let names: Vec<_> = STEPS.iter().map(|s| s.name).collect();
    Failure::Usage(format!("{word}: expected --list or --only with one of {}", names.join(", ")))
}

fn print_table(rows: &[(&str, std::time::Duration, Report)]) -> Result<(), Failure> {
    let mut all = Tally::default();
    println!("\n{:12} {:8} {:>7} {:>7} {:>8}", "step", "result", "passed", "failed", "seconds");
    for (name, elapsed, report) in rows {
        all.add(report.tally);
        let result = if report.result.is_ok() { "ok" } else { "FAILED" };
        let line = format!(
            "{name:12} {result:8} {:>7} {:>7} {:>8.1}  {}",
            report.tally.passed,
            report.tally.failed,
            elapsed.as_secs_f64(),
            report.note
        );
        println!("{}", line.trim_end());
    }
    println!("\n{} passed, {} failed", all.passed, all.failed);
    if rows.iter().all(|(_, _, report)| report.result.is_ok()) {
        Ok(())
    } else {
        Err(Failure::Check("not everything holds".into()))
    }
}

fn cargo(root: &Path) -> Command {
    let mut cargo = Command::new("cargo");
    cargo.current_dir(root);
    cargo
}

fn fmt(root: &Path) -> Report {
    Report::of(run(cargo(root).args(["fmt", "--all", "--check"])))
}

fn clippy(root: &Path) -> Report {
    Report::of(run(cargo(root)
        .args(["clippy", "--workspace", "--all-targets", "--quiet"])
        .args(["--", "-D", "warnings"])))
}

fn clippy_wasm(root: &Path) -> Report {
    let lint = || {
        install::wasm_target()?;
        run(cargo(root)
            .args(["clippy", "--target", "wasm32-unknown-unknown", "--quiet"])
            .args(["--lib", "--bin", "web", "--bin", "checker", "--", "-D", "warnings"])
            .env("CLIPPY_CONF_DIR", root.join(".ci/wasm")))
    };
    Report::of(lint())
}

/// Private items too: the documentation is written for those who change the code.
fn docs(root: &Path) -> Report {
    Report::of(run(cargo(root)
        .args(["doc", "--no-deps", "--document-private-items", "--lib", "--quiet"])
        .env("RUSTDOCFLAGS", "-D warnings")))
}

/// Runs tests and counts them. A run that fails without a failed test (it did
/// not compile, it crashed) counts as one failure, and a run without tests too:
/// a step that tests nothing must not pass for one that tests.
fn tests(mut command: Command) -> Report {
    let mut tally = Tally::default();
    let result = run_watched(&mut command, |line| tally.read(line)).and_then(|ran| ran);
    let result = match result {
        Ok(()) if tally.passed == 0 => Err(Failure::Check("no test has run".into())),
        other => other,
    };
    if result.is_err() && tally.failed == 0 {
        tally.failed = 1;
    }
    Report { tally, note: String::new(), result }
}

/// Property tests draw from one seed here, so that the same checkout passes or
/// fails twice alike; a plain `cargo test`, or another `PROPTEST_RNG_SEED`,
/// draws anew.
fn unit(root: &Path) -> Report {
    const SEED: &str = "PROPTEST_RNG_SEED";
    let mut command = cargo(root);
    command.args(["test", "--workspace", "--no-fail-fast"]);
    command.env(SEED, std::env::var(SEED).unwrap_or_else(|_| "1".into()));
    tests(command)
}

fn differential_step(root: &Path) -> Report {
    if_possible(differential::sample(root))
}

fn fidelity_step(root: &Path) -> Report {
    if_possible(fidelity::sample(root))
}

/// Skipped, and said so, where what it takes is not to be had.
fn if_possible(result: Result<String, Failure>) -> Report {
    match result {
        Ok(note) => Report { note, ..Report::of(Ok(())) },
        Err(failure @ Failure::Missing { .. }) => {
            eprintln!("  skipped: {failure}");
            let note = "skipped: a program that it takes is missing".into();
            Report { tally: Tally::default(), note, result: Ok(()) }
        }
        Err(failure) => Report::of(Err(failure)),
    }
}

/// The tests that run inside a browser, ready to be started.
fn in_browser(root: &Path) -> Result<Command, Failure> {
    let runner = install::wasm_test_tools()?;
    let browser = install::browser()?;
    let mut command = cargo(root);
    command
        .args(["test", "--target", "wasm32-unknown-unknown", "--test", "web"])
        .env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER", runner)
        .env("CHROMEDRIVER", browser.chromedriver);
    Ok(command)
}

fn wasm(root: &Path) -> Report {
    in_browser(root).map_or_else(|failure| Report::of(Err(failure)), tests)
}

fn same_everywhere(root: &Path) -> Report {
    determinism::step(root, in_browser)
}

fn built_page(root: &Path) -> Report {
    match page::build_release(root).and_then(|()| page::check_weight(root)) {
        Ok(note) => Report { note, ..Report::of(Ok(())) },
        Err(failure) => Report::of(Err(failure)),
    }
}

fn e2e(root: &Path) -> Report {
    let prepare = || {
        install::npm_packages(root)?;
        let browser = install::browser()?;
        // `--only e2e` on a fresh clone has no page yet.
        if !root.join("dist/index.html").is_file() {
            page::build_release(root)?;
        }
        // Some tests watch a real server.
        run(cargo(root).args(["build", "--quiet", "--bin", "onechef"]))?;
        let version = output_of(Command::new("node").arg("--version"))?;
        say(&format!("Node {}", String::from_utf8_lossy(&version).trim()));
        let mut command = Command::new("npm");
        command
            .args(["test", "--silent"])
            .current_dir(install::npm_folder(root))
            .env("CHROMIUM", browser.chromium);
        Ok(command)
    };
    prepare().map_or_else(|failure| Report::of(Err(failure)), tests)
}
