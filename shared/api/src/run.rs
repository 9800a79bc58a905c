//! The `main` of every function.

use std::{process::ExitCode, sync::Arc};

use axum::Extension;
use rollcall_store::{Connection, Secrets, Store};
use tower::{Layer, ServiceExt};
use utoipa_axum::router::OpenApiRouter;

use crate::{
    clock::Clock,
    config::{self, Config},
    context::Context,
    gateway::{ToGateway, encode_path, located},
    logging,
    problem::Problem,
    request_log::Invocation,
    service::{router, service},
};

/// The `main` of a function that answers API Gateway.
pub fn http(routes: OpenApiRouter<Context>) -> ExitCode {
    http_with(no_settings, routes)
}

/// [`http`] for a function with settings of its own, which `read` takes from the environment at the start and handlers
/// as an [`Extension`].
pub fn http_with<Own>(
    read: impl FnOnce(&Connection, &Variable<'_>) -> Result<Own, String>,
    routes: OpenApiRouter<Context>,
) -> ExitCode
where
    Own: Clone + Send + Sync + 'static,
{
    started(read, async |context, own| {
        let routes = router(routes).layer(Extension(own));
        let edge_secret = context.config.edge_secret.clone();
        let service = service(routes, context)
            .map_request(move |request: lambda_http::Request| located(request, edge_secret.as_ref()));
        let service = service.map_response(ToGateway);
        let adapted = lambda_http::Adapter::from(service);
        lambda_runtime::run(tower::util::MapRequestLayer::new(encode_path).layer(adapted)).await
    })
}

/// The `main` of a function that is invoked with an event and answers with a report.
pub fn event<Event, Report, Handled>(handle: impl Fn(Context, Event) -> Handled + Send + Sync + 'static) -> ExitCode
where
    Event: for<'de> serde::Deserialize<'de> + Send + 'static,
    Report: serde::Serialize + Send + 'static,
    Handled: Future<Output = Result<Report, Problem>> + Send,
{
    event_with(no_settings, move |context, (), event| handle(context, event))
}

/// [`event`] for a function with settings of its own, which `read` takes from the environment at the start.
pub fn event_with<Own, Event, Report, Handled>(
    read: impl FnOnce(&Connection, &Variable<'_>) -> Result<Own, String>,
    handle: impl Fn(Context, Own, Event) -> Handled + Send + Sync + 'static,
) -> ExitCode
where
    Own: Clone + Send + Sync + 'static,
    Event: for<'de> serde::Deserialize<'de> + Send + 'static,
    Report: serde::Serialize + Send + 'static,
    Handled: Future<Output = Result<Report, Problem>> + Send,
{
    started(read, async |context, own| {
        let handle = Arc::new(handle);
        lambda_runtime::run(lambda_runtime::service_fn(move |event: lambda_runtime::LambdaEvent<Event>| {
            let (context, own, handle) = (context.clone(), own.clone(), Arc::clone(&handle));
            async move {
                let invocation = Invocation::begin(Some(event.context));
                // Boxed: without it, the nested future types exceed the compiler's recursion limit.
                let report = Box::pin(handle(context, own, event.payload)).await.map_err(|problem| {
                    tracing::error!(%problem, "failed");
                    lambda_runtime::Error::from(problem.to_string())
                });
                invocation.ran(if report.is_ok() { "success" } else { "failed" });
                report
            }
        }))
        .await
    })
}

/// Sets up logging, the configuration and the runtime, and runs until the end.
///
/// The runtime has one thread: a function handles one request at a time, and the multi-threaded runtime breaks reuse of
/// the connection to the Runtime API.
fn started<Own, Run>(read: impl FnOnce(&Connection, &Variable<'_>) -> Result<Own, String>, run: Run) -> ExitCode
where
    Run: AsyncFnOnce(Context, Own) -> Result<(), lambda_runtime::Error>,
{
    logging::init_function();
    let (context, own) = match configure(&config::environment, read) {
        Ok(configured) => configured,
        Err(reason) => {
            tracing::error!(reason, "the configuration is wrong");
            return ExitCode::FAILURE;
        }
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    match runtime.map_err(lambda_runtime::Error::from).and_then(|runtime| runtime.block_on(run(context, own))) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(%error, "the function ended");
            ExitCode::FAILURE
        }
    }
}

/// Looks up an environment variable.
pub type Variable<'a> = dyn Fn(&str) -> Option<String> + 'a;

fn configure<Own>(
    variable: &Variable<'_>,
    read: impl FnOnce(&Connection, &Variable<'_>) -> Result<Own, String>,
) -> Result<(Context, Own), String> {
    let config = Config::read(&variable)?;
    let connection = Connection::read(&variable)?;
    let own = read(&connection, variable)?;
    let store = Store::new(&connection, config::required(&variable, "TABLE_NAME")?);
    Ok((Context::new(store, Secrets::new(connection), config, Clock::system()), own))
}

/// Most functions have no settings of their own.
#[expect(clippy::unnecessary_wraps, reason = "the signature of functions that can fail")]
fn no_settings(_: &Connection, _: &Variable<'_>) -> Result<(), String> {
    Ok(())
}
