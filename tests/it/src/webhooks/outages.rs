//! Receivers that are down, and when they are tried again.

use rollcall_domain::limits::{WEBHOOK_PATIENCE, WEBHOOK_RETRIES};

use super::*;

/// Follows the retries until a time, with a change now and then. Returns the ids of the changes.
async fn outage(world: &World, boss: &rollcall_domain::user::User, until: Timestamp) -> Vec<String> {
    let mut ids = Vec::new();
    while world.now() < until {
        let admin = world.signed_in(boss).await;
        ids.push(change(world, &admin).await);
        let next = settle(world).await.unwrap_or(until);
        world.clock.advance(next.min(until).since(world.now()).max(Duration::from_secs(1)));
    }
    ids
}

#[tokio::test]
async fn a_receiver_that_was_down_for_two_days_gets_everything_in_order() {
    let world = World::new().await;
    let (boss, admin) = world.user("boss", UserType::SuperAdmin, []).await;
    let hook = Hook::new(&admin, CHANGES).await;
    hook.receiver.answers(503);
    let expected = outage(&world, &boss, world.now() + Duration::from_hours(48)).await;
    assert!(expected.len() > WEBHOOK_RETRIES.len());
    let tried = hook.receiver.take();
    assert!(tried.iter().all(|attempt| attempt.header("webhook-id") == expected[0]), "the next event waits for it");
    assert!(tried.iter().all(|attempt| attempt.body == tried[0].body), "a repeated event is the same");
    let times: Vec<_> =
        tried.iter().map(|attempt| attempt.header("webhook-timestamp").parse::<u64>().unwrap()).collect();
    for (pair, wait) in times.windows(2).zip(WEBHOOK_RETRIES) {
        let waited = Duration::from_secs(pair[1] - pair[0]);
        // The wait is shortened by up to a tenth, and the changes of this test take seconds.
        assert!(
            waited + Duration::from_secs(13) >= wait.mul_f64(0.9) && waited <= *wait + Duration::from_secs(13),
            "{waited:?} for {wait:?}"
        );
    }
    let admin = world.signed_in(&boss).await;
    assert_eq!(hook.status(&admin).await, "active");
    hook.receiver.answers(200);
    world.clock.advance(Duration::from_hours(12));
    let admin = world.signed_in(&boss).await;
    assert_eq!(send(&world).await, None);
    assert_eq!(hook.receiver.take_ids(), expected);
    let deliveries = hook.deliveries(&admin).await;
    assert_eq!(deliveries.iter().filter(|delivery| delivery["status"] == 200).count(), expected.len());
}

#[tokio::test]
async fn a_webhook_pauses_after_three_days_and_goes_on_with_a_resend() {
    let world = World::new().await;
    let (boss, admin) = world.user("boss", UserType::SuperAdmin, []).await;
    world.with_email(&boss, "boss@example.com").await;
    let boss = world.store().user(boss.user_id).await.unwrap().unwrap();
    let hook = Hook::new(&admin, CHANGES).await;
    hook.receiver.answers(500);
    let first = change(&world, &admin).await;
    settle(&world).await;
    let failing_since = world.now();
    let mut last = failing_since;
    while let Some(next) = send(&world).await {
        assert!(next <= failing_since + WEBHOOK_PATIENCE);
        world.clock.advance(next.since(world.now()));
        last = world.now();
    }
    assert_eq!(last, failing_since + WEBHOOK_PATIENCE, "the last attempt is at the end of the patience");
    let admin = world.signed_in(&boss).await;
    assert_eq!(hook.status(&admin).await, "paused");
    assert!(hook.receiver.take_ids().iter().all(|id| *id == first));
    let mail = &world.mails("boss@example.com").await[0];
    assert!(mail.text.contains(&hook.receiver.url) && mail.subject.contains("paused"), "{mail:?}");
    let second = change(&world, &admin).await;
    settle(&world).await;
    assert!(hook.receiver.take().is_empty(), "a paused webhook is sent nothing");
    hook.receiver.answers(200);
    let resend = format!("{}/resend", hook.path);
    let refused = admin.post(&resend, &json!({"from": world.now() + Duration::from_secs(1)})).await;
    assert_eq!(refused.is(422).violations(), [json!(["/from", "out_of_range"])]);
    let reply = admin.post(&resend, &json!({"from": failing_since - Duration::from_secs(11)})).await;
    assert_eq!(reply.is(200).body["status"], "active");
    send(&world).await;
    assert_eq!(hook.receiver.take_ids(), [first.clone(), second.clone()], "from is inclusive");
    let at = world.audit().await.iter().find(|record| record["audit_id"] == second.as_str()).unwrap()["at"].clone();
    admin.post(&resend, &json!({"from": at})).await.is(200);
    send(&world).await;
    assert_eq!(hook.receiver.take_ids(), [second], "repeated under the same id");
}

