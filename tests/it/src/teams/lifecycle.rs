//! Creating, renaming and deleting teams.

use rollcall_domain::permission::UserType;

use super::*;
use crate::support::START;

#[tokio::test]
async fn a_team_is_created_read_renamed_and_deleted() {
    let world = World::new().await;
    let admin = world.admin().await;
    let (mina, _) = world.user("mina", UserType::Member, []).await;
    world.team("Unrelated").await;
    let body = json!({"name": "  Northwind ", "admin_user_id": mina.user_id});
    let created = admin.post("/v1/teams", &body).await;
    let id = created.is(201).body["team_id"].clone();
    let path = created.header("location").to_owned();
    assert_eq!((path.clone(), created.header("etag")), (format!("/v1/teams/{}", id.as_str().unwrap()), "\"1\""));
    let team = json!({
        "team_id": id, "name": "Northwind", "admins": [{"user_id": mina.user_id, "username": "mina"}],
        "created_at": START, "updated_at": START, "version": 1,
    });
    assert_eq!(created.body, team);
    let read = admin.get(&path).await;
    assert_eq!((&read.is(200).body, read.header("etag")), (&team, "\"1\""));

    world.clock.advance(Duration::from_millis(5));
    let renamed = admin.with("if-match", "\"1\"").patch(&path, &json!({"name": "Southwind"})).await;
    assert_eq!((renamed.is(200).body["version"].clone(), renamed.header("etag")), (json!(2), "\"2\""));
    assert_eq!(renamed.body["updated_at"], "2026-11-20T12:00:00.005Z");
    assert_eq!(renamed.body["created_at"], START);
    let same = admin.patch(&path, &json!({"name": "Southwind"})).await;
    assert_eq!(same.is(200).body, renamed.body, "the same name is no change");
    for (tag, code) in
        [("\"1\"", Code::VersionConflict), ("W/\"2\"", Code::VersionConflict), ("2", Code::InvalidIfMatch)]
    {
        admin.with("if-match", tag).patch(&path, &json!({"name": "Westwind"})).await.is_problem(code);
        admin.with("if-match", tag).delete(&path).await.is_problem(code);
    }
    admin.with("if-match", "*").patch(&path, &json!({"name": "Westwind"})).await.is(200);
    admin.with("if-match", "\"3\"").delete(&path).await.is(204);
    admin.get(&path).await.is_problem(Code::NotFound);
    admin.delete(&path).await.is_problem(Code::NotFound);
    admin.patch(&path, &json!({"name": "Ghost"})).await.is_problem(Code::NotFound);
}

#[tokio::test]
async fn a_team_name_is_unique_whatever_its_case_and_unicode_form() {
    let world = World::new().await;
    let admin = world.admin().await;
    let create = async |name: &str| admin.post("/v1/teams", &json!({"name": name})).await;
    let first = create("Équipe Straße").await;
    let path = first.is(201).header("location").to_owned();
    for same in ["Équipe Straße", " équipe straße\t", "E\u{301}QUIPE STRAße", "e\u{301}quipe STRASSE"] {
        create(same).await.is_problem(Code::TeamNameTaken);
    }
    // Similar names are different names: another spelling, another alphabet, two spaces.
    for other in ["Équipe Strase", "Equipe Straße", "Équipe Strа\u{df}e", "Équipe  Straße"] {
        create(other).await.is(201);
    }
    let second = create("Second").await.is(201).header("location").to_owned();
    admin.patch(&second, &json!({"name": "ÉQUIPE STRAßE"})).await.is_problem(Code::TeamNameTaken);
    assert_eq!(admin.get(&second).await.body["name"], "Second");
    // A team may change the case of its own name.
    admin.patch(&path, &json!({"name": "ÉQUIPE straße"})).await.is(200);
    // A name is free as soon as its team is renamed or deleted.
    admin.patch(&path, &json!({"name": "Third"})).await.is(200);
    admin.patch(&second, &json!({"name": "Équipe Straße"})).await.is(200);
    admin.delete(&path).await.is(204);
    create("THIRD").await.is(201);
    let markers = world.dump().await.iter().filter(|item| item["sk"] == "TEAMNAME").count();
    assert_eq!(markers, admin.get("/v1/teams?limit=100").await.body["items"].as_array().unwrap().len());
}

