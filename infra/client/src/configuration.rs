//! `rollcall plan`, `apply` and `dump`: the configuration of an installation as a file.
//!
//! A file and an installation become the same objects, which are compared by their names; a step is one request that
//! removes one difference. What an object consists of stands in `file`, what requests it takes in `step`.

mod apply;
mod contents;
mod difference;
mod dump;
mod file;
mod installation;
mod object;
mod problem;
mod row;
mod secrets;
mod step;

use std::{
    io::{self, IsTerminal},
    path::PathBuf,
    process::ExitCode,
    thread,
};

use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};
use serde_json::{Value, json};
use tokio::sync::oneshot;

use self::{
    contents::Contents,
    difference::steps,
    file::read_text,
    installation::{Installation, Selection},
    object::Kind,
    problem::{Problem, refusal},
    secrets::Secrets,
    step::{Action, Step},
};
use crate::{
    failure::Failure,
    output::{print, print_text},
    server::Server,
    session::{self, with_session},
    text,
};

/// The file with the configuration.
const FILE: &str = "FILE";

const PRUNE: &str = "prune";
const JSON: &str = "json";
const YES: &str = "yes";
const SECRETS: &str = "secrets";

/// The exit code of a plan with steps.
const DIFFERENT: u8 = 2;

/// The command that shows the difference.
pub(crate) fn plan_command() -> Command {
    Command::new("plan")
        .about("Shows what would have to change for an installation to be as a file says")
        .long_about(
            "Compares an installation with a file (YAML) and prints the steps that would make it equal: `+` creates, \
             `~` changes, `-` deletes. Changes nothing. Exits with 0 if there is no difference and with 2 if there is \
             one. What the file does not name is left alone unless `--prune` is given.",
        )
        .args([file_argument(), prune_option(), session::option()])
        .arg(flag(JSON, "Prints the steps as JSON"))
}

/// The command that makes the difference vanish.
pub(crate) fn apply_command() -> Command {
    Command::new("apply")
        .about("Changes an installation so that it is as a file says")
        .long_about(
            "Makes the plan anew, prints it, asks, and takes its steps one after another. What has changed since the \
             plan was made is refused, and the rest of the steps with it.",
        )
        .args([file_argument(), prune_option(), session::option()])
        .arg(flag(YES, "Does not ask"))
        .arg(
            Arg::new(SECRETS)
                .long(SECRETS)
                .value_name("PATH")
                .value_parser(value_parser!(PathBuf))
                .help("Writes the secrets of new webhooks into a new file with the mode 0600 instead of printing them"),
        )
}

/// The command that writes a file.
pub(crate) fn dump_command() -> Command {
    Command::new("dump")
        .about("Prints the configuration of an installation as a file for `plan` and `apply`")
        .arg(session::option())
}

fn file_argument() -> Arg {
    Arg::new(FILE).required(true).help("The file with the configuration; `-` is the standard input")
}

fn prune_option() -> Arg {
    flag(PRUNE, "Deletes what a list of the file leaves out. Lists that the file does not have are left alone")
}

fn flag(name: &'static str, help: &'static str) -> Arg {
    Arg::new(name).long(name).action(ArgAction::SetTrue).help(help)
}

/// Prints the plan.
pub(crate) async fn plan(server: &Server<'_>, matches: &ArgMatches) -> Result<ExitCode, Failure> {
    let contents = read(server, matches)?;
    with_session(server, matches, async |server| {
        let (installation, steps) = compare(server, &contents, matches).await?;
        if matches.get_flag(JSON) {
            let steps: Vec<Value> = steps.iter().map(|step| step.to_json(server.document)).collect();
            print(&json!({"steps": steps}))?;
        } else {
            print_steps(&steps)?;
        }
        if let Some(advice) = needs_session(server, &installation, &steps) {
            eprintln!("rollcall: {advice}");
        }
        Ok(if steps.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(DIFFERENT) })
    })
    .await
}

