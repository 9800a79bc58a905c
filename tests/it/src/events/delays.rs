//! Records that become visible late: their transaction commits late, or the index shows them late.

use super::*;

/// Slightly less than the hold-back.
const ALMOST: Duration = EVENT_HOLD_BACK.saturating_sub(Duration::from_millis(1));

#[tokio::test]
async fn an_event_is_held_back_for_ten_seconds_and_no_longer() {
    let world = World::new().await;
    let admin = world.admin().await;
    let cursor = begin(&admin, "").await;
    let app = create_app(&admin, "App").await;
    world.clock.advance(EVENT_HOLD_BACK);
    let (events, cursor) = follow(&admin, "", &cursor, 10).await;
    assert_eq!(created(&events), Vec::<&str>::new());
    world.clock.advance(Duration::from_millis(1));
    let (events, _) = follow(&admin, "", &cursor, 10).await;
    assert_eq!(created(&events), [app]);
}

/// At any of its calls, the request waits until others have committed and have been read.
#[tokio::test]
async fn a_record_that_commits_late_is_after_every_cursor_that_was_returned_before() {
    let world = World::new().await;
    let (boss, admin) = world.user("boss", UserType::SuperAdmin, []).await;
    create_app(&admin, "Earlier").await;
    for call in 0.. {
        let admin = world.signed_in(&boss).await;
        let cursor = begin(&admin, "").await;
        let pause = world.faults.pause(call);
        let meanwhile = async {
            world.clock.advance(Duration::from_millis(1));
            let other = create_app(&admin, "Other").await;
            let begun = begin(&admin, "").await;
            world.clock.advance(ALMOST);
            let (events, read) = follow(&admin, "", &cursor, 10).await;
            assert_eq!(created(&events), Vec::<&str>::new());
            (other, begun, read)
        };
        let (late, done) = pause.run(create_app(&admin, "Late"), meanwhile).await;
        let Some((other, begun, read)) = done else { break };
        world.clock.advance(EVENT_HOLD_BACK + Duration::from_millis(1));
        let (events, _) = follow(&admin, "", &read, 10).await;
        let mut found = created(&events);
        found.sort_unstable();
        let mut expected = [late.as_str(), &other];
        expected.sort_unstable();
        assert_eq!(found, expected, "call {call}");
        let (events, _) = follow(&admin, "", &begun, 10).await;
        assert_eq!(created(&events), [&late], "what was under way is later than a beginning, call {call}");
    }
}

#[tokio::test]
async fn a_record_that_the_index_shows_late_is_not_missed() {
    let world = World::new().await;
    let admin = world.admin().await;
    let cursor = begin(&admin, "").await;
    world.faults.lag_index();
    let late = create_app(&admin, "Late").await;
    assert_eq!(admin.get("/v1/audit").await.is(200).body["items"], json!([]), "the index does not show it");
    world.clock.advance(ALMOST);
    let (events, cursor) = follow(&admin, "", &cursor, 10).await;
    assert_eq!(created(&events), Vec::<&str>::new());
    world.faults.index_catches_up();
    world.clock.advance(Duration::from_millis(2));
    let (events, _) = follow(&admin, "", &cursor, 10).await;
    assert_eq!(created(&events), [late]);
}

/// The feed of a team does not use the index, and its reads are consistent.
#[tokio::test]
async fn the_index_does_not_delay_the_feed_of_a_team() {
    let world = World::new().await;
    let team = world.team("Northwind").await;
    let owner = world.member("owner", [(team, "admin")]).await;
    let cursor = begin(&owner, "").await;
    world.faults.lag_index();
    owner.post("/v1/apps", &json!({"name": "App", "team_id": team})).await.is(201);
    world.clock.advance(EVENT_HOLD_BACK + Duration::from_millis(1));
    let (events, _) = follow(&owner, "", &cursor, 10).await;
    assert_eq!(created(&events).len(), 1);
}

#[tokio::test]
async fn what_was_committed_when_somebody_began_is_not_listed() {
    let world = World::new().await;
    let admin = world.admin().await;
    create_app(&admin, "Earlier").await;
    world.clock.advance(Duration::from_millis(5));
    create_app(&admin, "Just now").await;
    let cursor = begin(&admin, "").await;
    // In the same millisecond.
    let app = create_app(&admin, "App").await;
    world.clock.advance(EVENT_HOLD_BACK + Duration::from_millis(1));
    let (events, _) = follow(&admin, "", &cursor, 1).await;
    assert_eq!(created(&events), [app]);
}
