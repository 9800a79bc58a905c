//! Starting, running and stopping the server.

use std::{io::Write, net::SocketAddr, path::PathBuf, time::Duration};

use axum::{extract::ConnectInfo, extract::Request, middleware::Next};
use mailer::Sender;
use rollcall_api::{ClientAddress, Context, Problem, clock::Clock, config::Config, openapi};
use rollcall_store::{Connection, Secrets, Store};
use tokio::net::TcpListener;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;

use crate::{
    clock::TestClock,
    data::Data,
    local_routes,
    post::Post,
    seed,
    table::{self, TABLE},
};

/// Says something to whoever still listens: a closed pipe is no reason to stop.
macro_rules! say {
    ($($words:tt)*) => {
        drop(writeln!(std::io::stdout(), $($words)*))
    };
}

/// How often the schedule runs, as in the template.
const SCHEDULE: Duration = Duration::from_mins(15);

/// How long requests that run may go on once the server is told to stop: their own deadline.
const GRACE: Duration = Duration::from_secs(5);

/// What the command line decides.
#[derive(Debug)]
pub struct Options {
    /// Where to listen.
    pub listen: SocketAddr,
    /// Where the data is; none for data that ends with the process.
    pub data: Option<PathBuf>,
    /// How many demo accounts to start with.
    pub seed: Option<usize>,
    /// Whether the clock can be moved.
    pub test_clock: bool,
    /// The first super admin's password, where one was chosen.
    pub admin_password: Option<String>,
    /// The origin browsers use, where it is not the address itself.
    pub public_origin: Option<String>,
    /// The mail server that mails are sent by, where they are to leave this machine; it may hold a password.
    pub smtp_url: Option<String>,
    /// The address that mails are sent from.
    pub mail_from: String,
}

/// Every function's routes, as the gateway sees them.
pub fn routes() -> OpenApiRouter<Context> {
    OpenApiRouter::new()
        .merge(accounts::routes())
        .merge(audit::routes())
        .merge(export::routes())
        .merge(invites::routes())
        .merge(login::routes())
        .merge(registration::routes())
        .merge(teams::routes())
        .merge(users::routes())
        .merge(console::routes())
}

/// The API document of all routes.
pub fn documented() -> OpenApi {
    openapi::complete(routes().into_openapi())
}

/// Runs the whole system until it is told to stop.
pub async fn serve(options: Options) -> Result<(), String> {
    let origin = origin(&options)?;
    let sender = options.smtp_url.as_deref().map(|url| Sender::smtp(url, &options.mail_from)).transpose()?;
    let listener = bind(options.listen).await?;
    let address = listener.local_addr().map_err(|error| error.to_string())?;
    let data = open(options.data.as_ref())?;
    let connection = data.in_process();
    table::create_if_missing(&connection).await?;

    let clock = options.test_clock.then(TestClock::default);
    let origin = origin.unwrap_or_else(|| format!("http://{address}"));
    let context = context(&data, connection, &origin, clock.as_ref().map_or_else(Clock::system, TestClock::to_clock))?;
    let first = found(&context, options.admin_password.clone()).await?;
    if let Some(accounts) = options.seed {
        seed::seed(&context, accounts).await?;
    }

    let post = Post::new(&context, sender);
    let mut routes = routes().split_for_parts().0;
    if options.listen.ip().is_loopback() {
        routes = routes.merge(local_routes::routes(&post, clock.as_ref()));
    }
    let service = rollcall_api::service(routes, context.clone()).layer(axum::middleware::from_fn(with_address));
    let schedule = tokio::spawn(keep_clean(context));
    let delivery = tokio::spawn(post.keep_delivering(data.database.clone()));
    greet(&origin, &options, first.as_ref());

    let service = service.into_make_service_with_connect_info::<SocketAddr>();
    let serving = axum::serve(listener, service).with_graceful_shutdown(stop());
    let served = tokio::select! {
        served = serving.into_future() => served.map_err(|error| error.to_string()),
        () = async { stop().await; tokio::time::sleep(GRACE).await } => Ok(()),
    };
    schedule.abort();
    delivery.abort();
    say!("Stopped.");
    served
}

