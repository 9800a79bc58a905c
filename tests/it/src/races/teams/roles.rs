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
    ("edit a member", |s, _| {
        let body = json!({"role_id": s.role});
        Box::pin(async move { s.owner.patch(&s.member(&s.manager), &body).await })
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
    let (name, send) = REQUESTS[index];
    let world = World::new().await;
    let admins = admins(&world).await;
    for round in 0..ROUNDS {
        let fixture = RaceFixture::new(&world, &admins, round).await;
        let path = fixture.path(&format!("/roles/{}", fixture.role));
        let (deleted, granted) =
            interleave(&world, round, fixture.admin.delete(&path), send(&fixture, Value::Null)).await;
        let place = format!("{name}, round {round}: {deleted:?} {granted:?}");
        assert_ne!(deleted.status < 300, granted.status < 300, "{place}");
        assert_success_or(&deleted, &[Code::RoleInUse], &place);
        assert_success_or(&granted, &[Code::ValidationFailed, Code::Conflict], &place);
        fixture.admin.get(&path).await.is(if deleted.status < 300 { 404 } else { 200 });
        if is_checked(round) {
            assert_consistent(&world).await;
        }
    }
}

/// The role gets more permissions than a member manager may grant. The request grants it before that change, or is
/// refused.
#[tokio::test(start_paused = true)]
async fn a_role_extended_during_the_request_is_not_granted_beyond_the_callers_bound() {
    let world = World::new().await;
    let admins = admins(&world).await;
    for round in 0..ROUNDS {
        let fixture = RaceFixture::new(&world, &admins, round).await;
        let path = fixture.path(&format!("/roles/{}", fixture.role));
        let extension = json!({"permissions": ["team.read", "accounts.delete", "audit.read"]});
        let body = json!({"user_id": fixture.stranger.user_id, "role_id": fixture.role});
        let members = fixture.path("/members");
        let add = fixture.manager_client.post(&members, &body);
        let (extended, added) = interleave(&world, round, fixture.owner.patch(&path, &extension), add).await;
        let place = format!("round {round}: {extended:?} {added:?}");
        assert_eq!(extended.status, 200, "{place}");
        assert_success_or(&added, &[Code::Forbidden, Code::Conflict], &place);
        if added.status < 300 {
            assert_eq!(added.body["member"]["role"]["version"], 1, "{place}");
        }
        if is_checked(round) {
            assert_consistent(&world).await;
        }
    }
}
