//! A caller who loses their rights between a request's read and its write writes nothing.

use std::time::Duration;

use rstest::rstest;

use super::{
    revoked::{Revocation, RevokedMember},
    *,
};
use crate::support::faults::Fault;

/// The changes that check the caller's rights again in their transaction. Changes of accounts and of jobs rely on the
/// check at the start of the request, so that they touch no shared item. Leaving and redeeming need no permission.
fn guarded() -> impl Iterator<Item = &'static Action> {
    let is_open = |action: &Action| {
        action.path.contains("account")
            || action.is_of_jobs()
            || matches!(action.name, "leave the team" | "redeem an invitation")
    };
    ACTIONS.iter().filter(move |action| action.is_change() && !is_open(action))
}

/// The guarded actions that need no application, and those that need one.
fn guarded_by_fixture() -> [(bool, Vec<&'static Action>); 2] {
    let is_in_app = |action: &Action| action.path.starts_with("/v1/apps/");
    [false, true].map(|has_apps| (has_apps, guarded().filter(|action| is_in_app(action) == has_apps).collect()))
}

/// The items that a revocation does not change.
fn rest(items: Vec<Value>, user: &User, fixture: &TeamFixture, roles: &[RoleId]) -> Vec<Value> {
    let (own, team) = (user.user_id.to_string(), format!("TEAM#{}", fixture.team));
    let name = format!("TEAMNAME#fixture {}", fixture.number);
    let role = |sk: &str| roles.iter().any(|role| sk == format!("ROLE#{role}"));
    let mut rest = items;
    rest.retain(|item| {
        let (pk, sk) = (item["pk"].as_str().unwrap(), item["sk"].as_str().unwrap());
        let is_of_user = pk == format!("USER#{own}")
            || pk == format!("SESSIONS#{own}")
            || pk == format!("LOGIN#{}", user.login)
            || pk == format!("EMAIL#{}@example.com", user.login)
            || pk == "PLATFORM";
        let is_of_team = pk == name || pk == team && (sk == format!("MEMBER#{own}") || role(sk));
        let is_record_of_others = pk.starts_with("AUDIT#") && item["actor"]["user_id"] != json!(own);
        !is_of_user && !is_of_team && !is_record_of_others
    });
    for item in rest.iter_mut().filter(|item| item["pk"] == json!(team) && item["sk"] == "TEAM") {
        let fields = item.as_object_mut().unwrap();
        for changed in ["members", "deleting_at", "updated_at", "version", "gsi1pk", "gsi1sk"] {
            fields.remove(changed);
        }
    }
    rest
}

/// The number of database calls up to the commit of an undisturbed request, if it succeeds. A caller who loses their
/// rights later has changed what they might.
async fn calls_to_commit(world: &World, caller: &Caller, fixture: &TeamFixture, action: &Action) -> Option<usize> {
    world.faults.disarm();
    world.faults.take_log();
    let reply = caller.send(fixture, action).await;
    let calls = world.faults.take_log();
    let commit = calls.iter().rposition(|call| call.operation == "TransactWriteItems");
    (reply.status < 300).then(|| commit.expect("a change is a transaction") + 1)
}

/// Sends a request and runs the interference while one of its calls waits for the retry.
async fn disturbed(
    world: &World,
    call: usize,
    request: impl Future<Output = Reply>,
    interference: impl Future<Output = ()>,
) -> Reply {
    world.faults.arm(Fault::Hang, call, 1);
    let interference_later = async {
        tokio::time::sleep(Duration::from_millis(500)).await;
        interference.await;
    };
    tokio::join!(request, interference_later).0
}

#[rstest]
#[tokio::test(start_paused = true)]
async fn a_member_who_loses_their_role_during_the_request_writes_nothing(
    #[values(
        Revocation::Narrowed,
        Revocation::Demoted,
        Revocation::Removed,
        Revocation::Disabled,
        Revocation::TeamDeleted
    )]
    revocation: Revocation,
) {
    let mut checked = 0;
    for (has_apps, actions) in guarded_by_fixture() {
        let world = World::new().await;
        let admin = world.admin().await;
        if has_apps && revocation == Revocation::TeamDeleted {
            continue;
        }
        let member = RevokedMember::new(&world, &admin, 0, has_apps).await;
        let start = world.snapshot().await;
        let RevokedMember { fixture, caller, held, reader } = &member;
        let rest_now = async || rest(everything(&world).await, member.user(), fixture, &[*held, *reader]);
        let before = rest_now().await;
        for action in actions {
            world.rewind(&start).await;
            let Some(calls) = calls_to_commit(&world, caller, fixture, action).await else { continue };
            // The first call reads the caller.
            for call in 1..calls {
                world.rewind(&start).await;
                let reply =
                    disturbed(&world, call, caller.send(fixture, action), member.revoke(&admin, revocation)).await;
                let place = format!("{} at call {call} of {calls}, {revocation:?}", action.name);
                assert_eq!(rest_now().await, before, "{place}");
                let codes: &[&str] = match revocation {
                    // The last call is the commit, where the guard refuses.
                    Revocation::Narrowed if call + 1 == calls => &["conflict"],
                    Revocation::Narrowed => &["conflict", "forbidden", "not_found"],
                    Revocation::TeamDeleted => &["conflict", "forbidden", "not_found", "validation_failed"],
                    _ if call + 1 == calls => &["forbidden"],
                    _ => &["forbidden", "not_found"],
                };
                let code = reply.body["code"].as_str().unwrap_or_default();
                assert!(codes.contains(&code), "{place}: {reply:?}");
                checked += 1;
            }
        }
    }
    assert!(checked > 30, "{checked}");
}

#[derive(Clone, Copy, Debug)]
enum AdminRemoval {
    Demoted,
    Disabled,
    Deleted,
}

#[rstest]
#[tokio::test(start_paused = true)]
async fn a_platform_admin_removed_during_the_request_writes_nothing(
    #[values(AdminRemoval::Demoted, AdminRemoval::Disabled, AdminRemoval::Deleted)] removal: AdminRemoval,
) {
    let mut checked = 0;
    for (has_apps, actions) in guarded_by_fixture() {
        let world = World::new().await;
        let admin = world.admin().await;
        let fixture = TeamFixture::new(&world, &admin, 0, has_apps).await;
        let caller = Caller::new(&world, &fixture, "platform_admin", "platform").await;
        let user = caller.user.as_ref().unwrap();
        let start = world.snapshot().await;
        let rest_now = async || rest(everything(&world).await, user, &fixture, &[]);
        let before = rest_now().await;
        for action in actions {
            world.rewind(&start).await;
            let Some(calls) = calls_to_commit(&world, &caller, &fixture, action).await else { continue };
            for call in 1..calls {
                world.rewind(&start).await;
                let path = format!("/v1/users/{}", user.user_id);
                let remove = async {
                    let removed = match removal {
                        AdminRemoval::Demoted => admin.patch(&path, &json!({"type": "member"})).await,
                        AdminRemoval::Disabled => admin.patch(&path, &json!({"status": "disabled"})).await,
                        AdminRemoval::Deleted => admin.delete(&path).await,
                    };
                    assert!(removed.status < 300, "{removed:?}");
                };
                let reply = disturbed(&world, call, caller.send(&fixture, action), remove).await;
                let place = format!("{} at call {call} of {calls}, {removal:?}", action.name);
                assert_eq!(rest_now().await, before, "{place}");
                reply.is_problem(Code::Unauthenticated);
                checked += 1;
            }
        }
    }
    assert!(checked > 30, "{checked}");
}
