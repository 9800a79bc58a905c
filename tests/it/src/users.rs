//! Users over HTTP.

mod audit;
mod create;
mod deletion;
mod edit;
mod guards;
mod list;
mod recovery;

use std::{collections::BTreeSet, time::Duration};

use axum::http::Method;
use futures_util::future::join_all;
use rollcall_domain::{
    Code, Fields,
    email::Email,
    id::UserId,
    permission::{Preset, UserType},
    user::User,
    verification::FlowPurpose,
};
use rollcall_store::{
    Commit, CommitError,
    credential::CredentialChange,
    member::still_authorised,
    user::{change, delete},
};
use serde_json::{Value, json};

use crate::support::{
    Client, PASSWORD, Reply, START, World,
    faults::{FOREVER, Fault},
};

pub const OTHER_PASSWORD: &str = "another horse battery";

pub fn path_of(user: &User) -> String {
    format!("/v1/users/{}", user.user_id)
}

/// The user as stored, if they exist.
pub async fn stored(world: &World, user: &User) -> Option<User> {
    world.store().user(user.user_id).await.unwrap()
}

/// A user with this verified address.
pub async fn proved(world: &World, login: &str, user_type: UserType, email: &str) -> User {
    let email = Email::parse(email).unwrap();
    world.user_as(login, user_type, |user| (user.email, user.email_verified) = (Some(email), true)).await
}

/// The audit records about a user, oldest first.
async fn audit_of(world: &World, user_id: &Value) -> Vec<Value> {
    let mut records = world.audit().await;
    records.retain(|record| record["target"] == json!({"kind": "user", "id": user_id}));
    records.sort_by_key(|record| record["audit_id"].as_str().unwrap().to_owned());
    records
}

/// Asserts that the stored set of super admins is exactly the enabled super admins and not empty, and returns its size.
pub async fn assert_super_admins_consistent(world: &World) -> usize {
    let items = world.dump().await;
    let of_items: BTreeSet<_> = (items.iter())
        .filter(|item| item["sk"] == "USER" && item["type"] == "super_admin" && item["status"] == "enabled")
        .map(|item| UserId::parse(item["user_id"].as_str().unwrap()).unwrap())
        .collect();
    let of_set: BTreeSet<_> = world.store().super_admins().await.unwrap().into_iter().collect();
    assert_eq!(of_set, of_items);
    assert!(!of_set.is_empty(), "a super admin is left");
    of_set.len()
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Removal {
    Delete,
    Disable,
    Demote,
}

pub const REMOVALS: [Removal; 3] = [Removal::Delete, Removal::Disable, Removal::Demote];

pub async fn remove(client: &Client, path: &str, removal: Removal) -> Reply {
    match removal {
        Removal::Delete => client.delete(path).await,
        Removal::Disable => client.patch(path, &json!({"status": "disabled"})).await,
        Removal::Demote => client.patch(path, &json!({"type": "member"})).await,
    }
}
