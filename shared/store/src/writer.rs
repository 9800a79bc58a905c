//! The right to commit changes. It is a type of its own, so that code with a [`Store`] only cannot commit by mistake.

use crate::{commit::Commit, error::CommitError, table::Store, write::Bookkeeping};

/// Commits changes of resources. [`Store`] reads; its only writes are leases, attempt counters and mail claims.
#[derive(Clone, Debug)]
pub struct Writer(Store);

impl Writer {
    /// The writer of this store's table.
    pub fn new(store: Store) -> Self {
        Self(store)
    }

    /// Writes a commit: all of it, or nothing.
    ///
    /// A failed guard is final and is returned with its error code. Conflicts with other writers, throttling and
    /// lost replies are retried. A transaction carries a client request token, so a retry is applied once. A commit of
    /// one write is a conditional write without a transaction, which costs half as much but has no such token: its
    /// guard must tolerate that a retry finds the write already applied.
    pub async fn commit(&self, commit: Commit) -> Result<(), CommitError> {
        self.0.commit(commit).await
    }

    /// Writes bookkeeping without a change of a resource: all of it, or nothing.
    pub async fn record(&self, writes: impl IntoIterator<Item = Bookkeeping>) -> Result<(), CommitError> {
        self.0.commit(Commit::new(writes)).await
    }
}
