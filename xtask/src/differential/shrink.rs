//! Makes an episode smaller for as long as the two servers still differ.

use super::pair::{Difference, GRACE, Pair, SHORT_GRACE};
use super::script::{Episode, Payload, Step};
use crate::failure::Failure;

/// Tries of an episode; each is played from a fresh state.
const TRIES: usize = 400;

/// A smaller episode that still shows a difference, and that difference. The
/// episode itself, if it does not show it twice.
pub fn shrink(
    pair: &mut Pair,
    episode: Episode,
    seen: Difference,
) -> Result<(Episode, Difference), Failure> {
    pair.grace = SHORT_GRACE;
    let mut best = (episode, seen);
    best.0.steps.truncate(best.1.step + 1);
    let mut tries = 0;
    while tries < TRIES {
        let mut smaller = false;
        for candidate in candidates(&best.0) {
            tries += 1;
            if let Some(difference) = pair.play(&candidate)?.difference {
                let mut episode = candidate;
                episode.steps.truncate(difference.step + 1);
                best = (episode, difference);
                smaller = true;
                break;
            }
            if tries >= TRIES {
                break;
            }
        }
        if !smaller {
            break;
        }
    }
    pair.grace = GRACE;
    Ok(best)
}

/// What is one cut smaller, the boldest first: half of the steps gone, then
/// less; single steps; parts of what is sent; the cuts.
fn candidates(episode: &Episode) -> Vec<Episode> {
    let steps = &episode.steps;
    let mut all = Vec::new();
    let mut add = |steps: Vec<Step>| all.push(Episode { password: episode.password, steps });
    let mut chunk = steps.len() / 2;
    while chunk > 0 {
        for from in (0..steps.len()).step_by(chunk) {
            let to = (from + chunk).min(steps.len());
            add([&steps[..from], &steps[to..]].concat());
        }
        chunk /= 2;
    }
    for (at, step) in steps.iter().enumerate() {
        for simpler in simpler(step) {
            let mut changed = steps.clone();
            changed[at] = simpler;
            add(changed);
        }
    }
    if episode.password.is_some() {
        all.push(Episode { password: None, steps: steps.clone() });
    }
    all
}

fn simpler(step: &Step) -> Vec<Step> {
    let Step::Send { guest, payload, cuts } = step else { return Vec::new() };
    let send = |payload: Payload, cuts: Vec<u16>| Step::Send { guest: *guest, payload, cuts };
    let mut all = Vec::new();
    if !cuts.is_empty() {
        all.push(send(payload.clone(), Vec::new()));
    }
    match payload {
        Payload::Orders(orders) if orders.len() > 1 => {
            let half = orders.len() / 2;
            all.push(send(Payload::Orders(orders[..half].to_vec()), cuts.clone()));
            all.push(send(Payload::Orders(orders[half..].to_vec()), cuts.clone()));
            if orders.len() <= 8 {
                for at in 0..orders.len() {
                    let mut fewer = orders.clone();
                    fewer.remove(at);
                    all.push(send(Payload::Orders(fewer), cuts.clone()));
                }
            }
        }
        Payload::Orders(orders) => {
            if let [order] = orders.as_slice() {
                for at in 1..order.words.len() {
                    let mut fewer = order.clone();
                    fewer.words.remove(at);
                    all.push(send(Payload::Orders(vec![fewer]), cuts.clone()));
                }
            }
        }
        Payload::Raw(bytes) => {
            let half = bytes.len() / 2;
            if half > 0 {
                all.push(send(Payload::Raw(bytes[..half].to_vec()), cuts.clone()));
                all.push(send(Payload::Raw(bytes[half..].to_vec()), cuts.clone()));
            }
        }
    }
    all
}
