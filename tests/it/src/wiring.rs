//! The template, the local gateway's router, the API document and the code agree on routes and representations.

use std::{collections::BTreeSet, path::PathBuf, sync::LazyLock};

use axum::http::Method;
use rollcall_domain::{
    Code,
    id::UserId,
    permission::{Permission, UserType},
};
use serde_json::{Map, Value, json};

use crate::support::{Client, UNKNOWN_ID, World};

/// A route: method and path.
pub type Routes = BTreeSet<(String, String)>;

fn file(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..").join(name)
}

fn text(name: &str) -> String {
    std::fs::read_to_string(file(name)).unwrap()
}

/// The routes of the template with the function of each. The template has one event per line.
fn template() -> BTreeSet<(String, String, String)> {
    let mut routes = BTreeSet::new();
    let mut function = String::new();
    for line in text("template.yaml").lines() {
        if let Some(name) = line.strip_prefix("  ").and_then(|line| line.strip_suffix("Function:")) {
            function = name.to_lowercase();
        }
        let word = |key: &str| {
            let rest = line.split_once(key)?.1;
            Some(rest.split([',', ' ', '"']).find(|word| !word.is_empty())?.to_owned())
        };
        if let (Some(method), Some(path)) = (word("Method:"), word("Path:")) {
            routes.insert((method, path, function.clone()));
        }
    }
    routes
}

/// The template filters the stream and the log by words that the code writes there.
#[test]
fn the_template_filters_by_the_words_that_the_code_writes() {
    for prefix in [rollcall_store::outbox::PREFIX, rollcall_store::job::WAKE, rollcall_store::audit::PREFIX] {
        assert!(text("template.yaml").contains(&format!("\"prefix\":\"{prefix}\"")), "{prefix}");
    }
    let alarms = text("infra/alarms.yaml");
    let parts = alarms.split("$.fields.message = \"").skip(1);
    let messages: BTreeSet<_> = parts.filter_map(|rest| rest.split('"').next()).collect();
    let written = [
        ("a job failed", "functions/transfer/src/lib.rs"),
        ("a mail was given up", "functions/mailer/src/lib.rs"),
        ("a mail will be retried", "functions/mailer/src/lib.rs"),
        ("a webhook was paused", "functions/notifier/src/webhook.rs"),
        ("break-glass: a super admin got a new password", "functions/bootstrap/src/lib.rs"),
        ("cleaned up", "functions/cleanup/src/lib.rs"),
        ("ran", "shared/api/src/request_log.rs"),
        ("the event bus did not take an event", "functions/notifier/src/event_bus.rs"),
        ("the invitation breaker is open", "shared/api/src/redemption.rs"),
        ("the master key cannot be read again", "shared/api/src/key_source.rs"),
    ];
    assert_eq!(messages, written.iter().map(|(message, _)| *message).collect());
    for (message, file) in written {
        assert!(text(file).contains(&format!("\"{message}\"")), "{message} is not in {file}");
    }
}

/// The routes of the template.
pub fn template_routes() -> Routes {
    template().into_iter().map(|(method, path, _)| (method, path)).collect()
}

/// The function of the route that fits a request, if there is one.
pub fn function_of(method: &Method, path: &str) -> Option<&'static str> {
    static ROUTES: LazyLock<BTreeSet<(String, String, String)>> = LazyLock::new(template);
    let path = path.split('?').next().unwrap_or_default();
    let fits = |template: &str| {
        template.split('/').count() == path.split('/').count()
            && template.split('/').zip(path.split('/')).all(|(part, given)| part == given || part.starts_with('{'))
    };
    let fitting = ROUTES.iter().filter(|(of, template, _)| of == method.as_str() && fits(template));
    // A path of constant parts wins over one with parameters.
    fitting.min_by_key(|(_, template, _)| template.matches('{').count()).map(|(.., function)| function.as_str())
}

pub fn document() -> Value {
    rollcall::documented()
}

/// The operations of the API document with their routes.
pub fn operations(document: &Value) -> Vec<(String, String, &Value)> {
    let paths = document["paths"].as_object().unwrap();
    (paths.iter())
        .flat_map(|(path, item)| {
            item.as_object().unwrap().iter().map(|(method, operation)| (method.to_uppercase(), path.clone(), operation))
        })
        .collect()
}

#[test]
fn the_template_has_the_routes_of_the_code() {
    let document = document();
    let documented: Routes = operations(&document).into_iter().map(|(method, path, _)| (method, path)).collect();
    assert!(documented.len() > 15);
    assert_eq!(template_routes(), documented);
}

#[test]
fn the_local_gateway_has_the_routes_of_the_template() {
    let manifest: toml::Value = toml::from_str(&text("Cargo.toml")).unwrap();
    let router = manifest["workspace"]["metadata"]["lambda"]["watch"]["router"].as_array().unwrap();
    let word = |value: &toml::Value| value.as_str().unwrap().to_owned();
    let listed = router.iter().filter_map(|route| {
        let methods = route.get("methods")?.as_array().unwrap().iter().map(word);
        Some(methods.map(|method| (method, word(&route["path"]), word(&route["function"]))))
    });
    assert_eq!(listed.flatten().collect::<BTreeSet<_>>(), template());
}

