//! Invitations: a code of eight digits with which a user joins a team, once and within a day.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    audit::{Action, Change, Target},
    choice::choices,
    error::Code,
    held_role::HeldRole,
    id::{InvitationId, TeamId},
    limits::{INVITATION_HISTORY, INVITATION_LIFETIME},
    membership_days::MembershipDays,
    role::{Role, RoleView},
    text::{Login, Note},
    time::Timestamp,
    user::{User, UserRef},
};

choices! {
    /// The state of an invitation.
    InvitationStatus {
        /// It can be redeemed.
        Live "live",
        /// A user joined the team with it.
        Redeemed "redeemed",
        /// It was revoked.
        Revoked "revoked",
        /// It expired.
        Expired "expired",
    }
}

/// An invitation to issue.
#[derive(Clone, Debug)]
pub struct NewInvitation {
    /// The team.
    pub team_id: TeamId,
    /// The role that the user gets.
    pub role: Role,
    /// The only login that may redeem it; `None` if any may.
    pub login: Option<Login>,
    /// A note for the people who manage invitations.
    pub note: Option<Note>,
    /// The length of the membership; `None` if it lasts.
    pub membership_days: Option<MembershipDays>,
}

/// An invitation, as stored: with a hash of its code to find it by, and with two digits to tell codes apart.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invitation {
    /// Identifies the invitation.
    pub invitation_id: InvitationId,
    /// The team.
    pub team_id: TeamId,
    /// The role that the user gets, as it was when the invitation was issued.
    pub role: Role,
    /// The only login that may redeem it; `None` if any may.
    #[serde(default)]
    pub login: Option<Login>,
    /// Whether the team counts it among those bound to a login. Invitations from before there was such a count are not.
    #[serde(default)]
    pub is_counted_as_bound: bool,
    /// A note for the people who manage invitations.
    #[serde(default)]
    pub note: Option<Note>,
    /// The length of the membership; `None` if it lasts.
    #[serde(default)]
    pub membership_days: Option<MembershipDays>,
    /// The last two digits of the code.
    pub code_hint: String,
    /// The keyed hash of the code, by which the invitation is found.
    pub code_hash: String,
    /// The stored state. An expired invitation may still be stored as live: see [`Invitation::status_at`].
    pub status: InvitationStatus,
    /// The user who issued it.
    pub issued_by: UserRef,
    /// The user who redeemed it.
    #[serde(default)]
    pub redeemed_by: Option<UserRef>,
    /// When it was issued.
    pub created_at: Timestamp,
    /// When it expires.
    pub expires_at: Timestamp,
    /// When it was redeemed.
    #[serde(default)]
    pub redeemed_at: Option<Timestamp>,
    /// Starts at 1 and grows with every change.
    pub version: u64,
}

impl Invitation {
    /// Issues an invitation with the hint and the hash of its code. It is live from now on.
    pub fn issue(
        new: NewInvitation,
        invitation_id: InvitationId,
        (code_hint, code_hash): (String, String),
        issuer: &User,
        now: Timestamp,
    ) -> Self {
        let NewInvitation { team_id, role, login, note, membership_days } = new;
        Self {
            invitation_id,
            team_id,
            role,
            is_counted_as_bound: login.is_some(),
            login,
            note,
            membership_days,
            code_hint,
            code_hash,
            status: InvitationStatus::Live,
            issued_by: issuer.to_ref(),
            redeemed_by: None,
            created_at: now,
            expires_at: now + INVITATION_LIFETIME,
            redeemed_at: None,
            version: 1,
        }
    }

    /// Whether it is too old to be shown, although it may still be stored.
    pub fn is_past_history(&self, now: Timestamp) -> bool {
        now >= self.expires_at + INVITATION_HISTORY
    }

    /// A new invitation for the same team, login, note and length of the membership, with this role.
    pub fn to_reissue(&self, role: Role) -> NewInvitation {
        let (login, note) = (self.login.clone(), self.note.clone());
        NewInvitation { team_id: self.team_id, role, login, note, membership_days: self.membership_days }
    }

