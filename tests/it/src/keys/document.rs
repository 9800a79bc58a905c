//! The API document names the scopes of which an operation takes one.

use super::*;
use crate::wiring::{PathIds, document, operations};

/// The scopes in the document of which an operation takes one; `None` if it takes no key.
fn scopes_of(operation: &Value) -> Option<Vec<&str>> {
    let alternatives = operation["security"].as_array().unwrap().iter().filter_map(|one| one["key"].as_array());
    let scopes: Vec<_> = alternatives.collect();
    (!scopes.is_empty()).then(|| scopes.into_iter().flatten().filter_map(Value::as_str).collect())
}

fn is_public(operation: &Value) -> bool {
    operation["security"].as_array().unwrap().is_empty()
}

#[tokio::test]
async fn each_operation_takes_the_scopes_that_it_names_and_no_key_where_it_names_none() {
    let world = World::new().await;
    let (root, client) = world.user("root", UserType::SuperAdmin, []).await;
    let ids = PathIds::in_world(&world, &client).await;
    let start = world.snapshot().await;
    let document = document();
    let mut checked = (0, 0);
    for (method, path, operation) in operations(&document) {
        let (named, filled) = (scopes_of(operation), ids.fill(&path));
        let body = (method != "GET").then(|| json!({"kind": "export"}).to_string()).filter(|_| method != "DELETE");
        let send = async |scopes: &[&str]| {
            let (_, machine) = world.api_key(&root, scopes).await;
            let reply = machine.send(Method::try_from(method.as_str()).unwrap(), &filled, body.clone()).await;
            world.rewind(&start).await;
            reply
        };
        match named {
            _ if is_public(operation) => {}
            None => {
                send(&all_scopes()).await.is_problem(Code::KeyNotAllowed);
                checked.0 += 1;
            }
            Some(named) if named.is_empty() => drop(send(&["webhooks.manage"]).await.is(200)),
            Some(named) => {
                let others: Vec<_> =
                    all_scopes().into_iter().filter(|scope| !named.contains(scope) && *scope != "read").collect();
                let refused = send(&others).await;
                assert_eq!(refused.body["code"], "insufficient_scope", "{method} {path}: {refused:?}");
                let mut refused = Vec::new();
                for scope in &named {
                    if send(&[scope]).await.body["code"] == "insufficient_scope" {
                        refused.push(*scope);
                    }
                }
                // Which of the scopes a request about a job takes depends on the kind of the job.
                let is_taken = if path.contains("/jobs") { refused.len() < named.len() } else { refused.is_empty() };
                assert!(is_taken, "{method} {path} refuses {refused:?}");
                checked.1 += 1;
            }
        }
    }
    assert!(checked.0 >= 40 && checked.1 >= 40, "{checked:?}");
}
