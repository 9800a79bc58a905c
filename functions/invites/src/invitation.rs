//! Invitations: list, issue, reissue, revoke.

use axum::extract::{Path, State};
use rollcall_api::{
    Authority, Call, Context, List, PageParameters, PageRequest, Plan, Problem, ReplayRight, Reply, SessionCall,
    invitation_code::draw, invitation_expiry::make_room, membership_expiry::without_ended, retry_on_conflict,
};
use rollcall_domain::{
    Code, Invalid, ViolationCode,
    audit::Action,
    body::Text,
    digits::EightDigits,
    id::{InvitationId, TeamId},
    invitation::{Invitation, InvitationStatus, InvitationView, NewInvitation, change},
    membership_days::MembershipDays,
    permission::{Permission, UserType},
    request_body,
    role::Role,
    role_id::{RoleId, unknown_role},
    text::{Login, Note},
    user::User,
};
use rollcall_store::{invitation, member::may_still_join};
use serde::Serialize;
use utoipa::ToSchema;

request_body! {
    /// A new invitation.
    #[schema(as = NewInvitation)]
    pub(crate) struct NewInvitationBody from (fields, role: Option<Role>) {
        /// A preset's id, or a custom role's UUID.
        #[schema(value_type = RoleId)]
        role_id: Role = role,
        /// The only login that may redeem the invitation. It need not exist yet.
        login: Text<Login>,
        /// A note for the people who manage invitations.
        note: Text<Note>,
        /// The number of days after the redemption at which the membership ends; null or absent if it lasts.
        membership_days: Option<MembershipDays>,
    }
}

/// A new invitation and its code.
#[derive(Serialize, ToSchema)]
pub(crate) struct Issued {
    /// The new invitation.
    invitation: InvitationView,
    /// The code to hand over. Shown once.
    #[schema(value_type = EightDigits)]
    code: String,
}

/// `GET /v1/teams/{team_id}/invitations`: lists a team's invitations, newest first. Ended ones are listed for 30 days.
#[utoipa::path(
    get,
    path = "/v1/teams/{team_id}/invitations",
    operation_id = "list_invitations",
    tag = "invitations",
    params(
        ("team_id" = TeamId, Path),
        ("status" = Option<InvitationStatus>, Query, description = "Only invitations in this state."),
        PageParameters,
    ),
    responses((status = 200, body = List<InvitationView>)),
    extensions(("x-codes" = json!([Code::Forbidden])), ("x-scopes" = json!(["members.manage"]))),
)]
pub(crate) async fn list(
    State(context): State<Context>,
    Path(team_id): Path<String>,
    call: Call,
) -> Result<Reply, Problem> {
    let team_id = permitted(&context, &call, &team_id).await?;
    let mut parameters = call.request.parameters();
    let status: Option<InvitationStatus> = parameters.field("status");
    let page = PageRequest::read(&context, &call, parameters).await?;
    let after = page.after.as_deref().and_then(InvitationId::parse);
    let mut found = context.store.invitations(team_id, after, page.limit).await?;
    if found.items.iter().any(|invitation| invitation.is_past_history(call.now())) {
        // The list is sorted by age: whatever follows is forgotten too.
        found.next = None;
    }
    found.items.retain(|invitation| !invitation.is_past_history(call.now()));
    found.items.retain(|invitation| status.is_none_or(|status| invitation.status_at(call.now()) == status));
    let role_ids: Vec<_> = found.items.iter().map(|invitation| invitation.role.role_id).collect();
    let roles = context.store.roles(team_id, role_ids).await?;
    let view = |invitation: Invitation| {
        let role = roles.get(&invitation.role.role_id).cloned();
        InvitationView::new(invitation, role, call.now())
    };
    page.reply(&context, &call, found.items.into_iter().map(view).collect(), found.next).await
}

