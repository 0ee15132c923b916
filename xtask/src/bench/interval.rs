//! A median, and how sure one may be of it.

/// How sure the interval is.
const CONFIDENCE: f64 = 0.95;

/// The middle of some measurements, and the two of them between which the
/// true median lies with at least 95 %.
///
/// The interval is that of order statistics: each measurement is as likely
/// above the true median as below it, and nothing else is assumed of how they
/// scatter, so a few windows in which the machine did other things do no harm.
/// The measurements must be independent of each other.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Median {
    pub value: f64,
    pub low: f64,
    pub high: f64,
    pub count: usize,
}

impl Median {
    /// Nothing for fewer than six values: not even the least and the greatest
    /// of five enclose the true median with 95 %.
    pub fn of(values: &[f64]) -> Option<Median> {
        let count = values.len();
        let outside = beyond(count)?;
        let mut sorted = values.to_vec();
        sorted.sort_by(f64::total_cmp);
        let value = middle(&sorted);
        Some(Median { value, low: sorted[outside], high: sorted[count - 1 - outside], count })
    }

    /// Of this over another that was measured apart from it. The interval is
    /// the widest that the two intervals allow.
    pub fn over(&self, other: &Median) -> Median {
        Median {
            value: self.value / other.value,
            low: self.low / other.high,
            high: self.high / other.low,
            count: self.count.min(other.count),
        }
    }
}

/// Of sorted values; of an even number the mean of the two in the middle.
///
/// # Panics
/// If there are none.
pub fn middle(sorted: &[f64]) -> f64 {
    let half = sorted.len() / 2;
    if sorted.len() % 2 == 1 { sorted[half] } else { f64::midpoint(sorted[half - 1], sorted[half]) }
}

/// How many values at either end may lie outside the interval: the most for
/// which the chance that the true median lies among them is small enough.
///
/// The number of values below the true median is that of heads in `count`
/// throws of a coin. The interval misses if there are at most `outside` heads,
/// or at most so many tails.
fn beyond(count: usize) -> Option<usize> {
    let mut chance_of_exactly = 0.5_f64.powi(i32::try_from(count).ok()?);
    let mut chance_to_miss = 0.0;
    let mut outside = None;
    for heads in 0..count / 2 {
        chance_to_miss += 2.0 * chance_of_exactly;
        if chance_to_miss > 1.0 - CONFIDENCE {
            break;
        }
        outside = Some(heads);
        chance_of_exactly *= (count - heads) as f64 / (heads + 1) as f64;
    }
    outside
}

#[cfg(test)]
mod tests {
    use super::{Median, beyond, middle};

    /// The published tables of the sign test: with six values nothing may be
    /// left out, with ten one at either end, with twenty five, with 100 39.
    #[test]
    fn as_many_values_lie_outside_as_the_tables_of_the_sign_test_say() {
        let of = |count| beyond(count).map(|outside| outside + 1);
        assert_eq!([0, 1, 5].map(of), [None; 3]);
        assert_eq!([6, 8, 9, 10, 20, 25].map(of), [1, 1, 2, 2, 6, 8].map(Some));
        assert_eq!(of(100), Some(40));
    }

    #[test]
    fn a_median_of_pairs_ignores_windows_in_which_the_machine_did_other_things() {
        let mut ratios: Vec<f64> = (0..19).map(|n| 1.0 + f64::from(n) / 1_000.0).collect();
        ratios.push(40.0);
        ratios.reverse();
        let median = Median::of(&ratios).expect("twenty values");
        assert!((median.value - 1.0095).abs() < 1e-9);
        assert!((median.low - 1.005).abs() < 1e-9 && (median.high - 1.014).abs() < 1e-9);
        assert_eq!(median.count, 20);
        assert_eq!(Median::of(&ratios[..5]), None);
    }

    /// An interval of a quotient that is too narrow would claim what nobody saw.
    #[test]
    fn a_quotient_is_as_unsure_as_both_of_its_parts() {
        let crowded = Median { value: 1.2, low: 1.1, high: 1.3, count: 90 };
        let control = Median { value: 1.0, low: 0.5, high: 2.0, count: 80 };
        let cost = crowded.over(&control);
        assert_eq!(cost, Median { value: 1.2, low: 0.55, high: 2.6, count: 80 });
    }

    #[test]
    fn the_middle_of_an_even_number_lies_between_two() {
        assert!((middle(&[1.0, 2.0, 4.0]) - 2.0).abs() < 1e-9);
        assert!((middle(&[1.0, 2.0, 4.0, 9.0]) - 3.0).abs() < 1e-9);
    }
}
