//! Redeeming a code: once, before it expires, by the user it is for.

use super::*;

/// One of the concurrent redeemers joins, and all items agree on who, even if the replies of the first transactions are
/// lost after the commit.
#[rstest]
#[tokio::test(start_paused = true)]
async fn one_of_many_concurrent_redeemers_of_a_code_joins(
    #[values(16, 64, 256)] count: usize,
    #[values(0, 4)] lost: usize,
) {
    let fixture = InvitationFixture::new().await;
    let invited = json!({"name": "Helpers", "permissions": ["team.read"]});
    let role = fixture.inviter.post(&format!("{}/roles", fixture.team), &invited).await.is(201).body.clone();
    let code = code_of(&fixture.issue(&json!({"role_id": role["role_id"]})).await);
    fixture.code().await;
    let redeemers = fixture.redeemers(count).await;
    fixture.world.faults.conflicts_like_dynamodb(true);
    fixture.world.faults.arm_transactions(Fault::DropReply, 0, lost);
    let body = json!({"code": code}).to_string();
    let sent = redeemers.iter().map(|client| {
        tokio::spawn(client.send_owned(axum::http::Method::POST, "/v1/invitations/redeem", body.clone()))
    });
    let replies: Vec<_> = join_all(sent).await.into_iter().map(Result::unwrap).collect();
    fixture.world.faults.disarm();

    let joined: Vec<_> = replies.iter().filter(|reply| reply.status == 200).collect();
    assert_eq!(joined.len(), 1, "{replies:?}");
    assert_eq!(joined[0].body["role"]["name"], "Helpers");
    for refused in replies.iter().filter(|reply| reply.status != 200) {
        // A request that loses the contention at the breaker too often gets `too_many_attempts` or `unavailable`. Every
        // other one gets `invitation_invalid`.
        let is_contended =
            [Code::TooManyAttempts, Code::Unavailable].iter().any(|code| refused.body["code"] == code.as_str());
        if !is_contended {
            refused.is_problem(Code::InvitationInvalid);
        }
    }
    assert_eq!(fixture.members().await.len(), 2, "the owner and one redeemer");
    assert_eq!(audited(&fixture.world, "invitation.redeem").await.len(), 1);
    assert_consistent(&fixture.world).await;
    let listed = fixture.inviter.get(&format!("{}/invitations?status=redeemed", fixture.team)).await;
    assert_eq!(listed.is(200).body["items"].as_array().unwrap().len(), 1);
    assert_eq!(listed.body["items"][0]["role"]["role_id"], role["role_id"]);
}

/// One membership; and under one idempotency key, one reply.
#[tokio::test(start_paused = true)]
async fn concurrent_requests_of_one_user_join_once() {
    for key in [None, Some("once")] {
        let fixture = InvitationFixture::new().await;
        fixture.world.faults.conflicts_like_dynamodb(true);
        let code = fixture.code().await;
        let mina = fixture.world.redeemer("mina").await;
        let mina = key.map_or_else(|| mina.clone(), |key| mina.with("idempotency-key", key));
        let body = json!({"code": code}).to_string();
        let sent = (0..8)
            .map(|_| tokio::spawn(mina.send_owned(axum::http::Method::POST, "/v1/invitations/redeem", body.clone())));
        let replies: Vec<_> = join_all(sent).await.into_iter().map(Result::unwrap).collect();
        let joined = replies.iter().filter(|reply| reply.status == 200).count();
        assert!(joined == 1 || key.is_some() && joined > 1, "{replies:?}");
        assert_eq!(fixture.members().await, ["mina", "owner"]);
        assert_eq!(audited(&fixture.world, "invitation.redeem").await.len(), 1);
        assert_consistent(&fixture.world).await;
    }
}

