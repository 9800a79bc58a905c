//! The operations, each as a request of the fixture's admin.

use futures_util::future::BoxFuture;
use serde_json::{Value, json};

use super::AppFixture;
use crate::support::Reply;

pub(super) type Operation = (&'static str, u16, fn(&AppFixture) -> BoxFuture<'_, Reply>);

/// The operations with the status of their success. A POST carries an `Idempotency-Key`, so that it can be repeated;
/// the other methods are idempotent.
pub(super) const OPERATIONS: &[Operation] = &[
    ("create app", 201, |s| Box::pin(async { s.admin.post("/v1/apps", &json!({"name": "Second"})).await })),
    ("get app", 200, |s| Box::pin(s.admin.get(&s.app))),
    ("list apps", 200, |s| Box::pin(s.admin.get("/v1/apps"))),
    ("edit app", 200, |s| Box::pin(async { s.admin.patch(&s.app, &json!({"name": "New"})).await })),
    ("turn lock", 200, |s| {
        Box::pin(async { s.admin.put(&format!("{}/deletion-lock", s.app), &json!({"locked": true})).await })
    }),
    ("create account", 201, |s| {
        Box::pin(async {
            s.admin.post(&format!("{}/accounts", s.app), &json!({"user_id": "new", "type": "general"})).await
        })
    }),
    ("create admin", 201, |s| {
        Box::pin(async {
            s.admin.post(&format!("{}/accounts", s.app), &json!({"user_id": "new", "type": "admin"})).await
        })
    }),
    ("get account", 200, |s| Box::pin(async { s.admin.get(&format!("{}/accounts/boss", s.app)).await })),
    ("list accounts", 200, |s| Box::pin(async { s.admin.get(&format!("{}/accounts?limit=2", s.app)).await })),
    ("list admins", 200, |s| Box::pin(async { s.admin.get(&format!("{}/accounts?type=admin", s.app)).await })),
    ("edit account", 200, |s| {
        Box::pin(async { s.admin.patch(&format!("{}/accounts/general", s.app), &json!({"level": 7})).await })
    }),
    ("set admin", 200, |s| {
        Box::pin(async { s.admin.put(&format!("{}/accounts/general/admin", s.app), &Value::Null).await })
    }),
    ("cancel admin", 200, |s| Box::pin(async { s.admin.delete(&format!("{}/accounts/boss/admin", s.app)).await })),
    ("delete accounts", 200, |s| {
        let batch = json!({"user_ids": ["nobody", "boss", "general"]});
        Box::pin(async move { s.admin.post(&format!("{}/account-deletions", s.app), &batch).await })
    }),
    ("export account", 200, |s| {
        Box::pin(async { s.admin.get(&format!("{}/accounts/boss/export?format=csv", s.app)).await })
    }),
    ("export selection", 200, |s| {
        let body = json!({"user_ids": ["boss", "nobody"], "format": "ndjson"});
        Box::pin(async move { s.admin.post(&format!("{}/export-selection", s.app), &body).await })
    }),
    ("me", 200, |s| Box::pin(s.admin.get("/v1/me"))),
    ("log out", 204, |s| Box::pin(async { s.admin.post("/v1/logout", &Value::Null).await })),
];

/// More accounts than one transaction can delete.
pub(super) fn long_batch() -> Vec<String> {
    (0..60).map(|number| format!("many{number:02}")).collect()
}

/// Sixty accounts and one that does not exist: two transactions, the second of which is refused and decided again after
/// the first was committed.
pub(super) const LONG_BATCH: Operation = ("delete more than a transaction takes", 200, |s| {
    let mut ids = long_batch();
    ids.push("nobody".to_owned());
    Box::pin(async move { s.admin.post(&format!("{}/account-deletions", s.app), &json!({"user_ids": ids})).await })
});
