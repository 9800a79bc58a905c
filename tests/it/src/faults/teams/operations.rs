//! The operations, each as the request of a client of the fixture.

use rollcall_domain::text::Login;
use serde_json::{Value, json};

use super::Operation;
use crate::support::mailed_codes::complete;

pub(super) const CREATE_TEAM: Operation =
    (201, 201, |s| Box::pin(async { s.admin.post("/v1/teams", &json!({"name": "Second"})).await }));
pub(super) const CREATE_TEAM_WITH_ADMIN: Operation = (201, 201, |s| {
    Box::pin(async {
        let listed = s.base.world.store().credential(&Login::parse("jisoo").unwrap()).await.unwrap().unwrap();
        let body = json!({"name": "Second", "admin_user_id": listed.user_id});
        s.admin.post("/v1/teams", &body).await
    })
});
pub(super) const LIST_TEAMS: Operation = (200, 200, |s| Box::pin(s.owner.get("/v1/teams")));
pub(super) const GET_TEAM: Operation = (200, 200, |s| Box::pin(s.mina.get(&s.base.team)));
pub(super) const RENAME_TEAM: Operation =
    (200, 200, |s| Box::pin(async { s.owner.patch(&s.base.team, &json!({"name": "Southwind"})).await }));
pub(super) const DELETE_TEAM: Operation = (204, 404, |s| Box::pin(s.admin.delete(&s.base.team)));
pub(super) const LIST_MEMBERS: Operation = (200, 200, |s| Box::pin(async { s.mina.get(&s.of_team("members")).await }));
pub(super) const ADD_MEMBER: Operation = (201, 201, |s| {
    let role_id = s.role.rsplit('/').next().unwrap();
    let body = json!({"login": "jisoo", "role_id": role_id});
    Box::pin(async move { s.owner.post(&s.of_team("members"), &body).await })
});
pub(super) const ADD_ADMIN: Operation = (201, 201, |s| {
    Box::pin(async { s.owner.post(&s.of_team("members"), &json!({"login": "jisoo", "role_id": "admin"})).await })
});
pub(super) const ADD_NEW_USER: Operation = (201, 201, |s| {
    let user = json!({"username": "New", "login": "new", "generate_password": true});
    Box::pin(
        async move { s.owner.post(&s.of_team("members"), &json!({"new_user": user, "role_id": "operator"})).await },
    )
});
pub(super) const EDIT_MEMBER: Operation =
    (200, 200, |s| Box::pin(async { s.owner.patch(&s.member, &json!({"role_id": "admin"})).await }));
pub(super) const REMOVE_MEMBER: Operation = (204, 404, |s| Box::pin(s.owner.delete(&s.member)));
pub(super) const LEAVE: Operation = (204, 404, |s| Box::pin(s.mina.delete(&s.member)));
pub(super) const LIST_ROLES: Operation = (200, 200, |s| Box::pin(async { s.mina.get(&s.of_team("roles")).await }));
pub(super) const CREATE_ROLE: Operation = (201, 201, |s| {
    let body = json!({"name": "Third", "permissions": ["team.read"]});
    Box::pin(async move { s.owner.post(&s.of_team("roles"), &body).await })
});
pub(super) const GET_ROLE: Operation = (200, 200, |s| Box::pin(s.mina.get(&s.role)));
pub(super) const EDIT_ROLE: Operation =
    (200, 200, |s| Box::pin(async { s.owner.patch(&s.role, &json!({"permissions": ["team.read"]})).await }));
pub(super) const DELETE_ROLE: Operation = (204, 404, |s| Box::pin(s.owner.delete(&s.idle_role)));
pub(super) const LIST_INVITATIONS: Operation =
    (200, 200, |s| Box::pin(async { s.owner.get(&s.of_team("invitations")).await }));
pub(super) const ISSUE: Operation = (201, 201, |s| {
    let role_id = s.role.rsplit('/').next().unwrap();
    let body = json!({"role_id": role_id, "note": "for Jisoo"});
    Box::pin(async move { s.owner.post(&s.of_team("invitations"), &body).await })
});
pub(super) const REISSUE: Operation =
    (201, 201, |s| Box::pin(async { s.owner.post(&format!("{}/reissue", s.invitation), &Value::Null).await }));
pub(super) const REVOKE: Operation = (204, 204, |s| Box::pin(s.owner.delete(&s.invitation)));
pub(super) const REDEEM: Operation =
    (200, 200, |s| Box::pin(async { s.newcomer.post("/v1/invitations/redeem", &json!({"code": s.code})).await }));
pub(super) const REGISTER: Operation = (201, 201, |s| {
    let stranger = s.base.world.stranger().with("idempotency-key", "once");
    Box::pin(async move { complete(&stranger, &s.registration.0, &s.registration.1).await })
});
pub(super) const READ_AUDIT: Operation = (200, 200, |s| Box::pin(s.admin.get("/v1/audit?limit=5")));
pub(super) const READ_OWN_AUDIT: Operation = (200, 200, |s| Box::pin(s.owner.get("/v1/audit?action=role.create")));
pub(super) const CREATE_APP: Operation = (201, 201, |s| {
    let body = json!({"name": "App", "team_id": s.base.team_id});
    Box::pin(async move { s.owner.post("/v1/apps", &body).await })
});
