//! `cargo xtask bench --live`: what it costs to be watched.
//!
//! Instructions are counted by valgrind and have no noise to speak of; the
//! other figures are ratios of runs that alternate, since a machine that slows
//! down slows all of them. Everything is on core 0: the loop, the thread that
//! tells, and those that write to watchers, which is the worst that can be
//! asked of a machine. What the loop's own thread took is shown beside.

use super::contender::Contender;
use super::load::{Operation, Run, Setting};
use super::report::{cpu, median};
use crate::failure::Failure;
use crate::process::{run, say};
use crate::{install, ports};
use std::fs;
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Not attached, over a build that states no facts.
const UNATTACHED_LIMIT: f64 = 1.02;
/// The same once somebody has come: from then on the process has threads, and
/// the C library's system calls are dearer.
const THREADS_LIMIT: f64 = 1.08;
/// Requests per second while somebody watches everything, over while nobody does.
const ATTACHED_SHARE: f64 = 0.5;
/// Of a stalled watcher, beside one that reads.
const STALLED_SHARE: f64 = 0.9;
/// What is kept for watchers, and what is on its way.
const STALLED_BYTES: u64 = 24 * 1024 * 1024;
const ROUNDS: usize = 5;
/// Two lengths: their difference has no start-up in it.
const ROUND_TRIPS: [u32; 2] = [2_000, 8_000];
const PIPELINES: [usize; 2] = [1, 16];

pub fn measure(root: &Path) -> Result<(), Failure> {
    if install::program("valgrind").is_none() {
        install::system_packages(&["valgrind"])?;
    }
    let without = build(root, true)?;
    let program = build(root, false)?;
    let unattached = instructions(root, &without, &program)?;
    let attached = throughput(root, &program)?;
    match unattached.or(attached) {
        None => Ok(()),
        Some(why) => Err(Failure::Check(why)),
    }
}

fn build(root: &Path, without_emit: bool) -> Result<PathBuf, Failure> {
    let folder = root.join(if without_emit { "target/without-emit" } else { "target" });
    say(if without_emit { "Building the server without facts" } else { "Building the server" });
    let mut cargo = Command::new("cargo");
    cargo.args(["build", "--release", "--bin", "onechef", "--target-dir"]).arg(&folder);
    if without_emit {
        cargo.arg("--no-default-features");
    }
    run(cargo.current_dir(root))?;
    Ok(folder.join("release/onechef"))
}

/// Who comes to the door for watchers.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Visits {
    /// There is none.
    NoDoor,
    Nobody,
    /// Comes first of all, and is turned away.
    One,
}

/// A server whose instructions are counted.
struct Counted<'a> {
    name: &'static str,
    program: &'a Path,
    visits: Visits,
    /// Over the first, at most.
    limit: f64,
}

/// What is not as it should be, if anything is.
fn instructions(root: &Path, without: &Path, program: &Path) -> Result<Option<String>, Failure> {
    say("Counting instructions per PING (two minutes)");
    let case = |name, program, visits, limit| Counted { name, program, visits, limit };
    let all = [
        case("no facts built in", without, Visits::NoDoor, 1.0),
        case("without --live", program, Visits::NoDoor, UNATTACHED_LIMIT),
        case("--live, nobody came", program, Visits::Nobody, UNATTACHED_LIMIT),
        case("--live, one came and left", program, Visits::One, THREADS_LIMIT),
    ];
    let mut costly = None;
    for pipeline in PIPELINES {
        println!("\nInstructions per PING of the loop's thread, pipeline {pipeline}:");
        let mut base = f64::NAN;
        for case in &all {
            let spent = case.per_request(root, pipeline)?;
            if base.is_nan() {
                base = spent;
            }
            let over = spent / base;
            println!("  {:27} {spent:8.0}   {:+.2} %", case.name, (over - 1.0) * 100.0);
            if over > case.limit {
                let percent = (case.limit - 1.0) * 100.0;
                costly = Some(format!("{}: more than {percent:.0} % at {pipeline}", case.name));
            }
        }
    }
    Ok(costly)
}

impl Counted<'_> {
    fn per_request(&self, root: &Path, pipeline: usize) -> Result<f64, Failure> {
        let [few, many] = ROUND_TRIPS;
        let spent = self.count(root, pipeline, many)? - self.count(root, pipeline, few)?;
        Ok(spent as f64 / (f64::from(many - few) * pipeline as f64))
    }

    fn count(&self, root: &Path, pipeline: usize, round_trips: u32) -> Result<u64, Failure> {
        let counts = root.join("target/live.callgrind");
        let port = ports::free_port(7701, "the counted server")?;
        let door = ports::free_port(7751, "the counted server's watchers")?;
        let contender = Contender::start("onechef", port, |command, port| {
            command.args(["valgrind", "--tool=callgrind", "--quiet", "--separate-threads=yes"]);
            command.arg(format!("--callgrind-out-file={}", counts.display())).arg(self.program);
            // The timer's own work is not what is counted.
            command.args(["serve", "--port", port, "--hz", "1"]);
            if self.visits != Visits::NoDoor {
                command.arg(format!("--live=127.0.0.1:{door}"));
            }
        })?;
        let failed = |source| Failure::Start { program: "onechef".into(), source };
        if self.visits == Visits::One {
            turn_away(door).map_err(failed)?;
        }
        ask(port, pipeline, round_trips).map_err(failed)?;
        contender.finish();
        // The loop's thread is the first.
        let counts = counts.with_extension("callgrind-01");
        let text = fs::read_to_string(&counts)
            .map_err(|source| Failure::File { path: counts.display().to_string(), source })?;
        text.lines()
            .find_map(|line| {
                line.strip_prefix("summary: ").or_else(|| line.strip_prefix("totals: "))
            })
            .and_then(|number| number.trim().parse().ok())
            .ok_or_else(|| Failure::Check(format!("{}: no summary", counts.display())))
    }
}

