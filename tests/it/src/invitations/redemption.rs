//! Joining by a code: once, in time, by whom it is for.

use super::*;

/// One of the concurrent redeemers joins, and every item agrees on who, even if the replies of the first transactions are
/// lost after the commit.
#[rstest]
#[tokio::test(start_paused = true)]
async fn of_many_who_redeem_one_code_at_once_one_joins(
    #[values(16, 64, 256)] count: usize,
    #[values(0, 4)] lost: usize,
) {
    let fixture = InvitationFixture::new().await;
    let invited = json!({"name": "Helpers", "permissions": ["team.read"]});
    let role = fixture.inviter.post(&format!("{}/roles", fixture.team), &invited).await.is(201).body.clone();
    let code = code_of(&fixture.issue(&json!({"role_id": role["role_id"]})).await);
    fixture.code().await;
    let people = fixture.people(count).await;
    fixture.world.faults.conflicts_like_dynamodb(true);
    fixture.world.faults.arm_transactions(Fault::DropReply, 0, lost);
    let body = json!({"code": code}).to_string();
    let sent = people.iter().map(|client| {
        tokio::spawn(client.send_owned(axum::http::Method::POST, "/v1/invitations/redeem", body.clone()))
    });
    let replies: Vec<_> = join_all(sent).await.into_iter().map(Result::unwrap).collect();
    fixture.world.faults.disarm();

    let joined: Vec<_> = replies.iter().filter(|reply| reply.status == 200).collect();
    assert_eq!(joined.len(), 1, "{replies:?}");
    assert_eq!(joined[0].body["role"]["name"], "Helpers");
    for refused in replies.iter().filter(|reply| reply.status != 200) {
        // Who keeps losing against the crowd at the breaker is told so; everybody else that it was no code.
        let crowded =
            [Code::TooManyAttempts, Code::Unavailable].iter().any(|code| refused.body["code"] == code.as_str());
        if !crowded {
            refused.is_problem(Code::InvitationInvalid);
        }
    }
    assert_eq!(fixture.members().await.len(), 2, "the owner, and whoever was first");
    assert_eq!(audited(&fixture.world, "invitation.redeem").await.len(), 1);
    assert_consistent(&fixture.world).await;
    let listed = fixture.inviter.get(&format!("{}/invitations?status=redeemed", fixture.team)).await;
    assert_eq!(listed.is(200).body["items"].as_array().unwrap().len(), 1);
    assert_eq!(listed.body["items"][0]["role"]["role_id"], role["role_id"]);
}

