//! Where mails land on one machine instead of being sent.

use std::sync::{Arc, Mutex, PoisonError};

use rollcall_domain::Timestamp;
use serde::Serialize;

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
pub struct Mailbox(Arc<Mutex<Vec<Mail>>>);

impl Mailbox {
    /// Puts a mail into the box.
    pub fn deliver(&self, mail: Mail) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(mail);
    }

    /// The mails to an address, or all, newest first.
    pub fn mails(&self, to: Option<&str>) -> Vec<Mail> {
        let mails = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        mails.iter().rev().filter(|mail| to.is_none_or(|to| mail.to.eq_ignore_ascii_case(to))).cloned().collect()
    }
}
