//! `rollcall jobs`: the jobs of an application or of all, or one of them until its end.

use std::cmp::Reverse;

use clap::{Arg, ArgMatches, Command};
use serde_json::{Map, Value, json};

use crate::{
    APP, app_argument,
    document::ApiDocument,
    failure::Failure,
    field::{Field, values},
    interrupt::Interrupt,
    job::follow,
    output::print,
    server::Server,
};

/// The argument that names one job.
const JOB: &str = "JOB";

/// The operation that lists them. Its filters are the options.
const LIST: &str = "list_jobs";

/// The options are the filters of the list.
pub(crate) fn command(document: &ApiDocument) -> Command {
    let fields = fields(document);
    Command::new("jobs")
        .about("Lists the jobs of an application, or of all, or waits for one")
        .long_about(
            "Lists the jobs of an application, or of all applications, newest first. With the id of a job, waits for \
             its end, saves its files in the current directory and prints it, as `export` and `import` do.",
        )
        .arg(app_argument())
        .arg(
            Arg::new(JOB)
                .help("The id of a job to wait for")
                .conflicts_with_all(fields.iter().map(|field| field.name.clone())),
        )
        .args(fields.iter().map(Field::option))
}

fn fields(document: &ApiDocument) -> Vec<Field> {
    let mut fields = document.operation(LIST).fields;
    fields.retain(|field| !matches!(field.name.as_str(), "app_id" | "limit" | "cursor"));
    fields
}

/// Prints the list, or follows the job.
pub(crate) async fn run(server: &Server<'_>, matches: &ArgMatches) -> Result<(), Failure> {
    let app_id = matches.get_one::<String>(APP);
    if let (Some(app_id), Some(job_id)) = (app_id, matches.get_one::<String>(JOB)) {
        return follow(server, &mut Interrupt::listen()?, app_id, job_id).await?.outcome();
    }
    let filter = values(&fields(server.document), matches);
    let apps = match app_id {
        Some(app_id) => vec![json!({"app_id": app_id})],
        None => server.list("list_apps", Map::new()).await?,
    };
    let mut jobs: Vec<Value> = Vec::new();
    for app in &apps {
        let mut values = filter.clone();
        values.insert("app_id".to_owned(), app["app_id"].clone());
        jobs.extend(server.list::<Value>(LIST, values).await?);
    }
    jobs.sort_by_cached_key(|job| Reverse(job["created_at"].to_string()));
    print(&json!({"items": jobs, "next_cursor": null}))
}
