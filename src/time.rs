//! The one clock value of the program.
//!
//! Every part that needs the time is *given* it: natively it is the monotonic
//! clock, in simulation it moves only by the cost model. Nothing below the
//! drivers may ask the operating system.

use std::fmt;

/// A point on, or a stretch of, the loop's clock, in microseconds.
///
/// Zero is the moment the driver started. Redis keeps two clocks, a monotonic
/// one for timers and the wall clock for expiry; here the wall clock is this
/// one plus a constant that the driver hands to the engine, so that one value
/// decides everything.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Micros(pub u64);

impl Micros {
    pub const ZERO: Micros = Micros(0);

    #[must_use]
    pub const fn from_millis(ms: u64) -> Micros {
        Micros(ms.saturating_mul(1_000))
    }

    #[must_use]
    pub const fn from_secs(s: u64) -> Micros {
        Micros(s.saturating_mul(1_000_000))
    }

    /// Whole milliseconds, rounded down.
    #[must_use]
    pub const fn as_millis(self) -> u64 {
        self.0 / 1_000
    }

    /// Whole seconds, rounded down.
    #[must_use]
    pub const fn as_secs(self) -> u64 {
        self.0 / 1_000_000
    }

    /// Never goes below zero and never past the end of time.
    #[must_use]
    pub const fn saturating_sub(self, other: Micros) -> Micros {
        Micros(self.0.saturating_sub(other.0))
    }

    #[must_use]
    pub const fn saturating_add(self, other: Micros) -> Micros {
        Micros(self.0.saturating_add(other.0))
    }
}

impl fmt::Display for Micros {
    /// The shortest exact form a person reads: `7 µs`, `1.5 ms`, `13.266 s`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fn scaled(f: &mut fmt::Formatter<'_>, v: u64, unit: u64, name: &str) -> fmt::Result {
            let (whole, rest) = (v / unit, v % unit);
            if rest == 0 {
                return write!(f, "{whole} {name}");
            }
            let digits = unit.ilog10() as usize;
            let frac = format!("{rest:0digits$}");
            write!(f, "{whole}.{} {name}", frac.trim_end_matches('0'))
        }
        match self.0 {
            0..1_000 => write!(f, "{} µs", self.0),
            1_000..1_000_000 => scaled(f, self.0, 1_000, "ms"),
            _ => scaled(f, self.0 / 1_000, 1_000, "s"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Micros;

    #[test]
    fn display_is_exact_and_short() {
        let show = |us| Micros(us).to_string();
        assert_eq!(show(7), "7 µs");
        assert_eq!(show(1_500), "1.5 ms");
        assert_eq!(show(1_050), "1.05 ms");
        assert_eq!(show(100_000), "100 ms");
        assert_eq!(show(13_266_000), "13.266 s");
    }
}
