//! Removal of expired items, as DynamoDB's TTL does it on AWS.
//!
//! The embedded database has a removal of its own, but it reads the clock of the system. This one uses the clock of the
//! functions, which a test can move. Nothing depends on it: readers compare the end of an item with the clock.

use aws_sdk_dynamodb::{
    Client,
    error::{BuildError, DisplayErrorContext},
    operation::transact_write_items::TransactWriteItemsError,
    types::{AttributeValue, Delete, TransactWriteItem},
};
use rollcall_domain::Timestamp;
use rollcall_store::Connection;

use crate::table::{TABLE, TTL, client};

/// Items of one transaction. A commit waits for the disk, so each removes many; a failed condition keeps them all until
/// the next run, so not too many.
const BATCH: usize = 25;

const HAS_EXPIRED: &str = "#ttl < :now";

/// Removes expired items. Clones share the connection.
#[derive(Clone, Debug)]
pub(crate) struct Expiry(Client);

impl Expiry {
    pub(crate) fn new(connection: &Connection) -> Self {
        Self(client(connection))
    }

    /// Removes the items that have expired by `now`.
    pub(crate) async fn remove_expired(&self, now: Timestamp) -> Result<(), String> {
        let now = AttributeValue::N(now.unix_seconds().to_string());
        let expired = (self.0.scan().table_name(TABLE))
            .filter_expression(HAS_EXPIRED)
            .projection_expression("pk, sk")
            .expression_attribute_names("#ttl", TTL)
            .expression_attribute_values(":now", now.clone());
        let mut pages = expired.into_paginator().send();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| failed(&DisplayErrorContext(&error)))?;
            for keys in page.items().chunks(BATCH) {
                let deletes = keys.iter().map(|key| {
                    let delete = Delete::builder().table_name(TABLE).set_key(Some(key.clone()));
                    // An item that was written again since it was read has not expired.
                    let delete = delete.condition_expression(HAS_EXPIRED).expression_attribute_names("#ttl", TTL);
                    let delete = delete.expression_attribute_values(":now", now.clone()).build()?;
                    Ok(TransactWriteItem::builder().delete(delete).build())
                });
                let deletes = deletes.collect::<Result<Vec<_>, BuildError>>().map_err(|error| failed(&error))?;
                let sent = self.0.transact_write_items().set_transact_items(Some(deletes)).send().await;
                if let Err(error) = sent
                    && !matches!(
                        error.as_service_error(),
                        Some(TransactWriteItemsError::TransactionCanceledException(_))
                    )
                {
                    return Err(failed(&DisplayErrorContext(&error)));
                }
            }
        }
        Ok(())
    }
}

fn failed(error: &dyn std::fmt::Display) -> String {
    format!("expired items could not be removed: {error}")
}
