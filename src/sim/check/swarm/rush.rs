//! Crowds with loads.

use super::{Dice, Plan};
use crate::net::virt::Link;
use crate::sim::scenario::{Load, Pace, Piece, Share, Template};
use crate::sim::{Action, Input, Scenario};
use crate::time::Micros;
use std::sync::Arc;

/// A crowd with a load. Drawn with dice of its own, too.
pub(super) fn rush(dice: &mut Dice, scenario: &mut Scenario, plan: &Plan<'_>) {
    if !dice.one_in(4) {
        return;
    }
    let link = Link {
        latency: Micros(dice.magnitude(11)),
        server_send_bytes: 63 + dice.magnitude(16),
        ..Link::default()
    };
    let guests = 1 + dice.below(5) as usize;
    let crowd = scenario.add_crowd("rush", guests, link);
    let number = vec![Piece::Bytes(b"rush:".to_vec()), Piece::Number];
    let any = vec![Piece::Bytes(b"v".to_vec()), Piece::Random(1, 9_999)];
    let word = |word: &str| vec![Piece::Bytes(word.into())];
    let command = dice.below(3);
    let command = match command {
        0 => vec![word("SET"), number, any],
        1 => vec![word("GET"), number],
        _ => vec![word("ECHO"), any],
    };
    let think = Micros(dice.below(2) * dice.magnitude(12));
    let every = Micros(dice.magnitude(9));
    let pace = match dice.one_in(2) {
        true => Pace::Closed { pipeline: dice.magnitude(4), think },
        false => Pace::Open { every, random: dice.one_in(2) },
    };
    let until = Micros(10_000 + dice.below(30_000));
    let load = Arc::new(Load {
        command: command.into_iter().map(Template).collect(),
        requests: dice.magnitude(7),
        pace,
        // A bound in time cuts the rough run elsewhere than the smooth one.
        until: (!plan.comparable && dice.one_in(3)).then_some(until),
        guests,
    });
    for (at, action) in [(8_000, Some(Action::Connect)), (9_000 + dice.below(20_000), None)] {
        for (nth, client) in crowd.clone().enumerate() {
            let share = Share { load: Arc::clone(&load), nth };
            let action = action.clone().unwrap_or(Action::Load(share));
            scenario.insert(Input { at: Micros(at), client, action });
        }
    }
}
