//! F: what belongs to one team is nothing to another, and nothing is left of what was deleted.

mod cursors;
mod lists;
mod recreated;
mod swapped;

use std::time::Duration;

use axum::http::Method;
use rollcall_domain::{Code, permission::UserType, role_id::RoleId};
use serde_json::{Value, json};

use crate::{
    grids::teams::{ACTIONS, Caller, TeamFixture},
    support::{Client, Reply, UNKNOWN_ID, World},
};

/// Two teams with everything in them, and the first's admin.
async fn neighbours(world: &World) -> (Client, TeamFixture, TeamFixture, Caller) {
    let boss = world.admin().await;
    let ours = TeamFixture::new(world, &boss, 0, true).await;
    let theirs = TeamFixture::new(world, &boss, 1, true).await;
    boss.post(&format!("/v1/apps/{}/accounts", theirs.app), &json!({"user_id": "theirs", "type": "general"}))
        .await
        .is(201);
    let caller = Caller::new(world, &ours, "admin", "caller").await;
    (boss, ours, theirs, caller)
}

/// The ids of a list.
fn ids(reply: &Reply, field: &str) -> Vec<String> {
    let items = reply.is(200).body["items"].as_array().unwrap();
    items.iter().map(|item| item[field].as_str().unwrap().to_owned()).collect()
}
