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

use crate::support::{Client, World};

pub async fn run(world: &World) -> serde_json::Value {
    let report = cleanup::run(world.context.clone(), cleanup::CleanupEvent::default()).await.unwrap();
    serde_json::to_value(report).unwrap()
}

pub async fn deleted(world: &World, admin: &Client, name: &str) -> String {
    let path = format!("/v1/apps/{}", world.app(admin, name).await);
    admin.delete(&path).await.is(204);
    path
}

/// What a creation does that had read the application just before its deletion.
pub async fn slip_in(world: &World, path: &str) {
    let app_id = AppId::parse(path.rsplit('/').next().unwrap()).unwrap();
    let fields = Fields::of(json!({"user_id": "late", "type": "general"}));
    let late = fields.parse(|fields| NewAccount::read(fields, world.now().date())).unwrap().create(world.now());
    world.store().load_accounts(app_id, &[late]).await.unwrap();
}

fn app_items(items: &[serde_json::Value]) -> usize {
    items.iter().filter(|item| item["sk"] == "APP").count()
}

#[tokio::test]
async fn a_deletion_is_final_after_a_minute_and_not_before() {
    let world = World::new().await;
    let admin = world.admin().await;
    deleted(&world, &admin, "App").await;
    world.clock.advance(Duration::from_millis(59_999));
    assert_eq!(run(&world).await["apps_deleted"], 0);
    assert_eq!(app_items(&world.dump().await), 1);
    world.clock.advance(Duration::from_millis(1));
    let report = json!({
        "skipped": false, "hours": 1, "apps_deleted": 1, "apps_restored": 0, "invitations_expired": 0,
        "members_removed": 0, "teams_deleted": 0, "mails_driven": 0, "more": false
    });
    assert_eq!(run(&world).await, report);
    assert_eq!(app_items(&world.dump().await), 0);
    assert_eq!(run(&world).await["apps_deleted"], 0, "twice is once");
}

#[tokio::test]
async fn a_deletion_is_taken_back_when_an_account_slipped_in() {
    let world = World::new().await;
    let admin = world.admin().await;
    let path = deleted(&world, &admin, "App").await;
    slip_in(&world, &path).await;

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
async fn a_late_run_finds_what_fell_due_hours_ago() {
    let world = World::new().await;
    let admin = world.admin().await;
    run(&world).await;
    deleted(&world, &admin, "App").await;
    world.clock.advance(Duration::from_hours(30));
    let report = run(&world).await;
    assert_eq!((&report["apps_deleted"], &report["hours"]), (&json!(1), &json!(31)));
    assert_eq!(run(&world).await["hours"], 2, "the hour before may still be written by a clock that runs behind");
    world.clock.advance(Duration::from_mins(15));
    run(&world).await;
    assert_eq!(run(&world).await["hours"], 1);
}

#[tokio::test]
async fn a_run_is_bounded_and_the_next_goes_on_where_it_stopped() {
    let world = World::new().await;
    run(&world).await;
    let hours = u64::try_from(MAX_DUE_PER_CLEANUP).unwrap() + 10;
    world.clock.advance(Duration::from_secs(hours * 60 * 60));
    let first = run(&world).await;
    assert_eq!((&first["more"], &first["hours"]), (&json!(true), &json!(MAX_DUE_PER_CLEANUP)));
    let second = run(&world).await;
    assert_eq!((&second["more"], &second["hours"]), (&json!(false), &json!(12)));
}

/// K8: beside each other, one does the work.
#[tokio::test]
async fn a_second_run_beside_the_first_does_nothing() {
    let world = World::new().await;
    let held = world.context.store.begin_cleanup("another run", world.now()).await.unwrap();
    assert!(held.is_some());
    assert_eq!(run(&world).await["skipped"], true);
    world.clock.advance(Duration::from_mins(5));
    assert_eq!(run(&world).await["skipped"], false, "a lease that ran out is free");
    world.context.store.end_cleanup("another run", 0).await.unwrap();
    assert_eq!(run(&world).await["hours"], 1, "a run whose lease ran out gives back nothing of another's");
}

/// A mail that was left in the outbox at this moment.
pub async fn left_behind(world: &World, now: Timestamp) -> MailId {
    let message = Message::TotpEnabled { login: Login::parse("mina").unwrap() };
    let mail = Mail::new(MailId::new(world.context.uuid().unwrap()), None, Language::En, message, now);
    world.writer().commit(Commit::new([outbox::put(&mail).unwrap()])).await.unwrap();
    mail.mail_id
}

#[tokio::test]
async fn a_mail_that_stayed_due_is_driven_once_a_run_until_somebody_took_it() {
    let world = World::new().await;
    run(&world).await;
    let mail_id = left_behind(&world, world.now()).await;
    world.clock.advance(Duration::from_millis(59_999));
    assert_eq!(run(&world).await["mails_driven"], 0, "for a minute it is the stream's");
    world.clock.advance(Duration::from_millis(1));
    assert_eq!(run(&world).await["mails_driven"], 1);
    let items = world.dump().await;
    let item = items.iter().find(|item| item["sk"] == "OUTBOX").unwrap();
    assert_eq!((&item["driven_at"], &item["attempts"]), (&json!(world.now()), &json!(0)));

    world.clock.advance(Duration::from_hours(3));
    let report = run(&world).await;
    assert_eq!((&report["mails_driven"], &report["hours"]), (&json!(1), &json!(4)), "its hour is looked at again");
    let mail = world.context.store.mail(mail_id).await.unwrap().unwrap();
    world.context.store.delete_mail(&mail).await.unwrap();
    assert_eq!(run(&world).await["mails_driven"], 0);
    let idle = run(&world).await;
    assert_eq!((&idle["mails_driven"], &idle["hours"]), (&json!(0), &json!(2)), "and its hour is left behind");
}

#[tokio::test]
async fn a_mail_that_was_given_up_is_not_driven() {
    let world = World::new().await;
    let mail_id = left_behind(&world, world.now()).await;
    let mail = world.context.store.mail(mail_id).await.unwrap().unwrap();
    world.context.store.mark_mail_failed(&mail, world.now()).await.unwrap();
    world.clock.advance(Duration::from_mins(2));
    assert_eq!(run(&world).await["mails_driven"], 0);
    assert_eq!(world.context.store.redrive_mail(mail_id, world.now()).await.unwrap(), outbox::Redrive::NotDue);
}

#[tokio::test]
async fn an_hour_is_not_kept_for_a_mail_that_is_over() {
    let world = World::new().await;
    run(&world).await;
    left_behind(&world, world.now()).await;
    world.clock.advance(OUTBOX_LIFETIME + Duration::from_hours(2));
    run(&world).await;
    assert_eq!(run(&world).await["hours"], 2, "the database removes it when it gets to it");
}
