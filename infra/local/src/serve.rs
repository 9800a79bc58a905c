//! Starting, running and stopping the server.

use std::{io::Write, net::SocketAddr, path::PathBuf, time::Duration};

use mailer::Sender;
use rollcall_api::{
    Context, Problem,
    clock::Clock,
    config::{self, Config},
    openapi,
};
use rollcall_store::{Connection, Secrets, Store};
use serde_json::Value;
use tokio::{
    net::TcpListener,
    signal::unix::{Signal, SignalKind, signal},
};
use utoipa_axum::router::OpenApiRouter;

use crate::{
    client_address::{self, TrustedProxy},
    clock::TestClock,
    connections,
    data::Data,
    expiry::Expiry,
    job_runner::JobRunner,
    key_check, local_routes,
    mail_delivery::MailDelivery,
    notifications::Notifications,
    objects::{self, BUCKET},
    schedule::Schedule,
    seed,
    table::{self, TABLE},
};

/// Prints a line. A closed standard output is no reason to stop the server.
macro_rules! print_line {
    ($($words:tt)*) => {
        drop(writeln!(std::io::stdout(), $($words)*))
    };
}

/// How long running requests may go on after the signal to stop: a request's own deadline, rounded up.
const GRACE: Duration = Duration::from_secs(5);

/// The access key and the secret key of functions that run elsewhere on this machine.
const LOCAL_KEY: &str = "local";

/// The options of the command line.
#[derive(Debug)]
pub struct Options {
    /// The address to listen on.
    pub listen: SocketAddr,
    /// The directory of the data; `None` for data that is lost with the process.
    pub data: Option<PathBuf>,
    /// How many demo accounts to start with.
    pub seed: Option<usize>,
    /// Whether the clock can be moved.
    pub test_clock: bool,
    /// The first super admin's password; `None` to generate one.
    pub admin_password: Option<String>,
    /// The origin that browsers use, if it is not the address itself.
    pub public_origin: Option<String>,
    /// The mail server to send through, if mails are to leave this machine. The URL may contain a password.
    pub smtp_url: Option<String>,
    /// The address that mails are sent from.
    pub mail_from: String,
    /// The proxy that is believed when it says who its client is.
    pub trusted_proxy: Option<TrustedProxy>,
}

/// The routes of every function, as behind the gateway.
pub fn routes() -> OpenApiRouter<Context> {
    OpenApiRouter::new()
        .merge(accounts::routes())
        .merge(audit::routes())
        .merge(export::routes())
        .merge(invites::routes())
        .merge(jobs::routes())
        .merge(login::routes())
        .merge(me::routes())
        .merge(registration::routes())
        .merge(teams::routes())
        .merge(users::routes())
        .merge(webhooks::routes())
        .merge(console::routes())
}

/// The API document of all routes.
pub fn documented() -> Value {
    openapi::complete(routes().into_openapi())
}

