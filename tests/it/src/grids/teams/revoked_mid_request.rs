//! A caller who loses their rights between a request's read and its write writes nothing.

use std::time::Duration;

use rstest::rstest;

use super::{
    revoked::{Taking, Victim},
    *,
};
use crate::support::faults::{FOREVER, Fault};

/// What is guarded by the rights of whoever does it. What is done to accounts rests on the check at the request's
/// beginning, so that it touches no shared item; leaving and redeeming need no right.
fn guarded() -> impl Iterator<Item = &'static Action> {
    let is_open = |action: &Action| {
        action.path.contains("account") || matches!(action.name, "leave the team" | "redeem an invitation")
    };
    ACTIONS.iter().filter(move |action| action.is_change() && !is_open(action))
}

/// The guarded actions without and with an application to act on.
fn guarded_by_fixture() -> [(bool, Vec<&'static Action>); 2] {
    let is_in_app = |action: &Action| action.path.starts_with("/v1/apps/");
    [false, true].map(|has_apps| (has_apps, guarded().filter(|action| is_in_app(action) == has_apps).collect()))
}

/// Those of the items that are no part of somebody's losing its rights.
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

/// How many calls a request makes that nothing disturbs.
async fn calls_of(world: &World, caller: &Caller, fixture: &TeamFixture, action: &Action) -> Option<usize> {
    world.faults.arm(Fault::Hang, FOREVER, 0);
    let reply = caller.act(fixture, action).await;
    (reply.status < 300).then(|| world.faults.calls())
}

/// Does something and lets somebody else do something as soon as it waits for the answer to one of its calls.
async fn disturbed(
    world: &World,
    call: usize,
    doing: impl Future<Output = Reply>,
    meanwhile: impl Future<Output = ()>,
) -> Reply {
    world.faults.arm(Fault::Hang, call, 1);
    let later = async {
        tokio::time::sleep(Duration::from_millis(500)).await;
        meanwhile.await;
    };
    tokio::join!(doing, later).0
}

#[rstest]
#[tokio::test(start_paused = true)]
async fn whoever_loses_its_role_midway_writes_nothing(
    #[values(Taking::Narrowed, Taking::Moved, Taking::Removed, Taking::Disabled, Taking::TeamDeleted)] taking: Taking,
) {
    let mut tried = 0;
    for (has_apps, actions) in guarded_by_fixture() {
        let world = World::new().await;
        let boss = world.admin().await;
        if has_apps && taking == Taking::TeamDeleted {
            continue;
        }
        let victim = Victim::new(&world, &boss, 0, has_apps).await;
        let start = world.snapshot().await;
        let Victim { fixture, caller, held, less } = &victim;
        let rest_now = async || rest(everything(&world).await, victim.user(), fixture, &[*held, *less]);
        let before = rest_now().await;
        for action in actions {
            world.rewind(&start).await;
            let Some(calls) = calls_of(&world, caller, fixture, action).await else { continue };
            // The first call reads who asks.
            for call in 1..calls {
                world.rewind(&start).await;
                let reply = disturbed(&world, call, caller.act(fixture, action), victim.lose(&boss, taking)).await;
                let place = format!("{} at call {call} of {calls}, {taking:?}", action.name);
                assert_eq!(rest_now().await, before, "{place}");
                let codes: &[&str] = match taking {
                    // The last call is the commit: there it is the guard that refuses.
                    Taking::Narrowed if call + 1 == calls => &["conflict"],
                    Taking::Narrowed => &["conflict", "forbidden", "not_found"],
                    Taking::TeamDeleted => &["conflict", "forbidden", "not_found", "validation_failed"],
                    _ if call + 1 == calls => &["forbidden"],
                    _ => &["forbidden", "not_found"],
                };
                let code = reply.body["code"].as_str().unwrap_or_default();
                assert!(codes.contains(&code), "{place}: {reply:?}");
                tried += 1;
            }
        }
    }
    assert!(tried > 30, "{tried}");
}

#[derive(Clone, Copy, Debug)]
enum Removal {
    Demoted,
    Disabled,
    Deleted,
}

#[rstest]
#[tokio::test(start_paused = true)]
async fn a_platform_admin_who_is_none_midway_writes_nothing(
    #[values(Removal::Demoted, Removal::Disabled, Removal::Deleted)] removal: Removal,
) {
    let mut tried = 0;
    for (has_apps, actions) in guarded_by_fixture() {
        let world = World::new().await;
        let boss = world.admin().await;
        let fixture = TeamFixture::new(&world, &boss, 0, has_apps).await;
        let caller = Caller::new(&world, &fixture, "platform_admin", "platform").await;
        let user = caller.user.as_ref().unwrap();
        let start = world.snapshot().await;
        let rest_now = async || rest(everything(&world).await, user, &fixture, &[]);
        let before = rest_now().await;
        for action in actions {
            world.rewind(&start).await;
            let Some(calls) = calls_of(&world, &caller, &fixture, action).await else { continue };
            for call in 1..calls {
                world.rewind(&start).await;
                let path = format!("/v1/users/{}", user.user_id);
                let remove = async {
                    let removed = match removal {
                        Removal::Demoted => boss.patch(&path, &json!({"type": "member"})).await,
                        Removal::Disabled => boss.patch(&path, &json!({"status": "disabled"})).await,
                        Removal::Deleted => boss.delete(&path).await,
                    };
                    assert!(removed.status < 300, "{removed:?}");
                };
                let reply = disturbed(&world, call, caller.act(&fixture, action), remove).await;
                let place = format!("{} at call {call} of {calls}, {removal:?}", action.name);
                assert_eq!(rest_now().await, before, "{place}");
                reply.is_problem(Code::Unauthenticated);
                tried += 1;
            }
        }
    }
    assert!(tried > 30, "{tried}");
}
