//! Teams that are deleted while another request changes them.

use super::*;

/// Requests in a team, and the codes with which they may be refused.
const REQUESTS: [(&str, TeamRequest, &[Code]); 10] = [
    (
        "redeem",
        |s, code| Box::pin(async move { s.stranger_client.post("/v1/invitations/redeem", &code).await }),
        &[Code::InvitationInvalid, Code::Conflict],
    ),
    (
        "add",
        |s, _| {
            let body = json!({"user_id": s.stranger.user_id, "role_id": s.role});
            Box::pin(async move { s.owner.post(&s.path("/members"), &body).await })
        },
        &[Code::NotFound, Code::Conflict],
    ),
    (
        "create an application",
        |s, _| {
            let body = json!({"name": "App", "team_id": s.team});
            Box::pin(async move { s.owner.post("/v1/apps", &body).await })
        },
        &[Code::ValidationFailed, Code::Conflict],
    ),
    (
        "create a role",
        |s, _| {
            let body = json!({"name": "Another", "permissions": ["team.read"]});
            Box::pin(async move { s.owner.post(&s.path("/roles"), &body).await })
        },
        &[Code::NotFound, Code::Conflict],
    ),
    (
        "issue",
        |s, _| {
            let body = json!({"role_id": s.role});
            Box::pin(async move { s.owner.post(&s.path("/invitations"), &body).await })
        },
        &[Code::NotFound, Code::Conflict],
    ),
    (
        "edit a member",
        |s, _| {
            let body = json!({"role_id": "admin"});
            Box::pin(async move { s.owner.patch(&s.member(&s.manager), &body).await })
        },
        &[Code::NotFound, Code::Conflict],
    ),
    (
        "leave",
        |s, _| Box::pin(async { s.manager_client.delete(&s.member(&s.manager)).await }),
        &[Code::NotFound, Code::Conflict],
    ),
    (
        "delete a member's user",
        |s, _| Box::pin(async { s.admin.delete(&format!("/v1/users/{}", s.manager.user_id)).await }),
        &[],
    ),
    (
        "promote a member",
        |s, _| {
            let body = json!({"type": "platform_admin"});
            Box::pin(async move { s.admin.patch(&format!("/v1/users/{}", s.manager.user_id), &body).await })
        },
        &[],
    ),
    (
        "rename",
        |s, _| {
            let body = json!({"name": format!("Renamed {}", s.round)});
            Box::pin(async move { s.owner.patch(&s.path(""), &body).await })
        },
        &[Code::NotFound, Code::Conflict],
    ),
];

#[rstest]
#[tokio::test(start_paused = true)]
async fn a_team_deleted_during_another_request_leaves_no_items(#[values(0, 1, 2, 3, 4, 5, 6, 7, 8, 9)] index: usize) {
    let (name, send, codes) = REQUESTS[index];
    let world = World::new().await;
    let admins = admins(&world).await;
    let mut gone = Vec::new();
    for round in 0..ROUNDS {
        let fixture = RaceFixture::new(&world, &admins, round).await;
        let path = fixture.path("");
        let code = if name == "redeem" { fixture.code().await } else { Value::Null };
        let (deleted, reply) = interleave(&world, round, fixture.deputy.delete(&path), send(&fixture, code)).await;
        let place = format!("{name}, round {round}");
        assert_success_or(&reply, codes, &place);
        if name == "create an application" && reply.status < 300 {
            deleted.is_problem(Code::TeamNotEmpty);
            fixture.owner.get(&path).await.is(200);
        } else {
            assert_eq!(deleted.status, 204, "{place}: {deleted:?}");
            fixture.owner.get(&path).await.is_problem(Code::NotFound);
            gone.push(fixture.team.to_string());
        }
        if is_checked(round) {
            assert_consistent(&world).await;
            clean_up(&world).await;
            assert_deleted(&world, &gone, &place).await;
        }
    }
}

/// Two platform admins change one team. It is deleted once, and a name that it got meanwhile is free again.
#[tokio::test(start_paused = true)]
async fn of_two_concurrent_deletions_or_renames_of_a_team_the_second_gets_not_found() {
    let world = World::new().await;
    let admins = admins(&world).await;
    let mut gone = Vec::new();
    for round in 0..ROUNDS {
        let fixture = RaceFixture::new(&world, &admins, round).await;
        let (path, place) = (fixture.path(""), format!("round {round}"));
        let (one, other) = interleave(&world, round, fixture.admin.delete(&path), fixture.deputy.delete(&path)).await;
        let mut statuses = [one.status, other.status];
        statuses.sort_unstable();
        assert_eq!(statuses, [204, 404], "{place}: {one:?} {other:?}");
        let path = format!("/v1/teams/{}", world.team(&format!("Second {round}")).await);
        gone.extend([fixture.team.to_string(), path.strip_prefix("/v1/teams/").unwrap().to_owned()]);
        let name = json!({"name": format!("Third {round}")});
        let (one, other) =
            interleave(&world, round, fixture.admin.delete(&path), fixture.deputy.patch(&path, &name)).await;
        assert_eq!(one.status, 204, "{place}: {one:?}");
        assert_success_or(&other, &[Code::NotFound, Code::Conflict], &place);
        if is_checked(round) {
            clean_up(&world).await;
            assert_deleted(&world, &gone, &place).await;
        }
        // The names are free again.
        for name in ["Second", "Third"] {
            fixture.admin.post("/v1/teams", &json!({"name": format!("{name} {round}")})).await.is(201);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn two_teams_never_get_the_same_name() {
    let world = World::new().await;
    let (admin, deputy) = admins(&world).await;
    for round in 0..ROUNDS {
        let teams = [world.team(&format!("One {round}")).await, world.team(&format!("Other {round}")).await];
        let [one, other] = teams.map(|team| format!("/v1/teams/{team}"));
        let (lower, upper) = (json!({"name": format!("name {round}")}), json!({"name": format!("NAME {round}")}));
        let (one, other) = interleave(&world, round, admin.patch(&one, &lower), deputy.patch(&other, &upper)).await;
        let renamed = [&one, &other].iter().filter(|reply| reply.status == 200).count();
        assert_eq!(renamed, 1, "round {round}: {one:?} {other:?}");
        assert_success_or(&one, &[Code::TeamNameTaken], "one");
        assert_success_or(&other, &[Code::TeamNameTaken], "other");
        if is_checked(round) {
            assert_consistent(&world).await;
        }
    }
}
