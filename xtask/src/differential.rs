//! `cargo xtask differential`: the same bytes to a real `redis-server` and to
//! ours, and the same answers from both, or the reason why not.
//!
//! Episodes are [drawn](draw) from a seed, [played](pair) to both servers on
//! loopback and [compared](compare) answer by answer, whether the connection
//! is still open included. An episode in which they differ is made
//! [smaller](shrink) and printed. Where they may differ is an
//! [explicit list](exceptions).

mod compare;
mod damage;
mod dice;
mod draw;
mod exceptions;
mod grammar;
mod menu;
mod pair;
mod reply;
mod script;
mod server;
mod shrink;
mod values;

use crate::failure::Failure;
use crate::install;
use crate::process::{run, say};
use dice::Dice;
use pair::Pair;
use server::Server;
use std::fmt;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What is asked for on the command line.
#[derive(Clone, Debug)]
struct Plan {
    seed: u64,
    commands: u64,
    /// This one alone.
    episode: Option<u64>,
    /// Differences after which it is enough.
    stop_after: usize,
    /// Another `redis-server` than the system's.
    server: Option<PathBuf>,
}

/// What was found.
#[derive(Debug, Default)]
struct Findings {
    commands: u64,
    episodes: u64,
    differences: usize,
}

pub fn run_differential(root: &Path, arguments: &[&str]) -> Result<(), Failure> {
    let findings = compare_servers(root, &parse(arguments)?)?;
    println!("{findings}");
    findings.verdict()
}

/// The first few thousand commands of the first seed: some seconds.
pub fn sample(root: &Path) -> Result<String, Failure> {
    let plan = Plan { commands: 3_000, ..Plan::default() };
    let findings = compare_servers(root, &plan)?;
    findings.verdict()?;
    Ok(findings.to_string())
}

impl Default for Plan {
    fn default() -> Plan {
        Plan { seed: 1, commands: 100_000, episode: None, stop_after: 1, server: None }
    }
}

impl Findings {
    fn verdict(&self) -> Result<(), Failure> {
        if self.differences == 0 {
            Ok(())
        } else {
            Err(Failure::Check("the servers differ".into()))
        }
    }
}

impl fmt::Display for Findings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Findings { commands, episodes, differences, .. } = self;
        write!(f, "{commands} commands in {episodes} episodes, {differences} differences")
    }
}

fn parse(arguments: &[&str]) -> Result<Plan, Failure> {
    let mut plan = Plan::default();
    let mut words = arguments.iter();
    while let Some(word) = words.next() {
        let value = words.next().copied();
        let number = value.and_then(|text| text.parse().ok());
        match (*word, number) {
            ("--server", _) if value.is_some() => plan.server = value.map(PathBuf::from),
            ("--seed", Some(seed)) => plan.seed = seed,
            ("--commands", Some(commands)) => plan.commands = commands,
            ("--episode", Some(episode)) => plan.episode = Some(episode),
            ("--stop-after", Some(differences)) => plan.stop_after = differences as usize,
            _ => {
                return Err(Failure::Usage(format!(
                    "{word}: expected --seed N, --commands N, --episode N, --stop-after N or \
                     --server PROGRAM"
                )));
            }
        }
    }
    Ok(plan)
}

fn compare_servers(root: &Path, plan: &Plan) -> Result<Findings, Failure> {
    if plan.server.is_none() && install::program("redis-server").is_none() {
        install::system_packages(&["redis-server"])?;
    }
    say("Building the server with its checks on");
    run(Command::new("cargo").args(["build", "--quiet", "--bin", "onechef"]).current_dir(root))?;
    let mut pair = Pair::new(ours(root)?, theirs(plan.server.clone())?)?;
    let mut findings = Findings::default();
    let episodes = plan.episode.map_or(0..u64::MAX, |one| one..one + 1);
    for number in episodes {
        let episode = draw::episode(&mut Dice::of(plan.seed, number));
        let outcome = pair.play(&episode)?;
        findings.commands += outcome.commands;
        findings.episodes += 1;
        // One that does not show again was a key past its few milliseconds on
        // one of the two only.
        let difference = match outcome.difference {
            Some(_) => pair.play(&episode)?.difference,
            None => None,
        };
        if let Some(difference) = difference {
            findings.differences += 1;
            let (episode, difference) = shrink::shrink(&mut pair, episode, difference)?;
            println!("\n--seed {} --episode {number}\n{episode}    {}", plan.seed, difference.what);
        }
        if findings.differences >= plan.stop_after || findings.commands >= plan.commands {
            break;
        }
    }
    Ok(findings)
}

fn ours(root: &Path) -> Result<Server, Failure> {
    let program = root.join("target/debug/onechef");
    Server::start("onechef", program, &["serve", "--enable-debug-command", "local"], 7701)
}

fn theirs(program: Option<PathBuf>) -> Result<Server, Failure> {
    let arguments = &[
        "--bind",
        "127.0.0.1",
        "--save",
        "",
        "--appendonly",
        "no",
        "--loglevel",
        "warning",
        "--enable-debug-command",
        "local",
    ];
    let program = program.unwrap_or_else(|| "redis-server".into());
    Server::start("redis-server", program, arguments, 7801)
}
