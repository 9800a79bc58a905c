//! Admin accounts, of which an application has at most ten.

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn eleven_parallel_requests_beside_nine_admins_make_exactly_ten() {
    let (world, admin, path) = with_app().await;
    for number in 0..9 {
        create(&admin, &path, &format!("old{number}"), "admin").await;
    }
    for number in 0..5 {
        create(&admin, &path, &format!("promoted{number}"), "general").await;
    }
    world.faults.conflicts_like_dynamodb(true);
    let new = (0..6).map(|number| {
        let (admin, path) = (admin.clone(), path.clone());
        let body = json!({"user_id": format!("new{number}"), "type": "admin"});
        tokio::spawn(async move { admin.post(&format!("{path}/accounts"), &body).await })
    });
    let promoted = (0..5).map(|number| {
        let (admin, path) = (admin.clone(), path.clone());
        tokio::spawn(async move { admin.put(&format!("{path}/accounts/promoted{number}/admin"), &Value::Null).await })
    });
    let replies: Vec<_> = join_all(new.chain(promoted)).await.into_iter().map(Result::unwrap).collect();
    let won = replies.iter().filter(|reply| matches!(reply.status, 200 | 201)).count();
    assert_eq!(won, 1, "{replies:?}");
    for lost in replies.iter().filter(|reply| !matches!(reply.status, 200 | 201)) {
        lost.is_problem(Code::AdminLimitReached);
    }
    assert!(world.faults.conflicts() > 0, "the requests conflict");
    assert_eq!(admin.get(&path).await.body["admin_count"], 10);
    assert_eq!(ids(&admin.get(&format!("{path}/accounts?type=admin")).await.body).len(), 10);
    let all = admin.get(&format!("{path}/accounts")).await.body;
    let admins = all["items"].as_array().unwrap().iter().filter(|account| account["type"] == "admin").count();
    assert_eq!(admins, 10, "the application lists its admin accounts");
}

#[tokio::test]
async fn setting_and_removing_an_admin_are_idempotent_and_audited() {
    let (_world, admin, path) = with_app().await;
    create(&admin, &path, "mina", "general").await;
    let admin_path = format!("{path}/accounts/mina/admin");
    let set = admin.put(&admin_path, &Value::Null).await;
    assert_eq!((set.body["type"].as_str(), set.body["version"].as_u64()), (Some("admin"), Some(2)));
    assert_eq!(admin.put(&admin_path, &Value::Null).await.is(200).body, set.body);
    assert_eq!(admin.get(&path).await.body["admin_count"], 1);
    let cancelled = admin.delete(&admin_path).await;
    assert_eq!((cancelled.body["type"].as_str(), cancelled.body["version"].as_u64()), (Some("general"), Some(3)));
    assert_eq!(admin.delete(&admin_path).await.is(200).body, cancelled.body);
    assert_eq!(admin.get(&path).await.body["admin_count"], 0);
    admin.put(&format!("{path}/accounts/nobody/admin"), &Value::Null).await.is_problem(Code::NotFound);
}
