//! Routes that only the local server has, and only on a loopback address: mailbox, test clock, and cleanup on demand.

use std::{collections::BTreeSet, net::Ipv4Addr, time::Duration};

use axum::{
    Router,
    extract::{Request, State},
    http::header,
    middleware::{self, Next},
    response::{Html, IntoResponse, Response},
    routing::{get, post},
};
use data_encoding::BASE64;
use rollcall_api::{Context, Problem, PublicRequest, Reply};
use rollcall_domain::{Code, Invalid, ViolationCode};
use serde_json::json;
use sha2::{Digest, Sha256};

use crate::{clock::TestClock, mail_delivery::MailDelivery, mailbox::MailboxEntry, schedule::Schedule};

/// The longest step of the clock: ten years.
const MAX_ADVANCE_SECONDS: u32 = 10 * 366 * 24 * 60 * 60;

/// The routes. Those that use the test clock exist only if there is one.
pub(crate) fn routes(
    context: &Context,
    deliveries: &MailDelivery,
    clock: Option<&TestClock>,
    schedule: &Schedule,
) -> Router<Context> {
    let (list, page) = (deliveries.clone(), deliveries.clone());
    let mut own =
        Router::new().route("/_local/mails", get(|request: PublicRequest| async move { mails(&list, &request).await }));
    if let Some(clock) = clock.cloned() {
        let schedule = schedule.clone();
        let advance =
            |State(context): State<Context>, request: PublicRequest| async move { advance(&context, &clock, &request) };
        let clean_up = |request: PublicRequest| async move { clean_up(&schedule, &request).await };
        own = own.route("/_local/clock", post(advance)).route("/_local/cleanup", post(clean_up));
    }
    own.route_layer(middleware::from_fn_with_state(context.clone(), require_own_origin))
        .route("/mailbox", get(|| async move { mailbox(&page.mails(None).await) }))
        .route("/mailbox.css", get(|| async { ([(header::CONTENT_TYPE, "text/css")], STYLE) }))
        .route_layer(middleware::from_fn(require_loopback_host))
}

/// Answers only requests whose `Host` is a loopback name. This stops pages of other sites whose domain was pointed at
/// this machine (DNS rebinding).
async fn require_loopback_host(request: Request, next: Next) -> Response {
    let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    if matches!(name, "localhost" | "[::1]") || name.parse::<Ipv4Addr>().is_ok_and(|address| address.is_loopback()) {
        return next.run(request).await;
    }
    Problem::from(Code::NotFound).into_response()
}

/// Refuses what another site made the browser send, readings too: nothing but this console has any use for them.
async fn require_own_origin(State(context): State<Context>, request: Request, next: Next) -> Response {
    match rollcall_api::actor::check_origin(context.config.public_origin.as_deref(), request.headers()) {
        Ok(()) => next.run(request).await,
        Err(code) => Problem::from(code).into_response(),
    }
}

async fn mails(deliveries: &MailDelivery, request: &PublicRequest) -> Result<Reply, Problem> {
    let mut parameters = request.parameters();
    let to = parameters.optional("to", |to| Ok(to.to_owned()));
    parameters.finish_with(|| Some(()))?;
    Reply::ok(&deliveries.mails(to.as_deref()).await)
}

fn advance(context: &Context, clock: &TestClock, request: &PublicRequest) -> Result<Reply, Problem> {
    let mut fields = request.fields()?;
    let seconds: Option<u32> = fields.required("advance_seconds");
    if seconds.is_some_and(|seconds| seconds > MAX_ADVANCE_SECONDS) {
        let rule = format!("must be at most {MAX_ADVANCE_SECONDS}");
        fields.violation("advance_seconds", Invalid::new(ViolationCode::OutOfRange, rule));
    }
    clock.advance(Duration::from_secs(u64::from(fields.finish(|| seconds)?)));
    Reply::ok(&json!({"now": context.now()}))
}

async fn clean_up(schedule: &Schedule, request: &PublicRequest) -> Result<Reply, Problem> {
    request.no_input()?;
    Reply::ok(&schedule.run_once().await?)
}

