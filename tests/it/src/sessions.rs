//! Sessions: how they begin, how they end, and that nothing brings them back.

use std::time::Duration;

use axum::http::Method;
use rollcall_domain::{Code, Fields, permission::UserType, user::User};
use rollcall_store::{CommitError, session, user::Proof};
use serde_json::{Value, json};

use crate::support::{Client, ORIGIN, PASSWORD, Reply, World};

const OTHER_PASSWORD: &str = "another horse battery";

fn session_ids(reply: &Reply) -> Vec<String> {
    let items = reply.is(200).body["items"].as_array().unwrap();
    items.iter().map(|session| session["session_id"].as_str().unwrap().to_owned()).collect()
}

async fn with_password(world: &World, login: &str, user_type: UserType) -> (User, Client) {
    let (user, client) = world.user(login, user_type, []).await;
    world.with_password(&user).await;
    (user, client)
}

/// The six digits of a secret at this second (RFC 6238), by the database of nobody.
fn digits(secret: &str, at: i64) -> String {
    let secret = data_encoding::BASE32_NOPAD.decode(secret.as_bytes()).unwrap();
    let totp = totp_rs::Builder::new().with_secret(totp_rs::Secret::from(secret)).build().unwrap();
    totp.generate(u64::try_from(at).unwrap()).to_string()
}

mod ends {
    use super::*;

    /// D1, by an admin: every other session of everybody else goes on.
    #[tokio::test]
    async fn whatever_an_admin_takes_from_a_user_ends_its_sessions_at_once() {
        let world = World::new().await;
        let admin = world.admin().await;
        let bystander = world.member("bystander", []).await;
        let endings: [(&str, Method, &str, Value); 8] = [
            ("type", Method::PATCH, "", json!({"type": "platform_admin"})),
            ("disable", Method::PATCH, "", json!({"status": "disabled"})),
            ("delete", Method::DELETE, "", Value::Null),
            ("typed password", Method::POST, "/password", json!({"password": PASSWORD})),
            ("generated password", Method::POST, "/password", json!({"generate_password": true})),
            ("two-factor", Method::DELETE, "/totp", Value::Null),
            ("sessions", Method::DELETE, "/sessions", Value::Null),
            ("type and name", Method::PATCH, "", json!({"username": "Jin", "type": "super_admin"})),
        ];
        for (number, (name, method, route, body)) in endings.into_iter().enumerate() {
            let user = world.user_as(&format!("mina{number}"), UserType::Member, |user| user.totp_enabled = true).await;
            let (one, other) = (world.signed_in(&user).await, world.signed_in(&user).await);
            one.get("/v1/me").await.is(200);
            let body = Some(body).filter(|body| !body.is_null()).map(|body| body.to_string());
            let done = admin.send(method, &format!("/v1/users/{}{route}", user.user_id), body).await;
            assert!(done.status < 300, "{name}: {done:?}");
            for client in [&one, &other] {
                client.get("/v1/me").await.is_problem(Code::Unauthenticated);
                client.post("/v1/logout", &Value::Null).await.is_problem(Code::Unauthenticated);
            }
        }
        bystander.get("/v1/me").await.is(200);
    }

    #[tokio::test]
    async fn what_takes_nothing_from_a_user_ends_nothing() {
        let world = World::new().await;
        let admin = world.admin().await;
        let (user, client) = world.user("mina", UserType::Member, []).await;
        let path = format!("/v1/users/{}", user.user_id);
        for patch in [
            json!({"username": "Jin"}),
            json!({"email": "x@example.com"}),
            json!({"status": "enabled"}),
            json!({"type": "member"}),
        ] {
            admin.patch(&path, &patch).await.is(200);
        }
        admin.delete(&format!("{path}/email")).await.is(204);
        admin.delete(&format!("{path}/totp")).await.is(204);
        client.get("/v1/me").await.is(200);
    }

