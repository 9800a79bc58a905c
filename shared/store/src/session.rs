//! Sessions: reads and commits.

use aws_sdk_dynamodb::types::AttributeValue;
use rollcall_domain::{
    Code, Timestamp,
    id::{SessionId, UserId},
    limits::SessionLifetime,
    session::Session,
    user::User,
};

use crate::{
    error::Fault,
    item::{from_items, number, timestamp, to_item, with_ttl},
    keys,
    query::{Page, Range},
    sort_keys::SortKeys,
    table::Store,
    write::{Bookkeeping, Write},
};

impl Store {
    /// A user and one of their sessions, in one consistent read.
    pub async fn user_and_session(
        &self,
        user_id: UserId,
        session_id: SessionId,
    ) -> Result<Option<(User, Session)>, Fault> {
        let (user, session) = (keys::user(user_id), keys::session(user_id, session_id));
        let items = self.items_by_key([user.clone(), session.clone()]).await?;
        Ok(items.get(&user)?.zip(items.get(&session)?))
    }

    /// A user, and a session that may be another user's, in one consistent read.
    pub async fn user_and_replaced_session(
        &self,
        user_id: UserId,
        replaced: (UserId, SessionId),
    ) -> Result<(Option<User>, Option<Session>), Fault> {
        let (user, session) = (keys::user(user_id), keys::session(replaced.0, replaced.1));
        let items = self.items_by_key([user.clone(), session.clone()]).await?;
        Ok((items.get(&user)?, items.get(&session)?))
    }

    /// One session of a user.
    pub async fn session(&self, user_id: UserId, session_id: SessionId) -> Result<Option<Session>, Fault> {
        self.get(&keys::session(user_id, session_id)).await
    }

    /// A page of the sessions of a user, newest first, after `after`. It includes expired sessions.
    pub async fn sessions(
        &self,
        user_id: UserId,
        after: Option<SessionId>,
        limit: usize,
    ) -> Result<Page<Session>, Fault> {
        // API keys are in the same partition. Their sort keys begin with a letter; the ids of sessions with a digit, since
        // a UUID v7 begins with the time.
        let range = Range::new(keys::session_partition(user_id), limit).keys(SortKeys::default().up_to(":".to_owned()));
        let range = range.after(after.map(|id| id.to_string()));
        let page = self.query(range.descending()).await?;
        Ok(Page { items: from_items(page.items)?, next: page.next })
    }
}

/// Creates a session. The database removes it some time after its longest possible life.
pub fn create(session: &Session, lifetime: SessionLifetime) -> Result<Bookkeeping, Fault> {
    let item = to_item(&keys::session(session.user_id, session.session_id), session)?;
    Ok(Write::put(with_ttl(item, session.created_at + lifetime.age)).only_if_absent(Code::Conflict).bookkeeping())
}

/// Moves a session to the user's new epoch. All other sessions stay in the old one, in which they are no longer valid.
pub fn adopt_epoch(session: &Session, user: &User) -> Bookkeeping {
    update(session, "SET #epoch = :epoch", (":epoch", number(user.epoch)))
}

/// Records that a session was used. A session that was ended meanwhile stays ended.
pub fn touch(session: &Session, now: Timestamp) -> Bookkeeping {
    update(session, "SET #last_seen_at = :now", (":now", timestamp(now)))
}

/// Ends a session.
pub fn end(session: &Session) -> Bookkeeping {
    Write::delete(keys::session(session.user_id, session.session_id)).bookkeeping()
}

fn update(session: &Session, expression: &'static str, value: (&'static str, AttributeValue)) -> Bookkeeping {
    Write::update(keys::session(session.user_id, session.session_id), expression, vec![value])
        .only_if_present(Code::Unauthenticated)
        .bookkeeping()
}