/// Runs the embedded database alone, for functions that run elsewhere on this machine.
pub async fn serve_database(listen: SocketAddr, data: Option<&PathBuf>) -> Result<(), String> {
    if !listen.ip().is_loopback() {
        return Err("the database asks nobody who they are, so it listens on a loopback address only".to_owned());
    }
    let listener = bind(listen).await?;
    let address = listener.local_addr().map_err(|error| error.to_string())?;
    let data = open(data)?;
    table::create_if_missing(&data.in_process()).await?;
    say!("The database listens; give the functions this environment:");
    say!("AWS_ENDPOINT_URL_DYNAMODB=http://{address}");
    say!("AWS_REGION=local\nAWS_ACCESS_KEY_ID=local\nAWS_SECRET_ACCESS_KEY=local");
    say!("TABLE_NAME={TABLE}");
    say!("MASTER_KEY_FILE={}", data.key_file.display());
    data.database.serve(listener, stop()).await.map_err(|error| error.to_string())
}

fn open(directory: Option<&PathBuf>) -> Result<Data, String> {
    directory.map_or_else(Data::temporary, |directory| Data::open(directory))
}

/// Beyond loopback, cookies and codes travel a network: only behind https.
fn origin(options: &Options) -> Result<Option<String>, String> {
    let is_https = options.public_origin.as_deref().is_some_and(|origin| origin.starts_with("https://"));
    if options.listen.ip().is_loopback() || is_https {
        return Ok(options.public_origin.clone());
    }
    Err(format!(
        "{} is not a loopback address: set PUBLIC_ORIGIN to the https:// origin in front of it",
        options.listen
    ))
}

async fn bind(listen: SocketAddr) -> Result<TcpListener, String> {
    TcpListener::bind(listen).await.map_err(|error| match error.kind() {
        std::io::ErrorKind::AddrInUse => format!("{listen} is taken by another program; choose another with --listen"),
        _ => format!("cannot listen on {listen}: {error}"),
    })
}

fn context(data: &Data, connection: Connection, origin: &str, clock: Clock) -> Result<Context, String> {
    let key_file = data.key_file.display().to_string();
    let config = Config::read(&|name: &str| match name {
        "PUBLIC_ORIGIN" => Some(origin.to_owned()),
        "MASTER_KEY_FILE" => Some(key_file.clone()),
        other => std::env::var(other).ok(),
    })?;
    let store = Store::new(&connection, TABLE.to_owned());
    Ok(Context::new(store, Secrets::new(connection), config, clock))
}

/// Creates the first super admin, unless there is one.
async fn found(context: &Context, password: Option<String>) -> Result<Option<bootstrap::BootstrapReport>, String> {
    let source = if password.is_some() { " with ADMIN_PASSWORD" } else { "" };
    let failed = |problem: Problem| format!("cannot set up the super admin{source}: {problem}");
    if !context.store.super_admins().await.map_err(|fault| failed(fault.into()))?.is_empty() {
        return Ok(None);
    }
    bootstrap::run(context.clone(), bootstrap::BootstrapEvent::first(password)).await.map(Some).map_err(failed)
}

fn greet(origin: &str, options: &Options, first: Option<&bootstrap::BootstrapReport>) {
    say!("Rollcall runs at {origin}");
    say!("  API document  {origin}/v1/openapi.json");
    match (&options.smtp_url, options.listen.ip().is_loopback()) {
        (Some(_), _) => say!("  Mails         sent by SMTP from {}", options.mail_from),
        (None, true) => say!("  Mailbox       {origin}/mailbox"),
        (None, false) => say!("  Mails         sent nowhere: SMTP_URL names no mail server"),
    }
    match first {
        Some(report) => {
            say!("  Super admin   {}", report.login);
            if let Some(password) = &report.generated_password {
                say!("  Password      {password}   (shown once; it must be changed at the first sign-in)");
            }
        }
        None => say!("  Super admin   as set up before"),
    }
    match &options.data {
        Some(directory) => say!("  Data          {}", directory.display()),
        None => say!("  Data          in memory, gone when this stops"),
    }
    say!("Stop with Ctrl-C.");
}

/// The network address a request came from is its socket's.
async fn with_address(
    ConnectInfo(address): ConnectInfo<SocketAddr>,
    mut request: Request,
    next: Next,
) -> axum::response::Response {
    request.extensions_mut().insert(ClientAddress(address.ip()));
    next.run(request).await
}

/// The schedule: what a run could not do, the next one does.
async fn keep_clean(context: Context) {
    let mut ticks = tokio::time::interval(SCHEDULE);
    loop {
        ticks.tick().await;
        if let Err(problem) = cleanup::run(context.clone(), cleanup::CleanupEvent::default()).await {
            tracing::error!(%problem, "the cleanup failed");
        }
    }
}

/// Waits for Ctrl-C or the signal to end.
async fn stop() {
    let terminated = async {
        match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            Ok(mut signal) => drop(signal.recv().await),
            Err(_) => std::future::pending().await,
        }
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        () = terminated => {}
    }
}
