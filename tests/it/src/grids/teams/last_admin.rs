//! A team keeps an admin, unless an admin of the platform takes the last one off.

use super::*;

#[derive(Clone, Copy, Debug)]
enum Going {
    RemovesTheOther,
    DemotesTheOther,
    Leaves,
}

const GOINGS: [Going; 3] = [Going::RemovesTheOther, Going::DemotesTheOther, Going::Leaves];

fn member(team: TeamId, user: &User) -> String {
    format!("/v1/teams/{team}/members/{}", user.user_id)
}

async fn go(client: Client, going: Going, own: String, other: String) -> Reply {
    match going {
        Going::RemovesTheOther => client.delete(&other).await,
        Going::DemotesTheOther => client.patch(&other, &json!({"role_id": "reviewer"})).await,
        Going::Leaves => client.delete(&own).await,
    }
}

/// The admins of a team, by its own set, which must be the members who are admins.
async fn admins(world: &World, team: TeamId) -> usize {
    let store = world.store();
    let of_team = store.team(team).await.unwrap().unwrap().admins;
    let members = store.members(team, 1000).await.unwrap();
    let of_members = members.into_iter().filter(|member| member.role_id.is_admin()).map(|member| member.user_id);
    assert_eq!(of_team, of_members.collect());
    of_team.len()
}

/// Every way to lose the last admin against every other way, many times.
#[tokio::test(flavor = "multi_thread")]
async fn of_two_team_admins_who_go_at_once_one_is_left() {
    for round in 0..6 {
        for one in GOINGS {
            for other in GOINGS {
                let world = World::new().await;
                world.faults.conflicts_like_dynamodb(round % 2 == 0);
                let team = world.team("Northwind").await;
                let (left, left_client) = world.user("left", UserType::Member, [(team, "admin")]).await;
                let (right, right_client) = world.user("right", UserType::Member, [(team, "admin")]).await;
                world.user("unrelated", UserType::Member, [(team, "member_manager")]).await;
                let (left, right) = (member(team, &left), member(team, &right));
                let first = tokio::spawn(go(left_client, one, left.clone(), right.clone()));
                let second = tokio::spawn(go(right_client, other, right, left));
                let replies = [first.await.unwrap(), second.await.unwrap()];
                let place = format!("{one:?} against {other:?}: {replies:?}");
                assert_eq!(admins(&world, team).await, 1, "{place}");
                let done = replies.iter().filter(|reply| reply.status < 300).count();
                // Who was demoted may leave; everything else can be done by one of the two only.
                let both = matches!(
                    (one, other),
                    (Going::DemotesTheOther, Going::Leaves) | (Going::Leaves, Going::DemotesTheOther)
                );
                assert!(done == 1 || (done == 2 && both), "{place}");
                for refused in replies.iter().filter(|reply| reply.status >= 300) {
                    assert!(matches!(refused.status, 403 | 404 | 409), "{place}");
                }
            }
        }
    }
}

#[tokio::test]
async fn the_last_team_admin_neither_leaves_nor_is_moved() {
    let world = World::new().await;
    let team = world.team("Northwind").await;
    let (chief, client) = world.user("chief", UserType::Member, [(team, "admin")]).await;
    let (deputy, manager) = world.user("deputy", UserType::Member, [(team, "member_manager")]).await;
    // Another team's admins are no admins of this one.
    let elsewhere = world.team("Elsewhere").await;
    world.user("other", UserType::Member, [(elsewhere, "admin")]).await;
    let (own, second) = (member(team, &chief), member(team, &deputy));
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
async fn a_platform_admin_takes_the_last_team_admin_off_and_appoints_another() {
    let world = World::new().await;
    let (_, platform) = world.user("platform", UserType::PlatformAdmin, []).await;
    let boss = world.admin().await;
    for (round, client) in [&platform, &boss].into_iter().enumerate() {
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

/// Whoever is deleted or becomes an admin of the platform goes, though it be a team's last admin.
#[tokio::test]
async fn a_team_whose_last_admin_is_deleted_or_promoted_is_shown_as_having_none() {
    let world = World::new().await;
    let boss = world.admin().await;
    for (login, is_deleted) in [("deleted", true), ("promoted", false)] {
        let team = world.team(login).await;
        let (chief, _) = world.user(login, UserType::Member, [(team, "admin")]).await;
        let (_, reader) = world.user(&format!("{login}.reader"), UserType::Member, [(team, "reviewer")]).await;
        let path = format!("/v1/users/{}", chief.user_id);
        if is_deleted {
            boss.delete(&path).await.is(204);
        } else {
            boss.patch(&path, &json!({"type": "platform_admin"})).await.is(200);
        }
        let shown = reader.get(&format!("/v1/teams/{team}")).await;
        assert_eq!((&shown.is(200).body["admins"], admins(&world, team).await), (&json!([]), 0), "{login}");
        assert_eq!(reader.get(&format!("/v1/teams/{team}/members")).await.body["items"].as_array().unwrap().len(), 1);
    }
}
