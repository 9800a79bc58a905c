//! What every operation of the API document has in common, written once.

use utoipa::openapi::{
    Content, HeaderBuilder, InfoBuilder, OpenApi, PathItem, Ref, RefOr, Required, ResponseBuilder,
    path::{Operation, ParameterBuilder, ParameterIn},
    request_body::RequestBody,
    schema::{AdditionalProperties, ObjectBuilder, Schema, Type},
    security::{ApiKey, ApiKeyValue, Http, HttpAuthScheme, SecurityRequirement, SecurityScheme},
};

use crate::{
    problem::{ProblemBody, ViolationBody},
    token::SESSION_COOKIE,
};

/// Completes the collected paths: title, security, the problem reply and the headers that all operations share.
///
/// An operation tagged `public` takes no session. It takes an `Idempotency-Key` only where it says so itself; any other
/// POST does, unless it is tagged `files`.
pub fn complete(mut document: OpenApi) -> OpenApi {
    document.info = InfoBuilder::new()
        .title("Rollcall")
        .version("1")
        .description(Some("Accounts of applications, and the console users, teams and invitations that manage them."))
        .build();
    let components = document.components.get_or_insert_default();
    components.add_security_scheme("bearer", SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer)));
    components.add_security_scheme("cookie", SecurityScheme::ApiKey(ApiKey::Cookie(ApiKeyValue::new(SESSION_COOKIE))));
    for (name, schema) in schemas() {
        components.schemas.insert(name, schema);
    }
    let mut bodies = Vec::new();
    for item in document.paths.paths.values_mut() {
        for (operation, is_post, is_write) in operations(item) {
            // Handlers are verbs, so their names alone would repeat from noun to noun.
            let tag = operation.tags.iter().flatten().next().map(|tag| tag.replace(' ', "_")).unwrap_or_default();
            operation.operation_id = operation.operation_id.take().map(|verb| format!("{tag}_{verb}"));
            bodies.extend(operation.request_body.as_ref().and_then(body_name));
            let is_tagged = |name| operation.tags.iter().flatten().any(|tag| tag == name);
            let (is_public, is_file) = (is_tagged("public"), is_tagged("files"));
            if !is_public {
                let sessions = ["bearer", "cookie"].map(|scheme| SecurityRequirement::new(scheme, [] as [String; 0]));
                operation.security = Some(sessions.into());
            }
            let header = |name: &str, text: &str| {
                ParameterBuilder::new()
                    .name(name)
                    .parameter_in(ParameterIn::Header)
                    .required(Required::False)
                    .description(Some(text))
                    .schema(Some(ObjectBuilder::new().schema_type(Type::String).build()))
                    .build()
            };
            let parameters = operation.parameters.get_or_insert_default();
            if is_post && !is_public && !is_file {
                parameters.push(
                    header(
                        "Idempotency-Key",
                        "1 to 128 printable characters; the same key and body within 24 hours get the same reply.",
                    )
                    .into(),
                );
            }
            if is_write && !is_post {
                parameters.push(header("If-Match", "The version the change is meant for, such as \"7\".").into());
            }
            for (status, response) in &mut operation.responses.responses {
                if let RefOr::T(response) = response
                    && response.description.is_empty()
                {
                    let words = [
                        ("200", "It is so."),
                        ("201", "It was created."),
                        ("202", "It is under way."),
                        ("204", "It is done."),
                    ];
                    let known = words.into_iter().find(|(code, _)| code == status);
                    response.description = known.map_or_else(String::new, |(_, words)| words.to_owned());
                }
            }
            let request_id = HeaderBuilder::new().schema(Some(ObjectBuilder::new().schema_type(Type::String))).build();
            let problem = ResponseBuilder::new()
                .description("Why not: 4xx says what to mend, 503 to come back.")
                .header("X-Request-Id", request_id)
                .content("application/problem+json", Content::new(Some(Ref::from_schema_name("Problem"))))
                .build();
            operation.responses.responses.insert("default".to_owned(), problem.into());
        }
    }
    for name in bodies {
        if let Some(RefOr::T(Schema::Object(body))) = components.schemas.get_mut(&name) {
            body.additional_properties = Some(Box::new(AdditionalProperties::FreeForm(false)));
        }
    }
    document
}

/// The name of the schema of a body.
fn body_name(body: &RefOr<RequestBody>) -> Option<String> {
    let RefOr::T(body) = body else { return None };
    let RefOr::T(content) = body.content.get("application/json")? else { return None };
    let RefOr::Ref(schema) = content.schema.as_ref()? else { return None };
    schema.ref_location.rsplit('/').next().map(str::to_owned)
}

/// The operations of a path: whether each is a POST, and whether it changes anything.
fn operations(item: &mut PathItem) -> impl Iterator<Item = (&mut Operation, bool, bool)> {
    let each = [
        (&mut item.get, false, false),
        (&mut item.post, true, true),
        (&mut item.put, false, true),
        (&mut item.patch, false, true),
        (&mut item.delete, false, true),
    ];
    each.into_iter().filter_map(|(operation, is_post, is_write)| Some((operation.as_mut()?, is_post, is_write)))
}

/// The schemas of problems, which no handler names as its reply.
fn schemas() -> Vec<(String, RefOr<Schema>)> {
    use utoipa::{PartialSchema, ToSchema};
    let mut schemas = vec![
        (ProblemBody::name().into_owned(), ProblemBody::schema()),
        (ViolationBody::name().into_owned(), ViolationBody::schema()),
    ];
    ProblemBody::schemas(&mut schemas);
    ViolationBody::schemas(&mut schemas);
    schemas
}
