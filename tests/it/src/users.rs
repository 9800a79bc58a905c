//! The users of the platform over HTTP.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use axum::http::Method;
use futures_util::future::{BoxFuture, join_all};
use rollcall_api::verification::email_change_of;
use rollcall_domain::{
    Code, Fields,
    credential::PasswordHash,
    email::Email,
    id::UserId,
    password::Password,
    permission::UserType,
    user::User,
    verification::{Purpose, Verification},
};
use rollcall_store::{
    Commit, CommitError,
    user::{Proof, change, delete, still_entitled},
};
use rstest::rstest;
use serde_json::{Value, json};

use crate::{
    faults::{FOREVER, Fault},
    support::{Client, DAWN, PASSWORD, Reply, World},
};

const OTHER_PASSWORD: &str = "another horse battery";

fn path_of(user: &User) -> String {
    format!("/v1/users/{}", user.user_id)
}

/// What is stored of a user.
async fn stored(world: &World, user: &User) -> Option<User> {
    world.unfaulted().user(user.user_id).await.unwrap()
}

/// A user who proved this address.
async fn proved(world: &World, login: &str, user_type: UserType, email: &str) -> User {
    let email = Email::parse(email).unwrap();
    world.user_as(login, user_type, |user| (user.email, user.email_verified) = (Some(email), true)).await
}

/// The audit records of a user, oldest first, as action, before and after.
async fn audit_of(world: &World, user_id: &Value) -> Vec<Value> {
    let mut records = world.audit().await;
    records.retain(|record| record["target"] == json!({"kind": "user", "id": user_id}));
    records.sort_by_key(|record| record["audit_id"].as_str().unwrap().to_owned());
    records
}

/// The set of super admins is the enabled super admins, and there is one.
async fn super_admins_agree(world: &World) -> usize {
    let items = world.dump().await;
    let of_items: BTreeSet<_> = (items.iter())
        .filter(|item| item["sk"] == "USER" && item["type"] == "super_admin" && item["status"] == "enabled")
        .map(|item| UserId::parse(item["user_id"].as_str().unwrap()).unwrap())
        .collect();
    let of_set: BTreeSet<_> = world.unfaulted().super_admins().await.unwrap().into_iter().collect();
    assert_eq!(of_set, of_items);
    assert!(!of_set.is_empty(), "a super admin is left");
    of_set.len()
}

mod create {
    use super::*;

    #[tokio::test]
    async fn a_new_user_is_shown_whole_and_without_its_secrets() {
        let world = World::new().await;
        let admin = world.admin().await;
        let body = json!({
            "username": "朴 Mina".replace(' ', "."), "login": "Mina.Park", "type": "member", "email": "Mina@Example.com",
            "password": PASSWORD,
        });
        let created = admin.post("/v1/users", &body).await;
        let user_id = created.is(201).body["user"]["user_id"].as_str().unwrap().to_owned();
        let user = json!({
            "user_id": user_id, "username": "朴.Mina", "login": "Mina.Park", "type": "member", "status": "enabled",
            "email": "Mina@Example.com", "email_verified": false, "totp_enabled": false,
            "password_change_required": true, "created_at": DAWN, "updated_at": DAWN, "last_login_at": null,
            "version": 1,
        });
        assert_eq!(created.body, json!({"user": user}));
        assert_eq!(created.header("location"), format!("/v1/users/{user_id}"));
        assert_eq!(created.header("etag"), "\"1\"");
        let mut detail = user;
        detail["teams"] = json!([]);
        let read = admin.get(created.header("location")).await;
        assert_eq!((&read.is(200).body, read.header("etag")), (&detail, "\"1\""));
    }

    #[tokio::test]
    async fn every_violation_is_told_at_once() {
        let world = World::new().await;
        let admin = world.admin().await;
        let body = json!({
            "username": "a b", "login": "ab", "type": "owner", "email": "x@", "password": "short",
            "generate_password": 1, "status": "enabled",
        });
        let refused = admin.post("/v1/users", &body).await;
        let mut violations = refused.is_problem(Code::UnknownField).violations();
        violations.sort_by_key(ToString::to_string);
        assert_eq!(
            violations,
            [
                json!(["/email", "bad_format"]),
                json!(["/generate_password", "wrong_type"]),
                json!(["/login", "too_short"]),
                json!(["/password", "too_short"]),
                json!(["/status", "unknown_field"]),
                json!(["/type", "not_allowed"]),
                json!(["/username", "bad_format"]),
            ]
        );
        let empty = admin.post("/v1/users", &json!({})).await;
        let required = ["username", "login", "type", "password"];
        assert_eq!(
            empty.is_problem(Code::ValidationFailed).violations(),
            required.map(|field| json!([format!("/{field}"), "required"]))
        );
        let both = json!({"username": "Mina", "login": "mina", "type": "member", "password": PASSWORD, "generate_password": true});
        let refused = admin.post("/v1/users", &both).await;
        assert_eq!(refused.violations(), [json!(["/generate_password", "not_allowed"])]);
        for (field, own) in [("login", "batteryhorse"), ("username", "Battery"), ("email", "battery@example.com")] {
            let mut body =
                json!({"username": "Mina", "login": "mina", "type": "member", "password": "correct batteryhorse 7"});
            body[field] = json!(own);
            let refused = admin.post("/v1/users", &body).await;
            assert_eq!(refused.violations(), [json!(["/password", "weak_password"])], "{field}");
        }
    }

    #[tokio::test]
    async fn a_login_is_taken_whatever_its_case() {
        let world = World::new().await;
        let admin = world.admin().await;
        let body =
            |login: &str| json!({"username": "Mina", "login": login, "type": "member", "generate_password": true});
        admin.post("/v1/users", &body("Mina")).await.is(201);
        for login in ["Mina", "mina", "MINA", "Admin"] {
            admin.post("/v1/users", &body(login)).await.is_problem(Code::LoginTaken);
        }
        admin.post("/v1/users", &body("mina2")).await.is(201);
        let items = world.dump().await;
        assert_eq!(items.iter().filter(|item| item["sk"] == "USER").count(), 3);
    }

