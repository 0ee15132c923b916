//! `cargo xtask bench`: our server beside the system's `redis-server`.
//!
//! Both have one thread and no persistence, and are pinned to core 0; the load
//! comes from `redis-benchmark` on core 1. Runs alternate, A B A B, so that a
//! machine that slows down slows both, and each figure is the median of its
//! runs. What counts is CPU time per request from the kernel's own accounting:
//! requests per second also measure the load generator, which at pipeline 1 is
//! the slower of the two. A bare echo loop on the same system calls shows how
//! much of a request is the kernel's and cannot be saved.

mod contender;
mod crowd;
mod idle;
mod instructions;
mod interval;
mod live;
mod load;
mod report;
mod window;

use crate::failure::Failure;
use crate::process::{run, say};
use crate::{install, ports};
use contender::Contender;
use crowd::{Comparison, Extent};
use load::{Operation, Setting};
use report::{Report, Row};
use std::path::Path;
use std::process::Command;

/// The first mark: CPU per request, as a share of redis-server's.
const MARKS: [(u32, f64); 3] = [(1, 1.0), (16, 0.85), (64, 0.65)];

/// More than any crowd.
const MAXCLIENTS: &str = "19900";

/// How much is measured.
struct Plan {
    rounds: u32,
    sizes: &'static [u32],
    operations: &'static [Operation],
    /// Divides the number of requests.
    shorter_by: u32,
    idle_connections: usize,
    /// Who sits there while others are measured.
    crowd: Extent,
}

const FULL: Plan = Plan {
    rounds: 5,
    sizes: &[3, 1024],
    operations: Operation::ALL,
    shorter_by: 1,
    idle_connections: 4_000,
    crowd: Extent { connections: 19_000, trials: 3, pairs: 100 },
};

/// Enough to see which way a change goes.
const QUICK: Plan = Plan {
    rounds: 3,
    sizes: &[3],
    operations: &[Operation::Ping, Operation::Set, Operation::Get],
    shorter_by: 4,
    idle_connections: 500,
    crowd: Extent { connections: 2_000, trials: 1, pairs: 40 },
};

pub fn run_bench(root: &Path, arguments: &[&str]) -> Result<(), Failure> {
    match arguments {
        [] => compare(root, &FULL),
        ["--quick"] => compare(root, &QUICK),
        ["--instructions"] => instructions::count(root),
        ["--live"] => {
            prepare(root)?;
            live::measure(root)
        }
        ["--crowd"] => {
            prepare(root)?;
            let crowd = crowd(root, FULL.crowd)?;
            crowd.print();
            crowd.check("onechef")
        }
        other => Err(Failure::Usage(format!(
            "bench {}: expected nothing, --quick, --crowd, --instructions or --live",
            other.join(" ")
        ))),
    }
}

/// Both servers, each beside another of its kind that is full of people who
/// say nothing.
fn crowd(root: &Path, extent: Extent) -> Result<Comparison, Failure> {
    Comparison::measure(&[&|| ours(root), &redis], extent)
}

/// What is measured and what measures.
fn prepare(root: &Path) -> Result<(), Failure> {
    let missing: Vec<&str> = [("redis-benchmark", "redis-tools"), ("redis-server", "redis-server")]
        .into_iter()
        .filter(|(program, _)| install::program(program).is_none())
        .map(|(_, package)| package)
        .collect();
    if !missing.is_empty() {
        install::system_packages(&missing)?;
    }
    say("Building the server and the echo loop in the release profile (a minute or two)");
    run(Command::new("cargo")
        .args(["build", "--release", "--bin", "onechef", "--example", "echo"])
        .current_dir(root))
}

fn compare(root: &Path, plan: &Plan) -> Result<(), Failure> {
    prepare(root)?;
    let mut report = Report { load_before: load_average(), ..Report::default() };
    say("Memory of idle connections");
    // Servers of their own: one that has been under load has memory to spare,
    // and its newcomers would seem to cost nothing.
    report.idle_bytes_redis = idle::bytes_per_connection(&redis()?, plan.idle_connections)?;
    report.idle_bytes_ours = idle::bytes_per_connection(&ours(root)?, plan.idle_connections)?;

    report.crowd = Some(crowd(root, plan.crowd)?);

    let (redis, ours) = (redis()?, ours(root)?);
    let echoes = plan.sizes.iter().map(|&size| Ok((size, echo(root, size)?)));
    let echoes = echoes.collect::<Result<Vec<(u32, Contender)>, Failure>>()?;
    let settings = settings(plan);
    for (done, setting) in settings.iter().enumerate() {
        eprint!("\r  {:>3} of {}: {setting:<40}", done + 1, settings.len());
        let mut row = Row::new(*setting);
        for _ in 0..plan.rounds {
            row.redis.push(setting.measure(&redis)?);
            row.ours.push(setting.measure(&ours)?);
            let echo = echoes.iter().find(|(size, _)| *size == setting.size_bytes);
            if let Some((_, echo)) = echo.filter(|_| setting.operation.has_a_floor()) {
                row.floor.push(setting.load(echo)?);
            }
        }
        report.rows.push(row);
    }
    eprintln!();

    report.print(&MARKS);
    report.write_json(&root.join("target/bench.json"))
}

/// Of the last minute; what else the machine was doing shows in every figure.
fn load_average() -> f64 {
    let text = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split(' ').next().and_then(|word| word.parse().ok()).unwrap_or(f64::NAN)
}

fn redis() -> Result<Contender, Failure> {
    Contender::start("redis-server", ports::free_port(7401, "redis-server")?, |command, port| {
        command.args(["redis-server", "--port", port, "--bind", "127.0.0.1"]);
        command.args(["--save", "", "--appendonly", "no", "--loglevel", "warning"]);
        command.args(["--maxclients", MAXCLIENTS]);
    })
}

fn ours(root: &Path) -> Result<Contender, Failure> {
    Contender::start("onechef", ports::free_port(7501, "onechef")?, |command, port| {
        command.arg(root.join("target/release/onechef")).args(["serve", "--port", port]);
        command.args(["--maxclients", MAXCLIENTS]);
    })
}

/// Answers a GET with so many bytes.
fn echo(root: &Path, value_bytes: u32) -> Result<Contender, Failure> {
    Contender::start("echo", ports::free_port(7601, "the echo loop")?, |command, port| {
        command.arg(root.join("target/release/examples/echo")).arg(port);
        command.arg(value_bytes.to_string());
    })
}

fn settings(plan: &Plan) -> Vec<Setting> {
    let mut settings = Vec::new();
    for &size_bytes in plan.sizes {
        for &operation in plan.operations {
            // A value's size says nothing about a command without a value.
            if size_bytes != plan.sizes[0] && !operation.carries_a_value() {
                continue;
            }
            for (pipeline, _) in MARKS {
                let requests = operation.requests(pipeline) / plan.shorter_by;
                settings.push(Setting { operation, pipeline, size_bytes, requests });
            }
        }
    }
    settings
}
