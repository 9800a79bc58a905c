//! Edits and deletions of many accounts.

use super::*;

/// Begins an edit or a deletion, and works until it waits for its start. Returns it with the number that it found.
async fn matched<'a>(fixture: &'a JobFixture, body: &Value) -> (JobRef<'a>, u64) {
    let job = fixture.begin(body).await;
    fixture.world.work_on_jobs().await;
    let found = job.get().await;
    assert_eq!(found["status"], "awaiting_start", "{found}");
    (job, found["matched"].as_u64().unwrap())
}

async fn start(job: &JobRef<'_>, matched: u64) {
    job.start(&json!({"matched": matched})).await.is(202);
}

#[tokio::test]
async fn ids_that_do_not_exist_are_not_matched_and_duplicates_count_once() {
    let fixture = JobFixture::new().await;
    fixture.load_many(3).await;
    let ids = json!(["a002", "nobody", "a000", "a002"]);
    let (job, found) = matched(&fixture, &json!({"kind": "edit", "user_ids": ids, "set": {"level": 7}})).await;
    assert_eq!(found, 2);
    assert!(job.get().await["request"].get("user_ids").is_none());
    start(&job, 2).await;
    fixture.world.work_on_jobs().await;
    assert_eq!(counts(&job.get().await), json!({"updated": 2}));
    let levels: Vec<_> = fixture.accounts().await.into_values().map(|account| account["level"].clone()).collect();
    assert_eq!(levels, [7, 0, 7]);
}

#[tokio::test]
async fn a_filter_selects_what_the_list_of_accounts_shows() {
    let fixture = JobFixture::new().await;
    fixture
        .load([
            general("jose.1", "Pilot"),
            general("b", "José"),
            general("c", "김하은"),
            general("d", "ＦＵＬＬ"),
            general("Jx", "j"),
        ])
        .await;
    fixture
        .admin
        .post(&format!("{}/accounts", fixture.app), &json!({"user_id": "boss", "type": "admin", "nickname": "jose"}))
        .await
        .is(201);
    for (filter, query) in [
        (json!({"q": "JOSE"}), "q=JOSE"),
        (json!({"q": "김"}), "q=%EA%B9%80"),
        (json!({"q": "full"}), "q=full"),
        (json!({"q": "j", "user_id_prefix": "J"}), "q=j&user_id_prefix=J"),
        (json!({"type": "admin"}), "type=admin"),
        (json!({"q": "jose", "type": "general"}), "q=jose&type=general"),
        (json!({"q": "nobody"}), "q=nobody"),
        (json!({"user_id_prefix": "a".repeat(40)}), &format!("user_id_prefix={}", "a".repeat(40))),
    ] {
        let listed = fixture.admin.get(&format!("{}/accounts?{query}", fixture.app)).await.is(200).body.clone();
        let listed: Vec<_> =
            listed["items"].as_array().unwrap().iter().map(|account| account["user_id"].clone()).collect();
        let mut edit = json!({"kind": "edit", "set": {"location": query}});
        edit.as_object_mut().unwrap().extend(filter.as_object().unwrap().clone());
        let (job, found) = matched(&fixture, &edit).await;
        assert_eq!(found, listed.len() as u64, "{query}");
        start(&job, found).await;
        fixture.world.work_on_jobs().await;
        let accounts = fixture.accounts().await;
        let edited: Vec<_> =
            accounts.iter().filter(|(_, it)| it["location"] == query).map(|(id, _)| json!(id)).collect();
        assert_eq!(edited, listed, "{query}");
        let mut export = json!({"kind": "export", "format": "csv", "columns": ["user_id"]});
        export.as_object_mut().unwrap().extend(filter.as_object().unwrap().clone());
        let rows = fixture.rows(&fixture.run(&export).await).await;
        let exported: Vec<_> = rows[1..].iter().map(|row| json!(row[0])).collect();
        assert_eq!(exported, listed, "{query}");
    }
}