    /// Enabling somebody again brings no session back.
    #[tokio::test]
    async fn a_session_that_ended_stays_ended() {
        let world = World::new().await;
        let admin = world.admin().await;
        let (user, client) = world.user("mina", UserType::Member, []).await;
        let path = format!("/v1/users/{}", user.user_id);
        admin.patch(&path, &json!({"status": "disabled"})).await.is(200);
        admin.patch(&path, &json!({"status": "enabled"})).await.is(200);
        client.get("/v1/me").await.is_problem(Code::Unauthenticated);
        let again = world.signed_in(&world.unfaulted().user(user.user_id).await.unwrap().unwrap()).await;
        admin.patch(&path, &json!({"type": "platform_admin"})).await.is(200);
        admin.patch(&path, &json!({"type": "member"})).await.is(200);
        again.get("/v1/me").await.is_problem(Code::Unauthenticated);
    }

    /// D1, by oneself: the calling session goes on, every other one is over.
    #[tokio::test]
    async fn whoever_changes_their_own_password_or_two_factor_keeps_the_calling_session_only() {
        let world = World::new().await;
        let (user, caller) = with_password(&world, "mina", UserType::PlatformAdmin).await;
        let other_of_now =
            async || world.signed_in(&world.unfaulted().user(user.user_id).await.unwrap().unwrap()).await;
        let check = async |other: Client| {
            other.get("/v1/me").await.is_problem(Code::Unauthenticated);
            assert_eq!(session_ids(&caller.get("/v1/me/sessions").await).len(), 1);
        };
        let other = other_of_now().await;
        let change =
            json!({"current_password": PASSWORD, "password": OTHER_PASSWORD, "password_confirmation": OTHER_PASSWORD});
        caller.post("/v1/me/password", &change).await.is(204);
        check(other).await;

        let other = other_of_now().await;
        let enrolled = caller.post("/v1/me/totp", &json!({"current_password": OTHER_PASSWORD})).await;
        other.get("/v1/me").await.is(200);
        let secret = enrolled.is(201).body["secret"].as_str().unwrap().to_owned();
        let code = digits(&secret, world.now().unix_seconds());
        caller.post("/v1/me/totp/confirm", &json!({"code": code})).await.is(200);
        check(other).await;

        let other = other_of_now().await;
        world.clock.advance(Duration::from_secs(30));
        let code = digits(&secret, world.now().unix_seconds());
        let body = json!({"current_password": OTHER_PASSWORD, "code": code}).to_string();
        caller.send(Method::DELETE, "/v1/me/totp", Some(body)).await.is(204);
        check(other).await;

        let other = other_of_now().await;
        caller.delete("/v1/me/sessions").await.is(204);
        check(other).await;
    }

    /// What the password opened is over with the password: the way to the second factor, too.
    #[tokio::test]
    async fn a_sign_in_half_way_ends_with_what_ends_sessions() {
        let world = World::new().await;
        let admin = world.admin().await;
        let (user, caller) = with_password(&world, "mina", UserType::Member).await;
        let path = format!("/v1/users/{}", user.user_id);
        let enrolled = caller.post("/v1/me/totp", &json!({"current_password": PASSWORD})).await;
        let secret = enrolled.is(201).body["secret"].as_str().unwrap().to_owned();
        let code = digits(&secret, world.now().unix_seconds());
        caller.post("/v1/me/totp/confirm", &json!({"code": code})).await.is(200);
        let half = async || {
            let half = world.stranger().post("/v1/login", &json!({"login": "mina", "password": PASSWORD})).await;
            half.is(200).body["mfa"]["ticket"].as_str().unwrap().to_owned()
        };
        let finish = async |ticket: String| {
            world.clock.advance(Duration::from_secs(30));
            let code = digits(&secret, world.now().unix_seconds());
            world.stranger().post("/v1/login/totp", &json!({"ticket": ticket, "code": code})).await
        };
        finish(half().await).await.is(200);

        let ticket = half().await;
        admin.delete(&format!("{path}/sessions")).await.is(204);
        finish(ticket).await.is_problem(Code::InvalidCode);
        let ticket = half().await;
        admin.patch(&path, &json!({"status": "disabled"})).await.is(200);
        admin.patch(&path, &json!({"status": "enabled"})).await.is(200);
        finish(ticket).await.is_problem(Code::InvalidCode);
        let ticket = half().await;
        admin.post(&format!("{path}/password"), &json!({"password": OTHER_PASSWORD})).await.is(200);
        finish(ticket).await.is_problem(Code::InvalidCode);

        let again = world.stranger().post("/v1/login", &json!({"login": "mina", "password": OTHER_PASSWORD})).await;
        finish(again.is(200).body["mfa"]["ticket"].as_str().unwrap().to_owned()).await.is(200);
    }
}

