//! Makes a failing scenario small: leaves out whatever can be left out while
//! the same invariant still fails.

use super::Invariant;
use super::reader::{self, Reading, Rules};
use crate::net::Costs;
use crate::net::fault::FaultConfig;
use crate::sim::scenario::settings::FAULTS;
use crate::sim::{Action, Packets, Scenario};

/// Most runs that are spent on it.
const RUNS_MAX: u32 = 2_000;

/// The smallest scenario that greedy removal finds. `fails` says which
/// invariant a scenario breaks, if any.
pub fn shrink(
    scenario: &Scenario,
    invariant: Invariant,
    fails: impl Fn(&Scenario) -> Option<Invariant>,
) -> Scenario {
    let mut smallest = scenario.clone();
    let mut runs = 0;
    // Until a whole round leaves nothing out.
    'round: loop {
        let before = smallest.clone();
        for pass in PASSES {
            let mut index = 0;
            while let Some(smaller) = pass(&smallest, index) {
                if runs == RUNS_MAX {
                    break 'round;
                }
                runs += 1;
                // What was the next one has the same index if this one went.
                if smaller != smallest && fails(&smaller) == Some(invariant) {
                    smallest = smaller;
                } else {
                    index += 1;
                }
            }
        }
        if smallest == before {
            break;
        }
    }
    smallest
}

/// The scenario with its `index`th part of one kind left out; `None` when
/// there are no more.
type Pass = fn(&Scenario, usize) -> Option<Scenario>;

const PASSES: [Pass; 7] = [
    without_client,
    without_inputs,
    without_input,
    without_fault,
    without_config,
    plainer,
    shorter,
];

/// A crowd goes as a whole.
fn without_client(scenario: &Scenario, index: usize) -> Option<Scenario> {
    if scenario.clients.len() < 2 || index >= scenario.clients.len() {
        return None;
    }
    let mut smaller = scenario.clone();
    let gone = scenario.companions(index);
    if gone.start == index {
        smaller.clients.drain(gone.clone());
        smaller.inputs.retain(|input| !gone.contains(&input.client));
        for input in &mut smaller.inputs {
            input.client -= if input.client >= gone.end { gone.len() } else { 0 };
        }
    }
    Some(smaller)
}

/// An eighth of the inputs at a time, but for the connecting, and for what
/// only a whole crowd does.
fn without_inputs(scenario: &Scenario, index: usize) -> Option<Scenario> {
    let chunk = scenario.inputs.len().div_ceil(8).max(1);
    let from = index * chunk;
    if chunk < 2 || from >= scenario.inputs.len() {
        return None;
    }
    let mut smaller = scenario.clone();
    let mut number = 0;
    smaller.inputs.retain(|input| {
        let gone = (from..from + chunk).contains(&number);
        number += 1;
        !gone || matches!(input.action, Action::Connect | Action::Load(_))
    });
    Some(smaller)
}

fn without_input(scenario: &Scenario, index: usize) -> Option<Scenario> {
    let input = scenario.inputs.get(index)?;
    let mut smaller = scenario.clone();
    let needed =
        |other: &crate::sim::Input| other.client == input.client && other.action != Action::Connect;
    let gone = match &input.action {
        Action::Connect if scenario.inputs.iter().any(needed) => return Some(smaller),
        Action::Load(share) if share.nth > 0 => return Some(smaller),
        _ => scenario.statement(index),
    };
    smaller.inputs.drain(gone);
    Some(smaller)
}

fn without_fault(scenario: &Scenario, index: usize) -> Option<Scenario> {
    let mut smaller = scenario.clone();
    if index == FAULTS.len() {
        smaller.faults = FaultConfig::default();
        smaller.calm = None;
        return Some(smaller);
    }
    let (_, rate) = FAULTS.get(index)?;
    *rate(&mut smaller.faults) = 0;
    Some(smaller)
}

fn without_config(scenario: &Scenario, index: usize) -> Option<Scenario> {
    let mut smaller = scenario.clone();
    (index < smaller.config.len()).then(|| smaller.config.remove(index))?;
    Some(smaller)
}

/// Ordinary links and costs.
fn plainer(scenario: &Scenario, index: usize) -> Option<Scenario> {
    let mut smaller = scenario.clone();
    if index == scenario.clients.len() {
        smaller.costs = Costs::default();
    } else {
        let alike = scenario.companions(index);
        smaller.clients.get_mut(alike)?.iter_mut().for_each(|client| client.link = scenario.link);
    }
    Some(smaller)
}

/// The `index / 4`th sending with fewer packets or fewer requests.
fn shorter(scenario: &Scenario, index: usize) -> Option<Scenario> {
    let mut smaller = scenario.clone();
    let packets = smaller.inputs.iter_mut().filter_map(|input| match &mut input.action {
        Action::Send(packets) => Some(packets),
        _ => None,
    });
    let packets = packets.into_iter().nth(index / 4)?;
    let requests = requests(&packets.bytes);
    let half = requests.len() / 2;
    let kept = match index % 4 {
        0 => {
            packets.splits.clear();
            return Some(smaller);
        }
        _ if half == 0 => return Some(smaller),
        1 => &requests[..half],
        2 => &requests[half..],
        _ => &requests[1..],
    };
    *packets = Packets { apart: packets.apart, ..Packets::whole(kept.concat()) };
    Some(smaller)
}

/// The bytes, cut behind every request; what is no request stays together.
fn requests(bytes: &[u8]) -> Vec<Vec<u8>> {
    let rules = Rules { max_bulk_len: u64::MAX / 2, authenticated: true };
    let (mut out, mut from) = (Vec::new(), 0);
    while let Reading::Request { end, .. } = reader::read(&bytes[from..], rules) {
        out.push(bytes[from..from + end].to_vec());
        from += end;
    }
    if from < bytes.len() {
        out.push(bytes[from..].to_vec());
    }
    out
}