    /// The role of somebody who redeems the invitation at `now`.
    pub fn granted(&self, now: Timestamp) -> HeldRole {
        let expires_at = self.membership_days.map(|days| days.after(now));
        HeldRole { role_id: self.role.role_id, expires_at }
    }

    /// The state at `now`: a stored state of live does not count after the expiry.
    pub fn status_at(&self, now: Timestamp) -> InvitationStatus {
        match self.status {
            InvitationStatus::Live if now >= self.expires_at => InvitationStatus::Expired,
            status => status,
        }
    }

    /// Whether it can be redeemed at `now`.
    pub fn is_live(&self, now: Timestamp) -> bool {
        self.status_at(now) == InvitationStatus::Live
    }

    /// Redeems the invitation. It must be live, and must not be bound to another login.
    pub fn redeemed(self, redeemer: &User, now: Timestamp) -> Result<Self, Code> {
        let is_for_redeemer = self.login.as_ref().is_none_or(|login| login.key() == redeemer.login.key());
        if !self.is_live(now) || !is_for_redeemer {
            return Err(Code::InvitationInvalid);
        }
        if redeemer.teams.role_at(self.team_id, now).is_some() {
            return Err(Code::AlreadyMember);
        }
        let (redeemed_by, redeemed_at) = (Some(redeemer.to_ref()), Some(now));
        Ok(Self { redeemed_by, redeemed_at, ..self.ended(InvitationStatus::Redeemed) })
    }

    /// Revokes the invitation.
    #[must_use]
    pub fn revoked(self) -> Self {
        self.ended(InvitationStatus::Revoked)
    }

    /// Marks the invitation as expired; `None` if it has another end or has not expired yet.
    pub fn expired(self, now: Timestamp) -> Option<Self> {
        let is_due = self.status == InvitationStatus::Live && now >= self.expires_at;
        is_due.then(|| self.ended(InvitationStatus::Expired))
    }

    fn ended(self, status: InvitationStatus) -> Self {
        Self { status, version: self.version + 1, ..self }
    }
}

/// The change from one state of an invitation to another, for the audit log.
pub fn change(action: Action, before: Option<&Invitation>, after: Option<&Invitation>) -> Change {
    let some = before.or(after);
    let target = Target::invitation(some.map_or(InvitationId::from_bytes([0; 16]), |some| some.invitation_id));
    // The stored state, not the one by now: the record is about what was written.
    let view = |invitation: &Invitation| InvitationView::new(invitation.clone(), None, invitation.created_at);
    let (before, after) = (before.map(view), after.map(view));
    Change::between(action, target, some.map(|some| some.team_id), before.as_ref(), after.as_ref())
}

/// An invitation, as replies show it.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Invitation)]
pub struct InvitationView {
    /// Identifies the invitation.
    invitation_id: InvitationId,
    /// The team that the invitation leads into.
    team_id: TeamId,
    /// The role that the user gets.
    role: RoleView,
    /// The only login that may redeem the invitation; null if any may.
    #[schema(required)]
    login: Option<Login>,
    /// A note for the people who manage invitations; null if there is none.
    #[schema(required)]
    note: Option<Note>,
    /// The number of days after the redemption at which the membership ends; null if it lasts.
    #[schema(required)]
    membership_days: Option<MembershipDays>,
    /// The last two digits of the code, to tell codes apart.
    #[schema(pattern = "^[0-9]{2}$", example = "67")]
    code_hint: String,
    /// The state now.
    status: InvitationStatus,
    /// The user who issued the invitation.
    issued_by: UserRef,
    /// The user who redeemed the invitation; null if nobody has.
    #[schema(required)]
    redeemed_by: Option<UserRef>,
    /// When the invitation was issued.
    created_at: Timestamp,
    /// When the invitation expires.
    expires_at: Timestamp,
    /// When the invitation was redeemed; null if it was not.
    #[schema(required)]
    redeemed_at: Option<Timestamp>,
    /// Starts at 1 and grows with every change.
    version: u64,
}

