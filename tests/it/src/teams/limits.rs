//! Limits of teams, to the last item.

use futures_util::future::join_all;
use rollcall_domain::{permission::UserType, role_id::RoleId};

use super::*;

#[tokio::test]
async fn a_user_joins_at_most_twenty_teams() {
    let world = World::new().await;
    let admin = world.admin().await;
    let mut teams = Vec::new();
    for number in 0..21 {
        teams.push(world.team(&format!("Team {number}")).await);
    }
    let reviewer = RoleId::parse("reviewer").unwrap();
    let nineteen: Vec<_> = teams[..19].iter().map(|team| (*team, reviewer)).collect();
    let change = |user: &mut rollcall_domain::user::User| user.teams = nineteen.into_iter().collect();
    let mina = world.user_as("mina", UserType::Member, change).await;
    let members = |index: usize| format!("/v1/teams/{}/members", teams[index]);
    let body = json!({"user_id": mina.user_id, "role_id": "reviewer"});
    admin.post(&members(19), &body).await.is(201);
    admin.post(&members(20), &body).await.is_problem(Code::TooManyTeams);
    // An existing membership is reported before the limit.
    admin.post(&members(0), &body).await.is_problem(Code::AlreadyMember);
    let first = json!({"name": "Another", "admin_user_id": mina.user_id});
    admin.post("/v1/teams", &first).await.is_problem(Code::TooManyTeams);
    let client = world.signed_in(&mina).await;
    assert_eq!(client.get("/v1/me").await.is(200).body["teams"].as_array().unwrap().len(), 20);
    assert_eq!(client.get("/v1/teams").await.is(200).body["items"].as_array().unwrap().len(), 20);
    client.delete(&format!("{}/{}", members(7), mina.user_id)).await.is(204);
    admin.post(&members(20), &body).await.is(201);
    admin.post(&members(7), &body).await.is_problem(Code::TooManyTeams);
}

#[tokio::test]
async fn a_team_has_at_most_a_thousand_members() {
    let world = World::new().await;
    let (team, owner) = team(&world).await;
    let team_id = TeamId::parse(&team).unwrap();
    let members = format!("/v1/teams/{team}/members");
    let world = &world;
    for start in (1..999).step_by(50) {
        let batch = (start..(start + 50).min(999))
            .map(|n| async move { world.user(&format!("user{n}"), UserType::Member, [(team_id, "reviewer")]).await });
        join_all(batch).await;
    }
    let (last, _) = world.user("last", UserType::Member, []).await;
    let (late, _) = world.user("late", UserType::Member, []).await;
    let add = |user: &rollcall_domain::user::User| json!({"user_id": user.user_id, "role_id": "reviewer"});
    owner.post(&members, &add(&last)).await.is(201);
    owner.post(&members, &add(&late)).await.is_problem(Code::TooManyMembers);
    let new =
        json!({"role_id": "reviewer", "new_user": {"username": "New", "login": "new", "generate_password": true}});
    owner.post(&members, &new).await.is_problem(Code::TooManyMembers);
    assert_eq!(owner.get("/v1/audit?action=user.create").await.body["items"], json!([]));
    let (mut found, mut path) = (0, format!("{members}?limit=100"));
    loop {
        let page = owner.get(&path).await;
        found += page.is(200).body["items"].as_array().unwrap().len();
        match page.body["next_cursor"].as_str() {
            None => break,
            Some(cursor) => path = format!("{members}?limit=100&cursor={cursor}"),
        }
    }
    assert_eq!(found, 1000);
    owner.patch(&format!("{members}/{}", last.user_id), &json!({"role_id": "operator"})).await.is(200);
    owner.delete(&format!("{members}/{}", last.user_id)).await.is(204);
    owner.post(&members, &add(&late)).await.is(201);
    owner.post(&members, &add(&last)).await.is_problem(Code::TooManyMembers);
}

#[tokio::test]
async fn a_team_has_at_most_fifty_custom_roles() {
    let world = World::new().await;
    let (team, owner) = team(&world).await;
    let roles = format!("/v1/teams/{team}/roles");
    let body = json!({"name": "Custom", "permissions": ["team.read"]});
    let mut last = String::new();
    for _ in 0..50 {
        owner.post(&roles, &body).await.is(201).header("location").clone_into(&mut last);
    }
    owner.post(&roles, &body).await.is_problem(Code::TooManyRoles);
    assert_eq!(owner.get(&format!("{roles}?limit=100")).await.body["items"].as_array().unwrap().len(), 56);
    owner.patch(&last, &json!({"name": "Still"})).await.is(200);
    owner.delete(&last).await.is(204);
    owner.post(&roles, &body).await.is(201);
    owner.post(&roles, &body).await.is_problem(Code::TooManyRoles);
}
