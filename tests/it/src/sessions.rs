//! Sessions: tokens, lifetimes, and how sessions end.

mod ends;
mod epochs;
mod lifetimes;
mod own;
mod tokens;

use std::time::Duration;

use axum::http::Method;
use rollcall_domain::{Code, Fields, permission::UserType, user::User};
use rollcall_store::{CommitError, credential::CredentialChange, session};
use serde_json::{Value, json};

use crate::support::{Client, ORIGIN, PASSWORD, Reply, World};

const OTHER_PASSWORD: &str = "another horse battery";

fn session_ids(reply: &Reply) -> Vec<String> {
    let items = reply.is(200).body["items"].as_array().unwrap();
    items.iter().map(|session| session["session_id"].as_str().unwrap().to_owned()).collect()
}

async fn with_password(world: &World, login: &str, user_type: UserType) -> (User, Client) {
    let (user, client) = world.user(login, user_type, []).await;
    world.with_password(&user).await;
    (user, client)
}

/// The six digits of a secret at this Unix time (RFC 6238).
fn digits(secret: &str, at: i64) -> String {
    let secret = data_encoding::BASE32_NOPAD.decode(secret.as_bytes()).unwrap();
    let totp = totp_rs::Builder::new().with_secret(totp_rs::Secret::from(secret)).build().unwrap();
    totp.generate(u64::try_from(at).unwrap()).to_string()
}

/// The calling session stays valid, also for concurrent requests.
#[tokio::test]
async fn ending_the_other_sessions_does_not_disturb_the_calling_one() {
    let world = World::new().await;
    let (_, client) = with_password(&world, "mina", UserType::Member).await;
    for round in 0..5 {
        let renaming = async |number: u32| {
            let reply = client.patch("/v1/me", &json!({"username": format!("mina{round}{number}")})).await;
            assert!(matches!(reply.status, 200 | 409), "{reply:?}");
        };
        let ending = async || client.delete("/v1/me/sessions").await;
        let (ended, again, (), ()) = tokio::join!(ending(), ending(), renaming(1), renaming(2));
        for reply in [ended, again] {
            assert!(matches!(reply.status, 204 | 409), "{reply:?}");
        }
        client.get("/v1/me").await.is(200);
    }
}
