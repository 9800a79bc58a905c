//! Mails before the end of a key.

use super::*;
use crate::support::mailed_codes::just_before;

const DAY: Duration = Duration::from_hours(24);

async fn reminded(world: &World, address: &str) -> usize {
    crate::cleanup::run(world).await;
    world.mails(address).await.iter().filter(|mail| mail.subject == "An API key expires soon").count()
}

#[tokio::test]
async fn the_owner_is_reminded_fourteen_and_three_days_before() {
    let world = World::new().await;
    let (user, _) = world.user("mina", UserType::Member, []).await;
    world.with_email(&user, "mina@example.com").await;
    let user = world.store().user(user.user_id).await.unwrap().unwrap();
    world.api_key(&user, &["read"]).await;
    world.clock.advance(just_before(16 * DAY));
    assert_eq!(reminded(&world, "mina@example.com").await, 0);
    world.clock.advance(Duration::from_millis(1));
    assert_eq!(reminded(&world, "mina@example.com").await, 1);
    world.clock.advance(just_before(11 * DAY));
    assert_eq!(reminded(&world, "mina@example.com").await, 1);
    world.clock.advance(Duration::from_millis(1));
    assert_eq!(reminded(&world, "mina@example.com").await, 2);
    world.clock.advance(3 * DAY);
    assert_eq!(reminded(&world, "mina@example.com").await, 2);
}

#[tokio::test]
async fn a_key_is_not_reminded_of_when_it_lives_no_longer_than_that_or_has_ended() {
    let world = World::new().await;
    let (user, client) = person(&world, "mina", UserType::Member, None).await;
    world.with_email(&user, "mina@example.com").await;
    let user = world.store().user(user.user_id).await.unwrap().unwrap();
    world.api_key_as(&user, &["read"], |key| key.expires_at = key.created_at + 3 * DAY).await;
    let (revoked, _) = world.api_key(&user, &["read"]).await;
    client.delete(&format!("/v1/me/keys/{}", revoked.key_id)).await.is(204);
    for _ in 0..31 {
        world.clock.advance(DAY);
        assert_eq!(reminded(&world, "mina@example.com").await, 0);
    }
}

#[tokio::test]
async fn a_teams_admins_are_reminded_of_the_keys_of_its_service_accounts() {
    let world = World::new().await;
    let team = world.team("Northwind").await;
    let (admin, _) = world.user("admin", UserType::Member, [(team, "admin")]).await;
    world.with_email(&admin, "admin@example.com").await;
    let (developer, _) = world.user("developer", UserType::Member, [(team, "developer")]).await;
    world.with_email(&developer, "developer@example.com").await;
    let service = world.service("robot", team, "developer").await;
    world.api_key(&service, &["read"]).await;
    world.clock.advance(16 * DAY);
    assert_eq!(reminded(&world, "admin@example.com").await, 1);
    assert_eq!(reminded(&world, "developer@example.com").await, 0);
}
