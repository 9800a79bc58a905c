//! API keys and service accounts.

mod bounds;
mod document;
mod ends;
mod jobs;
mod manage;
mod reminders;
mod services;
mod use_of;

use std::time::Duration;

use axum::http::Method;
use rollcall_domain::{Code, api_key::ApiKey, id::TeamId, permission::UserType, scope::Scope, user::User};
use serde_json::{Value, json};

use crate::support::{Client, PASSWORD, Reply, World};

/// The body of a request for a key with these scopes.
fn new_key(scopes: &[&str]) -> Value {
    json!({"name": "Nightly export", "scopes": scopes, "expires_in_days": 90, "current_password": PASSWORD})
}

/// The names of all scopes.
fn all_scopes() -> Vec<&'static str> {
    Scope::all().map(Scope::as_str).collect()
}

/// A client that uses the key of a reply.
fn using(world: &World, issued: &Reply) -> Client {
    let secret = issued.is(201).body["secret"].as_str().unwrap();
    world.stranger().with("authorization", &format!("Bearer {secret}"))
}

/// A signed-in user with a password.
async fn person(world: &World, login: &str, user_type: UserType, team: Option<(TeamId, &str)>) -> (User, Client) {
    let (user, client) = match team {
        Some(team) => world.user(login, user_type, [team]).await,
        None => world.user(login, user_type, []).await,
    };
    world.with_password(&user).await;
    (user, client)
}
