//! `cargo xtask bench --crowd`: what those who say nothing cost those who do.
//!
//! Two processes of the same server, both on core 0, and a load generator on
//! core 1 that turns from one to the other every few milliseconds, A B B A.
//! Each pair of neighbouring windows gives one ratio of CPU time per request,
//! and what counts is the median of the ratios: whatever slows the machine for
//! longer than a window slows both.
//!
//! Two processes of one program differ by some percent, since their memory
//! lies differently. So the same pair is first measured with no crowd at all,
//! and the cost of the crowd is the ratio with it over the ratio without it.
//! That is done with several pairs of processes, and with redis-server too:
//! part of the cost is the kernel's, and there it shows.

use super::contender::Contender;
use super::idle::Crowd;
use super::interval::{Median, middle};
use super::window::{Guests, Window, pipelines};
use crate::failure::Failure;
use crate::process::{run, say};
use std::fmt::Write;
use std::process::{Command, Stdio};

/// CPU per request with idle connections, over that without any.
const MARK: f64 = 1.05;
/// The core of the load generator, which here is this process.
const LOAD_CORE: &str = "1";

/// How much is measured.
#[derive(Clone, Copy)]
pub struct Extent {
    pub connections: usize,
    /// Pairs of processes of each server.
    pub trials: usize,
    /// Pairs of windows for each ratio.
    pub pairs: usize,
}

/// Starts a server.
pub type Start<'a> = &'a dyn Fn() -> Result<Contender, Failure>;

/// One pair of processes at one pipeline.
struct Trial {
    server: &'static str,
    pipeline: u32,
    /// Before the crowd came.
    control: Ratio,
    crowded: Ratio,
}

/// Of two processes, the second over the first.
struct Ratio {
    median: Median,
    /// Of all windows together: what the median does not see, this does, and
    /// the noise too.
    of_sums: f64,
    /// Medians, the first process and the second.
    us_per_request: [f64; 2],
}

/// What the crowd did to a server while nobody else said anything either.
struct Presence {
    server: &'static str,
    connections: usize,
    bytes_per_connection: f64,
    cpu_ms_per_second: f64,
}

pub struct Comparison {
    trials: Vec<Trial>,
    presences: Vec<Presence>,
}

impl Comparison {
    /// Every server in `starts`, in turns. From here on this process stays on
    /// the load generator's core.
    pub fn measure(starts: &[Start], extent: Extent) -> Result<Comparison, Failure> {
        say(&format!("CPU per request beside {} idle connections", extent.connections));
        run(Command::new("taskset")
            .args(["-a", "-c", "-p", LOAD_CORE, &std::process::id().to_string()])
            .stdout(Stdio::null()))?;
        let mut comparison = Comparison { trials: Vec::new(), presences: Vec::new() };
        for trial in 0..extent.trials {
            for start in starts {
                let pair = [start()?, start()?];
                eprintln!("  {}, pair {} of {}", pair[0].name, trial + 1, extent.trials);
                // Whether the one that started first or second has the crowd.
                let [alone, crowded] =
                    if trial % 2 == 0 { [&pair[0], &pair[1]] } else { [&pair[1], &pair[0]] };
                comparison.try_pair(alone, crowded, extent)?;
            }
        }
        Ok(comparison)
    }

    fn try_pair(
        &mut self,
        alone: &Contender,
        crowded: &Contender,
        extent: Extent,
    ) -> Result<(), Failure> {
        let server = crowded.name;
        let mut guests = [Guests::seat(alone)?, Guests::seat(crowded)?];
        let controls = ratios(&mut guests, extent.pairs)?;
        let mut crowd = Crowd::seat(crowded, extent.connections)?;
        let with = ratios(&mut guests, extent.pairs)?;
        crowd.serve_all(crowded)?;
        self.presences.push(Presence {
            server,
            connections: crowd.len(),
            bytes_per_connection: crowd.bytes_per_connection,
            cpu_ms_per_second: crowd.cpu_ms_per_second,
        });
        for (pipeline, (control, crowded)) in pipelines().zip(controls.into_iter().zip(with)) {
            self.trials.push(Trial { server, pipeline, control, crowded });
        }
        Ok(())
    }

