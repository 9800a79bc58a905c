//! Items that fall due: ended memberships and invitations, finished deletions, jobs, overdue mails and reminders, in one
//! index.

use rollcall_domain::{
    Timestamp,
    id::{ApiKeyId, AppId, InvitationId, JobId, MailId, TeamId, UserId},
};

use crate::{
    error::Fault,
    keys::{self, Key},
    sort_keys::SortKeys,
    table::Store,
};

/// An entry of the due index. The index lags behind: the item itself must be read before anything is done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Due {
    /// The position within its hour, after which the next read continues.
    pub position: String,
    /// The item that is due.
    pub item: DueItem,
}

/// The kinds of items that fall due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DueItem {
    /// A deleted application, to be removed.
    App(AppId),
    /// A job, to be worked on, given up, or freed of its files.
    Job(AppId, JobId),
    /// A mail, to be sent.
    Mail(MailId),
    /// A deleted team, whose remains are to be removed.
    Team(TeamId),
    /// A reminder that an API key of a user ends soon.
    KeyReminder(UserId, ApiKeyId),
    /// A live invitation, to be ended.
    Invitation(TeamId, InvitationId),
    /// A membership with an end, of which the member is to be reminded, or which is to be removed.
    Member(TeamId, UserId),
    /// An item of a kind that only a newer version knows.
    Unknown,
}

impl Store {
    /// Entries that fell due within an hour and up to `now`, after the position `after`.
    pub async fn due(&self, hour: i64, after: &str, now: Timestamp, limit: usize) -> Result<Vec<Due>, Fault> {
        // '~' sorts after every character of an id, so that the range includes entries due in this very millisecond.
        let positions = SortKeys::default().after(after).up_to(format!("{now}#~"));
        let due = self.query_index(&keys::due_partition(hour), positions, limit).await?;
        Ok(due.into_iter().map(|(position, key)| Due { position, item: due_item(&key) }).collect())
    }
}

fn due_item(key: &Key) -> DueItem {
    if let Some(app_id) = key.app_id() {
        return key.job_id().map_or(DueItem::App(app_id), |job_id| DueItem::Job(app_id, job_id));
    }
    if let Some(mail_id) = keys::mail_id(&key.pk) {
        return DueItem::Mail(mail_id);
    }
    if let Some((user_id, key_id)) = key.key_reminder() {
        return DueItem::KeyReminder(user_id, key_id);
    }
    let Some(team_id) = key.team_id() else { return DueItem::Unknown };
    match (key.invitation_id(), key.member_id()) {
        (Some(invitation_id), _) => DueItem::Invitation(team_id, invitation_id),
        (None, Some(user_id)) => DueItem::Member(team_id, user_id),
        (None, None) if *key == keys::team(team_id) => DueItem::Team(team_id),
        (None, None) => DueItem::Unknown,
    }
}
