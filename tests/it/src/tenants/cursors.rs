//! Another user's cursor is refused, and another user's `Idempotency-Key` has no effect.

use super::*;

#[tokio::test]
async fn a_cursor_works_only_for_its_user_path_and_filters() {
    let world = World::new().await;
    let (admin, ours, theirs, caller) = neighbours(&world).await;
    let colleague = Caller::new(&world, &ours, "admin", "colleague").await.client;
    // This user reads both teams, so only the path can make the difference.
    let role = RoleId::parse("admin").unwrap();
    let both = vec![(ours.team, role), (theirs.team, role)];
    let both = Caller::of(&world, "both", UserType::Member, both).await.client;
    let lists = |fixture: &TeamFixture| {
        let team = format!("/v1/teams/{}", fixture.team);
        [
            format!("{team}/members?limit=1"),
            format!("{team}/roles?limit=1"),
            format!("{team}/invitations?limit=1"),
            format!("/v1/apps?team_id={}&limit=1", fixture.team),
            format!("/v1/audit?team_id={}&limit=1", fixture.team),
            format!("/v1/apps/{}/accounts?limit=1", fixture.app),
        ]
    };
    for fixture in [&ours, &theirs] {
        admin.post(&format!("/v1/teams/{}/invitations", fixture.team), &json!({"role_id": "reviewer"})).await.is(201);
    }
    for (ours, theirs) in lists(&ours).into_iter().zip(lists(&theirs)) {
        let first_page = both.get(&ours).await;
        let cursor = first_page.is(200).body["next_cursor"].as_str().unwrap_or_else(|| panic!("{ours}")).to_owned();
        let with_cursor = |path: &str, cursor: &str| format!("{path}&cursor={cursor}");
        both.get(&with_cursor(&ours, &cursor)).await.is(200);
        both.get(&with_cursor(&ours.replace("limit=1", "limit=7"), &cursor)).await.is(200);
        both.get(&with_cursor(&theirs, &cursor)).await.is_problem(Code::InvalidCursor);
        for other in [&caller.client, &colleague, &admin] {
            other.get(&ours).await.is(200);
            other.get(&with_cursor(&ours, &cursor)).await.is_problem(Code::InvalidCursor);
        }
        let mut forged = cursor.clone();
        let last = forged.pop().unwrap();
        forged.push(if last == 'A' { 'B' } else { 'A' });
        both.get(&with_cursor(&ours, &forged)).await.is_problem(Code::InvalidCursor);
    }
    // A cursor also belongs to its filters.
    let log = format!("/v1/audit?team_id={}&limit=1", ours.team);
    let cursor = both.get(&log).await.body["next_cursor"].as_str().unwrap().to_owned();
    for more in ["&action=app.create", "&actor=019aa0c4-7e00-7c3a-9d52-6b1f0a8e4d21", "&from=2026-11-20T00:00:00.000Z"]
    {
        both.get(&format!("{log}{more}&cursor={cursor}")).await.is_problem(Code::InvalidCursor);
    }
    world.clock.advance(Duration::from_secs(3599));
    both.get(&format!("{log}&cursor={cursor}")).await.is(200);
    world.clock.advance(Duration::from_secs(1));
    both.get(&format!("{log}&cursor={cursor}")).await.is_problem(Code::InvalidCursor);
}

#[tokio::test]
async fn an_idempotency_key_belongs_to_its_user() {
    let world = World::new().await;
    let (_, ours, theirs, caller) = neighbours(&world).await;
    let colleague = Caller::new(&world, &ours, "admin", "colleague").await.client;
    let outsider = Caller::new(&world, &theirs, "admin", "outsider").await.client;
    let path = format!("/v1/teams/{}/invitations", ours.team);
    let with_key = |client: &Client| client.with("idempotency-key", "key");
    let body = json!({"role_id": "reviewer"});
    let issued = with_key(&caller.client).post(&path, &body).await;
    let code = issued.is(201).body["code"].clone();
    let again = with_key(&caller.client).post(&path, &body).await;
    assert_eq!((again.is(201).body["code"].clone(), again.header("idempotency-replayed")), (code.clone(), "true"));
    with_key(&outsider).post(&path, &body).await.is_problem(Code::NotFound);
    let other = with_key(&colleague).post(&path, &body).await;
    assert_ne!(other.is(201).body["invitation"]["invitation_id"], issued.body["invitation"]["invitation_id"]);
    assert_eq!(other.header("idempotency-replayed"), "");
    // A key also belongs to its path: in another team it is a different key.
    let role = json!({"name": "Custom", "permissions": ["team.read"]});
    with_key(&caller.client).post(&format!("/v1/teams/{}/roles", ours.team), &role).await.is(201);
    with_key(&outsider).post(&format!("/v1/teams/{}/roles", theirs.team), &role).await.is(201);
    with_key(&caller.client).post(&path, &json!({"role_id": "operator"})).await.is_problem(Code::IdempotencyMismatch);
    let listed = caller.client.get(&path).await;
    assert_eq!(ids(&listed, "invitation_id").len(), 3, "one of the fixture, and one of each of two admins");
}
