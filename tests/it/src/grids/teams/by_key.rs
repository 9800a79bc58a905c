//! The requests about teams and applications once more, with API keys in place of sessions: a key with every scope does
//! what its owner may, but for what no key does; a key with another scope does nothing.

use super::{fixture::CALLERS, *};

/// What no key does: giving a role, leaving and redeeming.
const NEVER_BY_KEY: [&str; 8] = [
    "add a member",
    "create a member",
    "edit a member",
    "leave the team",
    "edit a role",
    "issue",
    "reissue",
    "redeem an invitation",
];

/// The expected reply to the owner's key, of which the session gets `expected`.
fn by_key(action: &Action, expected: String, is_narrow: bool) -> String {
    let is_refused = expected.starts_with("403") || expected.starts_with("404");
    if NEVER_BY_KEY.contains(&action.name) {
        "403 key_not_allowed".to_owned()
    } else if is_narrow && !is_refused {
        "403 insufficient_scope".to_owned()
    } else {
        expected
    }
}

async fn assert_replies(is_narrow: bool, has_apps: bool) {
    let world = World::new().await;
    let admin = world.admin().await;
    let fixture = TeamFixture::new(&world, &admin, 0, has_apps).await;
    let scopes: Vec<_> = rollcall_domain::scope::Scope::all().map(rollcall_domain::scope::Scope::as_str).collect();
    let scopes = if is_narrow { vec!["users.manage"] } else { scopes };
    let mut callers = Vec::new();
    for kind in CALLERS.into_iter().filter(|kind| *kind != "stranger") {
        let mut caller = Caller::new(&world, &fixture, kind, &format!("{kind}_caller")).await;
        caller.client = world.api_key(caller.user.as_ref().unwrap(), &scopes).await.1;
        callers.push((kind, caller));
    }
    let start = world.snapshot().await;
    let mut wrong = Vec::new();
    for action in ACTIONS.iter().filter(|action| action.needs_apps() == has_apps) {
        for (kind, caller) in &callers {
            world.rewind(&start).await;
            let reply = outcome(&caller.send(&fixture, action).await);
            let expected = by_key(action, action.expected(kind), is_narrow);
            if reply != expected {
                wrong.push(format!("{} by a key of {kind}: {reply} instead of {expected}", action.name));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[rstest::rstest]
#[tokio::test]
async fn a_key_with_every_scope_does_what_its_owner_may(#[values(false, true)] has_apps: bool) {
    assert_replies(false, has_apps).await;
}

#[rstest::rstest]
#[tokio::test]
async fn a_key_with_another_scope_does_nothing(#[values(false, true)] has_apps: bool) {
    assert_replies(true, has_apps).await;
}
