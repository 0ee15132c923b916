//! Client libraries with their default options against our server.
//!
//! A library greets a server in a way of its own, and the next version in
//! another; see `tests/clients/README.md`. What is not there to install a
//! library with is named in the table, and that library skipped.

use super::{Report, cargo};
use crate::failure::Failure;
use crate::process::{Companion, run, run_watched, say};
use crate::{install, ports};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// What each of them must do.
const CHECKS: [&str; 6] = ["connect", "set", "get", "pipeline", "subscribe", "block"];
const START_LIMIT: Duration = Duration::from_secs(10);

struct Library {
    name: &'static str,
    /// Installs it and says how its program is started.
    prepare: fn(&Path) -> Result<Command, Failure>,
}

const LIBRARIES: &[Library] = &[
    Library { name: "redis-py", prepare: redis_py },
    Library { name: "node-redis", prepare: |root| node(root, "node_redis.mjs") },
    Library { name: "ioredis", prepare: |root| node(root, "ioredis.mjs") },
    Library { name: "redis-rs", prepare: redis_rs },
];

pub fn step(root: &Path) -> Report {
    let (server, port) = match serve(root) {
        Ok(served) => served,
        Err(failure) => return Report::of(Err(failure)),
    };
    let mut report = Report { tally: Default::default(), note: String::new(), result: Ok(()) };
    for library in LIBRARIES {
        say(library.name);
        let done = match (library.prepare)(root) {
            Ok(mut command) => drive(command.arg(port.to_string()), &mut report.note),
            Err(failure @ Failure::Missing { .. }) => {
                eprintln!("  {}: skipped: {failure}", library.name);
                report.note += &format!("{} skipped; ", library.name);
                continue;
            }
            Err(failure) => Err(failure),
        };
        match done {
            Ok(()) => report.tally.passed += CHECKS.len() as u64,
            Err(failure) => {
                eprintln!("  {}: {failure}", library.name);
                report.tally.failed += 1;
                report.result = Err(Failure::Check(format!("{} fails", library.name)));
            }
        }
    }
    drop(server);
    report
}

/// Our server, on a port of its own; it ends when it is dropped.
fn serve(root: &Path) -> Result<(Companion, u16), Failure> {
    run(cargo(root).args(["build", "--quiet", "--bin", "onechef"]))?;
    let port = ports::free_port(7901, "the server of the client libraries")?;
    let mut command = Command::new(root.join("target/debug/onechef"));
    command.args(["serve", "--port", &port.to_string()]).stdout(Stdio::null());
    let server = Companion::start("onechef", &mut command)?;
    let deadline = Instant::now() + START_LIMIT;
    while !ports::answers(port, "*1\r\n$4\r\nPING\r\n", "+PONG") {
        if Instant::now() > deadline {
            return Err(Failure::Check(format!("onechef does not answer on port {port}")));
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    Ok((server, port))
}

/// Runs a program to its end; all checks must have been reported, in order.
fn drive(command: &mut Command, note: &mut String) -> Result<(), Failure> {
    let mut held = Vec::new();
    run_watched(command, |line| {
        if let Some(check) = line.strip_prefix("ok ") {
            held.push(check.to_owned());
        } else if let Some(client) = line.strip_prefix("client ") {
            *note += &format!("{client}; ");
        }
    })??;
    if held == CHECKS {
        Ok(())
    } else {
        Err(Failure::Check(format!("reported {held:?} instead of {CHECKS:?}")))
    }
}

fn redis_py(root: &Path) -> Result<Command, Failure> {
    let packages = install::python_packages(&root.join("tests/clients/requirements.txt"))?;
    let mut command = Command::new("python3");
    command.arg(root.join("tests/clients/redis_py.py")).env("PYTHONPATH", packages);
    Ok(command)
}

fn node(root: &Path, program: &str) -> Result<Command, Failure> {
    let folder = root.join("tests/clients");
    install::npm_packages_of(&folder)?;
    let mut command = Command::new("node");
    command.arg(folder.join(program));
    Ok(command)
}

/// A crate of its own, so that nobody who builds the project builds it.
fn redis_rs(root: &Path) -> Result<Command, Failure> {
    say("Building the client of redis-rs (about a minute, once)");
    let folder = root.join("tests/clients/redis_rs");
    let target = root.join("target/clients");
    run(Command::new("cargo")
        .args(["build", "--quiet", "--locked", "--target-dir"])
        .arg(&target)
        .current_dir(folder))?;
    Ok(Command::new(target.join("debug/redis-rs-client")))
}
