//! The security log: each kind of event is one line with its name, outcome and origin, and nothing else is in it.

use std::sync::{Arc, Mutex};

use rollcall_api::security_log::{SecurityEvent, TARGET};
use serde_json::Map;
use tracing::field::{Field, Visit};
use tracing_subscriber::{layer::SubscriberExt, util::SubscriberInitExt};

use super::*;

/// The lines of the security log of this process, which is this test's own.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<Value>>>);

struct Fields<'a>(&'a mut Map<String, Value>);

impl Visit for Fields<'_> {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name().to_owned(), json!(value));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        self.0.insert(field.name().to_owned(), json!(format!("{value:?}")));
    }
}

impl<S: tracing::Subscriber> tracing_subscriber::Layer<S> for Lines {
    fn on_event(&self, event: &tracing::Event<'_>, _: tracing_subscriber::layer::Context<'_, S>) {
        if event.metadata().target() == TARGET {
            let mut fields = Map::new();
            event.record(&mut Fields(&mut fields));
            self.0.lock().unwrap().push(fields.into());
        }
    }
}

impl Lines {
    fn captured() -> Self {
        let lines = Self::default();
        tracing_subscriber::registry().with(lines.clone()).init();
        lines
    }

    /// Returns and forgets the lines so far.
    fn take(&self) -> Vec<Value> {
        std::mem::take(&mut self.0.lock().unwrap())
    }

    /// Returns and forgets the one line so far, which must be that of this reply.
    #[track_caller]
    fn of(&self, reply: &Reply) -> Value {
        let [line] = self.take().try_into().unwrap_or_else(|lines| panic!("{lines:?} for {reply:?}"));
        assert_eq!(line["request_id"], reply.header("x-request-id"));
        line
    }
}

#[track_caller]
fn is(line: &Value, event: &str, outcome: &str) {
    assert_eq!((line["event"].as_str(), line["outcome"].as_str()), (Some(event), Some(outcome)), "{line}");
}

fn sign_in(login: &str, password: &str) -> Value {
    json!({"login": login, "password": password})
}

#[tokio::test]
async fn each_sign_in_is_one_line_with_its_outcome() {
    let lines = Lines::captured();
    let world = World::new().await;
    let (mina, _) = world.user("mina", UserType::Member, []).await;
    world.with_password(&mina).await;
    let admin = world.admin().await;
    let client = world.stranger().at("2001:db8:1:2:ffff::9");

    let right = client.post("/v1/login", &sign_in("mina", PASSWORD)).await;
    let line = lines.of(right.is(200));
    is(&line, "authn_login_success", "success");
    assert_eq!((&line["login"], &line["network"]), (&json!("mina"), &json!("2001:db8:1:2::/64")));
    assert_eq!(line["user_id"], json!(mina.user_id));

    let wrong = lines.of(client.post("/v1/login", &sign_in("mina", "wrong")).await.is(401));
    is(&wrong, "authn_login_fail", "wrong");
    assert_eq!((wrong.get("login"), &wrong["user_id"]), (None, &json!(mina.user_id)));
    // Spellings of one login have one hash.
    let again = lines.of(client.post("/v1/login", &sign_in(" MINA", "wrong")).await.is(401));
    assert_eq!((again["login_hash"].as_str().unwrap().len(), &again["login_hash"]), (32, &wrong["login_hash"]));

    // People type passwords into the field of the login, so an unknown one is not logged.
    let unknown = lines.of(client.post("/v1/login", &sign_in("quartz.meadow.77", "wrong")).await.is(401));
    is(&unknown, "authn_login_fail", "wrong");
    assert!(unknown.get("user_id").is_none() && !unknown.to_string().contains("quartz"), "{unknown}");

    admin.patch(&format!("/v1/users/{}", mina.user_id), &json!({"status": "disabled"})).await.is(200);
    assert_eq!(lines.take(), [] as [Value; 0]);
    let disabled = lines.of(client.post("/v1/login", &sign_in("mina", PASSWORD)).await.is(401));
    is(&disabled, "authn_login_fail", "disabled");

    for _ in 0..2 {
        client.post("/v1/login", &sign_in("mina", "wrong")).await.is(401);
    }
    lines.take();
    let waited = lines.of(client.post("/v1/login", &sign_in("mina", "wrong")).await.is(429));
    is(&waited, "authn_login_lock", "waited");
    assert_eq!(waited["user_id"], json!(mina.user_id));
}

#[tokio::test]
async fn a_sign_in_in_two_steps_is_one_line_at_its_end() {
    let lines = Lines::captured();
    let world = World::new().await;
    let mina = owner(&world, "mina").await;
    lines.take();
    let held = ticket(&world.stranger(), "mina").await;
    assert_eq!(lines.take(), [] as [Value; 0]);
    let wrong = lines.of(second_step(&world.stranger(), &held, "000000").await.is(401));
    is(&wrong, "authn_login_fail", "wrong");
    assert_eq!(wrong["user_id"], json!(mina.user.user_id));
    let right = second_step(&world.stranger(), &held, &mina.app.code(&world, 0)).await;
    is(&lines.of(right.is(200)), "authn_login_success", "success");
}

