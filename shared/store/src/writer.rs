//! The right to write: a type of its own, so that whoever only reads cannot commit by mistake.

use crate::{
    commit::{Bookkeeping, Commit},
    error::CommitError,
    table::Store,
};

/// Writes to the table. [`Store`] reads.
#[derive(Clone, Debug)]
pub struct Writer(Store);

impl Writer {
    /// The writer of this store's table.
    pub fn new(store: Store) -> Self {
        Self(store)
    }

    /// Writes a commit: all of it, or nothing.
    ///
    /// A failed guard is final and comes back with its meaning. Conflicts with other writers, throttling and lost
    /// replies are retried; a transaction carries a client request token, so a retry is applied once. A commit of one
    /// write is a plain conditional write at half the price of a transaction; see [`Bookkeeping`] and the nouns' modules
    /// for why each of these may be repeated.
    pub async fn commit(&self, commit: Commit) -> Result<(), CommitError> {
        self.0.commit(commit).await
    }

    /// Writes bookkeeping on its own: all of it, or nothing.
    pub async fn record(&self, writes: impl IntoIterator<Item = Bookkeeping>) -> Result<(), CommitError> {
        self.0.commit(Commit::new(writes)).await
    }
}
