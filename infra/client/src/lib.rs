//! The commands of the local binary that call an installation of Rollcall: `api`, `export`, `import`, `jobs`, and
//! `plan`, `apply` and `dump`.
//!
//! Operations and their fields come from the API document. Nothing here knows a path or the rule of a field.

mod api;
mod configuration;
mod document;
mod download;
mod export;
mod failure;
mod field;
mod import;
mod interrupt;
mod job;
mod jobs;
mod key;
mod operation;
mod output;
mod progress;
mod server;
mod session;
mod shape;

use std::process::{ExitCode, Termination};

use clap::{Arg, ArgMatches, Command};
use serde_json::{Map, Value};

pub use document::ApiDocument;

use crate::{failure::Failure, server::Server};

/// The argument that names an application.
const APP: &str = "APP";

/// What the environment and the exit code mean, below the help of each command.
const ENVIRONMENT: &str = "\
Environment:
  ROLLCALL_URL  The server, by default http://127.0.0.1:3000. Beyond this machine it must be https.
  ROLLCALL_KEY  The key to call it with. Without it, the key is read from ~/.config/rollcall/key, which must have
                the mode 0600.

Exit codes:
  0  It succeeded.
  1  It was refused, or rows failed.
  2  The command line is wrong, or `plan` printed a difference.
  3  No server answers.";

/// The commands, for the command line of a binary.
pub fn commands(document: &ApiDocument) -> Vec<Command> {
    let commands = [
        api::command(document),
        export::command(document),
        import::command(document),
        jobs::command(document),
        configuration::plan_command(),
        configuration::apply_command(),
        configuration::dump_command(),
    ];
    commands.map(|command| command.after_help(ENVIRONMENT)).into()
}

/// Runs one of the [`commands`] and returns its exit code; `None` if the name is of none. Prints why it failed.
pub async fn run(document: &ApiDocument, name: &str, matches: &ArgMatches) -> Option<ExitCode> {
    Some(match name {
        "api" => with_server(document, async |server| api::run(server, matches).await).await,
        "export" => with_server(document, async |server| export::run(server, matches).await).await,
        "import" => with_server(document, async |server| import::run(server, matches).await).await,
        "jobs" => with_server(document, async |server| jobs::run(server, matches).await).await,
        "plan" => with_server(document, async |server| configuration::plan(server, matches).await).await,
        "apply" => with_server(document, async |server| configuration::apply(server, matches).await).await,
        "dump" => with_server(document, async |server| configuration::dump(server, matches).await).await,
        _ => return None,
    })
}

async fn with_server<T: Termination>(
    document: &ApiDocument,
    work: impl AsyncFnOnce(&Server<'_>) -> Result<T, Failure>,
) -> ExitCode {
    let ran = match Server::from_environment(document) {
        Ok(server) => work(&server).await,
        Err(failure) => Err(failure),
    };
    ran.map_or_else(|failure| failure.report(), Termination::report)
}

fn app_argument() -> Arg {
    Arg::new(APP).help("The id of the application")
}

/// A required argument. Clap has refused a command line without it.
fn text<'a>(matches: &'a ArgMatches, name: &str) -> &'a str {
    matches.get_one::<String>(name).map(String::as_str).unwrap_or_default()
}

/// The members of an object.
fn members(value: Value) -> Map<String, Value> {
    if let Value::Object(members) = value { members } else { Map::new() }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The document that the binary contains.
    const DOCUMENT: &str = include_str!("../../../functions/console/openapi.json");

    #[test]
    fn no_field_takes_the_name_of_another_option() {
        let document = ApiDocument::parse(DOCUMENT);
        Command::new("rollcall").subcommands(commands(&document)).debug_assert();
    }

    #[test]
    fn the_document_has_what_the_commands_call() {
        let document = ApiDocument::parse(DOCUMENT);
        for id in ["create_job", "delete_job", "get_job", "list_apps", "list_jobs", "preview_job", "start_job"] {
            assert!(!document.operation(id).replies.is_empty() || id == "delete_job", "{id}");
        }
        for id in ["get_me", "list_members", "list_roles", "list_teams", "list_users", "list_webhooks", "sign_in"] {
            assert!(!document.operation(id).replies.is_empty(), "{id}");
        }
        for schema in ["ExportRequest", "ImportStart", "Reading"] {
            assert!(!document.fields_of(schema).is_empty(), "{schema}");
        }
    }
}