#[tokio::test]
async fn an_invalid_team_name_is_refused() {
    let world = World::new().await;
    let admin = world.admin().await;
    let path = admin.post("/v1/teams", &json!({"name": "Northwind"})).await.header("location").to_owned();
    let before = crate::support::everything(&world).await;
    for (name, code) in [
        (json!(""), "too_short"),
        (json!(" \t "), "too_short"),
        (json!("선".repeat(65)), "too_long"),
        (json!("a\nb"), "bad_format"),
        (json!("a\u{202e}b"), "bad_format"),
        (json!("a\u{0}b"), "bad_format"),
        (json!("a\u{85}b"), "bad_format"),
        (json!("a\u{1b}[31mb"), "bad_format"),
        (json!(7), "wrong_type"),
        (json!(["a"]), "wrong_type"),
        (json!(null), "required"),
    ] {
        let refused = admin.post("/v1/teams", &json!({"name": name})).await;
        assert_eq!(refused.is(422).violations(), [json!(["/name", code])], "{name}");
        let refused = admin.patch(&path, &json!({"name": name})).await;
        assert_eq!(refused.is(422).violations().len(), 1, "{name}: {refused:?}");
    }
    assert_eq!(crate::support::everything(&world).await, before);
    for name in ["선".repeat(64), "a".to_owned(), "<b>\"';--".to_owned(), "🏴\u{200d}☠\u{fe0f} ".to_owned()] {
        let created = admin.post("/v1/teams", &json!({"name": name})).await;
        assert_eq!(created.is(201).body["name"], json!(name.trim()));
    }
}

/// Fields that the server sets and unknown fields are refused together.
#[tokio::test]
async fn extra_fields_are_refused() {
    let world = World::new().await;
    let admin = world.admin().await;
    let path = admin.post("/v1/teams", &json!({"name": "Northwind"})).await.header("location").to_owned();
    let before = crate::support::everything(&world).await;
    let extra = [
        "team_id",
        "admins",
        "created_at",
        "updated_at",
        "version",
        "deleting_at",
        "members",
        "apps",
        "live",
        "roles",
        "pk",
        "__proto__",
    ];
    for field in extra {
        for (reply, place) in [
            (admin.post("/v1/teams", &json!({"name": "New", field: 1})).await, "create"),
            (admin.patch(&path, &json!({"name": "Other", field: 1})).await, "edit"),
        ] {
            assert_eq!(
                reply.is_problem(Code::UnknownField).violations(),
                [json!([format!("/{field}"), "unknown_field"])],
                "{place}"
            );
        }
    }
    let refused = admin.post("/v1/teams", &json!({"name": "", "admin_user_id": "x", "version": 1})).await;
    let mut violations = refused.is_problem(Code::UnknownField).violations();
    violations.sort_by_key(ToString::to_string);
    let expected =
        [json!(["/admin_user_id", "bad_format"]), json!(["/name", "too_short"]), json!(["/version", "unknown_field"])];
    assert_eq!(violations, expected);
    admin.patch(&path, &json!({"name": "Other", "admin_user_id": "x"})).await.is_problem(Code::UnknownField);
    assert_eq!(crate::support::everything(&world).await, before);
}

#[tokio::test]
async fn the_first_admin_is_an_existing_member() {
    let world = World::new().await;
    let admin = world.admin().await;
    let (platform, _) = world.user("platform", UserType::PlatformAdmin, []).await;
    let before = crate::support::everything(&world).await;
    let unknown = json!({"name": "Northwind", "admin_user_id": crate::support::UNKNOWN_ID});
    let refused = admin.post("/v1/teams", &unknown).await;
    assert_eq!(refused.is(422).violations(), [json!(["/admin_user_id", "unknown_reference"])]);
    let body = json!({"name": "Northwind", "admin_user_id": platform.user_id});
    admin.post("/v1/teams", &body).await.is_problem(Code::NotAMember);
    assert_eq!(crate::support::everything(&world).await, before);
    let without = admin.post("/v1/teams", &json!({"name": "Northwind", "admin_user_id": null})).await;
    assert_eq!(without.is(201).body["admins"], json!([]));
}