/// `POST /v1/teams/{team_id}/invitations`: issues an invitation for a role that the caller may grant.
#[utoipa::path(
    post,
    path = "/v1/teams/{team_id}/invitations",
    operation_id = "create_invitation",
    tag = "invitations",
    params(("team_id" = TeamId, Path)),
    request_body = NewInvitationBody,
    responses((status = 201, body = Issued, headers(("Location"), ("ETag")))),
    extensions(("x-codes" = json!([Code::TooManyInvitations]))),
)]
pub(crate) async fn issue(
    State(context): State<Context>,
    Path(team_id): Path<String>,
    call: SessionCall,
) -> Result<Reply, Problem> {
    let team_id = permitted(&context, &call, &team_id).await?;
    retry_on_conflict(|| async {
        let mut fields = call.fields()?;
        let role_id: Option<RoleId> = fields.required("role_id");
        let role = match role_id {
            Some(role_id) => context.store.role(team_id, role_id).await?,
            None => None,
        };
        match &role {
            Some(role) => {
                let days = fields.peek("membership_days");
                check_grant(&call, role, team_id)?;
                // The reader of the body reports what is no number of days.
                if days.is_some() || !fields.has_value("membership_days") {
                    check_grant_for(&call, role, days, team_id)?;
                }
            }
            None => fields.violation("role_id", unknown_role()),
        }
        let invitee = invitee(&context, &call, fields.peek("login").as_ref()).await?;
        if let Some((_, rule)) = invitee.as_ref().and_then(|invitee| obstacle(invitee, team_id)) {
            fields.violation("login", Invalid::new(ViolationCode::NotAllowed, rule));
        }
        let NewInvitationBody { role_id: role, login: Text(login), note: Text(note), membership_days } =
            fields.parse(|fields| NewInvitationBody::read(fields, role))?;
        let (fresh, code) =
            fresh(&context, &call, NewInvitation { team_id, role, login, note, membership_days }).await?;
        let writes = invitation::issue(&fresh)?.with_checks(invitee.map(|invitee| may_still_join(&invitee, team_id)));
        let plan = Plan::new(Authority::TeamRole(&call, team_id), writes);
        commit(&context, &call, plan, Action::InvitationIssue, fresh, code).await
    })
    .await
}

/// `POST /v1/teams/{team_id}/invitations/{invitation_id}/reissue`: revokes an invitation and issues a new one in its
/// place, in one transaction.
#[utoipa::path(
    post,
    path = "/v1/teams/{team_id}/invitations/{invitation_id}/reissue",
    operation_id = "reissue_invitation",
    tag = "invitations",
    params(("team_id" = TeamId, Path), ("invitation_id" = InvitationId, Path)),
    responses((status = 201, body = Issued, headers(("Location"), ("ETag")))),
    extensions(("x-codes" = json!([
        Code::AlreadyMember,
        Code::InvitationEnded,
        Code::NotAMember,
        Code::TooManyInvitations,
    ]))),
)]
pub(crate) async fn reissue(
    State(context): State<Context>,
    Path((team_id, invitation_id)): Path<(String, String)>,
    call: SessionCall,
) -> Result<Reply, Problem> {
    let team_id = permitted(&context, &call, &team_id).await?;
    retry_on_conflict(|| async {
        let before = read(&context, &call, team_id, &invitation_id).await?;
        let role = context.store.role(team_id, before.role.role_id).await?;
        check_grant_for(&call, role.as_ref().unwrap_or(&before.role), before.membership_days, team_id)?;
        call.no_input()?;
        let (after, action) = match before.status_at(call.now()) {
            InvitationStatus::Live => (before.clone().revoked(), Action::InvitationRevoke),
            InvitationStatus::Expired => {
                (before.clone().expired(call.now()).unwrap_or_else(|| before.clone()), Action::InvitationExpire)
            }
            InvitationStatus::Redeemed | InvitationStatus::Revoked => return Err(Code::InvitationEnded.into()),
        };
        // The role of a live invitation cannot be deleted. That of an expired one may be gone.
        let role = role.ok_or(Code::InvitationEnded)?;
        let invitee = invitee(&context, &call, before.login.as_ref()).await?;
        if let Some((code, _)) = invitee.as_ref().and_then(|invitee| obstacle(invitee, team_id)) {
            return Err(code.into());
        }
        let (fresh, code) = fresh(&context, &call, before.to_reissue(role)).await?;
        let authority = Authority::TeamRole(&call, team_id);
        let (writes, ended) = if after == before {
            (invitation::issue(&fresh)?, None)
        } else {
            let ended = change(action, Some(&before), Some(&after));
            (invitation::replace(&before, &after, &fresh)?, Some(ended))
        };
        let writes = writes.with_checks(invitee.map(|invitee| may_still_join(&invitee, team_id)));
        let plan = Plan::new(authority, writes).audit_all(ended);
        commit(&context, &call, plan, Action::InvitationReissue, fresh, code).await
    })
    .await
}

/// `DELETE /v1/teams/{team_id}/invitations/{invitation_id}`: revokes an invitation. Nothing changes if it has expired
/// or was revoked before.
#[utoipa::path(
    delete,
    path = "/v1/teams/{team_id}/invitations/{invitation_id}",
    operation_id = "revoke_invitation",
    tag = "invitations",
    params(("team_id" = TeamId, Path), ("invitation_id" = InvitationId, Path)),
    responses((status = 204)),
    extensions(("x-codes" = json!([Code::InvitationEnded])), ("x-scopes" = json!(["members.manage"]))),
)]
pub(crate) async fn revoke(
    State(context): State<Context>,
    Path((team_id, invitation_id)): Path<(String, String)>,
    call: Call,
) -> Result<Reply, Problem> {
    let team_id = permitted(&context, &call, &team_id).await?;
    retry_on_conflict(|| async {
        let before = read(&context, &call, team_id, &invitation_id).await?;
        let role = context.store.role(team_id, before.role.role_id).await?;
        let role = role.unwrap_or_else(|| before.role.clone());
        check_grant(&call, &role, team_id)?;
        call.no_input()?;
        call.check_version(before.version)?;
        match before.status_at(call.now()) {
            InvitationStatus::Live => {}
            InvitationStatus::Expired | InvitationStatus::Revoked => return Ok(Reply::no_content()),
            InvitationStatus::Redeemed => return Err(Code::InvitationEnded.into()),
        }
        let after = before.clone().revoked();
        let commit = invitation::end(&before, &after, &role)?;
        let change = change(Action::InvitationRevoke, Some(&before), Some(&after));
        context.commit(Plan::new(Authority::TeamRole(&call, team_id), commit).audit(change)).await
    })
    .await
}