mod tokens {
    use super::*;

    /// D2.
    #[tokio::test]
    async fn a_token_is_good_as_a_whole_and_for_its_own_session_only() {
        let world = World::new().await;
        let (_, mina) = world.user("mina", UserType::Member, []).await;
        let (_, jin) = world.user("jin", UserType::SuperAdmin, []).await;
        let bytes = |client: &Client| {
            let token = client.headers["authorization"].to_str().unwrap().strip_prefix("Bearer ").unwrap();
            data_encoding::BASE64URL_NOPAD.decode(token.as_bytes()).unwrap()
        };
        let (mina, jin) = (bytes(&mina), bytes(&jin));
        let try_bytes = async |bytes: &[u8]| {
            let token = data_encoding::BASE64URL_NOPAD.encode(bytes);
            let bearer = world.stranger().with("authorization", &format!("Bearer {token}")).get("/v1/me").await;
            let cookie = world.stranger().with("cookie", &format!("__Host-session={token}")).get("/v1/me").await;
            assert_eq!(bearer.status, cookie.status);
            bearer
        };
        try_bytes(&mina).await.is(200);
        for length in 0..mina.len() {
            try_bytes(&mina[..length]).await.is_problem(Code::Unauthenticated);
        }
        for more in [1, 3, 32, 64] {
            try_bytes(&[&mina[..], &vec![0; more]].concat()).await.is_problem(Code::Unauthenticated);
        }
        for index in 0..mina.len() {
            let mut other = mina.clone();
            other[index] ^= 1;
            try_bytes(&other).await.is_problem(Code::Unauthenticated);
        }
        // The user, the session and the secret of two tokens, mixed in every way.
        for mix in 1..7 {
            let part = |index: usize| if mix >> index & 1 == 0 { &mina } else { &jin };
            let mixed = [&part(0)[..16], &part(1)[16..32], &part(2)[32..]].concat();
            try_bytes(&mixed).await.is_problem(Code::Unauthenticated);
        }
    }

    /// D5.
    #[tokio::test]
    async fn a_form_of_another_site_changes_nothing_of_ones_own() {
        let world = World::new().await;
        let (user, client) = with_password(&world, "mina", UserType::SuperAdmin).await;
        let token = client.headers["authorization"].to_str().unwrap().replace("Bearer ", "");
        let browser = world.stranger().with("cookie", &format!("__Host-session={token}"));
        let (other, _) = world.user("other", UserType::Member, []).await;
        let other = format!("/v1/users/{}", other.user_id);
        let requests: [(Method, &str, Value); 5] = [
            (Method::PATCH, "/v1/me", json!({"username": "Jin"})),
            (Method::DELETE, "/v1/me/sessions", Value::Null),
            (Method::POST, "/v1/logout", Value::Null),
            (Method::DELETE, &other, Value::Null),
            (Method::POST, "/v1/me/totp", json!({"current_password": PASSWORD})),
        ];
        for (method, path, body) in requests {
            for (header, value) in [
                ("sec-fetch-site", "cross-site"),
                ("sec-fetch-site", "same-site"),
                ("origin", "null"),
                ("origin", "https://evil.example"),
            ] {
                let body = Some(&body).filter(|body| !body.is_null()).map(ToString::to_string);
                browser.with(header, value).send(method.clone(), path, body).await.is_problem(Code::CrossSiteRequest);
            }
        }
        assert_eq!(world.unfaulted().user(user.user_id).await.unwrap(), Some(user));
        browser.with("origin", ORIGIN).patch("/v1/me", &json!({"username": "Jin"})).await.is(200);
    }
}

