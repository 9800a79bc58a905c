//! Which roles each caller may grant, take away, create, edit and delete.

use rollcall_domain::permission::Permission;
use rstest::rstest;

use super::*;

/// The granted roles, in the order of the columns: the presets, then custom roles.
const ROLES: [(&str, &[&str]); 12] = [
    ("admin", &[]),
    ("member_manager", &[]),
    ("senior_developer", &[]),
    ("developer", &[]),
    ("operator", &[]),
    ("reviewer", &[]),
    ("low", &["team.read"]),
    ("writer", &["team.read", "accounts.read", "accounts.write"]),
    ("deleter", &["members.manage", "accounts.delete"]),
    ("team_editor", &["team.edit", "roles.manage", "accounts.read"]),
    ("mixed", &["accounts.delete", "audit.read"]),
    ("all", ALL),
];

const ALL: &[&str] = &[
    "team.read",
    "team.edit",
    "members.manage",
    "roles.manage",
    "apps.manage",
    "accounts.read",
    "accounts.write",
    "accounts.admin",
    "accounts.delete",
    "accounts.export",
    "audit.read",
];

/// The granters. `all_permissions` has a custom role with every permission, which is still not the preset `admin`.
///
/// Granters without the preset `admin` may grant every role that does not manage and lies within their own permissions
/// plus those of one preset that does not manage either. A role that manages must lie within their own permissions:
/// `deleter` and `team_editor` add a permission to what the member manager has, and the member manager manages roles,
/// which the member editor does not. `mixed` and `all` lie within no single preset.
#[rustfmt::skip]
const GRANTERS: [(&str, &str, &str); 15] = [
    //                    grants         edits
    //                    AMSDOR lwdtma    lwdtma
    ("admin",            "++++++ ++++++", "++++++"),
    ("member_manager",   "-+++++ ++----", "++----"),
    ("member_editor",    "--++++ ++----", "------"),
    ("role_editor",      "------ ------", "++----"),
    ("all_permissions",  "-+++++ ++++++", "++++++"),
    ("platform_admin",   "++++++ ++++++", "++++++"),
    ("super_admin",      "++++++ ++++++", "++++++"),
    ("senior_developer", "------ ------", "------"),
    ("developer",        "------ ------", "------"),
    ("operator",         "------ ------", "------"),
    ("reviewer",         "------ ------", "------"),
    ("reader",           "------ ------", "------"),
    ("auditor",          "------ ------", "------"),
    ("app_editor",       "------ ------", "------"),
    ("no_team_read",     "...... ......", "......"),
];

/// The granters who may grant some roles but not all, and `admin` for comparison.
const LIMITED: [&str; 4] = ["member_manager", "member_editor", "all_permissions", "admin"];

fn marks(marks: &str) -> Vec<char> {
    marks.chars().filter(|mark| *mark != ' ').collect()
}

fn grant_marks(granter: &str) -> Vec<char> {
    marks(GRANTERS.iter().find(|(name, ..)| *name == granter).unwrap().1)
}

fn reply_text(mark: char, success: u16) -> String {
    match mark {
        '+' => success.to_string(),
        '-' => "403 forbidden".to_owned(),
        _ => "404 not_found".to_owned(),
    }
}

/// A team and a caller who grants roles in it.
struct GrantFixture {
    world: World,
    admin: Client,
    base: TeamFixture,
    granter: Caller,
    count: usize,
}

impl GrantFixture {
    async fn of(kind: &str) -> Self {
        let world = World::new().await;
        let admin = world.admin().await;
        let base = TeamFixture::new(&world, &admin, 0, false).await;
        let granter = if kind == "all_permissions" {
            let role = world.role(base.team, "All permissions", ALL).await;
            Caller::of(&world, "granter", UserType::Member, vec![(base.team, role)]).await
        } else {
            Caller::new(&world, &base, kind, "granter").await
        };
        Self { world, admin, base, granter, count: 0 }
    }

    fn path(&self, rest: &str) -> String {
        format!("/v1/teams/{}/{rest}", self.base.team)
    }

    /// One of [`ROLES`] in this team.
    async fn role(&self, (name, permissions): (&str, &[&str])) -> RoleId {
        match RoleId::parse(name) {
            Some(preset) => preset,
            None => self.world.role(self.base.team, name, permissions).await,
        }
    }

