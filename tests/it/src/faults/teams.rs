//! Every operation on teams, roles, members and invitations.

mod operations;

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
        mailed_codes::{completion, started},
    },
};

use operations::*;

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
            let created = base.inviter.post(&format!("{}/roles", base.team), &body).await;
            created.is(201).body["role_id"].as_str().unwrap().to_owned()
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
        let with_key = |client: &Client| client.with("idempotency-key", "once");
        Self {
            admin: with_key(&admin),
            owner: with_key(&base.inviter),
            mina: with_key(&client),
            newcomer: with_key(&newcomer),
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

/// An operation, with the status of its success and of its repetition.
type Operation = (u16, u16, fn(&BusyTeam) -> BoxFuture<'_, Reply>);

/// Asserts the invariants and returns what has been done, without ids, hashes, codes and times: users with their teams
/// and roles, teams with their counters, invitations with their states, and audit records. Attempt counters are left
/// out: an attempt whose reply was lost may be counted twice.
async fn outcome(fixture: &BusyTeam) -> Vec<Value> {
    let items = assert_consistent(&fixture.base.world).await.stored;
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
    let mut outcome = Vec::new();
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
        outcome.push(json!([kind, seen]));
    }
    outcome.sort_by_key(ToString::to_string);
    outcome
}

/// What has been done after the operation without a fault.
async fn expected_outcome(fixture: &BusyTeam, (status, _, send): Operation) -> Vec<Value> {
    send(fixture).await.is(status);
    outcome(fixture).await
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
    let expected = expected_outcome(&fixture, operation).await;
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
        assert_eq!(outcome(&fixture).await, expected, "{fault:?} at call {call}");
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
    let before = outcome(&fixture).await;
    let expected = expected_outcome(&fixture, operation).await;
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
        let now = outcome(&fixture).await;
        assert!(now == before || now == expected, "{fault:?} from call {call}: partly committed: {now:?}");
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
        assert_eq!(outcome(&fixture).await, expected, "{fault:?} from call {call}");
    }
}
