//! Lists, counts and totals contain only what the caller may read.

use super::*;

/// Every list, and the field that identifies its items.
fn lists(fixture: &TeamFixture) -> Vec<(String, &'static str)> {
    let team = format!("/v1/teams/{}", fixture.team);
    vec![
        ("/v1/teams".to_owned(), "team_id"),
        ("/v1/apps".to_owned(), "app_id"),
        (format!("/v1/apps?team_id={}", fixture.team), "app_id"),
        (format!("{team}/members"), "user_id"),
        (format!("{team}/roles"), "role_id"),
        (format!("{team}/invitations"), "invitation_id"),
        (format!("/v1/apps/{}/accounts", fixture.app), "user_id"),
    ]
}

#[tokio::test]
async fn lists_contain_exactly_what_the_caller_may_read() {
    let world = World::new().await;
    let (admin, ours, theirs, caller) = neighbours(&world).await;
    let own = caller.user.as_ref().unwrap().user_id.to_string();
    let member = ours.member.user_id.to_string();
    let found = admin.get("/v1/users?q=admin0").await;
    let admin_id = ids(&found, "user_id").remove(0);
    let presets = ["admin", "member_manager", "senior_developer", "developer", "operator", "reviewer"];
    let roles: Vec<_> = presets.iter().map(ToString::to_string).chain([ours.role.to_string()]).collect();
    let apps = vec![ours.app.clone(), ours.spare.clone()];
    let expected = [
        vec![ours.team.to_string()],
        apps.clone(),
        apps,
        vec![admin_id, member, own],
        roles,
        vec![ours.invitation.clone()],
        vec!["mina".to_owned(), "root".to_owned()],
    ];
    for ((path, field), expected) in lists(&ours).into_iter().zip(expected) {
        for limit in [1, 2, expected.len(), 100] {
            let separator = if path.contains('?') { '&' } else { '?' };
            let list = format!("{path}{separator}limit={limit}");
            let (mut found, mut pages, mut next) = (Vec::new(), 0, list.clone());
            loop {
                let page = caller.client.get(&next).await;
                found.extend(ids(&page, field));
                pages += 1;
                match page.body["next_cursor"].as_str() {
                    None => break,
                    Some(cursor) => next = format!("{list}&cursor={cursor}"),
                }
            }
            assert_eq!(found, expected, "{list}");
            assert_eq!(
                pages,
                expected.len().div_ceil(limit),
                "{list}: the cursor is null exactly when nothing follows"
            );
        }
    }
    let log = caller.client.get("/v1/audit?limit=100").await;
    let items = log.is(200).body["items"].as_array().unwrap();
    assert!(items.iter().all(|record| record["team_id"] == json!(ours.team)), "{items:?}");
    assert_eq!(log.body["next_cursor"], Value::Null);
    let shown = format!("{} {}", log.body, caller.client.get("/v1/me").await.body);
    for foreign in [theirs.team.to_string(), theirs.app, theirs.member.login.to_string(), theirs.invitation] {
        assert!(!shown.contains(&foreign), "{foreign}");
    }
}

/// A member of two teams sees both, each with the permissions of their role there.
#[tokio::test]
async fn two_roles_in_two_teams_do_not_mix() {
    let world = World::new().await;
    let (_, ours, theirs, _) = neighbours(&world).await;
    let role = |id: &str| RoleId::parse(id).unwrap();
    let teams = vec![(ours.team, role("operator")), (theirs.team, role("member_manager"))];
    let both = Caller::of(&world, "both", UserType::Member, teams).await.client;
    assert_eq!(ids(&both.get("/v1/teams").await, "team_id"), [ours.team.to_string(), theirs.team.to_string()]);
    assert_eq!(ids(&both.get("/v1/apps").await, "app_id"), [ours.app.clone(), ours.spare.clone()]);
    assert_eq!(ids(&both.get(&format!("/v1/apps?team_id={}", theirs.team)).await, "app_id"), Vec::<String>::new());
    both.get("/v1/audit").await.is_problem(Code::NotFound);
    both.get(&format!("/v1/teams/{}/invitations", ours.team)).await.is_problem(Code::Forbidden);
    both.get(&format!("/v1/teams/{}/invitations", theirs.team)).await.is(200);
    both.get(&format!("/v1/apps/{}/accounts/mina", ours.app)).await.is(200);
    both.get(&format!("/v1/apps/{}/accounts/mina", theirs.app)).await.is_problem(Code::NotFound);
    let me = both.get("/v1/me").await;
    let roles = |index: usize| me.body["teams"][index]["role"]["role_id"].clone();
    assert_eq!((roles(0), roles(1)), (json!("operator"), json!("member_manager")));
}
