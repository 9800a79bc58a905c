//! What the store refuses on its own, whatever a route read before: taking away the last super admin, and acting on
//! rights that have changed since.

use super::*;

/// Every way in which a super admin stops being one is refused to the last, whoever asks.
#[tokio::test]
async fn the_last_super_admin_stays_by_every_path() {
    let world = World::new().await;
    let (boss, client) = world.user("boss", UserType::SuperAdmin, []).await;
    let (other, _) = world.user("other", UserType::SuperAdmin, []).await;
    let (_, platform) = world.user("platform", UserType::PlatformAdmin, []).await;
    client.patch(&path_of(&other), &json!({"status": "disabled"})).await.is(200);
    for removal in REMOVALS {
        remove(&client, &path_of(&boss), removal).await.is_problem(Code::UseOwnRoute);
        remove(&platform, &path_of(&boss), removal).await.is_problem(Code::Forbidden);
    }
    let edited = |patch: Value| {
        change(&boss, &boss.clone().edited(Fields::of(patch), world.now()).unwrap(), CredentialChange::Kept)
    };
    for commit in [
        delete(&boss).unwrap(),
        edited(json!({"status": "disabled"})).unwrap(),
        edited(json!({"type": "platform_admin"})).unwrap(),
        edited(json!({"type": "member", "status": "disabled"})).unwrap(),
    ] {
        let refused = world.writer().commit(commit).await;
        assert!(
            matches!(&refused, Err(CommitError::Refused(refused)) if refused.code() == Code::LastSuperAdmin),
            "{refused:?}"
        );
    }
    // A disabled one is no super admin to be left: deleting and demoting it takes nothing away.
    client.patch(&path_of(&other), &json!({"type": "member"})).await.is(200);
    client.delete(&path_of(&other)).await.is(204);
    assert_eq!(assert_super_admins_consistent(&world).await, 1);
    client.get("/v1/me").await.is(200);
}

/// The condition itself, tested on the store.
#[tokio::test]
async fn whoever_was_changed_since_is_not_entitled_any_more() {
    let world = World::new().await;
    world.admin().await;
    let (actor, _) = world.user("actor", UserType::PlatformAdmin, []).await;
    let check = |actor: &User| Commit::new(still_authorised(actor, None, Code::Unauthenticated));
    world.writer().commit(check(&actor)).await.unwrap();
    let (target, _) = world.user("renamed", UserType::Member, []).await;
    let renamed = target.clone().renamed(Fields::of(json!({"username": "Other"})), world.now()).unwrap();
    world.writer().commit(change(&target, &renamed, CredentialChange::Kept).unwrap()).await.unwrap();
    world.writer().commit(check(&target)).await.unwrap();
    for after in [
        actor.clone().edited(Fields::of(json!({"type": "member"})), world.now()).unwrap(),
        actor.clone().edited(Fields::of(json!({"status": "disabled"})), world.now()).unwrap(),
        actor.clone().signed_out_everywhere(),
    ] {
        world.writer().commit(change(&actor, &after, CredentialChange::Kept).unwrap()).await.unwrap();
        let refused = world.writer().commit(check(&actor)).await;
        assert!(matches!(&refused, Err(CommitError::Refused(refused)) if refused.code() == Code::Unauthenticated));
        let back = User { epoch: actor.epoch, version: after.version, ..actor.clone() };
        world
            .writer()
            .commit(change(&after, &User { version: actor.version, ..back }, CredentialChange::Kept).unwrap())
            .await
            .unwrap();
    }
    world.writer().commit(delete(&actor).unwrap()).await.unwrap();
    assert!(world.writer().commit(check(&actor)).await.is_err());
}