    pub fn print(&self) {
        println!("\nIdle connections, all served before and after:");
        for presence in &self.presences {
            println!(
                "  {:12} {}, {:.0} bytes each; while nobody says anything, {:.2} ms of CPU a second",
                presence.server,
                presence.connections,
                presence.bytes_per_connection,
                presence.cpu_ms_per_second
            );
        }
        println!(
            "\n{:26} {:>8} {:>8} {:>24} {:>24} {:>8}",
            "CPU per PING, crowd / none", "none µs", "crowd µs", "no crowd yet", "crowd", "of sums"
        );
        for trial in &self.trials {
            println!("{}", trial.line());
        }
        println!(
            "\nThe crowd's cost, the ratio with it over that of the same two processes before:"
        );
        for (server, pipeline) in self.kinds() {
            let (median, least, most) = self.cost(server, pipeline);
            let intervals: Vec<String> = (self.of(server, pipeline))
                .map(|trial| shown(&trial.crowded.median.over(&trial.control.median)))
                .collect();
            println!(
                "  {server:12} pipeline {pipeline:2}: {median:.3} ({least:.3} to {most:.3}); \
                 each pair of processes: {}",
                intervals.join(", ")
            );
        }
        println!(
            "  In brackets 95 % intervals; {} pairs of windows for each ratio. The mark is {MARK}.",
            self.trials.first().map_or(0, |trial| trial.crowded.median.count)
        );
    }

    /// Each server and pipeline once, in the order in which they came.
    fn kinds(&self) -> Vec<(&'static str, u32)> {
        let mut kinds = Vec::new();
        for trial in &self.trials {
            let kind = (trial.server, trial.pipeline);
            if !kinds.contains(&kind) {
                kinds.push(kind);
            }
        }
        kinds
    }

    fn of(&self, server: &str, pipeline: u32) -> impl Iterator<Item = &Trial> {
        self.trials.iter().filter(move |t| t.server == server && t.pipeline == pipeline)
    }

    /// Over the pairs of processes: the middle, the least and the most.
    fn cost(&self, server: &str, pipeline: u32) -> (f64, f64, f64) {
        let mut costs: Vec<f64> = (self.of(server, pipeline)).map(Trial::cost).collect();
        costs.sort_by(f64::total_cmp);
        (middle(&costs), costs[0], costs[costs.len() - 1])
    }

    pub fn json(&self) -> String {
        let presences: Vec<String> = self.presences.iter().map(Presence::json).collect();
        let trials: Vec<String> = self.trials.iter().map(Trial::json).collect();
        format!(
            "{{\"presences\": [\n    {}],\n   \"trials\": [\n    {}]}}",
            presences.join(",\n    "),
            trials.join(",\n    ")
        )
    }

    /// # Errors
    /// If the crowd costs `server` more than the mark allows.
    pub fn check(&self, server: &str) -> Result<(), Failure> {
        for (name, pipeline) in self.kinds() {
            let (cost, ..) = self.cost(name, pipeline);
            if name == server && cost > MARK {
                return Err(Failure::Check(format!(
                    "the crowd costs {cost:.3} at pipeline {pipeline}, more than {MARK}"
                )));
            }
        }
        Ok(())
    }
}

/// One ratio for each pipeline.
fn ratios(guests: &mut [Guests; 2], pairs: usize) -> Result<Vec<Ratio>, Failure> {
    pipelines().map(|pipeline| ratio(guests, pipeline, pairs)).collect()
}

fn ratio(guests: &mut [Guests; 2], pipeline: u32, pairs: usize) -> Result<Ratio, Failure> {
    let mut windows = Vec::with_capacity(pairs);
    for pair in 0..pairs {
        let [first, second] = guests;
        windows.push(if pair % 2 == 0 {
            let first = first.window(pipeline)?;
            [first, second.window(pipeline)?]
        } else {
            let second = second.window(pipeline)?;
            [first.window(pipeline)?, second]
        });
    }
    Ratio::of(&windows).ok_or_else(|| {
        Failure::Check(format!("{pairs} pairs of windows are too few for an interval"))
    })
}

impl Ratio {
    /// Nothing for too few pairs, see [`Median::of`].
    fn of(windows: &[[Window; 2]]) -> Option<Ratio> {
        let us = |side: usize| windows.iter().map(move |pair| pair[side].us_per_request());
        let quotients: Vec<f64> = us(1).zip(us(0)).map(|(second, first)| second / first).collect();
        let median_of = |side| {
            let mut all: Vec<f64> = us(side).collect();
            all.sort_by(f64::total_cmp);
            middle(&all)
        };
        Some(Ratio {
            median: Median::of(&quotients)?,
            of_sums: us(1).sum::<f64>() / us(0).sum::<f64>(),
            us_per_request: [median_of(0), median_of(1)],
        })
    }

