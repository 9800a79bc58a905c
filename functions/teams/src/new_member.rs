//! Adding a member to a team: an existing user, or a new one.

use axum::extract::{Path, State};
use rollcall_api::{
    Authority, Call, Context, Plan, Problem, ReplayRight, Reply, SessionCall, bound_invitations, membership_expiry,
    password, retry_on_conflict,
};
use rollcall_domain::{
    Code, Fields, Invalid, Refusal, Timestamp, Violation, ViolationCode,
    audit::{Action, Change},
    body::ReadElsewhere,
    held_role::HeldRole,
    id::{TeamId, UserId},
    new_user::{NewMemberUserBody, NewUser},
    password::{InitialPassword, PasswordRule},
    permission::Permission,
    request_body,
    role::Role,
    role_id::RoleId,
    team::{Member, MemberView, membership_change},
    text::Login,
    user::{User, change},
};
use rollcall_store::{Commit, credential::CredentialChange, member::join};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{check_end, load, role::named};

request_body! {
    /// A new member: exactly one of `user_id`, `login` and `new_user`, a role, and the end if there is one.
    #[schema(as = NewMember, title = "user_id | login | new_user")]
    pub(crate) struct NewMemberBody from (fields, who: Option<Who>, role: Option<Role>) {
        /// A user who exists.
        #[schema(value_type = Option<UserId>)]
        user_id: Who = who,
        /// The login of a user who exists.
        #[schema(value_type = Option<Login>)]
        login: ReadElsewhere,
        /// A user to create.
        #[schema(value_type = Option<NewMemberUserBody>)]
        new_user: ReadElsewhere,
        /// A preset's id, or a custom role's UUID.
        #[schema(value_type = RoleId)]
        role_id: Role = role,
        /// When the membership ends, in the future; null or absent if it lasts.
        expires_at: Option<Timestamp>,
    }
}

/// A new member, with the generated password if there is one.
#[derive(Serialize, ToSchema)]
pub(crate) struct Added {
    /// The new member.
    member: MemberView,
    /// The password to hand over; only where it was generated. Shown once.
    #[serde(skip_serializing_if = "Option::is_none")]
    generated_password: Option<String>,
}

/// Who becomes a member.
#[derive(Debug)]
pub(crate) enum Who {
    /// A user who exists, named by `user_id` or `login`.
    Known,
    New(Box<(NewUser, Option<InitialPassword>)>),
}

impl Who {
    /// Reads `user_id`, `login` or `new_user`, exactly one of which must be present.
    fn read(fields: &mut Fields, rule: &PasswordRule, team_id: TeamId) -> Option<Self> {
        const FIELDS: [&str; 3] = ["user_id", "login", "new_user"];
        let given: Vec<_> = FIELDS.into_iter().filter(|name| fields.has_value(name)).collect();
        for name in given.iter().skip(1) {
            let rule = "takes one of user_id, login and new_user";
            fields.violation(name, Invalid::new(ViolationCode::NotAllowed, rule));
        }
        let user = fields.optional("user_id").map(|_: UserId| Self::Known);
        let login = fields.optional("login").map(|_: Login| Self::Known);
        let new = fields.object("new_user", |fields| NewMemberUserBody::read(fields, rule));
        if given.is_empty() {
            let rule = "is required unless login or new_user is given";
            fields.violation(FIELDS[0], Invalid::new(ViolationCode::Required, rule));
        }
        user.or(login).or(new.map(|new| Self::New(Box::new(new.into_parts(team_id)))))
    }
}

/// `POST /v1/teams/{team_id}/members`: adds a member: an existing user, or a new one.
#[utoipa::path(
    post,
    path = "/v1/teams/{team_id}/members",
    operation_id = "create_member",
    tag = "teams",
    params(("team_id" = TeamId, Path)),
    request_body = NewMemberBody,
    responses((status = 201, body = Added, headers(("Location"), ("ETag")))),
    extensions(("x-codes" = json!([
        Code::AlreadyMember,
        Code::LoginTaken,
        Code::NotAMember,
        Code::TooManyMembers,
        Code::TooManyTeams,
    ]))),
)]
pub(crate) async fn add(
    State(context): State<Context>,
    Path(team_id): Path<String>,
    call: SessionCall,
) -> Result<Reply, Problem> {
    let team = load(&context, &call, &team_id, Permission::MembersManage).await?;
    let team_id = team.team_id;
    let mut fields = call.fields()?;
    let role = named(&context, &call, &mut fields, team_id).await?;
    if let Some(role) = &role {
        check_end(&call, &mut fields, role, None, team_id)?;
    }
    let known = match (fields.peek("user_id"), fields.peek("login")) {
        (Some(user_id), _) => Some(("user_id", context.store.user(user_id).await?)),
        (None, Some(login)) => Some(("login", context.store.user_by_login(&login).await?)),
        (None, None) => None,
    };
    if let Some((name, None)) = known {
        fields.violation(name, unknown_user());
    }
    let has_new_user = fields.has_value("new_user");
    let read = move |fields: &mut Fields, rule: &PasswordRule| {
        let who = Who::read(fields, rule, team_id);
        NewMemberBody::read(fields, who, role)
    };
    // Only reading a new user estimates the strength of a password.
    let NewMemberBody { user_id: who, role_id: role, expires_at, .. } = if has_new_user {
        password::parse(&context, fields, read).await?
    } else {
        fields.parse(|fields| read(fields, &context.config.password))?
    };
    let grant = Grant { team_id, role, expires_at };
    match (who, known) {
        (Who::New(new), _) => add_new(&context, &call, *new, &grant).await,
        (Who::Known, Some((name, Some(user)))) => {
            retry_on_conflict(|| add_existing(&context, &call, (name, user.user_id), &grant)).await
        }
        (Who::Known, _) => Err(Code::Conflict.into()),
    }
}