/// `UPDATE_OPENAPI=1` rewrites the document.
#[test]
fn the_api_document_is_the_generated_one() {
    let path = file("functions/console/openapi.json");
    let current = serde_json::to_string_pretty(&document()).unwrap() + "\n";
    if std::env::var_os("UPDATE_OPENAPI").is_some() {
        std::fs::write(&path, &current).unwrap();
    }
    assert_eq!(
        std::fs::read_to_string(&path).unwrap(),
        current,
        "functions/console/openapi.json is not what the code says"
    );
}

#[test]
fn the_document_lists_the_enumerations_as_they_are_serialised() {
    let document = document();
    let words = |schema: &str| -> BTreeSet<String> {
        let words = document["components"]["schemas"][schema]["enum"].as_array().unwrap();
        words.iter().map(|word| word.as_str().unwrap().to_owned()).collect()
    };
    let written = |words: &[&str]| -> BTreeSet<String> { words.iter().map(ToString::to_string).collect() };
    assert_eq!(words("AccountType"), written(&["general", "admin"]));
    assert_eq!(words("Gender"), written(&["unknown", "female", "male"]));
    assert_eq!(words("FriendVerification"), written(&["need_confirm", "allow_any", "deny_any"]));
    assert_eq!(words("Friending"), written(&["allowed", "forbidden"]));
    assert_eq!(words("Format"), written(&["csv", "ndjson", "xlsx"]));
    assert_eq!(words("UserType"), written(&["super_admin", "platform_admin", "platform_service", "service", "member"]));
    let permissions: Vec<_> = Permission::ALL.iter().map(|permission| permission.as_str()).collect();
    assert_eq!(words("Permission"), written(&permissions));
}

/// OpenAPI 3.1 requires a description of each response and a unique id of each operation.
#[test]
fn the_document_is_complete() {
    let document = document();
    let mut names = BTreeSet::new();
    for (method, path, operation) in operations(&document) {
        assert!(names.insert(operation["operationId"].as_str().unwrap().to_owned()), "{method} {path}");
        for (status, response) in operation["responses"].as_object().unwrap() {
            // A shared response is described where it is defined.
            let shared = response["$ref"].as_str().and_then(|shared| shared.strip_prefix('#'));
            let response = shared.map_or(Some(response), |shared| document.pointer(shared)).unwrap();
            assert!(!response["description"].as_str().unwrap_or_default().is_empty(), "{method} {path} {status}");
        }
    }
}

/// The ids that fill the parameters of paths.
pub struct PathIds {
    app: String,
    user: String,
    team: String,
    role: String,
    job: String,
    webhook: String,
    service: String,
    service_key: String,
    own_key: String,
}

impl PathIds {
    fn unknown() -> Self {
        let unknown_id = || UNKNOWN_ID.to_owned();
        Self {
            app: unknown_id(),
            user: unknown_id(),
            team: unknown_id(),
            role: unknown_id(),
            job: unknown_id(),
            webhook: unknown_id(),
            service: unknown_id(),
            service_key: unknown_id(),
            own_key: unknown_id(),
        }
    }

    /// An application with the account `mina` and an import that waits for its file, a team with a custom role, a member
    /// and a service account, a key of that and of `admin`, and a webhook.
    pub async fn in_world(world: &World, admin: &Client) -> Self {
        let app = world.app(admin, "App").await;
        let account = json!({"user_id": "mina", "type": "general"});
        admin.post(&format!("/v1/apps/{app}/accounts"), &account).await.is(201);
        let team = world.team("Northwind").await;
        let user = world.user("mina", UserType::Member, [(team, "developer")]).await.0.user_id.to_string();
        let role = json!({"name": "Custom", "permissions": ["team.read"]});
        let role = admin.post(&format!("/v1/teams/{team}/roles"), &role).await;
        let role = role.is(201).body["role_id"].as_str().unwrap().to_owned();
        let job = admin.post(&format!("/v1/apps/{app}/jobs"), &json!({"kind": "import"})).await;
        let job = job.is(201).body["job_id"].as_str().unwrap().to_owned();
        let webhook = admin.post("/v1/webhooks", &json!({"url": "https://hooks.example.com/"})).await;
        let webhook = webhook.is(201).body["webhook"]["webhook_id"].as_str().unwrap().to_owned();
        let service = world.service("robot", team, "developer").await;
        let service_key = world.api_key(&service, &["read"]).await.0.key_id.to_string();
        let admin = admin.get("/v1/me").await.body["user"]["user_id"].as_str().unwrap().to_owned();
        let admin = world.store().user(UserId::parse(&admin).unwrap()).await.unwrap().unwrap();
        let own_key = world.api_key(&admin, &["read"]).await.0.key_id.to_string();
        let (team, service) = (team.to_string(), service.user_id.to_string());
        Self { app, user, team, role, job, webhook, service, service_key, own_key }
    }

