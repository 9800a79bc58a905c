//! Every operation on teams, roles, members and invitations.

use std::time::Duration;

use futures_util::future::BoxFuture;
use rollcall_domain::{Code, permission::UserType, verification::FlowPurpose};
use rstest::rstest;
use serde_json::{Map, Value, json};
use tokio::time::Instant;

use crate::{
    invitations::{InvitationFixture, code_of},
    support::{
        Client, Reply, Snapshot,
        consistency::assert_consistent,
        faults::{FOREVER, Fault},
        mailed_codes::{assert_markers_consistent, complete, completion, started},
    },
};

/// A team with members, roles and invitations, and clients whose sessions are old enough to be updated.
struct BusyTeam {
    base: InvitationFixture,
    start: Snapshot,
    admin: Client,
    owner: Client,
    mina: Client,
    newcomer: Client,
    /// Paths of a member, a custom role in use, a custom role that nobody has, and a live invitation.
    member: String,
    role: String,
    idle_role: String,
    invitation: String,
    code: String,
    registration: (String, Value),
}

impl BusyTeam {
    async fn new() -> Self {
        let base = InvitationFixture::new().await;
        let admin = base.world.admin().await;
        let role = async |name: &str| {
            let body = json!({"name": name, "permissions": ["team.read", "accounts.read"]});
            let made = base.inviter.post(&format!("{}/roles", base.team), &body).await;
            made.is(201).body["role_id"].as_str().unwrap().to_owned()
        };
        let (helpers, idle) = (role("Helpers").await, role("Idle").await);
        let (mina, client) = base.world.user("mina", UserType::Member, [(base.team_id, helpers.as_str())]).await;
        base.world.user("jisoo", UserType::Member, []).await;
        let newcomer = base.world.redeemer("newcomer").await;
        let issued = base.issue(&json!({"role_id": helpers})).await;
        let id = issued["invitation"]["invitation_id"].as_str().unwrap();
        let stranger = base.world.stranger();
        let flow = started(&stranger, "stranger@example.com").await;
        let mut body = completion(&base.world.code(&flow, FlowPurpose::Registration).await, "stranger");
        body["invitation_code"] = issued["code"].clone();
        base.world.clock.advance(Duration::from_secs(61));
        let keyed = |client: &Client| client.with("idempotency-key", "once");
        Self {
            admin: keyed(&admin),
            owner: keyed(&base.inviter),
            mina: keyed(&client),
            newcomer: keyed(&newcomer),
            member: format!("{}/members/{}", base.team, mina.user_id),
            role: format!("{}/roles/{helpers}", base.team),
            idle_role: format!("{}/roles/{idle}", base.team),
            invitation: format!("{}/invitations/{id}", base.team),
            code: code_of(&issued),
            registration: (flow, body),
            start: base.world.snapshot().await,
            base,
        }
    }

    async fn rewind(&self) {
        self.base.world.rewind(&self.start).await;
    }

    fn of_team(&self, rest: &str) -> String {
        format!("{}/{rest}", self.base.team)
    }
}