#[tokio::test]
async fn exactly_what_was_matched_is_changed() {
    let fixture = JobFixture::new().await;
    fixture.load_many(4).await;
    fixture.load([json!({"user_id": "a004", "type": "general", "nickname": "Pilot", "level": 3})]).await;
    let (job, found) =
        matched(&fixture, &json!({"kind": "edit", "q": "pilot", "set": {"level": 3, "nickname": null}})).await;
    let accounts = format!("{}/accounts", fixture.app);
    fixture.admin.post(&accounts, &general("a0001", "Pilot")).await.is(201);
    fixture.admin.patch(&format!("{accounts}/a001"), &json!({"nickname": "Other"})).await.is(200);
    fixture.admin.patch(&format!("{accounts}/a004"), &json!({"nickname": null})).await.is(200);
    fixture.delete_account("a002").await;
    start(&job, found).await;
    fixture.world.work_on_jobs().await;
    assert_eq!(counts(&job.get().await), json!({"updated": 3, "unchanged": 1, "skipped": 1}));
    let levels: Vec<_> =
        fixture.accounts().await.into_iter().map(|(id, it)| json!([id, it["level"], it["nickname"]])).collect();
    let expected = [
        json!(["a000", 3, null]),
        json!(["a0001", 0, "Pilot"]),
        json!(["a001", 3, null]),
        json!(["a003", 3, null]),
        json!(["a004", 3, null]),
    ];
    assert_eq!(levels, expected);
}

#[tokio::test]
async fn a_deletion_needs_the_lock_lifted_when_it_is_begun_and_when_it_is_started() {
    let fixture = JobFixture::new().await;
    fixture.load_many(2).await;
    let body = json!({"kind": "delete", "user_id_prefix": "a"});
    fixture.create(&body).await.is_problem(Code::AccountDeletionLocked);
    fixture.lock(false).await;
    let (job, found) = matched(&fixture, &body).await;
    fixture.lock(true).await;
    job.start(&json!({"matched": found})).await.is_problem(Code::AccountDeletionLocked);
    assert_eq!(job.get().await["status"], "awaiting_start");
    fixture.lock(false).await;
    start(&job, found).await;
    fixture.world.work_on_jobs().await;
    assert_eq!(counts(&job.get().await), json!({"deleted": 2}));
    assert!(fixture.accounts().await.is_empty());
}

#[tokio::test]
async fn a_lock_that_is_put_back_stops_a_deletion_there() {
    let fixture = JobFixture::new().await;
    fixture.load_many(100).await;
    fixture.lock(false).await;
    let (job, found) = matched(&fixture, &json!({"kind": "delete", "user_id_prefix": "a"})).await;
    start(&job, found).await;
    let pause = fixture.world.faults.pause(8);
    let working = fixture.world.step(job.ids(), "local", Duration::from_mins(1));
    let (over, _) = Box::pin(pause.run(working, fixture.lock(true))).await;
    assert!(over.unwrap());
    let over = job.get().await;
    assert_eq!((&over["status"], &over["error"]["code"]), (&json!("failed"), &json!("account_deletion_locked")));
    let left = fixture.accounts().await.len();
    assert!(left > 0 && left < 100, "{left}");
    assert_eq!(counts(&over), json!({"deleted": 100 - left}));
    assert!(job.objects().await.is_empty());
}

#[tokio::test]
async fn a_deletion_of_admins_frees_their_places() {
    let fixture = JobFixture::new().await;
    fixture.load_many(60).await;
    for number in 0..10 {
        let body = json!({"user_id": format!("admin{number}"), "type": "admin"});
        fixture.admin.post(&format!("{}/accounts", fixture.app), &body).await.is(201);
    }
    fixture.lock(false).await;
    let (job, found) = matched(&fixture, &json!({"kind": "delete", "user_id_prefix": "a"})).await;
    assert_eq!(found, 70);
    start(&job, found).await;
    fixture.world.work_on_jobs().await;
    assert_eq!(counts(&job.get().await), json!({"deleted": 70}));
    crate::support::consistency::assert_consistent(&fixture.world).await;
    assert_eq!(fixture.admin.get(&fixture.app).await.body["admin_count"], 0);
}

#[tokio::test]
async fn a_job_without_accounts_succeeds() {
    let fixture = JobFixture::new().await;
    let (job, found) = matched(&fixture, &json!({"kind": "edit", "q": "nobody", "set": {"level": 3}})).await;
    start(&job, found).await;
    fixture.world.work_on_jobs().await;
    let over = job.get().await;
    assert_eq!((found, &over["status"], counts(&over)), (0, &json!("succeeded"), json!({})));
}
