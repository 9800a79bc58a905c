//! State of flows with several steps: verifying an email address, signing in with a second factor, enrolling one.
//!
//! An attempt at a code is counted in the flow before the code is compared.

use rollcall_domain::{
    Code, Timestamp,
    credential::Enrolment,
    id::{FlowId, UserId},
    limits::{MAX_CODE_TRIES, MAX_REFUSALS_AFTER_RIGHT_CODE, MAX_TICKET_TRIES},
    session::SignInTicket,
    throttle::Throttle,
    verification::{FlowPurpose, Mailings, Verification},
};
use serde::de::DeserializeOwned;

use crate::{
    error::Fault,
    expression::Values,
    item::{ItemsByKey, from_item, number, string, timestamp, to_item, value, with_ttl},
    keys,
    table::Store,
    throttle::{ThrottleId, throttles_among},
    user::AddressMarker,
    write::{Bookkeeping, Write},
};

/// What is stored about an email address before another mail is sent to it.
#[derive(Debug, Default)]
pub struct AddressState {
    /// The user who has verified the address.
    pub owner: Option<UserId>,
    /// The recent mails to it.
    pub mailings: Option<Mailings>,
    /// The flow that was asked for.
    pub flow: Option<Verification>,
    /// The requested throttles, in their order.
    pub throttles: Vec<Option<Throttle>>,
}

/// Names a verification: its id, and what it is for. The id alone may be that of a ticket or of another purpose's flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FlowRef {
    /// The flow.
    pub flow_id: FlowId,
    /// Why it verifies an address.
    pub purpose: FlowPurpose,
}

impl Store {
    /// The owner of an address, the mails recorded under its hash, a flow and throttles, in one consistent read.
    pub async fn address_state(
        &self,
        canonical: &str,
        mailings: &str,
        flow: Option<FlowRef>,
        throttles: &[ThrottleId],
    ) -> Result<AddressState, Fault> {
        let (owner, mailings) = (keys::email(canonical), keys::mailings(mailings));
        let others = [owner.clone(), mailings.clone()].into_iter().chain(flow.map(|flow| keys::flow(flow.flow_id)));
        let items = self.items_by_key(throttles.iter().map(ThrottleId::key).chain(others)).await?;
        Ok(AddressState {
            owner: items.get(&owner)?.map(|marker: AddressMarker| marker.user_id),
            mailings: items.get(&mailings)?,
            flow: flow.map_or(Ok(None), |flow| verification_among(&items, flow))?,
            throttles: throttles_among(&items, throttles)?,
        })
    }

    /// A verification, also if it has expired, and throttles, in one consistent read.
    pub async fn verification_and_throttles(
        &self,
        flow: FlowRef,
        throttles: &[ThrottleId],
    ) -> Result<(Option<Verification>, Vec<Option<Throttle>>), Fault> {
        let keys = throttles.iter().map(ThrottleId::key).chain([keys::flow(flow.flow_id)]);
        let items = self.items_by_key(keys).await?;
        Ok((verification_among(&items, flow)?, throttles_among(&items, throttles)?))
    }

    /// Counts an attempt at a verification's code, and returns the verification; nothing if it has expired or allows no
    /// further attempt.
    pub async fn count_code_attempt(&self, flow: FlowRef, now: Timestamp) -> Result<Option<Verification>, Fault> {
        self.count_attempt(flow.flow_id, OPEN, open_values(flow.purpose, now)?).await
    }

    /// The sign-in ticket of this id, also if it has expired.
    pub async fn ticket(&self, flow_id: FlowId) -> Result<Option<SignInTicket>, Fault> {
        // The id may be that of a verification.
        let item = self.batch_get(&[keys::flow(flow_id)]).await?.pop();
        item.filter(|item| item.contains_key("secret_hash")).map(from_item).transpose()
    }

    /// Counts an attempt at a ticket's second factor, and returns the ticket; nothing if it has expired or allows no
    /// further attempt.
    pub async fn count_ticket_attempt(&self, flow_id: FlowId, now: Timestamp) -> Result<Option<SignInTicket>, Fault> {
        let open = "attribute_exists(#secret_hash) AND #tries < :max AND #expires_at > :now";
        let values = vec![(":max", number(MAX_TICKET_TRIES)), (":now", timestamp(now))];
        self.count_attempt(flow_id, open, values).await
    }

    /// The user's enrolment of a second factor, unless it has expired.
    pub async fn enrolment(&self, user_id: UserId, now: Timestamp) -> Result<Option<Enrolment>, Fault> {
        let enrolment: Option<Enrolment> = self.get(&keys::enrolment(user_id)).await?;
        Ok(enrolment.filter(|enrolment| now < enrolment.expires_at))
    }

    async fn count_attempt<T: DeserializeOwned>(
        &self,
        flow_id: FlowId,
        open: &str,
        mut values: Values,
    ) -> Result<Option<T>, Fault> {
        values.push((":one", number(1)));
        self.update_and_get(&keys::flow(flow_id), "SET #tries = #tries + :one", open, &values).await
    }
}

