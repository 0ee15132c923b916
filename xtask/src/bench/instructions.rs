//! Instructions per request, counted by valgrind: figures without noise.
//!
//! First a PING, built with and without any statement of facts (the feature
//! `emit`), on the virtual network and with the loop alone on a network that
//! does nothing. Facts that nobody watches may cost at most [`LIMIT`] on the
//! virtual network; the other figure shows the loop's own share, without that
//! disguise. Then each operation of the benchmark, pipelined, in the loop alone.

use crate::failure::Failure;
use crate::install;
use crate::process::{output_of, run, say};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Tracing that is off, over a build without any.
const LIMIT: f64 = 1.02;
/// Two lengths: their difference has no start-up in it.
const PINGS: [u32; 2] = [20_000, 60_000];
const REQUESTS: [u32; 2] = [1_280, 6_400];
const PIPELINE: &str = "64";
const PIPELINED: &[&str] = &["PING", "SET", "GET", "INCR", "LPUSH", "LRANGE_100", "MSET"];

/// What is built, and how it runs.
#[derive(Clone, Copy)]
enum Variant {
    WithoutEmit,
    TracingOff,
    TracingOn,
}

pub fn count(root: &Path) -> Result<(), Failure> {
    if install::program("valgrind").is_none() {
        install::system_packages(&["valgrind"])?;
    }
    let variants = [Variant::WithoutEmit, Variant::TracingOff, Variant::TracingOn];
    let mut programs = Vec::new();
    for variant in variants {
        programs.push((build(root, variant)?, variant));
    }
    let mut on_virtual = f64::NAN;
    for (ground, what) in
        [(&["loop", "PING", "1"][..], "the loop alone"), (&["virtual"], "the virtual network")]
    {
        let mut figures = Vec::new();
        for (program, variant) in &programs {
            figures.push(per_request(program, *variant, ground, PINGS)?);
        }
        let [without, off, on] = figures[..] else { unreachable!("three variants") };
        println!("\nInstructions per PING, {what}:");
        println!("  no emission built in  {without:8.0}");
        println!("  tracing off           {off:8.0}   {:+.2} %", (off / without - 1.0) * 100.0);
        println!("  tracing on            {on:8.0}   {:+.2} %", (on / without - 1.0) * 100.0);
        on_virtual = off / without;
    }
    println!("\nInstructions per request, {PIPELINE} at a time, the loop alone, tracing off:");
    let (program, variant) = &programs[1];
    for command in PIPELINED {
        let ground = ["loop", command, PIPELINE];
        println!("  {command:20}  {:8.0}", per_request(program, *variant, &ground, REQUESTS)?);
    }
    if on_virtual > LIMIT {
        return Err(Failure::Check("tracing off costs more than 2 %".into()));
    }
    Ok(())
}

fn per_request(
    program: &Path,
    variant: Variant,
    ground: &[&str],
    [few, many]: [u32; 2],
) -> Result<f64, Failure> {
    let tracing = if matches!(variant, Variant::TracingOn) { "on" } else { "off" };
    let spent = instructions(program, tracing, ground, many)?
        - instructions(program, tracing, ground, few)?;
    Ok(spent as f64 / f64::from(many - few))
}

/// Builds the benchmark and returns where it is.
fn build(root: &Path, variant: Variant) -> Result<PathBuf, Failure> {
    let without_emit = matches!(variant, Variant::WithoutEmit);
    let folder = root.join(if without_emit { "target/without-emit" } else { "target" });
    say(if without_emit {
        "Building the loop without emission"
    } else {
        "Building the loop with emission"
    });
    let mut cargo = Command::new("cargo");
    cargo
        .args(["build", "--release", "--example", "requests", "--target-dir"])
        .arg(&folder)
        .current_dir(root);
    if without_emit {
        cargo.arg("--no-default-features");
    }
    run(&mut cargo)?;
    Ok(folder.join("release/examples/requests"))
}

fn instructions(
    program: &Path,
    tracing: &str,
    ground: &[&str],
    requests: u32,
) -> Result<u64, Failure> {
    let counted = program.with_extension("callgrind");
    output_of(
        Command::new("valgrind")
            .args(["--tool=callgrind", "--quiet"])
            .arg(format!("--callgrind-out-file={}", counted.display()))
            .arg(program)
            .args([&requests.to_string(), tracing])
            .args(ground)
            .stderr(Stdio::null()),
    )?;
    let text = std::fs::read_to_string(&counted)
        .map_err(|source| Failure::File { path: counted.display().to_string(), source })?;
    text.lines()
        .find_map(|line| line.strip_prefix("summary: ").or_else(|| line.strip_prefix("totals: ")))
        .and_then(|number| number.trim().parse().ok())
        .ok_or_else(|| Failure::Check(format!("{}: no summary", counted.display())))
}
