//! What the cleanup does with memberships that end.

use rollcall_domain::limits::{DUE_HOUR_GRACE, MEMBERSHIP_NOTICE};

use super::*;
use crate::{
    cleanup::run,
    support::mailed_codes::{items, just_before},
};

impl World {
    /// The subjects and texts of the mails to an address, newest first.
    async fn mails_to(&self, login: &str) -> Vec<String> {
        let to = format!("{login}@example.com");
        let mails = items(self, "OUTBOX#").await;
        mails.iter().filter(|mail| mail["to"] == to).map(ToString::to_string).collect()
    }
}

async fn developer(fixture: &TeamFixture, login: &str, time: Duration) -> User {
    fixture.world.member_for(login, (fixture.team_id, "developer"), time).await.0
}

#[tokio::test]
async fn a_member_is_removed_once_after_the_end() {
    let fixture = TeamFixture::new().await;
    let world = &fixture.world;
    let mina = developer(&fixture, "mina", DAY).await;
    world.clock.advance(just_before(DAY));
    assert_eq!(run(world).await["members_expired"], 0);
    world.clock.advance(MILLISECOND);
    let report = run(world).await;
    assert_eq!((&report["members_expired"], &report["members_reminded"]), (&json!(1), &json!(0)));
    let stored = world.store().user(mina.user_id).await.unwrap().unwrap();
    assert!(stored.teams.stored().next().is_none());
    let records = fixture.owner().await.get("/v1/audit?action=member.expire").await;
    let [record] = records.is(200).body["items"].as_array().unwrap().as_slice() else { panic!("{records:?}") };
    assert_eq!((&record["actor"], &record["address"], &record["after"]), (&Value::Null, &Value::Null, &Value::Null));
    let end = json!(world.now());
    assert_eq!(record["before"], json!({"login": "mina", "role_id": "developer", "expires_at": end}));
    assert_eq!(record["team_id"], json!(fixture.team_id));
    assert_consistent(world).await;
    for _ in 0..3 {
        world.clock.advance(Duration::from_mins(15));
        assert_eq!(run(world).await["members_expired"], 0, "the cleanup is idempotent");
    }
}

#[tokio::test]
async fn a_member_is_mailed_once_three_days_before_the_end() {
    let fixture = TeamFixture::new().await;
    let world = &fixture.world;
    developer(&fixture, "long", MEMBERSHIP_NOTICE + DAY).await;
    developer(&fixture, "short", MEMBERSHIP_NOTICE).await;
    let mute = world.user_as("mute", UserType::Member, |_| {}).await;
    fixture.add(&fixture.owner().await, &mute, "reviewer", &fixture.later(MEMBERSHIP_NOTICE + DAY)).await.is(201);
    world.clock.advance(just_before(DAY));
    assert_eq!(run(world).await["members_reminded"], 0);
    world.clock.advance(MILLISECOND);
    assert_eq!(run(world).await["members_reminded"], 2, "also of a member without a verified address");
    let mails = world.mails_to("long").await;
    assert_eq!(mails.len(), 1);
    let end = fixture.later(MEMBERSHIP_NOTICE);
    assert!(mails[0].contains(end.as_str().unwrap()) && mails[0].contains("Northwind"), "{mails:?}");
    assert!(world.mails_to("short").await.is_empty() && world.mails_to("mute").await.is_empty());
    for _ in 0..2 {
        world.clock.advance(Duration::from_mins(15));
        assert_eq!(run(world).await["members_reminded"], 0);
    }
    assert_consistent(world).await;
    world.clock.advance(MEMBERSHIP_NOTICE);
    assert_eq!(run(world).await["members_expired"], 3);
    assert_consistent(world).await;
}

#[tokio::test]
async fn a_new_end_has_a_reminder_of_its_own() {
    let fixture = TeamFixture::new().await;
    let world = &fixture.world;
    let mina = developer(&fixture, "mina", MEMBERSHIP_NOTICE + DAY).await;
    let path = fixture.path(&format!("members/{}", mina.user_id));
    let set = async |end: Value| fixture.owner().await.patch(&path, &json!({"expires_at": end})).await.is(200).status;
    world.clock.advance(DAY);
    assert_eq!(run(world).await["members_reminded"], 1);
    set(fixture.later(MEMBERSHIP_NOTICE + 2 * DAY)).await;
    world.clock.advance(2 * DAY);
    assert_eq!(run(world).await["members_reminded"], 1);
    // An end within three days is not announced, and an end that is taken off neither reminds nor removes.
    set(fixture.later(DAY)).await;
    assert_eq!(run(world).await["members_reminded"], 0);
    set(Value::Null).await;
    world.clock.advance(30 * DAY);
    let report = run(world).await;
    assert_eq!((&report["members_expired"], &report["members_reminded"]), (&json!(0), &json!(0)));
    assert_eq!(world.mails_to("mina").await.len(), 2);
    assert_eq!(fixture.members().await.len(), 2);
}

#[tokio::test]
async fn a_cleanup_that_runs_late_removes_without_a_reminder() {
    let fixture = TeamFixture::new().await;
    developer(&fixture, "mina", MEMBERSHIP_NOTICE + DAY).await;
    fixture.world.clock.advance(60 * DAY + DUE_HOUR_GRACE);
    let report = run(&fixture.world).await;
    assert_eq!((&report["members_expired"], &report["members_reminded"]), (&json!(1), &json!(0)));
    assert!(fixture.world.mails_to("mina").await.is_empty());
}

#[tokio::test]
async fn many_memberships_that_end_in_the_same_millisecond_are_all_removed() {
    let fixture = TeamFixture::new().await;
    let world = &fixture.world;
    let (mina, other) = (world.user_as("mina", UserType::Member, |_| {}).await, world.team("Other").await);
    let admin = fixture.admin().await;
    for team in [fixture.team_id, other] {
        let body = json!({"user_id": mina.user_id, "role_id": "admin", "expires_at": fixture.later(DAY)});
        admin.post(&format!("/v1/teams/{team}/members"), &body).await.is(201);
    }
    for number in 0..120 {
        world.member_for(&format!("member{number}"), (fixture.team_id, "reviewer"), DAY).await;
    }
    world.clock.advance(DAY);
    assert_eq!(run(world).await["members_expired"], 122);
    assert_eq!(fixture.members().await, ["owner"]);
    assert_consistent(world).await;
}

#[tokio::test]
async fn a_membership_of_a_deleted_team_is_removed_with_it() {
    let fixture = TeamFixture::new().await;
    let world = &fixture.world;
    developer(&fixture, "mina", MEMBERSHIP_NOTICE + DAY).await;
    fixture.owner().await.delete(&fixture.app).await.is(204);
    fixture.admin().await.delete(&fixture.team).await.is(204);
    world.clock.advance(DAY);
    let report = run(world).await;
    assert_eq!((&report["members_reminded"], &report["teams_deleted"]), (&json!(0), &json!(1)));
    assert!(world.mails_to("mina").await.is_empty());
    assert_consistent(world).await;
}
