//! A reply lists a bounded number of violations.

use serde_json::Map;

use super::*;

#[tokio::test]
async fn a_reply_lists_a_hundred_violations_and_says_how_many_more_there_are() {
    let world = World::new().await;
    let refused = async |fields: usize| {
        let body: Map<_, _> = (0..fields).map(|number| (format!("f{number}"), json!(0))).collect();
        world.stranger().post("/v1/registrations", &body.into()).await
    };
    // The missing address is a violation, too.
    let all = refused(99).await;
    assert_eq!(all.is_problem(Code::UnknownField).body["errors"].as_array().unwrap().len(), 100);
    assert_eq!(all.body["detail"], all.body["title"]);
    for (fields, more) in [(100, 1), (6_000, 5_901)] {
        let capped = refused(fields).await;
        assert_eq!(capped.is_problem(Code::UnknownField).body["errors"].as_array().unwrap().len(), 100);
        let detail = capped.body["detail"].as_str().unwrap();
        assert!(detail.ends_with(&format!(" {more} more violations are not listed.")), "{detail}");
        assert!(capped.bytes.len() < 16 * 1024);
    }
}

#[tokio::test]
async fn the_parameters_of_a_query_are_capped_like_the_fields_of_a_body() {
    let world = World::new().await;
    let admin = world.admin().await;
    let query = (0..150).map(|number| format!("p{number}=1")).collect::<Vec<_>>().join("&");
    let refused = admin.get(&format!("/v1/users?{query}")).await;
    assert_eq!(refused.is(422).body["errors"].as_array().unwrap().len(), 100);
    assert!(refused.body["detail"].as_str().unwrap().ends_with(" 50 more violations are not listed."));
}