#[tokio::test]
async fn refusals_by_rights_and_by_throttles_are_lines() {
    let lines = Lines::captured();
    let world = World::new().await;
    let (mina, client) = member(&world, "mina", MINA).await;
    let forbidden = lines.of(client.post("/v1/teams", &json!({"name": "Northwind"})).await.is(403));
    is(&forbidden, "authz_fail", "refused");
    assert_eq!((&forbidden["code"], &forbidden["user_id"]), (&json!("forbidden"), &json!(mina.user_id)));
    let cookie = client.headers["authorization"].to_str().unwrap().replace("Bearer ", "__Host-session=");
    let foreign = world.stranger().with("cookie", &cookie).with("origin", "https://evil.example");
    let forged = lines.of(foreign.post("/v1/logout", &Value::Null).await.is(403));
    assert_eq!((&forged["code"], &forged["user_id"]), (&json!("cross_site_request"), &json!(mina.user_id)));

    let change = json!({
        "current_password": "wrong", "password": NEW_PASSWORD, "password_confirmation": NEW_PASSWORD
    });
    for _ in 0..5 {
        let wrong = client.post("/v1/me/password", &change).await;
        is(&lines.of(wrong.is(422)), "authn_login_fail", "wrong");
    }
    let waited = lines.of(client.post("/v1/me/password", &change).await.is(429));
    is(&waited, "excess_rate_limit_exceeded", "waited");
    assert_eq!(waited["user_id"], json!(mina.user_id));

    client.get("/v1/me").await.is(200);
    client.get("/v1/users").await.is(404);
    client.patch("/v1/me", &json!({"username": 7})).await.is(422);
    world.stranger().get("/v1/me").await.is(401);
    assert_eq!(lines.take(), [] as [Value; 0], "requests that are none of this");
}

/// Those of a sign-in count for the alarm, the others do not: nobody signs in with them.
#[tokio::test]
async fn each_wrong_code_is_a_line() {
    let lines = Lines::captured();
    let world = World::new().await;
    let mina = owner(&world, "mina").await;
    let (_, jin) = member(&world, "jin", "jin@example.com").await;
    jin.post("/v1/me/totp", &json!({"current_password": PASSWORD})).await.is(201);
    jin.post("/v1/me/email", &json!({"email": "new@example.com", "current_password": PASSWORD})).await.is(202);
    let flow = reset_started(&world.stranger(), "jin@example.com").await;
    lines.take();
    let is_line = |wrong: Reply, event: SecurityEvent| is(&lines.of(&wrong), event.as_str(), "wrong");
    let removal = json!({"current_password": PASSWORD, "code": "000000"}).to_string();
    is_line(mina.client.send(Method::DELETE, "/v1/me/totp", Some(removal)).await, SecurityEvent::LoginFail);
    is_line(jin.post("/v1/me/totp/confirm", &json!({"code": "000000"})).await, SecurityEvent::LoginFail);
    is_line(jin.post("/v1/me/email/confirm", &json!({"code": "00000000"})).await, SecurityEvent::CodeFail);
    let stranger = world.stranger();
    is_line(reset(&stranger, &flow, &new_password("00000000", NEW_PASSWORD)).await, SecurityEvent::CodeFail);
    is_line(jin.post("/v1/invitations/redeem", &json!({"code": "00000000"})).await, SecurityEvent::CodeFail);
}

#[tokio::test]
async fn changes_of_secrets_and_break_glass_are_lines() {
    let lines = Lines::captured();
    let world = World::new().await;
    let admin = world.admin().await;
    let mina = owner(&world, "mina").await;
    let events: Vec<_> = lines.take().iter().map(|line| line["event"].clone()).collect();
    assert_eq!(events, ["authn_login_success", "user_updated"], "signed in, and bound a second factor");

    let path = format!("/v1/users/{}", mina.user.user_id);
    let reset = admin.post(&format!("{path}/password"), &json!({"password": NEW_PASSWORD})).await;
    let line = lines.of(reset.is(200));
    is(&line, "authn_password_change", "success");
    assert_eq!((&line["login"], &line["target_id"]), (&json!("admin"), &json!(mina.user.user_id)));
    let unbound = lines.of(admin.delete(&format!("{path}/totp")).await.is(204));
    is(&unbound, "user_updated", "success");
    assert_eq!(unbound["action"], "user.unbind_totp");

    let (_, jin) = member(&world, "jin", "jin@example.com").await;
    let own = format!("/v1/users/{}", jin.get("/v1/me").await.body["user"]["user_id"].as_str().unwrap());
    admin.patch(&own, &json!({"username": "Jin"})).await.is(200);
    assert_eq!(lines.take(), [] as [Value; 0], "no secret has changed");
    let changed = lines.of(admin.patch(&own, &json!({"email": "other@example.com"})).await.is(200));
    is(&changed, "user_updated", "success");
    assert_eq!(changed["action"], "user.edit");

    let event = json!({"login": "admin", "break_glass": true});
    let report = bootstrap::run(world.context.clone(), serde_json::from_value(event).unwrap()).await.unwrap();
    let [line] = lines.take().try_into().unwrap();
    is(&line, "authz_admin", "success");
    assert_eq!((&line["action"], &line["target_id"]), (&json!("user.break_glass"), &json!(report.user_id)));
    assert!(!line.to_string().contains(&report.generated_password.unwrap()));
}

/// The alarm on failed sign-ins counts the lines with this field.
#[test]
fn the_alarm_counts_the_event_of_failed_sign_ins() {
    let alarms = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../infra/alarms.yaml")).unwrap();
    let event = SecurityEvent::LoginFail.as_str();
    assert!(alarms.contains(&format!("'{{ $.fields.event = \"{event}\" }}'")));
}