/// Loads the team of a path and checks that the caller may manage its members.
async fn permitted(context: &Context, call: &Call, team_id: &str) -> Result<TeamId, Problem> {
    let team_id = TeamId::parse(team_id).ok_or(Code::NotFound)?;
    call.actor.rights.check_sees(team_id)?;
    context.store.team(team_id).await?.ok_or(Code::NotFound)?;
    call.actor.rights.permit(Permission::MembersManage, team_id)?;
    Ok(team_id)
}

async fn read(context: &Context, call: &Call, team_id: TeamId, invitation_id: &str) -> Result<Invitation, Problem> {
    let invitation_id = InvitationId::parse(invitation_id).ok_or(Code::NotFound)?;
    let found = context.store.invitation(team_id, invitation_id).await?;
    Ok(found.filter(|invitation| !invitation.is_past_history(call.now())).ok_or(Code::NotFound)?)
}

fn check_grant(call: &Call, role: &Role, team_id: TeamId) -> Result<(), Code> {
    if call.actor.rights.may_grant(role, team_id) { Ok(()) } else { Err(Code::Forbidden) }
}

/// Checks that the caller may grant a role for so many days, or for good. The invitation may be redeemed later than
/// now: the redemption checks again.
fn check_grant_for(call: &Call, role: &Role, days: Option<MembershipDays>, team_id: TeamId) -> Result<(), Code> {
    let expires_at = days.map(|days| days.after(call.now()));
    if call.actor.rights.may_grant_until(expires_at, role, team_id) { Ok(()) } else { Err(Code::Forbidden) }
}

/// The user whom an invitation is bound to, without memberships that have ended; `None` if it is bound to no login, or
/// if nobody has the login yet.
async fn invitee(context: &Context, call: &Call, login: Option<&Login>) -> Result<Option<User>, Problem> {
    let Some(login) = login else { return Ok(None) };
    match context.store.user_by_login(login).await? {
        Some(user) => without_ended(context, user, call.now()).await,
        None => Ok(None),
    }
}

/// Why a user without ended memberships could not redeem an invitation into the team, as an error code and as a rule;
/// `None` if they could.
fn obstacle(user: &User, team_id: TeamId) -> Option<(Code, &'static str)> {
    if user.user_type != UserType::Member {
        Some((Code::NotAMember, "must not be that of an admin of the platform or of a service account"))
    } else if user.teams.stored_in(team_id).is_some() {
        Some((Code::AlreadyMember, "must not be that of a member of this team"))
    } else {
        None
    }
}

/// A new invitation and its code.
async fn fresh(context: &Context, call: &Call, new: NewInvitation) -> Result<(Invitation, EightDigits), Problem> {
    let (code, hash) = draw(context).await?;
    let hint = (code.hint().to_owned(), hash);
    let invitation_id = InvitationId::new(context.uuid()?);
    Ok((Invitation::issue(new, invitation_id, hint, &call.actor.user, call.now()), code))
}

/// Commits a new invitation and replies with its code. If the team has too many live invitations, those past their time
/// are ended first and the request is decided again.
async fn commit(
    context: &Context,
    call: &Call,
    plan: Plan<'_>,
    action: Action,
    fresh: Invitation,
    code: EightDigits,
) -> Result<Reply, Problem> {
    let (team_id, version) = (fresh.team_id, fresh.version);
    let right = Some(ReplayRight::Grant(team_id, fresh.role.role_id));
    let change = change(action, None, Some(&fresh));
    // An invitation has no route of its own to read it by: the list has it.
    let location = format!("/v1/teams/{team_id}/invitations");
    let invitation = InvitationView::new(fresh, None, call.now());
    let issued = Issued { invitation, code: code.as_str().to_owned() };
    let reply = Reply::created(location, &issued)?.at_version(version).with_secret(right);
    match context.commit(plan.audit(change).reply(reply)).await {
        Err(problem) if problem.is(Code::TooManyInvitations) => {
            Err(make_room(context, problem, team_id, call.now()).await)
        }
        done => done,
    }
}
