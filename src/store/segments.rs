//! An array that grows without moving what it holds.

use std::ops::{Index, IndexMut};

/// Elements, densely, in pieces of a fixed size: when the array grows, nothing
/// is copied, however large it is by then. Only the first piece grows like any
/// array, so that a few elements take little.
#[derive(Debug)]
pub(super) struct Segments<T> {
    /// All full but the last, and none empty.
    segments: Vec<Vec<T>>,
    len: usize,
}

const SEGMENT: usize = 4096;

impl<T> Segments<T> {
    pub(super) const fn new() -> Segments<T> {
        Segments { segments: Vec::new(), len: 0 }
    }

    #[inline]
    pub(super) fn len(&self) -> usize {
        self.len
    }

    pub(super) fn push(&mut self, element: T) {
        if self.len.is_multiple_of(SEGMENT) {
            let room = if self.len == 0 { 0 } else { SEGMENT };
            self.segments.push(Vec::with_capacity(room));
        }
        self.segments[self.len / SEGMENT].push(element);
        self.len += 1;
    }

    /// Takes one out; the last moves into its place.
    pub(super) fn swap_remove(&mut self, index: usize) -> T {
        let last = self.segments.last_mut().and_then(Vec::pop).expect("there is one");
        self.len -= 1;
        if self.len.is_multiple_of(SEGMENT) {
            self.segments.pop();
        }
        if index == self.len { last } else { std::mem::replace(&mut self[index], last) }
    }
}

impl<T> Index<usize> for Segments<T> {
    type Output = T;

    #[inline]
    fn index(&self, index: usize) -> &T {
        &self.segments[index / SEGMENT][index % SEGMENT]
    }
}

impl<T> IndexMut<usize> for Segments<T> {
    #[inline]
    fn index_mut(&mut self, index: usize) -> &mut T {
        &mut self.segments[index / SEGMENT][index % SEGMENT]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Over the end of a segment and back, beside a plain array.
    #[test]
    fn behaves_like_an_array() {
        let (mut segments, mut model) = (Segments::new(), Vec::new());
        for n in 0..2 * SEGMENT + 3 {
            segments.push(n);
            model.push(n);
        }
        let address: *const usize = &raw const segments[SEGMENT];
        for n in (0..model.len()).rev().step_by(2) {
            assert_eq!(segments.swap_remove(n / 2), model.swap_remove(n / 2));
            assert_eq!(segments.len(), model.len());
        }
        assert!((0..model.len()).all(|n| segments[n] == model[n]));
        assert_eq!(address, &raw const segments[SEGMENT]);
        while let Some(last) = model.pop() {
            assert_eq!(segments.swap_remove(model.len()), last);
        }
        assert_eq!((segments.len(), segments.segments.len()), (0, 0));
    }
}
