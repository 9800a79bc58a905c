//! Who may begin, see and end which jobs.

use super::*;

/// The bodies that begin a job of each kind.
fn bodies() -> [(&'static str, Value); 4] {
    [
        ("export", json!({"kind": "export", "format": "csv"})),
        ("import", json!({"kind": "import"})),
        ("edit", json!({"kind": "edit", "q": "a", "set": {"level": 3}})),
        ("delete", json!({"kind": "delete", "q": "a"})),
    ]
}

async fn member(fixture: &JobFixture, team: TeamId, name: &str, permissions: &[&str]) -> Client {
    let role = fixture.world.role(team, name, permissions).await;
    fixture.world.member(name, [(team, &role.to_string())]).await
}

#[tokio::test]
async fn a_job_is_for_those_who_have_the_permission_of_its_kind() {
    let (fixture, team) = JobFixture::of_team().await;
    fixture.lock(false).await;
    let list = format!("{}/jobs", fixture.app);
    let mut jobs = Vec::new();
    for (kind, body) in bodies() {
        fixture.world.clock.advance(Duration::from_millis(1));
        jobs.push((kind, fixture.begin(&body).await.path()));
    }
    for (name, permissions, kinds) in [
        ("reader", &["accounts.read"][..], &[][..]),
        ("writer", &["accounts.read", "accounts.write"], &["edit", "import"]),
        ("exporter", &["accounts.read", "accounts.export"], &["export"]),
        ("deleter", &["accounts.read", "accounts.delete"], &["delete"]),
    ] {
        let client = member(&fixture, team, name, permissions).await;
        let listed = client.get(&list).await.is(200).body.clone();
        let listed: Vec<_> = listed["items"].as_array().unwrap().iter().map(|job| job["kind"].clone()).collect();
        assert_eq!(listed, kinds, "{name}");
        for (kind, path) in &jobs {
            let (read, start) = (client.get(path).await, client.post(&format!("{path}/start"), &json!({})).await);
            if kinds.contains(kind) {
                assert_eq!(read.is(200).body["kind"], *kind);
                assert!([409, 422].contains(&start.status), "{start:?}");
            } else {
                read.is_problem(Code::NotFound);
                start.is_problem(Code::NotFound);
                client.post(&format!("{path}/preview"), &json!({})).await.is_problem(Code::NotFound);
                client.delete(path).await.is_problem(Code::NotFound);
            }
        }
        for (kind, body) in bodies() {
            let created = client.post(&list, &body).await;
            if kinds.contains(&kind) {
                client.delete(created.header("location")).await.is(204);
            } else {
                created.is_problem(Code::Forbidden);
            }
        }
    }
}

#[tokio::test]
async fn jobs_of_another_team_or_application_are_not_found() {
    let (fixture, _) = JobFixture::of_team().await;
    let theirs = fixture.world.team("Theirs").await;
    let stranger = fixture.world.member("stranger", [(theirs, "admin")]).await;
    let job = fixture.begin(&bodies()[0].1).await;
    let list = format!("{}/jobs", fixture.app);
    for path in [job.path(), list.clone()] {
        stranger.get(&path).await.is_problem(Code::NotFound);
    }
    stranger.post(&list, &bodies()[0].1).await.is_problem(Code::NotFound);
    stranger.delete(&job.path()).await.is_problem(Code::NotFound);
    let other = fixture.world.app(&fixture.admin, "Other").await;
    fixture.admin.get(&format!("/v1/apps/{other}/jobs/{}", job.job_id)).await.is_problem(Code::NotFound);
    for unknown in [UNKNOWN_ID, "x"] {
        fixture.admin.get(&format!("{list}/{unknown}")).await.is_problem(Code::NotFound);
        fixture.admin.get(&format!("/v1/apps/{unknown}/jobs")).await.is_problem(Code::NotFound);
    }
    fixture.world.stranger().get(&job.path()).await.is_problem(Code::Unauthenticated);
    assert_eq!(job.get().await["status"], "queued");
}

#[rstest::rstest]
#[tokio::test]
async fn a_job_ends_with_what_it_has_done_when_its_user_loses_the_right(
    #[values("demoted", "application moved")] how: &str,
) {
    let (fixture, team) = JobFixture::of_team().await;
    let elsewhere = fixture.world.team("Elsewhere").await;
    fixture.load_many(100).await;
    let (user, client) = fixture.world.user("mina", UserType::Member, [(team, "developer")]).await;
    let created = client
        .post(&format!("{}/jobs", fixture.app), &json!({"kind": "edit", "user_id_prefix": "a", "set": {"level": 3}}))
        .await;
    let job = fixture.job(&created);
    fixture.world.work_on_jobs().await;
    client.post(&format!("{}/start", job.path()), &json!({"matched": 100})).await.is(202);
    // The user loses the right while the third transaction, which writes the second chunk, waits.
    let member = format!("/v1/teams/{team}/members/{}", user.user_id);
    let pause = fixture.world.faults.pause(8);
    let working = fixture.world.step(job.ids(), "local", Duration::from_mins(1));
    let meanwhile = async {
        match how {
            "demoted" => fixture.admin.patch(&member, &json!({"role_id": "reviewer"})).await,
            _ => fixture.admin.patch(&fixture.app, &json!({"team_id": elsewhere})).await,
        }
    };
    let (over, changed) = Box::pin(pause.run(working, meanwhile)).await;
    assert!(over.unwrap());
    changed.unwrap().is(200);
    let job = job.get().await;
    assert_eq!((&job["status"], &job["error"]["code"]), (&json!("failed"), &json!("forbidden")), "{job}");
    let changed = fixture.accounts().await.values().filter(|account| account["level"] == 3).count();
    assert!(changed > 0 && changed < 100, "{changed}");
    assert_eq!(counts(&job), json!({"updated": changed}));
    assert_eq!(job["progress"], json!({"done": changed, "total": 100}));
}

#[tokio::test]
async fn a_job_of_a_disabled_user_changes_nothing() {
    let (fixture, team) = JobFixture::of_team().await;
    fixture.load_many(3).await;
    let (user, client) = fixture.world.user("mina", UserType::Member, [(team, "admin")]).await;
    let jobs = format!("{}/jobs", fixture.app);
    let export = fixture.job(client.post(&jobs, &json!({"kind": "export", "format": "csv"})).await.is(202));
    let path = format!("/v1/users/{}", user.user_id);
    fixture.admin.patch(&path, &json!({"status": "disabled"})).await.is(200);
    fixture.world.work_on_jobs().await;
    let job = export.get().await;
    assert_eq!((&job["status"], &job["error"]["code"]), (&json!("failed"), &json!("forbidden")), "{job}");
    assert_eq!(job["files"], json!([]));
    assert!(export.objects().await.is_empty());
}
