//! What the document promises of all operations, tried.

use axum::http::Method;
use rollcall_domain::Code;
use serde_json::json;

use crate::support::{Client, World};

const MERGE_PATCH: &str = "application/merge-patch+json";

#[tokio::test]
async fn a_patch_may_have_the_media_type_of_merge_patches() {
    let world = World::new().await;
    let admin = world.admin().await;
    let app = format!("/v1/apps/{}", world.app(&admin, "App").await);
    let merging = admin.with("content-type", MERGE_PATCH);
    let renamed = merging.patch(&app, &json!({"name": "Other"})).await;
    assert_eq!(renamed.is(200).body["name"], "Other");
    let with_charset = admin.with("content-type", &format!("{MERGE_PATCH}; charset=utf-8"));
    with_charset.patch(&app, &json!({"name": "Third"})).await.is(200);
    merging.post("/v1/apps", &json!({"name": "App"})).await.is_problem(Code::UnsupportedMediaType);
    let lock = format!("{app}/deletion-lock");
    merging.put(&lock, &json!({"locked": true})).await.is_problem(Code::UnsupportedMediaType);
}

#[tokio::test]
async fn every_reply_from_a_path_that_takes_patches_names_their_media_types() {
    let world = World::new().await;
    let admin = world.admin().await;
    let app = format!("/v1/apps/{}", world.app(&admin, "App").await);
    let refused =
        admin.with("content-type", "application/json-patch+json").patch(&app, &json!({"name": "Other"})).await;
    for reply in [
        refused.is_problem(Code::UnsupportedMediaType),
        admin.get(&app).await.is(200),
        admin.patch(&app, &json!({})).await.is(200),
        admin.get("/v1/me").await.is(200),
        world.stranger().get(&app).await.is_problem(Code::Unauthenticated),
    ] {
        assert_eq!(reply.header("accept-patch"), "application/json, application/merge-patch+json");
    }
    assert_eq!(admin.get("/v1/apps").await.is(200).header("accept-patch"), "");
}

#[tokio::test]
async fn every_401_says_how_to_authenticate() {
    let world = World::new().await;
    let stranger = world.stranger();
    let sign_in = json!({"login": "nobody", "password": "wrong"});
    let second_step = json!({"ticket": "x", "code": "123456"});
    for (reply, code) in [
        (stranger.get("/v1/me").await, Code::Unauthenticated),
        (stranger.post("/v1/login", &sign_in).await, Code::InvalidCredentials),
        (stranger.post("/v1/login/totp", &second_step).await, Code::InvalidCode),
    ] {
        assert_eq!(reply.is_problem(code).header("www-authenticate"), "Bearer");
    }
}

/// Sessions have no version: `If-Match` takes that of their user.
#[tokio::test]
async fn ending_sessions_honours_if_match() {
    let world = World::new().await;
    let (user, client) = world.user("mina", rollcall_domain::permission::UserType::Member, []).await;
    world.with_password(&user).await;
    let other = world.stranger().sign_in("mina").await;
    let version = client.get("/v1/me").await.header("etag").to_owned();
    let sessions = client.get("/v1/me/sessions").await.body["items"].as_array().unwrap().clone();
    let other_id = sessions.iter().find(|session| session["current"] == false).unwrap()["session_id"].clone();
    let one = format!("/v1/me/sessions/{}", other_id.as_str().unwrap());
    let stale = client.with("if-match", "\"99\"");
    stale.delete("/v1/me/sessions").await.is_problem(Code::VersionConflict);
    stale.delete(&one).await.is_problem(Code::VersionConflict);
    other.get("/v1/me").await.is(200);
    client.with("if-match", &version).delete(&one).await.is(204);
    client.with("if-match", &version).delete("/v1/me/sessions").await.is(204);
}

/// The header means nothing to requests that change no version.
#[tokio::test]
async fn if_match_is_read_on_put_patch_and_delete_only() {
    let world = World::new().await;
    let admin = world.admin().await;
    let app = format!("/v1/apps/{}", world.app(&admin, "App").await);
    let send = async |client: &Client, method: Method, path: &str| client.send(method, path, None).await;
    let odd = admin.with("if-match", "odd");
    send(&odd, Method::GET, &app).await.is(200);
    odd.post("/v1/apps", &json!({"name": "App"})).await.is(201);
    send(&odd, Method::DELETE, &app).await.is_problem(Code::InvalidIfMatch);
}
