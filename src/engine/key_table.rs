//! Something for some keys of some databases: who watches them, who waits.

use crate::sorted::{CrowdMap, SortedMap};

/// Found by borrowed keys; ordered, so that walking it is the same everywhere.
#[derive(Debug)]
pub struct KeyTable<T> {
    dbs: SortedMap<u16, CrowdMap<Box<[u8]>, T>>,
    len: usize,
}

impl<T> Default for KeyTable<T> {
    fn default() -> KeyTable<T> {
        KeyTable { dbs: SortedMap::new(), len: 0 }
    }
}

impl<T> KeyTable<T> {
    /// How many keys there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.len
    }

    #[inline]
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    #[must_use]
    pub fn get(&self, db: u16, key: &[u8]) -> Option<&T> {
        self.dbs.get(&db)?.get(key)
    }

    #[must_use]
    pub fn get_mut(&mut self, db: u16, key: &[u8]) -> Option<&mut T> {
        self.dbs.get_mut(&db)?.get_mut(key)
    }

    /// The entry of a key, made if there is none.
    pub fn entry(&mut self, db: u16, key: &[u8]) -> &mut T
    where
        T: Default,
    {
        let keys = self.dbs.or_default(db);
        if keys.get(key).is_none() {
            keys.or_default(key.into());
            self.len += 1;
        }
        keys.get_mut(key).expect("just made sure of")
    }

    pub fn remove(&mut self, db: u16, key: &[u8]) -> Option<T> {
        let keys = self.dbs.get_mut(&db)?;
        let removed = keys.remove(key)?;
        self.len -= 1;
        if keys.is_empty() {
            self.dbs.remove(&db);
        }
        Some(removed)
    }

    /// The keys, of one database or of all.
    pub fn keys(&self, db: Option<u16>) -> impl Iterator<Item = (u16, &[u8])> {
        let wanted = move |other: u16| db.is_none_or(|db| db == other);
        self.dbs
            .iter()
            .filter(move |(db, _)| wanted(**db))
            .flat_map(|(db, keys)| keys.keys().map(|key| (*db, &key[..])))
    }
}

#[cfg(test)]
mod tests {
    use super::KeyTable;

    #[test]
    fn a_key_is_one_of_its_database_and_leaves_nothing_behind() {
        let mut table = KeyTable::<u32>::default();
        *table.entry(0, b"k") += 1;
        *table.entry(0, b"k") += 1;
        *table.entry(3, b"k") += 5;
        assert_eq!((table.len(), table.get(0, b"k"), table.get(1, b"k")), (2, Some(&2), None));
        assert_eq!(table.keys(Some(3)).collect::<Vec<_>>(), [(3, &b"k"[..])]);
        assert_eq!((table.remove(0, b"k"), table.remove(0, b"k")), (Some(2), None));
        assert_eq!(table.remove(3, b"k"), Some(5));
        assert!(table.is_empty() && table.dbs.is_empty());
    }
}
