//! What took long, by kind (`latency.c`): off until
//! `latency-monitor-threshold` says what long is.

use super::server::Server;
use crate::sorted::SortedMap;
use crate::time::Micros;
use std::collections::VecDeque;

/// `LATENCY_TS_LEN`.
const SAMPLES_MAX: usize = 160;

/// `latencySample`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sample {
    pub unix_s: u64,
    pub ms: u64,
}

/// `latencyTimeSeries`: oldest first, at most one sample a second.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Series {
    pub samples: VecDeque<Sample>,
    /// Of all there ever were.
    pub max_ms: u64,
}

impl Series {
    /// `latencyAddSample`: of one second, the worst counts.
    fn add(&mut self, sample: Sample) {
        self.max_ms = self.max_ms.max(sample.ms);
        if let Some(last) = self.samples.back_mut()
            && last.unix_s == sample.unix_s
        {
            last.ms = last.ms.max(sample.ms);
            return;
        }
        if self.samples.len() == SAMPLES_MAX {
            self.samples.pop_front();
        }
        self.samples.push_back(sample);
    }
}

/// By event, under Redis's names.
pub type LatencyEvents = SortedMap<&'static str, Series>;

impl Server {
    /// `latencyAddSampleIfNeeded`.
    #[inline]
    pub fn note_latency(&mut self, event: &'static str, took: Micros) {
        let (threshold_ms, ms) = (self.config.latency_monitor_threshold, took.0 / 1_000);
        if threshold_ms > 0 && ms >= threshold_ms {
            let unix_s = self.unix_us() / 1_000_000;
            self.latency_events.or_default(event).add(Sample { unix_s, ms });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{SAMPLES_MAX, Sample, Series};

    #[test]
    fn a_second_has_one_sample_and_the_oldest_go() {
        let mut series = Series::default();
        for (unix_s, ms) in [(1, 5), (1, 9), (1, 3), (2, 4)] {
            series.add(Sample { unix_s, ms });
        }
        assert_eq!(series.samples, [Sample { unix_s: 1, ms: 9 }, Sample { unix_s: 2, ms: 4 }]);
        (3..1_000).for_each(|unix_s| series.add(Sample { unix_s, ms: 1 }));
        assert_eq!((series.samples.len(), series.max_ms), (SAMPLES_MAX, 9));
    }
}
