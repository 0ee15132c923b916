//! `cargo bench --bench cycles`: how many cycles a second the engine turns on
//! the virtual network, with facts stated and not.
//!
//! Runs alternate and each figure is a median, so that a busy machine disturbs
//! both sides alike. For a figure without noise see
//! `cargo xtask bench --instructions`.

use onechef::engine::Engine;
use onechef::engine::config::Config;
use onechef::engine::server::Birth;
use onechef::net::virt::{Conn, GuestAction, Link, Virt, VirtConfig};
use onechef::net::{Timeout, Wait};
use onechef::time::Micros;
use std::net::{Ipv4Addr, SocketAddr};
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

fn main() {
    // Without `--bench` cargo only wants to know that it runs (`cargo test`).
    let (rounds, runs) =
        if std::env::args().any(|word| word == "--bench") { (4_000, 9) } else { (20, 1) };
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
}
