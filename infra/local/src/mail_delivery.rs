//! Delivery of mails on one machine: as soon as they are written, and again when a retry is due.

use std::{sync::Arc, time::Duration};

use mailer::Sender;
use rollcall_api::Context;
use tokio::sync::Mutex;

use crate::{
    embedded::Embedded,
    mailbox::{Mailbox, MailboxEntry},
};

/// How often to look for mails that are due by the clock alone.
const TICK: Duration = Duration::from_secs(5);

/// Delivers due mails. Clones take turns.
#[derive(Clone, Debug)]
pub(crate) struct MailDelivery {
    context: Context,
    sender: Sender,
    /// The mailbox for mails that are not sent; `None` if they are sent.
    mailbox: Option<Mailbox>,
    lock: Arc<Mutex<()>>,
}

impl MailDelivery {
    /// Delivers through `sender`, or into a mailbox without one.
    pub(crate) fn new(context: &Context, sender: Option<Sender>) -> Self {
        let mailbox = sender.is_none().then(Mailbox::default);
        let sender = sender.unwrap_or_else(|| mailbox.clone().unwrap_or_default().sender(context));
        Self { context: context.clone(), sender, mailbox, lock: Arc::default() }
    }

    /// The mails in the mailbox, newest first, after delivering what is due.
    pub(crate) async fn mails(&self, to: Option<&str>) -> Vec<MailboxEntry> {
        let Some(mailbox) = &self.mailbox else { return Vec::new() };
        self.deliver().await;
        mailbox.mails(to)
    }

    /// Delivers until the process ends.
    pub(crate) async fn keep_delivering(self, database: Embedded) {
        loop {
            self.deliver().await;
            drop(tokio::time::timeout(TICK, database.mails_written()).await);
        }
    }

    async fn deliver(&self) {
        let _guard = self.lock.lock().await;
        if let Err(problem) = mailer::deliver_due(&self.context, &self.sender).await {
            tracing::error!(%problem, "due mails could not be read");
        }
    }
}
