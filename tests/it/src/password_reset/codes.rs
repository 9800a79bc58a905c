//! The codes of a reset.

use super::*;

/// The code was mailed to nobody. Even if it is guessed, it is refused like a wrong one.
#[tokio::test]
async fn a_right_code_for_an_unverified_address_is_refused() {
    let world = World::new().await;
    member(&world, "owner", "owner@example.com").await;
    is_wrong(&reset_to(&world, &world.stranger(), MINA, NEW).await);
    sign_in(&world.stranger(), "owner", PASSWORD).await.is(200);
    let never = world.context.uuid().unwrap().to_string();
    is_wrong(&reset(&world.stranger(), &never, &new_password("00000000", NEW)).await);
    reset(&world.stranger(), "x", &new_password("00000000", NEW)).await.is_problem(Code::NotFound);
}

#[tokio::test]
async fn a_reset_works_once_within_ten_minutes_with_its_newest_code() {
    let world = World::new().await;
    let (user, _) = member(&world, "mina", MINA).await;
    let stranger = world.stranger();
    let id = reset_started(&stranger, MINA).await;
    let old = world.code(&id, FlowPurpose::PasswordReset).await;
    world.clock.advance(RESEND_AFTER);
    assert_eq!(reset_resent(&stranger, MINA, &id).await, id);
    let code = world.code(&id, FlowPurpose::PasswordReset).await;
    is_wrong(&reset(&stranger, &id, &new_password(&old, NEW)).await);
    reset(&stranger, &id, &new_password(&code, NEW)).await.is(204);
    let once = stored(&world, user.user_id).await;
    is_wrong(&reset(&stranger, &id, &new_password(&code, "third horse staple")).await);
    assert_eq!(stored(&world, user.user_id).await, once);
    let next = reset_resent(&stranger.at("192.0.2.1"), MINA, &id).await;
    assert_ne!(next, id);
    let code = world.code(&next, FlowPurpose::PasswordReset).await;
    world.clock.advance(CODE_LIFETIME);
    is_wrong(&reset(&stranger, &next, &new_password(&code, NEW)).await);
    assert_eq!(stored(&world, user.user_id).await, once);
}

#[tokio::test]
async fn a_reset_allows_five_attempts_over_all_its_codes() {
    let world = World::new().await;
    member(&world, "mina", MINA).await;
    let stranger = world.stranger();
    let id = reset_started(&stranger, MINA).await;
    let code = world.code(&id, FlowPurpose::PasswordReset).await;
    for _ in 0..5 {
        is_wrong(&reset(&stranger, &id, &new_password(&other(&code), NEW)).await);
    }
    is_wrong(&reset(&stranger, &id, &new_password(&code, NEW)).await);
    world.clock.advance(RESEND_AFTER);
    assert_ne!(reset_resent(&stranger, MINA, &id).await, id);
    assert_eq!(world.code(&id, FlowPurpose::PasswordReset).await, code, "the flow is not continued");
    is_wrong(&reset(&stranger, &id, &new_password(&code, NEW)).await);
    sign_in(&stranger, "mina", PASSWORD).await.is(200);
}

/// The address must still belong to the user when the code is used.
#[tokio::test]
async fn an_address_unbound_meanwhile_resets_nothing() {
    let world = World::new().await;
    let (user, client) = member(&world, "mina", MINA).await;
    let stranger = world.stranger();
    let id = reset_started(&stranger, MINA).await;
    let code = world.code(&id, FlowPurpose::PasswordReset).await;
    let unbind = json!({"current_password": PASSWORD}).to_string();
    client.send(Method::DELETE, "/v1/me/email", Some(unbind)).await.is(204);
    is_wrong(&reset(&stranger, &id, &new_password(&code, NEW)).await);
    // The old code does not reset the password of the next owner either.
    let (next, _) = member(&world, "next", MINA).await;
    is_wrong(&reset(&stranger, &id, &new_password(&code, NEW)).await);
    for (login, user_id) in [("mina", user.user_id), ("next", next.user_id)] {
        sign_in(&stranger, login, PASSWORD).await.is(200);
        assert!(!stored(&world, user_id).await.password_change_required);
    }
}

/// A reset started before the address had an owner does not block the owner.
#[tokio::test]
async fn a_new_code_belongs_to_the_present_owner() {
    let world = World::new().await;
    let stranger = world.stranger();
    let id = reset_started(&stranger.at("192.0.2.66"), MINA).await;
    register(&world, &stranger, MINA, "mina").await.is(201);
    world.clock.advance(RESEND_AFTER);
    assert_eq!(reset_resent(&stranger, MINA, &id).await, id);
    let code = world.code(&id, FlowPurpose::PasswordReset).await;
    reset(&stranger, &id, &new_password(&code, NEW)).await.is(204);
    sign_in(&stranger, "mina", NEW).await.is(200);
    assert_markers_consistent(&world).await;
}