    /// A new user, a member of the team if a role is given.
    async fn new_user(&mut self, role: Option<RoleId>) -> User {
        self.count += 1;
        let teams = role.map(|role| (self.base.team, role)).into_iter().collect();
        self.world.user_as(&format!("user{}", self.count), UserType::Member, |user| user.teams = teams).await
    }

    async fn invitation(&self, role: RoleId) -> String {
        let issued = self.admin.post(&self.path("invitations"), &json!({"role_id": role})).await;
        issued.is(201).body["invitation"]["invitation_id"].as_str().unwrap().to_owned()
    }

    /// The number of audit records of the granter's changes.
    async fn audit_count(&self) -> usize {
        let own = json!(self.granter.user.as_ref().unwrap().user_id);
        self.world.audit().await.iter().filter(|record| record["actor"]["user_id"] == own).count()
    }
}

#[tokio::test]
async fn a_role_is_granted_and_taken_away_only_by_those_who_may_grant_it() {
    for (kind, row, _) in GRANTERS {
        let mut fixture = GrantFixture::of(kind).await;
        let mut expected_count = 0;
        for (granted, mark) in ROLES.into_iter().zip(marks(row)) {
            let role = fixture.role(granted).await;
            let (body, to_reviewer) = (json!({"role_id": role}), json!({"role_id": "reviewer"}));
            let (added, moved) = (fixture.new_user(None).await, fixture.new_user(RoleId::parse("reviewer")).await);
            let (holder, removed) = (fixture.new_user(Some(role)).await, fixture.new_user(Some(role)).await);
            let (reissued, revoked) = (fixture.invitation(role).await, fixture.invitation(role).await);
            let client = &fixture.granter.client;
            let member = |user: &User| fixture.path(&format!("members/{}", user.user_id));
            let add = json!({"user_id": added.user_id, "role_id": role});
            let reissue = fixture.path(&format!("invitations/{reissued}/reissue"));
            for (name, reply, status) in [
                ("add", client.post(&fixture.path("members"), &add).await, 201),
                ("issue", client.post(&fixture.path("invitations"), &body).await, 201),
                ("change to", client.patch(&member(&moved), &body).await, 200),
                ("change from", client.patch(&member(&holder), &to_reviewer).await, 200),
                ("remove", client.delete(&member(&removed)).await, 204),
                ("reissue", client.send(Method::POST, &reissue, None).await, 201),
                ("revoke", client.delete(&fixture.path(&format!("invitations/{revoked}"))).await, 204),
            ] {
                assert_eq!(outcome(&reply), reply_text(mark, status), "{name} {} by {kind}", granted.0);
            }
            // One audit record each, two for a reissue. Changing a role to itself writes none.
            let same = 2 * usize::from(granted.0 == "reviewer");
            expected_count += if mark == '+' { 8 - same } else { 0 };
        }
        assert_eq!(fixture.audit_count().await, expected_count, "audit records of {kind}");
    }
}

#[tokio::test]
async fn a_new_user_gets_only_a_role_that_the_caller_may_grant() {
    let fixture = GrantFixture::of("member_editor").await;
    for (granted, status) in [(0, 403), (1, 403), (8, 403), (10, 403), (2, 201), (7, 201)] {
        let granted = ROLES[granted];
        let new = json!({"username": "New", "login": format!("new.{}", granted.0), "generate_password": true});
        let body = json!({"role_id": fixture.role(granted).await, "new_user": new});
        fixture.granter.client.post(&fixture.path("members"), &body).await.is(status);
    }
    let created =
        fixture.world.dump().await.into_iter().filter(|item| item["pk"].as_str().unwrap().starts_with("LOGIN#new."));
    assert_eq!(created.count(), 2);
}

#[rstest]
#[tokio::test]
async fn the_caller_must_be_allowed_to_grant_both_the_old_and_the_new_role(#[values(0, 1, 2, 3)] granter: usize) {
    let kind = LIMITED[granter];
    let mut fixture = GrantFixture::of(kind).await;
    let mut roles = Vec::new();
    for (granted, mark) in ROLES.into_iter().zip(grant_marks(kind)) {
        roles.push((granted.0, fixture.role(granted).await, mark));
    }
    for (old_name, old, old_mark) in roles.clone() {
        for (new_name, new, new_mark) in roles.clone() {
            let holder = fixture.new_user(Some(old)).await;
            let path = fixture.path(&format!("members/{}", holder.user_id));
            let reply = fixture.granter.client.patch(&path, &json!({"role_id": new})).await;
            let mark = if (old_mark, new_mark) == ('+', '+') { '+' } else { '-' };
            assert_eq!(outcome(&reply), reply_text(mark, 200), "{old_name} to {new_name} by {kind}");
            let holds = fixture.world.store().member(fixture.base.team, holder.user_id).await.unwrap().unwrap();
            assert_eq!(holds.role_id, if mark == '+' { new } else { old }, "{old_name} to {new_name} by {kind}");
        }
    }
}