/// An operation, with its status when it succeeds and when it has been done before.
type Operation = (u16, u16, fn(&BusyTeam) -> BoxFuture<'_, Reply>);

const CREATE_TEAM: Operation =
    (201, 201, |s| Box::pin(async { s.admin.post("/v1/teams", &json!({"name": "Second"})).await }));
const CREATE_TEAM_WITH_ADMIN: Operation = (201, 201, |s| {
    Box::pin(async {
        let listed = s.base.world.store().credential(&login("jisoo")).await.unwrap().unwrap();
        let body = json!({"name": "Second", "admin_user_id": listed.user_id});
        s.admin.post("/v1/teams", &body).await
    })
});
const LIST_TEAMS: Operation = (200, 200, |s| Box::pin(s.owner.get("/v1/teams")));
const GET_TEAM: Operation = (200, 200, |s| Box::pin(s.mina.get(&s.base.team)));
const RENAME_TEAM: Operation =
    (200, 200, |s| Box::pin(async { s.owner.patch(&s.base.team, &json!({"name": "Southwind"})).await }));
const DELETE_TEAM: Operation = (204, 404, |s| Box::pin(s.admin.delete(&s.base.team)));
const LIST_MEMBERS: Operation = (200, 200, |s| Box::pin(async { s.mina.get(&s.of_team("members")).await }));
const ADD_MEMBER: Operation = (201, 201, |s| {
    let role_id = s.role.rsplit('/').next().unwrap();
    let body = json!({"login": "jisoo", "role_id": role_id});
    Box::pin(async move { s.owner.post(&s.of_team("members"), &body).await })
});
const ADD_ADMIN: Operation = (201, 201, |s| {
    Box::pin(async { s.owner.post(&s.of_team("members"), &json!({"login": "jisoo", "role_id": "admin"})).await })
});
const ADD_NEW_USER: Operation = (201, 201, |s| {
    let user = json!({"username": "New", "login": "new", "generate_password": true});
    Box::pin(
        async move { s.owner.post(&s.of_team("members"), &json!({"new_user": user, "role_id": "operator"})).await },
    )
});
const EDIT_MEMBER: Operation =
    (200, 200, |s| Box::pin(async { s.owner.patch(&s.member, &json!({"role_id": "admin"})).await }));
const REMOVE_MEMBER: Operation = (204, 404, |s| Box::pin(s.owner.delete(&s.member)));
const LEAVE: Operation = (204, 404, |s| Box::pin(s.mina.delete(&s.member)));
const LIST_ROLES: Operation = (200, 200, |s| Box::pin(async { s.mina.get(&s.of_team("roles")).await }));
const CREATE_ROLE: Operation = (201, 201, |s| {
    let body = json!({"name": "Third", "permissions": ["team.read"]});
    Box::pin(async move { s.owner.post(&s.of_team("roles"), &body).await })
});
const GET_ROLE: Operation = (200, 200, |s| Box::pin(s.mina.get(&s.role)));
const EDIT_ROLE: Operation =
    (200, 200, |s| Box::pin(async { s.owner.patch(&s.role, &json!({"permissions": ["team.read"]})).await }));
const DELETE_ROLE: Operation = (204, 404, |s| Box::pin(s.owner.delete(&s.idle_role)));
const LIST_INVITATIONS: Operation = (200, 200, |s| Box::pin(async { s.owner.get(&s.of_team("invitations")).await }));
const ISSUE: Operation = (201, 201, |s| {
    let role_id = s.role.rsplit('/').next().unwrap();
    let body = json!({"role_id": role_id, "note": "for Jisoo"});
    Box::pin(async move { s.owner.post(&s.of_team("invitations"), &body).await })
});
const REISSUE: Operation =
    (201, 201, |s| Box::pin(async { s.owner.post(&format!("{}/reissue", s.invitation), &Value::Null).await }));
const REVOKE: Operation = (204, 204, |s| Box::pin(s.owner.delete(&s.invitation)));
const REDEEM: Operation =
    (200, 200, |s| Box::pin(async { s.newcomer.post("/v1/invitations/redeem", &json!({"code": s.code})).await }));
const REGISTER: Operation = (201, 201, |s| {
    let stranger = s.base.world.stranger().with("idempotency-key", "once");
    Box::pin(async move { complete(&stranger, &s.registration.0, &s.registration.1).await })
});
const READ_AUDIT: Operation = (200, 200, |s| Box::pin(s.admin.get("/v1/audit?limit=5")));
const READ_OWN_AUDIT: Operation = (200, 200, |s| Box::pin(s.owner.get("/v1/audit?action=role.create")));
const CREATE_APP: Operation = (201, 201, |s| {
    let body = json!({"name": "App", "team_id": s.base.team_id});
    Box::pin(async move { s.owner.post("/v1/apps", &body).await })
});

fn login(login: &str) -> rollcall_domain::text::Login {
    rollcall_domain::text::Login::parse(login).unwrap()
}

/// What has been done, without ids, hashes, codes and times: users with their teams and roles, teams with their counters,
/// invitations with their states, and audit records. Attempt counters are left out: an attempt whose reply was lost may
/// be counted twice.
async fn done(fixture: &BusyTeam) -> Vec<Value> {
    let items = fixture.base.world.dump().await;
    let mut names = Map::new();
    for item in &items {
        for (sk, id) in [("TEAM", "team_id"), ("ROLE", "role_id")] {
            if item["sk"].as_str().unwrap().split('#').next() == Some(sk) {
                names.insert(item[id].as_str().unwrap().to_owned(), item["name"].clone());
            }
        }
    }
    let name_of = |id: &str| names.get(id).cloned().unwrap_or_else(|| json!(id));
    let fields = |item: &Value, fields: &[&str]| fields.iter().map(|field| item[field].clone()).collect::<Value>();
    let mut done = Vec::new();
    for item in &items {
        let [pk, sk] = ["pk", "sk"].map(|part| item[part].as_str().unwrap().split('#').next().unwrap());
        let kind = if pk == "AUDIT" { pk } else { sk };
        let team = item["pk"].as_str().unwrap().strip_prefix("TEAM#").map(name_of);
        let seen = match kind {
            "USER" => {
                let teams = item["teams"].as_object().unwrap().iter();
                let mut teams: Vec<_> =
                    teams.map(|(team, role)| json!([name_of(team), name_of(role.as_str().unwrap())])).collect();
                teams.sort_by_key(ToString::to_string);
                json!([fields(item, &["login", "email", "version", "epoch", "password_change_required"]), teams])
            }
            "TEAM" => json!([
                fields(item, &["name", "version", "members", "live", "roles", "apps"]),
                item["admins"].as_array().map(Vec::len),
                item["deleting_at"].is_string(),
            ]),
            "MEMBER" => json!([team, name_of(item["role_id"].as_str().unwrap()), item["version"]]),
            "ROLE" => json!([team, fields(item, &["name", "version", "uses", "permissions"])]),
            "INVITATION" => json!([
                team,
                fields(item, &["status", "version", "login", "note"]),
                fields(&item["role"], &["name", "version"]),
                item["redeemed_by"]["username"],
            ]),
            "BREAKER" => item["live"].clone(),
            "FLOW" => json!([item["purpose"], item["email"]]),
            "CODE" | "TEAMNAME" | "CREDENTIAL" | "OUTBOX" | "APP" | "EMAIL" => Value::Null,
            "AUDIT" => json!([item["action"], item["actor"]["login"], item["target"]["kind"]]),
            _ => continue,
        };
        done.push(json!([kind, seen]));
    }
    done.sort_by_key(ToString::to_string);
    done
}

async fn check_invariants(fixture: &BusyTeam) {
    assert_consistent(&fixture.base.world).await;
    assert_markers_consistent(&fixture.base.world).await;
}

/// What has been done after the operation without a fault.
async fn undisturbed(fixture: &BusyTeam, (status, _, send): Operation) -> Vec<Value> {
    send(fixture).await.is(status);
    check_invariants(fixture).await;
    done(fixture).await
}

#[rstest]
#[tokio::test(start_paused = true)]
async fn one_fault_at_any_call_is_retried_and_nothing_is_done_twice(
    #[values(Fault::Throttle, Fault::ServerError, Fault::Conflict, Fault::DropReply, Fault::Hang)] fault: Fault,
    #[values(
        CREATE_TEAM,
        CREATE_TEAM_WITH_ADMIN,
        LIST_TEAMS,
        GET_TEAM,
        RENAME_TEAM,
        DELETE_TEAM,
        LIST_MEMBERS,
        ADD_MEMBER,
        ADD_ADMIN,
        ADD_NEW_USER,
        EDIT_MEMBER,
        REMOVE_MEMBER,
        LEAVE,
        LIST_ROLES,
        CREATE_ROLE,
        GET_ROLE,
        EDIT_ROLE,
        DELETE_ROLE,
        LIST_INVITATIONS,
        ISSUE,
        REISSUE,
        REVOKE,
        REDEEM,
        REGISTER,
        READ_AUDIT,
        READ_OWN_AUDIT,
        CREATE_APP
    )]
    operation: Operation,
) {
    let (status, _, send) = operation;
    let fixture = BusyTeam::new().await;
    let expected = undisturbed(&fixture, operation).await;
    for call in 0.. {
        fixture.rewind().await;
        fixture.base.world.faults.arm(fault, call, 1);
        let reply = send(&fixture).await;
        if fixture.base.world.faults.calls() <= call {
            assert!(call > 1, "the operation calls the database");
            break;
        }
        fixture.base.world.faults.disarm();
        assert_eq!(reply.status, status, "{fault:?} at call {call}: {reply:?}");
        assert_eq!(done(&fixture).await, expected, "{fault:?} at call {call}");
        check_invariants(&fixture).await;
    }
}

