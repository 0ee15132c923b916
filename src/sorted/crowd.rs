//! Maps and sets for what grows with the crowd: many short arrays in a row.

use super::SortedMap;
use std::borrow::Borrow;

/// Entries of a piece, at most: so far the rest of an array is moved for a new
/// entry in less time than a tree takes to find its place.
const PIECE_MOST: usize = 256;

/// A [`SortedMap`] in pieces: what one entry costs hardly grows with how many
/// there are.
#[derive(Debug)]
pub struct CrowdMap<K, V> {
    /// In order; none is empty.
    pieces: Vec<SortedMap<K, V>>,
    len: usize,
}

impl<K, V> Default for CrowdMap<K, V> {
    fn default() -> CrowdMap<K, V> {
        CrowdMap { pieces: Vec::new(), len: 0 }
    }
}

impl<K, V> CrowdMap<K, V> {
    #[must_use]
    pub fn len(&self) -> usize {
        self.len
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (&K, &V)> {
        self.pieces.iter().flat_map(SortedMap::iter)
    }

    pub fn keys(&self) -> impl DoubleEndedIterator<Item = &K> {
        self.pieces.iter().flat_map(SortedMap::keys)
    }

    #[must_use]
    pub fn first(&self) -> Option<&K> {
        self.pieces.first()?.first_key_value().map(|(key, _)| key)
    }

    #[must_use]
    pub fn last(&self) -> Option<&K> {
        self.pieces.last()?.last_key_value().map(|(key, _)| key)
    }
}

impl<K: Ord, V> CrowdMap<K, V> {
    /// The piece that the key is in, or belongs into: all before it end below
    /// the key. May be one past the last.
    fn piece_of<Q: Ord + ?Sized>(&self, key: &Q) -> usize
    where
        K: Borrow<Q>,
    {
        self.pieces.partition_point(|piece| {
            piece.last_key_value().is_some_and(|(last, _)| last.borrow() < key)
        })
    }

    #[must_use]
    pub fn get<Q: Ord + ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        self.pieces.get(self.piece_of(key))?.get(key)
    }

    #[must_use]
    pub fn get_mut<Q: Ord + ?Sized>(&mut self, key: &Q) -> Option<&mut V>
    where
        K: Borrow<Q>,
    {
        let at = self.piece_of(key);
        self.pieces.get_mut(at)?.get_mut(key)
    }

    /// The value of `key`, a default one if there was none.
    pub fn or_default(&mut self, key: K) -> &mut V
    where
        V: Default,
    {
        let at = self.piece_with_room(&key);
        let piece = &mut self.pieces[at];
        self.len += usize::from(!piece.contains_key(&key));
        piece.or_default(key)
    }

    /// The piece for a key, where one more would not be too many.
    fn piece_with_room(&mut self, key: &K) -> usize {
        let at = self.piece_of(key);
        let beyond = at == self.pieces.len();
        // Rising keys fill one piece after the other.
        let at = at - usize::from(beyond && at > 0);
        match self.pieces.get_mut(at) {
            None => self.pieces.push(SortedMap::new()),
            Some(piece) if piece.len() < PIECE_MOST => {}
            Some(_) if beyond => {
                self.pieces.push(SortedMap::new());
                return at + 1;
            }
            Some(piece) => {
                let upper = piece.entries.split_off(PIECE_MOST / 2);
                self.pieces.insert(at + 1, SortedMap { entries: upper });
                return self.piece_of(key);
            }
        }
        at
    }

    pub fn remove<Q: Ord + ?Sized>(&mut self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
    {
        let at = self.piece_of(key);
        let removed = self.pieces.get_mut(at)?.remove(key)?;
        self.len -= 1;
        self.join(at);
        Some(removed)
    }

    /// Puts a piece that became short into the one before it.
    fn join(&mut self, at: usize) {
        let short = self.pieces[at].len();
        let before = at.checked_sub(1).map_or(0, |before| self.pieces[before].len());
        if short == 0 || (at > 0 && before + short <= PIECE_MOST / 2) {
            let mut piece = self.pieces.remove(at);
            if at > 0 {
                self.pieces[at - 1].entries.append(&mut piece.entries);
            }
        }
        if self.pieces.is_empty() {
            self.pieces = Vec::new();
        }
    }
}

/// Keys in rising order, each once, as a [`CrowdMap`].
pub type CrowdSet<K> = CrowdMap<K, ()>;

#[cfg(test)]
mod tests {
    use super::{CrowdMap, PIECE_MOST};
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    proptest! {
        /// In whatever order they come and go, and at whatever number of them.
        #[test]
        fn it_does_what_a_tree_does(
            steps in prop::collection::vec((0..3_u8, any::<u16>(), 1..300_u16), 1..40)
        ) {
            let (mut crowd, mut tree) = (CrowdMap::<u16, u32>::default(), BTreeMap::new());
            for (step, from, many) in steps {
                for key in (0..many).map(|i| from.wrapping_add(i.wrapping_mul(7)) % 4_000) {
                    if step == 0 {
                        prop_assert_eq!(crowd.remove(&key), tree.remove(&key));
                    } else {
                        *crowd.or_default(key) += 1;
                        *tree.entry(key).or_default() += 1;
                    }
                    prop_assert_eq!(crowd.get(&key), tree.get(&key));
                }
                prop_assert!(crowd.iter().eq(&tree));
                prop_assert_eq!(crowd.len(), tree.len());
                prop_assert_eq!(crowd.first(), tree.keys().next());
                prop_assert_eq!(crowd.last(), tree.keys().last());
                prop_assert!(crowd.pieces.iter().all(|p| (1..=PIECE_MOST).contains(&p.len())));
            }
        }
    }
}
