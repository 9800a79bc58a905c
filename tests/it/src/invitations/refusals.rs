//! Refusals do not show why a code is refused, and no code is stored or logged.

use std::{
    io,
    sync::{Arc, Mutex},
};

use tracing_subscriber::fmt::MakeWriter;

use super::*;

/// A code in a state in which it is refused, and a client that sends it.
struct Refused {
    state: &'static str,
    code: String,
    client: Client,
}

/// A code in each such state, all at the same time.
async fn refused(fixture: &mut InvitationFixture) -> Vec<Refused> {
    let cleaned = fixture.code().await;
    let cleaned_bound = code_of(&fixture.issue(&json!({"role_id": "developer", "login": "cleaned"})).await);
    fixture.world.clock.advance(Duration::from_hours(1));
    fixture.sign_in_again().await;
    let expired = fixture.code().await;
    fixture.world.clock.advance(Duration::from_hours(23));
    cleanup::run(fixture.world.context.clone(), cleanup::CleanupEvent::default()).await.unwrap();
    fixture.world.clock.advance(Duration::from_hours(1));
    fixture.sign_in_again().await;
    let (used, used_by_caller) = (fixture.code().await, fixture.code().await);
    redeem(&fixture.world.redeemer("winner").await.at("10.9.0.1"), &used).await.is(200);
    let owner = fixture.world.redeemer("own").await;
    redeem(&owner.at("10.9.0.2"), &used_by_caller).await.is(200);
    let bound = code_of(&fixture.issue(&json!({"role_id": "developer", "login": "somebody"})).await);
    let role = json!({"name": "Inviters", "permissions": ["team.read", "members.manage"]});
    let role = fixture.inviter.post(&format!("{}/roles", fixture.team), &role).await.is(201).body["role_id"].clone();
    let delegate = fixture.world.member("delegate", [(fixture.team_id, role.as_str().unwrap())]).await;
    let delegated = json!({"role_id": "developer", "login": "somebody"});
    let delegated = delegate.post(&format!("{}/invitations", fixture.team), &delegated).await;
    let delegated = code_of(&delegated.is(201).body);
    let mut invitations = Vec::new();
    for _ in 0..2 {
        let issued = fixture.issue(&json!({"role_id": "developer"})).await;
        let id = issued["invitation"]["invitation_id"].as_str().unwrap().to_owned();
        invitations.push((code_of(&issued), format!("{}/invitations/{id}", fixture.team)));
    }
    fixture.inviter.delete(&invitations[0].1).await.is(204);
    fixture.inviter.post(&format!("{}/reissue", invitations[1].1), &Value::Null).await.is(201);
    let doomed = fixture.world.team("Doomed").await;
    let doomed_admin = fixture.world.member("boss", [(doomed, "admin")]).await;
    let body = json!({"role_id": "developer"});
    let of_doomed = code_of(&doomed_admin.post(&format!("/v1/teams/{doomed}/invitations"), &body).await.is(201).body);
    let admin = fixture.world.admin().await;
    admin.delete(&format!("/v1/teams/{doomed}")).await.is(204);
    let disabled = fixture.world.team("Leaderless").await;
    let (leader, client) = fixture.world.user("leader", UserType::Member, [(disabled, "admin")]).await;
    let of_disabled = code_of(&client.post(&format!("/v1/teams/{disabled}/invitations"), &body).await.is(201).body);
    let leader = format!("/v1/users/{}", leader.user_id);
    admin.patch(&leader, &json!({"status": "disabled"})).await.is(200);
    let issued = [&used, &used_by_caller, &bound, &expired, &cleaned, &of_doomed, &of_disabled];
    let wrong = (0..20).map(|number| format!("{number:08}")).find(|code| !issued.contains(&code)).unwrap();
    let mut refused = vec![Refused { state: "used by the caller", code: used_by_caller, client: owner }];
    for (state, code) in [
        ("wrong", wrong),
        ("expired", expired),
        ("expired and cleaned", cleaned),
        ("bound to others, expired and cleaned", cleaned_bound),
        ("used", used),
        ("bound to others", bound),
        ("bound to others by a custom role", delegated),
        ("revoked", invitations[0].0.clone()),
        ("reissued", invitations[1].0.clone()),
        ("of a deleted team", of_doomed),
        ("of a disabled issuer", of_disabled),
    ] {
        let client = fixture.world.redeemer(&state.replace(' ', ".").replace(',', "")).await;
        refused.push(Refused { state, code, client });
    }
    refused
}

