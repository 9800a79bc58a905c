//! The function for self-registration: an address is verified by a mailed code, then one request creates the user or
//! changes nothing.

use axum::extract::{Path, State};
use rollcall_api::{
    Authority, Context, IdempotentRequest, Plan, Problem, PublicRequest, Reply, bound_invitations,
    code_attempt::{PendingFlow, ProvenFlow},
    membership_expiry, password,
    redemption::{Redeemer, RedemptionAttempt},
    retry_on_conflict,
    verification::{self, VerificationRequest},
};
use rollcall_domain::{
    Code,
    audit::Action,
    body::ReadElsewhere,
    credential::{Credential, PasswordHash},
    digits::EightDigits,
    email::Email,
    id::{FlowId, UserId},
    new_user::NewUser,
    password::{NewPassword, Password, PasswordRule},
    permission::UserType,
    request_body,
    text::{Login, Username},
    user::{User, UserView, change},
    verification::{FlowPurpose, Started, Verification},
};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

/// The routes of this function.
pub fn routes() -> OpenApiRouter<Context> {
    OpenApiRouter::new().routes(routes!(start)).routes(routes!(complete))
}

request_body! {
    /// The address to mail the code to.
    #[schema(as = RegistrationStart)]
    struct RegistrationStartBody {
        /// The address to verify, which becomes that of the user.
        email: Email,
        /// A registration with this address to continue with a new code. Without one, or if it has ended, a new one
        /// begins.
        registration_id: Option<FlowId>,
    }
}

/// A registration that waits for its code.
#[derive(Debug, Serialize, ToSchema)]
struct RegistrationStarted {
    /// Identifies the registration, for its completion.
    registration_id: FlowId,
    #[serde(flatten)]
    started: Started,
}

request_body! {
    /// The mailed code, and the user to create.
    #[schema(as = RegistrationCompletion)]
    struct RegistrationCompletionBody from (fields, rule: &PasswordRule, flow: Option<&Verification>) {
        /// The mailed code.
        code: EightDigits,
        /// The name that people read and search for. It need not be unique.
        username: Username,
        /// The login, for signing in. It is unique without regard to case and cannot be changed.
        login: Login,
        /// The password.
        #[schema(value_type = NewPassword)]
        password: Password = {
            let names = [
                username.as_ref().map(Username::as_str),
                login.as_ref().map(Login::as_str),
                flow.map(|flow| flow.email.local_part()),
            ];
            rule.read_twice(fields, &names.into_iter().flatten().collect::<Vec<_>>())
        },
        /// The password once more.
        #[schema(value_type = Password)]
        password_confirmation: ReadElsewhere,
        /// The code of an invitation into a team, which the user joins in the same transaction.
        invitation_code: Option<EightDigits>,
    }
}

/// The user who registered.
#[derive(Debug, Serialize, ToSchema)]
struct Registered<'a> {
    /// The new user.
    user: UserView<'a>,
}

/// `POST /v1/registrations`: mails a code. If a user has verified the address, the reply is the same and that user is
/// notified instead.
#[utoipa::path(
    post,
    path = "/v1/registrations",
    operation_id = "start_registration",
    tag = "public",
    request_body = RegistrationStartBody,
    responses((status = 202, body = RegistrationStarted)),
    extensions(("x-codes" = json!([Code::RegistrationClosed, Code::TooManyRequests]))),
)]
async fn start(State(context): State<Context>, request: PublicRequest) -> Result<Reply, Problem> {
    check_open(&context)?;
    let RegistrationStartBody { email, registration_id } = request.fields()?.parse(RegistrationStartBody::read)?;
    let wanted = VerificationRequest::Registration(registration_id);
    let flow = verification::start(&context, &request, wanted, email).await?;
    Reply::accepted(&RegistrationStarted { registration_id: flow.flow_id, started: Started::from(&flow) })
}

/// `POST /v1/registrations/{registration_id}/complete`: creates the user, with a verified address and, by an invitation
/// code, a membership; or changes nothing.
#[utoipa::path(
    post,
    path = "/v1/registrations/{registration_id}/complete",
    operation_id = "complete_registration",
    tag = "public",
    params(
        ("registration_id" = FlowId, Path),
        ("Idempotency-Key" = Option<String>, Header),
    ),
    request_body = RegistrationCompletionBody,
    responses((status = 201, body = Registered, headers(("Location"), ("ETag")))),
    extensions(("x-codes" = json!([
        Code::RegistrationClosed,
        Code::Conflict,
        Code::LoginTaken,
        Code::TooManyMembers,
        Code::InvitationInvalid,
        Code::VerificationFailed,
        Code::TooManyAttempts,
    ]))),
)]
async fn complete(
    State(context): State<Context>,
    Path(registration_id): Path<String>,
    call: IdempotentRequest,
) -> Result<Reply, Problem> {
    let registration_id = FlowId::parse(&registration_id).ok_or(Code::NotFound)?;
    check_open(&context)?;
    let (request, purpose) = (&call.request, FlowPurpose::Registration);
    let pending = PendingFlow::of_stranger(&context, request, registration_id, purpose).await?;
    let completion = pending.parse(&context, request, RegistrationCompletionBody::read).await?;
    let proved = pending.try_code(&context, request, &completion.code).await?;
    let hash = match hash(&context, &proved, &completion).await {
        // A taken address is answered as a wrong code is.
        Err(problem) if !problem.is(Code::VerificationFailed) => return Err(proved.fail(&context, problem).await),
        hash => hash?,
    };
    match register(&context, &call, &proved, completion, &hash).await {
        Err(problem) if REFUSALS_AFTER_RIGHT_CODE.into_iter().any(|code| problem.is(code)) => {
            Err(proved.fail(&context, problem).await)
        }
        done => done,
    }
}

