//! The outbox: mails that are written in the commit they report, sent by one sender at a time, and deleted once sent.

use rollcall_domain::{
    Code, Timestamp,
    id::MailId,
    limits::{MAIL_OVERDUE, OUTBOX_LIFETIME},
    mail::Mail,
};
use serde::Deserialize;

use crate::{
    error::Fault,
    item::{indexed, number, string, timestamp, to_item, with_ttl},
    keys,
    table::Store,
    write::{Bookkeeping, Write},
};

/// The prefix of the partition keys of mails. No other item has it.
pub const PREFIX: &str = keys::OUTBOX;

/// Whether a sender may act on a mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Claim {
    /// It may: no other sender takes the mail before it is due again.
    Taken,
    /// Another sender has it, or the mail no longer exists.
    Lost,
}

/// Whether an overdue mail was handed to the senders again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Redrive {
    /// It was: the table's stream reports it again.
    Redriven,
    /// It no longer exists, has failed for good, or is not overdue.
    NotDue,
}

/// A mail as stored.
#[derive(Debug, Deserialize)]
struct StoredMail {
    #[serde(flatten)]
    mail: Mail,
    #[serde(default)]
    failed_at: Option<Timestamp>,
}

/// The mail whose partition key this is.
pub fn id_of(pk: &str) -> Option<MailId> {
    keys::mail_id(pk)
}

/// Writes a mail to be sent, in the commit of the change that it reports.
pub fn put(mail: &Mail) -> Result<Bookkeeping, Fault> {
    let item = indexed(to_item(&keys::mail(mail.mail_id), mail)?, keys::due_index(mail.due_at, &mail.mail_id));
    Ok(Write::put(with_ttl(item, mail.created_at + OUTBOX_LIFETIME)).only_if_absent(Code::Conflict).bookkeeping())
}

impl Store {
    /// The mail of this id, if it is still to be sent.
    pub async fn mail(&self, mail_id: MailId) -> Result<Option<Mail>, Fault> {
        let stored: Option<StoredMail> = self.get(&keys::mail(mail_id)).await?;
        Ok(stored.filter(|stored| stored.failed_at.is_none()).map(|stored| stored.mail))
    }

    /// Claims a mail by writing its next state. Of all senders that read the same state, one succeeds.
    ///
    /// `claimant` names this attempt, so that a retry after a lost reply recognises its own write.
    pub async fn claim(&self, before: &Mail, after: &Mail, claimant: &str) -> Result<Claim, Fault> {
        const CLAIM: &str = "SET #attempts = :attempts, #due_at = :due_at, #gsi1pk = :hour, #gsi1sk = :position, \
            #taken_by = :claimant";
        let (hour, position) = keys::due_index(after.due_at, &after.mail_id);
        let values = vec![
            (":attempts", number(after.attempts)),
            (":due_at", timestamp(after.due_at)),
            (":hour", string(hour)),
            (":position", string(position)),
        ];
        let write = Write::update(keys::mail(before.mail_id), CLAIM, values).only_if(
            "attribute_not_exists(#failed_at) AND (#attempts = :before OR #taken_by = :claimant)",
            vec![(":before", number(before.attempts)), (":claimant", string(claimant))],
            Code::Conflict,
        );
        Ok(if self.write_if(write).await? { Claim::Taken } else { Claim::Lost })
    }

    /// Deletes a mail that was sent. Idempotent.
    pub async fn delete_mail(&self, mail: &Mail) -> Result<(), Fault> {
        self.write_if(Write::delete(keys::mail(mail.mail_id))).await.map(drop)
    }

    /// Keeps a mail as a dead letter until it expires: it is not sent again. A mail that another sender has claimed
    /// meanwhile is left alone.
    pub async fn mark_mail_failed(&self, mail: &Mail, now: Timestamp) -> Result<Claim, Fault> {
        let update = "SET #failed_at = :now REMOVE #gsi1pk, #gsi1sk";
        let write = Write::update(keys::mail(mail.mail_id), update, vec![(":now", timestamp(now))]).only_if(
            "attribute_not_exists(#failed_at) AND #attempts = :attempts",
            vec![(":attempts", number(mail.attempts))],
            Code::Conflict,
        );
        Ok(if self.write_if(write).await? { Claim::Taken } else { Claim::Lost })
    }

    /// Changes an overdue mail, so that the table's stream reports it to the senders again.
    pub async fn redrive_mail(&self, mail_id: MailId, now: Timestamp) -> Result<Redrive, Fault> {
        let values = vec![(":now", timestamp(now))];
        let write = Write::update(keys::mail(mail_id), "SET #driven_at = :now", values).only_if(
            "#due_at <= :overdue AND attribute_not_exists(#failed_at)",
            vec![(":overdue", timestamp(now - MAIL_OVERDUE))],
            Code::Conflict,
        );
        Ok(if self.write_if(write).await? { Redrive::Redriven } else { Redrive::NotDue })
    }
}
