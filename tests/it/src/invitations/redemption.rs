//! Joining by a code: once, in time, by whom it is for.

use super::*;

/// G1: of as many as there are, one joins, and every place that tells of it tells the same; also where the replies of
/// the first transactions are lost after they were carried out.
#[rstest]
#[tokio::test(start_paused = true)]
async fn of_many_who_redeem_one_code_at_once_one_joins(
    #[values(16, 64, 256)] count: usize,
    #[values(0, 4)] lost: usize,
) {
    let scene = Scene::new().await;
    let invited = json!({"name": "Helpers", "permissions": ["team.read"]});
    let role = scene.inviter.post(&format!("{}/roles", scene.team), &invited).await.is(201).body.clone();
    let code = code_of(&scene.issue(&json!({"role_id": role["role_id"]})).await);
    scene.code().await;
    let people = scene.people(count).await;
    scene.world.faults.conflicts_like_dynamodb(true);
    scene.world.faults.arm_transactions(Fault::DropReply, 0, lost);
    let body = json!({"code": code}).to_string();
    let sent = people.iter().map(|client| {
        tokio::spawn(client.send_owned(axum::http::Method::POST, "/v1/invitations/redeem", body.clone()))
    });
    let replies: Vec<_> = join_all(sent).await.into_iter().map(Result::unwrap).collect();
    scene.world.faults.disarm();

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
    assert_eq!(scene.members().await.len(), 2, "the owner, and whoever was first");
    assert_eq!(audited(&scene.world, "invitation.redeem").await.len(), 1);
    everything_agrees(&scene.world).await;
    let listed = scene.inviter.get(&format!("{}/invitations?status=redeemed", scene.team)).await;
    assert_eq!(listed.is(200).body["items"].as_array().unwrap().len(), 1);
    assert_eq!(listed.body["items"][0]["role"]["role_id"], role["role_id"]);
}

/// The same person, many times at once: one membership, and one reply under one key.
#[tokio::test(start_paused = true)]
async fn one_person_who_redeems_many_times_at_once_joins_once() {
    for key in [None, Some("once")] {
        let scene = Scene::new().await;
        scene.world.faults.conflicts_like_dynamodb(true);
        let code = scene.code().await;
        let mina = scene.world.redeemer("mina").await;
        let mina = key.map_or_else(|| mina.clone(), |key| mina.with("idempotency-key", key));
        let body = json!({"code": code}).to_string();
        let sent = (0..8)
            .map(|_| tokio::spawn(mina.send_owned(axum::http::Method::POST, "/v1/invitations/redeem", body.clone())));
        let replies: Vec<_> = join_all(sent).await.into_iter().map(Result::unwrap).collect();
        let joined = replies.iter().filter(|reply| reply.status == 200).count();
        assert!(joined == 1 || key.is_some() && joined > 1, "{replies:?}");
        assert_eq!(scene.members().await, ["mina", "owner"]);
        assert_eq!(audited(&scene.world, "invitation.redeem").await.len(), 1);
        everything_agrees(&scene.world).await;
    }
}

/// G2: the clock decides, not the database's housekeeping.
#[rstest]
#[case::a_second_before(DAY.checked_sub(Duration::from_secs(1)).unwrap(), true)]
#[case::just_before(just_before(DAY), true)]
#[case::at_its_end(DAY, false)]
#[case::a_second_after(DAY + Duration::from_secs(1), false)]
#[case::long_after(DAY + Duration::from_hours(47), false)]
#[tokio::test]
async fn a_code_works_for_a_day_and_no_longer(#[case] age: Duration, #[case] works: bool) {
    let mut scene = Scene::new().await;
    let code = scene.code().await;
    scene.world.clock.advance(age);
    scene.wake_up().await;
    assert_eq!(items(&scene.world, "CODE#").await.len(), 2, "the item is still there");
    let mina = scene.world.redeemer("mina").await;
    let reply = redeem(&mina, &code).await;
    let listed = scene.inviter.get(&format!("{}/invitations", scene.team)).await;
    let status = &listed.is(200).body["items"][0]["status"];
    if works {
        reply.is(200);
        assert_eq!((scene.members().await, status), (vec!["mina".to_owned(), "owner".to_owned()], &json!("redeemed")));
    } else {
        reply.is_problem(Code::InvitationInvalid);
        assert_eq!((scene.members().await, status), (vec!["owner".to_owned()], &json!("expired")));
    }
    everything_agrees(&scene.world).await;
}

/// G3.
#[tokio::test]
async fn a_bound_code_is_for_its_login_in_any_case_and_stays_good_for_it() {
    for (bound, login) in [("mina", "mina"), ("Mina", "mina"), ("mina", "MiNA")] {
        let scene = Scene::new().await;
        let code = code_of(&scene.issue(&json!({"role_id": "operator", "login": bound})).await);
        for stranger in ["jisoo", "mina2", "min"] {
            let stranger = scene.world.redeemer(stranger).await;
            redeem(&stranger, &code).await.is_problem(Code::InvitationInvalid);
        }
        assert_eq!(items(&scene.world, "CODE#").await.len(), 2);
        assert_eq!(scene.members().await, ["owner"]);
        let joined = redeem(&scene.world.redeemer(login).await, &code).await;
        assert_eq!(joined.is(200).body["role"]["role_id"], "operator");
        assert_eq!(scene.members().await, [login, "owner"]);
        everything_agrees(&scene.world).await;
    }
}