#[tokio::test]
async fn a_receiver_that_is_gone_is_paused_at_once() {
    let world = World::new().await;
    let team = world.team("Northwind").await;
    let admin = world.admin().await;
    let (creator, owner) = world.user("creator", UserType::Member, [(team, "admin")]).await;
    let (other, _) = world.user("other", UserType::Member, [(team, "admin")]).await;
    for (user, address) in [(&creator, "creator@example.com"), (&other, "other@example.com")] {
        world.with_email(user, address).await;
    }
    let receiver = Receiver::new(410).await;
    let body = json!({"url": receiver.url, "team_id": team});
    let path = async |created: Reply| {
        format!("/v1/webhooks/{}", created.is(201).body["webhook"]["webhook_id"].as_str().unwrap())
    };
    let first = path(owner.post("/v1/webhooks", &body).await).await;
    settle(&world).await;
    assert_eq!(owner.get(&first).await.is(200).body["status"], "paused");
    assert_eq!(world.mails("creator@example.com").await.len(), 1, "whoever made it is told");
    assert_eq!(world.mails("other@example.com").await.len(), 0);
    let second = path(owner.post("/v1/webhooks", &body).await).await;
    let member = format!("/v1/teams/{team}/members/{}", creator.user_id);
    admin.patch(&member, &json!({"role_id": "developer"})).await.is(200);
    settle(&world).await;
    assert_eq!(admin.get(&second).await.is(200).body["status"], "paused");
    assert_eq!(world.mails("creator@example.com").await.len(), 1);
    assert_eq!(world.mails("other@example.com").await.len(), 1, "the team's admins, if they no longer manage it");
    let service = world.service("robot", team, "admin").await;
    let (_, machine) = world.api_key(&service, &["webhooks.manage"]).await;
    path(machine.post("/v1/webhooks", &body).await).await;
    settle(&world).await;
    assert_eq!(world.mails("other@example.com").await.len(), 2, "nor is a service account mailed");
    let records = admin.get("/v1/audit?action=webhook.pause").await;
    assert_eq!(records.is(200).body["items"].as_array().unwrap().len(), 3);
    assert_eq!(records.body["items"][0]["actor"], Value::Null);
}

#[tokio::test]
async fn a_receiver_that_does_not_answer_delays_no_other() {
    let world = World::new().await;
    let admin = world.admin().await;
    let (slow, fast) = (Hook::new(&admin, CHANGES).await, Hook::new(&admin, CHANGES).await);
    let held = slow.receiver.held.write().await;
    let expected = change(&world, &admin).await;
    let release = async {
        tokio::join!(slow.receiver.arrived.notified(), fast.receiver.arrived.notified());
        drop(held);
    };
    assert_eq!(tokio::join!(settle(&world), release).0, None);
    for hook in [slow, fast] {
        assert_eq!(hook.receiver.take_ids(), std::slice::from_ref(&expected));
    }
}

#[tokio::test]
async fn another_url_is_tried_at_once() {
    let world = World::new().await;
    let admin = world.admin().await;
    let (hook, mended) = (Hook::new(&admin, CHANGES).await, Receiver::new(204).await);
    hook.receiver.answers(500);
    let event = change(&world, &admin).await;
    for _ in 0..3 {
        let retry_at = settle(&world).await.unwrap();
        world.clock.advance(retry_at.since(world.now()));
    }
    assert!(settle(&world).await.unwrap() > world.now());
    admin.patch(&hook.path, &json!({"url": mended.url})).await.is(200);
    assert_eq!(send(&world).await, None);
    assert_eq!(mended.take_ids(), [event]);
}

#[tokio::test]
async fn two_workers_do_not_send_to_one_webhook() {
    let world = World::new().await;
    let admin = world.admin().await;
    let hook = Hook::new(&admin, CHANGES).await;
    let channels = Channels::default();
    let mut expected = Vec::new();
    for call in 0.. {
        expected.push(change(&world, &admin).await);
        world.clock.advance(EVENT_HOLD_BACK + Duration::from_millis(1));
        let pause = world.faults.pause(call);
        let other = notifier::send_due(&world.context, &channels, "other", Instant::now() + NOTIFIER_TIME);
        let (_, reached) = Box::pin(pause.run(send(&world), other)).await;
        if reached.is_none() {
            break;
        }
    }
    assert!(expected.len() > 5, "the other worker came in between: {expected:?}");
    assert_eq!(hook.receiver.take_ids(), expected);
}