    #[tokio::test]
    async fn a_generated_password_is_told_once_and_opens_nothing_but_its_change() {
        let world = World::new().await;
        let admin = world.admin().await;
        let body = json!({"username": "Mina", "login": "mina", "type": "platform_admin", "generate_password": true});
        let created = admin.post("/v1/users", &body).await;
        let generated = created.is(201).body["generated_password"].as_str().unwrap().to_owned();
        assert_eq!(generated.len(), 26);
        assert!(generated.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'2'..=b'7')), "{generated}");
        let again = admin
            .post(
                "/v1/users",
                &json!({"username": "Mina", "login": "mina2", "type": "member", "generate_password": true}),
            )
            .await;
        assert_ne!(again.is(201).body["generated_password"], json!(generated));
        assert_eq!(admin.get(created.header("location")).await.body.get("generated_password"), None);

        let stranger = world.stranger();
        let signed_in = stranger.post("/v1/login", &json!({"login": "mina", "password": generated})).await;
        let mina = stranger.bearing(&signed_in);
        assert_eq!(signed_in.body["user"]["password_change_required"], true);
        mina.get("/v1/users").await.is_problem(Code::PasswordChangeRequired);
        let same = json!({"current_password": generated, "password": generated, "password_confirmation": generated});
        assert_eq!(mina.post("/v1/me/password", &same).await.violations(), [json!(["/password", "not_allowed"])]);
        let own = json!({"current_password": generated, "password": PASSWORD, "password_confirmation": PASSWORD});
        mina.post("/v1/me/password", &own).await.is(204);
        mina.get("/v1/users").await.is(200);
        assert_eq!(mina.get("/v1/me").await.body["user"]["password_change_required"], false);
        stranger.sign_in("mina").await.get("/v1/users").await.is(200);
    }

    #[tokio::test]
    async fn a_typed_password_must_be_changed_as_well() {
        let world = World::new().await;
        let admin = world.admin().await;
        let body = json!({"username": "Mina", "login": "mina", "type": "platform_admin", "password": PASSWORD});
        assert_eq!(admin.post("/v1/users", &body).await.is(201).body.get("generated_password"), None);
        world.stranger().sign_in("mina").await.get("/v1/users").await.is_problem(Code::PasswordChangeRequired);
    }

    /// An address belongs to whoever proves it: what an admin typed is a note.
    #[tokio::test]
    async fn an_address_typed_by_an_admin_blocks_nobody_and_gets_no_reset() {
        let world = World::new().await;
        let admin = world.admin().await;
        let email = "mina@example.com";
        let create = |login: &str| json!({"username": "Mina", "login": login, "type": "member", "email": email, "generate_password": true});
        for login in ["first", "second"] {
            let created = admin.post("/v1/users", &create(login)).await;
            assert_eq!(created.is(201).body["user"]["email_verified"], false);
        }
        let stranger = world.stranger();
        let reset = stranger.post("/v1/password-resets", &json!({"email": email})).await;
        let reset_id = reset.is(202).body["reset_id"].as_str().unwrap().to_owned();
        let code = world.code(&reset_id, Purpose::PasswordReset).await;
        let complete = json!({"code": code, "password": PASSWORD, "password_confirmation": PASSWORD});
        let refused = stranger.post(&format!("/v1/password-resets/{reset_id}/complete"), &complete).await;
        refused.is_problem(Code::VerificationFailed);
        let mails: Vec<_> = world.dump().await.into_iter().filter(|item| item["sk"] == "OUTBOX").collect();
        assert!(mails.iter().all(|mail| mail["to"].is_null()), "{mails:?}");

        let started = stranger.post("/v1/registrations", &json!({"email": email})).await;
        let registration = started.is(202).body["registration_id"].as_str().unwrap().to_owned();
        let code = world.code(&registration, Purpose::Registration).await;
        let complete = json!({"code": code, "username": "Owner", "login": "owner", "password": PASSWORD, "password_confirmation": PASSWORD});
        let owner = stranger.post(&format!("/v1/registrations/{registration}/complete"), &complete).await;
        assert_eq!(owner.is(201).body["user"]["email_verified"], true);
    }

    #[tokio::test]
    async fn a_note_on_a_user_takes_no_address_from_its_owner() {
        let world = World::new().await;
        let admin = world.admin().await;
        let owner = proved(&world, "owner", UserType::Member, "mina@example.com").await;
        let (other, _) = world.user("other", UserType::Member, []).await;
        let noted = admin.patch(&path_of(&other), &json!({"email": "MINA@example.com"})).await;
        assert_eq!(
            (&noted.is(200).body["email"], &noted.body["email_verified"]),
            (&json!("MINA@example.com"), &json!(false))
        );
        assert_eq!(world.unfaulted().owner_of("mina@example.com").await.unwrap(), Some(owner.user_id));
        admin.delete(&path_of(&other)).await.is(204);
        assert_eq!(world.unfaulted().owner_of("mina@example.com").await.unwrap(), Some(owner.user_id));

        let renoted = admin.patch(&path_of(&owner), &json!({"email": "other@example.com"})).await;
        assert_eq!(renoted.is(200).body["email_verified"], false);
        assert_eq!(world.unfaulted().owner_of("mina@example.com").await.unwrap(), None, "the address is free");
        assert_eq!(world.unfaulted().owner_of("other@example.com").await.unwrap(), None, "a note is no proof");
        let told: Vec<_> = world.dump().await.into_iter().filter(|item| item["sk"] == "OUTBOX").collect();
        assert_eq!(told.len(), 1, "{told:?}");
        assert_eq!(told[0]["to"], "mina@example.com");
    }
}

mod list {
    use super::*;

    fn logins(reply: &Reply) -> Vec<&str> {
        let items = reply.is(200).body["items"].as_array().unwrap();
        items.iter().map(|user| user["login"].as_str().unwrap()).collect()
    }

    #[tokio::test]
    async fn users_stand_by_creation_and_filters_combine() {
        let world = World::new().await;
        let (ours, theirs) = (world.team("Ours").await, world.team("Theirs").await);
        let admin = world.admin().await;
        for (login, user_type, teams) in [
            ("zoe.park", UserType::Member, vec![ours]),
            ("PARKer", UserType::PlatformAdmin, vec![]),
            ("mina", UserType::Member, vec![ours, theirs]),
            ("jin", UserType::Member, vec![theirs]),
        ] {
            world.clock.advance(Duration::from_millis(1));
            let teams: BTreeMap<_, _> = teams.into_iter().map(|team| (team, "developer".to_owned())).collect();
            world.user_as(login, user_type, |user| user.teams = teams).await;
        }
        let listed = admin.get("/v1/users?q=jin").await;
        let jin = format!("/v1/users/{}", listed.body["items"][0]["user_id"].as_str().unwrap());
        admin.patch(&jin, &json!({"status": "disabled", "username": "Spark.金"})).await.is(200);
        for (query, expected) in [
            ("", vec!["admin", "zoe.park", "PARKer", "mina", "jin"]),
            ("type=member", vec!["zoe.park", "mina", "jin"]),
            ("type=super_admin", vec!["admin"]),
            ("status=disabled", vec!["jin"]),
            ("q=PaRk", vec!["zoe.park", "PARKer", "jin"]),
            ("q=%E9%87%91", vec!["jin"]),
            ("q=park&type=member", vec!["zoe.park", "jin"]),
            ("q=park&type=member&status=enabled", vec!["zoe.park"]),
            ("q=park&type=platform_admin&status=disabled", vec![]),
            ("q=nobody", vec![]),
        ] {
            assert_eq!(logins(&admin.get(&format!("/v1/users?{query}")).await), expected, "{query}");
        }
        assert_eq!(logins(&admin.get(&format!("/v1/users?team_id={theirs}")).await), ["mina", "jin"]);
        assert_eq!(logins(&admin.get(&format!("/v1/users?team_id={theirs}&status=enabled")).await), ["mina"]);
        let nobodys = "019aa0c4-7e00-7c3a-9d52-6b1f0a8e4d21";
        assert_eq!(logins(&admin.get(&format!("/v1/users?team_id={nobodys}")).await), Vec::<&str>::new());
    }

