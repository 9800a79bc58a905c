//! Flows of several steps, whose state stays here: proving an address, the way from password to second factor, the
//! binding of one. A try is counted in the flow before it is looked at.

use aws_sdk_dynamodb::{error::ProvideErrorMetadata, types::ReturnValue};
use rollcall_domain::{
    Code, Timestamp,
    credential::Enrolment,
    id::{FlowId, UserId},
    limits::{MAX_CODE_TRIES, MAX_TICKET_TRIES},
    session::SignInTicket,
    verification::{FlowPurpose, Mailings, Verification},
};
use serde::{Deserialize, de::DeserializeOwned};

use crate::{
    commit::{Bookkeeping, Meaning, Values, Write, names_in, values_of},
    error::Fault,
    item::{ending, from_item, key_of, number, string, to_item, value},
    keys::{self, Key},
    table::{Store, unavailable},
};

/// Whose address it is.
#[derive(Debug, Deserialize)]
struct Marker {
    user_id: UserId,
}

/// What is known of an address before a mail to it.
#[derive(Debug, Default)]
pub struct Addressed {
    /// Who proved the address.
    pub owner: Option<UserId>,
    /// The mails to it.
    pub to_address: Option<Mailings>,
    /// The mails to it that one network asked for.
    pub from_network: Option<Mailings>,
}

impl Store {
    /// Who proved an address, and the mails to it under these two hashes.
    pub async fn addressed(&self, canonical: &str, address: &str, network: &str) -> Result<Addressed, Fault> {
        let (to_address, from_network) = (keys::mailings(address), keys::mailings(network));
        let mut found = Addressed::default();
        for item in self.batch_get(&[keys::email(canonical), to_address.clone(), from_network.clone()]).await? {
            let key = key_of(&item);
            if key == to_address {
                found.to_address = Some(from_item(item)?);
            } else if key == from_network {
                found.from_network = Some(from_item(item)?);
            } else {
                found.owner = Some(from_item::<Marker>(item)?.user_id);
            }
        }
        Ok(found)
    }

    /// The verification of this id, also one that is over.
    pub async fn verification(&self, flow_id: FlowId, purpose: FlowPurpose) -> Result<Option<Verification>, Fault> {
        // The id may be a ticket's, which is none.
        let item = self.batch_get(&[keys::flow(flow_id)]).await?.pop();
        let item = item.filter(|item| item.get("purpose") == Some(&string(purpose.word())));
        item.map(from_item).transpose()
    }

    /// Counts a try at a verification's code, unless it has none left or is over.
    pub async fn try_code(
        &self,
        flow_id: FlowId,
        purpose: FlowPurpose,
        now: Timestamp,
    ) -> Result<Option<Verification>, Fault> {
        let open = "#purpose = :purpose AND #tries < :most AND #expires_at > :now";
        let values = vec![(":purpose", value(&purpose)?), (":most", number(MAX_CODE_TRIES))];
        self.count_try(keys::flow(flow_id), open, values, now).await
    }

    /// The ticket of this id, also one that is over.
    pub async fn ticket(&self, flow_id: FlowId) -> Result<Option<SignInTicket>, Fault> {
        let item = self.batch_get(&[keys::flow(flow_id)]).await?.pop();
        item.filter(|item| item.contains_key("secret_hash")).map(from_item).transpose()
    }

    /// Counts a try at a ticket's second factor, unless it has none left or is over.
    pub async fn try_ticket(&self, flow_id: FlowId, now: Timestamp) -> Result<Option<SignInTicket>, Fault> {
        let open = "attribute_exists(#secret_hash) AND #tries < :most AND #expires_at > :now";
        self.count_try(keys::flow(flow_id), open, vec![(":most", number(MAX_TICKET_TRIES))], now).await
    }

    /// The second factor that waits for its first code, unless it is over.
    pub async fn enrolment(&self, user_id: UserId, now: Timestamp) -> Result<Option<Enrolment>, Fault> {
        let enrolment: Option<Enrolment> = self.get(&keys::enrolment(user_id)).await?;
        Ok(enrolment.filter(|enrolment| now < enrolment.expires_at))
    }