#[tokio::test]
async fn a_team_is_deleted_only_without_applications() {
    let world = World::new().await;
    let admin = world.admin().await;
    let team = world.team("Northwind").await;
    let path = format!("/v1/teams/{team}");
    let app = admin.post("/v1/apps", &json!({"name": "App", "team_id": team})).await;
    let app = app.is(201).header("location").to_owned();
    admin.delete(&path).await.is_problem(Code::TeamNotEmpty);
    admin.get(&path).await.is(200);
    admin.patch(&app, &json!({"team_id": null})).await.is(200);
    let second = admin.post("/v1/apps", &json!({"name": "App", "team_id": team})).await;
    admin.delete(&path).await.is_problem(Code::TeamNotEmpty);
    admin.delete(second.header("location")).await.is(204);
    admin.delete(&path).await.is(204);
    let refused = admin.post("/v1/apps", &json!({"name": "App", "team_id": team})).await;
    assert_eq!(refused.violations(), [json!(["/team_id", "unknown_reference"])]);
    let refused = admin.patch(&app, &json!({"team_id": team})).await;
    assert_eq!(refused.violations(), [json!(["/team_id", "unknown_reference"])]);
}

#[tokio::test]
async fn teams_are_listed_by_creation_and_pages_contain_all() {
    let world = World::new().await;
    let admin = world.admin().await;
    let mut all = Vec::new();
    for number in 0..7 {
        world.clock.advance(Duration::from_millis(1));
        all.push(json!(world.team(&format!("{}", 9 - number)).await));
    }
    let deleted = all.remove(3);
    admin.delete(&format!("/v1/teams/{}", deleted.as_str().unwrap())).await.is(204);
    for limit in [1, 2, 3, 5, 6, 7, 100] {
        let (mut found, mut pages, mut path) = (Vec::new(), 0, format!("/v1/teams?limit={limit}"));
        loop {
            let page = admin.get(&path).await;
            found.extend(page.is(200).body["items"].as_array().unwrap().iter().map(|team| team["team_id"].clone()));
            pages += 1;
            match page.body["next_cursor"].as_str() {
                None => break,
                Some(cursor) => path = format!("/v1/teams?limit={limit}&cursor={cursor}"),
            }
        }
        assert_eq!((&found, pages), (&all, all.len().div_ceil(limit)), "{limit}");
    }
    for query in ["limit=0", "limit=101", "limit=-1", "limit=2147483648", "team_id=x", "limit=1&limit=1"] {
        admin.get(&format!("/v1/teams?{query}")).await.is(422);
    }
}

#[tokio::test]
async fn an_idempotency_key_creates_a_team_once() {
    let world = World::new().await;
    let (mina, _) = world.user("mina", UserType::Member, []).await;
    let admin = world.admin().await.with("idempotency-key", "once");
    let body = json!({"name": "Northwind", "admin_user_id": mina.user_id});
    let first = admin.post("/v1/teams", &body).await;
    let again = admin.post("/v1/teams", &body).await;
    assert_eq!(
        (first.is(201).bytes.clone(), "true"),
        (again.is(201).bytes.clone(), again.header("idempotency-replayed"))
    );
    assert_eq!(first.header("location"), again.header("location"));
    admin.post("/v1/teams", &json!({"name": "Other"})).await.is_problem(Code::IdempotencyMismatch);
    // A refusal is not stored under the key: once the name is free, the same request succeeds.
    let second = admin.with_only("idempotency-key", "second");
    second.post("/v1/teams", &json!({"name": "NORTHWIND"})).await.is_problem(Code::TeamNameTaken);
    admin.delete(first.header("location")).await.is(204);
    second.post("/v1/teams", &json!({"name": "NORTHWIND"})).await.is(201);
    assert_eq!(
        admin.post("/v1/teams", &body).await.is(201).bytes,
        first.bytes,
        "the reply is replayed even though the team is deleted"
    );
}
