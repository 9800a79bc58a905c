//! `cargo run`: the whole system on this machine.

use std::{net::SocketAddr, path::PathBuf, process::ExitCode};

use clap::{Args, Parser, Subcommand};
use rollcall::Options;

/// Account and team management for applications, on this machine.
#[derive(Debug, Parser)]
#[command(name = "rollcall", args_conflicts_with_subcommands = true)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    serve: Serve,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Runs the embedded database alone, for functions under `cargo lambda watch`.
    Database {
        /// The address to listen on. It must be a loopback address.
        #[arg(long, default_value = "127.0.0.1:8000")]
        listen: SocketAddr,
        #[command(flatten)]
        place: DataPlace,
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
    /// Allows `POST /_local/clock` to move the clock.
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
    #[arg(long, value_name = "ADDRESS", env = "MAIL_FROM", default_value = "Rollcall <rollcall@localhost>")]
    mail_from: String,
}

impl From<Serve> for Options {
    fn from(serve: Serve) -> Self {
        Self {
            listen: serve.listen,
            data: serve.place.directory(),
            seed: serve.seed,
            test_clock: serve.test_clock,
            admin_password: serve.admin_password.filter(|password| !password.is_empty()),
            public_origin: serve.public_origin.filter(|origin| !origin.is_empty()),
            // An empty value is refused later: mails meant to be sent would otherwise stay here unnoticed.
            smtp_url: serve.smtp,
            mail_from: serve.mail_from,
        }
    }
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let filter = tracing_subscriber::EnvFilter::try_from_default_env().unwrap_or_else(|_| "warn".into());
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let ran = runtime.map_err(|error| error.to_string()).and_then(|runtime| {
        runtime.block_on(async {
            match cli.command {
                None => rollcall::serve(cli.serve.into()).await,
                Some(Command::Database { listen, place }) => {
                    rollcall::serve_database(listen, place.directory().as_ref()).await
                }
            }
        })
    });
    match ran {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            eprintln!("rollcall: {reason}");
            ExitCode::FAILURE
        }
    }
}