    #[tokio::test]
    async fn what_a_list_is_asked_for_is_read_strictly() {
        let world = World::new().await;
        let admin = world.admin().await;
        let long = "x".repeat(65);
        for (query, violations) in [
            ("type=owner", vec![json!(["type", "not_allowed"])]),
            ("team_id=x", vec![json!(["team_id", "bad_format"])]),
            ("status=gone", vec![json!(["status", "not_allowed"])]),
            ("q=", vec![json!(["q", "out_of_range"])]),
            (&format!("q={long}"), vec![json!(["q", "out_of_range"])]),
            ("q=a&q=b", vec![json!(["q", "not_allowed"])]),
            (
                "type=owner&status=gone&limit=0&order=x",
                vec![
                    json!(["type", "not_allowed"]),
                    json!(["status", "not_allowed"]),
                    json!(["limit", "out_of_range"]),
                    json!(["order", "unknown_field"]),
                ],
            ),
        ] {
            assert_eq!(admin.get(&format!("/v1/users?{query}")).await.is(422).violations(), violations, "{query}");
        }
        admin.get(&format!("/v1/users?q={}", &long[1..])).await.is(200);
    }

    /// Walks a list by its cursors.
    async fn walk(client: &Client, list: &str) -> Vec<Vec<String>> {
        let (mut pages, mut path) = (Vec::new(), list.to_owned());
        loop {
            let page = client.get(&path).await;
            pages.push(logins(&page).into_iter().map(str::to_owned).collect());
            match page.body["next_cursor"].as_str() {
                None => return pages,
                Some(cursor) => path = format!("{list}&cursor={cursor}"),
            }
        }
    }

    #[tokio::test]
    async fn pages_lose_and_double_nobody() {
        let world = World::new().await;
        let admin = world.admin().await;
        for number in 0..9 {
            world.clock.advance(Duration::from_millis(1));
            let user_type = if number % 3 == 0 { UserType::PlatformAdmin } else { UserType::Member };
            world.user_as(&format!("user{number}"), user_type, |_| {}).await;
        }
        let all: Vec<_> = ["admin"].into_iter().map(str::to_owned).chain((0..9).map(|n| format!("user{n}"))).collect();
        for limit in [1, 2, 3, 5, 9, 10, 11] {
            let pages = walk(&admin, &format!("/v1/users?limit={limit}")).await;
            assert_eq!(pages.concat(), all, "{limit}");
            assert!(pages.iter().all(|page| page.len() <= limit));
            assert_eq!(pages.len(), all.len().div_ceil(limit), "the last page knows that it is the last");
        }
        for limit in 1..8 {
            let members = walk(&admin, &format!("/v1/users?limit={limit}&type=member")).await;
            assert_eq!(members.concat(), ["user1", "user2", "user4", "user5", "user7", "user8"], "{limit}");
        }
    }

    #[tokio::test]
    async fn a_rare_match_takes_pages_that_look_at_a_bounded_number() {
        let world = World::new().await;
        let admin = world.admin().await;
        let world = &world;
        for start in (0..520).step_by(40) {
            let batch = (start..start + 40)
                .map(|n| async move { world.user_as(&format!("user{n}"), UserType::Member, |_| {}).await });
            join_all(batch).await;
            world.clock.advance(Duration::from_millis(1));
        }
        world.user_as("needle", UserType::Member, |_| {}).await;
        world.faults.arm(Fault::Throttle, FOREVER, 0);
        let pages = walk(&admin, "/v1/users?limit=100&q=NEEDLE").await;
        assert_eq!(pages, [Vec::<String>::new(), vec!["needle".to_owned()]]);
        assert!(world.faults.calls() < 20, "{}", world.faults.calls());
        assert_eq!(walk(&admin, "/v1/users?limit=100").await.concat().len(), 522);
    }
}

mod edit {
    use super::*;

    #[tokio::test]
    async fn a_change_is_a_version_and_the_same_again_is_none() {
        let world = World::new().await;
        let admin = world.admin().await;
        let (user, _) = world.user("mina", UserType::Member, []).await;
        let path = path_of(&user);
        world.clock.advance(Duration::from_secs(1));
        let renamed = admin.with("if-match", "\"1\"").patch(&path, &json!({"username": "Jin"})).await;
        assert_eq!((renamed.is(200).header("etag"), &renamed.body["version"]), ("\"2\"", &json!(2)));
        assert_eq!(
            (&renamed.body["updated_at"], &renamed.body["created_at"]),
            (&json!("2026-11-20T12:00:01.000Z"), &json!(DAWN))
        );
        let stale = admin.with("if-match", "\"1\"");
        stale.patch(&path, &json!({"username": "Zoe"})).await.is_problem(Code::VersionConflict);
        for route in ["", "/totp", "/email", "/sessions"] {
            stale.delete(&format!("{path}{route}")).await.is_problem(Code::VersionConflict);
        }
        world.clock.advance(Duration::from_secs(1));
        for same in
            [json!({"username": "Jin"}), json!({}), json!({"type": "member", "status": "enabled", "email": null})]
        {
            assert_eq!(admin.patch(&path, &same).await.is(200).body, renamed.body, "{same}");
        }
        assert_eq!(audit_of(&world, &json!(user.user_id)).await.len(), 1);
        admin.with("if-match", "\"2\"").delete(&path).await.is(204);
    }

    #[tokio::test]
    async fn null_clears_the_address_and_nothing_else() {
        let world = World::new().await;
        let admin = world.admin().await;
        let user = proved(&world, "mina", UserType::Member, "mina@example.com").await;
        let refused = admin.patch(&path_of(&user), &json!({"username": null, "type": null, "status": null})).await;
        let required = ["username", "type", "status"].map(|field| json!([format!("/{field}"), "required"]));
        assert_eq!(refused.is_problem(Code::ValidationFailed).violations(), required);
        let cleared = admin.patch(&path_of(&user), &json!({"email": null})).await;
        assert_eq!((&cleared.is(200).body["email"], &cleared.body["email_verified"]), (&json!(null), &json!(false)));
    }

