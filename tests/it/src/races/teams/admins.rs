//! Team admins who remove or demote each other: a team keeps one admin.

use super::*;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Departure {
    Remove,
    Demote,
    Leave,
}

/// One admin removes or demotes the other, or leaves.
async fn depart(client: Client, team: TeamId, own: UserId, other: UserId, departure: Departure) -> Reply {
    let member = |user: UserId| format!("/v1/teams/{team}/members/{user}");
    match departure {
        Departure::Remove => client.delete(&member(other)).await,
        Departure::Demote => client.patch(&member(other), &json!({"role_id": "developer"})).await,
        Departure::Leave => client.delete(&member(own)).await,
    }
}

#[rstest]
#[case(Departure::Remove, Departure::Remove)]
#[case(Departure::Remove, Departure::Demote)]
#[case(Departure::Remove, Departure::Leave)]
#[case(Departure::Demote, Departure::Demote)]
#[case(Departure::Demote, Departure::Leave)]
#[case(Departure::Leave, Departure::Leave)]
#[tokio::test(start_paused = true)]
async fn two_team_admins_who_remove_each_other_leave_one(#[case] one: Departure, #[case] other: Departure) {
    let world = World::new().await;
    world.admin().await;
    for round in 0..ROUNDS {
        let team = world.team(&format!("Team {round}")).await;
        let (left, left_client) = world.user(&format!("left{round}"), UserType::Member, [(team, "admin")]).await;
        let (right, right_client) = world.user(&format!("right{round}"), UserType::Member, [(team, "admin")]).await;
        let replies = interleave(
            &world,
            round,
            depart(left_client, team, left.user_id, right.user_id, one),
            depart(right_client, team, right.user_id, left.user_id, other),
        );
        let (first, second) = replies.await;
        let context = format!("{one:?} against {other:?}, round {round}: {first:?} {second:?}");
        assert_eq!(admins_of(&world, team).await.len(), 1, "{context}");
        // An admin who was demoted first may still leave.
        assert!(first.status < 300 || second.status < 300, "{context}");
        let lost = [Code::LastTeamAdmin, Code::Forbidden, Code::NotFound];
        assert_success_or(&first, &lost, &context);
        assert_success_or(&second, &lost, &context);
        if is_checked(round) {
            assert_consistent(&world).await;
        }
    }
}

/// Platform admins may remove the last team admin. The team stays and is listed without an admin.
#[tokio::test(start_paused = true)]
async fn platform_admins_may_remove_the_last_admins_of_a_team_at_once() {
    let world = World::new().await;
    let admins = admins(&world).await;
    for round in 0..ROUNDS {
        let fixture = RaceFixture::new(&world, &admins, round).await;
        let (user, _) = world.user(&format!("second{round}"), UserType::Member, [(fixture.team, "admin")]).await;
        let ids = admins_of(&world, fixture.team).await;
        let first = fixture.path(&format!("/members/{}", ids.iter().find(|id| **id != user.user_id).unwrap()));
        let second = fixture.member(&user);
        let (one, other) =
            interleave(&world, round, fixture.admin.delete(&first), fixture.deputy.delete(&second)).await;
        assert_eq!((one.status, other.status), (204, 204), "round {round}: {one:?} {other:?}");
        assert_eq!(fixture.admin.get(&fixture.path("")).await.is(200).body["admins"], json!([]));
        if is_checked(round) {
            assert_consistent(&world).await;
        }
    }
}

/// The commit checks the caller's rights at that time, not those at the start of the request.
#[tokio::test(start_paused = true)]
async fn a_removed_admin_is_not_added_back_by_their_own_request_in_flight() {
    let world = World::new().await;
    let admins = admins(&world).await;
    for round in 0..ROUNDS {
        let fixture = RaceFixture::new(&world, &admins, round).await;
        let own = *admins_of(&world, fixture.team).await.first().unwrap();
        let (path, members) = (fixture.path(&format!("/members/{own}")), fixture.path("/members"));
        let body = json!({"user_id": own, "role_id": "admin"});
        let (removed, added) =
            interleave(&world, round, fixture.admin.delete(&path), fixture.owner.post(&members, &body)).await;
        let context = format!("round {round}: {removed:?} {added:?}");
        assert_eq!(removed.status, 204, "{context}");
        assert!(added.status >= 400, "{context}");
        assert_success_or(&added, &[Code::AlreadyMember, Code::NotFound, Code::Conflict], &context);
        assert!(admins_of(&world, fixture.team).await.is_empty(), "{context}");
        if is_checked(round) {
            assert_consistent(&world).await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_demoted_platform_admin_creates_no_team_by_a_request_in_flight() {
    let world = World::new().await;
    let admin = world.admin().await;
    for round in 0..ROUNDS {
        let (other, client) = world.user(&format!("other{round}"), UserType::PlatformAdmin, []).await;
        let path = format!("/v1/users/{}", other.user_id);
        let demotion = json!({"type": "member"});
        let body = json!({"name": format!("Own {round}"), "admin_user_id": other.user_id});
        let (demoted, created) =
            interleave(&world, round, admin.patch(&path, &demotion), client.post("/v1/teams", &body)).await;
        let context = format!("round {round}: {demoted:?} {created:?}");
        assert_eq!(demoted.status, 200, "{context}");
        assert!(created.status >= 400, "{context}");
        assert_success_or(&created, &[Code::NotAMember, Code::Unauthenticated, Code::Conflict], &context);
        if is_checked(round) {
            assert_consistent(&world).await;
        }
    }
}