/// Equal replies and equal database calls, so that neither the content nor the latency tells the states apart.
#[tokio::test]
async fn every_refused_code_gets_the_same_reply_after_the_same_database_calls() {
    let mut fixture = InvitationFixture::new().await;
    let mut seen: Vec<(&str, Reply, Vec<String>)> = Vec::new();
    for (number, Refused { state, code, client }) in refused(&mut fixture).await.into_iter().enumerate() {
        fixture.world.faults.take_log();
        let reply = redeem(&client.at(&format!("10.0.0.{number}")), &code).await;
        let calls = fixture.world.faults.take_log().into_iter().map(|call| call.operation).collect();
        reply.is_problem(Code::InvitationInvalid);
        seen.push((state, reply, calls));
    }
    let (_, first, calls) = &seen[0];
    for (state, reply, others) in &seen {
        are_alike(first, reply);
        assert_eq!(calls, others, "{state}");
    }
    assert_consistent(&fixture.world).await;
}

#[tokio::test]
async fn every_code_refused_at_registration_gets_the_same_reply_after_the_same_database_calls() {
    let mut fixture = InvitationFixture::new().await;
    let mut seen: Vec<(&str, Reply, Vec<String>)> = Vec::new();
    for (number, Refused { state, code, .. }) in refused(&mut fixture).await.into_iter().enumerate() {
        let stranger = fixture.world.stranger().at(&format!("10.0.0.{number}"));
        let id = crate::support::mailed_codes::started(&stranger, &format!("stranger{number:02}@example.com")).await;
        let mailed = fixture.world.code(&id, rollcall_domain::verification::FlowPurpose::Registration).await;
        let mut body = crate::support::mailed_codes::completion(&mailed, &format!("stranger{number:02}"));
        body["invitation_code"] = json!(code);
        fixture.world.faults.take_log();
        let reply = crate::support::mailed_codes::complete(&stranger, &id, &body).await;
        let calls = fixture.world.faults.take_log().into_iter().map(|call| call.operation).collect();
        reply.is_problem(Code::InvitationInvalid);
        seen.push((state, reply, calls));
    }
    let (_, first, calls) = &seen[0];
    for (state, reply, others) in &seen {
        are_alike(first, reply);
        assert_eq!(calls, others, "{state}");
    }
    assert_consistent(&fixture.world).await;
}

/// The log of the process, at every level.
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

/// Whether the code appears in the text, other than inside a longer number, word or hash.
fn contains_code(code: &str, text: &str) -> bool {
    let is_part = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
    text.match_indices(code)
        .any(|(at, _)| !is_part(text[..at].chars().next_back()) && !is_part(text[at + code.len()..].chars().next()))
}

/// Codes are issued, replayed, mistyped, redeemed, reissued, revoked and expired. The table, the audit records and the
/// log contain only their last two digits and a keyed hash.
#[tokio::test]
async fn a_code_appears_only_in_the_reply_that_shows_it() {
    let log = Log::default();
    tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_writer(log.clone()).init();
    let mut fixture = InvitationFixture::new().await;
    let issue = format!("{}/invitations", fixture.team);
    let with_key = fixture.inviter.with("idempotency-key", "once");
    let body = json!({"role_id": "developer", "note": "for Mina"});
    let first = with_key.post(&issue, &body).await;
    assert_eq!(
        with_key.post(&issue, &body).await.is(201).body,
        first.is(201).body,
        "the reply is replayed under its key"
    );
    let mut codes = vec![code_of(&first.body)];
    let path = |issued: &Value| format!("{issue}/{}", issued["invitation"]["invitation_id"].as_str().unwrap());
    let reissued = with_key.post(&format!("{}/reissue", path(&first.body)), &Value::Null).await.is(201).body.clone();
    codes.push(code_of(&reissued));
    let mina = fixture.world.redeemer("mina").await.with("idempotency-key", "once");
    redeem(&mina, &codes[0]).await.is_problem(Code::InvitationInvalid);
    redeem(&mina, &codes[1]).await.is(200);
    let revoked = fixture.issue(&body).await;
    fixture.inviter.delete(&path(&revoked)).await.is(204);
    codes.push(code_of(&revoked));
    codes.push(fixture.code().await);
    fixture.world.clock.advance(DAY);
    cleanup::run(fixture.world.context.clone(), cleanup::CleanupEvent::default()).await.unwrap();
    fixture.sign_in_again().await;
    codes.push(fixture.code().await);
    let shown = fixture.inviter.get(&issue).await;
    let audit = fixture.inviter.get("/v1/audit?limit=100").await;
    let table = Value::from(fixture.world.dump().await).to_string();
    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(log.len() > 100_000 && table.contains("CODE#"), "the log and the table are not empty");
    let pages = [&shown, &audit].map(|reply| String::from_utf8(reply.is(200).bytes.clone()).unwrap());
    let [shown, audit] = &pages;
    for code in &codes {
        for (place, text) in [("table", &table), ("log", &log), ("list", shown), ("audit", audit)] {
            assert!(!contains_code(code, text), "{code} appears in the {place}");
        }
        assert!(shown.contains(&format!("\"code_hint\":\"{}\"", &code[6..])));
    }
    let hash = items(&fixture.world, "CODE#").await[0]["pk"].as_str().unwrap().to_owned();
    assert_eq!(hash.len(), "CODE#".len() + 64);
}