    /// E2.
    #[tokio::test]
    async fn what_the_server_sets_is_refused_wherever_it_is_sent() {
        let world = World::new().await;
        let admin = world.admin().await;
        let (user, client) = world.user("mina", UserType::Member, []).await;
        world.with_password(&user).await;
        let server_set = [
            ("user_id", json!(user.user_id)),
            ("id", json!(1)),
            ("email_verified", json!(true)),
            ("totp_enabled", json!(false)),
            ("password_change_required", json!(false)),
            ("version", json!(7)),
            ("epoch", json!(0)),
            ("teams", json!([])),
            ("created_at", json!(DAWN)),
            ("updated_at", json!(DAWN)),
            ("last_login_at", json!(DAWN)),
            ("language", json!("ko")),
        ];
        let more_of_oneself =
            [("type", json!("super_admin")), ("status", json!("enabled")), ("email", json!("x@example.com"))];
        let path = path_of(&user);
        let new = json!({"username": "Jin", "login": "jin", "type": "member", "generate_password": true});
        let own_password =
            json!({"current_password": PASSWORD, "password": OTHER_PASSWORD, "password_confirmation": OTHER_PASSWORD});
        let before = stored(&world, &user).await;
        for (field, value) in &server_set {
            let requests: [(&Client, Method, &str, &Value); 9] = [
                (&admin, Method::POST, "/v1/users", &new),
                (&admin, Method::PATCH, &path, &json!({"username": "Jin"})),
                (&admin, Method::POST, &format!("{path}/password"), &json!({"generate_password": true})),
                (&client, Method::PATCH, "/v1/me", &json!({"username": "Jin"})),
                (&client, Method::POST, "/v1/me/password", &own_password),
                (&client, Method::POST, "/v1/me/totp", &json!({"current_password": PASSWORD})),
                (&client, Method::DELETE, "/v1/me/email", &json!({"current_password": PASSWORD})),
                (&client, Method::POST, "/v1/me/email/confirm", &json!({"code": "00000000"})),
                (&client, Method::POST, "/v1/me/totp/confirm", &json!({"code": "000000"})),
            ];
            for (client, method, path, body) in requests {
                let mut body = body.clone();
                body[*field] = value.clone();
                let refused = client.send(method, path, Some(body.to_string())).await;
                refused.is_problem(Code::UnknownField);
                assert_eq!(refused.violations(), [json!([format!("/{field}"), "unknown_field"])], "{path}");
            }
        }
        for (field, value) in more_of_oneself {
            let refused = client.patch("/v1/me", &json!({"username": "Jin", field: value})).await;
            refused.is_problem(Code::UnknownField);
            assert_eq!(refused.violations(), [json!([format!("/{field}"), "unknown_field"])]);
        }
        for (client, path) in [(&admin, path.as_str()), (&client, "/v1/me")] {
            let refused = client.patch(path, &json!({"login": "jin"})).await;
            assert_eq!(refused.is_problem(Code::ImmutableField).violations(), [json!(["/login", "immutable_field"])]);
        }
        assert_eq!(stored(&world, &user).await, before);
        assert_eq!(world.audit().await, Vec::<Value>::new());
    }

    /// E3.
    #[tokio::test]
    async fn lower_ranks_do_nothing_to_higher_ones() {
        let world = World::new().await;
        let (boss, _) = world.user("boss", UserType::SuperAdmin, []).await;
        let (peer, _) = world.user("peer", UserType::PlatformAdmin, []).await;
        let (_, platform) = world.user("platform", UserType::PlatformAdmin, []).await;
        let member = world.member("member", []).await;
        for target in [&boss, &peer] {
            let path = path_of(target);
            for patch in [json!({}), json!({"username": "x"}), json!({"surprise": 1})] {
                platform.patch(&path, &patch).await.is_problem(Code::Forbidden);
                member.patch(&path, &patch).await.is_problem(Code::NotFound);
            }
            for route in ["", "/totp", "/email", "/sessions"] {
                platform.delete(&format!("{path}{route}")).await.is_problem(Code::Forbidden);
                member.delete(&format!("{path}{route}")).await.is_problem(Code::NotFound);
            }
            platform
                .post(&format!("{path}/password"), &json!({"generate_password": true}))
                .await
                .is_problem(Code::Forbidden);
            assert_eq!(stored(&world, target).await.as_ref(), Some(target));
        }
        let new = json!({"username": "New", "login": "new", "type": "super_admin", "generate_password": true});
        platform.post("/v1/users", &new).await.is_problem(Code::Forbidden);
        let one_of_two = json!({"type": "super_admin", "username": "Member"});
        let (target, _) = world.user("target", UserType::Member, []).await;
        platform.patch(&path_of(&target), &one_of_two).await.is_problem(Code::Forbidden);
        assert_eq!(stored(&world, &target).await, Some(target));
        assert_eq!(super_admins_agree(&world).await, 1);
    }

    #[tokio::test]
    async fn who_becomes_an_admin_leaves_all_teams() {
        let world = World::new().await;
        let admin = world.admin().await;
        let team = world.team("Team").await;
        for (login, user_type) in [("mina", "platform_admin"), ("jin", "super_admin")] {
            let (user, _) = world.user(login, UserType::Member, [(team, "admin")]).await;
            assert_eq!(admin.get(&path_of(&user)).await.body["teams"][0]["name"], "Team");
            let promoted = admin.patch(&path_of(&user), &json!({"type": user_type})).await;
            assert_eq!((&promoted.is(200).body["teams"], &promoted.body["type"]), (&json!([]), &json!(user_type)));
            let back = admin.patch(&path_of(&user), &json!({"type": "member"})).await;
            assert_eq!(back.is(200).body["teams"], json!([]), "and does not come back by itself");
        }
        assert_eq!(admin.get(&format!("/v1/users?team_id={team}")).await.body["items"], json!([]));
    }
}

mod deletion {
    use super::*;

    #[tokio::test]
    async fn a_deleted_user_frees_its_login_and_address_and_what_its_team_has_stays() {
        let world = World::new().await;
        let admin = world.admin().await;
        let team = world.team("Team").await;
        let email = Email::parse("mina@example.com").unwrap();
        let mina = world
            .user_as("mina", UserType::Member, |user| {
                (user.email, user.email_verified) = (Some(email), true);
                user.teams = [(team, "admin".to_owned())].into();
            })
            .await;
        let client = world.signed_in(&mina).await;
        let app = client.post("/v1/apps", &json!({"name": "App", "team_id": team.to_string()})).await;
        let app = app.is(201).header("location").to_owned();
        client.post(&format!("{app}/accounts"), &json!({"user_id": "a", "type": "general"})).await.is(201);

        admin.delete(&path_of(&mina)).await.is(204);
        client.get("/v1/me").await.is_problem(Code::Unauthenticated);
        admin.get(&path_of(&mina)).await.is_problem(Code::NotFound);
        admin.delete(&path_of(&mina)).await.is_problem(Code::NotFound);
        assert_eq!(admin.get("/v1/users?q=mina").await.body["items"], json!([]));
        admin.get(&app).await.is(200);
        admin.get(&format!("{app}/accounts/a")).await.is(200);
        for kind in ["LOGIN#mina", "EMAIL#mina@example.com"] {
            assert!(world.dump().await.iter().all(|item| item["pk"] != kind), "{kind}");
        }

        let again = json!({"username": "Mina", "login": "MINA", "type": "member", "password": OTHER_PASSWORD});
        let created = admin.post("/v1/users", &again).await;
        assert_ne!(created.is(201).body["user"]["user_id"], json!(mina.user_id));
        client.get("/v1/me").await.is_problem(Code::Unauthenticated);
        let started = world.stranger().post("/v1/registrations", &json!({"email": "mina@example.com"})).await;
        let registration = started.body["registration_id"].as_str().unwrap().to_owned();
        let code = world.code(&registration, Purpose::Registration).await;
        let complete = json!({"code": code, "username": "Owner", "login": "owner", "password": PASSWORD, "password_confirmation": PASSWORD});
        world.stranger().post(&format!("/v1/registrations/{registration}/complete"), &complete).await.is(201);
    }

