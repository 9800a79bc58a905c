//! Invitations over HTTP: issuing, guessing, redeeming, expiring.

mod bound;
mod breaker;
mod caps;
mod draws;
mod guessing;
mod issuers;
mod redemption;
mod refusals;
mod registration;

use std::time::Duration;

use futures_util::future::join_all;
use rollcall_domain::{Code, email::Email, id::TeamId, permission::UserType, user::User};
use rstest::rstest;
use serde_json::{Value, json};

pub(crate) use registration::Applicant;

use crate::support::{
    Client, Reply, World,
    consistency::assert_consistent,
    faults::{FOREVER, Fault},
    mailed_codes::{MILLISECOND, are_alike, items, just_before, other},
};

const DAY: Duration = Duration::from_hours(24);

/// A team whose admin issues invitations, and another team with a member and a live invitation.
pub(crate) struct InvitationFixture {
    pub(crate) world: World,
    pub(crate) team_id: TeamId,
    /// The path of the team.
    pub(crate) team: String,
    pub(crate) owner: User,
    pub(crate) inviter: Client,
}

impl InvitationFixture {
    pub(crate) async fn new() -> Self {
        Self::of(World::new().await).await
    }

    pub(crate) async fn of(world: World) -> Self {
        let elsewhere = world.team("Elsewhere").await;
        let bystander = world.member("bystander", [(elsewhere, "admin")]).await;
        let body = json!({"role_id": "admin", "login": "nobody.yet"});
        bystander.post(&format!("/v1/teams/{elsewhere}/invitations"), &body).await.is(201);
        let team_id = world.team("Northwind").await;
        let (owner, inviter) = world.user("owner", UserType::Member, [(team_id, "admin")]).await;
        Self { world, team_id, team: format!("/v1/teams/{team_id}"), owner, inviter }
    }

    /// Issues an invitation and returns it with its code.
    pub(crate) async fn issue(&self, body: &Value) -> Value {
        self.inviter.post(&format!("{}/invitations", self.team), body).await.is(201).body.clone()
    }

    /// The code of a new invitation for a developer.
    pub(crate) async fn code(&self) -> String {
        code_of(&self.issue(&json!({"role_id": "developer"})).await)
    }

    /// The inviter with a new session: theirs ends after an hour without a request.
    pub(crate) async fn sign_in_again(&mut self) {
        self.inviter = self.world.signed_in(&self.owner).await;
    }

    /// Users who can redeem invitations, each in a network of their own.
    async fn redeemers(&self, count: usize) -> Vec<Client> {
        let mut redeemers = Vec::new();
        for number in 0..count {
            let address = format!("10.{}.{}.1", number / 250, number % 250);
            redeemers.push(self.world.redeemer(&format!("person{number}")).await.at(&address));
        }
        redeemers
    }

    /// The logins of the team's members, sorted.
    async fn members(&self) -> Vec<String> {
        let users = items(&self.world, "USER#").await;
        let team_id = self.team_id.to_string();
        let members = users.iter().filter(|user| user["teams"].get(&team_id).is_some());
        let mut logins: Vec<_> = members.map(|user| user["login"].as_str().unwrap().to_owned()).collect();
        logins.sort();
        logins
    }
}

/// The code that the reply shows with a new invitation.
pub(crate) fn code_of(issued: &Value) -> String {
    issued["code"].as_str().unwrap().to_owned()
}

pub(crate) async fn redeem(client: &Client, code: &str) -> Reply {
    client.post("/v1/invitations/redeem", &json!({"code": code})).await
}

/// A user with a verified address, who can be signed in more than once.
async fn user_with_email(world: &World, login: &str) -> User {
    let email = Email::parse(&format!("{login}@example.com")).unwrap();
    world.user_as(login, UserType::Member, |user| (user.email, user.email_verified) = (Some(email), true)).await
}

/// The counts of the breaker: live codes and wrong attempts.
async fn breaker(world: &World) -> (i64, i64) {
    let breaker = world.store().breaker().await.unwrap();
    (breaker.live, breaker.tries)
}

/// The audit records of this action.
pub(crate) async fn audited(world: &World, action: &str) -> Vec<Value> {
    world.audit().await.into_iter().filter(|record| record["action"] == action).collect()
}
