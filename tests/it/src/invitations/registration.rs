//! Registration with an invitation creates a user and their membership, or neither.

use std::sync::Arc;

use rollcall_domain::verification::FlowPurpose;

use super::*;
use crate::support::mailed_codes::{assert_markers_consistent, complete, completion, started};

/// An applicant who has received the mailed code.
pub(crate) struct Applicant {
    client: Client,
    id: String,
    body: Value,
}

impl Applicant {
    pub(crate) async fn new(world: &World, name: &str, address: &str) -> Self {
        let client = world.stranger().at(address);
        let id = started(&client, &format!("{name}@example.com")).await;
        let code = world.code(&id, FlowPurpose::Registration).await;
        Self { client, id, body: completion(&code, name) }
    }

    /// Completes the registration, with this invitation code if there is one.
    pub(crate) async fn complete(&self, invitation: Option<&str>) -> Reply {
        let mut body = self.body.clone();
        if let Some(invitation) = invitation {
            body["invitation_code"] = json!(invitation);
        }
        complete(&self.client, &self.id, &body).await
    }
}

/// The number of users, logins and memberships.
async fn counts(world: &World) -> (usize, usize, usize) {
    let members = world.dump().await.iter().filter(|item| item["sk"].as_str().unwrap().starts_with("MEMBER#")).count();
    (items(world, "USER#").await.len(), items(world, "LOGIN#").await.len(), members)
}

#[tokio::test]
async fn registration_with_a_code_creates_a_member_of_the_team() {
    let fixture = InvitationFixture::new().await;
    let code = code_of(&fixture.issue(&json!({"role_id": "member_manager", "login": "Mina"})).await);
    let unbound = fixture.code().await;
    for (name, code) in [("mina", &code), ("jisoo", &unbound)] {
        let applicant = Applicant::new(&fixture.world, name, "10.0.0.1").await;
        let done = applicant.complete(Some(code)).await;
        assert_eq!(done.is(201).body["user"]["version"], 1);
        let user_id = done.body["user"]["user_id"].clone();
        let me = fixture.world.stranger().sign_in(name).await.get("/v1/me").await;
        assert_eq!(me.is(200).body["teams"][0]["name"], "Northwind");
        let redeemed = audited(&fixture.world, "invitation.redeem").await;
        let redeemed = redeemed.iter().find(|record| record["actor"]["user_id"] == user_id).unwrap();
        assert_eq!(redeemed["team_id"], fixture.team_id.to_string());
        let registered = audited(&fixture.world, "user.register").await;
        assert!(
            registered
                .iter()
                .any(|record| record["target"]["id"] == user_id && record["request_id"] == redeemed["request_id"])
        );
        // The code is used up, so the next applicant who has it is refused.
        let late = Applicant::new(&fixture.world, &format!("late.{name}"), "10.0.0.2").await;
        late.complete(Some(code)).await.is_problem(Code::InvitationInvalid);
    }
    assert_eq!(fixture.members().await, ["jisoo", "mina", "owner"]);
    assert_eq!(breaker(&fixture.world).await, (0, 2), "only the late applicants are counted");
    assert_consistent(&fixture.world).await;
    assert_markers_consistent(&fixture.world).await;
}

/// Why an invitation is refused.
#[derive(Clone, Copy, Debug)]
enum Flaw {
    Wrong,
    Used,
    Revoked,
    BoundToOthers,
    IssuerDisabled,
    TeamDeleted,
}

/// There are more refusals than the mailed code has attempts. Then the registration succeeds without an invitation.
#[rstest]
#[tokio::test]
async fn a_refused_invitation_writes_nothing_and_uses_no_attempt_at_the_mailed_code(
    #[values(Flaw::Wrong, Flaw::Used, Flaw::Revoked, Flaw::BoundToOthers, Flaw::IssuerDisabled, Flaw::TeamDeleted)]
    flaw: Flaw,
) {
    let fixture = InvitationFixture::new().await;
    let admin = fixture.world.admin().await;
    let login = if matches!(flaw, Flaw::BoundToOthers) { json!("somebody") } else { Value::Null };
    let issued = fixture.issue(&json!({"role_id": "developer", "login": login})).await;
    let code = code_of(&issued);
    let path = format!("{}/invitations/{}", fixture.team, issued["invitation"]["invitation_id"].as_str().unwrap());
    let tried = match flaw {
        Flaw::Wrong => other(&code),
        _ => code.clone(),
    };
    match flaw {
        Flaw::Wrong | Flaw::BoundToOthers => {}
        Flaw::Used => drop(redeem(&fixture.world.redeemer("winner").await, &code).await.is(200)),
        Flaw::Revoked => drop(fixture.inviter.delete(&path).await.is(204)),
        Flaw::IssuerDisabled => {
            let owner = format!("/v1/users/{}", fixture.owner.user_id);
            admin.patch(&owner, &json!({"status": "disabled"})).await.is(200);
        }
        Flaw::TeamDeleted => drop(admin.delete(&fixture.team).await.is(204)),
    }
    let before = counts(&fixture.world).await;
    let applicant = Applicant::new(&fixture.world, "mina", "10.0.0.1").await;
    for _ in 0..7 {
        applicant.complete(Some(&tried)).await.is_problem(Code::InvitationInvalid);
        assert_eq!(counts(&fixture.world).await, before, "{flaw:?}");
    }
    assert_consistent(&fixture.world).await;
    assert_markers_consistent(&fixture.world).await;
    applicant.complete(None).await.is(201);
    assert_eq!(counts(&fixture.world).await, (before.0 + 1, before.1 + 1, before.2));
    assert_consistent(&fixture.world).await;
}

