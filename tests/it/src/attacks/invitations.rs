//! Wrong invitation codes in somebody else's name.

use super::*;
use crate::invitations::{InvitationFixture, code_of, redeem};

/// Whoever wants a login has not proved that it is theirs.
#[tokio::test]
async fn wrong_codes_with_a_wanted_login_do_not_shut_the_invitation_of_that_login() {
    let fixture = InvitationFixture::new().await;
    let world = &fixture.world;
    let code = code_of(&fixture.issue(&json!({"role_id": "developer", "login": "mina"})).await);
    let attempt = async |number: usize, email: &str, invitation: &str| {
        let client = stranger(world, number);
        let id = started(&client, email).await;
        let mut body = completion(&world.code(&id, FlowPurpose::Registration).await, "mina");
        body["invitation_code"] = json!(invitation);
        complete(&client, &id, &body).await
    };
    for number in 0..12 {
        let refused = attempt(number, &format!("eve{number}@example.com"), &other(&code)).await;
        refused.is_problem(Code::InvitationInvalid);
    }
    attempt(100, MINA, &code).await.is(201);
}

/// A login may look like somebody else's address.
#[tokio::test]
async fn wrong_codes_of_a_user_do_not_count_against_an_address_that_looks_like_their_login() {
    let fixture = InvitationFixture::new().await;
    let world = &fixture.world;
    let (_, eve) = member(world, MINA, "eve@example.com").await;
    let code = fixture.code().await;
    for number in 0..10 {
        redeem(&eve.at(&format!("203.0.113.{number}")), &other(&code)).await.is_problem(Code::InvitationInvalid);
    }
    redeem(&eve, &code).await.is_problem(Code::TooManyAttempts);
    let owner = stranger(world, 1);
    let id = started(&owner, MINA).await;
    let mut body = completion(&world.code(&id, FlowPurpose::Registration).await, "mina");
    body["invitation_code"] = json!(code);
    complete(&owner, &id, &body).await.is(201);
}
