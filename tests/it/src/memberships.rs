//! Memberships that end.

mod cleanup;
mod grants;
mod in_flight;
mod joining;
mod rights;

use std::time::Duration;

use rollcall_domain::{Code, id::TeamId, permission::UserType, user::User};
use serde_json::{Value, json};

use crate::support::{Client, Reply, World, consistency::assert_consistent};

const MILLISECOND: Duration = Duration::from_millis(1);
const DAY: Duration = Duration::from_hours(24);

/// A team with an admin whose membership lasts, and an application.
struct TeamFixture {
    world: World,
    team_id: TeamId,
    /// The path of the team.
    team: String,
    owner: User,
    root: User,
    app: String,
}

impl TeamFixture {
    async fn new() -> Self {
        let world = World::new().await;
        let team_id = world.team("Northwind").await;
        let (owner, client) = world.user("owner", UserType::Member, [(team_id, "admin")]).await;
        // Lists are in the order of joining and of creation.
        world.clock.advance(MILLISECOND);
        let root = world.user("root", UserType::SuperAdmin, []).await.0;
        let app = client.post("/v1/apps", &json!({"name": "Harbor Chat", "team_id": team_id})).await;
        let app = format!("/v1/apps/{}", app.is(201).body["app_id"].as_str().unwrap());
        Self { world, team_id, team: format!("/v1/teams/{team_id}"), owner, root, app }
    }

    /// The owner with a new session: sessions end while a test moves the clock.
    async fn owner(&self) -> Client {
        self.world.signed_in(&self.owner).await
    }

    /// A super admin with a new session.
    async fn admin(&self) -> Client {
        self.world.signed_in(&self.root).await
    }

    fn path(&self, rest: &str) -> String {
        format!("{}/{rest}", self.team)
    }

    /// The time so long from now, as a body has it.
    fn later(&self, time: Duration) -> Value {
        json!(self.world.now() + time)
    }

    async fn add(&self, by: &Client, user: &User, role: &str, expires_at: &Value) -> Reply {
        let body = json!({"user_id": user.user_id, "role_id": role, "expires_at": expires_at});
        by.post(&self.path("members"), &body).await
    }

    /// The logins that the list of members shows.
    async fn members(&self) -> Vec<String> {
        let listed = self.owner().await.get(&self.path("members")).await;
        logins(&listed.is(200).body["items"])
    }
}

fn logins(items: &Value) -> Vec<String> {
    items.as_array().unwrap().iter().map(|item| item["login"].as_str().unwrap().to_owned()).collect()
}
