//! The scheduled cleanup.

mod invitations;
mod teams;

use std::time::Duration;

use rollcall_domain::{
    Code, Fields, Timestamp,
    account::NewAccount,
    id::{AppId, MailId},
    limits::{MAX_DUE_PER_CLEANUP, OUTBOX_LIFETIME},
    mail::{Language, Mail, Message},
    text::Login,
};
use rollcall_store::{Commit, outbox};
use serde_json::json;

use crate::support::{Client, World, faults::as_function};

pub async fn run(world: &World) -> serde_json::Value {
    let report =
        as_function("cleanup", cleanup::run(world.context.clone(), cleanup::CleanupEvent::default())).await.unwrap();
    serde_json::to_value(report).unwrap()
}

pub async fn deleted(world: &World, admin: &Client, name: &str) -> String {
    let path = format!("/v1/apps/{}", world.app(admin, name).await);
    admin.delete(&path).await.is(204);
    path
}

/// Writes an account like a concurrent creation that has read the application just before its deletion.
pub async fn create_late_account(world: &World, path: &str) {
    let app_id = AppId::parse(path.rsplit('/').next().unwrap()).unwrap();
    let fields = Fields::of(json!({"user_id": "late", "type": "general"}));
    let late = fields.parse(|fields| NewAccount::read(fields, world.now().date())).unwrap().create(world.now());
    world.store().load_accounts(app_id, &[late]).await.unwrap();
}

fn app_items(items: &[serde_json::Value]) -> usize {
    items.iter().filter(|item| item["sk"] == "APP").count()
}

#[tokio::test]
async fn a_clock_that_was_set_back_loses_no_deletion() {
    let world = World::new().await;
    let admin = world.admin().await;
    world.clock.advance(Duration::from_hours(5));
    run(&world).await;
    world.clock.retreat(Duration::from_hours(5));
    deleted(&world, &admin, "App").await;
    world.clock.advance(Duration::from_mins(1));
    assert_eq!(run(&world).await["apps_deleted"], 1);
}

#[tokio::test]
async fn a_deletion_is_finalised_after_a_minute() {
    let world = World::new().await;
    let admin = world.admin().await;
    deleted(&world, &admin, "App").await;
    world.clock.advance(Duration::from_millis(59_999));
    assert_eq!(run(&world).await["apps_deleted"], 0);
    assert_eq!(app_items(&world.dump().await), 1);
    world.clock.advance(Duration::from_millis(1));
    let report = json!({
        "skipped": false, "hours": 2, "apps_deleted": 1, "apps_restored": 0, "invitations_expired": 0,
        "members_expired": 0, "members_reminded": 0, "members_removed": 0, "teams_deleted": 0, "mails_driven": 0,
        "jobs_driven": 0, "keys_reminded": 0, "more": false
    });
    assert_eq!(run(&world).await, report);
    assert_eq!(app_items(&world.dump().await), 0);
    assert_eq!(run(&world).await["apps_deleted"], 0, "the run is idempotent");
}

#[tokio::test]
async fn a_deletion_is_reverted_if_an_account_was_created_meanwhile() {
    let world = World::new().await;
    let admin = world.admin().await;
    let path = deleted(&world, &admin, "App").await;
    create_late_account(&world, &path).await;

    admin.get(&path).await.is_problem(Code::NotFound);
    world.clock.advance(Duration::from_secs(61));
    assert_eq!(run(&world).await["apps_restored"], 1);
    assert_eq!(admin.get(&path).await.is(200).body["version"], 3);
    admin.get(&format!("{path}/accounts/late")).await.is(200);
    assert_eq!(admin.get("/v1/apps").await.body["items"].as_array().unwrap().len(), 1);
    let restored = world.audit().await.into_iter().filter(|record| record["action"] == "app.restore").count();
    assert_eq!(restored, 1);
}

#[tokio::test]
async fn a_late_run_finds_what_was_due_hours_ago() {
    let world = World::new().await;
    let admin = world.admin().await;
    run(&world).await;
    deleted(&world, &admin, "App").await;
    world.clock.advance(Duration::from_hours(30));
    let report = run(&world).await;
    assert_eq!((&report["apps_deleted"], &report["hours"]), (&json!(1), &json!(31)));
    assert_eq!(run(&world).await["hours"], 2, "a clock that is behind may still write into the previous hour");
    world.clock.advance(Duration::from_mins(15));
    run(&world).await;
    assert_eq!(run(&world).await["hours"], 1);
}

