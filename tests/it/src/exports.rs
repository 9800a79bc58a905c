//! Exported files over HTTP.

use serde_json::json;

use crate::support::World;

/// Texts that run as a formula in a spreadsheet that splits by another separator, or goes on after an inner quotation
/// mark.
const HOSTILE: [&str; 6] = ["x;=1+1", "x,=1+1", "x|=1+1", "x;\"=1+1", "x;'=1+1", "=1+1"];

#[tokio::test]
async fn no_separator_makes_a_cell_of_a_csv_export_that_runs() {
    let world = World::new().await;
    let admin = world.admin().await;
    let path = format!("/v1/apps/{}", world.app(&admin, "App").await);
    let mut ids = vec!["a;=1+1".to_owned(), "b,-1+1".to_owned()];
    for (number, text) in HOSTILE.iter().enumerate() {
        ids.push(format!("c{number}"));
        let body = json!({
            "user_id": format!("c{number}"), "type": "general", "nickname": text, "location": text,
            "whats_up": format!("l1\n=1+1\n{text}"),
        });
        admin.post(&format!("{path}/accounts"), &body).await.is(201);
    }
    for id in &ids[..2] {
        admin.post(&format!("{path}/accounts"), &json!({"user_id": id, "type": "general"})).await.is(201);
    }
    let body = json!({"user_ids": ids, "format": "csv"});
    let file = admin.post(&format!("{path}/export-selection"), &body).await;
    let text = str::from_utf8(&file.is(200).bytes).unwrap().strip_prefix('\u{feff}').unwrap();
    for separator in [',', ';', '\t', '|'] {
        for cell in text.split([separator, '\n']) {
            let cell = cell.trim_start_matches('"');
            assert!(!cell.starts_with(['=', '+', '-', '@']), "{cell:?} by {separator:?}");
        }
    }
    assert!(text.contains("\"a;'=1+1\"") && text.contains("\"l1\n'=1+1\nx;'=1+1\""), "{text}");
}

#[tokio::test]
async fn an_export_is_named_after_application_selection_and_day() {
    let world = World::new().await;
    let admin = world.admin().await;
    let path = format!("/v1/apps/{}", world.app(&admin, "Harbor").await);
    admin.post(&format!("{path}/accounts"), &json!({"user_id": "mina", "type": "general"})).await.is(201);
    let day = world.now().date();
    let one = admin.get(&format!("{path}/accounts/mina/export?format=xlsx")).await;
    let name = format!("Harbor%20-%20mina%20-%20{day}.xlsx");
    assert!(one.is(200).header("content-disposition").ends_with(&name), "{}", one.header("content-disposition"));
    let body = json!({"user_ids": ["mina", "nobody"], "format": "csv"});
    let several = admin.post(&format!("{path}/export-selection"), &body).await;
    let name = format!("Harbor%20-%20selection%20of%201%20-%20{day}.csv");
    assert!(several.is(200).header("content-disposition").ends_with(&name));
}
