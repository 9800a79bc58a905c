//! `rollcall api`: calls any operation of the API document.

use std::{fs::File, io};

use clap::{Arg, ArgMatches, Command};
use serde_json::Value;

use crate::{
    document::ApiDocument,
    failure::Failure,
    field::{Place, values},
    operation::Operation,
    output::print_reply,
    server::Server,
};

/// The option for a whole body. No field has this name.
const BODY: &str = "body";

const BODY_HELP: &str = "The whole body as JSON, instead of its fields. `-` reads it from the standard input, so that a \
                         password is in no list of processes.";

/// A subcommand for each operation, with an option for each field.
pub(crate) fn command(document: &ApiDocument) -> Command {
    Command::new("api")
        .about("Calls an operation of the API and prints its reply")
        .subcommand_required(true)
        .disable_help_subcommand(true)
        .subcommand_value_name("OPERATION")
        .subcommand_help_heading("Operations")
        .subcommands(document.operations().map(|operation| operation_command(&operation)))
}

fn operation_command(operation: &Operation) -> Command {
    let command = Command::new(operation.id.clone())
        .about(operation.summary.clone())
        .long_about(operation.description.clone())
        .args(operation.fields.iter().map(|field| field.option().help_heading(field.place.heading())));
    if !operation.has_body {
        return command;
    }
    let members = operation.fields.iter().filter(|field| field.place == Place::Body);
    command.arg(
        Arg::new(BODY)
            .long(BODY)
            .value_name("FILE")
            .help(BODY_HELP)
            .help_heading(Place::Body.heading())
            .conflicts_with_all(members.map(|field| field.name.clone())),
    )
}

/// Calls the operation that the command line names.
pub(crate) async fn run(server: &Server<'_>, matches: &ArgMatches) -> Result<(), Failure> {
    let Some((id, matches)) = matches.subcommand() else { return Err(Failure::usage("there is no operation")) };
    let operation = server.document.operation(id);
    let body = operation.has_body.then(|| matches.get_one::<String>(BODY)).flatten();
    let body = body.map(|place| read_body(place)).transpose()?;
    let request = operation.request(&values(&operation.fields, matches), body)?;
    print_reply(server.send(&operation, request).await?).await
}

fn read_body(place: &str) -> Result<Value, Failure> {
    let text =
        if place == "-" { io::read_to_string(io::stdin()) } else { File::open(place).and_then(io::read_to_string) };
    let text = text.map_err(|error| Failure::usage(format!("cannot read the body from '{place}': {error}")))?;
    serde_json::from_str(&text).map_err(|error| Failure::usage(format!("the body in '{place}' is not JSON: {error}")))
}
