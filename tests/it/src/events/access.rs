//! Who may read which events, and with which cursors.

use rollcall_domain::{Code, limits::AUDIT_RETENTION_DAYS};

use super::*;

#[tokio::test]
async fn events_are_for_those_who_may_read_the_log() {
    let world = World::new().await;
    let (ours, theirs) = (world.team("Ours").await, world.team("Theirs").await);
    let admin = world.admin().await;
    let owner = world.member("owner", [(ours, "admin")]).await;
    let developer = world.member("developer", [(ours, "developer")]).await;
    for client in [&developer, &world.member("nobody", []).await] {
        client.get("/v1/events").await.is_problem(Code::NotFound);
        client.get("/v1/events?types=nonsense").await.is_problem(Code::NotFound);
    }
    for team in [ours, theirs] {
        admin.post("/v1/apps", &json!({"name": "App", "team_id": team})).await.is(201);
    }
    create_app(&admin, "The platform's").await;
    world.clock.advance(EVENT_HOLD_BACK + Duration::from_millis(1));
    let (events, _) = follow(&owner, "", "start", 10).await;
    assert_eq!(events.iter().map(|event| event["team_id"].clone()).collect::<Vec<_>>(), [json!(ours)]);
    assert_eq!(created(&follow(&admin, "", "start", 10).await.0).len(), 3);
    // A team of others is like one that does not exist.
    let body_of = async |team: &str| {
        let page: Reply = owner.get(&format!("/v1/events?cursor=start&team_id={team}")).await;
        let mut body = page.is(200).body.clone();
        body["next_cursor"].take();
        body
    };
    assert_eq!(body_of(&theirs.to_string()).await, body_of(crate::support::UNKNOWN_ID).await);
    assert_eq!(body_of(&theirs.to_string()).await, json!({"items": [], "next_cursor": null, "more": false}));
}

#[tokio::test]
async fn a_role_that_is_taken_away_ends_the_feed_at_once() {
    let world = World::new().await;
    let team = world.team("Northwind").await;
    let admin = world.admin().await;
    let (user, reader) = world.user("reader", UserType::Member, [(team, "reviewer")]).await;
    let cursor = begin(&reader, "").await;
    let member = format!("/v1/teams/{team}/members/{}", user.user_id);
    admin.patch(&member, &json!({"role_id": "developer"})).await.is(200);
    reader.get(&format!("/v1/events?cursor={cursor}")).await.is_problem(Code::NotFound);
}

#[tokio::test]
async fn a_cursor_belongs_to_one_user_and_filter_and_cannot_be_made_up() {
    let world = World::new().await;
    let admin = world.admin().await;
    let (_, other) = world.user("other", UserType::SuperAdmin, []).await;
    let cursor = begin(&admin, "").await;
    other.get(&format!("/v1/events?cursor={cursor}")).await.is_problem(Code::InvalidCursor);
    admin.get(&format!("/v1/events?types=app.edit&cursor={cursor}")).await.is_problem(Code::InvalidCursor);
    let mut forged = cursor.clone();
    forged.pop();
    for bad in [forged.as_str(), "x", "", "START", "00000000-0000-0000-0000-000000000000"] {
        admin.get(&format!("/v1/events?cursor={bad}")).await.is_problem(Code::InvalidCursor);
    }
    for (query, parameter, code) in [
        ("types=", "types", "not_allowed"),
        ("types=app.edit,app.explode", "types", "not_allowed"),
        ("team_id=x", "team_id", "bad_format"),
        ("limit=0", "limit", "out_of_range"),
        ("limit=101", "limit", "out_of_range"),
        ("from=2026-01-01T00:00:00Z", "from", "unknown_field"),
        ("cursor=start&cursor=start", "cursor", "not_allowed"),
    ] {
        assert_eq!(admin.get(&format!("/v1/events?{query}")).await.violations(), [json!([parameter, code])], "{query}");
    }
}

#[tokio::test]
async fn a_cursor_lives_as_long_as_the_log() {
    let world = World::new().await;
    let (boss, admin) = world.user("boss", UserType::SuperAdmin, []).await;
    let cursor = begin(&admin, "").await;
    let first = create_app(&admin, "First").await;
    let retention = Duration::from_hours(u64::from(AUDIT_RETENTION_DAYS) * 24);
    world.clock.advance(retention.saturating_sub(EVENT_HOLD_BACK));
    let admin = world.signed_in(&boss).await;
    let (events, _) = follow(&admin, "", &cursor, 10).await;
    assert_eq!(created(&events), [first]);
    world.clock.advance(Duration::from_millis(1));
    admin.get(&format!("/v1/events?cursor={cursor}")).await.is_problem(Code::CursorExpired);
    let (events, cursor) = follow(&admin, "", "start", 10).await;
    assert_eq!(created(&events), Vec::<&str>::new(), "what expires within the hour is left out");
    admin.get(&format!("/v1/events?cursor={cursor}")).await.is(200);
}