    #[tokio::test]
    async fn whoever_was_created_by_somebody_outlives_them() {
        let world = World::new().await;
        let admin = world.admin().await;
        let (maker, client) = world.user("maker", UserType::PlatformAdmin, []).await;
        let body = json!({"username": "Made", "login": "made", "type": "platform_admin", "password": PASSWORD});
        let made = client.post("/v1/users", &body).await;
        admin.delete(&path_of(&maker)).await.is(204);
        admin.get(made.header("location")).await.is(200);
        world.stranger().sign_in("made").await.get("/v1/me").await.is(200);
        let records = audit_of(&world, &made.body["user"]["user_id"]).await;
        assert_eq!(records[0]["actor"], json!({"user_id": maker.user_id, "login": "maker"}));
    }
}

mod audit {
    use super::*;

    #[tokio::test]
    async fn every_change_is_recorded_with_who_whence_and_what_and_no_secret() {
        let world = World::new().await;
        let (boss, client) = world.user("boss", UserType::SuperAdmin, []).await;
        let client = client.at("192.0.2.7");
        let body = json!({"username": "Mina", "login": "mina", "type": "member", "email": "mina@example.com", "password": PASSWORD});
        let mut ids = Vec::new();
        let mut moments = vec![world.now()];
        let created = client.post("/v1/users", &body).await;
        ids.push(created.is(201).header("x-request-id").to_owned());
        let user_id = created.body["user"]["user_id"].clone();
        let path = created.header("location").to_owned();
        let steps: [(Method, &str, Value); 8] = [
            (Method::PATCH, "", json!({"username": "Jin", "type": "platform_admin"})),
            (Method::PATCH, "", json!({"status": "disabled"})),
            (Method::PATCH, "", json!({"status": "enabled", "email": "jin@example.com"})),
            (Method::POST, "/password", json!({"password": OTHER_PASSWORD})),
            (Method::POST, "/password", json!({"generate_password": true})),
            (Method::DELETE, "/email", Value::Null),
            (Method::DELETE, "/sessions", Value::Null),
            (Method::DELETE, "", Value::Null),
        ];
        let mut generated = String::new();
        for (method, route, body) in steps {
            world.clock.advance(Duration::from_millis(1));
            moments.push(world.now());
            let body = Some(body).filter(|body| !body.is_null()).map(|body| body.to_string());
            let reply = client.send(method, &format!("{path}{route}"), body).await;
            assert!(reply.status < 300, "{reply:?}");
            if let Some(password) = reply.body["generated_password"].as_str() {
                password.clone_into(&mut generated);
            }
            ids.push(reply.header("x-request-id").to_owned());
        }
        let records = audit_of(&world, &user_id).await;
        let told: Vec<_> = records.iter().map(|r| json!([r["action"], r["before"], r["after"]])).collect();
        let first = json!({
            "user_id": user_id, "username": "Mina", "login": "mina", "type": "member", "status": "enabled",
            "email": "mina@example.com", "email_verified": false, "totp_enabled": false,
            "password_change_required": true, "created_at": DAWN,
        });
        let mut last = first.clone();
        (last["username"], last["type"]) = (json!("Jin"), json!("platform_admin"));
        last.as_object_mut().unwrap().remove("email");
        let shown = |record: &Value| {
            let mut record = record.clone();
            for state in [1, 2] {
                if let Some(fields) = record[state].as_object_mut() {
                    fields.retain(|_, value| !value.is_null());
                }
            }
            record
        };
        assert_eq!(
            told.iter().map(shown).collect::<Vec<_>>(),
            [
                json!(["user.create", null, first]),
                json!(["user.edit", {"username": "Mina", "type": "member"}, {"username": "Jin", "type": "platform_admin"}]),
                json!(["user.edit", {"status": "enabled"}, {"status": "disabled"}]),
                json!(["user.edit", {"status": "disabled", "email": "mina@example.com"}, {"status": "enabled", "email": "jin@example.com"}]),
                json!(["user.set_password", {}, {}]),
                json!(["user.set_password", {}, {}]),
                json!(["user.unbind_email", {"email": "jin@example.com"}, {}]),
                json!(["user.end_sessions", {}, {}]),
                json!(["user.delete", last, null]),
            ]
        );
        for ((record, id), moment) in records.iter().zip(ids).zip(moments) {
            assert_eq!(record["request_id"], json!(id));
            assert_eq!(record["actor"], json!({"user_id": boss.user_id, "login": "boss"}));
            assert_eq!(
                (&record["address"], &record["at"], &record["team_id"]),
                (&json!("192.0.2.7"), &json!(moment), &json!(null))
            );
        }
        let text = json!(records).to_string();
        for secret in [PASSWORD, OTHER_PASSWORD, &generated, "argon2"] {
            assert!(!text.contains(secret), "{secret}");
        }
    }
}

mod recovery {
    use super::*;

    #[tokio::test]
    async fn a_password_that_an_admin_sets_is_good_for_its_user_and_must_be_changed() {
        let world = World::new().await;
        let admin = world.admin().await;
        let (user, old) = world.user("mina", UserType::Member, []).await;
        let reset = format!("{}/password", path_of(&user));
        for (body, violations) in [
            (json!({}), [json!(["/password", "required"])]),
            (json!({"password": null}), [json!(["/password", "required"])]),
            (json!({"password": "x"}), [json!(["/password", "too_short"])]),
            (json!({"password": "mina tq7 vXk 2pLw"}), [json!(["/password", "weak_password"])]),
            (json!({"password": PASSWORD, "generate_password": true}), [json!(["/generate_password", "not_allowed"])]),
            (json!({"generate_password": false}), [json!(["/password", "required"])]),
        ] {
            let refused = admin.post(&reset, &body).await;
            assert_eq!(refused.is_problem(Code::ValidationFailed).violations(), violations, "{body}");
        }
        old.get("/v1/me").await.is(200);
        assert_eq!(admin.post(&reset, &json!({"password": PASSWORD})).await.is(200).body, json!({}));
        old.get("/v1/me").await.is_problem(Code::Unauthenticated);
        let signed_in = world.stranger().sign_in("mina").await;
        signed_in.patch("/v1/me", &json!({"username": "Jin"})).await.is_problem(Code::PasswordChangeRequired);
        let generated = admin.post(&reset, &json!({"generate_password": true})).await;
        assert_eq!(generated.is(200).body["generated_password"].as_str().unwrap().len(), 26);
        signed_in.get("/v1/me").await.is_problem(Code::Unauthenticated);
        let old_password = json!({"login": "mina", "password": PASSWORD});
        world.stranger().post("/v1/login", &old_password).await.is_problem(Code::InvalidCredentials);
    }

