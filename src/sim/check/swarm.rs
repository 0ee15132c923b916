//! Scenarios drawn from a seed.
//!
//! First it is drawn *which* things happen at all (topics, limits, faults,
//! manners), then how often and when: if everything always happened, rare
//! combinations would never come up. Every scenario ends with calm: from then
//! on nothing breaks and everybody reads, so the loop must come to rest.

mod rush;

use super::shrink::shrink;
use super::trial::{Report, examine, examine_twice};
use super::{Invariant, Violation};
use crate::net::fault::FaultConfig;
use crate::net::virt::Link;
use crate::sim::{Action, ClientSpec, Input, Packets, Scenario};
use crate::time::Micros;
use rand_pcg::Pcg64Mcg;
use rand_pcg::rand_core::{Rng, SeedableRng};

/// One in so many seeds is run again, and once more with nobody watching.
const AGAIN_EVERY: u64 = 16;
/// Most packets that leave one after the other, and microseconds to the next
/// thing that is sent: bytes of two sendings must not mix.
const PACKETS_MAX: u64 = 12;

/// A scenario, and whether its answers depend on nothing but its requests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Drawn {
    pub scenario: Scenario,
    /// Keys are private to guests, nobody is cut off, nothing depends on the
    /// clock: on another network the same bytes are answered.
    pub comparable: bool,
}

/// The scenario of a seed.
#[must_use]
pub fn scenario(seed: u64) -> Scenario {
    draw(seed).scenario
}

impl Drawn {
    /// Runs the scenario through every check that applies to it.
    ///
    /// # Errors
    /// The first violation.
    pub fn prove(&self) -> Result<Report, Violation> {
        let again = self.scenario.seed.is_multiple_of(AGAIN_EVERY);
        let run = if again { examine_twice } else { examine };
        let report = run(&self.scenario)?;
        if self.comparable {
            compare(&report, &examine(&smooth(&self.scenario))?)?;
        }
        Ok(report)
    }

    /// A smaller scenario that breaks the same invariant.
    #[must_use]
    pub fn shrink(&self, invariant: Invariant) -> Scenario {
        shrink(&self.scenario, invariant, |scenario| {
            let smaller = Drawn { scenario: scenario.clone(), comparable: self.comparable };
            smaller.prove().err().map(|violation| violation.invariant)
        })
    }
}

/// The same requests on an ordinary network: whole packets, wide buffers, no
/// faults, willing readers; and the chef carries everything himself.
#[must_use]
pub fn smooth(scenario: &Scenario) -> Scenario {
    let mut smooth = scenario.clone();
    smooth.faults = FaultConfig::default();
    smooth.config.retain(|(name, _)| name != "io-threads");
    for client in &mut smooth.clients {
        client.link = Link::default();
    }
    let sends =
        |input: &Input| matches!(input.action, Action::Connect | Action::Send(_) | Action::Load(_));
    smooth.inputs.retain(sends);
    for input in &mut smooth.inputs {
        if let Action::Send(packets) = &mut input.action {
            packets.splits.clear();
        }
    }
    smooth
}

/// The answers must not depend on the way the bytes took.
pub(super) fn compare(rough: &Report, smooth: &Report) -> Result<(), Violation> {
    let guest = rough.received.iter().zip(&smooth.received).position(|(a, b)| a != b);
    let text = match guest {
        Some(guest) => {
            let lengths = (rough.received[guest].len(), smooth.received[guest].len());
            format!("guest {guest} gets other bytes on a smooth network: {lengths:?}")
        }
        None if rough.keys != smooth.keys => "other keys remain on a smooth network".to_owned(),
        None => return Ok(()),
    };
    let (seq, at) = (rough.records, rough.simulated);
    Err(Violation { invariant: Invariant::ChunkingInvariance, seq, at, text })
}

struct Dice(Pcg64Mcg);

impl Dice {
    fn below(&mut self, bound: u64) -> u64 {
        self.0.next_u64() % bound
    }

    fn one_in(&mut self, chances: u64) -> bool {
        self.below(chances) == 0
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len() as u64) as usize]
    }

    /// From 1 to 2^`bits`, small ones as likely as large ones.
    fn magnitude(&mut self, bits: u64) -> u64 {
        let bits = self.below(bits + 1);
        1 + self.below(1 << bits)
    }
}

