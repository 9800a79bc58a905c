//! Super admins who change each other concurrently.

use futures_util::future::join_all;
use rollcall_domain::{Code, permission::UserType};
use serde_json::json;

use crate::{
    support::World,
    users::{REMOVALS, assert_super_admins_consistent, path_of, remove, stored},
};

#[tokio::test(flavor = "multi_thread")]
async fn two_super_admins_who_remove_each_other_leave_one() {
    for round in 0..4 {
        for one in REMOVALS {
            for other in REMOVALS {
                let world = World::new().await;
                world.faults.conflicts_like_dynamodb(round % 2 == 0);
                let (left, left_client) = world.user("left", UserType::SuperAdmin, []).await;
                let (right, right_client) = world.user("right", UserType::SuperAdmin, []).await;
                world.user("unrelated", UserType::PlatformAdmin, []).await;
                let (left, right) = (path_of(&left), path_of(&right));
                let first = tokio::spawn(async move { remove(&left_client, &right, one).await });
                let second = tokio::spawn(async move { remove(&right_client, &left, other).await });
                let replies = [first.await.unwrap(), second.await.unwrap()];
                let done = replies.iter().filter(|reply| reply.status < 300).count();
                assert_eq!(done, 1, "{one:?} against {other:?}: {replies:?}");
                for refused in replies.iter().filter(|reply| reply.status >= 300) {
                    let code = if refused.status == 409 { Code::LastSuperAdmin } else { Code::Unauthenticated };
                    refused.is_problem(code);
                }
                assert_eq!(assert_super_admins_consistent(&world).await, 1, "{one:?} against {other:?}");
            }
        }
    }
}

/// A seeded generator, so that a failure can be reproduced.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % sides
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn parallel_changes_by_super_admins_always_leave_one() {
    for seed in 0..8 {
        let world = World::new().await;
        world.faults.conflicts_like_dynamodb(seed % 2 == 0);
        let mut super_admins = Vec::new();
        for number in 0..4 {
            super_admins.push(world.user(&format!("boss{number}"), UserType::SuperAdmin, []).await);
        }
        let mut dice = Dice(seed);
        for _ in 0..6 {
            let mut sent = Vec::new();
            for (own, client) in &super_admins {
                let (target, _) = &super_admins[dice.roll(super_admins.len())];
                let (path, kind) = (path_of(target), dice.roll(8));
                if target.user_id == own.user_id {
                    continue;
                }
                let client = client.clone();
                sent.push(tokio::spawn(async move {
                    match kind {
                        0 => client.delete(&path).await,
                        1 | 2 => client.patch(&path, &json!({"status": "disabled"})).await,
                        3 => client.patch(&path, &json!({"type": "platform_admin"})).await,
                        4 | 5 => client.patch(&path, &json!({"status": "enabled", "type": "super_admin"})).await,
                        6 => client.patch(&path, &json!({"username": "renamed"})).await,
                        _ => client.delete(&format!("{path}/sessions")).await,
                    }
                }));
            }
            for reply in join_all(sent).await {
                let reply = reply.unwrap();
                assert!(matches!(reply.status, 200 | 204 | 401 | 403 | 404 | 409), "seed {seed}: {reply:?}");
            }
            assert_super_admins_consistent(&world).await;
            // Users who still exist sign in again.
            for (user, client) in &mut super_admins {
                if let Some(now) = stored(&world, user).await {
                    *client = world.signed_in(&now).await;
                }
            }
        }
    }
}
