//! The audit records of jobs.

use super::*;

/// The outcomes of the rows that the records of an action name, by account; each account is named once.
pub async fn outcomes(fixture: &JobFixture, job: &JobRef<'_>, action: &str) -> BTreeMap<String, Value> {
    let mut found = BTreeMap::new();
    for record in fixture.world.audit().await {
        if record["action"] == action && record["after"]["job_id"] == json!(job.job_id) {
            for (user_id, outcome) in record["after"]["outcomes"].as_object().unwrap() {
                assert!(found.insert(user_id.clone(), outcome.clone()).is_none(), "{user_id} is named twice");
            }
        }
    }
    found
}

#[tokio::test]
async fn each_changed_account_of_an_edit_is_recorded_with_its_states() {
    let fixture = JobFixture::new().await;
    fixture.load_many(100).await;
    let job = fixture.begin(&json!({"kind": "edit", "user_id_prefix": "a", "set": {"level": 3}})).await;
    fixture.world.work_on_jobs().await;
    job.start(&json!({"matched": 100})).await.is(202);
    fixture.world.work_on_jobs().await;
    let named = outcomes(&fixture, &job, "account.edit").await;
    assert!(named.len() == 100 && named.values().all(|outcome| outcome == "updated"));
    let mut records = fixture.world.audit().await;
    records.retain(|record| record["action"] == "account.edit");
    assert_eq!(records.len(), 3, "one for each chunk of 45");
    for record in records {
        assert_eq!((&record["actor"]["login"], &record["target"]["id"]), (&json!("admin"), &json!(fixture.app_id)));
        let (before, after) = (&record["before"]["accounts"], &record["after"]["accounts"]);
        assert_eq!(before.as_object().unwrap().len(), after.as_object().unwrap().len());
        assert!(before.as_object().unwrap().values().all(|state| *state == json!({"level": 0})), "{before}");
        assert!(after.as_object().unwrap().values().all(|state| *state == json!({"level": 3})), "{after}");
    }
}

#[tokio::test]
async fn each_record_of_a_job_names_the_request_that_started_it() {
    let fixture = JobFixture::new().await;
    fixture.load_many(50).await;
    let job = fixture.begin(&json!({"kind": "edit", "user_id_prefix": "a", "set": {"level": 3}})).await;
    fixture.world.work_on_jobs().await;
    let client = fixture.client().await.at("192.0.2.7");
    let started = client.post(&format!("{}/start", job.path()), &json!({"matched": 50})).await;
    fixture.world.work_on_jobs().await;
    let mut records = fixture.world.audit().await;
    records.retain(|record| record["action"] == "account.edit");
    assert_eq!(records.len(), 2);
    for record in records {
        assert_eq!(record["address"], "192.0.2.7");
        assert_eq!(record["request_id"], started.is(202).header("x-request-id"));
    }
}

#[tokio::test]
async fn each_deleted_account_is_recorded() {
    let fixture = JobFixture::new().await;
    fixture.load_many(100).await;
    fixture.lock(false).await;
    let job = fixture.begin(&json!({"kind": "delete", "user_id_prefix": "a"})).await;
    fixture.world.work_on_jobs().await;
    job.start(&json!({"matched": 100})).await.is(202);
    fixture.world.work_on_jobs().await;
    let named = outcomes(&fixture, &job, "account.delete").await;
    assert!(named.len() == 100 && named.values().all(|outcome| outcome == "deleted"));
}

#[tokio::test]
async fn each_imported_account_is_recorded_and_nothing_else_writes_a_record() {
    let fixture = JobFixture::new().await;
    fixture.load_many(100).await;
    let rows: String = lines(50..150, |number| format!("a{number:03},{}\n", if number == 60 { 0 } else { 3 }));
    let job = fixture.upload(format!("user_id,level\nboss,1\n{rows}")).await;
    job.start(&import_start(json!({}))).await.is(202);
    fixture.world.work_on_jobs().await;
    assert_eq!(counts(&job.get().await), json!({"created": 51, "updated": 49, "unchanged": 1}));
    let named = outcomes(&fixture, &job, "account.import").await;
    let changed: Vec<_> =
        fixture.accounts().await.into_iter().filter(|(_, it)| it["level"] != 0).map(|(id, _)| id).collect();
    assert!(changed.iter().all(|id| ["created", "updated"].contains(&named[id].as_str().unwrap())));
    assert_eq!(named["a060"], "unchanged");
    let again = fixture.import(format!("user_id,level\nboss,1\n{rows}"), json!({})).await;
    assert_eq!(counts(&again), json!({"unchanged": 101}));
    let records = fixture.world.audit().await.into_iter().filter(|record| record["action"] == "account.import").count();
    assert_eq!(records, 3);
}

#[tokio::test]
async fn a_chunk_of_the_largest_accounts_fits_into_its_record() {
    let fixture = JobFixture::new().await;
    let account = |number: usize, text: &str| {
        let text = text.repeat(500 / text.len());
        json!({
            "user_id": format!("{number:0>32}"), "type": "general", "nickname": text, "location": text,
            "whats_up": text.replace('"', "\n"), "photo_url": format!("https://{}", "a".repeat(490)),
        })
    };
    fixture.load((0..45).map(|number| account(number, "\""))).await;
    let rows: String = (0..45).map(|number| account(number, "\\").to_string() + "\n").collect();
    let job = fixture.import(rows, json!({})).await;
    assert_eq!(counts(&job), json!({"updated": 45}), "{job}");
    let mut records = fixture.world.audit().await;
    records.retain(|record| record["action"] == "account.import");
    assert_eq!(records.len(), 1, "the chunk is written as one");
}
