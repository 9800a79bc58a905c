//! Users who are deleted or promoted while another request changes their memberships.

use super::*;

/// Requests about a user or by them, and the codes with which they may be refused.
const REQUESTS: [(&str, TeamRequest, &[Code]); 12] = [
    (
        "added",
        |s, _| {
            let body = json!({"user_id": s.stranger.user_id, "role_id": s.role});
            Box::pin(async move { s.owner.post(&s.path("/members"), &body).await })
        },
        &[Code::ValidationFailed, Code::Conflict],
    ),
    (
        "added by login",
        |s, _| {
            let body = json!({"login": s.stranger.login, "role_id": "admin"});
            Box::pin(async move { s.owner.post(&s.path("/members"), &body).await })
        },
        &[Code::ValidationFailed, Code::Conflict],
    ),
    (
        "becoming admin of a new team",
        |s, _| {
            let body = json!({"name": format!("New {}", s.round), "admin_user_id": s.stranger.user_id});
            Box::pin(async move { s.deputy.post("/v1/teams", &body).await })
        },
        &[Code::ValidationFailed, Code::Conflict],
    ),
    (
        "joining by an invitation",
        |s, code| Box::pin(async move { s.stranger_client.post("/v1/invitations/redeem", &code).await }),
        &[Code::Unauthenticated, Code::InvitationInvalid, Code::Conflict],
    ),
    (
        "given another role",
        |s, _| {
            let body = json!({"role_id": s.role});
            Box::pin(async move { s.owner.patch(&s.member(&s.manager), &body).await })
        },
        &[Code::NotFound, Code::Conflict],
    ),
    (
        "becoming a team's admin",
        |s, _| {
            let body = json!({"role_id": "admin"});
            Box::pin(async move { s.owner.patch(&s.member(&s.manager), &body).await })
        },
        &[Code::NotFound, Code::Conflict],
    ),
    (
        "removed from the team",
        |s, _| Box::pin(async { s.owner.delete(&s.member(&s.manager)).await }),
        &[Code::NotFound, Code::Conflict],
    ),
    (
        "leaving",
        |s, _| Box::pin(async { s.manager_client.delete(&s.member(&s.manager)).await }),
        &[Code::NotFound, Code::Unauthenticated, Code::Forbidden, Code::Conflict],
    ),
    (
        "inviting",
        |s, _| {
            let body = json!({"role_id": "developer", "login": format!("stranger{}", s.round)});
            Box::pin(async move { s.manager_client.post(&s.path("/invitations"), &body).await })
        },
        &[Code::NotFound, Code::Unauthenticated, Code::Forbidden, Code::Conflict],
    ),
    (
        "creating a role",
        |s, _| {
            let body = json!({"name": "Another", "permissions": ["team.read"]});
            Box::pin(async move { s.manager_client.post(&s.path("/roles"), &body).await })
        },
        &[Code::NotFound, Code::Unauthenticated, Code::Forbidden, Code::Conflict],
    ),
    (
        "deleted with its role's permissions edited",
        |s, _| {
            let role = s.manager.teams.stored_in(s.team).unwrap().role_id;
            let body = json!({"permissions": ["team.read"]});
            Box::pin(async move { s.owner.patch(&s.path(&format!("/roles/{role}")), &body).await })
        },
        &[Code::Conflict],
    ),
    (
        "creating an application",
        |s, _| {
            let body = json!({"name": "App", "team_id": s.team});
            Box::pin(async move { s.manager_client.post("/v1/apps", &body).await })
        },
        &[Code::ValidationFailed, Code::Unauthenticated, Code::Forbidden, Code::Conflict],
    ),
];

/// The first four requests are about the stranger, the others about the manager.
fn target(fixture: &RaceFixture, index: usize) -> &User {
    if index < 4 { &fixture.stranger } else { &fixture.manager }
}

#[rstest]
#[tokio::test(start_paused = true)]
async fn a_user_deleted_during_another_request_leaves_no_references(
    #[values(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11)] index: usize,
) {
    let (name, send, codes) = REQUESTS[index];
    let world = World::new().await;
    let admins = admins(&world).await;
    let mut deleted_ids = Vec::new();
    for round in 0..ROUNDS {
        let fixture = RaceFixture::new(&world, &admins, round).await;
        let user = target(&fixture, index).clone();
        let path = format!("/v1/users/{}", user.user_id);
        let code = if name == "joining by an invitation" { fixture.code().await } else { Value::Null };
        let (deleted, reply) = interleave(&world, round, fixture.admin.delete(&path), send(&fixture, code)).await;
        let place = format!("{name}, round {round}");
        assert_eq!(deleted.status, 204, "{place}: {deleted:?}");
        assert_success_or(&reply, codes, &place);
        deleted_ids.push(user.user_id.to_string());
        if is_checked(round) {
            assert_deleted(&world, &deleted_ids, &place).await;
        }
    }
}

/// A platform admin is in no team, whether they joined before the promotion or tried to afterwards.
#[rstest]
#[tokio::test(start_paused = true)]
async fn a_member_promoted_while_joining_or_changing_roles_is_in_no_team(
    #[values(0, 1, 2, 3, 4, 5, 6, 7)] index: usize,
) {
    let (name, send, codes) = REQUESTS[index];
    let world = World::new().await;
    let admins = admins(&world).await;
    for round in 0..ROUNDS {
        let fixture = RaceFixture::new(&world, &admins, round).await;
        let user = target(&fixture, index);
        let path = format!("/v1/users/{}", user.user_id);
        let patch = json!({"type": "platform_admin"});
        let code = if name == "joining by an invitation" { fixture.code().await } else { Value::Null };
        let (promoted, reply) =
            interleave(&world, round, fixture.admin.patch(&path, &patch), send(&fixture, code)).await;
        let place = format!("{name}, round {round}");
        assert_eq!(promoted.status, 200, "{place}: {promoted:?}");
        assert_success_or(&reply, &[codes, &[Code::NotAMember, Code::Forbidden]].concat(), &place);
        let after = world.store().user(user.user_id).await.unwrap().unwrap();
        assert!(
            after.user_type == UserType::PlatformAdmin && after.teams.stored().next().is_none(),
            "{place}: {after:?}"
        );
        if is_checked(round) {
            assert_consistent(&world).await;
        }
    }
}
