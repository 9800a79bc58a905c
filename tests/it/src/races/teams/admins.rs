//! Team admins who remove or demote each other: a team keeps one admin.

use super::*;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    Remove,
    Demote,
    Leave,
}

/// One admin removes or demotes the other, or leaves.
async fn go(client: Client, team: TeamId, own: UserId, other: UserId, way: Way) -> Reply {
    let member = |user: UserId| format!("/v1/teams/{team}/members/{user}");
    match way {
        Way::Remove => client.delete(&member(other)).await,
        Way::Demote => client.patch(&member(other), &json!({"role_id": "developer"})).await,
        Way::Leave => client.delete(&member(own)).await,
    }
}

#[rstest]
#[case(Way::Remove, Way::Remove)]
#[case(Way::Remove, Way::Demote)]
#[case(Way::Remove, Way::Leave)]
#[case(Way::Demote, Way::Demote)]
#[case(Way::Demote, Way::Leave)]
#[case(Way::Leave, Way::Leave)]
#[tokio::test(start_paused = true)]
async fn two_team_admins_who_remove_each_other_leave_one(#[case] one: Way, #[case] other: Way) {
    let world = World::new().await;
    world.admin().await;
    for round in 0..ROUNDS {
        let team = world.team(&format!("Team {round}")).await;
        let (left, left_client) = world.user(&format!("left{round}"), UserType::Member, [(team, "admin")]).await;
        let (right, right_client) = world.user(&format!("right{round}"), UserType::Member, [(team, "admin")]).await;
        let replies = interleave(
            &world,
            round,
            go(left_client, team, left.user_id, right.user_id, one),
            go(right_client, team, right.user_id, left.user_id, other),
        );
        let (first, second) = replies.await;
        let place = format!("{one:?} against {other:?}, round {round}: {first:?} {second:?}");
        assert_eq!(admins_of(&world, team).await.len(), 1, "{place}");
        // Whoever was demoted first may still leave.
        assert!(first.status < 300 || second.status < 300, "{place}");
        let lost = [Code::LastTeamAdmin, Code::Forbidden, Code::NotFound];
        done_or(&first, &lost, &place);
        done_or(&second, &lost, &place);
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
        let (one, other) = interleave(&world, round, fixture.boss.delete(&first), fixture.deputy.delete(&second)).await;
        assert_eq!((one.status, other.status), (204, 204), "round {round}: {one:?} {other:?}");
        assert_eq!(fixture.boss.get(&fixture.path("")).await.is(200).body["admins"], json!([]));
        if is_checked(round) {
            assert_consistent(&world).await;
        }
    }
}

/// The commit checks the rights that the sender has then, not those they had when the request began.
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
            interleave(&world, round, fixture.boss.delete(&path), fixture.owner.post(&members, &body)).await;
        let place = format!("round {round}: {removed:?} {added:?}");
        assert_eq!(removed.status, 204, "{place}");
        assert!(added.status >= 400, "{place}");
        done_or(&added, &[Code::AlreadyMember, Code::NotFound, Code::Conflict], &place);
        assert!(admins_of(&world, fixture.team).await.is_empty(), "{place}");
        if is_checked(round) {
            assert_consistent(&world).await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_demoted_platform_admin_creates_no_team_by_a_request_in_flight() {
    let world = World::new().await;
    let boss = world.admin().await;
    for round in 0..ROUNDS {
        let (other, client) = world.user(&format!("other{round}"), UserType::PlatformAdmin, []).await;
        let path = format!("/v1/users/{}", other.user_id);
        let demotion = json!({"type": "member"});
        let body = json!({"name": format!("Own {round}"), "admin_user_id": other.user_id});
        let (demoted, made) =
            interleave(&world, round, boss.patch(&path, &demotion), client.post("/v1/teams", &body)).await;
        let place = format!("round {round}: {demoted:?} {made:?}");
        assert_eq!(demoted.status, 200, "{place}");
        assert!(made.status >= 400, "{place}");
        done_or(&made, &[Code::NotAMember, Code::Unauthenticated, Code::Conflict], &place);
        if is_checked(round) {
            assert_consistent(&world).await;
        }
    }
}