/// What guests talk about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Topic {
    Strings,
    Lists,
    Large,
    Typed,
    Mistakes,
    Pipelines,
    Transactions,
    Waiting,
    Messages,
    Pauses,
    Expiry,
    Manners,
    Dialects,
    Killing,
    Settings,
    Nonsense,
    Goodbye,
    Slow,
}

/// These give the same answers whenever they are asked.
const TIMELESS: [Topic; 6] =
    [Topic::Strings, Topic::Lists, Topic::Large, Topic::Typed, Topic::Mistakes, Topic::Pipelines];

const TIMELY: [Topic; 12] = [
    Topic::Waiting,
    Topic::Messages,
    Topic::Pauses,
    Topic::Transactions,
    Topic::Expiry,
    Topic::Manners,
    Topic::Dialects,
    Topic::Killing,
    Topic::Settings,
    Topic::Nonsense,
    Topic::Goodbye,
    Topic::Slow,
];

/// The scenario of a seed, and what may be asked of it.
#[must_use]
pub fn draw(seed: u64) -> Drawn {
    let mut dice = Dice(Pcg64Mcg::seed_from_u64(seed));
    let comparable = dice.one_in(3);
    let long = !comparable && dice.one_in(8);
    let calm = Micros::from_millis(if long { 6_000 } else { 80 });
    let mut scenario = Scenario { seed, calm: Some(calm), ..Scenario::default() };
    scenario.faults = faults(&mut dice, comparable);
    if !comparable {
        scenario.config = limits(&mut dice, long);
    }
    let mut topics: Vec<Topic> = TIMELESS.iter().copied().filter(|_| dice.one_in(2)).collect();
    if !comparable {
        topics.extend(TIMELY.iter().copied().filter(|_| dice.one_in(3)));
    }
    if topics.is_empty() {
        topics.push(Topic::Strings);
    }
    let password = scenario.config.iter().any(|(name, _)| name == "requirepass");
    let guests = 1 + dice.below(6);
    for guest in 0..guests {
        let plan = Plan { guest, topics: &topics, comparable, password, calm };
        invite(&mut dice, &mut scenario, &plan);
    }
    let plan = Plan { guest: guests, topics: &topics, comparable, password, calm };
    hire(&mut Dice(Pcg64Mcg::seed_from_u64(!seed)), &mut scenario, &plan);
    meddle(&mut Dice(Pcg64Mcg::seed_from_u64(seed.rotate_left(32))), &mut scenario, &plan);
    rush::rush(&mut Dice(Pcg64Mcg::seed_from_u64(seed.rotate_left(16))), &mut scenario, &plan);
    Drawn { scenario, comparable }
}

/// Helpers for the sweep, and a crowd that orders all at once, since helpers
/// are called only when many wait. Drawn with dice of its own: what else is
/// drawn does not depend on it.
fn hire(dice: &mut Dice, scenario: &mut Scenario, plan: &Plan<'_>) {
    if !dice.one_in(3) {
        return;
    }
    let threads = 2 + dice.below(3);
    scenario.config.push(("io-threads".to_owned(), threads.to_string()));
    scenario.costs.fan_out_ns = 100 * dice.magnitude(8);
    scenario.costs.fan_in_ns = 100 * dice.magnitude(8);
    let at = Micros(20_000 + dice.below(40_000));
    let crowd = 2 * threads + dice.below(4);
    for guest in plan.guest..plan.guest + crowd {
        let client = scenario.clients.len();
        let link = Link { server_send_bytes: 63 + dice.magnitude(20), ..Link::default() };
        scenario.clients.push(ClientSpec { name: format!("guest-{guest}"), link, from: None });
        let topic = dice.pick(plan.topics);
        let bytes = requests(dice, topic, guest);
        for (at, action) in [
            (Micros(10_000 + guest), Action::Connect),
            (at, Action::Send(Packets::whole(bytes))),
            (plan.calm, Action::Read),
        ] {
            scenario.insert(Input { at, client, action });
        }
    }
}

