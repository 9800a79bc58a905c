//! All requests about teams, applications, accounts and the audit log, with the expected reply for each caller. The
//! table is written by hand and not derived from the code.

use super::*;

/// The body of a request to a fixture; null if there is none.
pub type Body = fn(&TeamFixture) -> Value;

/// A request to a fixture, with the expected replies.
pub struct Action {
    pub name: &'static str,
    pub method: Method,
    pub path: &'static str,
    pub body: Body,
    /// The status of its success.
    pub success: u16,
    /// One mark per caller for the expected reply: see [`Action::expected`].
    pub marks: &'static str,
}

impl Action {
    /// The expected reply to a caller.
    pub fn expected(&self, kind: &str) -> String {
        let column = fixture::CALLERS.iter().position(|caller| *caller == kind).unwrap();
        match self.marks.chars().filter(|mark| *mark != ' ').nth(column) {
            Some('+') => self.success.to_string(),
            Some('-') => "403 forbidden".to_owned(),
            Some('.') => "404 not_found".to_owned(),
            Some('u') => "422 unknown_reference".to_owned(),
            Some('a') => "409 already_member".to_owned(),
            None if kind == "stranger" => "401 unauthenticated".to_owned(),
            mark => panic!("{mark:?} in {}", self.marks),
        }
    }

    /// Whether it needs an application of the team.
    pub fn needs_apps(&self) -> bool {
        self.path.starts_with("/v1/apps")
    }

    /// Whether it is about jobs.
    pub fn is_of_jobs(&self) -> bool {
        self.path.starts_with("/v1/apps/{app}/jobs")
    }

    /// Whether a success changes anything but the audit log.
    pub fn is_change(&self) -> bool {
        self.method != Method::GET && self.path != "/v1/apps/{app}/export-selection" && !self.path.ends_with("/test")
    }
}

const fn row(
    name: &'static str,
    method: Method,
    path: &'static str,
    body: Body,
    success: u16,
    marks: &'static str,
) -> Action {
    Action { name, method, path, body, success, marks }
}

const NONE: Body = |_| Value::Null;

const GET: Method = Method::GET;
const POST: Method = Method::POST;
const PATCH: Method = Method::PATCH;
const PUT: Method = Method::PUT;
const DELETE: Method = Method::DELETE;

