//! Counters under the names of INFO.

use crate::time::Micros;

/// `server.stat_*`, those that apply. Names are INFO's.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    pub total_connections_received: u64,
    pub total_commands_processed: u64,
    pub total_net_input_bytes: u64,
    pub total_net_output_bytes: u64,
    pub rejected_connections: u64,
    pub total_error_replies: u64,
    pub total_reads_processed: u64,
    pub total_writes_processed: u64,
    pub io_threaded_writes_processed: u64,
    pub client_query_buffer_limit_disconnections: u64,
    pub client_output_buffer_limit_disconnections: u64,
    pub expired_keys: u64,
    pub keyspace_hits: u64,
    pub keyspace_misses: u64,
    pub evicted_clients: u64,
    pub eventloop_cycles: u64,
    pub eventloop_duration_sum: Micros,
    pub eventloop_duration_cmd_sum: Micros,
    pub eventloop_duration_cron_sum: Micros,
    pub eventloop_duration_max: Micros,
    pub eventloop_cmd_per_cycle_max: u64,
    pub instantaneous: Instantaneous,
}

impl Stats {
    /// What was counted since `baseline`; maxima and rates, which start anew by
    /// themselves, as they are.
    #[must_use]
    pub fn since(&self, baseline: &Stats) -> Stats {
        let b = baseline;
        Stats {
            total_connections_received: self.total_connections_received
                - b.total_connections_received,
            total_commands_processed: self.total_commands_processed - b.total_commands_processed,
            total_net_input_bytes: self.total_net_input_bytes - b.total_net_input_bytes,
            total_net_output_bytes: self.total_net_output_bytes - b.total_net_output_bytes,
            rejected_connections: self.rejected_connections - b.rejected_connections,
            total_error_replies: self.total_error_replies - b.total_error_replies,
            total_reads_processed: self.total_reads_processed - b.total_reads_processed,
            total_writes_processed: self.total_writes_processed - b.total_writes_processed,
            io_threaded_writes_processed: self.io_threaded_writes_processed
                - b.io_threaded_writes_processed,
            client_query_buffer_limit_disconnections: self.client_query_buffer_limit_disconnections
                - b.client_query_buffer_limit_disconnections,
            client_output_buffer_limit_disconnections: self
                .client_output_buffer_limit_disconnections
                - b.client_output_buffer_limit_disconnections,
            expired_keys: self.expired_keys - b.expired_keys,
            keyspace_hits: self.keyspace_hits - b.keyspace_hits,
            keyspace_misses: self.keyspace_misses - b.keyspace_misses,
            evicted_clients: self.evicted_clients - b.evicted_clients,
            eventloop_cycles: self.eventloop_cycles - b.eventloop_cycles,
            eventloop_duration_sum: self
                .eventloop_duration_sum
                .saturating_sub(b.eventloop_duration_sum),
            eventloop_duration_cmd_sum: self
                .eventloop_duration_cmd_sum
                .saturating_sub(b.eventloop_duration_cmd_sum),
            eventloop_duration_cron_sum: self
                .eventloop_duration_cron_sum
                .saturating_sub(b.eventloop_duration_cron_sum),
            ..self.clone()
        }
    }
}

/// The biggest buffers that `clientsCron` met in each of the last eight
/// seconds (`ClientsPeakMemInput`, `ClientsPeakMemOutput`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RecentPeaks {
    input: [u64; 8],
    output: [u64; 8],
}

impl RecentPeaks {
    /// A client was visited in this second.
    pub fn note(&mut self, second: u64, input_bytes: u64, output_bytes: u64) {
        let at = (second % 8) as usize;
        self.input[at] = self.input[at].max(input_bytes);
        self.output[at] = self.output[at].max(output_bytes);
    }

    /// Everybody is about to be visited: the oldest second is forgotten.
    pub fn forget_oldest(&mut self, second: u64) {
        let at = ((second + 1) % 8) as usize;
        (self.input[at], self.output[at]) = (0, 0);
    }

    /// The biggest of all.
    #[must_use]
    pub fn max(&self) -> (u64, u64) {
        let of = |peaks: &[u64; 8]| peaks.iter().copied().max().unwrap_or(0);
        (of(&self.input), of(&self.output))
    }
}

/// One metric sampled every 100 ms; the reported number is the mean of the
/// last 16 samples, as in Redis, so it lags and reads low just after start.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ring {
    samples: [u64; 16],
    next: usize,
    last_value: u64,
    last_base: u64,
}

impl Ring {
    /// Records how much `value` has grown since the last sample for each
    /// `factor` units that `base` has grown, both counted since the start: a
    /// rate per second if `base` is microseconds and `factor` a million of
    /// them, a mean if `base` counts what `value` sums up and `factor` is 1.
    ///
    /// Redis: `trackInstantaneousMetric`, *faithful*, except that the first
    /// sample, which is skipped there, counts from the start.
    pub fn sample(&mut self, value: u64, base: u64, factor: u64) {
        let grown = (value - self.last_value).saturating_mul(factor);
        self.samples[self.next] = grown.checked_div(base - self.last_base).unwrap_or(0);
        self.next = (self.next + 1) % self.samples.len();
        self.last_value = value;
        self.last_base = base;
    }

    #[must_use]
    pub fn mean(&self) -> u64 {
        self.samples.iter().sum::<u64>() / self.samples.len() as u64
    }
}

/// `server.inst_metric`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Instantaneous {
    pub ops_per_sec: Ring,
    pub input_bytes_per_sec: Ring,
    pub output_bytes_per_sec: Ring,
    pub eventloop_cycles_per_sec: Ring,
    pub eventloop_duration_usec: Ring,
}

impl Instantaneous {
    /// All samples are forgotten, but not where the next ones begin: the
    /// counters go on (there is a baseline instead).
    pub fn reset(&mut self) {
        let Instantaneous {
            ops_per_sec,
            input_bytes_per_sec,
            output_bytes_per_sec,
            eventloop_cycles_per_sec,
            eventloop_duration_usec,
        } = self;
        for ring in [
            ops_per_sec,
            input_bytes_per_sec,
            output_bytes_per_sec,
            eventloop_cycles_per_sec,
            eventloop_duration_usec,
        ] {
            ring.samples = [0; 16];
        }
    }
}
