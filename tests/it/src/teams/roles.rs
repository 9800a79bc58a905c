//! Custom roles of a team.

use rollcall_domain::permission::{Permission, UserType};

use super::*;

#[tokio::test]
async fn a_role_is_created_read_edited_and_deleted() {
    let world = World::new().await;
    let (team, owner) = team(&world).await;
    let roles = format!("/v1/teams/{team}/roles");
    let body = json!({"name": " Release manager ", "permissions": ["audit.read", "team.read", "audit.read"]});
    let created = owner.post(&roles, &body).await;
    let id = created.is(201).body["role_id"].clone();
    let path = format!("{roles}/{}", id.as_str().unwrap());
    let mut role = json!({
        "role_id": id, "name": "Release manager", "preset": false, "permissions": ["team.read", "audit.read"],
        "version": 1,
    });
    assert_eq!((created.header("location"), created.header("etag"), &created.body), (path.as_str(), "\"1\"", &role));
    let read = owner.get(&path).await;
    assert_eq!((&read.is(200).body, read.header("etag")), (&role, "\"1\""));
    let edited = owner.with("if-match", "\"1\"").patch(&path, &json!({"permissions": ["accounts.read"]})).await;
    (role["permissions"], role["version"]) = (json!(["accounts.read"]), json!(2));
    assert_eq!((&edited.is(200).body, edited.header("etag")), (&role, "\"2\""));
    let same = owner.patch(&path, &json!({"name": "Release manager", "permissions": ["accounts.read"]})).await;
    assert_eq!(same.is(200).body, role);
    for (tag, code) in
        [("\"1\"", Code::VersionConflict), ("W/\"2\"", Code::VersionConflict), ("x", Code::InvalidIfMatch)]
    {
        owner.with("if-match", tag).patch(&path, &json!({"name": "Other"})).await.is_problem(code);
        owner.with("if-match", tag).delete(&path).await.is_problem(code);
    }
    // Names of roles need not be unique: two roles may have the same name.
    owner.post(&roles, &json!({"name": "Release manager", "permissions": ["team.read"]})).await.is(201);
    owner.with("if-match", "\"2\"").delete(&path).await.is(204);
    owner.get(&path).await.is_problem(Code::NotFound);
    owner.delete(&path).await.is_problem(Code::NotFound);
    owner.patch(&path, &json!({"name": "Ghost"})).await.is_problem(Code::NotFound);
}

#[tokio::test]
async fn an_invalid_role_reports_every_violation() {
    let world = World::new().await;
    let (team, owner) = team(&world).await;
    let roles = format!("/v1/teams/{team}/roles");
    let created = owner.post(&roles, &json!({"name": "Custom", "permissions": ["team.read"]})).await;
    let path = created.is(201).header("location").to_owned();
    let all: Vec<_> = Permission::ALL.iter().map(|permission| permission.as_str()).collect();
    let before = crate::support::everything(&world).await;
    for (body, mut expected) in [
        (json!({}), vec![json!(["/name", "required"]), json!(["/permissions", "required"])]),
        (json!({"name": "x".repeat(65), "permissions": ["team.read"]}), vec![json!(["/name", "too_long"])]),
        (json!({"name": "\t", "permissions": ["team.read"]}), vec![json!(["/name", "too_short"])]),
        (json!({"name": "a\nb", "permissions": ["team.read"]}), vec![json!(["/name", "bad_format"])]),
        (json!({"name": "A", "permissions": []}), vec![json!(["/permissions", "too_short"])]),
        (json!({"name": "A", "permissions": "team.read"}), vec![json!(["/permissions", "wrong_type"])]),
        (
            json!({"name": "A", "permissions": ["team.read", "team.delete", 7, "TEAM.READ"]}),
            vec![
                json!(["/permissions/1", "not_allowed"]),
                json!(["/permissions/2", "wrong_type"]),
                json!(["/permissions/3", "not_allowed"]),
            ],
        ),
        (
            json!({
                "name": "A", "permissions": ["team.read"], "preset": true, "role_id": "admin", "uses": 0, "version": 1
            }),
            ["preset", "role_id", "uses", "version"]
                .map(|field| json!([format!("/{field}"), "unknown_field"]))
                .to_vec(),
        ),
    ] {
        let refused = owner.post(&roles, &body).await;
        let mut violations = refused.is(422).violations();
        violations.sort_by_key(ToString::to_string);
        expected.sort_by_key(ToString::to_string);
        assert_eq!(violations, expected, "{body}");
        if body != json!({}) {
            let refused = owner.patch(&path, &body).await;
            let mut violations = refused.is(422).violations();
            violations.sort_by_key(ToString::to_string);
            assert_eq!(violations, expected, "{body}");
        }
    }
    let twelve: Vec<_> = all.iter().chain(&["team.read"]).collect();
    let refused = owner.post(&roles, &json!({"name": "A", "permissions": twelve})).await;
    assert_eq!(refused.violations(), [json!(["/permissions", "too_long"])]);
    assert_eq!(crate::support::everything(&world).await, before);
    let every = owner.post(&roles, &json!({"name": "선".repeat(64), "permissions": all})).await;
    assert_eq!(every.is(201).body["permissions"], json!(all));
}

