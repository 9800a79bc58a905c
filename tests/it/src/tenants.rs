//! Isolation of teams: nobody sees what belongs to another team, and a new team or application inherits nothing from a
//! deleted one.

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

/// Two teams with one of everything, and an admin of the first one.
async fn neighbours(world: &World) -> (Client, TeamFixture, TeamFixture, Caller) {
    let admin = world.admin().await;
    let ours = TeamFixture::new(world, &admin, 0, true).await;
    let theirs = TeamFixture::new(world, &admin, 1, true).await;
    admin
        .post(&format!("/v1/apps/{}/accounts", theirs.app), &json!({"user_id": "theirs", "type": "general"}))
        .await
        .is(201);
    let caller = Caller::new(world, &ours, "admin", "caller").await;
    (admin, ours, theirs, caller)
}

/// The ids of a list.
fn ids(reply: &Reply, field: &str) -> Vec<String> {
    let items = reply.is(200).body["items"].as_array().unwrap();
    items.iter().map(|item| item[field].as_str().unwrap().to_owned()).collect()
}
