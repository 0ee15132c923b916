//! One table of medians and ratios, for people and as JSON.

use super::crowd::Comparison;
use super::load::{Run, Setting};
use crate::failure::Failure;
use std::fmt::Write;
use std::fs;
use std::path::Path;

/// The runs of one setting, in the order in which they alternated.
pub struct Row {
    pub setting: Setting,
    pub redis: Vec<Run>,
    pub ours: Vec<Run>,
    /// The bare echo loop; only for PING and GET.
    pub floor: Vec<Run>,
}

impl Row {
    pub fn new(setting: Setting) -> Row {
        Row { setting, redis: Vec::new(), ours: Vec::new(), floor: Vec::new() }
    }

    /// Our CPU time per request as a share of redis-server's.
    fn ratio(&self) -> f64 {
        cpu(&self.ours) / cpu(&self.redis)
    }
}

#[derive(Default)]
pub struct Report {
    pub rows: Vec<Row>,
    pub idle_bytes_redis: f64,
    pub idle_bytes_ours: f64,
    pub crowd: Option<Comparison>,
    /// The machine's load average before anything was measured.
    pub load_before: f64,
}

/// Above this, others take the processor away so often that caches are cold
/// and medians wander.
const QUIET_LOAD: f64 = 0.7;

/// Of one figure over all runs. An even number of runs gives the lower of the
/// two in the middle.
pub fn median(runs: &[Run], figure: impl Fn(&Run) -> f64) -> f64 {
    let mut values: Vec<f64> = runs.iter().map(figure).collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len().saturating_sub(1) / 2).copied().unwrap_or(f64::NAN)
}

/// Microseconds per request.
pub fn cpu(runs: &[Run]) -> f64 {
    median(runs, |run| run.cpu_us_per_request)
}

/// How far apart the runs of a setting lie, as a share of their median.
fn spread(runs: &[Run]) -> f64 {
    let values = || runs.iter().map(|run| run.cpu_us_per_request);
    let (low, high) = (values().fold(f64::INFINITY, f64::min), values().fold(0.0, f64::max));
    (high - low) / cpu(runs)
}

impl Report {
    pub fn print(&self, marks: &[(u32, f64)]) {
        println!(
            "\n{:34} {:>8} {:>8} {:>6} {:>6} {:>7} {:>9} {:>9} {:>13} {:>13}",
            "CPU µs per request, median",
            "redis",
            "onechef",
            "ratio",
            "floor",
            "spread",
            "redis/s",
            "onechef/s",
            "redis p50/p99",
            "ours p50/p99"
        );
        for row in &self.rows {
            println!("{}", line_of(row));
        }
        println!(
            "\nAn idle connection: redis {:.0} bytes, onechef {:.0} bytes (ratio {:.2})",
            self.idle_bytes_redis,
            self.idle_bytes_ours,
            self.idle_bytes_ours / self.idle_bytes_redis
        );
        if let Some(crowd) = &self.crowd {
            crowd.print();
            println!();
        }
        for (pipeline, mark) in marks {
            let ratios =
                || self.rows.iter().filter(|r| r.setting.pipeline == *pipeline).map(Row::ratio);
            let worst = ratios().fold(0.0, f64::max);
            let mean = (ratios().map(f64::ln).sum::<f64>() / ratios().count() as f64).exp();
            let within = ratios().filter(|ratio| ratio <= mark).count();
            println!(
                "Pipeline {pipeline:2}: mark {mark:.2}, geometric mean {mean:.2}, worst {worst:.2}, \
                 {within} of {} within the mark",
                ratios().count()
            );
        }
        self.print_quietness();
    }

    /// Whether the figures are worth quoting.
    fn print_quietness(&self) {
        if self.load_before > QUIET_LOAD {
            println!(
                "\nThe machine was busy (load {:.1}) before this began: look at the spread, and \
                 quote nothing.",
                self.load_before
            );
        }
    }

    pub fn write_json(&self, path: &Path) -> Result<(), Failure> {
        fs::write(path, self.json())
            .map_err(|source| Failure::File { path: path.display().to_string(), source })?;
        println!("\nWritten to {}", path.display());
        Ok(())
    }

    fn json(&self) -> String {
        let mut out = String::from("{\n  \"rows\": [\n");
        for (index, row) in self.rows.iter().enumerate() {
            let setting = row.setting;
            let _ = write!(
                out,
                "    {{\"operation\": \"{}\", \"pipeline\": {}, \"size_bytes\": {}, \
                 \"requests\": {}, \"cpu_ratio\": {:.4}",
                setting.operation.name(),
                setting.pipeline,
                setting.size_bytes,
                setting.requests,
                row.ratio()
            );
            for (name, runs) in
                [("redis", &row.redis), ("onechef", &row.ours), ("echo", &row.floor)]
            {
                if !runs.is_empty() {
                    let _ = write!(out, ",\n     \"{name}\": {}", figures(runs));
                }
            }
            out.push_str(if index + 1 == self.rows.len() { "}\n" } else { "},\n" });
        }
        let _ = write!(
            out,
            "  ],\n  \"idle_connection_bytes\": {{\"redis\": {:.0}, \"onechef\": {:.0}}},\n  \
             \"crowd\": {},\n  \"load_before\": {:.2}\n}}\n",
            self.idle_bytes_redis,
            self.idle_bytes_ours,
            self.crowd.as_ref().map_or_else(|| "null".to_owned(), Comparison::json),
            self.load_before
        );
        out
    }
}

fn line_of(row: &Row) -> String {
    let latency = |runs| {
        format!("{:.2}/{:.2}", median(runs, |run| run.p50_ms), median(runs, |run| run.p99_ms))
    };
    let floor = if row.floor.is_empty() {
        String::new()
    } else {
        format!("{:.2}", cpu(&row.floor) / cpu(&row.redis))
    };
    format!(
        "{:34} {:>8.3} {:>8.3} {:>6.2} {floor:>6} {:>6.0}% {:>9.0} {:>9.0} {:>13} {:>13}",
        row.setting.to_string(),
        cpu(&row.redis),
        cpu(&row.ours),
        row.ratio(),
        spread(&row.redis).max(spread(&row.ours)) * 100.0,
        median(&row.redis, |run| run.requests_per_second),
        median(&row.ours, |run| run.requests_per_second),
        latency(&row.redis),
        latency(&row.ours),
    )
}

/// Medians, and every run's CPU time, so that a reader can judge the noise.
fn figures(runs: &[Run]) -> String {
    let all: Vec<String> =
        runs.iter().map(|run| format!("{:.4}", run.cpu_us_per_request)).collect();
    format!(
        "{{\"cpu_us_per_request\": {:.4}, \"requests_per_second\": {:.0}, \"p50_ms\": {:.3}, \
         \"p99_ms\": {:.3}, \"cpu_us_per_request_runs\": [{}]}}",
        cpu(runs),
        median(runs, |run| run.requests_per_second),
        median(runs, |run| run.p50_ms),
        median(runs, |run| run.p99_ms),
        all.join(", ")
    )
}

#[cfg(test)]
mod tests {
    use super::{Run, median};

    /// One slow run out of many must not move the figure.
    #[test]
    fn the_median_ignores_an_outlier() {
        let run = |cpu| Run {
            cpu_us_per_request: cpu,
            requests_per_second: 0.0,
            p50_ms: 0.0,
            p99_ms: 0.0,
        };
        let runs: Vec<Run> = [3.0, 900.0, 1.0, 2.0, 4.0].map(run).to_vec();
        assert!((median(&runs, |run| run.cpu_us_per_request) - 3.0).abs() < 1e-9);
    }
}
