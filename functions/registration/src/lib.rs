//! The function by which strangers become users: an address is proved by a mailed code, then one request creates the
//! user or changes nothing.

use axum::extract::{Path, State};
use rollcall_api::{
    By, Context, IdempotentRequest, Problem, PublicRequest, Reply,
    invitation::RedemptionAttempt,
    password, retry_on_conflict,
    verification::{self, ProvenFlow, VerificationRequest},
};
use rollcall_domain::{
    Code, Fields, Refusal,
    audit::Action,
    credential::{Credential, PasswordHash},
    digits::EightDigits,
    email::Email,
    id::{FlowId, UserId},
    password::{Password, PasswordRule},
    permission::UserType,
    text::{Login, Username},
    user::{NewUser, User, UserView, change},
    verification::{FlowPurpose, Started, Verification},
};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

/// The routes, as their page of the contract has them.
pub fn routes() -> OpenApiRouter<Context> {
    OpenApiRouter::new().routes(routes!(start)).routes(routes!(complete))
}

/// Where the code goes.
#[derive(ToSchema)]
#[schema(as = RegistrationStart)]
#[expect(dead_code, reason = "describes the body that `start` reads")]
struct StartBody {
    email: Email,
}

/// A registration that waits for its code.
#[derive(Debug, Serialize, ToSchema)]
struct RegistrationStarted {
    registration_id: FlowId,
    #[serde(flatten)]
    started: Started,
}

/// The code from the mail, and who wants to become a user.
#[derive(ToSchema)]
#[schema(as = RegistrationCompletion)]
#[expect(dead_code, reason = "describes the body that `Completion` reads")]
struct CompleteBody {
    #[schema(pattern = "^[0-9]{8}$")]
    code: String,
    username: Username,
    login: Login,
    password: String,
    password_confirmation: String,
    /// The team it comes from is joined in the same step.
    #[schema(pattern = "^[0-9]{8}$")]
    invitation_code: Option<String>,
}

/// The user who registered.
#[derive(Debug, Serialize, ToSchema)]
struct Registered<'a> {
    user: UserView<'a>,
}

struct Completion {
    code: EightDigits,
    username: Username,
    login: Login,
    password: Password,
    invitation_code: Option<EightDigits>,
}

impl Completion {
    fn read(mut fields: Fields, rule: &PasswordRule, flow: Option<&Verification>) -> Result<Self, Refusal> {
        let code = fields.required("code");
        let username: Option<Username> = fields.required("username");
        let login: Option<Login> = fields.required("login");
        let names = [
            username.as_ref().map(Username::as_str),
            login.as_ref().map(Login::as_str),
            flow.map(|flow| flow.email.local_part()),
        ];
        let names: Vec<_> = names.into_iter().flatten().collect();
        let password = rule.read_twice(&mut fields, &names);
        let invitation_code = fields.optional("invitation_code");
        fields.finish(|| {
            Some(Self { code: code?, username: username?, login: login?, password: password?, invitation_code })
        })
    }
}

/// Mails a code; the reply is the same for an address that somebody has, and its owner is told instead.
#[utoipa::path(post, path = "/v1/registrations", operation_id = "start_registration", tag = "public", request_body = StartBody, responses((status = 202, body = RegistrationStarted)))]
async fn start(State(context): State<Context>, guest: PublicRequest) -> Result<Reply, Problem> {
    check_open(&context)?;
    let mut fields = guest.fields()?;
    let email: Option<Email> = fields.required("email");
    let email = fields.finish(|| email)?;
    let flow = retry_on_conflict(|| async {
        let (flow, commit) =
            verification::begin(&context, &guest, VerificationRequest::Registration, email.clone()).await?;
        context.store.commit(commit).await?;
        Ok(flow)
    });
    let flow = flow.await?;
    Reply::accepted(&RegistrationStarted { registration_id: flow.flow_id, started: Started::from(&flow) })
}

