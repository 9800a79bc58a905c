//! What was ended stays ended.

use super::*;

/// Somebody reads a user; its sessions are ended; what was decided on before is written, or tries to be.
#[tokio::test]
async fn a_write_decided_on_before_the_end_brings_no_session_back() {
    let world = World::new().await;
    let (before, old) = world.user("mina", UserType::Member, []).await;
    let ended = before.clone().signed_out_everywhere();
    let sessions = world.store().sessions(before.user_id, None, 1).await.unwrap().items;
    world
        .writer()
        .commit(rollcall_store::user::change(&before, &ended, CredentialChange::Kept).unwrap())
        .await
        .unwrap();
    assert_eq!(ended.version, before.version, "nothing but the epoch tells");
    let renamed = before.clone().renamed(Fields::of(json!({"username": "Jin"})), world.now()).unwrap();
    let reset = before.clone().with_new_password(false, world.now());
    let carried_on = rollcall_store::user::change(&before, &reset, CredentialChange::Kept).unwrap();
    for stale in [
        rollcall_store::user::change(&before, &renamed, CredentialChange::Kept).unwrap(),
        rollcall_store::user::change(&before, &before, CredentialChange::Kept).unwrap(),
        carried_on.and(session::adopt_epoch(&sessions[0], &reset)),
        rollcall_store::user::delete(&before).unwrap(),
    ] {
        let refused = world.writer().commit(stale).await;
        assert!(
            matches!(&refused, Err(CommitError::Refused(refused)) if refused.code() == Code::Conflict),
            "{refused:?}"
        );
    }
    old.get("/v1/me").await.is_problem(Code::Unauthenticated);
    assert_eq!(world.store().user(before.user_id).await.unwrap(), Some(ended));
}

/// Ending sessions beside renaming, many times: whichever is first, both happen.
#[tokio::test(flavor = "multi_thread")]
async fn a_user_that_is_renamed_meanwhile_is_signed_out_all_the_same() {
    for round in 0..12 {
        let world = World::new().await;
        world.faults.conflicts_like_dynamodb(round % 2 == 0);
        let (admin, other) = (world.admin().await, world.user("other", UserType::SuperAdmin, []).await.1);
        let (user, client) = world.user("mina", UserType::Member, []).await;
        let path = format!("/v1/users/{}", user.user_id);
        let (ending, renaming) = (format!("{path}/sessions"), path.clone());
        let ended = tokio::spawn(async move { admin.delete(&ending).await });
        let renamed = tokio::spawn(async move { other.patch(&renaming, &json!({"username": "Jin"})).await });
        ended.await.unwrap().is(204);
        renamed.await.unwrap().is(200);
        client.get("/v1/me").await.is_problem(Code::Unauthenticated);
        let now = world.store().user(user.user_id).await.unwrap().unwrap();
        assert_eq!((now.epoch, now.username.as_str()), (1, "Jin"));
    }
}

/// A session that was used while it was ended stays ended: remembering the use writes no session anew.
#[tokio::test]
async fn a_use_that_is_remembered_late_begins_no_session() {
    let world = World::new().await;
    let (user, client) = world.user("mina", UserType::Member, []).await;
    let session = world.store().sessions(user.user_id, None, 1).await.unwrap().items.remove(0);
    client.post("/v1/logout", &Value::Null).await.is(204);
    for late in [session::touch(&session, world.now()), session::adopt_epoch(&session, &user)] {
        assert!(world.writer().record([late]).await.is_err());
    }
    client.get("/v1/me").await.is_problem(Code::Unauthenticated);
    assert!(world.store().sessions(user.user_id, None, 1).await.unwrap().items.is_empty());
}