/// G7: the reply is lost on its way to the client, or on its way from the database.
#[tokio::test(start_paused = true)]
async fn a_lost_reply_is_repeated_under_its_key_and_only_under_it() {
    let scene = Scene::new().await;
    let code = scene.code().await;
    let mina = scene.world.redeemer("mina").await;
    let keyed = mina.with("idempotency-key", "join");
    scene.world.faults.arm_transactions(Fault::DropReply, 0, FOREVER);
    redeem(&keyed, &code).await.is_problem(Code::Unavailable);
    scene.world.faults.disarm();
    assert_eq!(scene.members().await, ["mina", "owner"], "it was carried out");
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
    assert_eq!(audited(&scene.world, "invitation.redeem").await.len(), 1);
    everything_agrees(&scene.world).await;
}

/// G8.
#[tokio::test]
async fn a_used_code_restores_nothing_to_whoever_was_removed() {
    let scene = Scene::new().await;
    let code = scene.code().await;
    let mina = scene.world.redeemer("mina").await;
    let keyed = mina.with("idempotency-key", "join");
    let joined = redeem(&keyed, &code).await;
    let own = mina.get("/v1/me").await.is(200).body["user"]["user_id"].as_str().unwrap().to_owned();
    scene.inviter.delete(&format!("{}/members/{own}", scene.team)).await.is(204);
    redeem(&mina, &code).await.is_problem(Code::InvitationInvalid);
    let replayed = redeem(&keyed, &code).await;
    assert_eq!(
        (replayed.is(200).body.clone(), replayed.header("idempotency-replayed")),
        (joined.is(200).body.clone(), "true")
    );
    assert_eq!(mina.get("/v1/me").await.is(200).body["teams"], json!([]));
    assert_eq!(scene.members().await, ["owner"]);
    everything_agrees(&scene.world).await;
    redeem(&mina, &scene.code().await).await.is(200);
}

#[tokio::test]
async fn a_member_hears_so_and_the_code_stays_live_and_it_was_a_wrong_try() {
    let scene = Scene::new().await;
    let (first, second) = (scene.code().await, scene.code().await);
    let mina = scene.world.redeemer("mina").await;
    redeem(&mina, &first).await.is(200);
    assert_eq!(breaker(&scene.world).await, (1, 0));
    redeem(&mina, &second).await.is_problem(Code::AlreadyMember);
    assert_eq!(breaker(&scene.world).await, (1, 1));
    for tried in 2..=10 {
        redeem(&mina, &second).await.is_problem(Code::AlreadyMember);
        assert_eq!(breaker(&scene.world).await, (1, tried));
    }
    redeem(&mina, &second).await.is_problem(Code::TooManyAttempts);
    redeem(&scene.world.redeemer("jisoo").await, &second).await.is(200);
    assert_eq!(scene.members().await, ["jisoo", "mina", "owner"]);
    everything_agrees(&scene.world).await;
}

/// What stands in the way of trying at all is told before a try is spent.
#[tokio::test]
async fn who_may_not_try_or_sends_no_code_spends_no_try() {
    let scene = Scene::new().await;
    let code = scene.code().await;
    for admin in [UserType::SuperAdmin, UserType::PlatformAdmin] {
        let (_, admin) = scene.world.user(admin.as_str(), admin, []).await;
        redeem(&admin, &code).await.is_problem(Code::Forbidden);
    }
    redeem(&scene.world.member("unproved", []).await, &code).await.is_problem(Code::EmailNotVerified);
    redeem(&scene.world.stranger(), &code).await.is_problem(Code::Unauthenticated);
    let mina = person(&scene.world, "mina").await;
    let client = scene.world.signed_in(&mina).await;
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
        let team = scene.world.team(&format!("Team {number}")).await;
        let member = scene.world.unfaulted().user(mina.user_id).await.unwrap().unwrap();
        let boss = scene.world.member(&format!("boss{number}"), [(team, "admin")]).await;
        let body = json!({"user_id": member.user_id, "role_id": "reviewer"});
        boss.post(&format!("/v1/teams/{team}/members"), &body).await.is(201);
    }
    redeem(&client, &code).await.is_problem(Code::TooManyTeams);
    redeem(&client, &other(&code)).await.is_problem(Code::TooManyTeams);
    assert!(items(&scene.world, "LANE#").await.is_empty(), "nothing was counted");
    assert_eq!(breaker(&scene.world).await, (1, 0));
    assert_eq!(scene.members().await, ["owner"]);
    everything_agrees(&scene.world).await;
}

/// L10: a clock that steps back or forth by five minutes between issue and redemption changes nothing.
#[tokio::test]
async fn a_clock_that_steps_leaves_codes_as_they_are() {
    for forth in [false, true] {
        let scene = Scene::new().await;
        let code = scene.code().await;
        let step = Duration::from_mins(5);
        if forth {
            scene.world.clock.advance(step);
        } else {
            scene.world.clock.retreat(step);
        }
        redeem(&scene.world.redeemer("mina").await, &code).await.is(200);
        everything_agrees(&scene.world).await;
    }
}

#[tokio::test]
async fn a_code_that_nobody_drew_is_refused_and_the_others_stay_good() {
    let scene = Scene::new().await;
    let code = scene.code().await;
    let mina = scene.world.redeemer("mina").await;
    redeem(&mina, &other(&code)).await.is_problem(Code::InvitationInvalid);
    assert_eq!(breaker(&scene.world).await, (1, 1));
    redeem(&mina, &code).await.is(200);
    assert_eq!(breaker(&scene.world).await, (0, 1), "what succeeded is no wrong try, and what failed stays one");
    scene.world.clock.advance(MILLISECOND);
    everything_agrees(&scene.world).await;
}
