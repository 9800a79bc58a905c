//! What exists on this server only, and only on a loopback address: the mailbox, the clock, the schedule by hand.

use std::time::Duration;

use axum::{
    Json, Router,
    extract::{Query, State},
    response::Html,
    routing::{get, post},
};
use rollcall_api::{Context, Guest, Problem, Reply};
use serde::Deserialize;
use serde_json::json;

use crate::{
    clock::TestClock,
    mailbox::{Mail, Mailbox},
};

/// The longest step of the clock at once: ten years.
const MAX_ADVANCE_SECONDS: u32 = 10 * 366 * 24 * 60 * 60;

#[derive(Debug, Deserialize)]
struct To {
    to: Option<String>,
}

/// The routes; those that move time only with a clock that can be moved.
pub(crate) fn routes(mailbox: &Mailbox, clock: Option<&TestClock>) -> Router<Context> {
    let (list, page) = (mailbox.clone(), mailbox.clone());
    let routes = Router::new()
        .route("/_local/mails", get(|Query(query): Query<To>| async move { Json(list.mails(query.to.as_deref())) }))
        .route("/mailbox", get(|| async move { Html(page_of(&page.mails(None))) }));
    let Some(clock) = clock.cloned() else { return routes };
    routes
        .route(
            "/_local/clock",
            post(|State(context): State<Context>, guest: Guest| async move { advance(&context, &clock, &guest) }),
        )
        .route("/_local/cleanup", post(clean_up))
}

fn advance(context: &Context, clock: &TestClock, guest: &Guest) -> Result<Reply, Problem> {
    let mut fields = guest.fields()?;
    let seconds: Option<u32> = fields.required("advance_seconds");
    let seconds = fields.finish(|| seconds)?.min(MAX_ADVANCE_SECONDS);
    clock.advance(Duration::from_secs(u64::from(seconds)));
    Reply::ok(&json!({"now": context.now()}))
}

async fn clean_up(State(context): State<Context>) -> Result<Reply, Problem> {
    Reply::ok(&cleanup::run(context, cleanup::Event::default()).await?)
}

/// The mailbox as a page, with nothing in it that runs.
fn page_of(mails: &[Mail]) -> String {
    let escaped = |text: &str| text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let mail = |mail: &Mail| {
        let (to, subject, text) = (escaped(&mail.to), escaped(&mail.subject), escaped(&mail.text));
        format!("<article><h2>{subject}</h2><p>to {to}, {}</p><pre>{text}</pre></article>", mail.sent_at)
    };
    let mails = if mails.is_empty() { "<p>No mail yet.</p>".to_owned() } else { mails.iter().map(mail).collect() };
    format!("<!doctype html><html lang=en><title>Mailbox · Rollcall</title><h1>Mailbox</h1>{mails}</html>")
}