/// Somebody who changes the rules while the others eat, and asks about
/// everything. Drawn with dice of its own, too.
fn meddle(dice: &mut Dice, scenario: &mut Scenario, plan: &Plan<'_>) {
    if plan.comparable || !dice.one_in(4) {
        return;
    }
    let client = scenario.clients.len();
    scenario.clients.push(ClientSpec {
        name: "host".to_owned(),
        from: None,
        link: Link::default(),
    });
    let mut at = Micros(500 + dice.below(3_000));
    scenario.insert(Input { at, client, action: Action::Connect });
    if plan.password {
        let action = Action::Send(Packets::command(&["AUTH", "secret"]));
        scenario.insert(Input { at, client, action });
    }
    for _ in 0..1 + dice.below(8) {
        at = at.saturating_add(Micros(PACKETS_MAX + dice.below(12_000)));
        let bytes = if dice.one_in(3) { question(dice) } else { setting(dice) };
        scenario.insert(Input { at, client, action: Action::Send(Packets::whole(bytes)) });
    }
    scenario.insert(Input { at: plan.calm, client, action: Action::Read });
}

/// `CONFIG SET`, of what matters to somebody.
fn setting(dice: &mut Dice) -> Vec<u8> {
    let limit = format!("{} {}kb 40kb 1", dice.pick(&["normal", "pubsub"]), dice.below(200));
    let all = [
        ("maxclients", (1 + dice.below(12)).to_string()),
        ("max-new-connections-per-cycle", (1 + dice.below(3)).to_string()),
        ("client-query-buffer-limit", "1mb".to_owned()),
        ("client-output-buffer-limit", limit),
        ("hz", (1 + dice.below(300)).to_string()),
        ("requirepass", dice.pick(&["", "secret", "other"]).to_owned()),
        ("maxmemory-clients", dice.pick(&["0", "150000", "5mb"]).to_owned()),
        ("maxmemory", dice.pick(&["0", "40kb", "1gb"]).to_owned()),
        ("timeout", dice.below(2).to_string()),
        ("active-expire-effort", (1 + dice.below(10)).to_string()),
        ("slowlog-log-slower-than", dice.pick(&["-1", "0"]).to_owned()),
        ("latency-monitor-threshold", dice.below(2).to_string()),
    ];
    let (name, value) = &all[dice.below(all.len() as u64) as usize];
    command(&["CONFIG", "SET", name, value])
}

/// What tells about the server, or about how to speak with it.
fn question(dice: &mut Dice) -> Vec<u8> {
    let line = dice.pick(&[
        "INFO everything",
        "CLIENT INFO",
        "CLIENT LIST TYPE normal",
        "CLIENT NO-TOUCH on",
        "COMMAND",
        "COMMAND GETKEYS SET k v",
        "SLOWLOG GET",
        "LATENCY LATEST",
        "OBJECT ENCODING 0:0",
        "SCAN 0",
        "KEYS *",
        "DEBUG POPULATE 20",
        "DEBUG PROTOCOL map",
        "DEBUG PROTOCOL attrib",
        "DEBUG SET-ACTIVE-EXPIRE 0",
        "DEBUG PAUSE-CRON 1",
        "DEBUG ERROR \"A b\"",
        "PUBSUB CHANNELS",
        "MEMORY USAGE 0:0",
        "SHUTDOWN NOSAVE",
    ]);
    [line.as_bytes(), b"\r\n"].concat()
}

/// What is drawn once for all guests.
struct Plan<'a> {
    guest: u64,
    topics: &'a [Topic],
    comparable: bool,
    password: bool,
    calm: Micros,
}

fn faults(dice: &mut Dice, comparable: bool) -> FaultConfig {
    let mut rate = |highest: u64| if dice.one_in(2) { 0 } else { dice.below(highest) as u16 };
    let faults = FaultConfig {
        seed: 0,
        short_read_per_mille: rate(1_000),
        short_write_per_mille: rate(1_000),
        read_would_block_per_mille: rate(600),
        write_would_block_per_mille: rate(600),
        accept_exhausted_per_mille: rate(300),
        shuffle_per_mille: rate(1_000),
        spurious_per_mille: rate(500),
        delayed_per_mille: rate(500),
        stall_per_mille: rate(60),
        reset_per_mille: rate(30),
        accept_aborted_per_mille: rate(400),
    };
    if comparable {
        FaultConfig { reset_per_mille: 0, accept_aborted_per_mille: 0, ..faults }
    } else {
        faults
    }
}