    /// The path with these ids as parameters. Other parameters get an unknown id.
    pub fn fill(&self, path: &str) -> String {
        let (is_account, is_key) = (path.contains("/accounts/"), path.contains("/keys"));
        let user = if is_account {
            "mina"
        } else if is_key {
            &self.service
        } else {
            &self.user
        };
        let key = if path.starts_with("/v1/me") { &self.own_key } else { &self.service_key };
        let mut path = path.replace("{app_id}", &self.app).replace("{user_id}", user);
        path = path.replace("{team_id}", &self.team).replace("{role_id}", &self.role);
        path = path.replace("{job_id}", &self.job).replace("{key_id}", key).replace("{webhook_id}", &self.webhook);
        while let (Some(start), Some(end)) = (path.find('{'), path.find('}')) {
            path.replace_range(start..=end, UNKNOWN_ID);
        }
        path
    }
}

#[tokio::test]
async fn a_stranger_gets_401_on_every_route_but_the_public_ones() {
    let world = World::new().await;
    let public = [
        ("POST", "/v1/login"),
        ("POST", "/v1/login/totp"),
        ("POST", "/v1/registrations"),
        ("POST", "/v1/registrations/{registration_id}/complete"),
        ("POST", "/v1/password-resets"),
        ("POST", "/v1/password-resets/{reset_id}/complete"),
        ("GET", "/healthz"),
        ("GET", "/v1/openapi.json"),
    ];
    for (method, path) in template_routes() {
        let sent = PathIds::unknown().fill(&path);
        let reply = world.stranger().send(Method::try_from(method.as_str()).unwrap(), &sent, None).await;
        if public.contains(&(&*method, &*path)) {
            assert_ne!(reply.status, 401, "{method} {path}");
        } else {
            reply.is_problem(Code::Unauthenticated);
        }
    }
}

#[tokio::test]
async fn the_document_describes_the_fields_that_bodies_have() {
    let world = World::new().await;
    let admin = world.admin().await;
    let ids = PathIds::in_world(&world, &admin).await;
    let redeemer = world.redeemer("redeemer").await;
    let document = document();
    let mut checked = 0;
    for (method, path, operation) in operations(&document) {
        // Which of its two bodies a start takes depends on the job.
        if path.ends_with("/start") {
            continue;
        }
        let client = if path == "/v1/invitations/redeem" { &redeemer } else { &admin };
        let Some(schema) = operation.pointer("/requestBody/content/application~1json/schema") else { continue };
        let fields = fields(&document, schema);
        assert!(!fields.is_empty(), "{method} {path}");
        // No field takes an object, so a known field is reported as of the wrong type and any other as unknown.
        let body: Map<String, Value> = fields.iter().map(|field| (field.clone(), json!({}))).collect();
        let unknown = |reply: crate::support::Reply| -> Vec<Value> {
            let violations = reply.is(422).violations();
            violations.into_iter().filter(|violation| violation[1] == "unknown_field").collect()
        };
        assert_eq!(unknown(send(client, &method, &ids.fill(&path), &body).await), Vec::<Value>::new(), "{path}");
        let mut more = body.clone();
        more.insert("surprise".to_owned(), Value::Null);
        let violations = unknown(send(client, &method, &ids.fill(&path), &more).await);
        assert_eq!(violations, [json!(["/surprise", "unknown_field"])], "{path}");
        checked += 1;
    }
    assert!(checked >= 7, "only {checked} bodies were checked");
}

async fn send(client: &Client, method: &str, path: &str, body: &Map<String, Value>) -> crate::support::Reply {
    client.send(Method::try_from(method).unwrap(), path, Some(Value::Object(body.clone()).to_string())).await
}

/// The fields of a schema or of its alternatives, with references resolved.
fn fields(document: &Value, schema: &Value) -> BTreeSet<String> {
    if let Some(reference) = schema["$ref"].as_str() {
        return fields(document, document.pointer(reference.trim_start_matches('#')).unwrap());
    }
    let own = schema["properties"].as_object().into_iter().flatten().map(|(name, _)| name.clone());
    let parts = schema["oneOf"].as_array().into_iter().flatten();
    own.chain(parts.flat_map(|part| fields(document, part))).collect()
}

/// The fields in the document are the fields that are sent.
#[tokio::test]
async fn the_document_describes_the_fields_that_replies_have() {
    let world = World::new().await;
    let admin = world.admin().await;
    let ids = PathIds::in_world(&world, &admin).await;
    let document = document();
    let mut checked = 0;
    for (method, path, operation) in operations(&document) {
        let schema = operation.pointer("/responses/200/content/application~1json/schema");
        let (Some(schema), true) = (schema, method == "GET" && path.starts_with("/v1") && !path.ends_with("json"))
        else {
            continue;
        };
        let reply = admin.get(&ids.fill(&path)).await;
        let sent: BTreeSet<String> = reply.is(200).body.as_object().unwrap().keys().cloned().collect();
        let mut described = fields(&document, schema);
        // Fields of requests with an API key, and of service accounts.
        described.retain(|field| (path != "/v1/me" || field != "key") && field != "home_team_id");
        assert_eq!(sent, described, "{path}");
        checked += 1;
    }
    assert!(checked >= 5, "only {checked} replies were checked");
}