/// The clock decides, not the database's TTL.
#[rstest]
#[case::a_second_before(DAY.checked_sub(Duration::from_secs(1)).unwrap(), true)]
#[case::just_before(just_before(DAY), true)]
#[case::at_its_end(DAY, false)]
#[case::a_second_after(DAY + Duration::from_secs(1), false)]
#[case::long_after(DAY + Duration::from_hours(47), false)]
#[tokio::test]
async fn a_code_expires_after_a_day(#[case] age: Duration, #[case] works: bool) {
    let mut fixture = InvitationFixture::new().await;
    let code = fixture.code().await;
    fixture.world.clock.advance(age);
    fixture.sign_in_again().await;
    assert_eq!(items(&fixture.world, "CODE#").await.len(), 2, "the item is still there");
    let mina = fixture.world.redeemer("mina").await;
    let reply = redeem(&mina, &code).await;
    let listed = fixture.inviter.get(&format!("{}/invitations", fixture.team)).await;
    let status = &listed.is(200).body["items"][0]["status"];
    if works {
        reply.is(200);
        assert_eq!(
            (fixture.members().await, status),
            (vec!["mina".to_owned(), "owner".to_owned()], &json!("redeemed"))
        );
    } else {
        reply.is_problem(Code::InvitationInvalid);
        assert_eq!((fixture.members().await, status), (vec!["owner".to_owned()], &json!("expired")));
    }
    assert_consistent(&fixture.world).await;
}

#[tokio::test]
async fn a_bound_code_works_only_for_its_login_whatever_the_case() {
    for (bound, login) in [("mina", "mina"), ("Mina", "mina"), ("mina", "MiNA")] {
        let fixture = InvitationFixture::new().await;
        let code = code_of(&fixture.issue(&json!({"role_id": "operator", "login": bound})).await);
        for stranger in ["jisoo", "mina2", "min"] {
            let stranger = fixture.world.redeemer(stranger).await;
            redeem(&stranger, &code).await.is_problem(Code::InvitationInvalid);
        }
        assert_eq!(items(&fixture.world, "CODE#").await.len(), 2);
        assert_eq!(fixture.members().await, ["owner"]);
        let joined = redeem(&fixture.world.redeemer(login).await, &code).await;
        assert_eq!(joined.is(200).body["role"]["role_id"], "operator");
        assert_eq!(fixture.members().await, [login, "owner"]);
        assert_consistent(&fixture.world).await;
    }
}

/// The reply is lost on its way to the client, or from the database.
#[tokio::test(start_paused = true)]
async fn a_lost_reply_is_replayed_only_under_its_idempotency_key() {
    let fixture = InvitationFixture::new().await;
    let code = fixture.code().await;
    let mina = fixture.world.redeemer("mina").await;
    let with_key = mina.with("idempotency-key", "join");
    fixture.world.faults.arm_transactions(Fault::DropReply, 0, FOREVER);
    redeem(&with_key, &code).await.is_problem(Code::Unavailable);
    fixture.world.faults.disarm();
    assert_eq!(fixture.members().await, ["mina", "owner"], "the transaction was committed");
    let first = redeem(&with_key, &code).await;
    assert_eq!(first.is(200).header("idempotency-replayed"), "true");
    assert_eq!(
        (&first.body["team"]["name"], &first.body["role"]["role_id"]),
        (&json!("Northwind"), &json!("developer"))
    );
    let second = redeem(&with_key, &code).await;
    assert_eq!((second.is(200).body.clone(), second.header("idempotency-replayed")), (first.body, "true"));
    redeem(&with_key, &other(&code)).await.is_problem(Code::IdempotencyMismatch);
    redeem(&mina, &code).await.is_problem(Code::InvitationInvalid);
    redeem(&mina.with("idempotency-key", "another"), &code).await.is_problem(Code::InvitationInvalid);
    assert_eq!(audited(&fixture.world, "invitation.redeem").await.len(), 1);
    assert_consistent(&fixture.world).await;
}

#[tokio::test]
async fn a_used_code_does_not_bring_back_a_removed_member() {
    let fixture = InvitationFixture::new().await;
    let code = fixture.code().await;
    let mina = fixture.world.redeemer("mina").await;
    let with_key = mina.with("idempotency-key", "join");
    let joined = redeem(&with_key, &code).await;
    let own = mina.get("/v1/me").await.is(200).body["user"]["user_id"].as_str().unwrap().to_owned();
    fixture.inviter.delete(&format!("{}/members/{own}", fixture.team)).await.is(204);
    redeem(&mina, &code).await.is_problem(Code::InvitationInvalid);
    let replayed = redeem(&with_key, &code).await;
    assert_eq!(
        (replayed.is(200).body.clone(), replayed.header("idempotency-replayed")),
        (joined.is(200).body.clone(), "true")
    );
    assert_eq!(mina.get("/v1/me").await.is(200).body["teams"], json!([]));
    assert_eq!(fixture.members().await, ["owner"]);
    assert_consistent(&fixture.world).await;
    redeem(&mina, &fixture.code().await).await.is(200);
}

