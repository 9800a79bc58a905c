//! A team keeps at least one admin, unless a platform admin or super admin removes the last one.

use rollcall_domain::team::Member;

use super::*;

#[derive(Clone, Copy, Debug)]
enum AdminLoss {
    RemoveTheOther,
    DemoteTheOther,
    EndTheOther,
    Leave,
}

const ADMIN_LOSSES: [AdminLoss; 4] =
    [AdminLoss::RemoveTheOther, AdminLoss::DemoteTheOther, AdminLoss::EndTheOther, AdminLoss::Leave];

fn member(team: TeamId, user: &User) -> String {
    format!("/v1/teams/{team}/members/{}", user.user_id)
}

async fn lose_admin(client: Client, loss: AdminLoss, own: String, other: String) -> Reply {
    match loss {
        AdminLoss::RemoveTheOther => client.delete(&other).await,
        AdminLoss::DemoteTheOther => client.patch(&other, &json!({"role_id": "reviewer"})).await,
        AdminLoss::EndTheOther => client.patch(&other, &json!({"expires_at": "2026-12-24T12:00:00Z"})).await,
        AdminLoss::Leave => client.delete(&own).await,
    }
}

/// The number of admins in the team's own set, which must be equal to its members with the role `admin` whose
/// membership lasts.
async fn admins(world: &World, team: TeamId) -> usize {
    let store = world.store();
    let of_team = store.team(team).await.unwrap().unwrap().admins;
    let members = store.members(team, world.now()).await.unwrap();
    let is_lasting = |member: &Member| member.role_id.is_admin() && member.expires_at.is_none();
    assert_eq!(of_team, members.into_iter().filter(is_lasting).map(|member| member.user_id).collect());
    of_team.len()
}

/// Each way to lose the last admin against each other way, six times.
#[tokio::test(flavor = "multi_thread")]
async fn one_admin_remains_when_two_remove_each_other_or_leave_concurrently() {
    for round in 0..6 {
        for one in ADMIN_LOSSES {
            for other in ADMIN_LOSSES {
                let world = World::new().await;
                world.faults.conflicts_like_dynamodb(round % 2 == 0);
                let team = world.team("Northwind").await;
                let (left, left_client) = world.user("left", UserType::Member, [(team, "admin")]).await;
                let (right, right_client) = world.user("right", UserType::Member, [(team, "admin")]).await;
                world.user("unrelated", UserType::Member, [(team, "member_manager")]).await;
                let (left, right) = (member(team, &left), member(team, &right));
                let first = tokio::spawn(lose_admin(left_client, one, left.clone(), right.clone()));
                let second = tokio::spawn(lose_admin(right_client, other, right, left));
                let replies = [first.await.unwrap(), second.await.unwrap()];
                let place = format!("{one:?} against {other:?}: {replies:?}");
                assert_eq!(admins(&world, team).await, 1, "{place}");
                let done = replies.iter().filter(|reply| reply.status < 300).count();
                // Whoever is demoted or given an end may still leave. In all other cases only one of the two requests
                // can succeed.
                let stays = |loss| matches!(loss, AdminLoss::DemoteTheOther | AdminLoss::EndTheOther);
                let both = matches!((one, other), (loss, AdminLoss::Leave) | (AdminLoss::Leave, loss) if stays(loss));
                assert!(done == 1 || (done == 2 && both), "{place}");
                for refused in replies.iter().filter(|reply| reply.status >= 300) {
                    assert!(matches!(refused.status, 403 | 404 | 409), "{place}");
                }
            }
        }
    }
}

#[tokio::test]
async fn the_last_team_admin_cannot_leave_or_be_demoted() {
    let world = World::new().await;
    let team = world.team("Northwind").await;
    let (team_admin, client) = world.user("chief", UserType::Member, [(team, "admin")]).await;
    let (deputy, manager) = world.user("deputy", UserType::Member, [(team, "member_manager")]).await;
    // The admin of another team does not count.
    let elsewhere = world.team("Elsewhere").await;
    world.user("other", UserType::Member, [(elsewhere, "admin")]).await;
    let (own, second) = (member(team, &team_admin), member(team, &deputy));
    client.delete(&own).await.is_problem(Code::LastTeamAdmin);
    client.patch(&own, &json!({"role_id": "reviewer"})).await.is_problem(Code::Forbidden);
    manager.delete(&own).await.is_problem(Code::Forbidden);
    manager.patch(&own, &json!({"role_id": "reviewer"})).await.is_problem(Code::Forbidden);
    assert_eq!(admins(&world, team).await, 1);
    client.patch(&second, &json!({"role_id": "admin"})).await.is(200);
    assert_eq!(admins(&world, team).await, 2);
    client.delete(&own).await.is(204);
    manager.delete(&second).await.is_problem(Code::LastTeamAdmin);
    assert_eq!(admins(&world, team).await, 1);
    client.get(&format!("/v1/teams/{team}")).await.is_problem(Code::NotFound);
}

#[tokio::test]
async fn a_platform_admin_may_remove_the_last_team_admin_and_add_another() {
    let world = World::new().await;
    let (_, platform) = world.user("platform", UserType::PlatformAdmin, []).await;
    let admin = world.admin().await;
    for (round, client) in [&platform, &admin].into_iter().enumerate() {
        let team = world.team(&format!("Team {round}")).await;
        let (first, _) = world.user(&format!("first{round}"), UserType::Member, [(team, "admin")]).await;
        let (second, _) = world.user(&format!("second{round}"), UserType::Member, [(team, "developer")]).await;
        let shown = async || client.get(&format!("/v1/teams/{team}")).await.is(200).body["admins"].clone();
        client.patch(&member(team, &first), &json!({"role_id": "operator"})).await.is(200);
        assert_eq!(shown().await, json!([]));
        client.patch(&member(team, &second), &json!({"role_id": "admin"})).await.is(200);
        assert_eq!(shown().await, json!([{"user_id": second.user_id, "username": second.username}]));
        client.delete(&member(team, &second)).await.is(204);
        assert_eq!((shown().await, admins(&world, team).await), (json!([]), 0));
        let back = json!({"login": first.login, "role_id": "admin"});
        let members = format!("/v1/teams/{team}/members");
        client.post(&members, &back).await.is_problem(Code::AlreadyMember);
        client.patch(&member(team, &first), &json!({"role_id": "admin"})).await.is(200);
        assert_eq!(admins(&world, team).await, 1);
    }
}

/// A user may be deleted or promoted even if they are the last admin of a team.
#[tokio::test]
async fn a_team_whose_last_admin_is_deleted_or_promoted_is_shown_without_admins() {
    let world = World::new().await;
    let admin = world.admin().await;
    for (login, is_deleted) in [("deleted", true), ("promoted", false)] {
        let team = world.team(login).await;
        let (team_admin, _) = world.user(login, UserType::Member, [(team, "admin")]).await;
        let (_, reader) = world.user(&format!("{login}.reader"), UserType::Member, [(team, "reviewer")]).await;
        let path = format!("/v1/users/{}", team_admin.user_id);
        if is_deleted {
            admin.delete(&path).await.is(204);
        } else {
            admin.patch(&path, &json!({"type": "platform_admin"})).await.is(200);
        }
        let shown = reader.get(&format!("/v1/teams/{team}")).await;
        assert_eq!((&shown.is(200).body["admins"], admins(&world, team).await), (&json!([]), 0), "{login}");
        assert_eq!(reader.get(&format!("/v1/teams/{team}/members")).await.body["items"].as_array().unwrap().len(), 1);
    }
}
