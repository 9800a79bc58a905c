//! The way of the mails on one machine: out of the table as soon as they are written, and again when they are due.

use std::{sync::Arc, time::Duration};

use mailer::Sender;
use rollcall_api::Context;
use tokio::sync::Mutex;

use crate::{
    embedded::Embedded,
    mailbox::{Mail, Mailbox},
};

/// How often it is looked for mails that fell due by the clock alone.
const TICK: Duration = Duration::from_secs(5);

/// Delivers what is due; clones take turns.
#[derive(Clone, Debug)]
pub(crate) struct Post {
    context: Context,
    sender: Sender,
    /// Where the mails land that are not sent; none where they are.
    mailbox: Option<Mailbox>,
    turn: Arc<Mutex<()>>,
}

impl Post {
    /// Mails by `sender`, or into a mailbox where there is none.
    pub(crate) fn new(context: &Context, sender: Option<Sender>) -> Self {
        let mailbox = sender.is_none().then(Mailbox::default);
        let sender = sender.unwrap_or_else(|| mailbox.clone().unwrap_or_default().sender(context));
        Self { context: context.clone(), sender, mailbox, turn: Arc::default() }
    }

    /// The mails that landed here, newest first, those included that are due at this moment.
    pub(crate) async fn mails(&self, to: Option<&str>) -> Vec<Mail> {
        let Some(mailbox) = &self.mailbox else { return Vec::new() };
        self.deliver().await;
        mailbox.mails(to)
    }

    /// Delivers for as long as the process lives.
    pub(crate) async fn keep_delivering(self, database: Embedded) {
        loop {
            self.deliver().await;
            // Whichever comes first; both lead to the same.
            drop(tokio::time::timeout(TICK, database.mails_written()).await);
        }
    }

    async fn deliver(&self) {
        let _turn = self.turn.lock().await;
        if let Err(problem) = mailer::deliver_due(&self.context, &self.sender).await {
            tracing::error!(%problem, "the mails that are due could not be looked up");
        }
    }
}