/// The condition that a verification takes another attempt. Flows of earlier versions have no refusals.
const OPEN: &str = "#purpose = :purpose AND #tries < :max AND #expires_at > :now AND \
    (attribute_not_exists(#refusals) OR #refusals < :max_refusals)";

/// The values of [`OPEN`].
fn open_values(purpose: FlowPurpose, now: Timestamp) -> Result<Values, Fault> {
    Ok(vec![
        (":purpose", value(&purpose)?),
        (":max", number(MAX_CODE_TRIES)),
        (":max_refusals", number(MAX_REFUSALS_AFTER_RIGHT_CODE)),
        (":now", timestamp(now)),
    ])
}

fn verification_among(items: &ItemsByKey, flow: FlowRef) -> Result<Option<Verification>, Fault> {
    let key = keys::flow(flow.flow_id);
    // The item may be a ticket, which does not read as a verification.
    let purpose = items.text(&key, "purpose");
    if purpose.is_some_and(|purpose| purpose == flow.purpose.word()) { items.get(&key) } else { Ok(None) }
}

/// Begins a verification. It replaces one of the same id: a user has one change of address at a time.
pub fn begin_verification(flow: &Verification) -> Result<Bookkeeping, Fault> {
    let item = to_item(&keys::flow(flow.flow_id), flow)?;
    Ok(Write::put(with_ttl(item, flow.expires_at)).bookkeeping())
}

/// Continues a verification with a new code, if it still takes attempts. Those that were made still count.
pub fn continue_verification(after: &Verification, now: Timestamp) -> Result<Bookkeeping, Fault> {
    const UPDATE: &str = "SET #code = :code, #user_id = :user_id, #sent_at = :sent_at, #expires_at = :expires_at, \
        #ttl = :ttl";
    let values = vec![
        (":code", value(&after.code)?),
        (":user_id", value(&after.user_id)?),
        (":sent_at", timestamp(after.sent_at)),
        (":expires_at", timestamp(after.expires_at)),
        (":ttl", number(after.expires_at.unix_seconds())),
    ];
    let write = Write::update(keys::flow(after.flow_id), UPDATE, values);
    Ok(write.only_if(OPEN, open_values(after.purpose, now)?, Code::Conflict).bookkeeping())
}

/// Ends a verification whose code was right, unless it has a newer code meanwhile.
pub fn end_verification(flow: &Verification) -> Result<Bookkeeping, Fault> {
    let newest = vec![(":code", value(&flow.code)?)];
    Ok(Write::delete(keys::flow(flow.flow_id)).only_if("#code = :code", newest, Code::VerificationFailed).bookkeeping())
}

/// Takes back a counted attempt: the code was right, but the request was refused for another reason, which is counted
/// instead. If a reply is lost, the repeated write may count twice; a flow without counted attempts stays as it is.
pub fn record_refusal(flow_id: FlowId) -> Bookkeeping {
    const UPDATE: &str = "SET #tries = #tries - :one ADD #refusals :one";
    Write::update(keys::flow(flow_id), UPDATE, vec![(":one", number(1))])
        .only_if("#tries > :zero", vec![(":zero", number(0))], Code::VerificationFailed)
        .bookkeeping()
}

/// Records the mails sent under a hash, for as long as they count. The earlier state must be unchanged.
pub fn save_mailings(hash: &str, before: Option<&Mailings>, after: &Mailings) -> Result<Bookkeeping, Fault> {
    let mut item = to_item(&keys::mailings(hash), after)?;
    if let Some(counts_until) = after.counts_until() {
        item = with_ttl(item, counts_until);
    }
    let write = match before {
        None => Write::put(item).only_if_absent(Code::Conflict),
        Some(before) => {
            Write::put(item).only_if("#mails = :seen", vec![(":seen", value(&before.mails())?)], Code::Conflict)
        }
    };
    Ok(write.bookkeeping())
}

/// Creates a sign-in ticket.
pub fn begin_ticket(ticket: &SignInTicket) -> Result<Bookkeeping, Fault> {
    let item = to_item(&keys::flow(ticket.flow_id), ticket)?;
    Ok(Write::put(with_ttl(item, ticket.expires_at)).only_if_absent(Code::Conflict).bookkeeping())
}

/// Ends a ticket, in the commit that creates its session.
pub fn end_ticket(ticket: &SignInTicket) -> Bookkeeping {
    Write::delete(keys::flow(ticket.flow_id)).only_if_present(Code::InvalidCode).bookkeeping()
}

/// Begins the enrolment of a second factor. It replaces an earlier one.
pub fn begin_enrolment(user_id: UserId, enrolment: &Enrolment) -> Result<Bookkeeping, Fault> {
    Ok(Write::put(with_ttl(to_item(&keys::enrolment(user_id), enrolment)?, enrolment.expires_at)).bookkeeping())
}

/// Ends the enrolment, in the commit that stores the second factor.
pub fn end_enrolment(user_id: UserId, enrolment: &Enrolment) -> Bookkeeping {
    let unchanged = vec![(":secret", string(&enrolment.secret))];
    Write::delete(keys::enrolment(user_id))
        .only_if("#secret = :secret", unchanged, Code::VerificationFailed)
        .bookkeeping()
}
