//! The mailbox: it keeps mails on this machine instead of sending them.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
};

use mailer::Sender;
use rollcall_api::Context;
use rollcall_domain::Timestamp;
use serde::Serialize;

/// The number of mails to keep. Older ones are dropped.
const MAX_MAILS: usize = 10_000;

/// A mail as its recipient would get it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MailboxEntry {
    /// The recipient's address.
    pub to: String,
    /// The subject.
    pub subject: String,
    /// The plain text.
    pub text: String,
    /// The HTML part.
    pub html: String,
    /// When it was sent.
    pub sent_at: Timestamp,
}

/// The mails of this process. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct Mailbox(Arc<Mutex<VecDeque<MailboxEntry>>>);

impl Mailbox {
    /// A sender that puts mails into this mailbox.
    pub fn sender(&self, context: &Context) -> Sender {
        let (mailbox, context) = (self.clone(), context.clone());
        Sender::new(move |letter| {
            mailbox.deliver(MailboxEntry {
                to: letter.to.as_str().to_owned(),
                subject: letter.subject,
                text: letter.text,
                html: letter.html,
                sent_at: context.now(),
            });
            std::future::ready(Ok(()))
        })
    }

    fn deliver(&self, mail: MailboxEntry) {
        let mut mails = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if mails.len() == MAX_MAILS {
            mails.pop_front();
        }
        mails.push_back(mail);
    }

    /// The mails to an address, or all mails, newest first.
    pub fn mails(&self, to: Option<&str>) -> Vec<MailboxEntry> {
        let mails = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        mails.iter().rev().filter(|mail| to.is_none_or(|to| mail.to.eq_ignore_ascii_case(to))).cloned().collect()
    }
}
