//! Sessions: reads and commits.

use rollcall_domain::{
    Code, Timestamp,
    id::{SessionId, UserId},
    limits::SessionLifetime,
    session::Session,
    user::User,
};

use crate::{
    commit::{Bookkeeping, Write},
    error::Fault,
    item::{ending, from_item, number, string, to_item},
    keys,
    query::{Order, Page, Range},
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

    /// One session of a user.
    pub async fn session(&self, user_id: UserId, session_id: SessionId) -> Result<Option<Session>, Fault> {
        self.get(&keys::session(user_id, session_id)).await
    }

    /// Sessions of a user, newest first, after `after`; also those that are over.
    pub async fn sessions(
        &self,
        user_id: UserId,
        after: Option<SessionId>,
        limit: usize,
    ) -> Result<Page<Session>, Fault> {
        let range = Range {
            pk: keys::session_partition(user_id),
            prefix: String::new(),
            after: after.map(|id| id.to_string()),
            order: Order::Falling,
            limit,
            filter: None,
        };
        let page = self.query(range).await?;
        let items = page.items.into_iter().map(from_item).collect::<Result<_, _>>()?;
        Ok(Page { items, next: page.next })
    }
}

/// A new session. It is removed some time after it cannot be used any more.
pub fn create(session: &Session, lifetime: SessionLifetime) -> Result<Bookkeeping, Fault> {
    let item = to_item(&keys::session(session.user_id, session.session_id), session)?;
    Ok(Write::put(ending(item, session.created_at + lifetime.age)).only_if_absent(Code::Conflict).bookkeeping())
}

/// The session goes on in the user's next epoch, in which all others are over.
pub fn carry_on(session: &Session, user: &User) -> Bookkeeping {
    let values = vec![(":epoch", number(user.epoch))];
    let key = keys::session(session.user_id, session.session_id);
    Write::update(key, "SET #epoch = :epoch", values).only_if_present(Code::Unauthenticated).bookkeeping()
}

/// Remembers that a session was used. One that ended meanwhile stays ended.
pub fn touch(session: &Session, now: Timestamp) -> Bookkeeping {
    let values = vec![(":now", string(now.to_string()))];
    let key = keys::session(session.user_id, session.session_id);
    Write::update(key, "SET #last_seen_at = :now", values).only_if_present(Code::Unauthenticated).bookkeeping()
}

/// The end of a session.
pub fn end(session: &Session) -> Bookkeeping {
    Write::delete(keys::session(session.user_id, session.session_id)).bookkeeping()
}