fn unknown_user() -> Invalid {
    Invalid::new(ViolationCode::UnknownReference, "must name a user")
}

/// What somebody gets who becomes a member.
struct Grant {
    team_id: TeamId,
    role: Role,
    expires_at: Option<Timestamp>,
}

impl Grant {
    fn held(&self) -> HeldRole {
        HeldRole { role_id: self.role.role_id, expires_at: self.expires_at }
    }
}

/// Adds an existing user, whom the field `name` of the request names.
async fn add_existing(
    context: &Context,
    call: &Call,
    (name, user_id): (&str, UserId),
    grant: &Grant,
) -> Result<Reply, Problem> {
    let unknown = || Refusal::from(Violation::from_invalid(format!("/{name}"), unknown_user()));
    let found = context.store.user(user_id).await?.ok_or_else(unknown)?;
    let before = membership_expiry::without_ended(context, found, call.now()).await?.ok_or_else(unknown)?;
    let after = before.clone().joined(grant.team_id, grant.held(), call.now())?;
    let writes = rollcall_store::user::change(&before, &after, CredentialChange::Kept)?;
    let joiner = Joiner { user: after, writes, created: None, generated_password: None };
    join_team(context, call, joiner, grant).await
}

/// Creates a user and adds them, in one transaction.
async fn add_new(
    context: &Context,
    call: &Call,
    (new, given): (NewUser, Option<InitialPassword>),
    grant: &Grant,
) -> Result<Reply, Problem> {
    let mut user = new.create(UserId::new(context.uuid()?), call.now());
    user.teams.insert(grant.team_id, grant.held());
    let (credential, generated_password) = password::initial_credential(context, user.user_id, given).await?;
    retry_on_conflict(|| async {
        let created = Change { team_id: Some(grant.team_id), ..change(Action::UserCreate, None, Some(&user)) };
        let joiner = Joiner {
            user: user.clone(),
            writes: rollcall_store::user::create(&user, &credential)?,
            created: Some(created),
            generated_password: generated_password.clone(),
        };
        join_team(context, call, joiner, grant).await
    })
    .await
}

/// Somebody who becomes a member: the user as a member, and what is written for the user's side.
struct Joiner {
    user: User,
    writes: Commit,
    /// For the audit log, where the user is new.
    created: Option<Change>,
    /// Shown once in the reply, where it was generated.
    generated_password: Option<String>,
}

/// Writes the team's side of a membership together with the user's. If the team has no place left, members whose
/// membership has ended are removed first and the request is decided again.
async fn join_team(context: &Context, call: &Call, joiner: Joiner, grant: &Grant) -> Result<Reply, Problem> {
    let Grant { team_id, role, .. } = grant;
    let team_id = *team_id;
    let Joiner { user, writes, created, generated_password } = joiner;
    let member = Member::join(user.user_id, grant.held(), call.now());
    let memberships = join(team_id, (&user, &member), role)?;
    let plan = Plan::new(Authority::TeamRole(call, team_id), writes.extended(memberships))
        .audit_all(created)
        .audit(membership_change(Action::MemberAdd, team_id, &user, None, Some(grant.held())));
    // A member has no route of its own to read it by: the list has it.
    let location = format!("/v1/teams/{team_id}/members");
    let right = generated_password.is_some().then_some(ReplayRight::Grant(team_id, role.role_id));
    let login = user.login.clone();
    let added = Added { member: MemberView::new(&member, user, role.clone()), generated_password };
    let reply = Reply::created(location, &added)?.at_version(member.version).with_secret(right);
    match context.commit(plan.reply(reply)).await {
        Err(problem) if problem.is(Code::TooManyMembers) => {
            Err(membership_expiry::make_room(context, problem, team_id, call.now()).await)
        }
        Err(problem) => Err(problem),
        Ok(reply) => {
            bound_invitations::end_after_joining(context, team_id, &login, call.now()).await;
            Ok(reply)
        }
    }
}
