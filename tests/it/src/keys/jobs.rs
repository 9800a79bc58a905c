//! Jobs that were begun with a key: they do what the key may, for as long as it is active.

use rollcall_domain::id::{AppId, JobId};

use super::*;
use crate::jobs::{JobFixture, import_start};

async fn begun(world: &World, scopes: &[&str]) -> (Client, User, ApiKey, Client, String) {
    let (root, client) = world.user("root", UserType::SuperAdmin, []).await;
    let app = world.app(&client, "App").await;
    client.post(&format!("/v1/apps/{app}/accounts"), &json!({"user_id": "mina", "type": "general"})).await.is(201);
    let (key, machine) = world.api_key(&root, scopes).await;
    (client, root, key, machine, app)
}

#[tokio::test]
async fn a_job_ends_with_the_key_that_began_it() {
    let world = World::new().await;
    let (client, _, key, machine, app) = begun(&world, &["accounts.export"]).await;
    let path = format!("/v1/apps/{app}/jobs");
    let job = machine.post(&path, &json!({"kind": "export", "format": "csv"})).await;
    client.delete(&format!("/v1/me/keys/{}", key.key_id)).await.is(204);
    world.work_on_jobs().await;
    let job = client.get(&format!("{path}/{}", job.is(202).body["job_id"].as_str().unwrap())).await;
    assert_eq!((&job.body["status"], &job.body["error"]["code"]), (&json!("failed"), &json!("forbidden")));
}

#[tokio::test]
async fn a_job_stays_within_the_scopes_of_its_key_and_is_recorded_as_its() {
    let world = World::new().await;
    let (client, _, key, machine, app) = begun(&world, &["accounts.write"]).await;
    let path = format!("/v1/apps/{app}/jobs");
    machine.post(&path, &json!({"kind": "export", "format": "csv"})).await.is_problem(Code::InsufficientScope);
    machine.post(&path, &json!({"kind": "delete", "filter": {}})).await.is_problem(Code::InsufficientScope);
    let job = machine.post(&path, &json!({"kind": "edit", "user_ids": ["mina"], "set": {"level": 7}})).await;
    let job_id = JobId::parse(job.is(202).body["job_id"].as_str().unwrap()).unwrap();
    world.work_on_jobs().await;
    let start = machine.post(&format!("{path}/{job_id}/start"), &json!({"matched": 1})).await;
    start.is(202);
    world.work_on_jobs().await;
    assert_eq!(client.get(&format!("{path}/{job_id}")).await.body["status"], "succeeded");
    let stored = world.stored_job((AppId::parse(&app).unwrap(), job_id)).await;
    assert_eq!(stored.key_id, Some(key.key_id));
    let record = world.audit().await.into_iter().find(|record| record["action"] == "account.edit").unwrap();
    assert_eq!(record["actor"]["key_id"], json!(key.key_id));
}

#[tokio::test]
async fn a_job_whose_key_is_revoked_meanwhile_changes_nothing_more() {
    let fixture = JobFixture::new().await;
    fixture.load_many(100).await;
    let (key, machine) = fixture.world.api_key(&fixture.user, &["accounts.write"]).await;
    let body = json!({"kind": "edit", "user_id_prefix": "a", "set": {"level": 3}});
    let job = fixture.job(&machine.post(&format!("{}/jobs", fixture.app), &body).await);
    fixture.world.work_on_jobs().await;
    machine.post(&format!("{}/start", job.path()), &json!({"matched": 100})).await.is(202);
    // The key is revoked while the third transaction, which writes the second chunk, waits.
    let pause = fixture.world.faults.pause(8);
    let working = fixture.world.step(job.ids(), "local", Duration::from_mins(1));
    let revoked = async { fixture.client().await.delete(&format!("/v1/me/keys/{}", key.key_id)).await };
    let (over, revoked) = Box::pin(pause.run(working, revoked)).await;
    assert!(over.unwrap());
    revoked.unwrap().is(204);
    let job = job.get().await;
    assert_eq!((&job["status"], &job["error"]["code"]), (&json!("failed"), &json!("forbidden")), "{job}");
    let changed = fixture.accounts().await.values().filter(|account| account["level"] == 3).count();
    assert!(changed > 0 && changed < 100, "{changed}");
}

#[tokio::test]
async fn an_import_does_what_the_key_that_started_it_may() {
    let fixture = JobFixture::new().await;
    let (_, machine) = fixture.world.api_key(&fixture.user, &["accounts.write"]).await;
    let job = fixture.upload("user_id,type\nmina,general\nboss,admin\n".to_owned()).await;
    machine.post(&format!("{}/start", job.path()), &import_start(json!({}))).await.is(202);
    fixture.world.work_on_jobs().await;
    let over = job.get().await;
    assert_eq!((&over["counts"]["created"], &over["counts"]["failed"]), (&json!(1), &json!(1)), "{over}");
    assert_eq!(fixture.accounts().await.into_keys().collect::<Vec<_>>(), ["mina"]);
}
