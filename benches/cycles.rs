//! `cargo bench --bench cycles`: how many cycles a second the engine turns on
//! the virtual network, with facts stated and not, and how many instructions a
//! PING takes there.
//!
//! Runs alternate and each figure is a median, so that a busy machine disturbs
//! both sides alike. The instructions are counted by valgrind, where there is
//! one, and have no noise; `cargo xtask bench --instructions` takes the virtual
//! network's own share away and looks at other commands, too.

use onechef::engine::Engine;
use onechef::engine::config::Config;
use onechef::engine::server::Birth;
use onechef::net::virt::{Conn, GuestAction, Link, Virt, VirtConfig};
use onechef::net::{Timeout, Wait};
use onechef::time::Micros;
use std::net::{Ipv4Addr, SocketAddr};
use std::process::Command;
use std::time::Duration;

const GUESTS: u32 = 8;
const PING: &[u8] = b"*1\r\n$4\r\nPING\r\n";
const PONG: &[u8] = b"+PONG\r\n";

/// What one run did.
struct Run {
    cycles: u64,
    facts: u64,
    took: Duration,
}

/// All guests ask `rounds` times, a millisecond apart, each a little later
/// than the one before, so that a cycle serves one or two of them.
fn run(rounds: u64, watched: bool) -> Run {
    let mut net = Virt::new(VirtConfig::default());
    for guest in 0..GUESTS {
        let conn = Conn(guest);
        let first = Micros(u64::from(guest) * 90);
        let connect = GuestAction::Connect { name: format!("g{guest}"), link: Link::default() };
        net.schedule(first, conn, connect);
        for round in 1..=rounds {
            let at = first.saturating_add(Micros::from_millis(round));
            net.schedule(at, conn, GuestAction::Send { bytes: PING.to_vec() });
        }
    }
    let birth = Birth {
        unix_epoch_us: 1_700_000_000_000_000,
        seed: 1,
        hash_seed: 1,
        process_id: 1,
        multiplexing_api: "virtual",
    };
    let mut engine = Engine::new(Config::default(), birth);
    engine.watch_events(&net, watched);
    let door = SocketAddr::from((Ipv4Addr::LOCALHOST, 6379));
    engine.listen(&mut net, door).expect("this door always opens");

    let (mut fired, mut events, mut pipes) = (Vec::new(), Vec::new(), Vec::new());
    let (mut cycles, mut facts) = (0, 0);
    let began = now();
    while net.next_scheduled().is_some() {
        let timeout: Timeout = engine.before_poll(&mut net);
        net.wait(timeout, &mut fired);
        engine.after_poll(&mut net, &fired);
        engine.take_events(&mut events);
        net.take_facts(&mut pipes);
        facts += events.len() as u64;
        events.clear();
        pipes.clear();
        cycles += 1;
    }
    let took = began.elapsed();
    for guest in 0..GUESTS {
        let answers = net.received(Conn(guest)).len() / PONG.len();
        assert_eq!(answers as u64, rounds, "guest {guest} got every answer");
    }
    Run { cycles, facts, took }
}

#[expect(clippy::disallowed_methods, reason = "a benchmark measures real time")]
fn now() -> std::time::Instant {
    std::time::Instant::now()
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// What this program does under valgrind: one run, nothing printed.
const COUNTED: &str = "--counted-run";

/// Instructions per PING, the virtual network's included: the difference
/// between two lengths, which has no start-up in it. `None` without valgrind.
fn instructions_per_ping(watched: bool) -> Option<f64> {
    const ROUNDS: [u64; 2] = [200, 1_000];
    let [few, many] = ROUNDS.map(|rounds| instructions(rounds, watched));
    let pings = (ROUNDS[1] - ROUNDS[0]) * u64::from(GUESTS);
    Some((many? - few?) as f64 / pings as f64)
}

fn instructions(rounds: u64, watched: bool) -> Option<u64> {
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(std::env::current_exe().ok()?)
        .args([COUNTED, &rounds.to_string(), &watched.to_string()])
        .output()
        .ok()?;
    // "==PID== Collected : N"
    let said = String::from_utf8_lossy(&output.stderr);
    said.lines().find_map(|line| line.split_once("Collected : ")?.1.trim().parse().ok())
}

fn main() {
    let words: Vec<String> = std::env::args().collect();
    if let [_, counted, rounds, watched] = &words[..]
        && counted == COUNTED
    {
        let rounds = rounds.parse().expect("a number of rounds");
        run(rounds, watched == "true");
        return;
    }
    // Without `--bench` cargo only wants to know that it runs (`cargo test`).
    let in_earnest = words.iter().any(|word| word == "--bench");
    let (rounds, runs) = if in_earnest { (4_000, 9) } else { (20, 1) };
    let (mut off, mut on) = (Vec::new(), Vec::new());
    let mut shape = None;
    for _ in 0..runs {
        let per_second = |run: &Run| run.cycles as f64 / run.took.as_secs_f64();
        let unwatched = run(rounds, false);
        let watched = run(rounds, true);
        assert_eq!(unwatched.cycles, watched.cycles, "watching changes nothing");
        assert_eq!(unwatched.facts, 0);
        off.push(per_second(&unwatched));
        on.push(per_second(&watched));
        shape = Some((watched.cycles, watched.facts));
    }
    let (cycles, facts) = shape.expect("at least one run");
    let (off, on) = (median(off), median(on));
    println!("{GUESTS} guests, {cycles} cycles, {:.1} facts a cycle", facts as f64 / cycles as f64);
    println!("tracing off  {off:>10.0} cycles a second");
    println!("tracing on   {on:>10.0} cycles a second  ({:.2} of it)", on / off);
    if !in_earnest {
        return;
    }
    for (watched, what) in [(false, "off"), (true, "on")] {
        match instructions_per_ping(watched) {
            Some(count) => println!("tracing {what:3} {count:>10.0} instructions per PING"),
            None => println!("tracing {what:3}: valgrind is needed to count instructions"),
        }
    }
}
