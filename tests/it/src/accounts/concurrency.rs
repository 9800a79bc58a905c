//! Parallel creations.

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn fifty_parallel_creations_never_conflict() {
    let (world, admin, path) = with_app().await;
    world.faults.conflicts_like_dynamodb(true);
    let creates = (0..50).map(|number| {
        let (admin, path) = (admin.clone(), format!("{path}/accounts"));
        let body = json!({"user_id": format!("a{number}"), "type": "general"});
        tokio::spawn(async move { admin.post(&path, &body).await.status })
    });
    let statuses: Vec<_> = join_all(creates).await.into_iter().map(Result::unwrap).collect();
    assert_eq!(statuses, [201; 50]);
    assert_eq!(world.faults.conflicts(), 0);
}
