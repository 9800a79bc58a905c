//! Reads and writes of many items per request.

use std::collections::BTreeSet;

use aws_sdk_dynamodb::{
    error::BuildError,
    types::{KeysAndAttributes, PutRequest, WriteRequest},
};

use crate::{
    error::Fault,
    item::{Item, ItemsByKey},
    keys::Key,
    retry::{back_off_unprocessed, unavailable, with_retries},
    table::{Store, unbuildable},
};

/// Keys per `BatchGetItem`: DynamoDB's limit.
const MAX_KEYS_PER_GET: usize = 100;

/// Items per `BatchWriteItem`: DynamoDB's limit.
const MAX_ITEMS_PER_WRITE: usize = 25;

impl Store {
    /// Reads the items of these keys consistently, in one request per hundred. Missing items are left out; the order is
    /// the database's.
    pub(crate) async fn batch_get(&self, keys: &[Key]) -> Result<Vec<Item>, Fault> {
        let mut items = Vec::with_capacity(keys.len());
        for keys in keys.chunks(MAX_KEYS_PER_GET) {
            items.extend(self.get_chunk(keys).await?);
        }
        Ok(items)
    }

    /// [`Store::batch_get`] for items of several kinds. A key may occur twice, which a request does not allow.
    pub(crate) async fn items_by_key(&self, keys: impl IntoIterator<Item = Key>) -> Result<ItemsByKey, Fault> {
        let keys: BTreeSet<_> = keys.into_iter().collect();
        self.batch_get(&keys.into_iter().collect::<Vec<_>>()).await.map(ItemsByKey::new)
    }

    async fn get_chunk(&self, keys: &[Key]) -> Result<Vec<Item>, Fault> {
        const OPERATION: &str = "BatchGetItem";
        let keys = keys.iter().map(Key::to_item).collect();
        let request = KeysAndAttributes::builder().consistent_read(true).set_keys(Some(keys)).build();
        let mut pending = Some(request.map_err(unbuildable(OPERATION))?);
        let (mut items, mut attempts) = (Vec::new(), 0);
        while let Some(keys) = pending {
            let request = self.client().batch_get_item().request_items(self.table(), keys);
            let reply = with_retries(|| request.clone().send()).await.map_err(unavailable(OPERATION))?;
            items.extend(reply.responses.unwrap_or_default().into_values().flatten());
            pending = reply.unprocessed_keys.unwrap_or_default().into_values().next();
            if pending.is_some() {
                attempts += 1;
                back_off_unprocessed(OPERATION, attempts).await?;
            }
        }
        Ok(items)
    }

    /// Puts items unconditionally, in one request per twenty-five.
    pub(crate) async fn batch_put(&self, items: Vec<Item>) -> Result<(), Fault> {
        let mut items = items.into_iter().peekable();
        while items.peek().is_some() {
            self.put_chunk(items.by_ref().take(MAX_ITEMS_PER_WRITE)).await?;
        }
        Ok(())
    }

    async fn put_chunk(&self, items: impl Iterator<Item = Item>) -> Result<(), Fault> {
        const OPERATION: &str = "BatchWriteItem";
        let mut pending = items.map(put).collect::<Result<Vec<_>, _>>().map_err(unbuildable(OPERATION))?;
        let mut attempts = 0;
        loop {
            let request = self.client().batch_write_item().request_items(self.table(), pending);
            let reply = with_retries(|| request.clone().send()).await.map_err(unavailable(OPERATION))?;
            pending = reply.unprocessed_items.unwrap_or_default().into_values().flatten().collect();
            if pending.is_empty() {
                return Ok(());
            }
            attempts += 1;
            back_off_unprocessed(OPERATION, attempts).await?;
        }
    }
}

fn put(item: Item) -> Result<WriteRequest, BuildError> {
    let put = PutRequest::builder().set_item(Some(item)).build()?;
    Ok(WriteRequest::builder().put_request(put).build())
}