impl InvitationView {
    /// The view of an invitation at `now`, with the current state of its role if that still exists.
    pub fn new(invitation: Invitation, role: Option<Role>, now: Timestamp) -> Self {
        let status = invitation.status_at(now);
        Self {
            invitation_id: invitation.invitation_id,
            team_id: invitation.team_id,
            role: role.unwrap_or(invitation.role).into(),
            login: invitation.login,
            note: invitation.note,
            membership_days: invitation.membership_days,
            code_hint: invitation.code_hint,
            status,
            issued_by: invitation.issued_by,
            redeemed_by: invitation.redeemed_by,
            created_at: invitation.created_at,
            expires_at: invitation.expires_at,
            redeemed_at: invitation.redeemed_at,
            version: invitation.version,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::{
        id::UserId,
        new_user::NewUser,
        permission::{Preset, UserType},
        text::Username,
    };

    fn noon() -> Timestamp {
        Timestamp::new("2026-11-20T12:00:00Z".parse().unwrap())
    }

    fn user(login: &str) -> User {
        let new = NewUser::named(Username::parse(login).unwrap(), Login::parse(login).unwrap(), UserType::Member);
        new.create(UserId::from_bytes([3; 16]), noon())
    }

    fn invitation(login: Option<&str>) -> Invitation {
        let team_id = TeamId::from_bytes([1; 16]);
        let login = login.map(|login| Login::parse(login).unwrap());
        let new = NewInvitation { team_id, role: Preset::Developer.into(), login, note: None, membership_days: None };
        let code = ("42".to_owned(), "hash".to_owned());
        Invitation::issue(new, InvitationId::from_bytes([2; 16]), code, &user("issuer"), noon())
    }

    #[test]
    fn an_invitation_is_live_for_24_hours_to_the_millisecond() {
        let end = noon() + Duration::from_hours(24);
        let last = noon() + Duration::from_millis(24 * 60 * 60 * 1000 - 1);
        assert!(invitation(None).redeemed(&user("mina"), last).is_ok());
        assert_eq!(invitation(None).redeemed(&user("mina"), end), Err(Code::InvitationInvalid));
        assert_eq!(invitation(None).status_at(end), InvitationStatus::Expired);
        assert_eq!(invitation(None).expired(last), None);
        assert_eq!(invitation(None).expired(end).unwrap().status, InvitationStatus::Expired);
    }

    #[test]
    fn a_bound_invitation_matches_its_login_in_any_case() {
        assert!(invitation(Some("Mina")).redeemed(&user("mina"), noon()).is_ok());
        assert_eq!(invitation(Some("Mina")).redeemed(&user("jisoo"), noon()), Err(Code::InvitationInvalid));
    }

    #[test]
    fn a_redeemed_invitation_cannot_be_redeemed_again_or_expire() {
        let redeemed = invitation(None).redeemed(&user("mina"), noon()).unwrap();
        assert_eq!(redeemed.clone().redeemed(&user("mina"), noon()), Err(Code::InvitationInvalid));
        assert_eq!(redeemed.expired(noon() + Duration::from_hours(48)), None);
    }

    #[test]
    fn a_member_learns_of_their_membership_only_with_a_valid_code() {
        let mut mina = user("mina");
        let role = HeldRole { role_id: Preset::Reviewer.into(), expires_at: Some(noon() + Duration::from_hours(1)) };
        mina.teams.insert(TeamId::from_bytes([1; 16]), role);
        assert_eq!(invitation(None).redeemed(&mina, noon()), Err(Code::AlreadyMember));
        assert!(invitation(None).redeemed(&mina, noon() + Duration::from_hours(1)).is_ok(), "the membership has ended");
        assert_eq!(invitation(Some("jisoo")).redeemed(&mina, noon()), Err(Code::InvitationInvalid));
    }
}