fn mailbox(mails: &[MailboxEntry]) -> impl IntoResponse + use<> {
    ([(header::CONTENT_SECURITY_POLICY, policy_of(mails))], Html(page_of(mails)))
}

/// The page and the mails in it load its own style sheet only. The styles that stand in the mails are allowed by their
/// hashes.
fn policy_of(mails: &[MailboxEntry]) -> String {
    let styles = mails.iter().flat_map(|mail| mail.html.split("style=\"").skip(1));
    let styles: BTreeSet<&str> = styles.filter_map(|rest| rest.split_once('"')).map(|(style, _)| style).collect();
    let hash = |style: &&str| format!(" 'sha256-{}'", BASE64.encode(&Sha256::digest(style)));
    let hashes: String = styles.iter().map(hash).collect();
    format!("default-src 'none'; style-src 'self' 'unsafe-hashes'{hashes}; frame-ancestors 'none'")
}

const STYLE: &str =
    "body { font: 16px/1.5 system-ui, sans-serif; max-width: 46rem; margin: 2rem auto; padding: 0 1rem; }
article { border: 1px solid #ccc; border-radius: 6px; padding: 0 1rem 1rem; margin: 1rem 0; }
h2 { font-size: 1.1rem; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; }
iframe { width: 100%; height: 20rem; border: 1px solid #ccc; }
";

/// The mailbox as a page without scripts. The HTML part of a mail is shown in a sandboxed frame.
fn page_of(mails: &[MailboxEntry]) -> String {
    let mails =
        if mails.is_empty() { "<p>No mail yet.</p>".to_owned() } else { mails.iter().map(article_of).collect() };
    format!(
        "<!doctype html><html lang=en><meta charset=utf-8><title>Mailbox · Rollcall</title>\
         <link rel=stylesheet href=/mailbox.css><h1>Mailbox</h1>{mails}</html>"
    )
}

fn article_of(mail: &MailboxEntry) -> String {
    let escaped =
        |text: &str| text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;");
    let (to, subject) = (escaped(&mail.to), escaped(&mail.subject));
    let (text, html) = (escaped(&mail.text), escaped(&mail.html));
    format!(
        "<article><h2>{subject}</h2><p>to {to}, {}</p><pre>{text}</pre>\
         <details><summary>HTML</summary><iframe sandbox title=\"The HTML part of the mail\" srcdoc=\"{html}\"></iframe>\
         </details></article>",
        mail.sent_at
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bare() -> MailboxEntry {
        MailboxEntry {
            to: "mina@example.com".to_owned(),
            subject: String::new(),
            text: String::new(),
            html: String::new(),
            sent_at: rollcall_domain::Timestamp::new(chrono::DateTime::UNIX_EPOCH),
        }
    }

    #[test]
    fn the_styles_of_a_mail_are_allowed_by_their_hashes_and_nothing_else_is() {
        let mail = MailboxEntry { html: "<p style=\"margin:0;\"><b style=\"margin:0;\">".to_owned(), ..bare() };
        assert_eq!(
            policy_of(&[mail]),
            "default-src 'none'; style-src 'self' 'unsafe-hashes' \
             'sha256-OJZfmxjKcyB8jYAH0fsVx8gg9uQT/wo70OhSWBGrI2Y='; frame-ancestors 'none'"
        );
    }

    #[test]
    fn markup_in_a_mail_stays_inside_its_frame() {
        let (subject, text) = ("<b>".to_owned(), "</pre><script>".to_owned());
        let mail = MailboxEntry { subject, text, html: "\"></iframe><script>&quot;".to_owned(), ..bare() };
        let page = page_of(&[mail]);
        assert!(page.contains("srcdoc=\"&quot;&gt;&lt;/iframe&gt;&lt;script&gt;&amp;quot;\""), "{page}");
        assert!(page.contains("<h2>&lt;b&gt;</h2>") && !page.contains("<script>"), "{page}");
    }
}