    /// K7.
    #[tokio::test(flavor = "multi_thread")]
    async fn a_double_submit_creates_one_user_and_tells_one_password() {
        let world = World::new().await;
        let admin = world.admin().await;
        world.faults.conflicts_like_dynamodb(true);
        let keyed = admin.with("idempotency-key", "k");
        let body = json!({"username": "Mina", "login": "mina", "type": "member", "generate_password": true});
        let sent = (0..6).map(|_| tokio::spawn(keyed.send_owned(Method::POST, "/v1/users", body.to_string())));
        let mut replies = Vec::new();
        for reply in join_all(sent).await {
            let reply = reply.unwrap();
            if reply.status == 201 {
                replies.push(reply.bytes);
            } else {
                reply.is_problem(Code::IdempotencyInProgress);
            }
        }
        let again = keyed.post("/v1/users", &body).await;
        assert_eq!(again.is(201).header("idempotency-replayed"), "true");
        assert!(replies.iter().all(|reply| *reply == again.bytes) && !replies.is_empty());
        assert_eq!(world.audit().await.len(), 1);
        let path = again.header("location").to_owned();

        let reset = format!("{path}/password");
        let first = keyed.post(&reset, &json!({"generate_password": true})).await;
        let second = keyed.post(&reset, &json!({"generate_password": true})).await;
        assert_eq!(first.is(200).bytes, second.is(200).bytes);
        assert_eq!(second.header("idempotency-replayed"), "true");
        let other = admin.with("idempotency-key", "l").post(&reset, &json!({"generate_password": true})).await;
        assert_ne!(other.is(200).body, first.body);
        keyed.post(&reset, &json!({"password": PASSWORD})).await.is_problem(Code::IdempotencyMismatch);
    }
}

mod races {
    use super::*;

    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    enum Removal {
        Delete,
        Disable,
        Demote,
    }

    const REMOVALS: [Removal; 3] = [Removal::Delete, Removal::Disable, Removal::Demote];

    async fn remove(client: &Client, path: &str, removal: Removal) -> Reply {
        match removal {
            Removal::Delete => client.delete(path).await,
            Removal::Disable => client.patch(path, &json!({"status": "disabled"})).await,
            Removal::Demote => client.patch(path, &json!({"type": "member"})).await,
        }
    }

    /// E4: every way against every other, many times.
    #[tokio::test(flavor = "multi_thread")]
    async fn of_two_super_admins_who_remove_each_other_one_is_left() {
        for round in 0..4 {
            for one in REMOVALS {
                for other in REMOVALS {
                    let world = World::new().await;
                    world.faults.conflicts_like_dynamodb(round % 2 == 0);
                    let (left, left_client) = world.user("left", UserType::SuperAdmin, []).await;
                    let (right, right_client) = world.user("right", UserType::SuperAdmin, []).await;
                    world.user("unrelated", UserType::PlatformAdmin, []).await;
                    let (left, right) = (path_of(&left), path_of(&right));
                    let first = tokio::spawn(async move { remove(&left_client, &right, one).await });
                    let second = tokio::spawn(async move { remove(&right_client, &left, other).await });
                    let replies = [first.await.unwrap(), second.await.unwrap()];
                    let done = replies.iter().filter(|reply| reply.status < 300).count();
                    assert_eq!(done, 1, "{one:?} against {other:?}: {replies:?}");
                    for refused in replies.iter().filter(|reply| reply.status >= 300) {
                        let code = if refused.status == 409 { Code::LastSuperAdmin } else { Code::Unauthenticated };
                        refused.is_problem(code);
                    }
                    assert_eq!(super_admins_agree(&world).await, 1, "{one:?} against {other:?}");
                }
            }
        }
    }

    /// A small generator of its own, so that a failure names its seed and comes again.
    struct Dice(u64);

    impl Dice {
        fn roll(&mut self, sides: usize) -> usize {
            self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            usize::try_from(self.0 >> 33).unwrap() % sides
        }
    }

    /// K5, for super admins.
    #[tokio::test(flavor = "multi_thread")]
    async fn whatever_super_admins_do_in_parallel_one_is_left_and_the_set_is_the_items() {
        for seed in 0..8 {
            let world = World::new().await;
            world.faults.conflicts_like_dynamodb(seed % 2 == 0);
            let mut people = Vec::new();
            for number in 0..4 {
                people.push(world.user(&format!("boss{number}"), UserType::SuperAdmin, []).await);
            }
            let mut dice = Dice(seed);
            for _ in 0..6 {
                let mut sent = Vec::new();
                for (own, client) in &people {
                    let (target, _) = &people[dice.roll(people.len())];
                    let (path, kind) = (path_of(target), dice.roll(8));
                    if target.user_id == own.user_id {
                        continue;
                    }
                    let client = client.clone();
                    sent.push(tokio::spawn(async move {
                        match kind {
                            0 => client.delete(&path).await,
                            1 | 2 => client.patch(&path, &json!({"status": "disabled"})).await,
                            3 => client.patch(&path, &json!({"type": "platform_admin"})).await,
                            4 | 5 => client.patch(&path, &json!({"status": "enabled", "type": "super_admin"})).await,
                            6 => client.patch(&path, &json!({"username": "renamed"})).await,
                            _ => client.delete(&format!("{path}/sessions")).await,
                        }
                    }));
                }
                for reply in join_all(sent).await {
                    let reply = reply.unwrap();
                    assert!(matches!(reply.status, 200 | 204 | 401 | 403 | 404 | 409), "seed {seed}: {reply:?}");
                }
                super_admins_agree(&world).await;
                // Whoever was signed out comes back, as long as there is somebody to come back.
                for (user, client) in &mut people {
                    if let Some(now) = stored(&world, user).await {
                        *client = world.signed_in(&now).await;
                    }
                }
            }
        }
    }

