//! The chores of the house: `cargo xtask demo`, `test`, `bench`.
//!
//! Each command first installs what it lacks (see [`install`]) and says what
//! it does and how long that usually takes, so that a fresh clone needs
//! nothing but Rust (and Node for the tests of the page).
#![forbid(unsafe_code)]

mod bench;
mod demo;
mod differential;
mod failure;
mod fidelity;
mod install;
mod page;
mod ports;
mod process;
mod speed;
mod test;

use failure::Failure;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

const USAGE: &str = "\
cargo xtask demo                  the page and the native server, side by side
cargo xtask test [--only STEP]…   everything that CI runs, or some steps of it
cargo xtask test --list           the names of the steps
cargo xtask differential          the same bytes to redis-server and to ours
      [--commands N] [--seed N]   how much, and drawn from which seed
      [--episode N]               one episode of the seed alone
      [--stop-after N]            differences after which it is enough
      [--server PROGRAM]          another redis-server than the system's
cargo xtask fidelity [SCRIPT]…    their system calls and ours, cycle by cycle
cargo xtask bench [--quick]       our server beside redis-server
cargo xtask bench --crowd         what 19,000 idle connections cost those who ask
cargo xtask bench --instructions  what a PING costs the loop, and what its facts cost
cargo xtask bench --live          what it costs to be watched
cargo xtask speed                 how quick the page is in the browser
";

/// The repository's root, whatever the working directory is.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask lies inside the root").into()
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let result = match words.as_slice() {
        ["demo"] => demo::run_demo(&root()),
        ["test", rest @ ..] => test::run_steps(&root(), rest),
        ["differential", rest @ ..] => differential::run_differential(&root(), rest),
        ["fidelity", rest @ ..] => fidelity::run_fidelity(&root(), rest),
        ["bench", rest @ ..] => bench::run_bench(&root(), rest),
        ["speed"] => speed::run_speed(&root()),
        ["help" | "--help" | "-h"] => {
            print!("{USAGE}");
            Ok(())
        }
        [] => Err(Failure::Usage(format!("which chore?\n\n{USAGE}"))),
        other => Err(Failure::Usage(format!("no such chore: {}\n\n{USAGE}", other.join(" ")))),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("xtask: {failure}");
            failure.exit_code()
        }
    }
}
