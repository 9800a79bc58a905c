//! State of flows with several steps: verifying an email address, signing in with a second factor, enrolling one.
//!
//! An attempt at a code is counted in the flow before the code is compared.

use rollcall_domain::{
    Code, Timestamp,
    credential::Enrolment,
    id::{FlowId, UserId},
    limits::{MAX_CODE_TRIES, MAX_TICKET_TRIES},
    session::SignInTicket,
    verification::{FlowPurpose, Mailings, Verification},
};
use serde::de::DeserializeOwned;

use crate::{
    error::Fault,
    expression::Values,
    item::{from_item, number, string, timestamp, to_item, value, with_ttl},
    keys,
    table::Store,
    user::AddressMarker,
    write::{Bookkeeping, Write},
};

/// What is stored about an email address before another mail is sent to it.
#[derive(Debug, Default)]
pub struct AddressState {
    /// The user who has verified the address.
    pub owner: Option<UserId>,
    /// The mails sent to it.
    pub to_address: Option<Mailings>,
    /// The mails that were requested from the same network.
    pub from_network: Option<Mailings>,
}

impl Store {
    /// The owner of an address, and the mails recorded under the hashes of the address and of the network.
    pub async fn address_state(&self, canonical: &str, address: &str, network: &str) -> Result<AddressState, Fault> {
        let (owner, to_address, from_network) =
            (keys::email(canonical), keys::mailings(address), keys::mailings(network));
        let items = self.items_by_key([owner.clone(), to_address.clone(), from_network.clone()]).await?;
        Ok(AddressState {
            owner: items.get(&owner)?.map(|marker: AddressMarker| marker.user_id),
            to_address: items.get(&to_address)?,
            from_network: items.get(&from_network)?,
        })
    }

    /// The verification of this id, also if it has expired.
    pub async fn verification(&self, flow_id: FlowId, purpose: FlowPurpose) -> Result<Option<Verification>, Fault> {
        // The id may be that of a ticket or of a verification for another purpose.
        let item = self.batch_get(&[keys::flow(flow_id)]).await?.pop();
        let item = item.filter(|item| item.get("purpose") == Some(&string(purpose.word())));
        item.map(from_item).transpose()
    }

    /// Counts an attempt at a verification's code, and returns the verification; nothing if it has expired or allows no
    /// further attempt.
    pub async fn count_code_attempt(
        &self,
        flow_id: FlowId,
        purpose: FlowPurpose,
        now: Timestamp,
    ) -> Result<Option<Verification>, Fault> {
        let open = "#purpose = :purpose AND #tries < :max AND #expires_at > :now";
        let values = vec![(":purpose", value(&purpose)?), (":max", number(MAX_CODE_TRIES)), (":now", timestamp(now))];
        self.count_attempt(flow_id, open, values).await
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

/// Begins a verification, or continues `before` with a new code. The earlier state must be unchanged.
pub fn save_verification(before: Option<&Verification>, after: &Verification) -> Result<Bookkeeping, Fault> {
    let put = Write::put(with_ttl(to_item(&keys::flow(after.flow_id), after)?, after.expires_at));
    let write = match before {
        None => put.only_if_absent(Code::Conflict),
        Some(before) => put.only_if(
            "#tries = :tries AND #sent_at = :sent_at",
            vec![(":tries", number(before.tries)), (":sent_at", timestamp(before.sent_at))],
            Code::Conflict,
        ),
    };
    Ok(write.bookkeeping())
}

/// Ends a verification whose code was right, unless a newer code was sent meanwhile.
pub fn end_verification(flow: &Verification) -> Bookkeeping {
    let newest = vec![(":sent_at", timestamp(flow.sent_at))];
    Write::delete(keys::flow(flow.flow_id))
        .only_if("#sent_at = :sent_at", newest, Code::VerificationFailed)
        .bookkeeping()
}

/// Takes back a counted attempt: the code was right, but the request was refused for another reason.
pub fn undo_code_attempt(flow_id: FlowId) -> Bookkeeping {
    Write::update(keys::flow(flow_id), "SET #tries = #tries - :one", vec![(":one", number(1))])
        .only_if_present(Code::VerificationFailed)
        .bookkeeping()
}

/// Records the mails sent under a hash, for as long as they count. The earlier state must be unchanged.
pub fn save_mailings(
    hash: &str,
    before: Option<&Mailings>,
    after: &Mailings,
    counts_until: Timestamp,
) -> Result<Bookkeeping, Fault> {
    let put = Write::put(with_ttl(to_item(&keys::mailings(hash), after)?, counts_until));
    let write = match before {
        None => put.only_if_absent(Code::Conflict),
        Some(before) => put.only_if("#sent_at = :seen", vec![(":seen", value(&before.sent_at)?)], Code::Conflict),
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