#[tokio::test]
async fn a_member_of_the_team_gets_already_member_and_it_counts_as_a_wrong_attempt() {
    let fixture = InvitationFixture::new().await;
    let (first, second) = (fixture.code().await, fixture.code().await);
    let mina = fixture.world.redeemer("mina").await;
    redeem(&mina, &first).await.is(200);
    assert_eq!(breaker(&fixture.world).await, (1, 0));
    redeem(&mina, &second).await.is_problem(Code::AlreadyMember);
    assert_eq!(breaker(&fixture.world).await, (1, 1));
    for tried in 2..=10 {
        redeem(&mina, &second).await.is_problem(Code::AlreadyMember);
        assert_eq!(breaker(&fixture.world).await, (1, tried));
    }
    redeem(&mina, &second).await.is_problem(Code::TooManyAttempts);
    redeem(&fixture.world.redeemer("jisoo").await, &second).await.is(200);
    assert_eq!(fixture.members().await, ["jisoo", "mina", "owner"]);
    assert_consistent(&fixture.world).await;
}

/// What does not depend on the code is checked before an attempt is counted.
#[tokio::test]
async fn a_request_that_cannot_succeed_is_refused_without_counting_an_attempt() {
    let fixture = InvitationFixture::new().await;
    let code = fixture.code().await;
    for admin in [UserType::SuperAdmin, UserType::PlatformAdmin] {
        let (_, admin) = fixture.world.user(admin.as_str(), admin, []).await;
        redeem(&admin, &code).await.is_problem(Code::Forbidden);
    }
    redeem(&fixture.world.member("unverified", []).await, &code).await.is_problem(Code::EmailNotVerified);
    redeem(&fixture.world.stranger(), &code).await.is_problem(Code::Unauthenticated);
    let mina = user_with_email(&fixture.world, "mina").await;
    let client = fixture.world.signed_in(&mina).await;
    for (invalid_code, violation) in [
        (json!("1234567"), "bad_format"),
        (json!("123456789"), "bad_format"),
        (json!("1234 5678"), "bad_format"),
        (json!(12_345_678), "wrong_type"),
        (Value::Null, "required"),
    ] {
        let reply = client.post("/v1/invitations/redeem", &json!({"code": invalid_code})).await;
        reply.is_problem(Code::ValidationFailed);
        assert_eq!(reply.violations(), [json!(["/code", violation])], "{invalid_code}");
    }
    for number in 0..20 {
        let team = fixture.world.team(&format!("Team {number}")).await;
        let member = fixture.world.store().user(mina.user_id).await.unwrap().unwrap();
        let team_admin = fixture.world.member(&format!("boss{number}"), [(team, "admin")]).await;
        let body = json!({"user_id": member.user_id, "role_id": "reviewer"});
        team_admin.post(&format!("/v1/teams/{team}/members"), &body).await.is(201);
    }
    redeem(&client, &code).await.is_problem(Code::TooManyTeams);
    redeem(&client, &other(&code)).await.is_problem(Code::TooManyTeams);
    assert!(items(&fixture.world, "LANE#").await.is_empty(), "no throttle counted anything");
    assert_eq!(breaker(&fixture.world).await, (1, 0));
    assert_eq!(fixture.members().await, ["owner"]);
    assert_consistent(&fixture.world).await;
}

/// The clock steps between issue and redemption, in either direction.
#[tokio::test]
async fn a_clock_step_of_five_minutes_does_not_invalidate_a_code() {
    for is_forward in [false, true] {
        let fixture = InvitationFixture::new().await;
        let code = fixture.code().await;
        let step = Duration::from_mins(5);
        if is_forward {
            fixture.world.clock.advance(step);
        } else {
            fixture.world.clock.retreat(step);
        }
        redeem(&fixture.world.redeemer("mina").await, &code).await.is(200);
        assert_consistent(&fixture.world).await;
    }
}

#[tokio::test]
async fn an_unknown_code_is_refused_and_other_codes_stay_valid() {
    let fixture = InvitationFixture::new().await;
    let code = fixture.code().await;
    let mina = fixture.world.redeemer("mina").await;
    redeem(&mina, &other(&code)).await.is_problem(Code::InvitationInvalid);
    assert_eq!(breaker(&fixture.world).await, (1, 1));
    redeem(&mina, &code).await.is(200);
    assert_eq!(breaker(&fixture.world).await, (0, 1), "only the failed attempt is counted");
    fixture.world.clock.advance(MILLISECOND);
    assert_consistent(&fixture.world).await;
}
