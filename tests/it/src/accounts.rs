//! Accounts over HTTP.

mod admins;
mod concurrency;
mod create;
mod deletion;
mod edit;
mod list;

use std::{collections::BTreeSet, time::Duration};

use futures_util::future::join_all;
use rollcall_domain::Code;
use serde_json::{Value, json};

use crate::support::{Client, START, World};

/// A world with one application, a super admin, and the path of the application.
async fn with_app() -> (World, Client, String) {
    let world = World::new().await;
    let admin = world.admin().await;
    let path = format!("/v1/apps/{}", world.app(&admin, "App").await);
    (world, admin, path)
}

async fn create(client: &Client, path: &str, user_id: &str, account_type: &str) {
    client.post(&format!("{path}/accounts"), &json!({"user_id": user_id, "type": account_type})).await.is(201);
}

async fn unlock(client: &Client, path: &str) {
    client.put(&format!("{path}/deletion-lock"), &json!({"locked": false, "risks_acknowledged": true})).await.is(200);
}

fn ids(page: &Value) -> Vec<String> {
    page["items"].as_array().unwrap().iter().map(|account| account["user_id"].as_str().unwrap().to_owned()).collect()
}
