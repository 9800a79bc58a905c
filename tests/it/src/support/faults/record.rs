//! Records which rights each function needs. `tests/template/check_rights.py` compares the record of all tests with the
//! template.
//!
//! Only what runs inside [`as_function`] is recorded: every request of a client, and the runs of other functions in the
//! helpers of the tests. Direct calls of the store are no function's.

use std::{
    collections::HashSet,
    fs::OpenOptions,
    io::Write,
    sync::{LazyLock, Mutex, PoisonError},
};

use serde_json::Value;

/// The environment variable that names the file to append to. Without it, nothing is recorded.
const RECORD: &str = "RECORD_RIGHTS";

/// What this process has recorded already.
static RECORDED: LazyLock<Mutex<HashSet<String>>> = LazyLock::new(Mutex::default);

tokio::task_local! {
    static FUNCTION: &'static str;
}

/// Runs something as this function. It is boxed, since the runs of some functions are large.
pub fn as_function<Output>(name: &'static str, work: impl Future<Output = Output>) -> impl Future<Output = Output> {
    FUNCTION.scope(name, Box::pin(work))
}

/// Records the rights that a request to the table needs.
pub(super) fn record(operation: &str, body: &Value) {
    let (Some(path), Ok(function)) = (std::env::var_os(RECORD), FUNCTION.try_with(|name| *name)) else { return };
    let on = if body.get("IndexName").is_some() { "index" } else { "table" };
    let mut lines = String::new();
    let mut recorded = RECORDED.lock().unwrap_or_else(PoisonError::into_inner);
    for (action, key) in accesses(operation, body) {
        let line = format!("{function} dynamodb:{action} {on} {}\n", prefix(key));
        if recorded.insert(line.clone()) {
            lines.push_str(&line);
        }
    }
    // One write of whole lines: the processes of other tests append to the same file.
    let mut file = OpenOptions::new().create(true).append(true).open(path).unwrap();
    file.write_all(lines.as_bytes()).unwrap();
}

/// The actions of a request, each with the partition key it is about.
fn accesses<'a>(operation: &'a str, body: &'a Value) -> Vec<(&'a str, &'a str)> {
    match operation {
        "TransactWriteItems" => {
            let entries = body["TransactItems"].as_array().into_iter().flatten();
            let writes = entries.filter_map(Value::as_object).flatten();
            writes.map(|(kind, write)| (action(kind), partition_of(write))).collect()
        }
        "BatchGetItem" => {
            let tables = body["RequestItems"].as_object().into_iter().flat_map(|tables| tables.values());
            let keys = tables.flat_map(|table| table["Keys"].as_array().into_iter().flatten());
            keys.map(|key| (operation, text(&key["pk"]))).collect()
        }
        "Query" => {
            // The store's queries start with the partition key: `#pk = :pk AND …`.
            let condition = body["KeyConditionExpression"].as_str().unwrap_or_default();
            let name = condition.split_once('=').and_then(|(_, rest)| rest.split_whitespace().next());
            vec![(operation, text(&body["ExpressionAttributeValues"][name.unwrap_or_default()]))]
        }
        _ => vec![(operation, partition_of(body))],
    }
}

/// The right that an entry of a transaction needs.
fn action(kind: &str) -> &str {
    match kind {
        "Put" => "PutItem",
        "Update" => "UpdateItem",
        "Delete" => "DeleteItem",
        "ConditionCheck" => "ConditionCheckItem",
        other => other,
    }
}

fn partition_of(write: &Value) -> &str {
    text(&write.get("Key").unwrap_or(&write["Item"])["pk"])
}

fn text(attribute: &Value) -> &str {
    attribute["S"].as_str().unwrap_or_default()
}

/// A key as the template's policies write it: `USER#*`, or the whole key if it has only one value.
fn prefix(key: &str) -> String {
    key.split_once('#').map_or_else(|| key.to_owned(), |(prefix, _)| format!("{prefix}#*"))
}