#[tokio::test]
async fn presets_come_first_and_custom_roles_by_name() {
    let world = World::new().await;
    let (team, owner) = team(&world).await;
    let roles = format!("/v1/teams/{team}/roles");
    let unrelated = world.team("Unrelated").await;
    world.role(unrelated, "A", &["team.read"]).await;
    for name in ["Zeta", "Alpha", "alpha", "Beta", "Alpha", "선장"] {
        owner.post(&roles, &json!({"name": name, "permissions": ["team.read"]})).await.is(201);
    }
    let all = [
        "Admin",
        "Member manager",
        "Senior developer",
        "Developer",
        "Operator",
        "Reviewer", //
        "Alpha",
        "Alpha",
        "Beta",
        "Zeta",
        "alpha",
        "선장",
    ];
    for limit in [1, 2, 5, 6, 7, 11, 12, 13] {
        let (mut found, mut pages, mut path) = (Vec::new(), 0, format!("{roles}?limit={limit}"));
        loop {
            let page = owner.get(&path).await;
            let items = page.is(200).body["items"].as_array().unwrap();
            found.extend(items.iter().map(|role| role["name"].as_str().unwrap().to_owned()));
            pages += 1;
            match page.body["next_cursor"].as_str() {
                None => break,
                Some(cursor) => path = format!("{roles}?limit={limit}&cursor={cursor}"),
            }
        }
        assert_eq!((found, pages), (all.map(str::to_owned).to_vec(), all.len().div_ceil(limit)), "{limit}");
    }
}

#[tokio::test]
async fn a_role_in_use_cannot_be_deleted() {
    let world = World::new().await;
    let (team, owner) = team(&world).await;
    let created =
        owner.post(&format!("/v1/teams/{team}/roles"), &json!({"name": "Custom", "permissions": ["team.read"]})).await;
    let (path, role) = (created.is(201).header("location").to_owned(), json!({"role_id": created.body["role_id"]}));
    let (mina, _) = world.user("mina", UserType::Member, []).await;
    let member = format!("/v1/teams/{team}/members/{}", mina.user_id);
    let invitations = format!("/v1/teams/{team}/invitations");
    let body = json!({"user_id": mina.user_id, "role_id": created.body["role_id"]});
    owner.post(&format!("/v1/teams/{team}/members"), &body).await.is(201);
    owner.delete(&path).await.is_problem(Code::RoleInUse);
    owner.patch(&member, &json!({"role_id": "reviewer"})).await.is(200);
    let issued = owner.post(&invitations, &role).await;
    owner.delete(&path).await.is_problem(Code::RoleInUse);
    let invitation = issued.is(201).body["invitation"]["invitation_id"].as_str().unwrap();
    owner.delete(&format!("{invitations}/{invitation}")).await.is(204);
    owner.patch(&member, &role).await.is(200);
    owner.delete(&path).await.is_problem(Code::RoleInUse);
    // An edit does not change the number of uses.
    owner.patch(&path, &json!({"name": "Renamed"})).await.is(200);
    owner.delete(&path).await.is_problem(Code::RoleInUse);
    owner.delete(&member).await.is(204);
    owner.delete(&path).await.is(204);
    let refused = owner.post(&invitations, &role).await;
    assert_eq!(refused.violations(), [json!(["/role_id", "unknown_reference"])]);
}

/// The change shows wherever the role is shown.
#[tokio::test]
async fn an_edited_role_changes_at_once_for_everyone_who_has_it() {
    let world = World::new().await;
    let (team, owner) = team(&world).await;
    let roles = format!("/v1/teams/{team}/roles");
    let created = owner.post(&roles, &json!({"name": "Custom", "permissions": ["team.read"]})).await;
    let (path, id) = (created.is(201).header("location").to_owned(), created.body["role_id"].clone());
    let (mina, client) = world.user("mina", UserType::Member, []).await;
    let members = format!("/v1/teams/{team}/members");
    owner.post(&members, &json!({"user_id": mina.user_id, "role_id": id})).await.is(201);
    client.get("/v1/audit").await.is_problem(Code::NotFound);
    let edited = json!({"name": "Auditor", "permissions": ["team.read", "audit.read"]});
    let role = owner.patch(&path, &edited).await.is(200).body.clone();
    client.get("/v1/audit").await.is(200);
    assert_eq!(client.get("/v1/me").await.body["teams"][0]["role"], role);
    assert_eq!(owner.get(&members).await.body["items"][1]["role"], role);
    owner.patch(&path, &json!({"permissions": ["audit.read"]})).await.is(200);
    client.get(&members).await.is_problem(Code::NotFound);
    client.get(&path).await.is_problem(Code::NotFound);
}
