//! Listing and ending one's own sessions.

use super::*;

#[tokio::test]
async fn sessions_are_listed_newest_first_and_the_calling_one_is_marked() {
    let world = World::new().await;
    let (user, first) = with_password(&world, "mina", UserType::Member).await;
    world.member("unrelated", []).await;
    world.clock.advance(Duration::from_secs(1));
    let agent = world.stranger().at("2001:db8::7").with("user-agent", "Browser/1.0");
    let second =
        world.stranger().bearing(&agent.post("/v1/login", &json!({"login": "mina", "password": PASSWORD})).await);
    let listed = second.get("/v1/me/sessions").await;
    let ids = session_ids(&listed);
    assert_eq!(
        listed.body,
        json!({"next_cursor": null, "items": [
            {
                "session_id": ids[0], "created_at": "2026-11-20T12:00:01.000Z", "last_seen_at":
                "2026-11-20T12:00:01.000Z",
                "expires_at": "2026-11-20T13:00:01.000Z", "address": "2001:db8::7", "user_agent": "Browser/1.0",
                "current": true,
            },
            {
                "session_id": ids[1], "created_at": "2026-11-20T12:00:00.000Z", "last_seen_at":
                "2026-11-20T12:00:00.000Z",
                "expires_at": "2026-11-20T13:00:00.000Z", "address": null, "user_agent": null, "current": false,
            },
        ]})
    );
    let seen_by_first = first.get("/v1/me/sessions").await;
    assert_eq!(seen_by_first.body["items"][1]["current"], true);
    assert_eq!(second.get("/v1/me").await.body["session"], listed.body["items"][0]);
    let page = first.get("/v1/me/sessions?limit=1").await;
    let rest =
        first.get(&format!("/v1/me/sessions?limit=1&cursor={}", page.body["next_cursor"].as_str().unwrap())).await;
    assert_eq!([session_ids(&page), session_ids(&rest)].concat(), ids);
    assert_eq!(user.epoch, 0);
}

#[tokio::test]
async fn the_session_of_another_user_is_not_found() {
    let world = World::new().await;
    let (_, mina) = world.user("mina", UserType::Member, []).await;
    let (_, jin) = world.user("jin", UserType::SuperAdmin, []).await;
    let theirs = session_ids(&mina.get("/v1/me/sessions").await).remove(0);
    let end = async |client: &Client, id: &str| client.delete(&format!("/v1/me/sessions/{id}")).await;
    let visible = |reply: Reply| {
        reply.is_problem(Code::NotFound);
        let id = reply.header("x-request-id").to_owned();
        String::from_utf8(reply.bytes).unwrap().replace(&id, "-")
    };
    let foreign = visible(end(&jin, &theirs).await);
    assert_eq!(foreign, visible(end(&jin, "019aa0c4-7e00-7c3a-9d52-6b1f0a8e4d21").await));
    for malformed in ["x", "%00", &theirs.to_uppercase(), &theirs.replace('-', "")] {
        assert_eq!(foreign, visible(end(&jin, malformed).await), "{malformed}");
    }
    mina.get("/v1/me").await.is(200);
}

#[tokio::test]
async fn a_session_can_be_ended_once_including_the_calling_one() {
    let world = World::new().await;
    let (user, caller) = world.user("mina", UserType::Member, []).await;
    world.clock.advance(Duration::from_millis(1));
    let other = world.signed_in(&user).await;
    let ids = session_ids(&caller.get("/v1/me/sessions").await);
    caller.delete(&format!("/v1/me/sessions/{}", ids[0])).await.is(204);
    other.get("/v1/me").await.is_problem(Code::Unauthenticated);
    caller.delete(&format!("/v1/me/sessions/{}", ids[0])).await.is_problem(Code::NotFound);
    caller.delete(&format!("/v1/me/sessions/{}", ids[1])).await.is(204);
    caller.get("/v1/me").await.is_problem(Code::Unauthenticated);
    let actions: Vec<_> = world.audit().await.iter().map(|record| record["action"].clone()).collect();
    assert_eq!(actions, ["user.end_sessions", "user.end_sessions"]);
}

/// The expired item is still in the table.
#[tokio::test]
async fn an_expired_session_is_not_found() {
    let world = World::new().await;
    let (user, old) = world.user("mina", UserType::Member, []).await;
    let expired = session_ids(&old.get("/v1/me/sessions").await).remove(0);
    world.clock.advance(Duration::from_hours(1));
    let caller = world.signed_in(&user).await;
    assert_eq!(session_ids(&caller.get("/v1/me/sessions").await).len(), 1);
    caller.delete(&format!("/v1/me/sessions/{expired}")).await.is_problem(Code::NotFound);
    caller.delete("/v1/me/sessions").await.is(204);
    caller.get("/v1/me").await.is(200);
    assert_eq!(world.store().sessions(user.user_id, None, 10).await.unwrap().items.len(), 2);
}

#[tokio::test]
async fn ending_the_others_is_audited_and_keeps_the_version() {
    let world = World::new().await;
    let (user, caller) = world.user("mina", UserType::Member, []).await;
    let other = world.signed_in(&user).await;
    caller.delete("/v1/me/sessions").await.is(204);
    other.get("/v1/me").await.is_problem(Code::Unauthenticated);
    let me = caller.get("/v1/me").await;
    assert_eq!((&me.is(200).body["user"]["version"], &me.body["session"]["current"]), (&json!(1), &json!(true)));
    assert_eq!(world.audit().await[0]["action"], "user.end_sessions");
}
