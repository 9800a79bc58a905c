//! The epoch of a user: writes decided before sessions were ended cannot revive them.

use super::*;

/// A user is read, their sessions are ended, and then a change based on the earlier read is committed.
#[tokio::test]
async fn a_change_decided_before_the_end_revives_no_session() {
    let world = World::new().await;
    let (before, old) = world.user("mina", UserType::Member, []).await;
    let ended = before.clone().signed_out_everywhere();
    let sessions = world.store().sessions(before.user_id, None, 1).await.unwrap().items;
    world
        .writer()
        .commit(rollcall_store::user::change(&before, &ended, CredentialChange::Kept).unwrap())
        .await
        .unwrap();
    assert_eq!(ended.version, before.version, "only the epoch differs");
    let renamed = before.clone().renamed(Fields::of(json!({"username": "Jin"})), world.now()).unwrap();
    let reset = before.clone().with_new_password(false, None, world.now());
    let reset_commit = rollcall_store::user::change(&before, &reset, CredentialChange::Kept).unwrap();
    for stale in [
        rollcall_store::user::change(&before, &renamed, CredentialChange::Kept).unwrap(),
        rollcall_store::user::change(&before, &before, CredentialChange::Kept).unwrap(),
        reset_commit.and(session::adopt_epoch(&sessions[0], &reset)),
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

/// Sessions are ended and the user is renamed concurrently. Whichever is first, both happen.
#[tokio::test(flavor = "multi_thread")]
async fn a_concurrent_rename_does_not_prevent_the_end_of_sessions() {
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

/// Recording the use of a session that was ended meanwhile does not write the session again.
#[tokio::test]
async fn recording_a_late_use_revives_no_session() {
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