fn limits(dice: &mut Dice, long: bool) -> Vec<(String, String)> {
    let all = [
        ("maxclients", (1 + dice.below(5)).to_string()),
        ("max-new-connections-per-cycle", (1 + dice.below(3)).to_string()),
        ("tcp-backlog", (1 + dice.below(3)).to_string()),
        ("client-query-buffer-limit", "1mb".to_owned()),
        ("client-output-buffer-limit", format!("normal {}kb 40kb 1", 20 + dice.below(200))),
        ("hz", (1 + dice.below(200)).to_string()),
        ("requirepass", "secret".to_owned()),
        ("maxmemory-clients", (100_000 + dice.below(200_000)).to_string()),
        ("maxmemory", (10_000 + dice.below(100_000)).to_string()),
        ("proto-max-bulk-len", "1mb".to_owned()),
        ("timeout", "1".to_owned()),
        ("active-expire-effort", (1 + dice.below(10)).to_string()),
    ];
    let drawn = all.into_iter().filter(|(name, _)| match *name {
        "timeout" => long && dice.one_in(2),
        _ => dice.one_in(5),
    });
    drawn.map(|(name, value)| (name.to_owned(), value)).collect()
}

fn invite(dice: &mut Dice, scenario: &mut Scenario, plan: &Plan<'_>) {
    let client = scenario.clients.len();
    let link = Link {
        latency: Micros(dice.magnitude(11)),
        server_receive_bytes: 63 + dice.magnitude(16),
        // Wide enough for the write budget to be met.
        server_send_bytes: 63 + dice.magnitude(20),
        guest_receive_bytes: 63 + dice.magnitude(16),
    };
    scenario.clients.push(ClientSpec { name: format!("guest-{}", plan.guest), link, from: None });
    let mut at = Micros(1_000 + dice.below(8_000));
    let came = at;
    scenario.insert(Input { at, client, action: Action::Connect });
    if plan.password && !dice.one_in(3) {
        let action = Action::Send(Packets::command(&["AUTH", "secret"]));
        scenario.insert(Input { at, client, action });
    }
    let spread = if plan.calm > Micros::from_secs(1) { 1_000_000 } else { 6_000 };
    for _ in 0..1 + dice.below(6) {
        at = at.saturating_add(Micros(PACKETS_MAX + dice.below(spread)));
        let topic = dice.pick(plan.topics);
        let bytes = requests(dice, topic, plan.guest);
        let action = Action::Send(packets(dice, bytes));
        scenario.insert(Input { at, client, action });
    }
    // Left before the door opened, or while it did.
    if !plan.comparable && dice.one_in(12) {
        let action = dice.pick(&[0, 1]);
        let action = if action == 0 { Action::Close } else { Action::Reset };
        scenario.insert(Input {
            at: came.saturating_add(Micros(dice.below(3_000))),
            client,
            action,
        });
    }
    // Crumb by crumb.
    if dice.one_in(8) {
        let from = 10_000 + dice.below(20_000);
        for crumb in 0..dice.below(40) {
            let action = Action::ReadOnly { bytes: 1 };
            scenario.insert(Input { at: Micros(from + crumb * 700), client, action });
        }
    }
    let ends = [
        (4, Action::StopReading),
        (4, Action::ReadOnly { bytes: dice.magnitude(12) }),
        (5, Action::HalfClose),
        (5, Action::Close),
        (6, Action::Reset),
    ];
    for (chances, action) in ends {
        let reads = matches!(action, Action::StopReading | Action::ReadOnly { .. });
        if dice.one_in(chances) && (reads || !plan.comparable) {
            let at = Micros(10_000 + dice.below(plan.calm.0 - 10_000));
            scenario.insert(Input { at, client, action });
        }
    }
    scenario.insert(Input { at: plan.calm, client, action: Action::Read });
}

