//! Lists of accounts.

use rollcall_domain::{
    Fields,
    account::{Account, NewAccount},
    id::AppId,
};

use super::*;

fn account(world: &World, user_id: &str, nickname: &str) -> Account {
    let body = json!({"user_id": user_id, "type": "general", "nickname": nickname});
    let new = Fields::of(body).parse(|fields| NewAccount::read(fields, world.now().date()));
    new.unwrap().create(world.now())
}

#[tokio::test]
async fn pages_contain_each_account_once_while_others_are_written() {
    let (_world, admin, path) = with_app().await;
    let stable: BTreeSet<String> = (0..60).map(|number| format!("s{number:02}")).collect();
    for id in &stable {
        create(&admin, &path, id, "general").await;
    }
    let (mut seen, mut cursor, mut round) = (Vec::new(), String::new(), 0);
    loop {
        let page = admin.get(&format!("{path}/accounts?limit=7{cursor}")).await;
        seen.extend(ids(&page.is(200).body));
        create(&admin, &path, &format!("before{round}"), "general").await;
        create(&admin, &path, &format!("t{round}"), "general").await;
        round += 1;
        let Some(next) = page.body["next_cursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    assert!(seen.is_sorted() && seen.windows(2).all(|pair| pair[0] != pair[1]));
    let seen: BTreeSet<_> = seen.into_iter().collect();
    assert!(stable.is_subset(&seen));
}

#[tokio::test]
async fn a_cursor_is_null_exactly_when_nothing_follows() {
    let (_world, admin, path) = with_app().await;
    let list = |query: &str| {
        let (admin, path) = (admin.clone(), format!("{path}/accounts?{query}"));
        async move { admin.get(&path).await.body }
    };
    assert_eq!(list("").await, json!({"items": [], "next_cursor": null}));
    for id in ["a", "b", "c", "d"] {
        create(&admin, &path, id, "general").await;
    }
    assert_eq!(list("limit=4").await["next_cursor"], Value::Null);
    let first = list("limit=3").await;
    assert_eq!(ids(&first), ["a", "b", "c"]);
    let rest = list(&format!("limit=3&cursor={}", first["next_cursor"].as_str().unwrap())).await;
    assert_eq!((ids(&rest), &rest["next_cursor"]), (vec!["d".to_owned()], &Value::Null));
}

#[tokio::test]
async fn a_text_finds_accounts_by_id_or_nickname() {
    let (_world, admin, path) = with_app().await;
    for (id, account_type, nickname) in [
        ("jose.1", "general", "Pilot"),
        ("b", "general", "José"),
        ("c", "admin", "김하은"),
        ("d", "general", "ＦＵＬＬ"),
    ] {
        let body = json!({"user_id": id, "type": account_type, "nickname": nickname});
        admin.post(&format!("{path}/accounts"), &body).await.is(201);
    }
    let list = |query: &'static str| {
        let (admin, path) = (admin.clone(), format!("{path}/accounts?{query}"));
        async move { ids(&admin.get(&path).await.is(200).body) }
    };
    assert_eq!(list("q=JOSE").await, ["b", "jose.1"]);
    assert_eq!(list("q=%EA%B9%80").await, ["c"]);
    assert_eq!(list("q=full").await, ["d"]);
    assert_eq!(list("q=jose&user_id_prefix=j").await, ["jose.1"]);
    assert_eq!(list("q=%EA%B9%80&type=admin").await, ["c"]);
    assert!(list("q=%EA%B9%80&type=general").await.is_empty());
    assert!(list("q=%EA%B8%B0").await.is_empty(), "a part of a syllable is no match");
    admin.patch(&format!("{path}/accounts/b"), &json!({"nickname": "Anna"})).await.is(200);
    assert_eq!(list("q=jose").await, ["jose.1"], "an edited nickname is found by its new text only");
    let refused = admin.get(&format!("{path}/accounts?q=%CC%81")).await;
    assert_eq!(refused.is(422).violations(), [json!(["q", "bad_format"])]);
}

#[tokio::test]
async fn a_search_loses_and_repeats_no_account() {
    let (world, admin, path) = with_app().await;
    let app_id = path.rsplit('/').next().and_then(AppId::parse).unwrap();
    let nickname = |number| if number >= 2_998 { "Needle" } else { "Straw" };
    let stored = (0..3_000).map(|number| account(&world, &format!("a{number:04}"), nickname(number)));
    world.store().load_accounts(app_id, &stored.collect::<Vec<_>>()).await.unwrap();
    let (mut pages, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = admin.get(&format!("{path}/accounts?q=needle&limit=1{cursor}")).await;
        pages.push(ids(&page.is(200).body));
        let Some(next) = page.body["next_cursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    // The first request examines 2,730 accounts, and finds none.
    assert_eq!(pages, [vec![], vec!["a2998".to_owned()], vec!["a2999".to_owned()]]);
}

#[tokio::test]
async fn filters_combine_and_the_order_is_bytewise() {
    let (_world, admin, path) = with_app().await;
    for (id, account_type) in [("Zed", "admin"), ("ab", "general"), ("aa", "admin"), ("b", "general"), ("a~", "admin")]
    {
        create(&admin, &path, id, account_type).await;
    }
    let list = |query: &'static str| {
        let (admin, path) = (admin.clone(), format!("{path}/accounts?{query}"));
        async move { ids(&admin.get(&path).await.is(200).body) }
    };
    assert_eq!(list("").await, ["Zed", "aa", "ab", "a~", "b"]);
    assert_eq!(list("user_id_prefix=a").await, ["aa", "ab", "a~"]);
    assert_eq!(list("type=admin&user_id_prefix=a").await, ["aa", "a~"]);
    assert_eq!(list("type=general").await, ["ab", "b"]);
    assert!(list("user_id_prefix=%22").await.is_empty());
    assert!(list("user_id_prefix=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa").await.is_empty(), "longer than any id");
    let first = admin.get(&format!("{path}/accounts?type=admin&limit=2")).await.body;
    assert_eq!(ids(&first), ["Zed", "aa"]);
    let cursor = first["next_cursor"].as_str().unwrap();
    let rest = admin.get(&format!("{path}/accounts?cursor={cursor}&limit=2&type=admin")).await.body;
    assert_eq!((ids(&rest), &rest["next_cursor"]), (vec!["a~".to_owned()], &Value::Null));
}
