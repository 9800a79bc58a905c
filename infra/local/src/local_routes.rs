//! Routes that only the local server has, and only on a loopback address: mailbox, test clock, and cleanup on demand.

use std::{net::Ipv4Addr, time::Duration};

use axum::{
    Router,
    extract::{Request, State},
    http::header,
    middleware::{self, Next},
    response::{Html, IntoResponse, Response},
    routing::{get, post},
};
use rollcall_api::{Context, Problem, PublicRequest, Reply};
use rollcall_domain::{Code, Invalid, ViolationCode};
use serde_json::json;

use crate::{clock::TestClock, mail_delivery::MailDelivery, mailbox::MailboxEntry};

/// The longest step of the clock: ten years.
const MAX_ADVANCE_SECONDS: u32 = 10 * 366 * 24 * 60 * 60;

/// The routes. Those that use the test clock exist only if there is one.
pub(crate) fn routes(deliveries: &MailDelivery, clock: Option<&TestClock>) -> Router<Context> {
    let (list, page) = (deliveries.clone(), deliveries.clone());
    let mut routes = Router::new()
        .route("/_local/mails", get(|request: PublicRequest| async move { mails(&list, &request).await }))
        .route("/mailbox", get(|| async move { ([POLICY], Html(page_of(&page.mails(None).await))) }))
        .route("/mailbox.css", get(|| async { ([(header::CONTENT_TYPE, "text/css")], STYLE) }));
    if let Some(clock) = clock.cloned() {
        let advance =
            |State(context): State<Context>, request: PublicRequest| async move { advance(&context, &clock, &request) };
        routes = routes.route("/_local/clock", post(advance)).route("/_local/cleanup", post(clean_up));
    }
    routes.route_layer(middleware::from_fn(require_loopback_host))
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

async fn clean_up(State(context): State<Context>, request: PublicRequest) -> Result<Reply, Problem> {
    request.no_input()?;
    Reply::ok(&cleanup::run(context, cleanup::CleanupEvent::default()).await?)
}

/// The page and the mails in it may load its own style sheet only.
const POLICY: (header::HeaderName, &str) =
    (header::CONTENT_SECURITY_POLICY, "default-src 'none'; style-src 'self'; frame-ancestors 'none'");

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

    #[test]
    fn markup_in_a_mail_stays_inside_its_frame() {
        let mail = MailboxEntry {
            to: "mina@example.com".to_owned(),
            subject: "<b>".to_owned(),
            text: "</pre><script>".to_owned(),
            html: "\"></iframe><script>&quot;".to_owned(),
            sent_at: rollcall_domain::Timestamp::new(chrono::DateTime::UNIX_EPOCH),
        };
        let page = page_of(&[mail]);
        assert!(page.contains("srcdoc=\"&quot;&gt;&lt;/iframe&gt;&lt;script&gt;&amp;quot;\""), "{page}");
        assert!(page.contains("<h2>&lt;b&gt;</h2>") && !page.contains("<script>"), "{page}");
    }
}
