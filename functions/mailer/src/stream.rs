//! What the table's stream says, and what it is answered. Of a record, only which item it is about is read.

use std::collections::BTreeMap;

use rollcall_domain::id::MailId;
use rollcall_store::outbox;
use serde::{Deserialize, Serialize};

/// Records of the table's stream.
#[derive(Debug, Default, Deserialize)]
pub struct Event {
    #[serde(rename = "Records", default)]
    records: Vec<Record>,
}

#[derive(Debug, Deserialize)]
struct Record {
    dynamodb: Change,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Change {
    keys: Keys,
    sequence_number: String,
}

#[derive(Debug, Deserialize)]
struct Keys {
    pk: Text,
}

#[derive(Debug, Deserialize)]
struct Text {
    #[serde(rename = "S")]
    text: String,
}

impl Event {
    /// The mails it is about, each once, with the first record of each.
    pub(crate) fn mails(self) -> BTreeMap<MailId, String> {
        let mut mails = BTreeMap::new();
        for Record { dynamodb } in self.records {
            if let Some(mail_id) = outbox::id_of(&dynamodb.keys.pk.text) {
                mails.entry(mail_id).or_insert(dynamodb.sequence_number);
            }
        }
        mails
    }
}

/// The records that the stream is to send again.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    batch_item_failures: Vec<Failure>,
}

#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
struct Failure {
    item_identifier: String,
}

impl Report {
    pub(crate) fn new(sequence_numbers: impl Iterator<Item = String>) -> Self {
        Self { batch_item_failures: sequence_numbers.map(|item_identifier| Failure { item_identifier }).collect() }
    }
}
