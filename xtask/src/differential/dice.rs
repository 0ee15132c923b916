//! Chance that is the same every time: a generator whose values its library
//! promises to keep, so that a seed means the same commands for years.

use rand_pcg::Pcg64Mcg;
use rand_pcg::rand_core::{Rng, SeedableRng};

pub struct Dice(Pcg64Mcg);

impl Dice {
    /// The dice of one episode: any episode of a seed can be drawn alone.
    pub fn of(seed: u64, episode: u64) -> Dice {
        Dice(Pcg64Mcg::seed_from_u64(seed ^ episode.wrapping_mul(0x9e37_79b9_7f4a_7c15)))
    }

    /// Less than `end`, which must not be zero.
    pub fn below(&mut self, end: usize) -> usize {
        (self.0.next_u64() % end as u64) as usize
    }

    pub fn between(&mut self, first: i64, last: i64) -> i64 {
        first + self.below((last - first + 1) as usize) as i64
    }

    pub fn byte(&mut self) -> u8 {
        self.below(256) as u8
    }

    /// True `percent` times of a hundred.
    pub fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    pub fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())]
    }
}
