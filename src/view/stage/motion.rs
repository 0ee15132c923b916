//! How far a thing has got: easings and pieces of a beat. No clock here; the
//! only input is the frame's progress, so pausing in mid-flight is exact.

/// In the sweep the line first grows to the next client; this part of the beat
/// later, the plate begins to fall.
pub const REACHES: f64 = 0.3;

/// Fast, then settling: things that arrive by themselves.
#[must_use]
pub fn ease_out(t: f64) -> f64 {
    1.0 - (1.0 - t).powi(3)
}

/// Slow, fast, slow: things that are carried.
#[must_use]
pub fn ease_in_out(t: f64) -> f64 {
    if t < 0.5 { 4.0 * t * t * t } else { 1.0 - (2.0 - 2.0 * t).powi(3) / 2.0 }
}

/// Faster and faster: things that fall.
#[must_use]
pub fn ease_in(t: f64) -> f64 {
    t * t
}

/// The part of the beat from `from` to `to`, as its own progress.
#[must_use]
pub fn part(t: f64, from: f64, to: f64) -> f64 {
    ((t - from) / (to - from)).clamp(0.0, 1.0)
}

#[must_use]
pub fn between(a: f64, b: f64, t: f64) -> f64 {
    a + (b - a) * t
}

/// A way made of straight pieces.
#[derive(Clone, Debug, PartialEq)]
pub struct Path {
    points: Vec<(f64, f64)>,
}

impl Path {
    /// # Panics
    /// If there is no point.
    #[must_use]
    pub fn through(points: impl Into<Vec<(f64, f64)>>) -> Path {
        let points = points.into();
        assert!(!points.is_empty(), "a path has at least one point");
        Path { points }
    }

    /// The place at `t` of the whole length; 0 is the first point and 1
    /// exactly the last one.
    #[must_use]
    pub fn at(&self, t: f64) -> (f64, f64) {
        let length = |a: (f64, f64), b: (f64, f64)| (b.0 - a.0).abs() + (b.1 - a.1).abs();
        let total: f64 = self.points.windows(2).map(|w| length(w[0], w[1])).sum();
        let mut left = total * t.clamp(0.0, 1.0);
        for w in self.points.windows(2) {
            let piece = length(w[0], w[1]);
            if left < piece {
                let k = left / piece;
                return (between(w[0].0, w[1].0, k), between(w[0].1, w[1].1, k));
            }
            left -= piece;
        }
        self.points[self.points.len() - 1]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn easings_begin_at_nothing_and_end_at_rest() {
        for ease in [ease_out, ease_in_out, ease_in] {
            assert_eq!((ease(0.0), ease(1.0)), (0.0, 1.0));
            assert!((0..100).all(|i| ease(f64::from(i) / 100.0) <= ease(f64::from(i + 1) / 100.0)));
        }
    }

    #[test]
    fn a_path_is_walked_at_an_even_pace_and_ends_at_its_end() {
        let path = Path::through([(0.0, 0.0), (30.0, 0.0), (30.0, 10.0)]);
        assert_eq!(path.at(0.5), (20.0, 0.0));
        assert_eq!(path.at(1.0), (30.0, 10.0));
        assert_eq!(path.at(0.9), (30.0, 6.0));
        assert_eq!(Path::through([(1.0, 2.0)]).at(0.3), (1.0, 2.0));
    }
}