    fn json(&self) -> String {
        let Median { value, low, high, count } = self.median;
        let [first, second] = self.us_per_request;
        format!(
            "{{\"median\": {value:.4}, \"low\": {low:.4}, \"high\": {high:.4}, \"pairs\": {count}, \
             \"of_sums\": {:.4}, \"us\": [{first:.4}, {second:.4}]}}",
            self.of_sums
        )
    }
}

impl Trial {
    fn cost(&self) -> f64 {
        self.crowded.median.over(&self.control.median).value
    }

    fn line(&self) -> String {
        let [alone, crowded] = self.crowded.us_per_request;
        format!(
            "{:26} {alone:>8.3} {crowded:>8.3} {:>24} {:>24} {:>8.3}",
            format!("{} pipeline {}", self.server, self.pipeline),
            shown(&self.control.median),
            shown(&self.crowded.median),
            self.crowded.of_sums
        )
    }

    fn json(&self) -> String {
        let mut out = String::new();
        let _ = write!(
            out,
            "{{\"server\": \"{}\", \"pipeline\": {}, \"cost\": {:.4},\n     \"no_crowd_yet\": {},\n     \
             \"crowd\": {}}}",
            self.server,
            self.pipeline,
            self.cost(),
            self.control.json(),
            self.crowded.json()
        );
        out
    }
}

impl Presence {
    fn json(&self) -> String {
        format!(
            "{{\"server\": \"{}\", \"connections\": {}, \"bytes_per_connection\": {:.0}, \
             \"cpu_ms_per_second\": {:.3}}}",
            self.server, self.connections, self.bytes_per_connection, self.cpu_ms_per_second
        )
    }
}

fn shown(median: &Median) -> String {
    format!("{:.3} [{:.3}, {:.3}]", median.value, median.low, median.high)
}

#[cfg(test)]
mod tests {
    use super::{Comparison, Median, Ratio, Trial, Window};

    fn ratio(value: f64) -> Ratio {
        let median = Median { value, low: value, high: value, count: 6 };
        Ratio { median, of_sums: value, us_per_request: [1.0, value] }
    }

    /// The second process over the first, window by window.
    #[test]
    fn a_ratio_is_the_median_of_its_pairs_and_not_the_quotient_of_medians() {
        let window = |cpu_ns| Window { cpu_ns, requests: 1_000 };
        // The machine slows down all the while: only neighbours compare.
        let pairs: Vec<[Window; 2]> =
            (1..=7).map(|n| [window(n * 1_000), window(n * 1_100)]).collect();
        let ratio = Ratio::of(&pairs).expect("seven pairs");
        assert!((ratio.median.value - 1.1).abs() < 1e-9);
        assert!((ratio.of_sums - 1.1).abs() < 1e-9);
        assert!((ratio.us_per_request[0] - 0.004).abs() < 1e-9);
        assert!(Ratio::of(&pairs[..5]).is_none());
    }

    /// Processes that differ by themselves must not pass for a crowd's cost,
    /// nor one pair of processes for all of them, nor redis-server for ours.
    #[test]
    fn the_cost_is_what_the_crowd_added_in_the_middle_one_of_the_pairs() {
        let trial = |server, control, crowded| Trial {
            server,
            pipeline: 1,
            control: ratio(control),
            crowded: ratio(crowded),
        };
        let mut comparison = Comparison {
            trials: vec![
                trial("onechef", 1.10, 1.10 * 1.03),
                trial("redis-server", 1.0, 1.2),
                trial("onechef", 0.95, 0.95 * 1.02),
                trial("onechef", 1.0, 1.50),
            ],
            presences: Vec::new(),
        };
        let (cost, least, most) = comparison.cost("onechef", 1);
        assert!((cost - 1.03).abs() < 1e-9);
        assert!((least - 1.02).abs() < 1e-9 && (most - 1.5).abs() < 1e-9);
        assert!(comparison.check("onechef").is_ok());
        assert!(comparison.check("redis-server").is_err());
        comparison.trials.push(trial("onechef", 1.0, 1.08));
        assert!(comparison.check("onechef").is_err());
    }
}
