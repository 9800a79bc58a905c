//! The sender of mails: takes what changes left in the outbox, puts it into words and hands it on.
//!
//! It never decides who is told what: that was decided with the change. A mail is taken up by one sender at a time, so
//! an event that comes twice, late or out of order sends nothing twice. What no order of writes can rule out is a sender
//! that dies between handing a mail on and forgetting it: that mail goes out again, under the same Message-ID.

mod letter;
mod sender;
mod ses;
mod smtp;
mod stream;
mod words;

use futures_util::future::join_all;
use rollcall_api::{Context, Problem};
use rollcall_domain::{
    Timestamp,
    email::Email,
    id::MailId,
    limits::{DUE_PAGE, MAIL_TIMEOUT, OUTBOX_LIFETIME},
    mail::{Mail, Turn},
};
use rollcall_store::{due::DueItem, outbox::Claim};

pub use letter::Letter;
pub use sender::{SendError, Sender};
pub use ses::ENDPOINT;
pub use stream::{Event, Report};

/// Delivers the mails that the table's stream tells of, side by side: one that hangs holds up no other.
pub async fn run(context: Context, sender: Sender, event: Event) -> Result<Report, Problem> {
    let tried = event.mails().into_iter().map(async |(mail_id, sequence_number)| {
        let problem = deliver(&context, &sender, mail_id).await.err()?;
        tracing::error!(%problem, %mail_id, "a mail could not be looked after");
        Some(sequence_number)
    });
    Ok(Report::new(join_all(tried).await.into_iter().flatten()))
}

/// Delivers everything that is due, in the order in which it fell due, and leaves what fails to its next time.
///
/// It comes to an end: what it tries is gone or due later than it began.
pub async fn deliver_due(context: &Context, sender: &Sender) -> Result<(), Problem> {
    let now = context.now();
    for hour in (now - OUTBOX_LIFETIME).unix_hours()..=now.unix_hours() {
        let mut position = String::new();
        loop {
            let due = context.store.due(hour, &position, now, DUE_PAGE).await?;
            for entry in &due {
                if let DueItem::Mail(mail_id) = entry.item
                    && let Err(problem) = deliver(context, sender, mail_id).await
                {
                    tracing::error!(%problem, %mail_id, "a mail could not be looked after");
                }
            }
            let Some(last) = due.into_iter().next_back() else { break };
            position = last.position;
        }
    }
    Ok(())
}

/// Takes one mail up, if it is still there, due, and nobody else's.
///
/// An error is a failure of ours; that a mail was not accepted is dealt with here.
pub async fn deliver(context: &Context, sender: &Sender, mail_id: MailId) -> Result<(), Problem> {
    let Some(mail) = context.store.mail(mail_id).await? else { return Ok(()) };
    // A clock behind the writer's must not take a new mail for one that waits: nobody would tell of it again for long.
    let now = context.now().max(mail.created_at);
    match (mail.turn(now), &mail.to) {
        (Turn::Wait, _) => Ok(()),
        // It was never meant for anybody.
        (Turn::Try(_) | Turn::GiveUp, None) => Ok(context.store.delete_mail(&mail).await?),
        (Turn::GiveUp, Some(_)) => give_up(context, &mail, now, "it was not accepted in time").await,
        (Turn::Try(next), Some(to)) => {
            let taker = context.uuid()?.to_string();
            match context.store.claim(&mail, &next, &taker).await? {
                Claim::Taken => send(context, sender, &next, to).await,
                Claim::Lost => Ok(()),
            }
        }
    }
}

async fn send(context: &Context, sender: &Sender, mail: &Mail, to: &Email) -> Result<(), Problem> {
    let letter = Letter::write(context, mail, to).await?;
    let sent = tokio::time::timeout(MAIL_TIMEOUT, sender.send(letter)).await;
    match sent.unwrap_or_else(|_| Err(SendError::Transient("no answer in time".to_owned()))) {
        Ok(()) => Ok(context.store.delete_mail(mail).await?),
        Err(SendError::Transient(reason)) => {
            tracing::warn!(reason, mail_id = %mail.mail_id, attempts = mail.attempts, "a mail is tried again later");
            Ok(())
        }
        Err(SendError::Permanent(reason)) => give_up(context, mail, context.now(), &reason).await,
    }
}

async fn give_up(context: &Context, mail: &Mail, now: Timestamp, reason: &str) -> Result<(), Problem> {
    if context.store.mark_mail_failed(mail, now).await? == Claim::Taken {
        tracing::error!(reason, mail_id = %mail.mail_id, attempts = mail.attempts, "a mail was given up");
    }
    Ok(())
}
