//! Amounts as a person reads them.

use crate::time::Micros;

/// `18 B`, `36 KB`, `1.5 MB`: exact below one KB, then rounded to what the
/// unit can say in about three digits. KB = 1024 bytes, as Redis counts.
pub(super) fn size(bytes: u64) -> String {
    const KB: u64 = 1 << 10;
    const MB: u64 = 1 << 20;
    const GB: u64 = 1 << 30;
    match bytes {
        0..KB => format!("{bytes} B"),
        KB..MB => scaled(bytes, KB, "KB"),
        MB..GB => scaled(bytes, MB, "MB"),
        _ => scaled(bytes, GB, "GB"),
    }
}

/// One decimal below ten, none above; `.0` is not shown.
fn scaled(value: u64, unit: u64, name: &str) -> String {
    let tenths = (u128::from(value) * 10 + u128::from(unit) / 2) / u128::from(unit);
    match (tenths / 10, tenths % 10) {
        (whole @ 0..10, rest @ 1..) => format!("{whole}.{rest} {name}"),
        (whole, rest) => format!("{} {name}", whole + u128::from(rest >= 5)),
    }
}

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

/// `1 byte`, `32 bytes`.
pub(super) fn count(n: u64, one: &str, many: &str) -> String {
    format!("{n} {}", if n == 1 { one } else { many })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_exact_while_small_and_short_when_large() {
        assert_eq!(size(0), "0 B");
        assert_eq!(size(1023), "1023 B");
        assert_eq!(size(1024), "1 KB");
        assert_eq!(size(1536), "1.5 KB");
        assert_eq!(size(36 * 1024 + 700), "37 KB");
        assert_eq!(size(712 * 1024), "712 KB");
        assert_eq!(size(1 << 20), "1 MB");
        assert_eq!(size(u64::MAX), "17179869184 GB");
    }

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