/// Refusals after a right code. They do not count as an attempt at the code.
const REFUSALS_AFTER_RIGHT_CODE: [Code; 5] =
    [Code::LoginTaken, Code::InvitationInvalid, Code::TooManyMembers, Code::TooManyAttempts, Code::Conflict];

fn check_open(context: &Context) -> Result<(), Code> {
    if context.config.is_registration_open { Ok(()) } else { Err(Code::RegistrationClosed) }
}

/// The hash of the new user's password.
async fn hash(
    context: &Context,
    proved: &ProvenFlow,
    completion: &RegistrationCompletionBody,
) -> Result<PasswordHash, Problem> {
    // The transaction decides. Checking first saves the hash for a login or address that is taken.
    let taken = context.store.taken(&proved.flow.email, &completion.login).await?;
    if taken.email {
        return Err(Code::VerificationFailed.into());
    }
    if taken.login {
        return Err(Code::LoginTaken.into());
    }
    password::hash(context, completion.password.clone()).await
}

async fn register(
    context: &Context,
    call: &IdempotentRequest,
    proved: &ProvenFlow,
    completion: RegistrationCompletionBody,
    hash: &PasswordHash,
) -> Result<Reply, Problem> {
    let RegistrationCompletionBody { username, login, invitation_code, .. } = completion;
    let tried = match &invitation_code {
        Some(code) => {
            let redeemer = Redeemer::Registering { email: &proved.flow.email, login: &login };
            Some(RedemptionAttempt::reserve(context, &call.request, redeemer, code).await?)
        }
        None => None,
    };
    let new = NewUser {
        email: Some(proved.flow.email.clone()),
        email_verified: true,
        ..NewUser::named(username, login, UserType::Member)
    };
    let new = NewUser { language: call.request.language.unwrap_or_default(), ..new };
    let user = new.create(UserId::new(context.uuid()?), call.request.now);
    let registered = retry_on_conflict(|| create(context, call, proved, &user, hash, tried.as_ref())).await;
    match (registered, tried) {
        (Err(problem), Some(tried)) => Err(tried.fail(context, call.idempotency_key.as_deref(), problem).await),
        (registered, _) => registered,
    }
}

/// Commits the user and, if an invitation code was sent, the membership: both or neither.
async fn create(
    context: &Context,
    call: &IdempotentRequest,
    proved: &ProvenFlow,
    user: &User,
    hash: &PasswordHash,
    tried: Option<&RedemptionAttempt>,
) -> Result<Reply, Problem> {
    let joining = match tried {
        Some(tried) => {
            let (invited, _) = tried.read(context, None).await?;
            Some(tried.join(context, invited, user, call.request.now).await?)
        }
        None => None,
    };
    // The user starts as a member, at version 1.
    let teams = joining.as_ref().map(|joining| joining.user.teams.clone()).unwrap_or_default();
    let user = User { teams, ..user.clone() };
    let credential = Credential::new(user.user_id, Some(hash.clone()));
    let mut writes = rollcall_store::user::create(&user, &credential)?.extended(proved.succeeded()?);
    let (mut joined, mut with_bound) = (None, None);
    let team_id = joining.as_ref().map(|joining| joining.team.team_id);
    if let Some(joining) = joining {
        with_bound = (joining.bound_left > 0).then_some(joining.team.team_id);
        writes = writes.extended(joining.commit);
        joined = Some(joining.change);
    }
    // The user's item is for admins to read. The user reads it as their own, once they have signed in.
    let reply = Reply::created("/v1/me".to_owned(), &Registered { user: (&user).into() })?;
    let reply = reply.at_version(user.version);
    let plan = Plan::new(Authority::Proven(call, &user), writes).audit_all(joined);
    let plan = plan.audit(change(Action::UserRegister, None, Some(&user)));
    let reply = match (context.commit(plan.reply(reply)).await, team_id) {
        (Err(problem), Some(team_id)) if problem.is(Code::TooManyMembers) => {
            return Err(membership_expiry::make_room(context, problem, team_id, call.request.now).await);
        }
        (reply, _) => reply?,
    };
    if let Some(team_id) = with_bound {
        bound_invitations::end_after_joining(context, team_id, &user.login, call.request.now).await;
    }
    Ok(reply)
}