/// Cut anywhere, sometimes between any two bytes, or at the line ends.
fn packets(dice: &mut Dice, bytes: Vec<u8>) -> Packets {
    let mut splits: Vec<usize> = match dice.below(5) {
        0 => Vec::new(),
        2 if bytes.len() < 2_000 => {
            // Before and behind every CR and LF.
            let ends = bytes.iter().enumerate().filter(|(_, byte)| b"\r\n".contains(byte));
            ends.flat_map(|(at, _)| [at, at + 1]).filter(|at| *at < bytes.len()).collect()
        }
        1 if bytes.len() < 200 => (1..bytes.len()).collect(),
        _ => {
            (0..dice.below(PACKETS_MAX)).map(|_| dice.below(bytes.len() as u64) as usize).collect()
        }
    };
    splits.sort_unstable();
    splits.dedup();
    splits.retain(|offset| *offset > 0);
    if splits.is_empty() {
        return Packets::whole(bytes);
    }
    let apart = Micros(if splits.len() as u64 > PACKETS_MAX { 0 } else { dice.below(2) });
    Packets { bytes, splits, apart }
}

fn command(words: &[&str]) -> Vec<u8> {
    Packets::command(words).bytes
}

fn requests(dice: &mut Dice, topic: Topic, guest: u64) -> Vec<u8> {
    let key = format!("{guest}:{}", dice.below(3));
    let key = key.as_str();
    let list = format!("{guest}:l");
    match topic {
        Topic::Strings => {
            let value = "v".repeat(dice.magnitude(8) as usize);
            let offset = dice.below(500).to_string();
            let drawn = dice.below(7);
            match drawn {
                0 => command(&["SET", key, &value]),
                1 => command(&["APPEND", key, &value]),
                2 => command(&["INCR", &format!("{key}n")]),
                3 => command(&["SETRANGE", key, &offset, &value]),
                4 => command(&["MGET", key, "nothing", key]),
                5 => command(&["DEL", key]),
                _ => command(&["GET", key]),
            }
        }
        Topic::Lists => match dice.below(4) {
            0 => command(&["LPUSH", &list, "a", "b"]),
            1 => command(&["RPUSH", &list, &"x".repeat(dice.magnitude(9) as usize)]),
            2 => command(&["LPOP", &list]),
            _ => command(&["LRANGE", &list, "0", "-1"]),
        },
        Topic::Large => {
            // Kept from the other topics: a pipeline of these would never end.
            let value = "x".repeat(dice.magnitude(16) as usize);
            let key = format!("{guest}:large");
            let gets = command(&["GET", &key]).repeat(dice.below(4) as usize);
            [command(&["SET", &key, &value]), gets].concat()
        }
        Topic::Typed => dice
            .pick(&[
                &b"PING\r\n"[..],
                b"\r\n",
                b"*0\r\n",
                b"*-1\r\n",
                b"ECHO \"a b\"\n",
                b"GET 'q'\r\n",
            ])
            .to_vec(),
        Topic::Mistakes => match dice.below(4) {
            0 => command(&["NONSENSE", "\r\n+OK\r\n"]),
            1 => command(&["GET"]),
            2 => command(&["LPUSH", &format!("{key}s"), "x", "y"]),
            _ => [command(&["SET", key, "x"]), command(&["LPOP", key])].concat(),
        },
        Topic::Pipelines => command(&["GET", key]).repeat(dice.magnitude(9) as usize),
        _ => timely(dice, topic, key),
    }
}