mod lifetimes {
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
            assert_eq!(world.unfaulted().sessions(user.user_id, None, 10).await.unwrap().items.len(), 2);
        }
    }

    /// Who rises to an admin type has, from the next sign-in on, the shorter lifetimes.
    #[tokio::test]
    async fn the_lifetime_is_that_of_the_type_one_has_now() {
        let world = World::new().await;
        let admin = world.admin().await;
        let (user, _) = world.user("mina", UserType::Member, []).await;
        admin.patch(&format!("/v1/users/{}", user.user_id), &json!({"type": "platform_admin"})).await.is(200);
        let promoted = world.signed_in(&world.unfaulted().user(user.user_id).await.unwrap().unwrap()).await;
        world.clock.advance(Duration::from_mins(15));
        promoted.get("/v1/me").await.is_problem(Code::Unauthenticated);
    }
}

mod own {
    use super::*;

    #[tokio::test]
    async fn ones_sessions_stand_newest_first_and_the_calling_one_is_marked() {
        let world = World::new().await;
        let (user, first) = with_password(&world, "mina", UserType::Member).await;
        world.member("unrelated", []).await;
        world.clock.advance(Duration::from_secs(1));
        let agent = world.stranger().at("2001:db8::7").with("user-agent", "Browser/1.0");
        let second =
            world.stranger().bearing(&agent.post("/v1/login", &json!({"login": "mina", "password": PASSWORD})).await);
        let listed = second.get("/v1/me/sessions").await;
        let ids = session_ids(&listed);
        assert_eq!(
            listed.body,
            json!({"next_cursor": null, "items": [
                {
                    "session_id": ids[0], "created_at": "2026-11-20T12:00:01.000Z", "last_seen_at": "2026-11-20T12:00:01.000Z",
                    "expires_at": "2026-11-20T13:00:01.000Z", "address": "2001:db8::7", "user_agent": "Browser/1.0", "current": true,
                },
                {
                    "session_id": ids[1], "created_at": "2026-11-20T12:00:00.000Z", "last_seen_at": "2026-11-20T12:00:00.000Z",
                    "expires_at": "2026-11-20T13:00:00.000Z", "address": null, "user_agent": null, "current": false,
                },
            ]})
        );
        let seen_by_first = first.get("/v1/me/sessions").await;
        assert_eq!(seen_by_first.body["items"][1]["current"], true);
        assert_eq!(second.get("/v1/me").await.body["session"], listed.body["items"][0]);
        let page = first.get("/v1/me/sessions?limit=1").await;
        let rest =
            first.get(&format!("/v1/me/sessions?limit=1&cursor={}", page.body["next_cursor"].as_str().unwrap())).await;
        assert_eq!([session_ids(&page), session_ids(&rest)].concat(), ids);
        assert_eq!(user.epoch, 0);
    }

