//! The audit log: what is recorded, and who may read it.

mod exports;
mod filters;
mod pages;
mod walk;
mod windows;

use std::time::Duration;

use axum::http::Method;
use rollcall_domain::{Code, Timestamp, permission::UserType};
use serde_json::{Value, json};

use crate::support::{Client, PASSWORD, Reply, World};

/// The records of a request, oldest first.
async fn of_request(world: &World, reply: &Reply) -> Vec<Value> {
    let mut records = world.audit().await;
    records.retain(|record| record["request_id"] == reply.header("x-request-id"));
    records.sort_by_key(|record| record["action"].to_string());
    records
}

/// Reads all pages of a list.
async fn walk(client: &Client, list: &str) -> Vec<Vec<Value>> {
    let (mut pages, mut path) = (Vec::new(), list.to_owned());
    loop {
        let page = client.get(&path).await;
        pages.push(page.is(200).body["items"].as_array().unwrap().clone());
        match page.body["next_cursor"].as_str() {
            None => return pages,
            Some(cursor) => path = format!("{list}&cursor={cursor}"),
        }
    }
}
