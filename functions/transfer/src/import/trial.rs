//! What a trial of an import has seen: an id that comes again meets the account that its first row would create.

use std::{
    collections::HashSet,
    hash::{BuildHasher, RandomState},
    sync::{Mutex, MutexGuard, PoisonError},
};

use rollcall_domain::{limits::MAX_ADMINS_PER_APP, text::AccountId};

/// The accounts that the rows of the file would create.
#[derive(Default)]
pub(super) struct Trial {
    hasher: RandomState,
    seen: Mutex<Seen>,
}

#[derive(Default)]
struct Seen {
    /// Hashes of the ids: a million take about 20 MB.
    ids: HashSet<u64>,
    admins: usize,
    /// What the present chunk has added. It may be decided again.
    new_ids: Vec<u64>,
    new_admins: usize,
}

impl Trial {
    /// Begins to decide a chunk, and forgets what an earlier decision of it has added.
    pub(super) fn begin_chunk(&self) {
        let seen = &mut *self.seen();
        for id in seen.new_ids.drain(..) {
            seen.ids.remove(&id);
        }
        seen.admins -= std::mem::take(&mut seen.new_admins);
    }

    /// Keeps what the decision of a chunk has added.
    pub(super) fn keep_chunk(&self) {
        let mut seen = self.seen();
        seen.new_ids.clear();
        seen.new_admins = 0;
    }

    /// Whether a row before would create the account. Otherwise this one would.
    pub(super) fn has_seen(&self, user_id: &AccountId) -> bool {
        let id = self.hasher.hash_one(user_id.as_str());
        let mut seen = self.seen();
        let is_new = seen.ids.insert(id);
        if is_new {
            seen.new_ids.push(id);
        }
        !is_new
    }

    /// Whether the application, which has some admins, takes one more.
    pub(super) fn has_room_for_admin(&self, existing: usize) -> bool {
        let mut seen = self.seen();
        seen.admins += 1;
        seen.new_admins += 1;
        existing + seen.admins <= MAX_ADMINS_PER_APP
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chunk_that_is_decided_again_meets_only_what_was_before_it() {
        let id = |text: &str| AccountId::parse(text).unwrap();
        let trial = Trial::default();
        trial.begin_chunk();
        assert!(!trial.has_seen(&id("a")) && trial.has_room_for_admin(9));
        trial.keep_chunk();
        for _ in 0..2 {
            trial.begin_chunk();
            assert!(trial.has_seen(&id("a")) && !trial.has_seen(&id("b")) && trial.has_seen(&id("b")));
            assert!(trial.has_room_for_admin(8) && !trial.has_room_for_admin(8));
        }
    }
}
