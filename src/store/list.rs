//! Lists.

use super::value::{Encoding, StringValue};
use std::collections::VecDeque;

/// A list: both ends are cheap, so is any position.
///
/// Redis keeps a small list as one listpack and a bigger one as a chain of
/// them. Here it is one ring either way (*simplified*: the chain pays off with
/// compression and with insertion in the middle, which do not exist here), but
/// the size of the listpack is counted exactly, so that OBJECT ENCODING says
/// what Redis would.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct List {
    elements: VecDeque<StringValue>,
    /// Size of a listpack with these elements, without its frame.
    packed_bytes: u64,
    heap_bytes: u64,
    quicklist: bool,
}

/// `list-max-listpack-size -2`: 8 KB.
const LISTPACK_MAX_BYTES: u64 = 8 * 1024;

/// The header and the end mark of a listpack.
const LISTPACK_FRAME_BYTES: u64 = 7;

/// What one element takes in the ring.
const ELEMENT_BYTES: u64 = 24;

/// A ring of so many places is left as it is.
const SPARE_PLACES: usize = 64;

/// One end of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    Front,
    Back,
}

impl List {
    #[must_use]
    pub fn len(&self) -> usize {
        self.elements.len()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.elements.is_empty()
    }

    #[must_use]
    pub fn get(&self, index: usize) -> Option<&StringValue> {
        self.elements.get(index)
    }

    /// Elements `from..to`, front to back.
    ///
    /// # Panics
    /// If `to` is beyond the end.
    pub fn range(&self, from: usize, to: usize) -> impl Iterator<Item = &StringValue> {
        self.elements.range(from..to)
    }

    pub fn push(&mut self, end: End, bytes: &[u8]) {
        let element = StringValue::new(bytes);
        self.packed_bytes += packed_bytes(&element);
        self.heap_bytes += ELEMENT_BYTES + element.heap_bytes();
        match end {
            End::Front => self.elements.push_front(element),
            End::Back => self.elements.push_back(element),
        }
        // A single element never exceeds the limit on its own account: a
        // listpack always takes at least one.
        if self.packed_bytes + LISTPACK_FRAME_BYTES > LISTPACK_MAX_BYTES {
            self.quicklist = true;
        }
    }

    pub fn pop(&mut self, end: End) -> Option<StringValue> {
        let element = match end {
            End::Front => self.elements.pop_front(),
            End::Back => self.elements.pop_back(),
        }?;
        self.packed_bytes -= packed_bytes(&element);
        self.heap_bytes -= ELEMENT_BYTES + element.heap_bytes();
        // Back to a listpack only at half the limit, so that a list at the
        // border does not change its form with every push and pop.
        if (self.packed_bytes + LISTPACK_FRAME_BYTES) * 2 <= LISTPACK_MAX_BYTES {
            self.quicklist = false;
        }
        // What a backlog took is given back as it is worked off: half of the
        // ring once three quarters are empty, so that it costs little per pop.
        let places = self.elements.capacity();
        if places > SPARE_PLACES && self.elements.len() <= places / 4 {
            self.elements.shrink_to(places / 2);
        }
        Some(element)
    }

    #[must_use]
    pub fn encoding(&self) -> Encoding {
        if self.quicklist { Encoding::Quicklist } else { Encoding::Listpack }
    }

    #[inline]
    pub(super) fn heap_bytes(&self) -> u64 {
        self.heap_bytes
    }
}

/// The size of one element in a listpack (`lpEncodeGetType`,
/// `lpEncodeBacklen`).
fn packed_bytes(element: &StringValue) -> u64 {
    let entry: u64 = match element.integer() {
        Some(0..=127) => 1,
        Some(-4_096..=4_095) => 2,
        Some(-32_768..=32_767) => 3,
        Some(-8_388_608..=8_388_607) => 4,
        Some(-2_147_483_648..=2_147_483_647) => 5,
        Some(_) => 9,
        None => match element.len() as u64 {
            len @ 0..64 => 1 + len,
            len @ 64..4_096 => 2 + len,
            len => 5 + len,
        },
    };
    let back_length = match entry {
        0..=127 => 1,
        128..=16_382 => 2,
        16_383..=2_097_150 => 3,
        2_097_151..=268_435_454 => 4,
        _ => 5,
    };
    entry + back_length
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_encoding_changes_at_8_kb_and_back_at_half_of_it() {
        let mut list = List::default();
        // 100 bytes of text take 103 in a listpack: 79 fit with the frame.
        for _ in 0..79 {
            list.push(End::Back, &[b'x'; 100]);
        }
        assert_eq!(list.encoding(), Encoding::Listpack);
        list.push(End::Front, &[b'x'; 100]);
        assert_eq!(list.encoding(), Encoding::Quicklist);
        while list.len() > 40 {
            list.pop(End::Back);
        }
        assert_eq!(list.encoding(), Encoding::Quicklist);
        list.pop(End::Front);
        assert_eq!(list.encoding(), Encoding::Listpack);
    }

    /// Protects: a queue that was long once does not take that much memory for
    /// as long as it is not empty, which nothing would have counted.
    #[test]
    fn a_backlog_that_was_worked_off_takes_no_memory() {
        let mut list = List::default();
        (0..100_000).for_each(|_| list.push(End::Back, b"x"));
        while list.len() > 1 {
            list.pop(if list.len() % 2 == 0 { End::Front } else { End::Back });
            let places = list.elements.capacity();
            assert!(places <= SPARE_PLACES || places < list.len() * 4 + 4, "{places}");
        }
        assert_eq!(list.get(0).map(StringValue::len), Some(1));
    }

    #[test]
    fn an_empty_list_accounts_for_nothing() {
        let mut list = List::default();
        for n in 0..1_000 {
            list.push(if n % 3 == 0 { End::Front } else { End::Back }, n.to_string().as_bytes());
        }
        while list.pop(End::Back).is_some() {}
        assert_eq!((list.packed_bytes, list.heap_bytes), (0, 0));
    }
}
