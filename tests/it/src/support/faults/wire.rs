//! The part of the wire protocol that the faults read and write: which items a request touches, what its reply cost,
//! and the bodies of refusals.

use std::collections::HashSet;

use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_types::body::SdkBody;
use serde_json::{Map, Value, json};

use super::{Call, record::record};

/// The parts of a request that the faults depend on.
pub(super) struct Request {
    operation: String,
    /// The items it writes or checks, in the request's order; none for a read.
    pub(super) items: Vec<String>,
    has_start_key: bool,
    /// Whether it reads the index.
    pub(super) reads_index: bool,
    table: Value,
}

/// A refusal: status and body.
pub(super) type Refusal = (u16, Value);

impl Request {
    pub(super) fn read(http: &HttpRequest) -> Self {
        let target = http.headers().get("x-amz-target").unwrap_or_default();
        let operation = target.rsplit('.').next().unwrap_or_default().to_owned();
        let body = parse(http.body());
        record(&operation, &body);
        let items = match operation.as_str() {
            "PutItem" | "UpdateItem" | "DeleteItem" => vec![item(&body)],
            "TransactWriteItems" => {
                let actions = body["TransactItems"].as_array().into_iter().flatten();
                actions.filter_map(Value::as_object).flat_map(Map::values).map(item).collect()
            }
            _read => Vec::new(),
        };
        let has_start_key = body.get("ExclusiveStartKey").is_some();
        let reads_index = body.get("IndexName").is_some();
        Self { operation, items, has_start_key, reads_index, table: body["TableName"].clone() }
    }

    pub(super) fn is_transaction(&self) -> bool {
        self.operation == "TransactWriteItems"
    }

    pub(super) fn is_write(&self) -> bool {
        !self.items.is_empty()
    }

    /// What the request cost, according to its reply.
    pub(super) fn price(&self, reply: &HttpResponse) -> Call {
        let operation = self.operation.clone();
        let mut call = Call { operation, has_start_key: self.has_start_key, ..Call::default() };
        // Transactions and batches report a list with one entry per table, other operations one entry.
        let tables = match parse(reply.body())["ConsumedCapacity"].take() {
            Value::Array(tables) => tables,
            table => vec![table],
        };
        for table in &tables {
            let total = units(table, "CapacityUnits");
            // A transaction repeated under its client token is charged and reported as a read.
            if self.is_write() && units(table, "ReadCapacityUnits") < total {
                call.write_units += total;
            } else {
                call.read_units += total;
            }
        }
        call
    }

    pub(super) fn throttled(&self) -> Refusal {
        let message = "Throughput exceeds the current capacity of your table or index";
        if self.is_transaction() {
            self.cancelled(&[true], "ThrottlingError", message)
        } else {
            refusal(400, "ProvisionedThroughputExceededException", message)
        }
    }

    pub(super) fn server_error() -> Refusal {
        refusal(500, "InternalServerError", "Internal server error")
    }

    /// Refused because these items are held.
    pub(super) fn conflict(&self, held: &[bool]) -> Refusal {
        let message = "Transaction is ongoing for the item";
        if self.is_transaction() {
            self.cancelled(held, "TransactionConflict", message)
        } else {
            refusal(400, "TransactionConflictException", message)
        }
    }

    /// A cancelled transaction: one reason per item, `None` for those that did not cause it.
    fn cancelled(&self, failed: &[bool], code: &str, message: &str) -> Refusal {
        let is_failed = |index| failed.get(index).copied().unwrap_or_default();
        let codes: Vec<&str> =
            (0..self.items.len()).map(|index| if is_failed(index) { code } else { "None" }).collect();
        let text = "Transaction cancelled, please refer cancellation reasons for specific reasons";
        let text = format!("{text} [{}]", codes.join(", "));

        let (status, mut body) = refusal(400, "TransactionCanceledException", &text);
        body["CancellationReasons"] = codes
            .into_iter()
            .map(
                |code| {
                    if code == "None" { json!({ "Code": code }) } else { json!({ "Code": code, "Message": message }) }
                },
            )
            .collect();
        (status, body)
    }
}

/// The request, extended to ask for its cost, which the product does not ask for.
pub(super) fn priced(mut http: HttpRequest) -> HttpRequest {
    let mut body = parse(http.body());
    if let Some(object) = body.as_object_mut() {
        object.insert("ReturnConsumedCapacity".to_owned(), json!("TOTAL"));
        *http.body_mut() = SdkBody::from(body.to_string());
    }
    http
}

/// A reply of the index without these items.
pub(super) fn without(mut reply: HttpResponse, request: &Request, unindexed: &HashSet<String>) -> HttpResponse {
    let mut body = parse(reply.body());
    if let Some(items) = body["Items"].as_array_mut() {
        items.retain(|item| !unindexed.contains(&json!([request.table, item["pk"], item["sk"]]).to_string()));
    }
    *reply.body_mut() = SdkBody::from(body.to_string());
    reply
}

/// The reply that carries a refusal.
pub(super) fn reply((status, body): Refusal) -> Result<HttpResponse, ConnectorError> {
    let status = status.try_into().map_err(|error| ConnectorError::other(Box::new(error), None))?;
    Ok(HttpResponse::new(status, SdkBody::from(body.to_string())))
}

fn refusal(status: u16, kind: &str, message: &str) -> Refusal {
    (status, json!({ "__type": format!("com.amazonaws.dynamodb.v20120810#{kind}"), "message": message }))
}

/// The item an action writes or checks, by its table and key. A `Put` has its key inside its item.
fn item(action: &Value) -> String {
    let key = action.get("Key").unwrap_or(&action["Item"]);
    json!([action["TableName"], key["pk"], key["sk"]]).to_string()
}

fn units(capacity: &Value, kind: &str) -> f64 {
    capacity[kind].as_f64().unwrap_or_default()
}

/// A body as JSON; null if it is streamed or empty.
fn parse(body: &SdkBody) -> Value {
    serde_json::from_slice(body.bytes().unwrap_or_default()).unwrap_or_default()
}
