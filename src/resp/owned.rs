//! Requests that outlive their query buffer.

use super::Args;
use std::ops::Range;

/// The arguments of one request, in memory of their own: queued by MULTI, or
/// of a command that waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnedArgs {
    bytes: Box<[u8]>,
    ranges: Box<[Range<usize>]>,
}

/// What an argument costs besides its bytes, the same on every platform.
const ARGUMENT_BYTES: u64 = 16;

impl OwnedArgs {
    #[must_use]
    pub fn args(&self) -> Args<'_> {
        Args::new(&self.bytes, &self.ranges)
    }

    /// What it holds in memory.
    #[must_use]
    pub fn memory_bytes(&self) -> u64 {
        self.bytes.len() as u64 + ARGUMENT_BYTES * self.ranges.len() as u64
    }
}

impl From<Args<'_>> for OwnedArgs {
    fn from(args: Args<'_>) -> OwnedArgs {
        let mut bytes = Vec::with_capacity(args.iter().map(<[u8]>::len).sum());
        let ranges = args.iter().map(|arg| {
            let start = bytes.len();
            bytes.extend_from_slice(arg);
            start..bytes.len()
        });
        let ranges = ranges.collect();
        OwnedArgs { bytes: bytes.into(), ranges }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_are_the_same_and_nothing_between_them_is_kept() {
        let buffer = b"*2\r\n$3\r\nGET\r\n$0\r\n\r\n";
        let owned = OwnedArgs::from(Args::new(buffer, &[8..11, 17..17]));
        assert_eq!(owned.args().iter().collect::<Vec<_>>(), [&b"GET"[..], b""]);
        assert_eq!(owned.memory_bytes(), 3 + 2 * ARGUMENT_BYTES);
    }
}