#[tokio::test]
async fn an_expired_invitation_is_refused_at_registration() {
    let fixture = InvitationFixture::new().await;
    let code = fixture.code().await;
    fixture.world.clock.advance(just_before(DAY));
    let early = Applicant::new(&fixture.world, "early", "10.0.0.1").await;
    let late = Applicant::new(&fixture.world, "late", "10.0.0.2").await;
    fixture.world.clock.advance(MILLISECOND);
    for applicant in [&early, &late] {
        applicant.complete(Some(&code)).await.is_problem(Code::InvitationInvalid);
        applicant.complete(None).await.is(201);
    }
    assert_eq!(fixture.members().await, ["owner"]);
    assert_consistent(&fixture.world).await;
}

/// The throttles of invitation codes also apply to registration, by the address that is being verified. A throttled
/// request uses no attempt at the mailed code.
#[tokio::test]
async fn wrong_invitation_codes_at_registration_are_throttled_but_registration_stays_possible() {
    let fixture = InvitationFixture::new().await;
    let code = fixture.code().await;
    let applicant = Applicant::new(&fixture.world, "mina", "10.0.0.1").await;
    for _ in 0..10 {
        applicant.complete(Some(&other(&code))).await.is_problem(Code::InvitationInvalid);
    }
    let before = counts(&fixture.world).await;
    for _ in 0..7 {
        applicant.complete(Some(&code)).await.is_problem(Code::TooManyAttempts);
    }
    let neighbour = Applicant::new(&fixture.world, "jisoo", "10.0.0.1").await;
    for _ in 0..10 {
        neighbour.complete(Some(&other(&code))).await.is_problem(Code::InvitationInvalid);
    }
    let third = Applicant::new(&fixture.world, "dora", "10.0.0.1").await;
    third.complete(Some(&code)).await.is_problem(Code::TooManyAttempts);
    assert_eq!(counts(&fixture.world).await, before);
    assert_eq!(breaker(&fixture.world).await, (1, 20));
    applicant.complete(None).await.is(201);
    let elsewhere = Applicant { client: third.client.at("10.0.0.2"), ..third };
    elsewhere.complete(Some(&code)).await.is(201);
    assert_eq!(fixture.members().await, ["dora", "owner"]);
    assert_consistent(&fixture.world).await;
}

#[tokio::test]
async fn a_full_team_refuses_a_registration() {
    let fixture = InvitationFixture::new().await;
    let code = fixture.code().await;
    for number in 1..1_000 {
        let teams = [(fixture.team_id, rollcall_domain::permission::Preset::Reviewer.into())].into_iter().collect();
        fixture.world.user_as(&format!("member{number}"), UserType::Member, |user| user.teams = teams).await;
    }
    let before = counts(&fixture.world).await;
    let applicant = Applicant::new(&fixture.world, "mina", "10.0.0.1").await;
    for _ in 0..7 {
        applicant.complete(Some(&code)).await.is_problem(Code::TooManyMembers);
    }
    redeem(&fixture.world.redeemer("jisoo").await, &code).await.is_problem(Code::TooManyMembers);
    assert_eq!(counts(&fixture.world).await, (before.0 + 1, before.1 + 1, before.2), "the redeemer was created before");
    assert_consistent(&fixture.world).await;
    let removed = fixture.world.store().members(fixture.team_id, fixture.world.now()).await.unwrap();
    let removed = removed.iter().find(|member| member.user_id != fixture.owner.user_id).unwrap().user_id;
    fixture.inviter.delete(&format!("{}/members/{removed}", fixture.team)).await.is(204);
    applicant.complete(Some(&code)).await.is(201);
    assert_consistent(&fixture.world).await;
    assert_markers_consistent(&fixture.world).await;
}