/// Makes the plan, asks, and takes its steps.
pub(crate) async fn apply(server: &Server<'_>, matches: &ArgMatches) -> Result<(), Failure> {
    let contents = read(server, matches)?;
    let applied = with_session(server, matches, async |server| {
        let (installation, steps) = compare(server, &contents, matches).await?;
        print_steps(&steps)?;
        if steps.is_empty() {
            return Ok(());
        }
        if let Some(advice) = needs_session(server, &installation, &steps) {
            return Err(Failure::refused(advice));
        }
        if !matches.get_flag(YES) {
            confirm(steps.len()).await?;
        }
        let makes_secrets = |step: &Step| step.action == Action::Create && step.name.kind == Kind::Webhook;
        let path = matches.get_one::<PathBuf>(SECRETS).filter(|_| steps.iter().any(makes_secrets));
        apply::take(server, &installation, &steps, &mut Secrets::open(path.map(PathBuf::as_path))?).await
    });
    applied.await.map_err(apply::how_to_go_on)
}

/// Prints the file.
pub(crate) async fn dump(server: &Server<'_>, matches: &ArgMatches) -> Result<(), Failure> {
    with_session(server, matches, async |server| {
        let installation = Installation::read(server, Selection::All).await?;
        print_text(dump::text(&installation)?.trim_end())
    })
    .await
}

/// Reads the file, before anything is sent.
fn read(server: &Server<'_>, matches: &ArgMatches) -> Result<Contents, Failure> {
    let path = text(matches, FILE);
    let content = read_text(path)
        .map_err(|error| refusal(path, vec![Problem { place: None, text: format!("it cannot be read: {error}") }]))?;
    Contents::read(&content, server.document).map_err(|problems| refusal(path, problems))
}

async fn compare(
    server: &Server<'_>,
    contents: &Contents,
    matches: &ArgMatches,
) -> Result<(Installation, Vec<Step>), Failure> {
    let installation = Installation::read(server, Selection::Named(contents)).await?;
    let steps = steps(contents, &installation, matches.get_flag(PRUNE));
    let steps = steps.map_err(|problems| refusal(text(matches, FILE), problems))?;
    Ok((installation, steps))
}

fn print_steps(steps: &[Step]) -> Result<(), Failure> {
    for step in steps {
        print_text(&step.to_string())?;
    }
    let count = |action| steps.iter().filter(|step| step.action == action).count();
    let [creations, updates, deletions] = [Action::Create, Action::Update, Action::Delete].map(count);
    if steps.is_empty() {
        return print_text("No difference.");
    }
    print_text(&format!("Steps: {creations} to create, {updates} to change, {deletions} to delete."))
}

/// Why a key cannot apply the steps.
fn needs_session(server: &Server<'_>, installation: &Installation, steps: &[Step]) -> Option<String> {
    let refused = steps.iter().filter(|step| !installation.has_session && step.needs_session(server.document));
    let titles = refused.map(|step| format!("\n  {}", step.title())).collect::<Vec<_>>().concat();
    let advice = "these steps give a role or concern a platform_service account, which no API key may; \
                  apply with --sign-in LOGIN:";
    (!titles.is_empty()).then(|| format!("{advice}{titles}"))
}

/// Asks whether to go on. The answer is awaited on a thread of its own, so that Ctrl-C need not wait for it.
async fn confirm(steps: usize) -> Result<(), Failure> {
    if !io::stdin().is_terminal() {
        return Err(Failure::refused("there is no terminal to ask on; pass --yes to apply these steps"));
    }
    eprint!("Apply {steps} steps? Type yes: ");
    let (sender, answer) = oneshot::channel();
    thread::spawn(move || {
        let mut line = String::new();
        // Whoever was to get the answer has been interrupted if nobody takes it.
        drop(io::stdin().read_line(&mut line).map(|_| sender.send(line)));
    });
    match answer.await {
        Ok(line) if line.trim() == "yes" => Ok(()),
        Ok(_) | Err(_) => Err(Failure::refused("nothing was changed")),
    }
}
