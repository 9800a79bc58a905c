//! What falls due: one index for everything that somebody has to come back to.

use rollcall_domain::{
    Timestamp,
    id::{AppId, InvitationId, MailId, TeamId},
};

use crate::{error::Fault, keys, keys::Key, outbox, table::Store};

/// Something that is due, by the index. What it is now, only the table knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Due {
    /// Its place in its hour, to go on after.
    pub position: String,
    /// What it is.
    pub item: DueItem,
}

/// The kinds of things that fall due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DueItem {
    /// The end of an application.
    App(AppId),
    /// A mail.
    Mail(MailId),
    /// What is left of a team.
    Team(TeamId),
    /// An invitation whose time ran out.
    Invitation(TeamId, InvitationId),
    /// Something that only a newer version knows.
    Unknown,
}

impl Store {
    /// What fell due within an hour and up to `now`, after `after`.
    pub async fn due(&self, hour: i64, after: &str, now: Timestamp, limit: usize) -> Result<Vec<Due>, Fault> {
        // '~' sorts after every character of an id, so that an entry due this very millisecond is included.
        let upto = format!("{now}#~");
        let due = self.query_index(&keys::due_partition(hour), after, Some(&upto), limit).await?;
        Ok(due.into_iter().map(|(position, key)| Due { position, item: item_of(&key) }).collect())
    }
}

fn item_of(key: &Key) -> DueItem {
    let app = || key.pk.strip_prefix("APP#").and_then(AppId::parse).map(DueItem::App);
    let mail = || outbox::mail_of(&key.pk).map(DueItem::Mail);
    let team_id = key.pk.strip_prefix("TEAM#").and_then(TeamId::parse);
    let team = || team_id.filter(|_| key.sk == "TEAM").map(DueItem::Team);
    let invitation_id = key.sk.strip_prefix(keys::INVITATION).and_then(InvitationId::parse);
    let invitation = || Some(DueItem::Invitation(team_id?, invitation_id?));
    app().or_else(mail).or_else(team).or_else(invitation).unwrap_or(DueItem::Unknown)
}
