//! Bytes as far as they are known: facts carry only the first of them.

use super::world::{KNOWN_BYTES_CAP, QueryView};
use crate::event::Preview;

impl QueryView {
    pub(super) fn append(&mut self, bytes: &Preview) {
        append_known(&mut self.known, self.len, bytes);
        self.len = self.len.saturating_add(bytes.len);
        self.memory.clear();
    }

    pub(super) fn trim(&mut self, bytes: u64, left: u64) {
        let rest = self.known.split_off(clamp(bytes, self.known.len()));
        self.memory = std::mem::replace(&mut self.known, rest);
        self.known.truncate(clamp(left, usize::MAX));
        self.len = left;
        self.parsed_to = self.parsed_to.saturating_sub(bytes).min(left);
    }
}

/// `known` is a prefix of `len` bytes; it grows only while it is all of them,
/// so that it never has a hole.
pub(super) fn append_known(known: &mut Vec<u8>, len: u64, bytes: &Preview) {
    if known.len() as u64 == len {
        let head = bytes.bytes();
        known.extend(&head[..clamp(bytes.len, head.len())]);
        known.truncate(KNOWN_BYTES_CAP);
    }
}

pub(super) fn drop_front(known: &mut Vec<u8>, bytes: u64) {
    known.drain(..clamp(bytes, known.len()));
}

fn clamp(bytes: u64, most: usize) -> usize {
    usize::try_from(bytes).unwrap_or(usize::MAX).min(most)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query(pieces: &[&[u8]]) -> QueryView {
        let mut query = QueryView::default();
        pieces.iter().for_each(|piece| query.append(&Preview::of(piece, 4)));
        query
    }

    #[test]
    fn what_is_known_is_a_prefix_without_holes() {
        assert_eq!(query(&[b"abcd", b"efg"]).known, b"abcdefg");
        // The second piece's head is not all of it: what follows is unknown.
        let cut = query(&[b"ab", b"cdefgh", b"i"]);
        assert_eq!((cut.known.as_slice(), cut.len), (b"abcdef".as_slice(), 9));
    }

    #[test]
    fn what_is_trimmed_stays_as_memory_until_the_next_read() {
        let mut query = query(&[b"abcd", b"ef"]);
        query.parsed_to = 4;
        query.trim(4, 2);
        assert_eq!((query.known.as_slice(), query.memory.as_slice()), (&b"ef"[..], &b"abcd"[..]));
        assert_eq!((query.len, query.parsed_to), (2, 0));
        query.append(&Preview::of(b"g", 4));
        assert!(query.memory.is_empty());
    }
}
