//! What is asked of a server, and what it costs.

use super::contender::Contender;
use crate::failure::Failure;
use crate::process::output_of;
use std::fmt;
use std::process::{Command, Stdio};

/// The core of the load generator.
const LOAD_CORE: &str = "1";
const CONNECTIONS: &str = "50";
/// Keys are drawn from this many, so memory stays bounded and caches are
/// neither useless nor all there is.
const KEYSPACE: &str = "10000";
const LIST: &str = "bench:list";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    Ping,
    Set,
    Get,
    Incr,
    Lpush,
    Lrange100,
    Mset,
}

impl Operation {
    pub const ALL: &[Operation] = &[
        Operation::Ping,
        Operation::Set,
        Operation::Get,
        Operation::Incr,
        Operation::Lpush,
        Operation::Lrange100,
        Operation::Mset,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Operation::Ping => "PING",
            Operation::Set => "SET",
            Operation::Get => "GET",
            Operation::Incr => "INCR",
            Operation::Lpush => "LPUSH",
            Operation::Lrange100 => "LRANGE_100",
            Operation::Mset => "MSET",
        }
    }

    pub fn carries_a_value(self) -> bool {
        !matches!(self, Operation::Ping | Operation::Incr)
    }

    /// Whether the echo loop can play it.
    pub fn has_a_floor(self) -> bool {
        matches!(self, Operation::Ping | Operation::Get)
    }

    /// Enough for about a second on a machine of 2024, and for LPUSH not so
    /// many that its list outgrows the memory.
    pub fn requests(self, pipeline: u32) -> u32 {
        let unpipelined = 100_000;
        match (self, pipeline) {
            (Operation::Lrange100, 1) => 40_000,
            (Operation::Lrange100, _) => 80_000,
            (Operation::Lpush, 1) => unpipelined,
            (Operation::Mset | Operation::Lpush, _) => 200_000,
            (_, 1) => unpipelined,
            (_, 2..=16) => 800_000,
            (_, _) => 1_600_000,
        }
    }

    /// What redis-benchmark is told to send.
    fn load(self) -> &'static [&'static str] {
        match self {
            Operation::Ping => &["-t", "ping_mbulk"],
            Operation::Set => &["-t", "set"],
            Operation::Get => &["-t", "get"],
            Operation::Incr => &["-t", "incr"],
            Operation::Lpush => &["-t", "lpush"],
            Operation::Mset => &["-t", "mset"],
            // Its own LRANGE test first measures the LPUSHes that fill the list.
            Operation::Lrange100 => &["LRANGE", LIST, "0", "99"],
        }
    }
}

/// One line of the table.
#[derive(Clone, Copy, Debug)]
pub struct Setting {
    pub operation: Operation,
    pub pipeline: u32,
    pub size_bytes: u32,
    pub requests: u32,
}

impl fmt::Display for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} pipeline {}", self.operation.name(), self.pipeline)?;
        if self.operation.carries_a_value() {
            write!(f, ", {} bytes", self.size_bytes)?;
        }
        Ok(())
    }
}

/// One run.
#[derive(Clone, Copy, Debug)]
pub struct Run {
    pub cpu_us_per_request: f64,
    pub requests_per_second: f64,
    pub p50_ms: f64,
    pub p99_ms: f64,
}

impl Setting {
    /// One run against one server, on an empty keyspace but for what the
    /// operation reads.
    pub fn measure(&self, contender: &Contender) -> Result<Run, Failure> {
        self.prepare(contender)?;
        self.load(contender)
    }

    /// The same without preparing anything: the echo loop keeps nothing.
    pub fn load(&self, contender: &Contender) -> Result<Run, Failure> {
        let before = contender.cpu_ns()?;
        let table = self.benchmark(contender, self.operation.load(), self.requests)?;
        let after = contender.cpu_ns()?;
        let (requests_per_second, p50_ms, p99_ms) = last_row(&table).ok_or_else(|| {
            Failure::Check(format!("{}: redis-benchmark said:\n{table}", contender.name))
        })?;
        Ok(Run {
            cpu_us_per_request: (after - before) as f64 / 1_000.0 / f64::from(self.requests),
            requests_per_second,
            p50_ms,
            p99_ms,
        })
    }

    fn prepare(&self, contender: &Contender) -> Result<(), Failure> {
        if self.operation == Operation::Ping {
            // It reads nothing.
            return Ok(());
        }
        contender.ask(&["FLUSHALL"], "+OK")?;
        match self.operation {
            Operation::Get => {
                self.benchmark(contender, Operation::Set.load(), 100_000)?;
            }
            Operation::Lrange100 => {
                let value = "x".repeat(self.size_bytes as usize);
                let mut push = vec!["RPUSH", LIST];
                push.resize(102, &value);
                contender.ask(&push, ":100")?;
            }
            _ => {}
        }
        Ok(())
    }

    fn benchmark(
        &self,
        contender: &Contender,
        load: &[&str],
        requests: u32,
    ) -> Result<String, Failure> {
        let output = output_of(
            Command::new("taskset")
                .args(["-c", LOAD_CORE, "redis-benchmark", "--csv", "-h", "127.0.0.1"])
                .args(["-p", &contender.port.to_string(), "-c", CONNECTIONS, "-r", KEYSPACE])
                .args(["-n", &requests.to_string(), "-P", &self.pipeline.to_string()])
                .args(["-d", &self.size_bytes.to_string()])
                .args(load)
                .stderr(Stdio::null()),
        )?;
        Ok(String::from_utf8_lossy(&output).into_owned())
    }
}

/// Requests per second, p50 and p99 in milliseconds of the last row of
/// `"test","rps","avg","min","p50","p95","p99","max"`.
fn last_row(table: &str) -> Option<(f64, f64, f64)> {
    let row = table.lines().rev().find(|line| line.starts_with('"'))?;
    // The name may hold commas of its own; the numbers do not.
    let cells: Vec<&str> = row.trim_matches('"').split("\",\"").collect();
    let number = |from_end: usize| cells.iter().rev().nth(from_end)?.parse::<f64>().ok();
    Some((number(6)?, number(3)?, number(1)?))
}

#[cfg(test)]
mod tests {
    use super::last_row;

    /// A figure from the wrong column would look plausible for ever.
    #[test]
    fn the_right_columns_of_the_last_row_are_read() {
        let table = "\"test\",\"rps\",\"avg_latency_ms\",\"min_latency_ms\",\"p50_latency_ms\",\
                     \"p95_latency_ms\",\"p99_latency_ms\",\"max_latency_ms\"\n\
                     \"LRANGE a, 0\",\"81.5\",\"0.1\",\"0.2\",\"0.5\",\"0.95\",\"0.99\",\"7.0\"\n";
        assert_eq!(last_row(table), Some((81.5, 0.5, 0.99)));
        assert_eq!(last_row("WARNING: nothing"), None);
    }
}
