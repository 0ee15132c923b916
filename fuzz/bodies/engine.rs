//! The whole engine: operations drawn from bytes, every invariant checked
//! after every half-cycle.

use onechef::net::fault::FaultConfig;
use onechef::net::virt::Link;
use onechef::sim::check::examine;
use onechef::sim::{Action, ClientSpec, Input, Packets, Scenario};
use onechef::time::Micros;

const GUESTS: u8 = 4;
/// From then on the network breaks nothing more, and everybody reads.
const CALM: Micros = Micros(1_000_000);
/// What a byte can stand for, so that not every request has to be guessed.
const REQUESTS: [&[&str]; 32] = [
    &["PING"],
    &["SET", "k", "v"],
    &["GET", "k"],
    &["APPEND", "k", "xxxxxxxxxxxxxxxx"],
    &["SETRANGE", "big", "70000", "x"],
    &["GET", "big"],
    &["INCR", "n"],
    &["SET", "k", "v", "PX", "3"],
    &["DEL", "k", "l", "m"],
    &["RPUSH", "l", "a", "b"],
    &["BLPOP", "l", "m", "0"],
    &["BLPOP", "l", "0.01"],
    &["BLMOVE", "l", "m", "LEFT", "RIGHT", "0"],
    &["MULTI"],
    &["EXEC"],
    &["DISCARD"],
    &["WATCH", "k", "l"],
    &["SUBSCRIBE", "c", "d"],
    &["PSUBSCRIBE", "*"],
    &["UNSUBSCRIBE"],
    &["PUBLISH", "c", "message"],
    &["HELLO", "3"],
    &["RESET"],
    &["QUIT"],
    &["CLIENT", "KILL", "ID", "2"],
    &["CLIENT", "PAUSE", "5", "WRITE"],
    &["CLIENT", "REPLY", "SKIP"],
    &["CLIENT", "UNBLOCK", "1", "ERROR"],
    &["MONITOR"],
    &["FLUSHALL"],
    &["CONFIG", "SET", "maxmemory-clients", "200kb"],
    &["NOSUCH", "thing"],
];

/// # Panics
/// If an invariant is broken; with the scenario, to be replayed.
pub fn hold(data: &[u8]) {
    let scenario = scenario(data);
    if let Err(violation) = examine(&scenario) {
        panic!("{violation}\n{}", scenario.to_text());
    }
}

/// Four bytes of weather, then operations.
fn scenario(data: &[u8]) -> Scenario {
    let mut bytes = data.iter().copied();
    let mut next = || bytes.next();
    let mut scenario = Scenario { seed: 1, calm: Some(CALM), ..Scenario::default() };
    let mut weather = || u16::from(next().unwrap_or(0));
    scenario.faults = FaultConfig {
        short_read_per_mille: weather() * 2,
        short_write_per_mille: weather() * 2,
        spurious_per_mille: weather(),
        reset_per_mille: weather() / 16,
        ..FaultConfig::default()
    };
    for guest in 0..GUESTS {
        let link = Link { server_send_bytes: 8 * 1_024, ..Link::default() };
        scenario.clients.push(ClientSpec { name: format!("guest-{guest}"), link, from: None });
        let at = Micros(1_000);
        scenario.insert(Input { at, client: guest.into(), action: Action::Connect });
    }
    let mut at = Micros(2_000);
    while let Some(operation) = next() {
        let client = usize::from(operation % GUESTS);
        let action = match operation / GUESTS {
            0..=47 => {
                Action::Send(Packets::command(REQUESTS[usize::from(operation / GUESTS) % 32]))
            }
            48..=53 => {
                let len = next().unwrap_or(0) % 64;
                let bytes: Vec<u8> = (0..len).map_while(|_| next()).collect();
                if bytes.is_empty() {
                    continue;
                }
                Action::Send(split(bytes))
            }
            54 => Action::StopReading,
            55 => Action::Read,
            56 => Action::HalfClose,
            57 => Action::Close,
            58 => Action::Reset,
            _ => {
                at = at.saturating_add(Micros(u64::from(next().unwrap_or(0)) * 50));
                continue;
            }
        };
        scenario.insert(Input { at: at.min(CALM), client, action });
        // Packets of one guest must not overtake each other.
        at = at.saturating_add(Micros(200));
        if at >= CALM {
            break;
        }
    }
    for client in 0..GUESTS {
        scenario.insert(Input { at: CALM, client: client.into(), action: Action::Read });
    }
    scenario
}

/// In two packets, so that a request may be cut anywhere.
fn split(bytes: Vec<u8>) -> Packets {
    let at = usize::from(bytes[0]) % bytes.len();
    let splits = if at == 0 { Vec::new() } else { vec![at] };
    Packets { splits, apart: Micros(100), ..Packets::whole(bytes) }
}