    /// D6.
    #[tokio::test]
    async fn anothers_session_is_not_there() {
        let world = World::new().await;
        let (_, mina) = world.user("mina", UserType::Member, []).await;
        let (_, jin) = world.user("jin", UserType::SuperAdmin, []).await;
        let theirs = session_ids(&mina.get("/v1/me/sessions").await).remove(0);
        let end = async |client: &Client, id: &str| client.delete(&format!("/v1/me/sessions/{id}")).await;
        let told = |reply: Reply| {
            reply.is_problem(Code::NotFound);
            let id = reply.header("x-request-id").to_owned();
            String::from_utf8(reply.bytes).unwrap().replace(&id, "-")
        };
        let foreign = told(end(&jin, &theirs).await);
        assert_eq!(foreign, told(end(&jin, "019aa0c4-7e00-7c3a-9d52-6b1f0a8e4d21").await));
        for none in ["x", "%00", &theirs.to_uppercase(), &theirs.replace('-', "")] {
            assert_eq!(foreign, told(end(&jin, none).await), "{none}");
        }
        mina.get("/v1/me").await.is(200);
    }

    #[tokio::test]
    async fn a_session_is_ended_once_and_the_calling_one_can_be_too() {
        let world = World::new().await;
        let (user, caller) = world.user("mina", UserType::Member, []).await;
        world.clock.advance(Duration::from_millis(1));
        let other = world.signed_in(&user).await;
        let ids = session_ids(&caller.get("/v1/me/sessions").await);
        caller.delete(&format!("/v1/me/sessions/{}", ids[0])).await.is(204);
        other.get("/v1/me").await.is_problem(Code::Unauthenticated);
        caller.delete(&format!("/v1/me/sessions/{}", ids[0])).await.is_problem(Code::NotFound);
        caller.delete(&format!("/v1/me/sessions/{}", ids[1])).await.is(204);
        caller.get("/v1/me").await.is_problem(Code::Unauthenticated);
        let actions: Vec<_> = world.audit().await.iter().map(|record| record["action"].clone()).collect();
        assert_eq!(actions, ["user.end_sessions", "user.end_sessions"]);
    }

    /// What is over is not listed and cannot be ended, though its item is still there.
    #[tokio::test]
    async fn a_session_that_is_over_is_not_there() {
        let world = World::new().await;
        let (user, old) = world.user("mina", UserType::Member, []).await;
        let over = session_ids(&old.get("/v1/me/sessions").await).remove(0);
        world.clock.advance(Duration::from_hours(1));
        let caller = world.signed_in(&user).await;
        assert_eq!(session_ids(&caller.get("/v1/me/sessions").await).len(), 1);
        caller.delete(&format!("/v1/me/sessions/{over}")).await.is_problem(Code::NotFound);
        caller.delete("/v1/me/sessions").await.is(204);
        caller.get("/v1/me").await.is(200);
        assert_eq!(world.unfaulted().sessions(user.user_id, None, 10).await.unwrap().items.len(), 2);
    }

    #[tokio::test]
    async fn ending_the_others_is_no_version_and_is_recorded() {
        let world = World::new().await;
        let (user, caller) = world.user("mina", UserType::Member, []).await;
        let other = world.signed_in(&user).await;
        caller.delete("/v1/me/sessions").await.is(204);
        other.get("/v1/me").await.is_problem(Code::Unauthenticated);
        let me = caller.get("/v1/me").await;
        assert_eq!((&me.is(200).body["user"]["version"], &me.body["session"]["current"]), (&json!(1), &json!(true)));
        assert_eq!(world.audit().await[0]["action"], "user.end_sessions");
    }
}

mod epochs {
    use super::*;