/// Creates the user whose address was proved, or changes nothing.
#[utoipa::path(post, path = "/v1/registrations/{registration_id}/complete", operation_id = "complete_registration", tag = "public", params(("registration_id" = FlowId, Path), ("Idempotency-Key" = Option<String>, Header, min_length = 1, max_length = 128)),
    request_body = CompleteBody, responses((status = 201, body = Registered, headers(("Location"), ("ETag")))))]
async fn complete(
    State(context): State<Context>,
    Path(registration_id): Path<String>,
    call: IdempotentRequest,
) -> Result<Reply, Problem> {
    let registration_id = FlowId::parse(&registration_id).ok_or(Code::NotFound)?;
    check_open(&context)?;
    let (flow_id, purpose) = (registration_id, FlowPurpose::Registration);
    let flow = context.store.verification(flow_id, purpose).await?;
    let completion = Completion::read(call.request.fields()?, &context.config.password, flow.as_ref())?;
    let tried = ProvenFlow::by_code(&context, &call.request, (flow_id, purpose), flow.as_ref(), &completion.code);
    let proved = tried.await?;
    match register(&context, &call, &proved, completion).await {
        Err(problem) if NOT_THE_CODES_FAULT.into_iter().any(|code| problem.is(code)) => {
            Err(proved.refused(&context, problem).await)
        }
        done => done,
    }
}

/// What stands in the way of somebody whose mailed code was right, and gives that try back.
const NOT_THE_CODES_FAULT: [Code; 5] =
    [Code::LoginTaken, Code::InvitationInvalid, Code::TooManyMembers, Code::TooManyAttempts, Code::Conflict];

fn check_open(context: &Context) -> Result<(), Code> {
    if context.config.is_registration_open { Ok(()) } else { Err(Code::RegistrationClosed) }
}

async fn register(
    context: &Context,
    call: &IdempotentRequest,
    proved: &ProvenFlow,
    completion: Completion,
) -> Result<Reply, Problem> {
    let Completion { username, login, password, invitation_code, .. } = completion;
    // The transaction decides; asked before, what is taken costs no hash.
    let taken = context.store.taken(&proved.flow.email, &login).await?;
    if taken.email {
        return Err(Code::VerificationFailed.into());
    }
    if taken.login {
        return Err(Code::LoginTaken.into());
    }
    let tried = match &invitation_code {
        Some(code) => {
            Some(RedemptionAttempt::reserve(context, &call.request, &login, Some(&proved.flow.email), code).await?)
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
    let hash = password::hash(context, password).await?;
    let registered = retry_on_conflict(|| create(context, call, proved, &user, &hash, tried.as_ref())).await;
    match (registered, tried) {
        (Err(problem), Some(tried)) => Err(tried.failed(context, By::shown(call, &user), problem).await),
        (registered, _) => registered,
    }
}

/// Writes the user and, where an invitation came with it, the membership: both, or neither.
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
            let (invited, _) = tried.invited(context, None).await?;
            Some(tried.join(context, invited, user, call.request.now).await?)
        }
        None => None,
    };
    // Whoever registers into a team was never without it: this is its first version.
    let teams = joining.as_ref().map(|joining| joining.user.teams.clone()).unwrap_or_default();
    let user = User { teams, ..user.clone() };
    let by = || By::shown(call, &user);
    let credential = Credential::new(user.user_id, hash.clone(), call.request.now);
    let mut commit = rollcall_store::user::create(&user, &credential)?.extended(proved.succeeded());
    if let Some(joining) = joining {
        commit = commit.extended(joining.commit).and(context.audited(&by(), joining.change)?);
    }
    let reply = Reply::created(format!("/v1/users/{}", user.user_id), &Registered { user: (&user).into() })?;
    let reply = reply.at_version(user.version);
    context.commit(by(), commit, change(Action::UserRegister, None, Some(&user)), reply).await
}
