//! Sends the mails that changes leave in the outbox: renders each one and hands it to SES or an SMTP server.
//!
//! It never decides who gets a mail: the change that wrote the mail did. Each attempt claims the mail first, so
//! repeated, late or reordered stream events send nothing twice. One case remains: if the function dies after handing
//! a mail over and before deleting it, the mail is sent again under the same Message-ID.

mod browser;
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
    limits::{DUE_DELIVERY_TIME, DUE_PAGE, MAIL_TIMEOUT, OUTBOX_LIFETIME},
    mail::{Mail, MailAttempt},
};
use rollcall_store::{due::DueItem, outbox::Claim};
use tokio::time::Instant;

pub use letter::Letter;
pub use sender::{SendError, Sender};
pub use ses::ENDPOINT;
pub use stream::{MailerEvent, MailerReport};

/// Delivers the mails that a stream event is about, concurrently: a mail that hangs delays no other. An event of the
/// schedule is about all mails that are due, such as those that were written to be sent later.
pub async fn run(context: Context, sender: Sender, event: MailerEvent) -> Result<MailerReport, Problem> {
    let Some(mails) = event.mails() else {
        deliver_due(&context, &sender).await?;
        return Ok(MailerReport::new(std::iter::empty()));
    };
    let failed = mails.into_iter().map(async |(mail_id, sequence_number)| {
        let problem = deliver(&context, &sender, mail_id).await.err()?;
        tracing::error!(%problem, %mail_id, "a mail could not be processed");
        Some(sequence_number)
    });
    Ok(MailerReport::new(join_all(failed).await.into_iter().flatten()))
}

/// Delivers the due mails, the longest due first. What fails is retried when it is due next.
///
/// The mails are delivered one after another, so that those to one address arrive in the order in which they fell due.
/// After [`DUE_DELIVERY_TIME`] none is begun: the others stay due for the next call. No mail can hold them up for good,
/// because each attempt deletes it or makes it due after the start of this call.
pub async fn deliver_due(context: &Context, sender: &Sender) -> Result<(), Problem> {
    let now = context.now();
    let begun = Instant::now();
    let has_time = || begun.elapsed() < DUE_DELIVERY_TIME;
    for hour in (now - OUTBOX_LIFETIME).unix_hours()..=now.unix_hours() {
        let mut position = String::new();
        while has_time() {
            let due = context.store.due(hour, &position, now, DUE_PAGE).await?;
            for entry in due.iter().take_while(|_| has_time()) {
                if let DueItem::Mail(mail_id) = entry.item
                    && let Err(problem) = deliver(context, sender, mail_id).await
                {
                    tracing::error!(%problem, %mail_id, "a mail could not be processed");
                }
            }
            let Some(last) = due.into_iter().next_back() else { break };
            position = last.position;
        }
    }
    Ok(())
}

/// Delivers one mail, if it still exists, is due, and no other attempt has claimed it.
///
/// An error is a fault of our own. A mail that was not accepted is handled here: it is retried later or given up.
pub async fn deliver(context: &Context, sender: &Sender, mail_id: MailId) -> Result<(), Problem> {
    let Some(mail) = context.store.mail(mail_id).await? else { return Ok(()) };
    // If this clock is behind the writer's, a new mail would look as if it were not due, and no other event would come.
    let now = context.now().max(mail.created_at);
    match (mail.next_attempt(now), &mail.to) {
        (MailAttempt::Wait, _) => Ok(()),
        // Requests for unknown addresses write a mail without a recipient, so that they cost the same as for known
        // ones.
        (MailAttempt::Try(_) | MailAttempt::GiveUp, None) => Ok(context.store.delete_mail(&mail).await?),
        (MailAttempt::GiveUp, Some(_)) => give_up(context, &mail, now, "it was not accepted in time").await,
        (MailAttempt::Try(next), Some(to)) => {
            let claimant = context.uuid()?.to_string();
            match context.store.claim(&mail, &next, &claimant).await? {
                Claim::Taken => send(context, sender, &next, to).await,
                Claim::Lost => Ok(()),
            }
        }
    }
}

async fn send(context: &Context, sender: &Sender, mail: &Mail, to: &Email) -> Result<(), Problem> {
    let letter = Letter::render(context, mail, to).await?;
    let sent = tokio::time::timeout(MAIL_TIMEOUT, sender.send(letter)).await;
    match sent.unwrap_or_else(|_| Err(SendError::Transient("no answer in time".to_owned()))) {
        Ok(()) => Ok(context.store.delete_mail(mail).await?),
        Err(SendError::Transient(reason)) => {
            tracing::warn!(reason, mail_id = %mail.mail_id, attempts = mail.attempts, "a mail will be retried");
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
