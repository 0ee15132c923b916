//! Amounts as a person reads them: the same words as under the drawing.

use crate::time::Micros;

pub(super) use crate::view::narration::words::many;
pub(super) use crate::view::stage::bytes as size;
pub(super) use crate::view::text::grouped;

/// How long something has lasted, to the unit that matters: `840 µs`,
/// `84 ms`, `12 s`, `3 min`.
pub(super) fn lasting(time: Micros) -> String {
    match time.0 {
        0..1_000 => format!("{} µs", time.0),
        1_000..1_000_000 => format!("{} ms", time.as_millis()),
        1_000_000..120_000_000 => format!("{} s", time.as_secs()),
        _ => format!("{} min", time.as_secs() / 60),
    }
}

/// A point in time, to the millisecond: `13.266 s`.
pub(super) fn clock(at: Micros) -> String {
    format!("{}.{:03} s", at.as_secs(), at.as_millis() % 1_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_keeps_one_unit() {
        let all = [7, 84_999, 12_500_000, 200_000_000].map(|us| lasting(Micros(us)));
        assert_eq!(all, ["7 µs", "84 ms", "12 s", "3 min"]);
    }

    #[test]
    fn a_clock_time_has_milliseconds() {
        assert_eq!(clock(Micros(13_266_999)), "13.266 s");
        assert_eq!(clock(Micros(7)), "0.000 s");
    }
}