#[tokio::test(start_paused = true)]
async fn one_of_many_concurrent_registrations_with_a_code_becomes_a_member() {
    let fixture = InvitationFixture::new().await;
    let code = fixture.code().await;
    let mut applicants = Vec::new();
    for number in 0..6 {
        let name = format!("applicant{number}");
        applicants.push(Arc::new(Applicant::new(&fixture.world, &name, &format!("10.0.0.{number}")).await));
    }
    let before = counts(&fixture.world).await;
    fixture.world.faults.conflicts_like_dynamodb(true);
    let sent = applicants.iter().cloned().map(|applicant| {
        let code = code.clone();
        tokio::spawn(async move { applicant.complete(Some(&code)).await })
    });
    let replies: Vec<_> = join_all(sent).await.into_iter().map(Result::unwrap).collect();
    assert_eq!(replies.iter().filter(|reply| reply.status == 201).count(), 1, "{replies:?}");
    assert_eq!(counts(&fixture.world).await, (before.0 + 1, before.1 + 1, before.2 + 1));
    assert_eq!(fixture.members().await.len(), 2);
    assert_consistent(&fixture.world).await;
    assert_markers_consistent(&fixture.world).await;
    for (applicant, reply) in applicants.iter().zip(&replies).filter(|(_, reply)| reply.status != 201) {
        reply.is_problem(Code::InvitationInvalid);
        applicant.complete(None).await.is(201);
    }
    assert_eq!(fixture.members().await.len(), 2);
    assert_consistent(&fixture.world).await;
}

/// The login is taken from the start, or is taken during the request. Neither counts as a wrong code.
#[tokio::test(start_paused = true)]
async fn a_taken_login_leaves_the_invitation_valid() {
    let fixture = InvitationFixture::new().await;
    let code = fixture.code().await;
    let taken = Applicant::new(&fixture.world, "owner", "10.0.0.1").await;
    for _ in 0..7 {
        taken.complete(Some(&code)).await.is_problem(Code::LoginTaken);
    }
    let mina = Applicant::new(&fixture.world, "mina", "10.0.0.1").await;
    fixture.world.faults.arm_transactions(Fault::Hang, 0, 1);
    let interference = async {
        tokio::time::sleep(Duration::from_millis(500)).await;
        fixture.world.user_as("mina", UserType::Member, |_| ()).await;
    };
    let (refused, ()) = tokio::join!(mina.complete(Some(&code)), interference);
    refused.is_problem(Code::LoginTaken);
    assert_eq!((fixture.members().await, breaker(&fixture.world).await), (vec!["owner".to_owned()], (1, 0)));
    let throttles = items(&fixture.world, "LANE#redeem").await;
    assert!(throttles.iter().all(|throttle| throttle["failures"] == 0), "{throttles:?}");
    assert_consistent(&fixture.world).await;
    assert_markers_consistent(&fixture.world).await;
    redeem(&fixture.world.redeemer("jisoo").await, &code).await.is(200);
}

#[tokio::test(start_paused = true)]
async fn a_lost_reply_to_a_registration_with_a_code_is_replayed_under_its_idempotency_key() {
    let fixture = InvitationFixture::new().await;
    let code = fixture.code().await;
    let mina = Applicant::new(&fixture.world, "mina", "10.0.0.1").await;
    let mina = Applicant { client: mina.client.with("idempotency-key", "once"), ..mina };
    fixture.world.faults.arm_transactions(Fault::DropReply, 0, FOREVER);
    mina.complete(Some(&code)).await.is_problem(Code::Unavailable);
    fixture.world.faults.disarm();
    assert_eq!(mina.complete(Some(&code)).await.is(201).header("idempotency-replayed"), "true");
    assert_eq!(fixture.members().await, ["mina", "owner"]);
    assert_eq!(audited(&fixture.world, "invitation.redeem").await.len(), 1);
    assert_consistent(&fixture.world).await;
    assert_markers_consistent(&fixture.world).await;
}

#[tokio::test]
async fn a_malformed_code_is_a_violation_and_is_not_counted() {
    let fixture = InvitationFixture::new().await;
    let mina = Applicant::new(&fixture.world, "mina", "10.0.0.1").await;
    let refused = mina.complete(Some("1234567")).await;
    refused.is_problem(Code::ValidationFailed);
    assert_eq!(refused.violations(), [json!(["/invitation_code", "bad_format"])]);
    assert!(items(&fixture.world, "LANE#redeem").await.is_empty());
    assert_eq!(breaker(&fixture.world).await, (0, 0));
}
