//! Mails on their way: written with the change they tell of, taken up by one sender at a time, gone once sent.

use rollcall_domain::{
    Code, Timestamp,
    id::MailId,
    limits::{MAIL_OVERDUE, OUTBOX_LIFETIME},
    mail::Mail,
};
use serde::Deserialize;

use crate::{
    commit::{Bookkeeping, Commit, Meaning, Write},
    error::{CommitError, Fault},
    item::{ending, indexed, number, string, to_item},
    keys,
    table::Store,
};

/// What the partition key of every mail begins with, and no other.
pub const PREFIX: &str = keys::OUTBOX;

/// Whether a mail was this caller's to take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Claim {
    /// It is: nobody else tries it before it is due again.
    Taken,
    /// Somebody else was quicker, or it is gone.
    Lost,
}

/// Whether there was a mail to be driven.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Drive {
    /// There was, and the stream tells of it again.
    Driven,
    /// It is gone, given up, or not overdue.
    Idle,
}

/// A mail as it lies in the table.
#[derive(Debug, Deserialize)]
struct Stored {
    #[serde(flatten)]
    mail: Mail,
    #[serde(default)]
    failed_at: Option<Timestamp>,
}

/// The mail whose partition this is.
pub fn mail_of(pk: &str) -> Option<MailId> {
    MailId::parse(pk.strip_prefix(PREFIX)?)
}

/// Leaves a mail to be sent: part of the change that it tells of.
pub fn put(mail: &Mail) -> Result<Bookkeeping, Fault> {
    let item = indexed(to_item(&keys::mail(mail.mail_id), mail)?, keys::due_index(mail.due_at, &mail.mail_id));
    Ok(Write::put(ending(item, mail.created_at + OUTBOX_LIFETIME)).only_if_absent(Code::Conflict).bookkeeping())
}

impl Store {
    /// The mail of this id, if it is still to be sent: one that was given up stays as it is until its end.
    pub async fn mail(&self, mail_id: MailId) -> Result<Option<Mail>, Fault> {
        let stored: Option<Stored> = self.get(&keys::mail(mail_id)).await?;
        Ok(stored.filter(|stored| stored.failed_at.is_none()).map(|stored| stored.mail))
    }

    /// Takes a mail from one try to the next: of all who read the same state, one.
    ///
    /// `taker` names this attempt to take it, so that a write whose reply was lost knows itself when it is repeated.
    pub async fn claim(&self, before: &Mail, after: &Mail, taker: &str) -> Result<Claim, Fault> {
        const NEXT: &str = "SET #attempts = :attempts, #due_at = :due_at, #gsi1pk = :hour, #gsi1sk = :place, \
                            #taken_by = :taker";
        let (hour, place) = keys::due_index(after.due_at, &after.mail_id);
        let values = vec![
            (":attempts", number(after.attempts)),
            (":due_at", string(after.due_at.to_string())),
            (":hour", string(hour)),
            (":place", string(place)),
        ];
        let write = Write::update(keys::mail(before.mail_id), NEXT, values).only_if(
            "attribute_not_exists(#failed_at) AND (#attempts = :before OR #taken_by = :taker)",
            vec![(":before", number(before.attempts)), (":taker", string(taker))],
            Meaning::Always(Code::Conflict),
        );
        Ok(if self.holds(write).await? { Claim::Taken } else { Claim::Lost })
    }

    /// Forgets a mail that was sent. Twice is once.
    pub async fn sent(&self, mail: &Mail) -> Result<(), Fault> {
        self.holds(Write::delete(keys::mail(mail.mail_id))).await.map(drop)
    }

    /// Keeps a mail as a dead letter until its end: it is due no more. One that was taken up meanwhile is left alone.
    pub async fn given_up(&self, mail: &Mail, now: Timestamp) -> Result<Claim, Fault> {
        let values = vec![(":now", string(now.to_string()))];
        let update = "SET #failed_at = :now REMOVE #gsi1pk, #gsi1sk";
        let write = Write::update(keys::mail(mail.mail_id), update, values).only_if(
            "attribute_not_exists(#failed_at) AND #attempts = :attempts",
            vec![(":attempts", number(mail.attempts))],
            Meaning::Always(Code::Conflict),
        );
        Ok(if self.holds(write).await? { Claim::Taken } else { Claim::Lost })
    }

    /// Touches a mail that is overdue, so that the table's stream tells of it again.
    pub async fn drive(&self, mail_id: MailId, now: Timestamp) -> Result<Drive, Fault> {
        let values = vec![(":now", string(now.to_string()))];
        let write = Write::update(keys::mail(mail_id), "SET #driven_at = :now", values).only_if(
            "#due_at <= :overdue AND attribute_not_exists(#failed_at)",
            vec![(":overdue", string((now - MAIL_OVERDUE).to_string()))],
            Meaning::Always(Code::Conflict),
        );
        Ok(if self.holds(write).await? { Drive::Driven } else { Drive::Idle })
    }

    /// Writes, and tells whether the guard held.
    async fn holds(&self, write: Write) -> Result<bool, Fault> {
        match self.commit(Commit::new([write])).await {
            Ok(()) => Ok(true),
            Err(CommitError::Refused(_)) => Ok(false),
            Err(CommitError::Fault(fault)) => Err(fault),
        }
    }
}