    /// Every way in which a super admin stops being one is refused to the last, whoever asks.
    #[tokio::test]
    async fn the_last_super_admin_stays_by_every_path() {
        let world = World::new().await;
        let (boss, client) = world.user("boss", UserType::SuperAdmin, []).await;
        let (other, _) = world.user("other", UserType::SuperAdmin, []).await;
        let (_, platform) = world.user("platform", UserType::PlatformAdmin, []).await;
        client.patch(&path_of(&other), &json!({"status": "disabled"})).await.is(200);
        for removal in REMOVALS {
            remove(&client, &path_of(&boss), removal).await.is_problem(Code::UseOwnRoute);
            remove(&platform, &path_of(&boss), removal).await.is_problem(Code::Forbidden);
        }
        let edited =
            |patch: Value| change(&boss, &boss.clone().edited(Fields::of(patch), world.now()).unwrap(), Proof::Kept);
        for commit in [
            delete(&boss).unwrap(),
            edited(json!({"status": "disabled"})).unwrap(),
            edited(json!({"type": "platform_admin"})).unwrap(),
            edited(json!({"type": "member", "status": "disabled"})).unwrap(),
        ] {
            let refused = world.unfaulted().commit(commit).await;
            assert!(
                matches!(&refused, Err(CommitError::Refused(refused)) if refused.code() == Code::LastSuperAdmin),
                "{refused:?}"
            );
        }
        // A disabled one is no super admin to be left: deleting and demoting it takes nothing away.
        client.patch(&path_of(&other), &json!({"type": "member"})).await.is(200);
        client.delete(&path_of(&other)).await.is(204);
        assert_eq!(super_admins_agree(&world).await, 1);
        client.get("/v1/me").await.is(200);
    }

    type Request = (&'static str, fn(&Scene) -> BoxFuture<'_, Reply>);

    /// Somebody about to lose their rights, and everything they are about to do.
    struct Scene {
        world: Arc<World>,
        boss: Client,
        hash: PasswordHash,
        number: usize,
        actor: User,
        client: Client,
        target: User,
        app: String,
        code: String,
    }

    impl Scene {
        async fn new() -> Self {
            let world = World::new().await;
            let boss = world.admin().await;
            let hash = rollcall_api::password::hash(&world.context, Password::new(PASSWORD)).await.unwrap();
            Self::cast(Arc::new(world), boss, hash, 0).await
        }

        /// The same world with people of its own.
        async fn again(&self) -> Self {
            self.world.clock.advance(Duration::from_secs(61));
            Self::cast(Arc::clone(&self.world), self.boss.clone(), self.hash.clone(), self.number + 1).await
        }

        async fn cast(world: Arc<World>, boss: Client, hash: PasswordHash, number: usize) -> Self {
            let email = |name: &str| format!("{name}{number}@example.com");
            let actor = proved(&world, &format!("actor{number}"), UserType::SuperAdmin, &email("actor")).await;
            world.unfaulted().commit(change(&actor, &actor, Proof::Password(&hash)).unwrap()).await.unwrap();
            let client = world.signed_in(&actor).await.with("idempotency-key", "once");
            let target = proved(&world, &format!("target{number}"), UserType::Member, &email("target")).await;
            let app = format!("/v1/apps/{}/deletion-lock", world.app(&boss, "App").await);
            let drawn = rollcall_api::mailed_code::draw(&world.context).await.unwrap();
            let code = rollcall_api::mailed_code::digits(&world.context, &drawn).await.unwrap();
            let (flow_id, new) = (email_change_of(actor.user_id), Email::parse(&email("new")).unwrap());
            let purpose = Purpose::EmailChange;
            let flow = Verification::begin(flow_id, purpose, new, Some(actor.user_id), drawn, world.now());
            let begun = Commit::new([rollcall_store::flow::verify(None, &flow).unwrap()]);
            world.unfaulted().commit(begun).await.unwrap();
            Self { world, boss, hash, number, actor, client, target, app, code }
        }

        /// What must not change, but for what ends the actor's rights.
        async fn rest(&self) -> Vec<Value> {
            let own = self.actor.user_id.to_string();
            let mut items = self.world.dump().await;
            items.retain(|item| {
                let (pk, sk) = (item["pk"].as_str().unwrap(), item["sk"].as_str().unwrap());
                let is_own = pk == format!("USER#{own}")
                    || pk == format!("LOGIN#actor{}", self.number)
                    || pk == "PLATFORM"
                    || pk == format!("EMAIL#actor{}@example.com", self.number);
                let is_record_of_own = pk.starts_with("AUDIT#")
                    && item["target"]["id"] == json!(own)
                    && item["actor"]["user_id"] != json!(own);
                !is_own && !is_record_of_own && !pk.starts_with("SESSIONS#") && sk != "LANE"
            });
            // A try that was counted before the end came is counted.
            for item in &mut items {
                item.as_object_mut().unwrap().remove("tries");
            }
            items.sort_by_key(ToString::to_string);
            items
        }
    }

    const REQUESTS: [Request; 15] = [
        ("create", |s| {
            let login = format!("new{}", s.number);
            let body = json!({"username": "New", "login": login, "type": "super_admin", "generate_password": true});
            Box::pin(async move { s.client.post("/v1/users", &body).await })
        }),
        ("edit", |s| Box::pin(async { s.client.patch(&path_of(&s.target), &json!({"type": "super_admin"})).await })),
        ("delete", |s| Box::pin(async { s.client.delete(&path_of(&s.target)).await })),
        ("reset a password", |s| {
            let body = json!({"password": OTHER_PASSWORD});
            Box::pin(async move { s.client.post(&format!("{}/password", path_of(&s.target)), &body).await })
        }),
        ("unbind an email", |s| Box::pin(async { s.client.delete(&format!("{}/email", path_of(&s.target))).await })),
        ("end sessions", |s| Box::pin(async { s.client.delete(&format!("{}/sessions", path_of(&s.target))).await })),
        ("lift the lock", |s| {
            let body = json!({"locked": false, "risks_acknowledged": true});
            Box::pin(async move { s.client.put(&s.app, &body).await })
        }),
        ("create an app", |s| Box::pin(async { s.client.post("/v1/apps", &json!({"name": "Second"})).await })),
        ("delete an app", |s| Box::pin(async { s.client.delete(s.app.strip_suffix("/deletion-lock").unwrap()).await })),
        ("rename oneself", |s| Box::pin(async { s.client.patch("/v1/me", &json!({"username": "Other"})).await })),
        ("change one's password", |s| {
            let body = json!({"current_password": PASSWORD, "password": OTHER_PASSWORD, "password_confirmation": OTHER_PASSWORD});
            Box::pin(async move { s.client.post("/v1/me/password", &body).await })
        }),
        ("ask for an email", |s| {
            let email = format!("third{}@example.com", s.number);
            let body = json!({"current_password": PASSWORD, "email": email});
            Box::pin(async move { s.client.post("/v1/me/email", &body).await })
        }),
        ("prove an email", |s| {
            Box::pin(async { s.client.post("/v1/me/email/confirm", &json!({"code": s.code})).await })
        }),
        ("unbind one's email", |s| {
            let body = json!({"current_password": PASSWORD}).to_string();
            Box::pin(async move { s.client.send(Method::DELETE, "/v1/me/email", Some(body)).await })
        }),
        ("begin two-factor", |s| {
            Box::pin(async { s.client.post("/v1/me/totp", &json!({"current_password": PASSWORD})).await })
        }),
    ];

