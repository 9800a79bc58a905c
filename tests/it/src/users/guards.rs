//! What the conditions in the store refuse, whatever the handler read before: removing the last super admin, and
//! changes by a user whose rights have changed.

use super::*;

/// Every way to lose the rights of a super admin is refused for the last one.
#[tokio::test]
async fn the_last_super_admin_cannot_be_removed_in_any_way() {
    let world = World::new().await;
    let (admin, client) = world.user("boss", UserType::SuperAdmin, []).await;
    let (other, _) = world.user("other", UserType::SuperAdmin, []).await;
    let (_, platform) = world.user("platform", UserType::PlatformAdmin, []).await;
    client.patch(&path_of(&other), &json!({"status": "disabled"})).await.is(200);
    for removal in REMOVALS {
        remove(&client, &path_of(&admin), removal).await.is_problem(Code::UseOwnRoute);
        remove(&platform, &path_of(&admin), removal).await.is_problem(Code::Forbidden);
    }
    let edited = |patch: Value| {
        change(&admin, &admin.clone().edited(Fields::of(patch), world.now()).unwrap(), CredentialChange::Kept)
    };
    for commit in [
        delete(&admin).unwrap(),
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
    // A disabled super admin does not count as one, so they may be deleted or demoted.
    client.patch(&path_of(&other), &json!({"type": "member"})).await.is(200);
    client.delete(&path_of(&other)).await.is(204);
    assert_eq!(assert_super_admins_consistent(&world).await, 1);
    client.get("/v1/me").await.is(200);
}

#[tokio::test]
async fn the_authority_check_fails_after_the_callers_rights_changed() {
    let world = World::new().await;
    world.admin().await;
    let (actor, _) = world.user("actor", UserType::PlatformAdmin, []).await;
    let check = |actor: &User| Commit::new(still_authorised(actor, None, world.now(), Code::Unauthenticated));
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
