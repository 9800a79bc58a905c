//! What every operation of the API document has in common, written once.

use utoipa::openapi::{
    Content, HeaderBuilder, InfoBuilder, OpenApi, PathItem, Ref, Required, ResponseBuilder,
    path::{Operation, ParameterBuilder, ParameterIn},
    schema::{ObjectBuilder, Type},
    security::{ApiKey, ApiKeyValue, Http, HttpAuthScheme, SecurityRequirement, SecurityScheme},
};

use crate::{
    problem::{ProblemBody, ViolationBody},
    token::SESSION_COOKIE,
};

/// Completes the collected paths: title, security, the problem reply and the headers that all operations share.
///
/// An operation tagged `public` takes no session, and one tagged `files` no `Idempotency-Key`.
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
    for item in document.paths.paths.values_mut() {
        for (operation, is_post, is_write) in operations(item) {
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
            let request_id = HeaderBuilder::new().schema(Some(ObjectBuilder::new().schema_type(Type::String))).build();
            let problem = ResponseBuilder::new()
                .description("Why not: 4xx says what to mend, 503 to come back.")
                .header("X-Request-Id", request_id)
                .content("application/problem+json", Content::new(Some(Ref::from_schema_name("Problem"))))
                .build();
            operation.responses.responses.insert("default".to_owned(), problem.into());
        }
    }
    document
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
fn schemas() -> Vec<(String, utoipa::openapi::RefOr<utoipa::openapi::Schema>)> {
    use utoipa::{PartialSchema, ToSchema};
    let mut schemas = vec![
        (ProblemBody::name().into_owned(), ProblemBody::schema()),
        (ViolationBody::name().into_owned(), ViolationBody::schema()),
    ];
    ProblemBody::schemas(&mut schemas);
    ViolationBody::schemas(&mut schemas);
    schemas
}
