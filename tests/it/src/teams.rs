//! Teams, their members, roles and invitations over HTTP.

mod lifecycle;
mod limits;
mod members;
mod new_users;
mod roles;

use std::time::Duration;

use rollcall_domain::{Code, id::TeamId};
use serde_json::{Value, json};

use crate::support::{Client, World};

/// A team with its first admin, both created over HTTP, and a client of that admin.
async fn team(world: &World) -> (String, Client) {
    let (user, client) = world.user("owner", rollcall_domain::permission::UserType::Member, []).await;
    let body = json!({"name": "Northwind", "admin_user_id": user.user_id});
    let created = world.admin().await.post("/v1/teams", &body).await;
    // Members are listed by join time, so later members get a later one.
    world.clock.advance(Duration::from_millis(1));
    (created.is(201).body["team_id"].as_str().unwrap().to_owned(), client)
}

#[tokio::test]
async fn an_invitation_is_redeemed_once_and_shown_to_both_sides() {
    let world = World::new().await;
    let (team, owner) = team(&world).await;
    let issued = owner.post(&format!("/v1/teams/{team}/invitations"), &json!({"role_id": "developer"})).await;
    let code = issued.is(201).body["code"].clone();
    let mina = world.redeemer("mina").await;
    let joined = mina.post("/v1/invitations/redeem", &json!({"code": code})).await;
    assert_eq!(joined.is(200).body["team"]["name"], "Northwind");
    assert_eq!(joined.body["role"]["role_id"], "developer");
    assert_eq!(mina.get("/v1/me").await.is(200).body["teams"][0]["role"]["role_id"], "developer");
    let members = owner.get(&format!("/v1/teams/{team}/members")).await;
    assert_eq!(members.is(200).body["items"][1]["login"], "mina");
    let other = world.redeemer("jisoo").await;
    other.post("/v1/invitations/redeem", &json!({"code": code})).await.is_problem(Code::InvitationInvalid);
    let listed = owner.get(&format!("/v1/teams/{team}/invitations?status=redeemed")).await;
    assert_eq!(listed.is(200).body["items"][0]["redeemed_by"]["username"], "mina");
    let audit = owner.get("/v1/audit?action=invitation.redeem").await;
    assert_eq!(audit.is(200).body["items"].as_array().map(Vec::len), Some(1), "{audit:?}");
}
