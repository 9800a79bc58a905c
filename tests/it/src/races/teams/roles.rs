//! Custom roles that are deleted or narrowed while somebody gives them.

use super::*;

const DEEDS: [(&str, TeamRequest); 4] = [
    ("issue", |s, _| {
        let body = json!({"role_id": s.role});
        Box::pin(async move { s.owner.post(&s.path("/invitations"), &body).await })
    }),
    ("add", |s, _| {
        let body = json!({"user_id": s.stranger.user_id, "role_id": s.role});
        Box::pin(async move { s.owner.post(&s.path("/members"), &body).await })
    }),
    ("move", |s, _| {
        let body = json!({"role_id": s.role});
        Box::pin(async move { s.owner.patch(&s.member(&s.keeper), &body).await })
    }),
    ("create a user with it", |s, _| {
        let new = json!({"username": "New", "login": format!("new{}", s.round), "generate_password": true});
        let body = json!({"new_user": new, "role_id": s.role});
        Box::pin(async move { s.owner.post(&s.path("/members"), &body).await })
    }),
];

#[rstest]
#[tokio::test(start_paused = true)]
async fn a_role_is_given_or_deleted_and_never_both(#[values(0, 1, 2, 3)] index: usize) {
    let (name, deed) = DEEDS[index];
    let world = World::new().await;
    let admins = admins(&world).await;
    for round in 0..ROUNDS {
        let fixture = RaceFixture::new(&world, &admins, round).await;
        let path = fixture.path(&format!("/roles/{}", fixture.role));
        let (deleted, given) = meet(&world, round, fixture.boss.delete(&path), deed(&fixture, Value::Null)).await;
        let place = format!("{name}, round {round}: {deleted:?} {given:?}");
        assert_ne!(deleted.status < 300, given.status < 300, "{place}");
        done_or(&deleted, &[Code::RoleInUse], &place);
        done_or(&given, &[Code::ValidationFailed, Code::Conflict], &place);
        fixture.boss.get(&path).await.is(if deleted.status < 300 { 404 } else { 200 });
        if is_looked_at(round) {
            everything_agrees(&world).await;
        }
    }
}

/// A manager gives what lies within its bound. A role that is widened beyond it meanwhile is given as it was or not at
/// all: whoever gets it by the manager has never what the manager could not give.
#[tokio::test(start_paused = true)]
async fn a_role_that_is_widened_meanwhile_is_not_given_by_whom_it_is_beyond() {
    let world = World::new().await;
    let admins = admins(&world).await;
    for round in 0..ROUNDS {
        let fixture = RaceFixture::new(&world, &admins, round).await;
        let path = fixture.path(&format!("/roles/{}", fixture.role));
        let wide = json!({"permissions": ["team.read", "accounts.delete", "audit.read"]});
        let body = json!({"user_id": fixture.stranger.user_id, "role_id": fixture.role});
        let members = fixture.path("/members");
        let add = fixture.keeper_client.post(&members, &body);
        let (widened, added) = meet(&world, round, fixture.owner.patch(&path, &wide), add).await;
        let place = format!("round {round}: {widened:?} {added:?}");
        assert_eq!(widened.status, 200, "{place}");
        done_or(&added, &[Code::Forbidden, Code::Conflict], &place);
        if added.status < 300 {
            assert_eq!(added.body["member"]["role"]["version"], 1, "{place}");
        }
        if is_looked_at(round) {
            everything_agrees(&world).await;
        }
    }
}
