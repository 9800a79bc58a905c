//! No secret leaks: after requests that return or receive secrets, neither the table nor the log contains one.

mod secrets;

use std::{
    collections::{BTreeSet, HashMap},
    io,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::http::Method;
use data_encoding::{BASE32_NOPAD, BASE64, BASE64_NOPAD, BASE64URL_NOPAD, Encoding, HEXLOWER};
use rollcall_domain::verification::FlowPurpose;
use serde_json::{Value, json};
use tracing_subscriber::fmt::MakeWriter;

use crate::support::{Client, Reply, World};
use secrets::{Search, Secret, unpacked};

/// Everything that any crate of the process logs, at the finest level.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

/// All secrets that were returned or sent.
#[derive(Default)]
struct Known(Vec<Secret>);

impl Known {
    fn typed(&mut self, name: &str, text: &str) -> String {
        self.0.push(Secret::typed(name, text));
        text.to_owned()
    }

    /// A token. Its last 32 bytes are the secret.
    fn token(&mut self, name: &str, text: &str) -> String {
        self.0.push(Secret::typed(name, text));
        let bytes = BASE64URL_NOPAD.decode(text.as_bytes()).unwrap();
        self.0.extend(Secret::parts(name, &bytes[bytes.len() - 32..]));
        text.to_owned()
    }

    /// A sealed text. Its first bytes are the id of the key, which is not secret.
    fn sealed(&mut self, name: &str, text: &str) {
        self.0.push(Secret::typed(name, text));
        self.0.push(Secret::typed(&format!("the end of {name}"), &text[text.len() - 24..]));
    }

    /// The secrets in the body of a sign-in.
    fn signed_in(&mut self, name: &str, reply: &Reply) -> String {
        self.sealed(&format!("device token of {name}"), reply.is(200).body["device_token"].as_str().unwrap());
        self.token(&format!("token of {name}"), reply.body["token"].as_str().unwrap())
    }

    /// The secrets in cookies.
    fn cookies(&mut self, reply: &Reply) {
        let mut seen = 0;
        for cookie in reply.headers.get_all("set-cookie") {
            let pair = cookie.to_str().unwrap().split(';').next().unwrap();
            match pair.split_once('=').unwrap() {
                ("__Host-session", token) => drop(self.token("the session's cookie", token)),
                (_, token) => self.sealed("the device's cookie", token),
            }
            seen += 1;
        }
        assert_eq!(seen, 2);
    }

    async fn mailed(&mut self, world: &World, flow: &Value, purpose: FlowPurpose) -> String {
        let code = world.code(flow.as_str().unwrap(), purpose).await;
        self.typed(&format!("the code of {}", purpose.word()), &code)
    }
}

fn digits(secret: &str, at: i64) -> String {
    let secret = BASE32_NOPAD.decode(secret.as_bytes()).unwrap();
    let totp = totp_rs::Builder::new().with_secret(totp_rs::Secret::from(secret)).build().unwrap();
    totp.generate(u64::try_from(at).unwrap()).to_string()
}

/// Calls every route that returns or receives a secret.
async fn use_every_secret(world: &World, known: &mut Known) {
    let stranger = world.stranger();
    let bearer = |token: &str| stranger.with("authorization", &format!("Bearer {token}"));
    let sign_in = async |login: &str, password: &str| {
        stranger.post("/v1/login", &json!({"login": login, "password": password})).await
    };

    let first_admin = bootstrap::run(world.context.clone(), bootstrap::BootstrapEvent::first(None)).await.unwrap();
    let generated = known.typed("the first password", &first_admin.generated_password.unwrap());
    let admin = bearer(&known.signed_in("admin", &sign_in("admin", &generated).await));
    let own = known.typed("the admin's password", "tq7 vXk 2pLw Admin9");
    admin.post("/v1/me/password", &changed(&generated, &own)).await.is_problem(rollcall_domain::Code::ValidationFailed);
    let own = known.typed("the admin's own password", "tq7 vXk 2pLw zebra");
    admin.post("/v1/me/password", &changed(&generated, &own)).await.is(204);

    for (key, login) in [(Some("secret-key-of-a-client"), "keyed"), (None, "plain")] {
        let body = json!({"username": "New", "login": login, "type": "member", "generate_password": true});
        let client = key.map_or(admin.clone(), |key| admin.with("idempotency-key", &known.typed("a key", key)));
        let created = client.post("/v1/users", &body).await;
        let generated =
            known.typed("a generated password", created.is(201).body["generated_password"].as_str().unwrap());
        known.signed_in(login, &sign_in(login, &generated).await);
        let reset =
            client.post(&format!("{}/password", created.header("location")), &json!({"generate_password": true})).await;
        known.typed("another generated password", reset.is(200).body["generated_password"].as_str().unwrap());
    }
    let typed = known.typed("a typed password", "glacier 4 umbrella 9 lantern");
    let body = json!({"username": "Typed", "login": "typed", "type": "member", "password": typed});
    admin.post("/v1/users", &body).await.is(201);

    webhook_secrets(known, &admin).await;

    // One registration is completed, another only started.
    let started = stranger.post("/v1/registrations", &json!({"email": "mina@example.com"})).await;
    let flow = started.is(202).body["registration_id"].clone();
    let code = known.mailed(world, &flow, FlowPurpose::Registration).await;
    let password = known.typed("mina's password", "violet 7 harbour engine");
    let body = json!({
        "code": code, "username": "Mina", "login": "mina", "password": password, "password_confirmation": password
    });
    let complete = format!("/v1/registrations/{}/complete", flow.as_str().unwrap());
    stranger.with("idempotency-key", "registration").post(&complete, &body).await.is(201);
    let pending = stranger.post("/v1/registrations", &json!({"email": "pending@example.com"})).await;
    known.mailed(world, &pending.is(202).body["registration_id"], FlowPurpose::Registration).await;

    let mina = bearer(&known.signed_in("mina", &sign_in("mina", &password).await));
    known.cookies(
        &stranger
            .with("origin", crate::support::ORIGIN)
            .post("/v1/login", &json!({"login": "mina", "password": password, "transport": "cookie"}))
            .await,
    );
    let password = reset_password(world, known, &stranger).await;
    mina.get("/v1/me").await.is_problem(rollcall_domain::Code::Unauthenticated);
    let mina = bearer(&known.signed_in("mina again", &sign_in("mina", &password).await));
    addresses(world, known, &mina, &password).await;
    second_factor(world, known, &mina, &password).await;

    // A password typed into the wrong field is a secret too.
    let misplaced = known.typed("a password typed as a login", "quartz.meadow.77.ribbon");
    sign_in(&misplaced, "x").await.is(401);
    let wrong = known.typed("a wrong password", "violet 7 harbour engines");
    sign_in("mina", &wrong).await.is(401);
    let unknown = known.typed("a field of a wrong name", "copper 31 thistle canyon");
    stranger.post("/v1/login", &json!({"login": "mina", "pasword": unknown})).await.is(422);
    let broken = known.typed("a body that is cut off", "marble 52 walnut prairie");
    stranger.send(Method::POST, "/v1/login", Some(format!(r#"{{"login":"mina","password":"{broken}"#))).await.is(400);
    cleanup::run(world.context.clone(), cleanup::CleanupEvent::default()).await.unwrap();
}

async fn webhook_secrets(known: &mut Known, admin: &Client) {
    let client = admin.with("idempotency-key", "webhook");
    let created = client.post("/v1/webhooks", &json!({"url": "http://127.0.0.1:9/"})).await;
    let path = created.is(201).header("location").to_owned();
    let rotated = client.post(&format!("{path}/rotate"), &json!({"overlap_hours": 1})).await;
    for reply in [&created, rotated.is(201)] {
        let secret = known.typed("a webhook's secret", reply.body["secret"].as_str().unwrap());
        known.0.extend(Secret::parts("a webhook's secret", &BASE64.decode(&secret.as_bytes()[6..]).unwrap()));
    }
    // Both secrets sign.
    admin.post(&format!("{path}/test"), &json!({})).await.is(200);
}

fn changed(old: &str, new: &str) -> Value {
    json!({"current_password": old, "password": new, "password_confirmation": new})
}

async fn reset_password(world: &World, known: &mut Known, stranger: &Client) -> String {
    let started = stranger.post("/v1/password-resets", &json!({"email": "mina@example.com"})).await;
    let flow = started.is(202).body["reset_id"].clone();
    let code = known.mailed(world, &flow, FlowPurpose::PasswordReset).await;
    let password = known.typed("mina's next password", "walrus 19 tangerine orbit");
    let body = json!({"code": code, "password": password, "password_confirmation": password});
    let complete = format!("/v1/password-resets/{}/complete", flow.as_str().unwrap());
    stranger.with("idempotency-key", "reset").post(&complete, &body).await.is(204);
    world.clock.advance(Duration::from_secs(61));
    let pending = stranger.post("/v1/password-resets", &json!({"email": "mina@example.com"})).await;
    known.mailed(world, &pending.is(202).body["reset_id"], FlowPurpose::PasswordReset).await;
    password
}

async fn addresses(world: &World, known: &mut Known, mina: &Client, password: &str) {
    let flow = mina.get("/v1/me").await.is(200).body["user"]["user_id"].clone();
    for email in ["second@example.com", "third@example.com"] {
        let body = json!({"email": email, "current_password": password});
        mina.with("idempotency-key", email).post("/v1/me/email", &body).await.is(202);
        let code = known.mailed(world, &flow, FlowPurpose::EmailChange).await;
        if email.starts_with("second") {
            mina.with("idempotency-key", "confirm").post("/v1/me/email/confirm", &json!({"code": code})).await.is(200);
        }
        world.clock.advance(Duration::from_secs(61));
    }
}

async fn second_factor(world: &World, known: &mut Known, mina: &Client, password: &str) {
    let stranger = world.stranger();
    let mut secret = String::new();
    for key in ["enrolment never confirmed", "enrolment"] {
        let begun = mina.with("idempotency-key", key).post("/v1/me/totp", &json!({"current_password": password})).await;
        begun.is(201).body["secret"].as_str().unwrap().clone_into(&mut secret);
        known.0.extend(Secret::parts("the two-factor secret", &BASE32_NOPAD.decode(secret.as_bytes()).unwrap()));
        known.typed("the two-factor secret", &secret);
    }
    let code = digits(&secret, world.now().unix_seconds());
    let bound = mina.with("idempotency-key", "binding").post("/v1/me/totp/confirm", &json!({"code": code})).await;
    let codes: Vec<_> =
        bound.is(200).body["recovery_codes"].as_array().unwrap().iter().map(|code| code.as_str().unwrap()).collect();
    assert_eq!(codes.len(), 10);
    for code in &codes {
        known.typed("a recovery code", code);
        known.typed("a recovery code without its hyphen", &code.replace('-', ""));
    }
    world.clock.advance(Duration::from_secs(31));
    for (field, code) in [
        ("code", digits(&secret, world.now().unix_seconds())),
        ("recovery_code", codes[0].to_owned()),
        ("", String::new()),
    ] {
        let first_step = stranger.post("/v1/login", &json!({"login": "mina", "password": password})).await;
        let ticket = known.token("a ticket", first_step.is(200).body["mfa"]["ticket"].as_str().unwrap());
        if !field.is_empty() {
            let signed_in = stranger.post("/v1/login/totp", &json!({"ticket": ticket, field: code})).await;
            known.signed_in("mina with two factors", &signed_in);
        }
    }
}

#[tokio::test]
async fn the_table_and_the_log_contain_no_secret() {
    let log = Log::default();
    let subscriber =
        tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_ansi(false).with_writer(log.clone());
    tracing::subscriber::set_global_default(subscriber.finish()).unwrap();
    let world = World::new().await;
    let mut known = Known::default();
    use_every_secret(&world, &mut known).await;
    let logged = String::from_utf8(std::mem::take(&mut *log.0.lock().unwrap())).unwrap();

    let items = world.dump().await;
    let (mut texts, mut bytes) = (String::new(), Vec::new());
    for item in &items {
        unpacked(item, &mut texts, &mut bytes);
    }
    // The search covers all kinds of items and the logs of several crates.
    for kind in ["USER", "CREDENTIAL", "FLOW", "LANE", "OUTBOX", "IDEMPOTENCY", "MAILINGS", "EMAIL", "WEBHOOK"] {
        assert!(items.iter().any(|item| item["sk"] == kind), "{kind}");
    }
    for word in ["rollcall::password", "TransactWriteItems", "authn_login_fail"] {
        assert!(logged.contains(word), "{word}");
    }
    let search = Search::of(&known.0);
    let leaked = |bytes: &[u8]| search.found_in(bytes).map(|secret| &secret.name);
    assert_eq!(leaked(texts.as_bytes()), None, "in the table");
    assert!(bytes.iter().all(|bytes| leaked(bytes).is_none()), "in the table, encoded");
    assert_eq!(leaked(logged.as_bytes()), None, "in the log");

    // The same search finds texts that are there.
    let login = [Secret::typed("a login", "mina"), Secret::typed("an address", "pending@example.com")];
    let search = Search::of(&login);
    assert!(search.found_in(texts.as_bytes()).is_some() && search.found_in(logged.as_bytes()).is_some());
}
