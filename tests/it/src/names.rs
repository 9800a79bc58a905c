//! Names that people have, and names that look like another or like nothing.

use rollcall_domain::{Code, permission::UserType, verification::FlowPurpose};
use serde_json::{Value, json};

use crate::support::{
    Client, Reply, World,
    mailed_codes::{MINA, complete, completion, started},
};

/// Each of these shows nothing, alone or inside a name.
const HIDDEN: [&str; 9] =
    ["\u{200b}", "\u{2060}", "\u{3164}", "\u{ad}", "\u{feff}", "\u{fe0f}", "\u{200e}", "\u{202e}", "\u{200d}"];

/// A client who may do everything, and the paths of a team and of a role, an application and a user to rename.
struct Fixture {
    world: World,
    admin: Client,
    team: String,
    places: [(&'static str, String); 3],
}

impl Fixture {
    async fn new() -> Self {
        let world = World::new().await;
        let admin = world.admin().await;
        let location = |created: Reply| created.is(201).header("location").to_owned();
        let team = location(admin.post("/v1/teams", &json!({"name": "Northwind"})).await);
        let roles = format!("{team}/roles");
        let role = location(admin.post(&roles, &json!({"name": "Custom", "permissions": ["team.read"]})).await);
        let app = location(admin.post("/v1/apps", &json!({"name": "Harbor Chat"})).await);
        let user = format!("/v1/users/{}", world.user("mina", UserType::Member, []).await.0.user_id);
        let places = [("name", role), ("name", app), ("username", user)];
        Self { world, admin, team, places }
    }

    /// Tries to create and to rename one thing of each kind with this name.
    async fn every_attempt(&self, name: &str) -> Vec<Reply> {
        let roles = format!("{}/roles", self.team);
        let mut replies = vec![
            self.admin.post("/v1/teams", &json!({"name": name})).await,
            self.admin.post("/v1/apps", &json!({"name": name})).await,
            self.admin.post(&roles, &json!({"name": name, "permissions": ["team.read"]})).await,
            self.admin.post("/v1/users", &new_user(name, "jisoo")).await,
            self.admin.patch(&self.team, &json!({"name": name})).await,
        ];
        for (field, path) in &self.places {
            replies.push(self.admin.patch(path, &json!({*field: name})).await);
        }
        replies
    }
}

fn new_user(username: &str, login: &str) -> Value {
    json!({"username": username, "login": login, "type": "member", "generate_password": true})
}

#[tokio::test]
async fn hidden_characters_are_refused_in_every_name() {
    let fixture = Fixture::new().await;
    let before = crate::support::everything(&fixture.world).await;
    for hidden in HIDDEN {
        for name in [hidden.repeat(3), format!("North{hidden}wind"), format!("Northwind{hidden}")] {
            for refused in fixture.every_attempt(&name).await {
                let violations = refused.is_problem(Code::ValidationFailed).violations();
                assert_eq!(violations.len(), 1, "{name:?}: {refused:?}");
                assert_eq!(violations[0][1], "bad_format", "{name:?}: {refused:?}");
            }
        }
    }
    for refused in fixture.every_attempt("\u{2800} \u{2800}\u{3000}\u{2800}").await {
        assert_eq!(refused.is_problem(Code::ValidationFailed).violations()[0][1], "too_short");
    }
    let note = json!({"role_id": "developer", "note": "For\u{202e} mina"});
    let refused = fixture.admin.post(&format!("{}/invitations", fixture.team), &note).await;
    assert_eq!(refused.is_problem(Code::ValidationFailed).violations(), [json!(["/note", "bad_format"])]);
    assert_eq!(crate::support::everything(&fixture.world).await, before);
}

#[tokio::test]
async fn joiners_are_kept_where_a_script_or_an_emoji_needs_them() {
    let fixture = Fixture::new().await;
    for name in ["علی\u{200c}رضا", "ශ්\u{200d}රී ලංකා"] {
        let created = fixture.admin.post("/v1/users", &new_user(name, &format!("u{}", name.len()))).await;
        assert_eq!(created.is(201).body["user"]["username"], name);
        assert_eq!(fixture.admin.post("/v1/apps", &json!({"name": name})).await.is(201).body["name"], name);
    }
    for name in ["👩\u{200d}💻 Studio", "❤\u{fe0f}\u{200d}🔥", "🏴\u{200d}☠\u{fe0f} Pirates"] {
        assert_eq!(fixture.admin.post("/v1/teams", &json!({"name": name})).await.is(201).body["name"], name);
    }
}

#[tokio::test]
async fn two_teams_do_not_look_the_same() {
    let world = World::new().await;
    let admin = world.admin().await;
    let create = async |name: &str| admin.post("/v1/teams", &json!({"name": name})).await;
    let first = create("Straße ①").await.is(201).header("location").to_owned();
    let second = create("Équipe").await.is(201).header("location").to_owned();
    for twin in ["STRASSE 1", "straße\u{3000}１", "Ｓｔｒａßｅ\u{a0}1"] {
        create(twin).await.is_problem(Code::TeamNameTaken);
        admin.patch(&second, &json!({"name": twin})).await.is_problem(Code::TeamNameTaken);
    }
    create("e\u{301}QUIPE").await.is_problem(Code::TeamNameTaken);
    // A team may change how its own name looks, and frees its name with the next one.
    assert_eq!(admin.patch(&first, &json!({"name": "STRASSE 1"})).await.is(200).body["name"], "STRASSE 1");
    admin.patch(&first, &json!({"name": "Road"})).await.is(200);
    create("Strasse 1").await.is(201);
    // The longest names fit into the key of an item; one that would not is refused.
    create(&"𐐀".repeat(64)).await.is(201);
    let refused = create(&"\u{fdfa}".repeat(64)).await;
    assert_eq!(refused.is_problem(Code::ValidationFailed).violations(), [json!(["/name", "too_long"])]);
}

#[tokio::test]
async fn a_custom_role_takes_no_name_of_a_preset() {
    let fixture = Fixture::new().await;
    let (admin, roles, (_, role)) = (&fixture.admin, format!("{}/roles", fixture.team), &fixture.places[0]);
    for taken in ["Admin", "aDMIN", "Ａｄｍｉｎ", "Member\u{a0}manager", "member_manager", "REVIEWER"] {
        let created = admin.post(&roles, &json!({"name": taken, "permissions": ["team.read"]})).await;
        for refused in [created, admin.patch(role, &json!({"name": taken})).await] {
            let violations = refused.is_problem(Code::ValidationFailed).violations();
            assert_eq!(violations, [json!(["/name", "not_allowed"])], "{taken}");
        }
    }
    admin.patch(role, &json!({"name": "Admins"})).await.is(200);
}

#[tokio::test]
async fn a_username_of_any_script_is_stored_trimmed_and_composed() {
    let world = World::new().await;
    let admin = world.admin().await;
    let (user, mina) = world.user("mina", UserType::Member, []).await;
    let path = format!("/v1/users/{}", user.user_id);
    for (typed, stored) in [
        ("한지수", "한지수"),
        ("  Mina Park ", "Mina Park"),
        ("Ine\u{300}s Moreau", "In\u{e8}s Moreau"),
        ("\u{3000}王小明\n", "王小明"),
        ("राम १२", "राम १२"),
    ] {
        let by_admin = admin.patch(&path, &json!({"username": typed})).await;
        assert_eq!(by_admin.is(200).body["username"], stored, "{typed:?}");
        let own = mina.patch("/v1/me", &json!({"username": typed})).await;
        assert_eq!(own.is(200).body["user"]["username"], stored, "{typed:?}");
    }
    for (typed, code) in [
        ("Mina  Park", "bad_format"),
        ("Mina\tPark", "bad_format"),
        ("Mina\u{a0}Park", "bad_format"),
        ("Mina 🦀", "bad_format"),
        (" ab ", "too_short"),
        ("e\u{301}e\u{301}", "too_short"),
    ] {
        let refused = mina.patch("/v1/me", &json!({"username": typed})).await;
        assert_eq!(refused.is_problem(Code::ValidationFailed).violations(), [json!(["/username", code])], "{typed:?}");
    }
    let id = started(&world.stranger(), MINA).await;
    let mut body = completion(&world.code(&id, FlowPurpose::Registration).await, "jisoo");
    body["username"] = json!(" 한지수 ");
    complete(&world.stranger(), &id, &body).await.is(201);
    assert_eq!(found(&admin, "%ED%95%9C%EC%A7%80").await, ["jisoo"]);
}

/// File names of some systems and some keyboards are decomposed, others are in full width.
#[tokio::test]
async fn users_are_found_by_a_name_in_any_spelling() {
    let world = World::new().await;
    let admin = world.admin().await;
    admin.post("/v1/users", &new_user("Inès Moreau", "ines")).await.is(201);
    for spelling in ["in%C3%A8s%20m", "INE%CC%80S", "%EF%BC%A9%EF%BC%AE%EF%BC%A5"] {
        assert_eq!(found(&admin, spelling).await, ["ines"], "{spelling}");
    }
}

async fn found(admin: &Client, text: &str) -> Vec<String> {
    let reply = admin.get(&format!("/v1/users?q={text}")).await;
    let items = reply.is(200).body["items"].as_array().unwrap();
    items.iter().map(|user| user["login"].as_str().unwrap().to_owned()).collect()
}

/// End users' applications pass these texts on; whoever shows them decides how.
#[tokio::test]
async fn a_nickname_may_contain_what_a_name_may_not() {
    let world = World::new().await;
    let admin = world.admin().await;
    let app = world.app(&admin, "Harbor Chat").await;
    for (number, nickname) in ["Mina \u{202e}kraP", "\u{200b}", "👩\u{200d}🚀"].into_iter().enumerate() {
        let body = json!({"type": "general", "user_id": format!("pilot{number}"), "nickname": nickname});
        let created = admin.post(&format!("/v1/apps/{app}/accounts"), &body).await;
        assert_eq!(created.is(201).body["nickname"], nickname);
    }
}
