//! What stands in several places of the table says the same in all of them.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::support::World;

/// Memberships on both sides, counts, uses of roles, codes, the breaker and the due index all tell of the same teams,
/// members, roles and invitations; those of a deleted team as long as anything of it is left.
pub async fn teams_agree(world: &World) {
    let items = world.dump().await;
    let users: BTreeMap<_, _> =
        items.iter().filter(|item| item["sk"] == "USER").map(|user| (text(user, "user_id"), user)).collect();
    let teams: Vec<_> = items.iter().filter(|item| item["sk"] == "TEAM").collect();
    let mut memberships = BTreeSet::new();
    for team in &teams {
        let team_id = text(team, "team_id");
        let of = |prefix: &str| -> Vec<&Value> {
            let own = |item: &&Value| item["pk"] == team["pk"] && text(item, "sk").starts_with(prefix);
            items.iter().filter(own).collect()
        };
        let (members, roles, invitations) = (of("MEMBER#"), of("ROLE#"), of("INVITATION#"));
        memberships
            .extend(members.iter().map(|member| (text(member, "user_id"), team_id.clone(), text(member, "role_id"))));
        if team["deleting_at"].is_string() {
            continue;
        }
        let live: Vec<_> = invitations.iter().filter(|invitation| invitation["status"] == "live").collect();
        let counts = ["members", "roles", "live", "apps"].map(|count| team[count].as_i64().unwrap());
        assert_eq!(counts, [members.len(), roles.len(), live.len(), of("APP#").len()].map(to_i64), "{team}");
        let admins: BTreeSet<_> = team["admins"].as_array().into_iter().flatten().map(unquoted).collect();
        let holders =
            members.iter().filter(|member| member["role_id"] == "admin").map(|member| text(member, "user_id"));
        assert_eq!(admins, holders.collect(), "{team}");
        for role in roles {
            let used = members.iter().filter(|member| member["role_id"] == role["role_id"]).count()
                + live.iter().filter(|invitation| invitation["role"]["role_id"] == role["role_id"]).count();
            assert_eq!(role["uses"], used, "{role}");
        }
    }
    let of_users: BTreeSet<_> = (users.values())
        .flat_map(|user| {
            let teams = user["teams"].as_object().into_iter().flatten();
            teams.map(|(team_id, role_id)| (text(user, "user_id"), team_id.clone(), unquoted(role_id)))
        })
        .collect();
    assert_eq!(of_users, memberships, "both sides of every membership");
    invitations_agree(&items);
    let homes: BTreeSet<_> = teams.iter().map(|team| text(team, "pk")).collect();
    let homeless = |item: &&Value| text(item, "pk").starts_with("TEAM#") && !homes.contains(&text(item, "pk"));
    assert_eq!(items.iter().find(homeless), None, "nothing outlives its team");
}

/// Each live invitation has its code and its place among what falls due, no other has any, and the breaker counts those
/// that are bound to nobody.
fn invitations_agree(items: &[Value]) {
    let (live, ended): (Vec<_>, Vec<_>) = (items.iter())
        .filter(|item| text(item, "sk").starts_with("INVITATION#"))
        .partition(|invitation| invitation["status"] == "live");
    let codes = items.iter().filter(|item| item["sk"] == "CODE");
    let codes: BTreeSet<_> = codes.map(|code| (text(code, "pk"), text(code, "invitation_id"))).collect();
    let expected = live.iter().map(|live| (format!("CODE#{}", text(live, "code_hash")), text(live, "invitation_id")));
    assert_eq!(codes, expected.collect());
    assert!(live.iter().all(|invitation| invitation["gsi1pk"].is_string()), "{live:?}");
    assert!(ended.iter().all(|invitation| invitation.get("gsi1pk").is_none()), "{ended:?}");
    let unbound = live.iter().filter(|invitation| invitation["login"].is_null()).count();
    let breaker = items.iter().find(|item| item["sk"] == "BREAKER");
    let counted = breaker.and_then(|breaker| breaker["live"].as_i64()).unwrap_or_default();
    assert_eq!(counted, to_i64(unbound), "{breaker:?}");
}

fn text(item: &Value, field: &str) -> String {
    unquoted(&item[field])
}

fn unquoted(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text")).to_owned()
}

fn to_i64(count: usize) -> i64 {
    i64::try_from(count).unwrap()
}