/// Runs the whole system until the process is told to stop.
pub async fn serve(options: Options) -> Result<(), String> {
    survive_file_size_limit()?;
    let public_origin = public_origin(&options)?;
    Sender::check_from(&options.mail_from)?;
    let sender = options.smtp_url.as_deref().map(|url| Sender::smtp(url, &options.mail_from)).transpose()?;
    let (listener, address) = bind(options.listen, "--listen").await?;
    let data = open(options.data.as_ref())?;
    let connection = data.in_process();
    table::create_if_missing(&connection).await?;

    let clock = options.test_clock.then(TestClock::default);
    let origin = public_origin.map_or_else(|| config::origin(&format!("http://{address}")), Ok)?;
    let expiry = Expiry::new(&connection);
    let clock_of_functions = clock.as_ref().map_or_else(Clock::system, TestClock::to_clock);
    // Beyond this machine, whoever creates webhooks must not reach the services that listen on it.
    let loopback = if options.listen.ip().is_loopback() { "on" } else { "off" };
    let context = context(&data, connection, &origin, loopback, clock_of_functions)?;
    let key_check = key_check::check(&context.store, &data.keyring, &data.key_file).await?;
    key_check::record(&context, &data.keyring, key_check).await?;
    let first = ensure_super_admin(&context, options.admin_password.clone()).await?;
    if let Some(accounts) = options.seed {
        seed::seed(&context, accounts).await?;
    }

    let mails = MailDelivery::new(&context, sender);
    let schedule = Schedule::new(context.clone(), expiry, data.s3.clone());
    let mut routes = rollcall_api::router(routes());
    if options.listen.ip().is_loopback() {
        routes = routes.merge(local_routes::routes(&context, &mails, clock.as_ref(), &schedule));
    }
    let proxy = options.trusted_proxy.clone();
    let proxy_address = proxy.as_ref().map(|proxy| proxy.address.to_canonical());
    let routes = routes.layer(axum::middleware::from_fn_with_state(proxy, client_address::set));
    let jobs = JobRunner::new(context.clone(), data.objects(&origin));
    let notifications = Notifications::new(context.clone())?;
    let service = objects::service(routes, context, &data);
    let schedule = tokio::spawn(schedule.keep_running());
    let delivery = tokio::spawn(mails.keep_delivering(data.database.clone()));
    let jobs = tokio::spawn(jobs.keep_running(data.database.clone()));
    let notifications = tokio::spawn(notifications.keep_sending());
    // Before the greeting: who reads it may send a signal at once.
    let (stop_serving, stop_waiting) = (stop()?, stop()?);
    greet(&origin, &options, first.as_ref());

    tokio::select! {
        () = connections::serve(listener, service, proxy_address, stop_serving) => {}
        () = async { stop_waiting.await; tokio::time::sleep(GRACE).await } => {}
    }
    schedule.abort();
    delivery.abort();
    jobs.abort();
    notifications.abort();
    print_line!("Stopped.");
    Ok(())
}

/// Runs the embedded database and the files of jobs alone, for functions that run elsewhere on this machine.
pub async fn serve_database(
    listen: SocketAddr,
    objects_listen: Option<SocketAddr>,
    data: Option<&PathBuf>,
) -> Result<(), String> {
    let objects_listen = objects_listen.unwrap_or_else(|| next_port(listen));
    if !listen.ip().is_loopback() || !objects_listen.ip().is_loopback() {
        return Err("the database has no authentication, so it listens on a loopback address only".to_owned());
    }
    survive_file_size_limit()?;
    let (listener, address) = bind(listen, "--listen").await?;
    let (objects_listener, objects_address) = bind(objects_listen, "--objects-listen").await?;
    let data = open(data)?;
    let connection = data.in_process();
    table::create_if_missing(&connection).await?;
    // Only compared: the function `bootstrap` records the key.
    key_check::check(&Store::new(&connection, TABLE.to_owned()), &data.keyring, &data.key_file).await?;
    // Before the first line: who reads it may send a signal at once.
    let (stop_database, stop_objects) = (stop()?, stop()?);
    print_line!("The database is running. Give the functions this environment:");
    for (name, value) in [
        ("AWS_ENDPOINT_URL_DYNAMODB", format!("http://{address}")),
        ("AWS_ENDPOINT_URL_S3", format!("http://{objects_address}")),
        ("AWS_REGION", "local".to_owned()),
        ("AWS_ACCESS_KEY_ID", LOCAL_KEY.to_owned()),
        ("AWS_SECRET_ACCESS_KEY", LOCAL_KEY.to_owned()),
        ("TABLE_NAME", TABLE.to_owned()),
        ("JOBS_BUCKET", BUCKET.to_owned()),
        ("MASTER_KEY_FILE", data.key_file.display().to_string()),
    ] {
        print_line!("export {name}={}", quoted(&value));
    }
    let database = data.database.serve(listener, stop_database);
    let objects = data.s3.serve(objects_listener, (LOCAL_KEY, LOCAL_KEY), stop_objects);
    tokio::try_join!(database, objects).map(drop).map_err(|error| error.to_string())
}

/// The address beside another one, or any free port beside any free port.
fn next_port(mut address: SocketAddr) -> SocketAddr {
    address.set_port(if address.port() == 0 { 0 } else { address.port().wrapping_add(1) });
    address
}

fn open(directory: Option<&PathBuf>) -> Result<Data, String> {
    directory.map_or_else(Data::temporary, |directory| Data::open(directory))
}