fn timely(dice: &mut Dice, topic: Topic, key: &str) -> Vec<u8> {
    let other = (1 + dice.below(6)).to_string();
    match topic {
        Topic::Expiry => match dice.below(4) {
            0 => command(&["SET", key, "soon", "PX", &(1 + dice.below(40)).to_string()]),
            1 => command(&["PEXPIRE", key, &dice.below(30).to_string()]),
            2 => command(&["PTTL", key]),
            _ => command(&["GET", key]),
        },
        Topic::Transactions => match dice.below(6) {
            0 => command(&["MULTI"]),
            1 => command(&["EXEC"]),
            2 => command(&["DISCARD"]),
            3 => command(&["WATCH", key]),
            4 => [command(&["MULTI"]), command(&["INCR", key]).repeat(3), command(&["EXEC"])]
                .concat(),
            _ => [command(&["WATCH", key]), command(&["MULTI"]), command(&["NONSENSE"])].concat(),
        },
        Topic::Waiting => match dice.below(7) {
            0 => command(&["BLPOP", "queue", "0"]),
            1 => command(&["BLPOP", "queue", "other", &format!("0.0{}", 1 + dice.below(9))]),
            2 => command(&["BRPOP", "other", "queue", "0.001"]),
            3 => command(&["BLMOVE", "queue", "other", "LEFT", "RIGHT", "0.02"]),
            4 => command(&["CLIENT", "UNBLOCK", &other, dice.pick(&["TIMEOUT", "ERROR"])]),
            5 => [command(&["LPUSH", "other", "x"]), command(&["DEL", "queue"])].concat(),
            _ => [command(&["RPUSH", "queue", "a", "b"]), command(&["PING"])].concat(),
        },
        Topic::Messages => match dice.below(7) {
            0 => command(&["SUBSCRIBE", "news", "weather"]),
            1 => command(&["PSUBSCRIBE", "n*"]),
            2 => command(&["UNSUBSCRIBE"]),
            3 => command(&["MONITOR"]),
            _ => command(&["PUBLISH", "news", &"x".repeat(dice.magnitude(12) as usize)]),
        },
        Topic::Pauses => match dice.below(4) {
            0 => command(&["CLIENT", "PAUSE", &dice.below(30).to_string(), "WRITE"]),
            1 => command(&["CLIENT", "PAUSE", &dice.below(30).to_string()]),
            2 => command(&["CLIENT", "UNPAUSE"]),
            _ => [command(&["INCR", "n"]), command(&["GET", "n"])].concat(),
        },
        Topic::Manners => match dice.below(6) {
            0 => command(&["CLIENT", "REPLY", "OFF"]),
            1 => command(&["CLIENT", "REPLY", "ON"]),
            2 => [command(&["CLIENT", "REPLY", "SKIP"]), command(&["PING"]).repeat(2)].concat(),
            3 => command(&["CLIENT", "SETNAME", "ana"]),
            4 => command(&["CLIENT", "LIST"]),
            _ => command(&["CLIENT", "NO-EVICT", "on"]),
        },
        Topic::Dialects => match dice.below(5) {
            0 => command(&["HELLO", "3"]),
            1 => command(&["HELLO", "2"]),
            2 => command(&["CONFIG", "GET", "*"]),
            3 => command(&["RESET"]),
            _ => command(&["HELLO", "4"]),
        },
        Topic::Killing => {
            let skip = dice.pick(&["yes", "no"]);
            let kill = match dice.below(3) {
                0 => command(&["CLIENT", "KILL", "ID", &other, "SKIPME", skip]),
                1 => command(&["CLIENT", "KILL", "TYPE", "normal", "SKIPME", skip]),
                _ => command(&["CLIENT", "KILL", "127.0.0.1:50002"]),
            };
            [command(&["PING"]), kill, command(&["PING"]).repeat(2)].concat()
        }
        Topic::Settings => match dice.below(5) {
            0 => command(&["CONFIG", "SET", "hz", "37"]),
            1 => command(&["CONFIG", "RESETSTAT"]),
            2 => command(&["INFO"]),
            3 => command(&["FLUSHALL"]),
            _ => command(&["SELECT", &dice.below(17).to_string()]),
        },
        Topic::Nonsense => dice
            .pick(&[
                &b"*1\r\n+bad\r\nPING\r\n"[..],
                b"*99999999999\r\n",
                b"*2\r\n$3\r\nGET\r\n$-5\r\n",
                b"GET 'a\r\nPING\r\n",
                b"POST / HTTP/1.1\r\nHost: x\r\n\r\n",
                b"*2\r\n$3\r\nGET\r\n$5\r\nhal",
                b"*11\r\n",
                b"*1\r\n$20000\r\n",
                b"$4\r\nPING\r\n",
                b"\0\r\n",
            ])
            .to_vec(),
        Topic::Goodbye => [command(&["PING"]), command(&["QUIT"]), command(&["PING"])].concat(),
        _ => command(&["DEBUG", "SLEEP", dice.pick(&["0.001", "0.01", "0.2"])]),
    }
}
