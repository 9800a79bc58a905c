//! Events: list, oldest first.

use axum::extract::State;
use rollcall_api::{
    Call, Context, Parameters, Problem, Reply,
    cursor::CursorScope,
    feed::{Feed, FeedPage, FeedPosition},
    page::read_limit,
};
use rollcall_domain::{
    Code, FromField, Invalid, Refusal, Value,
    audit::Action,
    event::{Event, EventFilter},
    id::TeamId,
};
use serde::Serialize;
use utoipa::ToSchema;

use crate::readable_log;

/// A page of events.
#[derive(Serialize, ToSchema)]
pub(crate) struct EventList {
    /// The events, oldest first, as many as `limit` at most.
    #[schema(max_items = 100)]
    items: Vec<Event>,
    /// The `cursor` of the next page. There is always one.
    next_cursor: String,
    /// Whether more events may follow now. If not, ask again later with `next_cursor`.
    more: bool,
}

/// Where a caller wants to begin.
enum Begin {
    /// With what happens from now on.
    Now,
    /// With the oldest events that will be kept for at least an hour.
    Start,
    /// After what they have read.
    Cursor(String),
}

/// `GET /v1/events`: lists the records of the audit log as events, oldest first. No event is missed: each appears about
/// ten seconds after its request, and always after every `next_cursor` that was returned until then.
#[utoipa::path(
    get,
    path = "/v1/events",
    operation_id = "list_events",
    tag = "audit",
    params(
        (
            "types" = Option<String>, Query,
            description = "Only events of these types, separated by commas, such as `user.create,user.delete`.",
        ),
        ("team_id" = Option<TeamId>, Query, description = "Only changes of what this team owns."),
        (
            "limit" = Option<u8>, Query, minimum = 1, maximum = 100,
            description = "The maximum number of items, 50 without it. A page can have fewer although more follow.",
        ),
        (
            "cursor" = Option<String>, Query,
            description = "The `next_cursor` of the page before. Without it the list begins now and its first page is \
                empty; `start` begins with the oldest events that will be kept for at least an hour. A cursor is valid \
                for the same user and filters, as long as the log reaches back to it.",
        ),
    ),
    responses((status = 200, body = EventList)),
    extensions(
        ("x-codes" = json!([Code::CursorExpired, Code::NotFound])),
        ("x-scopes" = json!(["audit.read"])),
    ),
)]
pub(crate) async fn list(State(context): State<Context>, call: Call) -> Result<Reply, Problem> {
    let readable = readable_log(&context, &call).await?;
    let mut parameters = call.request.parameters();
    let filter = parameters.optional("types", types).map(|types| EventFilter::of(&types)).unwrap_or_default();
    let team_id = parameters.field("team_id");
    let limit = read_limit(&mut parameters);
    let begin = begin(&mut parameters);
    parameters.finish_with(|| Some(()))?;
    let feed = Feed { context: &context, log: readable.of_team(team_id), filter };
    let scope = CursorScope::of(&call);
    let position = match begin {
        Begin::Now => {
            let position = feed.now(call.now()).await?;
            let next_cursor = scope.seal(&context, None, &position.to_string()).await?;
            return Reply::ok(&EventList { items: Vec::new(), next_cursor, more: false });
        }
        Begin::Start => feed.first(call.now()).await?,
        Begin::Cursor(cursor) => {
            let position = scope.open(&context, &cursor, call.now()).await?;
            FeedPosition::parse(&position).ok_or(Refusal::from(Code::InvalidCursor))?
        }
    };
    if position.after.time() < feed.kept_since(call.now()) {
        return Err(Code::CursorExpired.into());
    }
    let FeedPage { events, position, more, .. } = feed.read(position, limit, call.now()).await?;
    let next_cursor = scope.seal(&context, None, &position.to_string()).await?;
    Reply::ok(&EventList { items: events, next_cursor, more })
}

fn begin(parameters: &mut Parameters) -> Begin {
    match parameters.optional("cursor", |text| Ok(text.to_owned())) {
        None => Begin::Now,
        Some(cursor) if cursor == "start" => Begin::Start,
        Some(cursor) => Begin::Cursor(cursor),
    }
}

/// Types separated by commas.
fn types(text: &str) -> Result<Vec<Action>, Invalid> {
    text.split(',').map(|name| Action::from_field(&Value::from(name))).collect()
}
