//! Whatever the network does, short of breaking a connection, a guest gets the
//! same answers in the same order: over a thousand seeds, each with its own
//! guests, commands, packets, buffers and faults.

use onechef::net::fault::FaultConfig;
use onechef::net::virt::Link;
use onechef::resp::{Protocol, ReplyParser};
use onechef::sim::{Action, ClientSpec, Input, Packets, Progress, Scenario, Sim, summary};
use onechef::time::Micros;
use rand_pcg::Pcg64Mcg;
use rand_pcg::rand_core::{Rng, SeedableRng};

const SEEDS: u64 = 1_000;
const CYCLES_MAX: u64 = 20_000;

struct Dice(Pcg64Mcg);

impl Dice {
    fn below(&mut self, bound: u64) -> u64 {
        self.0.next_u64() % bound
    }

    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.below(from.len() as u64) as usize]
    }
}

/// One guest's commands, on keys of its own, so that what others do between
/// them cannot be told from the answers.
fn commands(dice: &mut Dice, guest: u64) -> Vec<Vec<u8>> {
    let count = 1 + dice.below(12);
    let mut all = Vec::new();
    for _ in 0..count {
        let key = format!("{guest}:{}", dice.below(3));
        let name = dice.pick(&[
            "PING", "SET", "GET", "INCR", "APPEND", "LPUSH", "LRANGE", "ECHO", "DEL", "NONSENSE",
        ]);
        let value = "v".repeat(1 + dice.below(2_000) as usize);
        let argv: Vec<&str> = match name {
            "SET" | "APPEND" | "LPUSH" => vec![name, &key, &value],
            "LRANGE" => vec![name, &key, "0", "-1"],
            "PING" => vec![name],
            "ECHO" => vec![name, &value],
            _ => vec![name, &key],
        };
        all.push(Packets::command(&argv).bytes);
    }
    all
}

/// The same evening with an ordinary network and with a bad one, and how many
/// answers each guest must get.
fn evenings(seed: u64) -> (Scenario, Scenario, Vec<usize>) {
    let mut dice = Dice(Pcg64Mcg::seed_from_u64(seed));
    let mut plain = Scenario { seed, ..Scenario::default() };
    let mut rough = Scenario { seed, faults: faults(&mut dice), ..Scenario::default() };
    let mut answers = Vec::new();
    for guest in 0..1 + dice.below(4) {
        let client = guest as usize;
        let link = Link {
            latency: Micros(1 + dice.below(2_000)),
            server_receive_bytes: 64 + dice.below(20_000),
            server_send_bytes: 64 + dice.below(20_000),
            guest_receive_bytes: 64 + dice.below(20_000),
        };
        let commands = commands(&mut dice, guest);
        answers.push(commands.len());
        let bytes = commands.concat();
        let mut splits: Vec<usize> =
            (0..dice.below(20)).map(|_| dice.below(bytes.len() as u64) as usize).collect();
        splits.sort_unstable();
        splits.dedup();
        splits.retain(|offset| *offset > 0);
        let apart = Micros(dice.below(3_000));
        let start = Micros(1_000 + dice.below(5_000));
        for (scenario, link, packets) in [
            (&mut plain, Link::default(), Packets::whole(bytes.clone())),
            (&mut rough, link, Packets { bytes, splits, apart }),
        ] {
            scenario.clients.push(ClientSpec { name: format!("guest-{guest}"), link, from: None });
            scenario.insert(Input { at: Micros(1_000), client, action: Action::Connect });
            scenario.insert(Input { at: start, client, action: Action::Send(packets) });
        }
        if dice.below(3) == 0 {
            let stops = Micros(dice.below(6_000) + 1_000);
            let some = Action::ReadOnly { bytes: 1 + dice.below(500) };
            for (at, action) in [
                (stops, Action::StopReading),
                (Micros(20_000), some),
                (Micros(40_000), Action::Read),
            ] {
                rough.insert(Input { at, client, action });
            }
        }
    }
    (plain, rough, answers)
}

/// Which faults there are at all is drawn first: rare combinations come up.
fn faults(dice: &mut Dice) -> FaultConfig {
    let mut rate = |highest: u64| if dice.below(2) == 0 { 0 } else { dice.below(highest) as u16 };
    FaultConfig {
        seed: 0,
        short_read_per_mille: rate(900),
        short_write_per_mille: rate(900),
        read_would_block_per_mille: rate(500),
        write_would_block_per_mille: rate(500),
        accept_exhausted_per_mille: rate(300),
        shuffle_per_mille: rate(1_000),
        spurious_per_mille: rate(500),
        delayed_per_mille: rate(500),
        stall_per_mille: 0,
        // A broken connection has no last answer to compare.
        reset_per_mille: 0,
        accept_aborted_per_mille: 0,
    }
}

fn run(seed: u64, scenario: &Scenario) -> Sim {
    let (mut sim, mut records) = (Sim::new(scenario), Vec::new());
    let end = sim.run_to_quiet(CYCLES_MAX, &mut records);
    assert_eq!(end, Progress::Quiet, "seed {seed}\n{}", summary::table(&records));
    sim
}

#[test]
fn the_same_answers_whatever_the_network_does() {
    let mut rough_cycles = 0;
    for seed in 0..SEEDS {
        let (plain, rough, answers) = evenings(seed);
        let (plain, rough_sim) = (run(seed, &plain), run(seed, &rough));
        rough_cycles += rough_sim.cycles();
        for (client, answers) in answers.into_iter().enumerate() {
            let received = rough_sim.received(client);
            let text = rough.to_text();
            assert_eq!(received, plain.received(client), "seed {seed}, guest {client}\n{text}");
            let mut parser = ReplyParser::new(Protocol::Resp2);
            parser.feed(received);
            for _ in 0..answers {
                let reply = parser.next_reply().expect("strict RESP");
                assert!(reply.is_some(), "seed {seed}, guest {client}\n{text}");
            }
            assert!(parser.is_between_replies(), "seed {seed}, guest {client}\n{text}");
        }
    }
    assert!(rough_cycles > 10 * SEEDS, "as if nothing were rough: {rough_cycles} cycles");
}