/// The columns are the callers in the order of [`fixture::CALLERS`]: the six presets; the custom roles `reader`,
/// `member_editor`, `role_editor`, `auditor`, `app_editor` and `no_team_read`; the admin of another team and a member
/// of no team; platform admin and super admin. A stranger is unauthenticated everywhere.
#[rustfmt::skip]
pub const ACTIONS: &[Action] = &[
    //                                                                                             AMSDOR rmeapn ot PX
    row("list the teams",       GET,    "/v1/teams",                             NONE, 200,         "++++++ ++++++ ++ ++"),
    row("create a team",        POST,   "/v1/teams",                             |e| json!({"name": format!("New {}", e.number)}), 201,
                                                                                                    "------ ------ -- ++"),
    row("view the team",        GET,    "/v1/teams/{team}",                      NONE, 200,         "++++++ +++++. .. ++"),
    row("rename the team",      PATCH,  "/v1/teams/{team}",                      |e| json!({"name": format!("Other {}", e.number)}), 200,
                                                                                                    "++---- -----. .. ++"),
    row("delete the team",      DELETE, "/v1/teams/{team}",                      NONE, 204,         "------ -----. .. ++"),
    row("list the members",     GET,    "/v1/teams/{team}/members",              NONE, 200,         "++++++ +++++. .. ++"),
    row("add a member",         POST,   "/v1/teams/{team}/members",              |e| json!({"user_id": e.non_member.user_id, "role_id": "reviewer"}), 201,
                                                                                                    "++---- -+---. .. ++"),
    row("create a member",      POST,   "/v1/teams/{team}/members",              |e| json!({"role_id": "reviewer", "new_user": {
        "username": "Mina", "login": format!("mina{}", e.number), "generate_password": true
    }}), 201,                                                                                       "++---- -+---. .. ++"),
    row("edit a member",        PATCH,  "/v1/teams/{team}/members/{member}",     |_| json!({"role_id": "operator"}), 200,
                                                                                                    "++---- -+---. .. ++"),
    row("remove a member",      DELETE, "/v1/teams/{team}/members/{member}",     NONE, 204,         "++---- -+---. .. ++"),
    row("leave the team",       DELETE, "/v1/teams/{team}/members/{own}",        NONE, 204,         "++++++ ++++++ .. .."),
    row("list the roles",       GET,    "/v1/teams/{team}/roles",                NONE, 200,         "++++++ +++++. .. ++"),
    row("create a role",        POST,   "/v1/teams/{team}/roles",                |_| json!({"name": "New", "permissions": ["team.read"]}), 201,
                                                                                                    "++---- --+--. .. ++"),
    row("view a role",          GET,    "/v1/teams/{team}/roles/{role}",         NONE, 200,         "++++++ +++++. .. ++"),
    row("view a preset",        GET,    "/v1/teams/{team}/roles/reviewer",       NONE, 200,         "++++++ +++++. .. ++"),
    row("edit a role",          PATCH,  "/v1/teams/{team}/roles/{role}",         |_| json!({"permissions": ["accounts.read"]}), 200,
                                                                                                    "++---- --+--. .. ++"),
    row("edit a preset",        PATCH,  "/v1/teams/{team}/roles/reviewer",       |_| json!({"name": "Other"}), 200,
                                                                                                    "------ -----. .. --"),
    row("delete a role",        DELETE, "/v1/teams/{team}/roles/{role}",         NONE, 204,         "++---- --+--. .. ++"),
    row("delete a preset",      DELETE, "/v1/teams/{team}/roles/reviewer",       NONE, 204,         "------ -----. .. --"),
    row("list the invitations", GET,    "/v1/teams/{team}/invitations",          NONE, 200,         "++---- -+---. .. ++"),
    row("issue", POST,   "/v1/teams/{team}/invitations",          |_| json!({"role_id": "reviewer"}), 201,
                                                                                                    "++---- -+---. .. ++"),
    row("reissue",              POST,   "/v1/teams/{team}/invitations/{invitation}/reissue", NONE, 201,
                                                                                                    "++---- -+---. .. ++"),
    row("revoke an invitation", DELETE, "/v1/teams/{team}/invitations/{invitation}", NONE, 204,     "++---- -+---. .. ++"),
    row("redeem an invitation", POST,   "/v1/invitations/redeem",                |e| json!({"code": e.code}), 200,
                                                                                                    "aaaaaa aaaaaa ++ --"),
    row("read the log",         GET,    "/v1/audit",                             NONE, 200,         "+....+ ...+.+ +. ++"),
    row("read the team's log",  GET,    "/v1/audit?team_id={team}",              NONE, 200,         "+....+ ...+.+ +. ++"),
    row("follow the log",       GET,    "/v1/events?cursor=start",               NONE, 200,         "+....+ ...+.+ +. ++"),

    //                                                                                             AMSDOR rmeapn ot PX
    row("list the webhooks",    GET,    "/v1/webhooks",                          NONE, 200,         "++++++ ++++++ ++ ++"),
    row("create a webhook",     POST,   "/v1/webhooks",                          |e| json!({"url": fixture::WEBHOOK_URL, "team_id": e.team}), 201,
                                                                                                    "+----- -----u uu ++"),
    row("view a webhook",       GET,    "/v1/webhooks/{webhook}",                NONE, 200,         "+..... ...... .. ++"),
    row("edit a webhook",       PATCH,  "/v1/webhooks/{webhook}",                |_| json!({"description": "New"}), 200,
                                                                                                    "+..... ...... .. ++"),
    row("rotate a secret",      POST,   "/v1/webhooks/{webhook}/rotate",         |_| json!({"overlap_hours": 24}), 201,
                                                                                                    "+..... ...... .. ++"),
    row("test a webhook",       POST,   "/v1/webhooks/{webhook}/test",           NONE, 200,         "+..... ...... .. ++"),
    row("resend events",        POST,   "/v1/webhooks/{webhook}/resend",         |_| json!({"from": crate::support::START}), 200,
                                                                                                    "+..... ...... .. ++"),
    row("list the deliveries",  GET,    "/v1/webhooks/{webhook}/deliveries",     NONE, 200,         "+..... ...... .. ++"),
    row("delete a webhook",     DELETE, "/v1/webhooks/{webhook}",                NONE, 204,         "+..... ...... .. ++"),

    //                                                                                             AMSDOR rmeapn ot PX
    row("list the apps",        GET,    "/v1/apps",                              NONE, 200,         "++++++ ++++++ ++ ++"),
    row("create an app",        POST,   "/v1/apps",                              |e| json!({"name": "New", "team_id": e.team}), 201,
                                                                                                    "+-+--- ----+u uu ++"),
    row("view an app",          GET,    "/v1/apps/{app}",                        NONE, 200,         "+.++++ ....++ .. ++"),
    row("rename an app",        PATCH,  "/v1/apps/{app}",                        |_| json!({"name": "Other"}), 200,
                                                                                                    "+.+--- ....+- .. ++"),
    row("move an app",          PATCH,  "/v1/apps/{app}",                        |e| json!({"team_id": e.elsewhere}), 200,
                                                                                                    "-.---- ....-- .. ++"),
    row("lift the lock",        PUT,    "/v1/apps/{spare}/deletion-lock",        |_| json!({"locked": false, "risks_acknowledged": true}), 200,
                                                                                                    "+.+--- ....+- .. ++"),
    row("delete an app",        DELETE, "/v1/apps/{spare}",                      NONE, 204,         "+.+--- ....+- .. ++"),
    row("list the accounts",    GET,    "/v1/apps/{app}/accounts",               NONE, 200,         "+.++++ ....-+ .. ++"),
    row("create an account",    POST,   "/v1/apps/{app}/accounts",               |_| json!({"user_id": "new", "type": "general"}), 201,
                                                                                                    "+.+++- ....-+ .. ++"),
    row("create an admin",      POST,   "/v1/apps/{app}/accounts",               |_| json!({"user_id": "new", "type": "admin"}), 201,
                                                                                                    "+.+--- ....-- .. ++"),
    row("view an account",      GET,    "/v1/apps/{app}/accounts/mina",          NONE, 200,         "+.++++ ....-+ .. ++"),
    row("edit an account",      PATCH,  "/v1/apps/{app}/accounts/mina",          |_| json!({"nickname": "Mina"}), 200,
                                                                                                    "+.+++- ....-+ .. ++"),
    row("set an admin",         PUT,    "/v1/apps/{app}/accounts/mina/admin",    NONE, 200,         "+.+--- ....-- .. ++"),
    row("cancel an admin",      DELETE, "/v1/apps/{app}/accounts/root/admin",    NONE, 200,         "+.+--- ....-- .. ++"),
    row("delete accounts",      POST,   "/v1/apps/{app}/account-deletions",      |_| json!({"user_ids": ["mina", "root"]}), 200,
                                                                                                    "+.+--- ....-- .. ++"),
    row("export an account",    GET,    "/v1/apps/{app}/accounts/mina/export?format=csv", NONE, 200, "+.+-+- ....-- .. ++"),
    // A job that the caller may not see is not found.
    row("list the jobs",        GET,    "/v1/apps/{app}/jobs",                   NONE, 200,         "+.++++ ....++ .. ++"),
    row("begin an export",      POST,   "/v1/apps/{app}/jobs",                   |_| json!({"kind": "export", "format": "csv"}), 202,
                                                                                                    "+.+-+- ....-- .. ++"),
    row("begin an import",      POST,   "/v1/apps/{app}/jobs",                   |_| json!({"kind": "import"}), 201,
                                                                                                    "+.+++- ....-+ .. ++"),
    row("begin an edit",        POST,   "/v1/apps/{app}/jobs",                   |_| json!({"kind": "edit", "user_ids": ["mina"], "set": {"level": 3}}), 202,
                                                                                                    "+.+++- ....-+ .. ++"),
    row("begin a deletion",     POST,   "/v1/apps/{app}/jobs",                   |_| json!({"kind": "delete", "user_ids": ["mina"]}), 202,
                                                                                                    "+.+--- ....-- .. ++"),
    row("view an export",       GET,    "/v1/apps/{app}/jobs/{export}",          NONE, 200,         "+.+.+. ...... .. ++"),
    row("view an import",       GET,    "/v1/apps/{app}/jobs/{import}",          NONE, 200,         "+.+++. .....+ .. ++"),
    row("view a deletion",      GET,    "/v1/apps/{app}/jobs/{deletion}",        NONE, 200,         "+.+... ...... .. ++"),
    row("preview an import",    POST,   "/v1/apps/{app}/jobs/{import}/preview",  |_| json!({}), 200, "+.+++. .....+ .. ++"),
    row("start an import",      POST,   "/v1/apps/{app}/jobs/{import}/start",    |_| json!({"dry_run": false, "on_existing": "fail"}), 202,
                                                                                                    "+.+++. .....+ .. ++"),
    row("end an export",        DELETE, "/v1/apps/{app}/jobs/{export}",          NONE, 204,         "+.+.+. ...... .. ++"),
    row("end a deletion",       DELETE, "/v1/apps/{app}/jobs/{deletion}",        NONE, 204,         "+.+... ...... .. ++"),
    row("export a selection",   POST,   "/v1/apps/{app}/export-selection",       |_| json!({"user_ids": ["mina"], "format": "csv"}), 200,
                                                                                                    "+.+-+- ....-- .. ++"),
];
