//! Every caller sends every request about teams and applications. The expected replies are the table in [`ACTIONS`].

use std::{collections::BTreeSet, fmt::Write};

use super::{fixture::CALLERS, *};
use crate::{grids, wiring};

/// A team with its callers, in the order of [`CALLERS`], and all stored items before any of them sends a request.
struct Matrix {
    world: World,
    fixture: TeamFixture,
    callers: Vec<Caller>,
    start: Snapshot,
    before: Vec<Value>,
}

impl Matrix {
    async fn new(has_apps: bool) -> Self {
        let world = World::new().await;
        let admin = world.admin().await;
        let fixture = TeamFixture::new(&world, &admin, 0, has_apps).await;
        let mut callers = Vec::new();
        for kind in CALLERS {
            callers.push(Caller::new(&world, &fixture, kind, &format!("{kind}_caller")).await);
        }
        let start = world.snapshot().await;
        let before = everything(&world).await;
        Self { world, fixture, callers, start, before }
    }

    /// One row: the reply to each caller. Asserts that a refused request changes nothing.
    async fn replies(&self, action: &Action) -> Vec<String> {
        let mut replies = Vec::new();
        for (caller, kind) in self.callers.iter().zip(CALLERS) {
            self.world.rewind(&self.start).await;
            let reply = caller.send(&self.fixture, action).await;
            let is_unchanged = everything(&self.world).await == self.before;
            if reply.status >= 400 {
                assert!(is_unchanged, "{} by {kind} was refused, but changed something", action.name);
            } else if action.is_change() {
                assert!(!is_unchanged, "{} by {kind} succeeded, but changed nothing", action.name);
            }
            replies.push(outcome(&reply));
        }
        replies
    }
}

/// The rows of these actions. Asserts that they are as expected.
async fn table(is_in_table: fn(&Action) -> bool) -> String {
    let mut table = format!("| | {} |\n|---|{}\n", CALLERS.join(" | "), "---|".repeat(CALLERS.len()));
    let mut wrong = Vec::new();
    let actions: Vec<_> = ACTIONS.iter().filter(|action| is_in_table(action)).collect();
    let matrix = Matrix::new(actions[0].needs_apps()).await;
    for action in actions {
        let replies = matrix.replies(action).await;
        for (reply, kind) in replies.iter().zip(CALLERS) {
            let expected = action.expected(kind);
            if *reply != expected {
                wrong.push(format!("{} by {kind}: {reply} instead of {expected}", action.name));
            }
        }
        writeln!(table, "| {} | {} |", action.name, replies.join(" | ")).unwrap();
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    table
}

#[tokio::test]
async fn team_requests_get_the_expected_replies() {
    insta::assert_snapshot!(table(|action| !action.needs_apps()).await);
}

#[tokio::test]
async fn application_requests_get_the_expected_replies() {
    insta::assert_snapshot!(
        table(|action| action.needs_apps() && !is_of_accounts(action) && !action.is_of_jobs()).await
    );
}

#[tokio::test]
async fn account_requests_get_the_expected_replies() {
    insta::assert_snapshot!(table(is_of_accounts).await);
}

#[tokio::test]
async fn job_requests_get_the_expected_replies() {
    insta::assert_snapshot!(table(Action::is_of_jobs).await);
}

fn is_of_accounts(action: &Action) -> bool {
    !action.is_of_jobs() && (action.path.contains("account") || action.path.contains("export"))
}

/// Public routes.
const IN_NO_GRID: [(&str, &str); 8] = [
    ("GET", "/healthz"),
    ("GET", "/v1/openapi.json"),
    ("POST", "/v1/login"),
    ("POST", "/v1/login/totp"),
    ("POST", "/v1/password-resets"),
    ("POST", "/v1/password-resets/{}/complete"),
    ("POST", "/v1/registrations"),
    ("POST", "/v1/registrations/{}/complete"),
];

#[test]
fn every_route_is_in_a_grid() {
    let users = grids::users::ACTIONS.iter().chain(&grids::users::OWN_ACTIONS);
    let users = users.map(|(_, method, path, _)| route(method.as_str(), path));
    let covered: BTreeSet<_> = ACTIONS
        .iter()
        .map(|action| route(action.method.as_str(), action.path))
        .chain(users)
        .chain(grids::keys::routes())
        .collect();
    let routes: BTreeSet<_> = wiring::template_routes().iter().map(|(method, path)| route(method, path)).collect();
    let uncovered: Vec<_> = routes.difference(&covered).cloned().collect();
    let listed = IN_NO_GRID.map(|(method, path)| (method.to_owned(), path.to_owned()));
    assert_eq!(uncovered, listed, "a new route must be added to a grid");
    assert_eq!(covered.difference(&routes).collect::<Vec<_>>(), Vec::<&(String, String)>::new(), "no such route");
}