/// A text as one word of a shell.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// Lets a write beyond the process's limit on the size of files fail like one on a full disk. The signal that comes
/// with it ends the process, unless there is a handler.
fn survive_file_size_limit() -> Result<(), String> {
    handled(SignalKind::from_raw(rustix::process::Signal::XFSZ.as_raw())).map(drop)
}

/// The public origin. Beyond loopback it must be https, since cookies and codes cross a network.
fn public_origin(options: &Options) -> Result<Option<String>, String> {
    let origin = options.public_origin.as_deref().map(config::origin).transpose()?;
    let is_https = origin.as_deref().is_some_and(|origin| origin.starts_with("https://"));
    if options.listen.ip().is_loopback() || is_https {
        return Ok(origin);
    }
    Err(format!(
        "{} is not a loopback address: set PUBLIC_ORIGIN to the https:// origin in front of it",
        options.listen
    ))
}

/// Listens on the address that an option names, and returns the one that it got.
async fn bind(listen: SocketAddr, option: &str) -> Result<(TcpListener, SocketAddr), String> {
    let bound = async { TcpListener::bind(listen).await.and_then(|bound| bound.local_addr().map(|got| (bound, got))) };
    bound.await.map_err(|error| match error.kind() {
        std::io::ErrorKind::AddrInUse => {
            format!("{listen} is in use by another program; choose another address with {option}")
        }
        _ => format!("cannot listen on {listen}: {error}"),
    })
}

fn context(data: &Data, connection: Connection, origin: &str, loopback: &str, clock: Clock) -> Result<Context, String> {
    let key_file = data.key_file.display().to_string();
    let config = Config::read(&|name: &str| match name {
        "PUBLIC_ORIGIN" => Some(origin.to_owned()),
        "MASTER_KEY_FILE" => Some(key_file.clone()),
        "WEBHOOK_LOOPBACK" => Some(loopback.to_owned()),
        other => config::environment(other),
    })?;
    let store = Store::new(&connection, TABLE.to_owned());
    Ok(Context::new(store, Secrets::new(connection), config, clock))
}

/// Creates the first super admin, unless there is one.
async fn ensure_super_admin(
    context: &Context,
    password: Option<String>,
) -> Result<Option<bootstrap::BootstrapReport>, String> {
    let source = if password.is_some() { " with ADMIN_PASSWORD" } else { "" };
    let failed = |problem: Problem| format!("cannot set up the super admin{source}: {problem}");
    if !context.store.super_admins().await.map_err(|fault| failed(fault.into()))?.is_empty() {
        return Ok(None);
    }
    bootstrap::run(context.clone(), bootstrap::BootstrapEvent::first(password)).await.map(Some).map_err(failed)
}

fn greet(origin: &str, options: &Options, first: Option<&bootstrap::BootstrapReport>) {
    print_line!("Rollcall runs at {origin}");
    print_line!("  API document  {origin}/v1/openapi.json");
    match (&options.smtp_url, options.listen.ip().is_loopback()) {
        (Some(_), _) => print_line!("  Mails         sent by SMTP from {}", options.mail_from),
        (None, true) => print_line!("  Mailbox       {origin}/mailbox"),
        (None, false) => print_line!("  Mails         not sent: SMTP_URL is not set"),
    }
    match first {
        Some(report) => {
            print_line!("  Super admin   {}", report.login);
            if let Some(password) = &report.generated_password {
                print_line!("  Password      {password}   (shown once; it must be changed at the first sign-in)");
            }
        }
        None => print_line!("  Super admin   as set up before"),
    }
    match &options.data {
        Some(directory) => print_line!("  Data          {}", directory.display()),
        None => print_line!("  Data          in memory, gone when this stops"),
    }
    print_line!("Stop with Ctrl-C.");
}

/// Lets Ctrl-C and SIGTERM no longer end the process. Returns what waits for either.
fn stop() -> Result<impl Future<Output = ()> + Send + 'static, String> {
    let (mut interrupted, mut terminated) = (handled(SignalKind::interrupt())?, handled(SignalKind::terminate())?);
    Ok(async move {
        tokio::select! {
            _ = interrupted.recv() => {}
            _ = terminated.recv() => {}
        }
    })
}

fn handled(kind: SignalKind) -> Result<Signal, String> {
    signal(kind).map_err(|error| format!("cannot handle signals: {error}"))
}