#[tokio::test]
async fn a_role_can_be_edited_only_by_those_who_may_grant_it() {
    for (kind, _, row) in GRANTERS {
        let fixture = GrantFixture::of(kind).await;
        let client = &fixture.granter.client;
        let custom: Vec<_> = ROLES.into_iter().skip(6).zip(marks(row)).collect();
        for ((name, permissions), mark) in custom.clone() {
            let place = format!("{name} by {kind}");
            let deleted = fixture.path(&format!("roles/{}", fixture.role((name, permissions)).await));
            assert_eq!(outcome(&client.delete(&deleted).await), reply_text(mark, 204), "delete {place}");
            let body = json!({"name": format!("New {name}"), "permissions": permissions});
            let created = client.post(&fixture.path("roles"), &body).await;
            assert_eq!(outcome(&created), reply_text(mark, 201), "create {place}");
            let renamed = fixture.path(&format!("roles/{}", fixture.role((name, permissions)).await));
            let reply = client.patch(&renamed, &json!({"name": "Renamed"})).await;
            assert_eq!(outcome(&reply), reply_text(mark, 200), "rename {place}");
        }
        if !custom.iter().any(|(_, mark)| *mark == '+') {
            continue;
        }
        let fixture = GrantFixture::of(kind).await;
        for (old, old_mark) in custom.clone() {
            for (new, new_mark) in custom.clone().into_iter().filter(|(new, _)| new.0 != old.0) {
                let path = fixture.path(&format!("roles/{}", fixture.role(old).await));
                let reply = fixture.granter.client.patch(&path, &json!({"permissions": new.1})).await;
                let mark = if old_mark == '+' { new_mark } else { old_mark };
                assert_eq!(outcome(&reply), reply_text(mark, 200), "{} to {} by {kind}", old.0, new.0);
            }
        }
    }
}

#[test]
fn the_list_of_all_permissions_is_complete() {
    assert_eq!(Permission::ALL.iter().map(|one| one.as_str()).collect::<Vec<_>>(), ALL);
}

#[tokio::test]
async fn nobody_changes_or_edits_their_own_role() {
    for (kind, ..) in
        GRANTERS.into_iter().filter(|(kind, ..)| !matches!(*kind, "no_team_read" | "platform_admin" | "super_admin"))
    {
        let fixture = GrantFixture::of(kind).await;
        let own = fixture.granter.user.as_ref().unwrap();
        let path = fixture.path(&format!("members/{}", own.user_id));
        for granted in ROLES {
            let role = fixture.role(granted).await;
            let reply = fixture.granter.client.patch(&path, &json!({"role_id": role})).await;
            assert_eq!(outcome(&reply), "403 forbidden", "{kind} to {}", granted.0);
        }
        let own_role = own.teams.stored_in(fixture.base.team).unwrap().role_id;
        let role = fixture.path(&format!("roles/{own_role}"));
        for patch in [json!({"name": "Mine"}), json!({"permissions": ALL}), json!({"permissions": ["team.read"]})] {
            fixture.granter.client.patch(&role, &patch).await.is_problem(Code::Forbidden);
        }
        fixture.granter.client.delete(&role).await.is_problem(Code::Forbidden);
        assert_eq!(fixture.audit_count().await, 0, "{kind}");
    }
}

/// A member cannot redeem their own invitation to get another role.
#[tokio::test]
async fn nobody_gets_another_role_by_their_own_invitation() {
    let fixture = GrantFixture::of("member_editor").await;
    let body = json!({"role_id": "senior_developer"});
    let issued = fixture.granter.client.post(&fixture.path("invitations"), &body).await;
    let code = issued.is(201).body["code"].clone();
    fixture.granter.client.post("/v1/invitations/redeem", &json!({"code": code})).await.is_problem(Code::AlreadyMember);
    let me = fixture.granter.client.get("/v1/me").await;
    assert_eq!(me.body["teams"][0]["role"]["name"], "member_editor");
}
