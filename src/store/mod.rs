//! The pantry: values, keyspace, expiry; knows no client.

/// All databases.
#[derive(Debug)]
pub struct Store {
    dbs: Vec<Db>,
}

impl Store {
    /// # Panics
    /// If there is no such database.
    #[inline]
    pub fn db_mut(&mut self, index: usize) -> &mut Db {
        &mut self.dbs[index]
    }
}

/// One database.
#[derive(Debug)]
pub struct Db {}
