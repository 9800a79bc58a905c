//! `cargo run`: the whole system on this machine, and the commands that call an installation.

use std::{
    net::{IpAddr, SocketAddr},
    path::PathBuf,
    process::ExitCode,
};

use axum::http::HeaderName;
use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand};
use rollcall::{Options, Place, TrustedProxy};
use rollcall_api::{config::environment, logging, request_log, security_log};
use rollcall_client::ApiDocument;
use tracing_subscriber::{EnvFilter, layer::SubscriberExt, util::SubscriberInitExt};

/// Account and team management for applications, on this machine.
#[derive(Debug, Parser)]
#[command(name = "rollcall", version, args_conflicts_with_subcommands = true)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    serve: Serve,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Runs the embedded database and the files of jobs alone, for functions under `cargo lambda watch`.
    Database {
        /// The address to listen on. It must be a loopback address.
        #[arg(long, default_value = "127.0.0.1:8000")]
        listen: SocketAddr,
        /// The address to serve S3 on, for the files of jobs. By default, it is the port after that of the database. It
        /// must be a loopback address.
        #[arg(long)]
        objects_listen: Option<SocketAddr>,
        #[command(flatten)]
        place: DataPlace,
    },
    /// Copies all data to an empty table and compares the two. Stop whatever uses them first. Run it again to go on
    /// after an interruption.
    Migrate {
        /// The data directory of a local server, or dynamodb:NAME for a table of DynamoDB: in `AWS_REGION`, with the
        /// credentials of the environment, and with the master key of `MASTER_KEY_FILE` or `MASTER_KEY_SECRET_ID`.
        from: Place,
        /// Where to, written in the same way. It needs the master key of the data.
        to: Place,
    },
    /// Ends the sessions of all users, such as those that a restored backup has brought back.
    EndSessions {
        /// The data directory of a local server that is stopped, or dynamodb:NAME as for `migrate`.
        place: Place,
        /// Also ends their API keys.
        #[arg(long)]
        keys: bool,
    },
}

#[derive(Debug, Args)]
struct DataPlace {
    /// The directory of the data.
    #[arg(long, value_name = "DIR", default_value = "data", conflicts_with = "memory")]
    data: PathBuf,
    /// Keeps the data in memory only. It is lost when the server stops.
    #[arg(long)]
    memory: bool,
}

impl DataPlace {
    fn directory(self) -> Option<PathBuf> {
        (!self.memory).then_some(self.data)
    }
}

#[derive(Debug, Args)]
struct Serve {
    /// The address to listen on. One beyond loopback needs an https `PUBLIC_ORIGIN`.
    #[arg(long, default_value = "127.0.0.1:3000")]
    listen: SocketAddr,
    #[command(flatten)]
    place: DataPlace,
    /// Creates an application with N demo accounts, unless there are applications already.
    #[arg(long, value_name = "N")]
    seed: Option<usize>,
    /// Allows `POST /_local/clock` to move the clock and `POST /_local/cleanup` to run the schedule.
    #[arg(long)]
    test_clock: bool,
    /// The first super admin's password, instead of a generated one.
    #[arg(long, env = "ADMIN_PASSWORD", hide_env_values = true, hide = true)]
    admin_password: Option<String>,
    /// The origin under which browsers reach this server.
    #[arg(long, env = "PUBLIC_ORIGIN", hide = true)]
    public_origin: Option<String>,
    /// Sends mails through this server, such as `smtps://user:password@smtp.example.com`, instead of keeping them in
    /// the mailbox.
    #[arg(long, value_name = "URL", env = "SMTP_URL", hide_env_values = true)]
    smtp: Option<String>,
    /// The address that mails are sent from.
    #[arg(long, value_name = "ADDRESS", env = "MAIL_FROM", default_value = LOCAL_SENDER)]
    mail_from: String,
    /// Believes the proxy at this address when it says who its client is.
    #[arg(long, value_name = "ADDRESS", requires = "client_address_header")]
    trusted_proxy: Option<IpAddr>,
    /// The header in which the trusted proxy reports its client, such as X-Forwarded-For.
    #[arg(long, value_name = "NAME", requires = "trusted_proxy")]
    client_address_header: Option<HeaderName>,
}

/// The sender of mails that stay on this machine.
const LOCAL_SENDER: &str = "Rollcall <rollcall@localhost>";

impl From<Serve> for Options {
    fn from(serve: Serve) -> Self {
        Self {
            listen: serve.listen,
            data: serve.place.directory(),
            seed: serve.seed,
            test_clock: serve.test_clock,
            // An empty variable counts as not set.
            admin_password: serve.admin_password.filter(|password| !password.is_empty()),
            public_origin: serve.public_origin.filter(|origin| !origin.is_empty()),
            smtp_url: serve.smtp.filter(|url| !url.is_empty()),
            mail_from: Some(serve.mail_from).filter(|from| !from.is_empty()).unwrap_or_else(|| LOCAL_SENDER.to_owned()),
            trusted_proxy: (serve.trusted_proxy.zip(serve.client_address_header))
                .map(|(address, header)| TrustedProxy { address, header }),
        }
    }
}

/// Logs requests, warnings, errors and the security log, or what `RUST_LOG` asks for.
///
/// The servers of the database and of S3 warn of every failed condition. Those are refusals that the functions expect.
fn log_to_stderr() {
    let filter = environment("RUST_LOG").unwrap_or_else(|| {
        format!("warn,dynoxide=error,s3s=off,{}=info,{}=info", security_log::TARGET, request_log::TARGET)
    });
    let lines = tracing_subscriber::fmt::layer()
        .with_ansi(logging::is_coloured(&std::io::stderr()))
        .with_writer(std::io::stderr)
        // A log that cannot be written is no reason to fail a request.
        .log_internal_errors(false);
    tracing_subscriber::registry()
        .with(EnvFilter::builder().parse_lossy(filter))
        .with(logging::without_details_of_dependencies())
        .with(lines)
        .init();
}

fn main() -> ExitCode {
    match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime.block_on(run()),
        Err(error) => failure(&error.to_string()),
    }
}

async fn run() -> ExitCode {
    let document = ApiDocument::parse(console::DOCUMENT);
    let matches = Cli::command().subcommands(rollcall_client::commands(&document)).get_matches();
    if let Some((name, arguments)) = matches.subcommand()
        && let Some(exit) = rollcall_client::run(&document, name, arguments).await
    {
        return exit;
    }
    let cli = Cli::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
    log_to_stderr();
    let ran = match cli.command {
        None => rollcall::serve(cli.serve.into()).await,
        Some(Command::Database { listen, objects_listen, place }) => {
            rollcall::serve_database(listen, objects_listen, place.directory().as_ref()).await
        }
        Some(Command::Migrate { from, to }) => {
            rollcall::migrate(&from, &to).await.map(|found| println!("Both have the same {found}."))
        }
        Some(Command::EndSessions { place, keys }) => {
            let what = if keys { "sessions and API keys" } else { "sessions" };
            rollcall::end_sessions(&place, keys).await.map(|users| println!("Ended the {what} of {users} users."))
        }
    };
    ran.map_or_else(|reason| failure(&reason), |()| ExitCode::SUCCESS)
}

fn failure(reason: &str) -> ExitCode {
    eprintln!("rollcall: {reason}");
    ExitCode::FAILURE
}