    /// Not a commit: the reply is the state that was counted in.
    async fn count_try<T: DeserializeOwned>(
        &self,
        key: Key,
        open: &'static str,
        mut values: Values,
        now: Timestamp,
    ) -> Result<Option<T>, Fault> {
        const COUNT: &str = "SET #tries = #tries + :one";
        values.extend([(":one", number(1)), (":now", string(now.to_string()))]);
        let request = (self.client().update_item().table_name(self.table()))
            .set_key(Some(key.to_item()))
            .update_expression(COUNT)
            .condition_expression(open)
            .set_expression_attribute_names(names_in([COUNT, open]))
            .set_expression_attribute_values(values_of(&values))
            .return_values(ReturnValue::AllNew);
        match self.retried(|| request.clone().send(), |_| false).await {
            Ok(reply) => from_item(reply.attributes.unwrap_or_default()).map(Some),
            Err(error) if error.code() == Some("ConditionalCheckFailedException") => Ok(None),
            Err(error) => Err(unavailable("UpdateItem")(error)),
        }
    }
}

/// A verification begins, or goes on with another code, over what was there before.
pub fn verify(before: Option<&Verification>, after: &Verification) -> Result<Bookkeeping, Fault> {
    let put = Write::put(ending(to_item(&keys::flow(after.flow_id), after)?, after.expires_at));
    let write = match before {
        None => put.only_if_absent(Code::Conflict),
        Some(before) => put.only_if(
            "#tries = :tries AND #sent_at = :sent_at",
            vec![(":tries", number(before.tries)), (":sent_at", string(before.sent_at.to_string()))],
            Meaning::Always(Code::Conflict),
        ),
    };
    Ok(write.bookkeeping())
}

/// The end of a verification by its newest code.
pub fn end_verification(flow: &Verification) -> Bookkeeping {
    let newest = vec![(":sent_at", string(flow.sent_at.to_string()))];
    let meaning = Meaning::Always(Code::VerificationFailed);
    Write::delete(keys::flow(flow.flow_id)).only_if("#sent_at = :sent_at", newest, meaning).bookkeeping()
}

/// Gives a try back: the code was right, and something else stood in the way.
pub fn undo_try(flow_id: FlowId) -> Bookkeeping {
    let one = vec![(":one", number(1))];
    Write::update(keys::flow(flow_id), "SET #tries = #tries - :one", one)
        .only_if_present(Code::VerificationFailed)
        .bookkeeping()
}

/// Remembers the mails under a hash for as long as they count.
pub fn mailed(
    hash: &str,
    before: Option<&Mailings>,
    after: &Mailings,
    counts_until: Timestamp,
) -> Result<Bookkeeping, Fault> {
    let put = Write::put(ending(to_item(&keys::mailings(hash), after)?, counts_until));
    let write = match before {
        None => put.only_if_absent(Code::Conflict),
        Some(before) => {
            let seen = vec![(":seen", value(&before.sent_at)?)];
            put.only_if("#sent_at = :seen", seen, Meaning::Always(Code::Conflict))
        }
    };
    Ok(write.bookkeeping())
}

/// A new ticket.
pub fn begin_ticket(ticket: &SignInTicket) -> Result<Bookkeeping, Fault> {
    let item = to_item(&keys::flow(ticket.flow_id), ticket)?;
    Ok(Write::put(ending(item, ticket.expires_at)).only_if_absent(Code::Conflict).bookkeeping())
}

/// The end of a ticket by the session it was for.
pub fn end_ticket(ticket: &SignInTicket) -> Bookkeeping {
    Write::delete(keys::flow(ticket.flow_id)).only_if_present(Code::InvalidCode).bookkeeping()
}

/// A second factor waits for its first code; an earlier one waits no more.
pub fn begin_enrolment(user_id: UserId, enrolment: &Enrolment) -> Result<Bookkeeping, Fault> {
    Ok(Write::put(ending(to_item(&keys::enrolment(user_id), enrolment)?, enrolment.expires_at)).bookkeeping())
}

/// The second factor that waited is bound.
pub fn end_enrolment(user_id: UserId, enrolment: &Enrolment) -> Bookkeeping {
    let same = vec![(":secret", string(&enrolment.secret))];
    let meaning = Meaning::Always(Code::VerificationFailed);
    Write::delete(keys::enrolment(user_id)).only_if("#secret = :secret", same, meaning).bookkeeping()
}
