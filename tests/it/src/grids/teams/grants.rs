//! Who may give which role, and who may make one: every caller, every role, everything that gives, takes or shapes one.

use rollcall_domain::permission::Permission;
use rstest::rstest;

use super::*;

/// The roles that are given, in the order of the columns: the presets, then custom ones.
const GIVEN: [(&str, &[&str]); 12] = [
    ("admin", &[]),
    ("member_manager", &[]),
    ("senior_developer", &[]),
    ("developer", &[]),
    ("operator", &[]),
    ("reviewer", &[]),
    ("low", &["team.read"]),
    ("writer", &["team.read", "accounts.read", "accounts.write"]),
    ("executor", &["members.manage", "accounts.delete"]),
    ("steward", &["team.edit", "roles.manage", "accounts.read"]),
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

/// The granters. `lord` has a custom role with every permission, which still is not the preset `admin`.
///
/// Whoever is not `admin` may grant every role that does not manage and lies within their own permissions and those of
/// one preset that does not manage either. A role that manages must lie within their own permissions: `executor` and
/// `steward` add a permission to what the member manager has, and the member manager manages roles, which the staffer
/// does not. The mixed roles lie within no single preset.
#[rustfmt::skip]
const GIVERS: [(&str, &str, &str); 15] = [
    //                    gives and takes  shapes
    //                    AMSDOR lwesma    lwesma
    ("admin",            "++++++ ++++++", "++++++"),
    ("member_manager",   "-+++++ ++----", "++----"),
    ("staffer",          "--++++ ++----", "------"),
    ("shaper",           "------ ------", "++----"),
    ("lord",             "-+++++ ++++++", "++++++"),
    ("platform_admin",   "++++++ ++++++", "++++++"),
    ("super_admin",      "++++++ ++++++", "++++++"),
    ("senior_developer", "------ ------", "------"),
    ("developer",        "------ ------", "------"),
    ("operator",         "------ ------", "------"),
    ("reviewer",         "------ ------", "------"),
    ("reader",           "------ ------", "------"),
    ("auditor",          "------ ------", "------"),
    ("keeper",           "------ ------", "------"),
    ("blind",            "...... ......", "......"),
];

/// Those who give something, but not everything.
const BOUND: [&str; 4] = ["member_manager", "staffer", "lord", "admin"];

fn marks(marks: &str) -> Vec<char> {
    marks.chars().filter(|mark| *mark != ' ').collect()
}

fn gives(giver: &str) -> Vec<char> {
    marks(GIVERS.iter().find(|(name, ..)| *name == giver).unwrap().1)
}

fn answer(mark: char, done: u16) -> String {
    match mark {
        '+' => done.to_string(),
        '-' => "403 forbidden".to_owned(),
        _ => "404 not_found".to_owned(),
    }
}

/// A team and somebody who gives in it.
struct Court {
    world: World,
    boss: Client,
    fixture: TeamFixture,
    giver: Caller,
    count: usize,
}

impl Court {
    async fn of(kind: &str) -> Self {
        let world = World::new().await;
        let boss = world.admin().await;
        let fixture = TeamFixture::new(&world, &boss, 0, false).await;
        let giver = if kind == "lord" {
            let role = world.role(fixture.team, "Lord", ALL).await;
            Caller::of(&world, "lord", UserType::Member, vec![(fixture.team, role)]).await
        } else {
            Caller::new(&world, &fixture, kind, "giver").await
        };
        Self { world, boss, fixture, giver, count: 0 }
    }

    fn path(&self, rest: &str) -> String {
        format!("/v1/teams/{}/{rest}", self.fixture.team)
    }

    /// One of [`GIVEN`], of this team.
    async fn role(&self, (name, permissions): (&str, &[&str])) -> RoleId {
        match RoleId::parse(name) {
            Some(preset) => preset,
            None => self.world.role(self.fixture.team, name, permissions).await,
        }
    }

    /// Somebody new, in the team if there is a role for it.
    async fn somebody(&mut self, role: Option<RoleId>) -> User {
        self.count += 1;
        let teams = role.map(|role| (self.fixture.team, role)).into_iter().collect();
        self.world.user_as(&format!("user{}", self.count), UserType::Member, |user| user.teams = teams).await
    }

    async fn invitation(&self, role: RoleId) -> String {
        let issued = self.boss.post(&self.path("invitations"), &json!({"role_id": role})).await;
        issued.is(201).body["invitation"]["invitation_id"].as_str().unwrap().to_owned()
    }

    /// How many records of the giver's changes there are.
    async fn written(&self) -> usize {
        let own = json!(self.giver.user.as_ref().unwrap().user_id);
        self.world.audit().await.iter().filter(|record| record["actor"]["user_id"] == own).count()
    }
}

#[tokio::test]
async fn a_role_is_given_and_taken_by_those_who_may_grant_it() {
    for (kind, marks_of, _) in GIVERS {
        let mut court = Court::of(kind).await;
        let mut done = 0;
        for (given, mark) in GIVEN.into_iter().zip(marks(marks_of)) {
            let role = court.role(given).await;
            let (body, to_reviewer) = (json!({"role_id": role}), json!({"role_id": "reviewer"}));
            let (guest, moved) = (court.somebody(None).await, court.somebody(RoleId::parse("reviewer")).await);
            let (holder, removed) = (court.somebody(Some(role)).await, court.somebody(Some(role)).await);
            let (reissued, revoked) = (court.invitation(role).await, court.invitation(role).await);
            let client = &court.giver.client;
            let member = |user: &User| court.path(&format!("members/{}", user.user_id));
            let add = json!({"user_id": guest.user_id, "role_id": role});
            let reissue = court.path(&format!("invitations/{reissued}/reissue"));
            for (name, reply, status) in [
                ("add", client.post(&court.path("members"), &add).await, 201),
                ("invite", client.post(&court.path("invitations"), &body).await, 201),
                ("move to", client.patch(&member(&moved), &body).await, 200),
                ("move from", client.patch(&member(&holder), &to_reviewer).await, 200),
                ("remove", client.delete(&member(&removed)).await, 204),
                ("invite anew", client.send(Method::POST, &reissue, None).await, 201),
                ("revoke", client.delete(&court.path(&format!("invitations/{revoked}"))).await, 204),
            ] {
                assert_eq!(outcome(&reply), answer(mark, status), "{name} {} by {kind}", given.0);
            }
            // One record each, two where an invitation is replaced; moving from a role to itself is none.
            let same = 2 * usize::from(given.0 == "reviewer");
            done += if mark == '+' { 8 - same } else { 0 };
        }
        assert_eq!(court.written().await, done, "what was refused to {kind} was done, or the other way round");
    }
}

/// Making somebody is giving it a role.
#[tokio::test]
async fn a_user_is_made_only_with_a_role_to_grant() {
    let court = Court::of("staffer").await;
    for (given, status) in [(0, 403), (1, 403), (8, 403), (10, 403), (2, 201), (7, 201)] {
        let given = GIVEN[given];
        let new = json!({"username": "New", "login": format!("new.{}", given.0), "generate_password": true});
        let body = json!({"role_id": court.role(given).await, "new_user": new});
        court.giver.client.post(&court.path("members"), &body).await.is(status);
    }
    let made =
        court.world.dump().await.into_iter().filter(|item| item["pk"].as_str().unwrap().starts_with("LOGIN#new."));
    assert_eq!(made.count(), 2);
}

#[rstest]
#[tokio::test]
async fn both_the_old_and_the_new_role_must_be_ones_to_grant(#[values(0, 1, 2, 3)] bound: usize) {
    let kind = BOUND[bound];
    let mut court = Court::of(kind).await;
    let mut roles = Vec::new();
    for (given, mark) in GIVEN.into_iter().zip(gives(kind)) {
        roles.push((given.0, court.role(given).await, mark));
    }
    for (old_name, old, may_take) in roles.clone() {
        for (new_name, new, may_give) in roles.clone() {
            let holder = court.somebody(Some(old)).await;
            let path = court.path(&format!("members/{}", holder.user_id));
            let reply = court.giver.client.patch(&path, &json!({"role_id": new})).await;
            let mark = if (may_take, may_give) == ('+', '+') { '+' } else { '-' };
            assert_eq!(outcome(&reply), answer(mark, 200), "{old_name} to {new_name} by {kind}");
            let holds = court.world.store().member(court.fixture.team, holder.user_id).await.unwrap().unwrap();
            assert_eq!(holds.role_id, if mark == '+' { new } else { old }, "{old_name} to {new_name} by {kind}");
        }
    }
}

#[tokio::test]
async fn a_role_is_shaped_within_the_same_bound() {
    for (kind, _, marks_of) in GIVERS {
        let court = Court::of(kind).await;
        let client = &court.giver.client;
        let custom: Vec<_> = GIVEN.into_iter().skip(6).zip(marks(marks_of)).collect();
        for ((name, permissions), mark) in custom.clone() {
            let place = format!("{name} by {kind}");
            let deleted = court.path(&format!("roles/{}", court.role((name, permissions)).await));
            assert_eq!(outcome(&client.delete(&deleted).await), answer(mark, 204), "delete {place}");
            let body = json!({"name": format!("New {name}"), "permissions": permissions});
            let created = client.post(&court.path("roles"), &body).await;
            assert_eq!(outcome(&created), answer(mark, 201), "create {place}");
            let renamed = court.path(&format!("roles/{}", court.role((name, permissions)).await));
            let reply = client.patch(&renamed, &json!({"name": "Renamed"})).await;
            assert_eq!(outcome(&reply), answer(mark, 200), "rename {place}");
        }
        if !custom.iter().any(|(_, mark)| *mark == '+') {
            continue;
        }
        let court = Court::of(kind).await;
        for (old, may_unmake) in custom.clone() {
            for (new, may_make) in custom.clone().into_iter().filter(|(new, _)| new.0 != old.0) {
                let path = court.path(&format!("roles/{}", court.role(old).await));
                let reply = court.giver.client.patch(&path, &json!({"permissions": new.1})).await;
                let mark = if may_unmake == '+' { may_make } else { may_unmake };
                assert_eq!(outcome(&reply), answer(mark, 200), "{} to {} by {kind}", old.0, new.0);
            }
        }
    }
}

#[test]
fn everything_is_everything() {
    assert_eq!(Permission::ALL.iter().map(|one| one.as_str()).collect::<Vec<_>>(), ALL);
}

#[tokio::test]
async fn nobody_changes_its_own_role_nor_shapes_it() {
    for (kind, ..) in
        GIVERS.into_iter().filter(|(kind, ..)| !matches!(*kind, "blind" | "platform_admin" | "super_admin"))
    {
        let court = Court::of(kind).await;
        let own = court.giver.user.as_ref().unwrap();
        let path = court.path(&format!("members/{}", own.user_id));
        for given in GIVEN {
            let role = court.role(given).await;
            let reply = court.giver.client.patch(&path, &json!({"role_id": role})).await;
            assert_eq!(outcome(&reply), "403 forbidden", "{kind} to {}", given.0);
        }
        let held = own.teams[&court.fixture.team];
        let role = court.path(&format!("roles/{held}"));
        for patch in [json!({"name": "Mine"}), json!({"permissions": ALL}), json!({"permissions": ["team.read"]})] {
            court.giver.client.patch(&role, &patch).await.is_problem(Code::Forbidden);
        }
        court.giver.client.delete(&role).await.is_problem(Code::Forbidden);
        assert_eq!(court.written().await, 0, "{kind}");
    }
}

/// One's own invitation is no way to another role, either.
#[tokio::test]
async fn nobody_invites_itself_up() {
    let court = Court::of("staffer").await;
    let issued = court.giver.client.post(&court.path("invitations"), &json!({"role_id": "senior_developer"})).await;
    let code = issued.is(201).body["code"].clone();
    court.giver.client.post("/v1/invitations/redeem", &json!({"code": code})).await.is_problem(Code::AlreadyMember);
    let me = court.giver.client.get("/v1/me").await;
    assert_eq!(me.body["teams"][0]["role"]["name"], "staffer");
}
