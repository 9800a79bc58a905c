//! Requests that read a role before its end and commit after it.

use rstest::rstest;

use super::*;
use crate::support::{consistency::Items, faults::Call};

/// A request of a member whose membership ends in a minute.
type Request = (&'static str, &'static str, &'static str, fn(&User) -> Value);

const REQUESTS: [Request; 9] = [
    ("member_manager", "PATCH", "{team}", |_| json!({"name": "Southwind"})),
    (
        "member_manager",
        "POST",
        "{team}/members",
        |user| json!({"user_id": user.user_id, "role_id": "reviewer", "expires_at": "2026-11-20T12:00:30Z"}),
    ),
    ("member_manager", "POST", "{team}/roles", |_| json!({"name": "Readers", "permissions": ["team.read"]})),
    ("senior_developer", "PATCH", "{app}", |_| json!({"name": "Bay Chat"})),
    ("senior_developer", "PUT", "{app}/deletion-lock", |_| json!({"locked": false, "risks_acknowledged": true})),
    ("developer", "POST", "{app}/accounts", |_| json!({"user_id": "late", "type": "general"})),
    ("developer", "PATCH", "{app}/accounts/a", |_| json!({"level": 7})),
    ("senior_developer", "PUT", "{app}/accounts/a/admin", |_| Value::Null),
    ("operator", "POST", "{app}/jobs", |_| json!({"kind": "export", "format": "csv"})),
];

fn is_read(call: &Call) -> bool {
    ["GetItem", "BatchGetItem", "Query"].contains(&call.operation.as_str())
}

/// The items that a change would touch: everything but sessions, which every request writes, and counters.
async fn state(world: &World) -> Vec<Value> {
    let mut items = Items::of(world).await.stored;
    items.retain(|item| !item["pk"].as_str().unwrap().starts_with("SESSIONS#"));
    items.sort_by_key(|item| (item["pk"].to_string(), item["sk"].to_string()));
    items
}

#[rstest]
#[tokio::test]
async fn a_change_that_is_committed_after_the_end_is_refused(#[values(0, 1, 2, 3, 4, 5, 6, 7, 8)] request: usize) {
    let (role, method, path, body) = REQUESTS[request];
    let mut moments = 0;
    for call in 0.. {
        let fixture = TeamFixture::new().await;
        let world = &fixture.world;
        let account = json!({"user_id": "a", "type": "general"});
        fixture.owner().await.post(&format!("{}/accounts", fixture.app), &account).await.is(201);
        let jisoo = world.user_as("jisoo", UserType::Member, |_| {}).await;
        let (_, client) = world.member_for("mina", (fixture.team_id, role), Duration::from_mins(1)).await;
        let path = path.replace("{team}", &fixture.team).replace("{app}", &fixture.app);
        let body = body(&jisoo);
        let before = state(world).await;
        world.faults.take_log();
        let pause = world.faults.pause(call);
        let sent = client.send(method.parse().unwrap(), &path, (!body.is_null()).then(|| body.to_string()));
        let wait = async { world.clock.advance(Duration::from_mins(1)) };
        let (reply, waited) = Box::pin(pause.run(sent, wait)).await;
        if waited.is_none() {
            assert!(reply.status < 300, "{method} {path} in time: {reply:?}");
            assert!(moments > 1, "{method} {path} reads before it writes");
            return;
        }
        // The clock is compared when the commit is sent: a request whose commit was not sent yet writes nothing more.
        if reply.status < 300 {
            let later = world.faults.take_log().split_off(call + 1);
            assert!(later.iter().all(is_read), "{method} {path} at call {call}: {later:?}");
            continue;
        }
        assert!(matches!(reply.status, 403 | 404), "{method} {path} at call {call}: {reply:?}");
        assert_eq!(state(world).await, before, "{method} {path} at call {call}");
        moments += 1;
    }
}

/// The role is what it was; only its end is nearer than the request has read.
#[tokio::test]
async fn an_end_that_is_moved_closer_during_a_request_counts() {
    let fixture = TeamFixture::new().await;
    let world = &fixture.world;
    let (mina, client) = world.member_for("mina", (fixture.team_id, "member_manager"), DAY).await;
    let member = fixture.path(&format!("members/{}", mina.user_id));
    let owner = fixture.owner().await;
    let sooner = fixture.later(Duration::from_secs(1));
    // The session and the user, the team, and the marker of its name are read before the commit.
    for call in [1, 2] {
        let pause = world.faults.pause(call);
        let body = json!({"name": format!("Southwind {call}")});
        let rename = client.patch(&fixture.team, &body);
        let shorten = async {
            owner.patch(&member, &json!({"expires_at": sooner})).await.is(200);
            world.clock.advance(Duration::from_secs(1));
        };
        let (reply, shortened) = Box::pin(pause.run(rename, shorten)).await;
        shortened.unwrap();
        reply.is_problem(Code::Forbidden);
        world.clock.retreat(Duration::from_secs(1));
        owner.patch(&member, &json!({"expires_at": fixture.later(DAY)})).await.is(200);
    }
    // An end that is moved away does not matter.
    let pause = world.faults.pause(1);
    let body = json!({"name": "Eastwind"});
    let rename = client.patch(&fixture.team, &body);
    let lengthen = async { owner.patch(&member, &json!({"expires_at": null})).await.is(200).status };
    let (reply, lengthened) = Box::pin(pause.run(rename, lengthen)).await;
    assert_eq!((reply.status, lengthened), (200, Some(200)), "{reply:?}");
}

#[tokio::test]
async fn a_batch_deletion_reports_the_accounts_that_it_could_not_delete_in_time() {
    let fixture = TeamFixture::new().await;
    let world = &fixture.world;
    let ids: Vec<_> = (0..60).map(|number| format!("a{number:03}")).collect();
    let owner = fixture.owner().await;
    for id in &ids {
        let account = json!({"user_id": id, "type": "general"});
        owner.post(&format!("{}/accounts", fixture.app), &account).await.is(201);
    }
    let unlock = json!({"locked": false, "risks_acknowledged": true});
    owner.put(&format!("{}/deletion-lock", fixture.app), &unlock).await.is(200);
    let minute = Duration::from_mins(1);
    let (_, client) = world.member_for("mina", (fixture.team_id, "senior_developer"), minute).await;
    // The caller and the application are read, then two transactions delete 50 and 10 accounts.
    let pause = world.faults.pause(2);
    let path = format!("{}/account-deletions", fixture.app);
    let body = json!({"user_ids": ids});
    let deletion = client.post(&path, &body);
    let (reply, ended) = Box::pin(pause.run(deletion, async { world.clock.advance(minute) })).await;
    ended.unwrap();
    let results = reply.is(200).body["results"].as_array().unwrap().clone();
    let deleted = results.iter().filter(|result| result["outcome"] == "deleted").count();
    let failed = results.iter().filter(|result| result["outcome"] == "failed" && result["code"] == "forbidden").count();
    assert_eq!((deleted, failed), (50, 10), "{results:?}");
}

#[tokio::test]
async fn a_job_stops_when_the_membership_of_its_creator_ends() {
    let fixture = TeamFixture::new().await;
    let world = &fixture.world;
    let owner = fixture.owner().await;
    for id in ["a", "b"] {
        let account = json!({"user_id": id, "type": "general"});
        owner.post(&format!("{}/accounts", fixture.app), &account).await.is(201);
    }
    let minute = Duration::from_mins(1);
    let (_, client) = world.member_for("mina", (fixture.team_id, "developer"), minute).await;
    let jobs = format!("{}/jobs", fixture.app);
    let body = json!({"kind": "edit", "user_ids": ["a", "b"], "set": {"level": 7}});
    let job = client.post(&jobs, &body).await.is(202).body["job_id"].as_str().unwrap().to_owned();
    world.work_on_jobs().await;
    let path = format!("{jobs}/{job}");
    client.post(&format!("{path}/start"), &json!({"matched": 2})).await.is(202);
    world.clock.advance(minute);
    world.work_on_jobs().await;
    let over = owner.get(&path).await;
    assert_eq!((&over.is(200).body["status"], &over.body["error"]["code"]), (&json!("failed"), &json!("forbidden")));
    let account = owner.get(&format!("{}/accounts/a", fixture.app)).await;
    assert_eq!(account.is(200).body["level"], 0);
}
