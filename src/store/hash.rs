//! The hash of a key, which decides nothing that can be seen.

#[cfg(target_arch = "wasm32")]
pub(super) use short::KeyHash;
#[cfg(not(target_arch = "wasm32"))]
pub(super) use strong::KeyHash;

/// The server's: quick with keys of any length, and seeded against whoever
/// would send keys that all belong to one place.
#[cfg(not(target_arch = "wasm32"))]
mod strong {
    use foldhash::fast::FixedState;
    use std::hash::BuildHasher;

    #[derive(Debug)]
    pub struct KeyHash(FixedState);

    impl KeyHash {
        pub fn seeded(seed: u64) -> KeyHash {
            KeyHash(FixedState::with_seed(seed))
        }

        #[inline]
        pub fn of(&self, key: &[u8]) -> u32 {
            (self.0.hash_one(key) >> 32) as u32
        }
    }
}

/// The page's, whose only client is its reader: the other weighs 1.5 KB.
#[cfg(any(test, target_arch = "wasm32"))]
mod short {
    #[derive(Debug)]
    pub struct KeyHash(u64);

    impl KeyHash {
        pub fn seeded(seed: u64) -> KeyHash {
            KeyHash(seed)
        }

        /// The upper half, which every byte has reached.
        pub fn of(&self, key: &[u8]) -> u32 {
            let mixed = |hash: u64, byte: &u8| {
                (hash.rotate_left(5) ^ u64::from(*byte)).wrapping_mul(0x9e37_79b9_7f4a_7c15)
            };
            (key.iter().fold(self.0, mixed) >> 32) as u32
        }
    }
}

#[cfg(test)]
mod tests {
    use super::short::KeyHash;
    use std::collections::BTreeSet;

    /// In a table with two places for each key.
    #[test]
    fn the_pages_hash_spreads_keys_that_are_counted_up() {
        for seed in [0, 1, u64::MAX] {
            let hash = KeyHash::seeded(seed);
            for pattern in ["key:", "", "k", "a rather long name that is the same for all:"] {
                let keys = (0..1 << 14).map(|n| format!("{pattern}{n}"));
                let homes: BTreeSet<u32> = keys.map(|k| hash.of(k.as_bytes()) >> 17).collect();
                // Thrown at random they would take 12,900 places.
                assert!(homes.len() > 9 << 10, "{seed} {pattern:?}: {}", homes.len());
            }
        }
    }
}