#[tokio::test]
async fn a_run_is_bounded_and_the_next_continues() {
    let world = World::new().await;
    run(&world).await;
    let hours = u64::try_from(MAX_DUE_PER_CLEANUP).unwrap() + 10;
    world.clock.advance(Duration::from_secs(hours * 60 * 60));
    let first = run(&world).await;
    assert_eq!((&first["more"], &first["hours"]), (&json!(true), &json!(MAX_DUE_PER_CLEANUP)));
    let second = run(&world).await;
    assert_eq!((&second["more"], &second["hours"]), (&json!(false), &json!(12)));
}

#[tokio::test]
async fn a_run_during_another_is_skipped() {
    let world = World::new().await;
    let lease = world.context.store.begin_cleanup("another run", world.now()).await.unwrap();
    assert!(lease.is_some());
    assert_eq!(run(&world).await["skipped"], true);
    world.clock.advance(Duration::from_mins(5));
    assert_eq!(run(&world).await["skipped"], false, "an expired lease is free");
    world.context.store.end_cleanup("another run", 0).await.unwrap();
    assert_eq!(run(&world).await["hours"], 2, "a run does not release the lease of a later run");
}

/// Writes a mail to the outbox.
pub async fn enqueue_mail(world: &World, now: Timestamp) -> MailId {
    let message = Message::TotpEnabled { login: Login::parse("mina").unwrap() };
    let mail = Mail::new(MailId::new(world.context.uuid().unwrap()), None, Language::En, message, now);
    world.writer().commit(Commit::new([outbox::put(&mail).unwrap()])).await.unwrap();
    mail.mail_id
}

#[tokio::test]
async fn an_overdue_mail_is_redriven_once_per_run_until_it_is_taken() {
    let world = World::new().await;
    run(&world).await;
    let mail_id = enqueue_mail(&world, world.now()).await;
    world.clock.advance(Duration::from_millis(59_999));
    assert_eq!(run(&world).await["mails_driven"], 0, "for the first minute the stream delivers it");
    world.clock.advance(Duration::from_millis(1));
    assert_eq!(run(&world).await["mails_driven"], 1);
    let items = world.dump().await;
    let item = items.iter().find(|item| item["sk"] == "OUTBOX").unwrap();
    assert_eq!((&item["driven_at"], &item["attempts"]), (&json!(world.now()), &json!(0)));

    world.clock.advance(Duration::from_hours(3));
    let report = run(&world).await;
    assert_eq!((&report["mails_driven"], &report["hours"]), (&json!(1), &json!(4)), "its hour is read again");
    let mail = world.context.store.mail(mail_id).await.unwrap().unwrap();
    world.context.store.delete_mail(&mail).await.unwrap();
    assert_eq!(run(&world).await["mails_driven"], 0);
    let idle = run(&world).await;
    assert_eq!((&idle["mails_driven"], &idle["hours"]), (&json!(0), &json!(2)), "its hour is closed");
}

#[tokio::test]
async fn a_dead_letter_is_not_redriven() {
    let world = World::new().await;
    let mail_id = enqueue_mail(&world, world.now()).await;
    let mail = world.context.store.mail(mail_id).await.unwrap().unwrap();
    world.context.store.mark_mail_failed(&mail, world.now()).await.unwrap();
    world.clock.advance(Duration::from_mins(2));
    assert_eq!(run(&world).await["mails_driven"], 0);
    assert_eq!(world.context.store.redrive_mail(mail_id, world.now()).await.unwrap(), outbox::Redrive::NotDue);
}

#[tokio::test]
async fn an_expired_mail_does_not_keep_its_hour_open() {
    let world = World::new().await;
    run(&world).await;
    enqueue_mail(&world, world.now()).await;
    world.clock.advance(OUTBOX_LIFETIME + Duration::from_hours(2));
    run(&world).await;
    assert_eq!(run(&world).await["hours"], 2, "the database deletes the mail later");
}
