//! `rollcall import`: accounts of a file into an application.

use std::path::{Path, PathBuf};

use clap::{Arg, ArgMatches, Command, value_parser};
use futures_util::TryStreamExt;
use reqwest::{Body, Method, Url, header::CONTENT_LENGTH};
use serde_json::{Map, Value, json};
use tokio::fs::File;
use tokio_util::io::ReaderStream;

use crate::{
    APP, app_argument,
    document::ApiDocument,
    failure::Failure,
    field::{Field, values},
    interrupt::Interrupt,
    job::{ShownJob, UploadLink, follow, how_to_follow, named},
    members, progress,
    server::{Server, check_encrypted},
    text,
};

/// The file to import.
const FILE: &str = "FILE";

/// The schema of the start. Its fields are the options.
const START: &str = "ImportStart";

/// The schema of the part of them that says how the file is read.
const READING: &str = "Reading";

/// The options are what the start of an import has.
pub(crate) fn command(document: &ApiDocument) -> Command {
    Command::new("import")
        .about("Imports the accounts of a file and prints the job")
        .long_about(
            "Uploads a file, says how it is read, and imports its rows. Accounts that exist are skipped unless \
             `--on-existing` says otherwise. With `--dry-run`, only the report is written. If rows fail, the report \
             is saved in the current directory. Prints the job.",
        )
        .arg(app_argument().required(true))
        .arg(Arg::new(FILE).required(true).value_parser(value_parser!(PathBuf)).help("The file"))
        .args(fields(document).iter().map(Field::option))
}

/// The fields of the start. Those that it requires have a default here.
fn fields(document: &ApiDocument) -> Vec<Field> {
    document.fields_of(START).into_iter().map(|field| Field { is_required: false, ..field }).collect()
}

/// Uploads a file, starts its import and waits for the end.
pub(crate) async fn run(server: &Server<'_>, matches: &ArgMatches) -> Result<(), Failure> {
    let app_id = text(matches, APP);
    let Some(path) = matches.get_one::<PathBuf>(FILE) else { return Err(Failure::usage("there is no file")) };
    let source = Source::open(path).await?;
    let mut start = values(&fields(server.document), matches);
    start.entry("dry_run").or_insert(json!(false));
    start.entry("on_existing").or_insert(json!("skip"));
    let trial = (start["dry_run"] == true).then(|| start.clone());

    let request = json!({"app_id": app_id, "kind": "import", "file_name": source.name});
    let mut interrupt = Interrupt::listen()?;
    let job = ShownJob::read(&interrupt.race(server.call("create_job", members(request))).await?)?;
    let names = named(app_id, &job.job_id);
    if let Err(failure) = interrupt.race(begin(server, &job, source, &names, start)).await {
        let advice = match interrupt.race(cancel(server, names)).await {
            Ok(()) => format!("The job {} is cancelled.", job.job_id),
            Err(_) => how_to_follow(app_id, &job.job_id),
        };
        return Err(failure.advise(&advice));
    }
    let job = follow(server, &mut interrupt, app_id, &job.job_id).await?;
    let outcome = job.outcome();
    match (trial, &outcome) {
        (Some(start), Ok(())) => eprintln!("To import the file within an hour: {}", start_command(names, start)),
        // The file has to be mended and sent again, so the job would only take a place until it expires.
        (Some(_), Err(_)) if job.is_waiting() => drop(interrupt.race(cancel(server, names)).await),
        (_, _) => {}
    }
    outcome
}

/// Uploads the file, shows how it is read, and starts the import.
async fn begin(
    server: &Server<'_>,
    job: &ShownJob,
    source: Source,
    names: &Map<String, Value>,
    start: Map<String, Value>,
) -> Result<(), Failure> {
    let Some(link) = &job.upload else { return Err(Failure::no_server("the server gives no link for the upload")) };
    upload(server, source, link).await?;
    let reading = server.document.fields_of(READING);
    let mut preview = names.clone();
    preview.extend(start.clone().into_iter().filter(|(name, _)| reading.iter().any(|field| field.name == *name)));
    show(&server.call("preview_job", preview).await?);
    let mut values = names.clone();
    values.extend(start);
    server.call::<Value>("start_job", values).await.map(drop)
}

/// The command that starts what was tried.
fn start_command(names: Map<String, Value>, start: Map<String, Value>) -> String {
    let options = names.into_iter().chain(start).map(|(name, value)| {
        let value = if name == "dry_run" { json!(false) } else { value };
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned).replace('\'', "'\\''");
        format!(" --{} '{text}'", name.replace('_', "-"))
    });
    format!("rollcall api start_job{}", options.collect::<String>())
}

/// A file to upload.
struct Source {
    file: File,
    name: String,
    bytes: u64,
}

impl Source {
    async fn open(path: &Path) -> Result<Self, Failure> {
        let unusable = |reason: String| Failure::usage(format!("cannot read {}: {reason}", path.display()));
        let file = File::open(path).await.map_err(|error| unusable(error.to_string()))?;
        let metadata = file.metadata().await.map_err(|error| unusable(error.to_string()))?;
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        if !metadata.is_file() {
            return Err(unusable("it is no regular file".to_owned()));
        }
        Ok(Self { file, name, bytes: metadata.len() })
    }
}

async fn upload(server: &Server<'_>, source: Source, link: &UploadLink) -> Result<(), Failure> {
    let Source { file, name, bytes } = source;
    if bytes > link.max_bytes {
        return Err(Failure::refused(format!("{name} has {bytes} bytes; an import takes {}", link.max_bytes)));
    }
    let url = Url::parse(&link.url).map_err(|error| Failure::no_server(format!("the link for the upload: {error}")))?;
    check_encrypted(&url)?;
    let method = Method::from_bytes(link.method.as_bytes()).unwrap_or(Method::PUT);
    let bar = progress::of_bytes(&name, bytes);
    let content = ReaderStream::new(file).inspect_ok(move |chunk| bar.inc(chunk.len() as u64));
    // Links give the right to upload; the key is not sent to a server of files. S3 asks for the length beforehand.
    let mut request = server.http.request(method, url).header(CONTENT_LENGTH, bytes).body(Body::wrap_stream(content));
    for (name, value) in &link.headers {
        request = request.header(name, value);
    }
    let reply = request.send().await.map_err(Failure::connection)?;
    if reply.status().is_success() {
        return Ok(());
    }
    Err(Failure::refused(format!("the upload was refused with {}", reply.status())))
}

/// Says on the standard error how the file is read.
fn show(preview: &Value) {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let elements = |value: &Value| value.as_array().cloned().unwrap_or_default();
    eprintln!("Read as {} {}", text(&preview["format"]), text(&preview["encoding"]));
    for column in elements(&preview["columns"]).iter().filter(|column| column["field"].is_string()) {
        eprintln!("  {} -> {}", text(&column["name"]), text(&column["field"]));
    }
    for column in elements(&preview["not_imported"]) {
        eprintln!("  {} is not imported: {}", text(&column["name"]), text(&column["reason"]));
    }
}

/// Ends a job.
async fn cancel(server: &Server<'_>, names: Map<String, Value>) -> Result<(), Failure> {
    server.send_values("delete_job", names).await.map(drop)
}
