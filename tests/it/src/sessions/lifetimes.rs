//! How long a session lives, to the second.

use super::*;

/// D3, as configured: to the second, and the items are still in the table.
#[tokio::test]
async fn an_installation_decides_how_long_sessions_rest_and_how_old_they_grow() {
    let world = World::with(&[
        ("MEMBER_SESSION_IDLE_MINUTES", "5"),
        ("MEMBER_SESSION_AGE_MINUTES", "12"),
        ("ADMIN_SESSION_IDLE_MINUTES", "3"),
        ("ADMIN_SESSION_AGE_MINUTES", "7"),
    ])
    .await;
    for (login, user_type, idle, age) in [
        ("mina", UserType::Member, 300, 720),
        ("jin", UserType::PlatformAdmin, 180, 420),
        ("zoe", UserType::SuperAdmin, 180, 420),
    ] {
        let (user, resting) = world.user(login, user_type, []).await;
        let begun = world.now();
        let me = resting.get("/v1/me").await;
        assert_eq!(me.body["session"]["expires_at"], json!(begun + Duration::from_secs(idle)), "{login}");
        world.clock.advance(Duration::from_secs(idle - 1));
        resting.get("/v1/me").await.is(200);
        world.clock.advance(Duration::from_secs(idle - 1));
        resting.get("/v1/me").await.is(200);
        world.clock.advance(Duration::from_secs(idle));
        resting.get("/v1/me").await.is_problem(Code::Unauthenticated);

        let (begun, busy) = (world.now(), world.signed_in(&user).await);
        let mut passed = 0;
        while passed + 120 < age {
            world.clock.advance(Duration::from_mins(2));
            passed += 120;
            busy.get("/v1/me").await.is(200);
        }
        let me = busy.get("/v1/me").await;
        assert_eq!(me.body["session"]["expires_at"], json!(begun + Duration::from_secs(age)), "{login}");
        world.clock.advance(Duration::from_secs(age - passed - 1));
        busy.get("/v1/me").await.is(200);
        world.clock.advance(Duration::from_secs(1));
        busy.get("/v1/me").await.is_problem(Code::Unauthenticated);
        assert_eq!(world.store().sessions(user.user_id, None, 10).await.unwrap().items.len(), 2);
    }
}

/// Who rises to an admin type has, from the next sign-in on, the shorter lifetimes.
#[tokio::test]
async fn the_lifetime_is_that_of_the_type_one_has_now() {
    let world = World::new().await;
    let admin = world.admin().await;
    let (user, _) = world.user("mina", UserType::Member, []).await;
    admin.patch(&format!("/v1/users/{}", user.user_id), &json!({"type": "platform_admin"})).await.is(200);
    let promoted = world.signed_in(&world.store().user(user.user_id).await.unwrap().unwrap()).await;
    world.clock.advance(Duration::from_mins(15));
    promoted.get("/v1/me").await.is_problem(Code::Unauthenticated);
}
