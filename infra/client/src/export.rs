//! `rollcall export`: the accounts of an application as files in the current directory.

use clap::{ArgMatches, Command};
use serde_json::json;

use crate::{
    APP, app_argument,
    document::ApiDocument,
    failure::Failure,
    field::{Field, values},
    interrupt::Interrupt,
    job::{ShownJob, follow},
    server::Server,
    text,
};

/// The schema of the request. Its fields are the options.
const REQUEST: &str = "ExportRequest";

/// The options are what an export's request has.
pub(crate) fn command(document: &ApiDocument) -> Command {
    Command::new("export")
        .about("Exports accounts to a file in the current directory and prints the job")
        .long_about(
            "Exports the accounts of an application, or those that match, to a file in the current directory: as CSV \
             unless `--format` says otherwise. The file is verified before it gets its name, and replaces no other. \
             Prints the job.",
        )
        .arg(app_argument().required(true))
        .args(fields(document).iter().map(Field::option))
}

/// The fields that a person chooses. The format has a default here.
fn fields(document: &ApiDocument) -> Vec<Field> {
    let fields = document.fields_of(REQUEST).into_iter().filter(|field| field.name != "kind");
    fields.map(|field| Field { is_required: false, ..field }).collect()
}

/// Begins an export and saves its files.
pub(crate) async fn run(server: &Server<'_>, matches: &ArgMatches) -> Result<(), Failure> {
    let app_id = text(matches, APP);
    let mut request = values(&fields(server.document), matches);
    request.entry("format").or_insert(json!("csv"));
    request.extend([("kind".to_owned(), json!("export")), ("app_id".to_owned(), json!(app_id))]);
    let mut interrupt = Interrupt::listen()?;
    let job = ShownJob::read(&interrupt.race(server.call("create_job", request)).await?)?;
    follow(server, &mut interrupt, app_id, &job.job_id).await?.outcome()
}