/// The same person, many times at once: one membership, and one reply under one key.
#[tokio::test(start_paused = true)]
async fn one_person_who_redeems_many_times_at_once_joins_once() {
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
async fn a_code_works_for_a_day_and_no_longer(#[case] age: Duration, #[case] works: bool) {
    let mut fixture = InvitationFixture::new().await;
    let code = fixture.code().await;
    fixture.world.clock.advance(age);
    fixture.wake_up().await;
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
async fn a_bound_code_is_for_its_login_in_any_case_and_stays_good_for_it() {
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

/// The reply is lost on its way to the client or on its way from the database.
#[tokio::test(start_paused = true)]
async fn a_lost_reply_is_repeated_under_its_key_and_only_under_it() {
    let fixture = InvitationFixture::new().await;
    let code = fixture.code().await;
    let mina = fixture.world.redeemer("mina").await;
    let keyed = mina.with("idempotency-key", "join");
    fixture.world.faults.arm_transactions(Fault::DropReply, 0, FOREVER);
    redeem(&keyed, &code).await.is_problem(Code::Unavailable);
    fixture.world.faults.disarm();
    assert_eq!(fixture.members().await, ["mina", "owner"], "it was carried out");
    let first = redeem(&keyed, &code).await;
    assert_eq!(first.is(200).header("idempotency-replayed"), "true");
    assert_eq!(
        (&first.body["team"]["name"], &first.body["role"]["role_id"]),
        (&json!("Northwind"), &json!("developer"))
    );
    let second = redeem(&keyed, &code).await;
    assert_eq!((second.is(200).body.clone(), second.header("idempotency-replayed")), (first.body, "true"));
    redeem(&keyed, &other(&code)).await.is_problem(Code::IdempotencyMismatch);
    redeem(&mina, &code).await.is_problem(Code::InvitationInvalid);
    redeem(&mina.with("idempotency-key", "another"), &code).await.is_problem(Code::InvitationInvalid);
    assert_eq!(audited(&fixture.world, "invitation.redeem").await.len(), 1);
    assert_consistent(&fixture.world).await;
}

#[tokio::test]
async fn a_used_code_restores_nothing_to_whoever_was_removed() {
    let fixture = InvitationFixture::new().await;
    let code = fixture.code().await;
    let mina = fixture.world.redeemer("mina").await;
    let keyed = mina.with("idempotency-key", "join");
    let joined = redeem(&keyed, &code).await;
    let own = mina.get("/v1/me").await.is(200).body["user"]["user_id"].as_str().unwrap().to_owned();
    fixture.inviter.delete(&format!("{}/members/{own}", fixture.team)).await.is(204);
    redeem(&mina, &code).await.is_problem(Code::InvitationInvalid);
    let replayed = redeem(&keyed, &code).await;
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
async fn a_member_hears_so_and_the_code_stays_live_and_it_was_a_wrong_try() {
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

/// What stands in the way of trying at all is told before a try is spent.
#[tokio::test]
async fn who_may_not_try_or_sends_no_code_spends_no_try() {
    let fixture = InvitationFixture::new().await;
    let code = fixture.code().await;
    for admin in [UserType::SuperAdmin, UserType::PlatformAdmin] {
        let (_, admin) = fixture.world.user(admin.as_str(), admin, []).await;
        redeem(&admin, &code).await.is_problem(Code::Forbidden);
    }
    redeem(&fixture.world.member("unproved", []).await, &code).await.is_problem(Code::EmailNotVerified);
    redeem(&fixture.world.stranger(), &code).await.is_problem(Code::Unauthenticated);
    let mina = person(&fixture.world, "mina").await;
    let client = fixture.world.signed_in(&mina).await;
    for (no_code, violation) in [
        (json!("1234567"), "bad_format"),
        (json!("123456789"), "bad_format"),
        (json!("1234 5678"), "bad_format"),
        (json!("１２３４５６７８"), "bad_format"),
        (json!(12_345_678), "wrong_type"),
        (Value::Null, "required"),
    ] {
        let reply = client.post("/v1/invitations/redeem", &json!({"code": no_code})).await;
        reply.is_problem(Code::ValidationFailed);
        assert_eq!(reply.violations(), [json!(["/code", violation])], "{no_code}");
    }
    for number in 0..20 {
        let team = fixture.world.team(&format!("Team {number}")).await;
        let member = fixture.world.store().user(mina.user_id).await.unwrap().unwrap();
        let boss = fixture.world.member(&format!("boss{number}"), [(team, "admin")]).await;
        let body = json!({"user_id": member.user_id, "role_id": "reviewer"});
        boss.post(&format!("/v1/teams/{team}/members"), &body).await.is(201);
    }
    redeem(&client, &code).await.is_problem(Code::TooManyTeams);
    redeem(&client, &other(&code)).await.is_problem(Code::TooManyTeams);
    assert!(items(&fixture.world, "LANE#").await.is_empty(), "nothing was counted");
    assert_eq!(breaker(&fixture.world).await, (1, 0));
    assert_eq!(fixture.members().await, ["owner"]);
    assert_consistent(&fixture.world).await;
}

/// A clock that steps by five minutes in either direction between issue and redemption changes nothing.
#[tokio::test]
async fn a_clock_that_steps_leaves_codes_as_they_are() {
    for forth in [false, true] {
        let fixture = InvitationFixture::new().await;
        let code = fixture.code().await;
        let step = Duration::from_mins(5);
        if forth {
            fixture.world.clock.advance(step);
        } else {
            fixture.world.clock.retreat(step);
        }
        redeem(&fixture.world.redeemer("mina").await, &code).await.is(200);
        assert_consistent(&fixture.world).await;
    }
}

#[tokio::test]
async fn a_code_that_nobody_drew_is_refused_and_the_others_stay_good() {
    let fixture = InvitationFixture::new().await;
    let code = fixture.code().await;
    let mina = fixture.world.redeemer("mina").await;
    redeem(&mina, &other(&code)).await.is_problem(Code::InvitationInvalid);
    assert_eq!(breaker(&fixture.world).await, (1, 1));
    redeem(&mina, &code).await.is(200);
    assert_eq!(breaker(&fixture.world).await, (0, 1), "what succeeded is no wrong try, and what failed stays one");
    fixture.world.clock.advance(MILLISECOND);
    assert_consistent(&fixture.world).await;
}