#[rstest]
#[tokio::test(start_paused = true)]
async fn a_lasting_fault_is_a_503_within_five_seconds_and_the_retry_converges(
    #[values(Fault::Throttle, Fault::ServerError, Fault::Conflict, Fault::DropReply, Fault::Hang)] fault: Fault,
    #[values(
        CREATE_TEAM,
        CREATE_TEAM_WITH_ADMIN,
        LIST_TEAMS,
        GET_TEAM,
        RENAME_TEAM,
        DELETE_TEAM,
        LIST_MEMBERS,
        ADD_MEMBER,
        ADD_ADMIN,
        ADD_NEW_USER,
        EDIT_MEMBER,
        REMOVE_MEMBER,
        LEAVE,
        LIST_ROLES,
        CREATE_ROLE,
        GET_ROLE,
        EDIT_ROLE,
        DELETE_ROLE,
        LIST_INVITATIONS,
        ISSUE,
        REISSUE,
        REVOKE,
        REDEEM,
        REGISTER,
        READ_AUDIT,
        READ_OWN_AUDIT,
        CREATE_APP
    )]
    operation: Operation,
) {
    let (status, already, send) = operation;
    let fixture = BusyTeam::new().await;
    let before = done(&fixture).await;
    let expected = undisturbed(&fixture, operation).await;
    for call in 0.. {
        fixture.rewind().await;
        fixture.base.world.faults.arm(fault, call, FOREVER);
        let begun = Instant::now();
        let reply = send(&fixture).await;
        if fixture.base.world.faults.calls() <= call {
            break;
        }
        assert!(begun.elapsed() <= Duration::from_secs(5), "{fault:?} from call {call}");
        fixture.base.world.faults.disarm();
        check_invariants(&fixture).await;
        let now = done(&fixture).await;
        assert!(now == before || now == expected, "{fault:?} from call {call}: half done: {now:?}");
        // A lasting conflict does not refuse reads, so an operation that only reads succeeds.
        if reply.status != status {
            assert_eq!(reply.is_problem(Code::Unavailable).header("retry-after"), "1");
            // By then the lost request cannot be running any more.
            fixture.base.world.clock.advance(Duration::from_secs(5));
            let again = send(&fixture).await;
            // Each attempt is counted, even if its reply is lost, so there may be none left by now.
            if fault == Fault::DropReply
                && matches!(again.body["code"].as_str(), Some("too_many_attempts" | "verification_failed"))
            {
                continue;
            }
            assert!([status, already].contains(&again.status), "{fault:?} from call {call}: {again:?}");
        }
        assert_eq!(done(&fixture).await, expected, "{fault:?} from call {call}");
        check_invariants(&fixture).await;
    }
}
