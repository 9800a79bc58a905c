//! Reads the whole table and restores it, without the API and the faults.

use std::collections::HashMap;

use aws_sdk_dynamodb::{
    Client,
    config::{BehaviorVersion, Config, Region},
    types::{AttributeValue, DeleteRequest, PutRequest, WriteRequest},
};
use rollcall::TABLE;
use rollcall_store::Connection;

pub type Item = HashMap<String, AttributeValue>;

/// The most items that one `BatchWriteItem` takes.
const MAX_BATCH_WRITE: usize = 25;

/// Reads and writes all of a table.
pub struct Table(Client);

impl Table {
    pub fn new(connection: Connection) -> Self {
        let config = Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(connection.region))
            .credentials_provider(connection.credentials)
            .http_client(connection.http_client);
        Self(Client::from_conf(config.build()))
    }

    /// Every item.
    pub async fn items(&self) -> Vec<Item> {
        let mut pages = self.0.scan().table_name(TABLE).into_paginator().items().send();
        let mut items = Vec::new();
        while let Some(item) = pages.next().await {
            items.push(item.unwrap());
        }
        items
    }

    /// Makes the table hold exactly `items`. Only differences are written.
    pub async fn restore(&self, items: &[Item]) {
        let current = self.items().await;
        let wanted: HashMap<_, _> = items.iter().map(|item| (key(item), item)).collect();
        let present: HashMap<_, _> = current.iter().map(|item| (key(item), item)).collect();
        let puts = wanted.iter().filter(|(key, item)| present.get(*key) != Some(item)).map(|(_, item)| put(item));
        let deletes = present.iter().filter(|(key, _)| !wanted.contains_key(*key)).map(|(_, item)| delete(item));
        let writes: Vec<_> = puts.chain(deletes).collect();
        for writes in writes.chunks(MAX_BATCH_WRITE) {
            let written = self.0.batch_write_item().request_items(TABLE, writes.to_vec()).send().await.unwrap();
            assert!(
                written.unprocessed_items.unwrap_or_default().is_empty(),
                "the embedded database is never throttled"
            );
        }
    }
}

fn key(item: &Item) -> [&str; 2] {
    ["pk", "sk"].map(|part| item[part].as_s().unwrap().as_str())
}

fn put(item: &Item) -> WriteRequest {
    let put = PutRequest::builder().set_item(Some(item.clone())).build().unwrap();
    WriteRequest::builder().put_request(put).build()
}

fn delete(item: &Item) -> WriteRequest {
    let [pk, sk] = ["pk", "sk"].map(|part| item[part].clone());
    let delete = DeleteRequest::builder().key("pk", pk).key("sk", sk).build().unwrap();
    WriteRequest::builder().delete_request(delete).build()
}
