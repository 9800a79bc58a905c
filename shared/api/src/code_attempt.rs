//! Trying a mailed code, and reading the body that it comes with.

use rollcall_domain::{
    Code, Fields,
    digits::EightDigits,
    id::FlowId,
    password::PasswordRule,
    throttle::{Throttle, ThrottleKind},
    verification::{FlowPurpose, Verification},
};
use rollcall_store::{
    Bookkeeping, CommitError,
    flow::{self, FlowRef},
    throttle::ThrottleId,
};
use subtle::ConstantTimeEq;

use crate::{
    call::Call,
    context::Context,
    mailed_code, password,
    problem::Problem,
    request::PublicRequest,
    throttle::{self, Attempt},
};

/// A flow before an attempt at its code, as it was read with the throttles of its caller's network.
pub struct PendingFlow {
    id: FlowRef,
    /// The flow, if it takes attempts.
    open: Option<Verification>,
    attempts: (ThrottleId, Option<Throttle>),
    estimates: (ThrottleId, Option<Throttle>),
}

impl PendingFlow {
    /// Reads the flow of a public request.
    pub async fn of_stranger(
        context: &Context,
        request: &PublicRequest,
        flow_id: FlowId,
        purpose: FlowPurpose,
    ) -> Result<Self, Problem> {
        Self::read(context, request, FlowRef { flow_id, purpose }, false).await
    }

    /// Reads the caller's flow.
    pub async fn of_caller(
        context: &Context,
        call: &Call,
        flow_id: FlowId,
        purpose: FlowPurpose,
    ) -> Result<Self, Problem> {
        let is_known_device = call.actor.known_device().is_some();
        Self::read(context, &call.request, FlowRef { flow_id, purpose }, is_known_device).await
    }

    async fn read(
        context: &Context,
        request: &PublicRequest,
        id: FlowRef,
        is_known_device: bool,
    ) -> Result<Self, Problem> {
        let ids = [
            throttle::of_network(context, ThrottleKind::Network, request.address).await?.for_device(is_known_device),
            throttle::of_network(context, ThrottleKind::EstimatingNetwork, request.address).await?,
        ];
        let (flow, found) = context.store.verification_and_throttles(id, &ids).await?;
        let [attempts, estimates] = ids;
        let mut found = found.into_iter();
        Ok(Self {
            id,
            open: flow.filter(|flow| flow.is_open(request.now)),
            attempts: (attempts, found.next().flatten()),
            estimates: (estimates, found.next().flatten()),
        })
    }

    /// Reads a body that sets a password.
    ///
    /// Estimating the strength of the password is expensive and needs no proof, so it happens only for a flow that
    /// takes attempts, and counts against the network. Whatever is cheap is checked before.
    pub async fn parse<T: Send + 'static>(
        &self,
        context: &Context,
        request: &PublicRequest,
        read: impl Fn(&mut Fields, &PasswordRule, Option<&Verification>) -> Option<T> + Send + 'static,
    ) -> Result<T, Problem> {
        let (fields, rule) = (request.fields()?, context.config.password.without_estimate());
        let cheaply = fields.clone().parse(|fields| read(fields, &rule, self.open.as_ref()));
        let is_password_refused = cheaply.as_ref().is_err_and(|refusal| refusal.concerns("/password"));
        let Some(flow) = self.open.clone().filter(|_| !is_password_refused) else { return Ok(cheaply?) };
        let (throttle, found) = self.estimates.clone();
        // Not taken back: it counts the work, whatever comes of it.
        drop(Attempt::reserve(context, vec![throttle], vec![found], request.now).await?);
        password::parse(context, fields, move |fields, rule| read(fields, rule, Some(&flow))).await
    }

    /// Tries a code. An unknown, an expired and a spent flow answer as a wrong code does, and then the attempt counts
    /// only against the network.
    pub async fn try_code(
        self,
        context: &Context,
        request: &PublicRequest,
        code: &EightDigits,
    ) -> Result<ProvenFlow, Problem> {
        let (throttle, found) = self.attempts;
        let attempt = Attempt::reserve(context, vec![throttle], vec![found], request.now).await?;
        let flow = context.store.count_code_attempt(self.id, request.now).await?.ok_or(Code::VerificationFailed)?;
        let digits = mailed_code::digits(context, &flow.code).await?;
        if bool::from(digits.as_bytes().ct_eq(code.as_str().as_bytes())) {
            return Ok(ProvenFlow { flow, attempt });
        }
        Err(Code::VerificationFailed.into())
    }
}

/// A flow whose code was right.
#[derive(Debug)]
pub struct ProvenFlow {
    /// The flow, as it was when the attempt was counted.
    pub flow: Verification,
    attempt: Attempt,
}

impl ProvenFlow {
    /// The writes that end the flow by its success.
    pub fn succeeded(&self) -> Result<Vec<Bookkeeping>, Problem> {
        Ok([flow::end_verification(&self.flow)?].into_iter().chain(self.attempt.succeeded()).collect())
    }

    /// Takes the attempt off the counts, since something other than the code made the request fail, and returns the
    /// problem to answer with. A flow allows a bounded number of such refusals.
    pub async fn fail(self, context: &Context, problem: Problem) -> Problem {
        let undone = async {
            match context.record([flow::record_refusal(self.flow.flow_id)]).await {
                // A flow that ended meanwhile counts nothing.
                Ok(()) | Err(CommitError::Refused(_)) => self.attempt.undo(context).await,
                Err(error) => Err(error.into()),
            }
        };
        undone.await.err().unwrap_or(problem)
    }
}
