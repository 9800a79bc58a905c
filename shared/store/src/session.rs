//! Sessions: reads and commits.

use rollcall_domain::{
    Code, Timestamp,
    id::{SessionId, UserId},
    session::Session,
    user::User,
};

use crate::{
    commit::{Commit, Write},
    error::Fault,
    item::{ending, from_item, string, to_item},
    keys,
    table::Store,
};

impl Store {
    /// A user and one of its sessions, in one consistent read.
    pub async fn user_and_session(
        &self,
        user_id: UserId,
        session_id: SessionId,
    ) -> Result<Option<(User, Session)>, Fault> {
        let (mut user, mut session) = (None, None);
        for item in self.batch_get(&[keys::user(user_id), keys::session(user_id, session_id)]).await? {
            if item.get("sk") == Some(&string("USER")) {
                user = Some(from_item(item)?);
            } else {
                session = Some(from_item(item)?);
            }
        }
        Ok(user.zip(session))
    }
}

/// A new session. It is removed some time after it cannot be used any more.
pub fn create(session: &Session, user: &User) -> Result<Write, Fault> {
    let item = to_item(&keys::session(session.user_id, session.session_id), session)?;
    let end = session.created_at + user.session_lifetime().age;
    Ok(Write::put(ending(item, end)).only_if_absent(Code::Conflict))
}

/// Remembers that a session was used. One that ended meanwhile stays ended.
pub fn touch(session: &Session, now: Timestamp) -> Commit {
    let values = vec![(":now", string(now.to_string()))];
    let key = keys::session(session.user_id, session.session_id);
    Commit::new([Write::update(key, "SET #last_seen_at = :now", values).only_if_present(Code::Unauthenticated)])
}

/// The end of a session.
pub fn end(session: &Session) -> Commit {
    Commit::new([Write::delete(keys::session(session.user_id, session.session_id))])
}
