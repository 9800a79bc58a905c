//! Custom roles that are deleted or edited while somebody grants them.

use super::*;

const REQUESTS: [(&str, TeamRequest); 4] = [
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
async fn a_role_is_granted_or_deleted_but_never_both(#[values(0, 1, 2, 3)] index: usize) {
    let (name, deed) = REQUESTS[index];
    let world = World::new().await;
    let admins = admins(&world).await;
    for round in 0..ROUNDS {
        let fixture = RaceFixture::new(&world, &admins, round).await;
        let path = fixture.path(&format!("/roles/{}", fixture.role));
        let (deleted, given) = interleave(&world, round, fixture.boss.delete(&path), deed(&fixture, Value::Null)).await;
        let place = format!("{name}, round {round}: {deleted:?} {given:?}");
        assert_ne!(deleted.status < 300, given.status < 300, "{place}");
        done_or(&deleted, &[Code::RoleInUse], &place);
        done_or(&given, &[Code::ValidationFailed, Code::Conflict], &place);
        fixture.boss.get(&path).await.is(if deleted.status < 300 { 404 } else { 200 });
        if is_checked(round) {
            assert_consistent(&world).await;
        }
    }
}

/// A member manager may grant only roles within their own permissions. A role that is widened beyond them meanwhile is
/// granted before the change or not at all.
#[tokio::test(start_paused = true)]
async fn a_role_widened_meanwhile_is_not_granted_by_those_who_may_not_grant_it() {
    let world = World::new().await;
    let admins = admins(&world).await;
    for round in 0..ROUNDS {
        let fixture = RaceFixture::new(&world, &admins, round).await;
        let path = fixture.path(&format!("/roles/{}", fixture.role));
        let wide = json!({"permissions": ["team.read", "accounts.delete", "audit.read"]});
        let body = json!({"user_id": fixture.stranger.user_id, "role_id": fixture.role});
        let members = fixture.path("/members");
        let add = fixture.keeper_client.post(&members, &body);
        let (widened, added) = interleave(&world, round, fixture.owner.patch(&path, &wide), add).await;
        let place = format!("round {round}: {widened:?} {added:?}");
        assert_eq!(widened.status, 200, "{place}");
        done_or(&added, &[Code::Forbidden, Code::Conflict], &place);
        if added.status < 300 {
            assert_eq!(added.body["member"]["role"]["version"], 1, "{place}");
        }
        if is_checked(round) {
            assert_consistent(&world).await;
        }
    }
}