    /// Somebody reads a user; its sessions are ended; what was decided on before is written, or tries to be.
    #[tokio::test]
    async fn a_write_decided_on_before_the_end_brings_no_session_back() {
        let world = World::new().await;
        let (before, old) = world.user("mina", UserType::Member, []).await;
        let ended = before.clone().signed_out_everywhere();
        let sessions = world.unfaulted().sessions(before.user_id, None, 1).await.unwrap().items;
        world.unfaulted().commit(rollcall_store::user::change(&before, &ended, Proof::Kept).unwrap()).await.unwrap();
        assert_eq!(ended.version, before.version, "nothing but the epoch tells");
        let renamed = before.clone().renamed(Fields::of(json!({"username": "Jin"})), world.now()).unwrap();
        let reset = before.clone().reset(false, world.now());
        let carried_on = rollcall_store::user::change(&before, &reset, Proof::Kept).unwrap();
        for stale in [
            rollcall_store::user::change(&before, &renamed, Proof::Kept).unwrap(),
            rollcall_store::user::change(&before, &before, Proof::Kept).unwrap(),
            carried_on.and(session::carry_on(&sessions[0], &reset)),
            rollcall_store::user::delete(&before).unwrap(),
        ] {
            let refused = world.unfaulted().commit(stale).await;
            assert!(
                matches!(&refused, Err(CommitError::Refused(refused)) if refused.code() == Code::Conflict),
                "{refused:?}"
            );
        }
        old.get("/v1/me").await.is_problem(Code::Unauthenticated);
        assert_eq!(world.unfaulted().user(before.user_id).await.unwrap(), Some(ended));
    }

    /// Ending sessions beside renaming, many times: whichever is first, both happen.
    #[tokio::test(flavor = "multi_thread")]
    async fn a_user_that_is_renamed_meanwhile_is_signed_out_all_the_same() {
        for round in 0..12 {
            let world = World::new().await;
            world.faults.conflicts_like_dynamodb(round % 2 == 0);
            let (admin, other) = (world.admin().await, world.user("other", UserType::SuperAdmin, []).await.1);
            let (user, client) = world.user("mina", UserType::Member, []).await;
            let path = format!("/v1/users/{}", user.user_id);
            let (ending, renaming) = (format!("{path}/sessions"), path.clone());
            let ended = tokio::spawn(async move { admin.delete(&ending).await });
            let renamed = tokio::spawn(async move { other.patch(&renaming, &json!({"username": "Jin"})).await });
            ended.await.unwrap().is(204);
            renamed.await.unwrap().is(200);
            client.get("/v1/me").await.is_problem(Code::Unauthenticated);
            let now = world.unfaulted().user(user.user_id).await.unwrap().unwrap();
            assert_eq!((now.epoch, now.username.as_str()), (1, "Jin"));
        }
    }

    /// A session that was used while it was ended stays ended: remembering the use writes no session anew.
    #[tokio::test]
    async fn a_use_that_is_remembered_late_begins_no_session() {
        let world = World::new().await;
        let (user, client) = world.user("mina", UserType::Member, []).await;
        let session = world.unfaulted().sessions(user.user_id, None, 1).await.unwrap().items.remove(0);
        client.post("/v1/logout", &Value::Null).await.is(204);
        for late in
            [session::touch(&session, world.now()), rollcall_store::Commit::new([session::carry_on(&session, &user)])]
        {
            assert!(world.unfaulted().commit(late).await.is_err());
        }
        client.get("/v1/me").await.is_problem(Code::Unauthenticated);
        assert!(world.unfaulted().sessions(user.user_id, None, 1).await.unwrap().items.is_empty());
    }
}

/// The calling session goes on, also for whatever it asks at the same moment.
#[tokio::test]
async fn a_session_that_ends_the_others_is_at_home_in_all_it_does_meanwhile() {
    let world = World::new().await;
    let (_, client) = with_password(&world, "mina", UserType::Member).await;
    for round in 0..5 {
        let renaming = async |number: u32| {
            let reply = client.patch("/v1/me", &json!({"username": format!("mina{round}{number}")})).await;
            assert!(matches!(reply.status, 200 | 409), "{reply:?}");
        };
        let ending = async || client.delete("/v1/me/sessions").await;
        let (ended, again, (), ()) = tokio::join!(ending(), ending(), renaming(1), renaming(2));
        for reply in [ended, again] {
            assert!(matches!(reply.status, 204 | 409), "{reply:?}");
        }
        client.get("/v1/me").await.is(200);
    }
}