/// Comes without the token.
fn turn_away(door: u16) -> io::Result<()> {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, door))?;
    write!(stream, "GET /metrics HTTP/1.1\r\nHost: 127.0.0.1:{door}\r\n\r\n")?;
    io::copy(&mut stream, &mut io::sink()).map(drop)
}

fn ask(port: u16, pipeline: usize, round_trips: u32) -> io::Result<()> {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
    let question = b"*1\r\n$4\r\nPING\r\n".repeat(pipeline);
    let mut answer = vec![0; "+PONG\r\n".len() * pipeline];
    for _ in 0..round_trips {
        stream.write_all(&question)?;
        stream.read_exact(&mut answer)?;
    }
    Ok(())
}

/// One way to be watched, or none.
struct Case {
    name: &'static str,
    contender: Contender,
    runs: Vec<Run>,
    loop_us: Vec<f64>,
    /// Kept open: a watcher that reads nothing.
    _stalled: Option<TcpStream>,
    grown_bytes: u64,
}

fn throughput(root: &Path, program: &Path) -> Result<Option<String>, Failure> {
    say("PING at pipeline 1, watched and not (two minutes)");
    let mut cases = [
        case(root, program, "nobody", Watcher::Nobody)?,
        case(root, program, "reads all", Watcher::Reads)?,
        case(root, program, "stalled", Watcher::Stalled)?,
    ];
    let operation = Operation::Ping;
    let requests = operation.requests(1);
    let setting = Setting { operation, pipeline: 1, size_bytes: 3, requests };
    for _ in 0..ROUNDS {
        for case in &mut cases {
            let (before, memory) = (case.contender.loop_ns()?, case.contender.resident_bytes()?);
            case.runs.push(setting.measure(&case.contender)?);
            let loop_ns = case.contender.loop_ns()? - before;
            case.loop_us.push(loop_ns as f64 / 1_000.0 / f64::from(requests));
            let grown = case.contender.resident_bytes()?.saturating_sub(memory);
            case.grown_bytes += grown;
        }
    }
    let per_second = |case: &Case| median(&case.runs, |run| run.requests_per_second);
    let loop_us = |case: &Case| {
        let mut all = case.loop_us.clone();
        all.sort_by(f64::total_cmp);
        all[all.len() / 2]
    };
    let base = per_second(&cases[0]);
    println!("\nPING, pipeline 1, 50 connections, {ROUNDS} alternating rounds, medians:");
    println!(
        "  {:12} {:>9} {:>6} {:>12} {:>12} {:>10}",
        "watcher", "req/s", "share", "CPU µs/req", "loop µs/req", "grown MB"
    );
    for case in &cases {
        println!(
            "  {:12} {:>9.0} {:>6.2} {:>12.2} {:>12.2} {:>10.1}",
            case.name,
            per_second(case),
            per_second(case) / base,
            cpu(&case.runs),
            loop_us(case),
            case.grown_bytes as f64 / 1_048_576.0
        );
    }
    let [_, reads, stalled] = &cases;
    let share = per_second(reads) / base;
    let beside = per_second(stalled) / per_second(reads);
    let memory = stalled.grown_bytes.saturating_sub(reads.grown_bytes);
    Ok(if share < ATTACHED_SHARE {
        Some(format!("watched, it serves {share:.2} of what it serves else"))
    } else if beside < STALLED_SHARE {
        Some(format!("a stalled watcher leaves {beside:.2} of what a reading one leaves"))
    } else if memory > STALLED_BYTES {
        Some(format!("a stalled watcher took {memory} bytes"))
    } else {
        None
    })
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Watcher {
    Nobody,
    Reads,
    Stalled,
}

fn case(
    root: &Path,
    program: &Path,
    name: &'static str,
    watcher: Watcher,
) -> Result<Case, Failure> {
    let live = ports::free_port(8179, "the watchers")?;
    let token = root.join(format!("target/live-{live}.token"));
    let contender = Contender::start(name, ports::free_port(7801, name)?, |command, port| {
        command.arg(program).args(["serve", "--port", port, "--reveal"]);
        command.arg(format!("--live=127.0.0.1:{live}")).arg("--live-token").arg(&token);
    })?;
    let failed = |source| Failure::File { path: token.display().to_string(), source };
    let token = fs::read_to_string(&token).map_err(failed)?;
    let attach = || -> io::Result<TcpStream> {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, live))?;
        let host = format!("Host: 127.0.0.1:{live}\r\nAuthorization: Bearer {}", token.trim());
        stream.write_all(format!("GET /events HTTP/1.1\r\n{host}\r\n\r\n").as_bytes())?;
        // It has begun when something has come.
        stream.read_exact(&mut [0; 256])?;
        Ok(stream)
    };
    let attach = || attach().map_err(|source| Failure::Start { program: name.into(), source });
    let mut stalled = None;
    match watcher {
        Watcher::Nobody => {}
        Watcher::Reads => {
            let mut stream = attach()?;
            // Ends with the server.
            std::thread::spawn(move || io::copy(&mut stream, &mut io::sink()));
        }
        Watcher::Stalled => stalled = Some(attach()?),
    }
    Ok(Case {
        name,
        contender,
        runs: Vec::new(),
        loop_us: Vec::new(),
        _stalled: stalled,
        grown_bytes: 0,
    })
}
