//! The events that wake this function, and the reply to them: those of the table's stream, of whose records only the
//! keys of their items are read, and those of a schedule.

use std::collections::BTreeMap;

use rollcall_domain::id::MailId;
use rollcall_store::outbox;
use serde::{Deserialize, Serialize};

/// A batch of records of the table's stream, or an event of the schedule, which has no records.
#[derive(Debug, Default, Deserialize)]
pub struct MailerEvent {
    #[serde(rename = "Records", default)]
    records: Option<Vec<StreamRecord>>,
}

#[derive(Debug, Deserialize)]
struct StreamRecord {
    dynamodb: StreamChange,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct StreamChange {
    keys: ItemKeys,
    sequence_number: String,
}

#[derive(Debug, Deserialize)]
struct ItemKeys {
    pk: StringAttribute,
}

#[derive(Debug, Deserialize)]
struct StringAttribute {
    #[serde(rename = "S")]
    value: String,
}

impl MailerEvent {
    /// The mails that the records are about, each once, with the sequence number of its first record; `None` if the
    /// schedule sent the event.
    pub(crate) fn mails(self) -> Option<BTreeMap<MailId, String>> {
        let mut mails = BTreeMap::new();
        for StreamRecord { dynamodb } in self.records? {
            if let Some(mail_id) = outbox::id_of(&dynamodb.keys.pk.value) {
                mails.entry(mail_id).or_insert(dynamodb.sequence_number);
            }
        }
        Some(mails)
    }
}

/// The records that the stream must send again.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MailerReport {
    batch_item_failures: Vec<FailedRecord>,
}

#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
struct FailedRecord {
    item_identifier: String,
}

impl MailerReport {
    pub(crate) fn new(sequence_numbers: impl Iterator<Item = String>) -> Self {
        Self { batch_item_failures: sequence_numbers.map(|item_identifier| FailedRecord { item_identifier }).collect() }
    }
}
