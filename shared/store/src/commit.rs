//! What one change writes: guarded writes, all or nothing.

use crate::write::Write;

/// All writes of one change. Either every guard holds and everything is written, or nothing is.
#[derive(Clone, Debug, Default)]
pub struct Commit {
    pub(crate) writes: Vec<Write>,
}

impl Commit {
    /// A commit of these writes.
    pub fn new(writes: impl IntoIterator<Item = impl Into<Write>>) -> Self {
        Self::default().extended(writes)
    }

    /// Whether there is nothing to write.
    pub fn is_empty(&self) -> bool {
        self.writes.is_empty()
    }

    /// The commit with more writes.
    #[must_use]
    pub fn extended(mut self, writes: impl IntoIterator<Item = impl Into<Write>>) -> Self {
        self.extend(writes);
        self
    }

    /// The commit with one more write.
    #[must_use]
    pub fn and(self, write: impl Into<Write>) -> Self {
        self.extended([write])
    }

    /// The commit with condition checks.
    ///
    /// A transaction takes one action per item, so the check of an item that this commit writes becomes part of that
    /// write's condition.
    #[must_use]
    pub fn with_checks(mut self, checks: impl IntoIterator<Item = Write>) -> Self {
        for check in checks {
            match self.writes.iter_mut().find(|write| write.key == check.key) {
                Some(write) => write.require(check),
                None => self.writes.push(check),
            }
        }
        self
    }
}

impl IntoIterator for Commit {
    type Item = Write;
    type IntoIter = std::vec::IntoIter<Write>;

    fn into_iter(self) -> Self::IntoIter {
        self.writes.into_iter()
    }
}

impl<W: Into<Write>> Extend<W> for Commit {
    fn extend<T: IntoIterator<Item = W>>(&mut self, writes: T) {
        self.writes.extend(writes.into_iter().map(Into::into));
    }
}
