use std::collections::BTreeMap;

use chrono::{TimeZone, Utc};

use super::{super::contents::tests::document, *};
use crate::configuration::{installation::Identity, object::folded};

const HARBOR: &str = "
service_accounts:
  - {login: audit.bot, username: Audit, type: service}
  - {login: root.bot, username: Root, type: platform_service}
teams:
  - name: Harbor
    roles:
      - {name: Support, permissions: [team.read, accounts.read]}
    service_accounts:
      - {login: harbor.bot, username: Harbor bot, role: developer}
    members:
      - {login: jun, role: admin}
      - {login: mina, role: Support, expires_at: 2027-01-31T00:00:00Z}
    applications:
      - name: Chat
    webhooks:
      - {url: https://hooks.example.com, types: [member.add]}
applications:
  - name: Sandbox
webhooks: []
";

fn contents(text: &str) -> Contents {
    Contents::read(text, &document()).expect(text)
}

/// An installation that has what a file says, in November 2026.
fn installation(text: &str) -> Installation {
    let mut found = Installation {
        now: Utc.with_ymd_and_hms(2026, 11, 30, 12, 0, 0).unwrap(),
        has_session: true,
        objects: BTreeMap::new(),
        users: BTreeMap::new(),
    };
    for (number, wanted) in contents(text).objects.into_iter().enumerate() {
        found.insert(wanted.object, Identity { user_version: 9, ..Identity::new(&format!("id-{number}"), 4) });
    }
    found
}

/// The same with a user that a file may name.
fn with_user(mut installation: Installation, login: &str, user_type: &str, home_team_id: Option<&str>) -> Installation {
    let user = serde_json::json!({
        "user_id": login, "login": login, "username": login,
        "type": user_type, "home_team_id": home_team_id, "version": 1,
    });
    installation.users.insert(folded(login), serde_json::from_value(user).unwrap());
    installation
}

/// The first lines of the steps from what exists to what is wanted.
fn titles(existing: &Installation, wanted: &str, prune: bool) -> Vec<String> {
    steps(&contents(wanted), existing, prune).expect(wanted).iter().map(Step::title).collect()
}

/// The only problem of a comparison.
fn problem(existing: &Installation, wanted: &str, prune: bool) -> String {
    let problems = steps(&contents(wanted), existing, prune).expect_err(wanted);
    let [Problem { place, text }] = problems.try_into().expect(wanted);
    format!("{}: {text}", place.unwrap())
}

#[test]
fn what_exists_as_the_file_says_takes_no_step() {
    assert_eq!(titles(&installation(HARBOR), HARBOR, true), [""; 0]);
    let same = HARBOR.replace("login: jun", "login: JUN").replace("2027-01-31T00:00:00Z", "2027-01-31T01:00:00+01:00");
    let same = same.replace("[team.read, accounts.read]", "[accounts.read, team.read, team.read]");
    assert_eq!(titles(&installation(HARBOR), &same, true), [""; 0]);
}

#[test]
fn everything_is_created_before_what_refers_to_it() {
    let existing = with_user(with_user(installation("teams: []"), "jun", "member", None), "mina", "member", None);
    assert_eq!(
        titles(&existing, HARBOR, false),
        [
            "+ service account \"audit.bot\"",
            "+ service account \"root.bot\"",
            "+ team \"Harbor\"",
            "+ role \"Support\" of team \"Harbor\"",
            "+ service account \"harbor.bot\" of team \"Harbor\"",
            "+ member \"jun\" of team \"Harbor\"",
            "+ member \"mina\" of team \"Harbor\"",
            "+ application \"Chat\" of team \"Harbor\"",
            "+ webhook \"https://hooks.example.com\" of team \"Harbor\"",
            "+ application \"Sandbox\"",
        ]
    );
}

#[test]
fn a_change_names_the_fields_and_the_version_that_was_read() {
    let wanted = "teams:
  - name: HARBOR
    service_accounts:
      - {login: harbor.bot, username: Pilot, role: operator}
    webhooks:
      - {url: https://hooks.example.com, description: Chat ops}
";
    let steps = steps(&contents(wanted), &installation(HARBOR), false).unwrap();
    let shown: Vec<String> = steps.iter().map(Step::to_string).collect();
    assert_eq!(
        shown,
        [
            "~ team \"Harbor\"\n    name: Harbor -> HARBOR",
            "~ service account \"harbor.bot\" of team \"Harbor\"\n    username: Harbor bot -> Pilot",
            "~ service account \"harbor.bot\" of team \"Harbor\"\n    role: developer -> operator",
            "~ webhook \"https://hooks.example.com\" of team \"Harbor\"\n    description: none -> Chat ops\n    types: \
             member.add -> all",
        ]
    );
    let requests: Vec<_> = steps.iter().map(|step| (step.operation, step.target.as_ref().unwrap().version)).collect();
    assert_eq!(requests, [("update_team", 4), ("update_user", 9), ("update_member", 4), ("update_webhook", 4)]);
}

#[test]
fn what_gives_a_role_needs_a_session() {
    let existing = with_user(installation("teams: []"), "jun", "member", None);
    let existing = with_user(existing, "mina", "member", None);
    let needing = |existing: &Installation, wanted: &str, prune| {
        let steps = steps(&contents(wanted), existing, prune).unwrap();
        let needing = steps.iter().filter(|step| step.needs_session(&document()));
        needing.map(Step::title).collect::<Vec<_>>()
    };
    assert_eq!(
        needing(&existing, HARBOR, false),
        [
            "+ service account \"root.bot\"",
            "+ service account \"harbor.bot\" of team \"Harbor\"",
            "+ member \"jun\" of team \"Harbor\"",
            "+ member \"mina\" of team \"Harbor\"",
        ]
    );
    let changed =
        HARBOR.replace("[team.read, accounts.read]", "[team.read]").replace("role: Support", "role: operator");
    assert_eq!(
        needing(&installation(HARBOR), &changed, false),
        ["~ role \"Support\" of team \"Harbor\"", "~ member \"mina\" of team \"Harbor\""]
    );
    let nothing = "service_accounts: []\nteams: []\napplications: []\n";
    assert_eq!(needing(&installation(HARBOR), nothing, true), ["- service account \"root.bot\""]);
}

#[test]
fn only_lists_of_the_file_are_pruned_and_the_unreferenced_last() {
    let wanted = "teams:
  - name: Harbor
    roles: []
    members:
      - {login: jun, role: admin}
";
    assert_eq!(titles(&installation(HARBOR), wanted, false), [""; 0]);
    assert_eq!(
        titles(&installation(HARBOR), wanted, true),
        ["- member \"mina\" of team \"Harbor\"", "- role \"Support\" of team \"Harbor\""]
    );
    let everything = "service_accounts: []\nteams: []\napplications: []\nwebhooks: []\n";
    assert_eq!(
        titles(&installation(HARBOR), everything, true),
        [
            "- service account \"audit.bot\"",
            "- service account \"root.bot\"",
            "- application \"Sandbox\"",
            "- team \"Harbor\"",
        ]
    );
}

#[test]
fn an_admin_is_made_before_another_ceases_to_be_one() {
    let wanted = HARBOR.replace("role: admin", "role: reviewer").replace("role: Support", "role: admin");
    assert_eq!(
        titles(&installation(HARBOR), &wanted, false),
        ["~ member \"mina\" of team \"Harbor\"", "~ member \"jun\" of team \"Harbor\""]
    );
}

#[test]
fn an_admin_gets_an_end_after_another_was_made() {
    let end = ", expires_at: 2027-01-31T00:00:00Z";
    let wanted = HARBOR.replace(&format!("role: Support{end}"), "role: admin");
    let wanted = wanted.replace("{login: jun, role: admin", &format!("{{login: jun, role: admin{end}"));
    assert_eq!(
        titles(&installation(HARBOR), &wanted, false),
        ["~ member \"mina\" of team \"Harbor\"", "~ member \"jun\" of team \"Harbor\""]
    );
}

#[test]
fn whoever_is_deleted_is_not_removed_from_teams_before() {
    let member = HARBOR.replace("    members:\n", "    members:\n      - {login: audit.bot, role: reviewer}\n");
    let wanted = "service_accounts: []\nteams:\n  - name: Harbor\n    members:\n      - {login: jun, role: admin}\n";
    let titles = titles(&installation(&member), wanted, true);
    assert!(titles.contains(&"- service account \"audit.bot\"".to_owned()), "{titles:?}");
    assert!(!titles.iter().any(|title| title.contains("member \"audit.bot\"")), "{titles:?}");
}

#[test]
fn a_membership_that_has_ended_is_no_difference() {
    let wanted = "teams:
  - name: Harbor
    members:
      - {login: hana, role: developer, expires_at: 2026-11-30T12:00:00Z}
";
    assert_eq!(titles(&installation(HARBOR), wanted, false), [""; 0]);
    let later = wanted.replace("12:00:00Z", "12:00:00.001Z");
    let existing = with_user(installation(HARBOR), "hana", "member", None);
    assert_eq!(titles(&existing, &later, false), ["+ member \"hana\" of team \"Harbor\""]);
}

#[test]
fn a_role_that_does_not_exist_is_a_problem() {
    let wanted = "teams:\n  - name: Harbor\n    members:\n      - {login: jun, role: Suport}\n";
    let unknown = problem(&installation(HARBOR), wanted, false);
    assert!(unknown.starts_with("4:9: "), "{unknown}");
    assert!(unknown.contains("there is no role \"Suport\" of team \"Harbor\"; name one of admin"), "{unknown}");
    let pruned = "teams:\n  - name: Harbor\n    roles: []\n    members:\n      - {login: jun, role: Support}\n";
    assert_eq!(titles(&installation(HARBOR), pruned, false), ["~ member \"jun\" of team \"Harbor\""]);
    assert!(problem(&installation(HARBOR), pruned, true).contains("--prune deletes the role \"Support\""));
}

#[test]
fn a_login_that_cannot_be_what_the_file_says_is_a_problem() {
    let member = "teams:\n  - name: Harbor\n    members:\n      - {login: hana, role: admin}\n";
    let account =
        "teams:\n  - name: Harbor\n    service_accounts:\n      - {login: hana, username: Hana, role: admin}\n";
    let nobody = || installation(HARBOR);
    for (existing, wanted, expected) in [
        (nobody(), member, "there is no user with this login"),
        (with_user(nobody(), "hana", "super_admin", None), member, "is a super_admin, who joins no team"),
        (with_user(nobody(), "hana", "service", Some("b")), member, "belongs to a team"),
        (with_user(nobody(), "hana", "member", None), account, "belongs to another user, of the type member"),
    ] {
        let problem = problem(&existing, wanted, false);
        assert!(problem.contains(expected), "{problem}");
    }
    let created = "service_accounts:\n  - {login: hana, username: Hana, type: service}\n".to_owned() + member;
    assert_eq!(titles(&nobody(), &created, false).len(), 2);
    let other_type = "service_accounts:\n  - {login: audit.bot, username: Audit, type: platform_service}\n";
    assert!(problem(&nobody(), other_type, false).contains("write service, or delete it first"));
}

#[test]
fn a_name_that_several_objects_have_is_a_problem_only_if_the_file_uses_it() {
    let mut existing = installation(HARBOR);
    for (number, kind, team, name) in
        [(1, Kind::App, None, "Sandbox"), (2, Kind::Role, Some("Harbor"), "Support"), (3, Kind::App, None, "Other")]
    {
        existing.insert(Object::named(kind, team, name), Identity::new(&format!("twin-{number}"), 1));
    }
    let app = problem(&existing, "applications:\n  - name: Sandbox\n", false);
    assert!(app.contains("2 objects that are the application \"Sandbox\"") && app.contains("twin-1"), "{app}");
    let role = "teams:\n  - name: Harbor\n    members:\n      - {login: jun, role: Support}\n";
    assert!(problem(&existing, role, false).contains("twin-2"));
    assert_eq!(titles(&existing, "applications:\n  - name: Other\n", false), [""; 0]);
}
