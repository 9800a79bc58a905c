//! Invitation codes. An item under the hash of a code points to its invitation.

use rollcall_domain::{
    Code,
    breaker::Breaker,
    id::{InvitationId, TeamId, UserId},
    invitation::Invitation,
    permission::Preset,
    role_id::RoleId,
    text::Login,
    throttle::Throttle,
};
use serde::{Deserialize, Serialize};

use crate::{
    error::Fault,
    item::{string, to_item, with_ttl},
    keys,
    table::Store,
    throttle::{ThrottleId, throttles_among},
    write::Write,
};

/// What is stored under a code: the invitation it belongs to, and what is read together with that.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CodePointer {
    /// The invitation.
    pub invitation_id: InvitationId,
    /// The team that it invites to.
    pub team_id: TeamId,
    pub(crate) role_id: RoleId,
    pub(crate) issuer_id: UserId,
    /// The only login that may redeem it, if it is bound to one.
    #[serde(default)]
    pub login: Option<Login>,
}

impl CodePointer {
    fn new(invitation: &Invitation) -> Self {
        Self {
            invitation_id: invitation.invitation_id,
            team_id: invitation.team_id,
            role_id: invitation.role.role_id,
            issuer_id: invitation.issued_by.user_id,
            login: invitation.login.clone(),
        }
    }

    /// Stands for unknown codes, so that they cost the same reads as known ones (no timing oracle).
    fn placeholder() -> Self {
        Self {
            invitation_id: InvitationId::from_bytes([0; 16]),
            team_id: TeamId::from_bytes([0; 16]),
            role_id: Preset::Reviewer.into(),
            issuer_id: UserId::from_bytes([0; 16]),
            login: None,
        }
    }
}

/// What is read before an attempt at a code is counted.
#[derive(Debug)]
pub struct CodeLookup {
    /// The requested throttles, in their order.
    pub throttles: Vec<Option<Throttle>>,
    /// The breaker.
    pub breaker: Breaker,
    /// The invitation of the code, or a placeholder.
    pub pointer: CodePointer,
}

impl Store {
    /// Throttles, the breaker, and the invitation whose code has one of these hashes, in one consistent read.
    pub async fn look_up_code(&self, throttles: &[ThrottleId], hashes: &[String]) -> Result<CodeLookup, Fault> {
        let keys = throttles.iter().map(ThrottleId::key);
        let codes: Vec<_> = hashes.iter().map(|hash| keys::code(hash)).collect();
        let items = self.items_by_key(keys.chain(codes.iter().cloned()).chain([keys::breaker()])).await?;
        let mut pointer = None;
        for code in &codes {
            pointer = pointer.or(items.get(code)?);
        }
        Ok(CodeLookup {
            throttles: throttles_among(&items, throttles)?,
            breaker: items.get(&keys::breaker())?.unwrap_or_default(),
            pointer: pointer.unwrap_or_else(CodePointer::placeholder),
        })
    }
}

/// Stores the code of a new invitation. A conflict means that another invitation has the same code: draw another.
pub(crate) fn put(invitation: &Invitation) -> Result<Write, Fault> {
    let item = to_item(&keys::code(&invitation.code_hash), &CodePointer::new(invitation))?;
    Ok(Write::put(with_ttl(item, invitation.expires_at)).only_if_absent(Code::Conflict))
}

/// Deletes the code of an invitation, if the database has not yet deleted it as expired. If another invitation has
/// drawn the same code since, this is a conflict until that invitation has ended.
pub(crate) fn delete(invitation: &Invitation) -> Write {
    let own = vec![(":own", string(invitation.invitation_id.to_string()))];
    Write::delete(keys::code(&invitation.code_hash)).only_if(
        "attribute_not_exists(#pk) OR #invitation_id = :own",
        own,
        Code::Conflict,
    )
}
