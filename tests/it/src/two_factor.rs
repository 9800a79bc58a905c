//! Two-factor sign-in: binding, signing in, recovery codes, removal.

mod binding;
mod codes;
mod recovery;
mod tickets;

use std::{collections::BTreeSet, time::Duration};

use axum::http::Method;
use futures_util::future::join_all;
use rollcall_domain::{Code, permission::UserType, user::User, verification::FlowPurpose};
use rstest::rstest;
use serde_json::{Value, json};
use totp_rs::{Builder, Secret, Totp};

use crate::support::{Client, PASSWORD, Reply, World};

/// A user with a second factor: a session, an authenticator app and recovery codes.
pub struct Owner {
    pub user: User,
    pub client: Client,
    pub app: App,
    pub recovery_codes: Vec<String>,
}

/// A member with a password and a second factor, bound five minutes ago.
pub async fn owner(world: &World, login: &str) -> Owner {
    let (user, _) = world.user(login, UserType::Member, []).await;
    world.with_password(&user).await;
    let owner = bind(world, user, world.stranger().sign_in(login).await).await;
    world.clock.advance(Duration::from_mins(5));
    owner
}

/// Binds a second factor.
pub async fn bind(world: &World, user: User, client: Client) -> Owner {
    let app = App::of(&client.post("/v1/me/totp", &json!({"current_password": PASSWORD})).await);
    let confirmed = client.post("/v1/me/totp/confirm", &json!({"code": app.code(world, 0)})).await;
    let recovery_codes = serde_json::from_value(confirmed.is(200).body["recovery_codes"].clone()).unwrap();
    Owner { user, client, app, recovery_codes }
}

/// An authenticator app, set up with the secret.
pub struct App(Totp);

impl App {
    #[track_caller]
    pub fn of(enrolled: &Reply) -> Self {
        let secret = enrolled.is(201).body["secret"].as_str().unwrap();
        Self(Builder::new().with_secret(Secret::try_from_base32(secret).unwrap()).build().unwrap())
    }

    /// The code that the app shows if its clock is this many seconds ahead of the server.
    pub fn code(&self, world: &World, ahead: i64) -> String {
        self.0.generate(u64::try_from(world.now().unix_seconds() + ahead).unwrap()).to_string()
    }

    /// Codes that the app does not show within two minutes.
    fn wrong_codes(&self, world: &World) -> impl Iterator<Item = String> {
        let near: Vec<_> = (-4..=4).map(|step| self.code(world, step * 30)).collect();
        (0..1_000_000).map(|number| format!("{number:06}")).filter(move |code| !near.contains(code))
    }

    fn wrong_code(&self, world: &World) -> String {
        self.wrong_codes(world).next().unwrap()
    }
}

/// Signs in with the password and returns the ticket for the second step.
pub async fn ticket(client: &Client, login: &str) -> String {
    let first_step = client.post("/v1/login", &json!({"login": login, "password": PASSWORD})).await;
    assert_eq!(first_step.is(200).body["mfa"]["methods"], json!(["totp", "recovery_code"]));
    first_step.body["mfa"]["ticket"].as_str().unwrap().to_owned()
}

pub async fn second_step(client: &Client, ticket: &str, code: &str) -> Reply {
    client.post("/v1/login/totp", &json!({"ticket": ticket, "code": code})).await
}

async fn delete(client: &Client, body: &Value) -> Reply {
    client.send(Method::DELETE, "/v1/me/totp", Some(body.to_string())).await
}

async fn sessions(world: &World) -> usize {
    let is_session = |item: &&Value| item["pk"].as_str().unwrap().starts_with("SESSIONS#");
    world.dump().await.iter().filter(is_session).count()
}

async fn with_recovery_code(client: &Client, ticket: &str, code: &str) -> Reply {
    client.post("/v1/login/totp", &json!({"ticket": ticket, "recovery_code": code})).await
}
