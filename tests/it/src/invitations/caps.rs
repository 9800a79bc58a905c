//! How many live invitations a team may have.

use rollcall_domain::limits::MAX_ENDED_AT_ONCE;

use super::*;

const MAX_LIVE: usize = 100;

impl InvitationFixture {
    async fn try_to_issue(&self) -> Reply {
        self.inviter.post(&format!("{}/invitations", self.team), &json!({"role_id": "developer"})).await
    }

    async fn first_live(&self) -> String {
        let listed = self.inviter.get(&format!("{}/invitations?status=live", self.team)).await;
        let id = listed.is(200).body["items"][0]["invitation_id"].as_str().unwrap().to_owned();
        format!("{}/invitations/{id}", self.team)
    }
}

#[tokio::test(start_paused = true)]
async fn a_team_has_at_most_a_hundred_live_invitations_and_an_ended_one_makes_room() {
    let fixture = InvitationFixture::new().await;
    let mut codes = Vec::new();
    for _ in 0..MAX_LIVE {
        codes.push(code_of(&fixture.try_to_issue().await.is(201).body));
    }
    let assert_full = async || {
        fixture.try_to_issue().await.is_problem(Code::TooManyInvitations);
        assert_consistent(&fixture.world).await;
    };
    assert_full().await;
    fixture.inviter.delete(&fixture.first_live().await).await.is(204);
    codes.push(code_of(&fixture.try_to_issue().await.is(201).body));
    assert_full().await;
    redeem(&fixture.world.redeemer("mina").await, &codes[0]).await.is(200);
    fixture.try_to_issue().await.is(201);
    assert_full().await;
    let reissued = fixture.inviter.post(&format!("{}/reissue", fixture.first_live().await), &Value::Null).await;
    reissued.is(201);
    assert_full().await;
    let elsewhere = fixture.world.team("Elsewhere too").await;
    let other_admin = fixture.world.member("boss", [(elsewhere, "admin")]).await;
    let body = json!({"role_id": "developer"});
    other_admin.post(&format!("/v1/teams/{elsewhere}/invitations"), &body).await.is(201);
    assert_eq!(breaker(&fixture.world).await.0, 101);
}

/// Expired invitations make room whether or not the cleanup has run, and each is recorded once.
#[tokio::test(start_paused = true)]
async fn expired_invitations_make_room_before_the_cleanup_runs() {
    let mut fixture = InvitationFixture::new().await;
    for number in 0..MAX_LIVE {
        if number == 60 {
            fixture.world.clock.advance(Duration::from_secs(1));
        }
        fixture.try_to_issue().await.is(201);
    }
    fixture.world.clock.advance(DAY.checked_sub(Duration::from_millis(1_001)).unwrap());
    fixture.sign_in_again().await;
    fixture.try_to_issue().await.is_problem(Code::TooManyInvitations);
    assert_eq!(audited(&fixture.world, "invitation.expire").await.len(), 0);
    fixture.world.clock.advance(MILLISECOND);
    fixture.try_to_issue().await.is(201);
    let expired = audited(&fixture.world, "invitation.expire").await;
    assert_eq!(expired.len(), MAX_ENDED_AT_ONCE, "only expired invitations, and at most one batch");
    assert!(expired.iter().all(|record| record["actor"].is_null()), "an expiry has no actor");
    assert_consistent(&fixture.world).await;
    for _ in 0..59 {
        fixture.try_to_issue().await.is(201);
    }
    fixture.try_to_issue().await.is_problem(Code::TooManyInvitations);
    assert_eq!(audited(&fixture.world, "invitation.expire").await.len(), 60);
    assert_consistent(&fixture.world).await;
}

#[tokio::test(start_paused = true)]
async fn concurrent_requests_issue_no_more_than_a_hundred_live_invitations() {
    let fixture = InvitationFixture::new().await;
    for _ in 0..MAX_LIVE - 10 {
        fixture.try_to_issue().await.is(201);
    }
    fixture.world.faults.conflicts_like_dynamodb(true);
    let path = format!("{}/invitations", fixture.team);
    let mut issued = 0;
    while issued < 10 {
        let sent = (0..16).map(|_| {
            let body = json!({"role_id": "developer"}).to_string();
            tokio::spawn(fixture.inviter.send_owned(axum::http::Method::POST, &path, body))
        });
        for reply in join_all(sent).await.into_iter().map(Result::unwrap) {
            match reply.status {
                201 => issued += 1,
                503 => drop(reply.is_problem(Code::Unavailable)),
                _ => drop(reply.is_problem(Code::TooManyInvitations)),
            }
        }
    }
    assert_eq!(issued, 10);
    fixture.try_to_issue().await.is_problem(Code::TooManyInvitations);
    assert_consistent(&fixture.world).await;
}

/// The role can be deleted in the millisecond in which the last invitation to it expires.
#[tokio::test(start_paused = true)]
async fn a_role_used_only_by_expired_invitations_can_be_deleted() {
    let mut fixture = InvitationFixture::new().await;
    let body = json!({"name": "Helpers", "permissions": ["team.read"]});
    let role = fixture.inviter.post(&format!("{}/roles", fixture.team), &body).await.is(201).body["role_id"].clone();
    let path = format!("{}/roles/{}", fixture.team, role.as_str().unwrap());
    fixture.issue(&json!({"role_id": role})).await;
    fixture.world.clock.advance(MILLISECOND);
    fixture.issue(&json!({"role_id": "developer"})).await;
    fixture.world.clock.advance(just_before(just_before(DAY)));
    fixture.sign_in_again().await;
    fixture.inviter.delete(&path).await.is_problem(Code::RoleInUse);
    fixture.world.clock.advance(MILLISECOND);
    fixture.inviter.delete(&path).await.is(204);
    assert_eq!(audited(&fixture.world, "invitation.expire").await.len(), 1);
    assert_consistent(&fixture.world).await;
    let listed = fixture.inviter.get(&format!("{}/invitations", fixture.team)).await;
    let names: Vec<_> = listed.is(200).body["items"].as_array().unwrap().iter().map(|i| &i["role"]["name"]).collect();
    assert_eq!(names, ["Developer", "Helpers"], "an ended invitation keeps the name of its role");
}

/// A reissued invitation counts towards the limit. Others that have expired by then make room.
#[tokio::test(start_paused = true)]
async fn an_expired_invitation_can_be_reissued_only_while_the_team_has_room() {
    let mut fixture = InvitationFixture::new().await;
    let first = fixture.issue(&json!({"role_id": "developer"})).await;
    let path = format!("{}/invitations/{}", fixture.team, first["invitation"]["invitation_id"].as_str().unwrap());
    fixture.world.clock.advance(DAY);
    cleanup::run(fixture.world.context.clone(), cleanup::CleanupEvent::default()).await.unwrap();
    fixture.sign_in_again().await;
    for _ in 0..MAX_LIVE {
        fixture.try_to_issue().await.is(201);
    }
    let reissue = async |client: &Client| client.post(&format!("{path}/reissue"), &Value::Null).await;
    reissue(&fixture.inviter).await.is_problem(Code::TooManyInvitations);
    fixture.world.clock.advance(DAY);
    fixture.sign_in_again().await;
    reissue(&fixture.inviter).await.is(201);
    assert_eq!(breaker(&fixture.world).await.0, i64::try_from(MAX_LIVE + 1 - MAX_ENDED_AT_ONCE).unwrap());
    assert_eq!(audited(&fixture.world, "invitation.expire").await.len(), 2 + MAX_ENDED_AT_ONCE);
    assert_consistent(&fixture.world).await;
}
