//! The id of another team's item gets the same reply, byte by byte, as an unknown id.

use super::*;

/// What a client can see of a reply, and the number of database calls.
async fn observe(
    world: &World,
    client: &Client,
    method: &Method,
    path: &str,
    body: &Value,
) -> (u16, Value, Value, usize) {
    let before = crate::support::everything(world).await;
    world.faults.arm(crate::support::faults::Fault::Hang, crate::support::faults::FOREVER, 0);
    let sent = Some(body).filter(|body| !body.is_null()).map(ToString::to_string);
    let mut reply = client.send(method.clone(), path, sent).await;
    let calls = world.faults.calls();
    assert!(
        reply.status < 300 || crate::support::everything(world).await == before,
        "{method} {path} was refused, but changed something"
    );
    let request_id = reply.headers.remove("x-request-id").unwrap();
    let headers: Vec<_> =
        reply.headers.iter().map(|(name, value)| json!([name.as_str(), value.to_str().unwrap()])).collect();
    if let Some(id) = reply.body.get_mut("request_id") {
        assert_eq!(id.as_str(), request_id.to_str().ok());
        *id = Value::Null;
    }
    (reply.status, reply.body, Value::Array(headers), calls)
}

/// A path of the table of actions with one of its ids replaced.
fn swapped(path: &str, own: &TeamFixture, place: &str, id: &str) -> String {
    own.path_for(&path.replace(place, id), None)
}

#[tokio::test]
async fn another_teams_id_in_a_path_is_like_an_unknown_id() {
    let world = World::new().await;
    let (_, ours, theirs, caller) = neighbours(&world).await;
    let mut checked = 0;
    for action in ACTIONS {
        let body = (action.body)(&ours);
        for (place, foreign) in [
            ("{team}", theirs.team.to_string()),
            ("{member}", theirs.member.user_id.to_string()),
            ("{own}", theirs.member.user_id.to_string()),
            ("{role}", theirs.role.to_string()),
            ("{invitation}", theirs.invitation.clone()),
            ("{webhook}", theirs.webhook.clone()),
            ("{app}", theirs.app.clone()),
            ("{spare}", theirs.spare.clone()),
            ("{export}", theirs.jobs.export.clone()),
            ("{import}", theirs.jobs.import.clone()),
            ("{deletion}", theirs.jobs.deletion.clone()),
            ("/mina", "/theirs".to_owned()),
            ("/root", "/theirs".to_owned()),
        ] {
            if !action.path.contains(place) {
                continue;
            }
            let unknown = if place.starts_with('/') { "/nobody" } else { UNKNOWN_ID };
            let path = |id: &str| swapped(action.path, &ours, place, id);
            let (client, method) = (&caller.client, &action.method);
            let foreign = observe(&world, client, method, &path(&foreign), &body).await;
            let missing = observe(&world, client, method, &path(unknown), &body).await;
            assert_eq!(foreign, missing, "{} with another's {place}", action.name);
            let is_filter = action.path.contains('?') && action.path.starts_with("/v1/audit");
            assert_eq!(foreign.0, if is_filter { 200 } else { 404 }, "{}: {foreign:?}", action.name);
            checked += 1;
        }
    }
    assert!(checked > 40, "{checked}");
}

#[tokio::test]
async fn another_teams_id_in_a_body_or_a_filter_is_like_an_unknown_id() {
    let world = World::new().await;
    let (_, ours, theirs, caller) = neighbours(&world).await;
    let (team, non_member, member) = (ours.team, ours.non_member.user_id, ours.member.user_id);
    let team_path = format!("/v1/teams/{team}");
    for (method, path, body, status) in [
        (Method::POST, format!("{team_path}/members"), json!({"user_id": non_member, "role_id": "{role}"}), 422),
        (Method::PATCH, format!("{team_path}/members/{member}"), json!({"role_id": "{role}"}), 422),
        (Method::POST, format!("{team_path}/invitations"), json!({"role_id": "{role}"}), 422),
        (Method::POST, "/v1/apps".to_owned(), json!({"name": "New", "team_id": "{team}"}), 422),
        (Method::PATCH, format!("/v1/apps/{}", ours.app), json!({"team_id": "{team}"}), 403),
        (Method::POST, "/v1/webhooks".to_owned(), json!({"url": "https://example.com", "team_id": "{team}"}), 422),
        (Method::GET, "/v1/webhooks?team_id={team}".to_owned(), Value::Null, 200),
        (Method::GET, "/v1/apps?team_id={team}".to_owned(), Value::Null, 200),
        (Method::GET, "/v1/audit?team_id={team}".to_owned(), Value::Null, 200),
        (Method::GET, "/v1/audit?target={team}".to_owned(), Value::Null, 200),
        (Method::GET, "/v1/audit?target={app}".to_owned(), Value::Null, 200),
        (Method::GET, "/v1/audit?target={invitation}".to_owned(), Value::Null, 200),
        (Method::GET, "/v1/audit?actor={member}".to_owned(), Value::Null, 200),
        (Method::GET, "/v1/audit?target=theirs".to_owned(), Value::Null, 200),
    ] {
        let with = |fixture: &TeamFixture| {
            let body = serde_json::from_str::<Value>(&fixture.path_for(&body.to_string(), None)).unwrap();
            (fixture.path_for(&path, None), body)
        };
        let unknown = |text: &str| {
            ["{role}", "{team}", "{app}", "{invitation}", "{member}", "theirs"]
                .iter()
                .fold(text.to_owned(), |text, place| text.replace(place, UNKNOWN_ID))
        };
        let (their_path, their_body) = with(&theirs);
        let foreign = observe(&world, &caller.client, &method, &their_path, &their_body).await;
        let body = serde_json::from_str::<Value>(&unknown(&body.to_string())).unwrap();
        let missing = observe(&world, &caller.client, &method, &unknown(&path), &body).await;
        let visible = |(status, body, headers, _): (u16, Value, Value, usize)| (status, body, headers);
        let (foreign, missing) = (visible(foreign), visible(missing));
        assert_eq!(foreign, missing, "{method} {path}");
        assert_eq!(foreign.0, status, "{foreign:?}");
        match status {
            422 => assert_eq!(foreign.1["errors"][0]["code"], "unknown_reference"),
            403 => assert_eq!(foreign.1["code"], "forbidden"),
            _ => assert_eq!(foreign.1, json!({"items": [], "next_cursor": null})),
        }
    }
}

#[tokio::test]
async fn a_malformed_id_in_a_path_is_not_found() {
    let world = World::new().await;
    let (_, ours, _, caller) = neighbours(&world).await;
    for action in ACTIONS.iter().filter(|action| !action.path.contains('?')) {
        let places = ["{team}", "{member}", "{role}", "{invitation}", "{webhook}"];
        for place in places.into_iter().chain(["{app}", "{spare}", "{export}", "{import}"]) {
            for id in [
                "x",
                "%00",
                "..%2F",
                &ours.path_for(place, None).to_uppercase(),
                &format!("{UNKNOWN_ID}0"),
                "ADMIN",
                "%ED%95%9C",
            ] {
                if action.path.contains(place) {
                    let path = swapped(action.path, &ours, place, id);
                    let body = (action.body)(&ours);
                    let (status, body, ..) = observe(&world, &caller.client, &action.method, &path, &body).await;
                    assert_eq!((status, &body["code"]), (404, &json!("not_found")), "{} at {path}", action.name);
                }
            }
        }
    }
}
