//! What all operations of the API document have in common, added to the collected paths in one place.

use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        Components, Content, HeaderBuilder, InfoBuilder, OpenApi, PathItem, Ref, RefOr, Required, Response,
        ResponseBuilder,
        path::{Operation, Parameter, ParameterBuilder, ParameterIn},
        request_body::RequestBody,
        schema::{AdditionalProperties, ObjectBuilder, Schema, Type},
        security::{ApiKey, ApiKeyValue, Http, HttpAuthScheme, SecurityRequirement, SecurityScheme},
    },
};

use crate::{
    problem::{ProblemBody, ViolationBody},
    token::SESSION_COOKIE,
};

/// Completes the document: title, security, headers, problem replies, closed request bodies.
///
/// An operation tagged `public` takes no session. It takes an `Idempotency-Key` only where it declares one itself.
/// Every other POST takes one, unless it is tagged `files`.
pub fn complete(mut document: OpenApi) -> OpenApi {
    document.info = InfoBuilder::new()
        .title("Rollcall")
        .version("1")
        .description(Some("Accounts of applications, and the console users, teams and invitations that manage them."))
        .build();
    let mut bodies = Vec::new();
    for item in document.paths.paths.values_mut() {
        for (method, operation) in operations(item) {
            bodies.extend(operation.request_body.as_ref().and_then(body_name));
            complete_operation(method, operation);
        }
    }
    let components = document.components.get_or_insert_default();
    add_components(components);
    for name in bodies {
        if let Some(RefOr::T(Schema::Object(body))) = components.schemas.get_mut(&name) {
            body.additional_properties = Some(Box::new(AdditionalProperties::FreeForm(false)));
        }
    }
    document
}

/// The methods of the API.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Method {
    Get,
    Post,
    /// PUT, PATCH or DELETE, which take `If-Match`.
    Change,
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = (Method, &mut Operation)> {
    let each = [
        (Method::Get, &mut item.get),
        (Method::Post, &mut item.post),
        (Method::Change, &mut item.put),
        (Method::Change, &mut item.patch),
        (Method::Change, &mut item.delete),
    ];
    each.into_iter().filter_map(|(method, operation)| Some((method, operation.as_mut()?)))
}

fn complete_operation(method: Method, operation: &mut Operation) {
    let tags: Vec<_> = operation.tags.iter().flatten().cloned().collect();
    let is_tagged = |name| tags.iter().any(|tag| tag == name);
    // Handlers are named by verbs, which repeat from noun to noun: the tag makes the id unique.
    let tag = tags.first().map(|tag| tag.replace(' ', "_")).unwrap_or_default();
    operation.operation_id = operation.operation_id.take().map(|verb| format!("{tag}_{verb}"));
    operation.summary = operation.summary.take().map(|summary| without_route(&summary));
    if !is_tagged("public") {
        let sessions = ["bearer", "cookie"].map(|scheme| SecurityRequirement::new(scheme, [] as [String; 0]));
        operation.security = Some(sessions.into());
    }
    let parameters = operation.parameters.get_or_insert_default();
    match method {
        Method::Post if !is_tagged("public") && !is_tagged("files") => parameters.push(header(
            "Idempotency-Key",
            "1 to 128 printable characters; the same key and body within 24 hours get the same reply.",
        )),
        Method::Change => parameters.push(header("If-Match", "The version the change is meant for, such as \"7\".")),
        Method::Post | Method::Get => {}
    }
    for (status, response) in &mut operation.responses.responses {
        if let RefOr::T(response) = response
            && response.description.is_empty()
        {
            describe(status, response);
        }
    }
    operation.responses.responses.insert("default".to_owned(), problem().into());
}

/// A handler's doc comment begins with its method and path, which an operation has anyway.
fn without_route(summary: &str) -> String {
    let text = summary.split_once("`: ").map_or(summary, |(_, text)| text);
    let (first, rest) = text.split_at(text.chars().next().map_or(0, char::len_utf8));
    format!("{}{rest}", first.to_uppercase())
}

fn header(name: &str, text: &str) -> RefOr<Parameter> {
    ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Header)
        .required(Required::False)
        .description(Some(text))
        .schema(Some(ObjectBuilder::new().schema_type(Type::String).build()))
        .build()
        .into()
}

fn describe(status: &str, response: &mut Response) {
    let description = match status {
        "200" => "The request succeeded.",
        "201" => "The resource was created.",
        "202" => "The request was accepted.",
        "204" => "The request succeeded; there is no content.",
        _ => "",
    };
    description.clone_into(&mut response.description);
}

fn problem() -> Response {
    let request_id = HeaderBuilder::new().schema(Some(ObjectBuilder::new().schema_type(Type::String))).build();
    ResponseBuilder::new()
        .description("The problem: a 4xx status says what to mend, 503 when to retry.")
        .header("X-Request-Id", request_id)
        .content("application/problem+json", Content::new(Some(Ref::from_schema_name("Problem"))))
        .build()
}

/// The name of a body's schema.
fn body_name(body: &RefOr<RequestBody>) -> Option<String> {
    let RefOr::T(body) = body else { return None };
    let RefOr::T(content) = body.content.get("application/json")? else { return None };
    let RefOr::Ref(schema) = content.schema.as_ref()? else { return None };
    schema.ref_location.rsplit('/').next().map(str::to_owned)
}

/// Adds the security schemes, and the schemas of problems, which no handler names as its reply.
fn add_components(components: &mut Components) {
    components.add_security_scheme("bearer", SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer)));
    components.add_security_scheme("cookie", SecurityScheme::ApiKey(ApiKey::Cookie(ApiKeyValue::new(SESSION_COOKIE))));
    let mut schemas = vec![
        (ProblemBody::name().into_owned(), ProblemBody::schema()),
        (ViolationBody::name().into_owned(), ViolationBody::schema()),
    ];
    ProblemBody::schemas(&mut schemas);
    ViolationBody::schemas(&mut schemas);
    components.schemas.extend(schemas);
}