    /// How many items of each kind there are, and how often users and applications were changed.
    async fn shape(world: &World) -> BTreeMap<String, i64> {
        let mut shape = BTreeMap::new();
        for item in world.dump().await {
            let (pk, sk) = (item["pk"].as_str().unwrap(), item["sk"].as_str().unwrap());
            let kind = match pk.split('#').next().unwrap() {
                // A try is counted whatever comes of it.
                "LANE" => continue,
                "AUDIT" => item["action"].to_string(),
                kind => format!("{kind} {}", if kind == "SESSIONS" { "" } else { sk }),
            };
            *shape.entry(kind.clone()).or_default() += 1;
            for count in ["version", "epoch"] {
                *shape.entry(format!("{kind} {count}")).or_default() += item[count].as_i64().unwrap_or_default();
            }
        }
        shape
    }

    fn difference(before: &BTreeMap<String, i64>, after: &BTreeMap<String, i64>) -> BTreeMap<String, i64> {
        let count = |shape: &BTreeMap<String, i64>, kind: &str| shape.get(kind).copied().unwrap_or_default();
        let kinds: BTreeSet<_> = before.keys().chain(after.keys()).cloned().collect();
        let changed = kinds.into_iter().map(|kind| (kind.clone(), count(after, &kind) - count(before, &kind)));
        changed.filter(|(_, change)| *change != 0).collect()
    }

    /// L1, L2: one fault at whichever call is survived; a lasting one leaves all of the change or nothing of it.
    #[rstest]
    #[tokio::test(start_paused = true)]
    async fn a_fault_anywhere_leaves_a_change_whole(
        #[values(Fault::Throttle, Fault::ServerError, Fault::Conflict, Fault::DropReply, Fault::Hang)] fault: Fault,
        #[values(0, 1, 2, 3, 4)] fifth: usize,
    ) {
        for (name, request) in REQUESTS.into_iter().skip(fifth).step_by(5) {
            let mut scene = Scene::new().await;
            let before = shape(&scene.world).await;
            scene.world.faults.arm(fault, FOREVER, 0);
            let well = request(&scene).await;
            let calls = scene.world.faults.calls();
            let whole = difference(&before, &shape(&scene.world).await);
            assert!(well.status < 300 && !whole.is_empty(), "{name}: {well:?}");
            for (call, times) in (0..calls).flat_map(|call| [(call, 1), (call, FOREVER)]) {
                scene = scene.again().await;
                let before = shape(&scene.world).await;
                scene.world.faults.arm(fault, call, times);
                let reply = request(&scene).await;
                scene.world.faults.disarm();
                let place = format!("{name}, {fault:?} at call {call}, {times} times: {reply:?}");
                let done = difference(&before, &shape(&scene.world).await);
                if times == 1 {
                    assert_eq!(reply.status, well.status, "{place}");
                }
                if reply.status == well.status {
                    assert_eq!(done, whole, "{place}");
                } else {
                    reply.is_problem(Code::Unavailable);
                    assert!(done.is_empty() || done == whole, "{place}: {done:?}");
                }
                super_admins_agree(&scene.world).await;
            }
        }
    }

    /// E5: whichever of its calls a request is at when its sender is deleted, disabled or demoted, it changes nothing.
    async fn refused_after(removal: Removal, (name, request): Request) {
        let mut scene = Scene::new().await;
        scene.world.faults.arm(Fault::Hang, FOREVER, 0);
        let reply = request(&scene).await;
        assert!(reply.status < 300, "{name}: {reply:?}");
        let calls = scene.world.faults.calls();
        // The first call reads who asks.
        for call in 1..calls {
            scene = scene.again().await;
            let before = scene.rest().await;
            scene.world.faults.arm(Fault::Hang, call, 1);
            let removing = async {
                tokio::time::sleep(Duration::from_millis(500)).await;
                remove(&scene.boss, &path_of(&scene.actor), removal).await
            };
            let (reply, removed) = tokio::join!(request(&scene), removing);
            assert!(removed.status < 300, "{removed:?}");
            let place = format!("{name}, {removal:?} at call {call} of {calls}");
            assert!((400..500).contains(&reply.status), "{place}: {reply:?}");
            assert_eq!(scene.rest().await, before, "{place}");
            if let Some(user) = stored(&scene.world, &scene.actor).await {
                assert_eq!((&user.username, &user.email), (&scene.actor.username, &scene.actor.email), "{place}");
            }
            super_admins_agree(&scene.world).await;
        }
    }

    #[rstest]
    #[tokio::test(start_paused = true)]
    async fn a_request_of_somebody_who_loses_their_rights_meanwhile_changes_nothing(
        #[values(Removal::Delete, Removal::Disable, Removal::Demote)] removal: Removal,
        #[values(0, 1, 2)] third: usize,
    ) {
        for request in REQUESTS.into_iter().skip(third).step_by(3) {
            refused_after(removal, request).await;
        }
    }

    /// E5, in the store: the guard itself.
    #[tokio::test]
    async fn whoever_was_changed_since_is_not_entitled_any_more() {
        let world = World::new().await;
        world.admin().await;
        let (actor, _) = world.user("actor", UserType::PlatformAdmin, []).await;
        let check = |actor: &User| Commit::new([still_entitled(actor)]);
        world.unfaulted().commit(check(&actor)).await.unwrap();
        let (target, _) = world.user("renamed", UserType::Member, []).await;
        let renamed = target.clone().renamed(Fields::of(json!({"username": "Other"})), world.now()).unwrap();
        world.unfaulted().commit(change(&target, &renamed, Proof::Kept).unwrap()).await.unwrap();
        world.unfaulted().commit(check(&target)).await.unwrap();
        for after in [
            actor.clone().edited(Fields::of(json!({"type": "member"})), world.now()).unwrap(),
            actor.clone().edited(Fields::of(json!({"status": "disabled"})), world.now()).unwrap(),
            actor.clone().signed_out_everywhere(),
        ] {
            world.unfaulted().commit(change(&actor, &after, Proof::Kept).unwrap()).await.unwrap();
            let refused = world.unfaulted().commit(check(&actor)).await;
            assert!(matches!(&refused, Err(CommitError::Refused(refused)) if refused.code() == Code::Unauthenticated));
            let back = User { epoch: actor.epoch, version: after.version, ..actor.clone() };
            world
                .unfaulted()
                .commit(change(&after, &User { version: actor.version, ..back }, Proof::Kept).unwrap())
                .await
                .unwrap();
        }
        world.unfaulted().commit(delete(&actor).unwrap()).await.unwrap();
        assert!(world.unfaulted().commit(check(&actor)).await.is_err());
    }
}
