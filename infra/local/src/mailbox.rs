//! Where mails land on one machine instead of being sent.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
};

use mailer::Sender;
use rollcall_api::Context;
use rollcall_domain::Timestamp;
use serde::Serialize;

/// Mails that are kept; the oldest go first.
const MAX_MAILS: usize = 10_000;

/// A mail as its reader would get it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Mail {
    /// The address.
    pub to: String,
    /// The subject.
    pub subject: String,
    /// The plain text.
    pub text: String,
    /// The same as a page.
    pub html: String,
    /// When it was sent.
    pub sent_at: Timestamp,
}

/// The mails of this process; clones share them.
#[derive(Clone, Debug, Default)]
pub struct Mailbox(Arc<Mutex<VecDeque<Mail>>>);

impl Mailbox {
    /// A sender that puts letters into this box.
    pub fn sender(&self, context: &Context) -> Sender {
        let (mailbox, context) = (self.clone(), context.clone());
        Sender::new(move |letter| {
            mailbox.deliver(Mail {
                to: letter.to.as_str().to_owned(),
                subject: letter.subject,
                text: letter.text,
                html: letter.html,
                sent_at: context.now(),
            });
            std::future::ready(Ok(()))
        })
    }

    fn deliver(&self, mail: Mail) {
        let mut mails = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if mails.len() == MAX_MAILS {
            mails.pop_front();
        }
        mails.push_back(mail);
    }

    /// The mails to an address, or all, newest first.
    pub fn mails(&self, to: Option<&str>) -> Vec<Mail> {
        let mails = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        mails.iter().rev().filter(|mail| to.is_none_or(|to| mail.to.eq_ignore_ascii_case(to))).cloned().collect()
    }
}
