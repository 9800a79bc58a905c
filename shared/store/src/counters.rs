//! The counters on a team's item: members, custom roles, live invitations, applications, and the sets of its admins.

use rollcall_domain::{
    Timestamp,
    held_role::HeldRole,
    id::TeamId,
    invitation::Invitation,
    limits::{MAX_LIVE_INVITATIONS, MAX_MEMBERS_PER_TEAM, MAX_ROLES_PER_TEAM},
    team::LastAdmin,
    user::User,
};

use crate::{
    expression::Values,
    item::{number, string_set, timestamp},
    keys,
    tombstone::EXISTS,
    write::{FailureCode, Write},
};

/// An update of one team's counters. Each method adds its clause to the update and, if the counter has a limit, to the
/// condition. Every update requires that the team exists.
#[derive(Debug)]
pub(crate) struct CounterUpdate {
    team_id: TeamId,
    set: Option<&'static str>,
    add: Vec<&'static str>,
    delete: Option<&'static str>,
    conditions: Vec<&'static str>,
    values: Values,
}

impl CounterUpdate {
    pub(crate) fn new(team_id: TeamId) -> Self {
        Self { team_id, set: None, add: Vec::new(), delete: None, conditions: vec![EXISTS], values: Values::new() }
    }

    pub(crate) fn add_member(self) -> Self {
        self.increment("#members :one").only_if("#members < :max_members", ":max_members", MAX_MEMBERS_PER_TEAM)
    }

    pub(crate) fn remove_member(self) -> Self {
        self.decrement("#members :minus_one")
    }

    pub(crate) fn add_invitation(self, invitation: &Invitation) -> Self {
        let update = self.increment("#live :one").only_if("#live < :max_live", ":max_live", MAX_LIVE_INVITATIONS);
        if invitation.is_counted_as_bound { update.increment("#bound :one") } else { update }
    }

    pub(crate) fn remove_invitation(self, invitation: &Invitation) -> Self {
        let update = self.decrement("#live :minus_one");
        if invitation.is_counted_as_bound { update.decrement("#bound :minus_one") } else { update }
    }

    /// Requires that as many invitations are bound to a login as were read. An older team does not count none.
    pub(crate) fn only_if_bound(self, bound: u32) -> Self {
        let condition =
            if bound == 0 { "(attribute_not_exists(#bound) OR #bound = :bound)" } else { "#bound = :bound" };
        self.only_if(condition, ":bound", bound)
    }

    pub(crate) fn add_role(self) -> Self {
        self.increment("#roles :one").only_if("#roles < :max_roles", ":max_roles", MAX_ROLES_PER_TEAM)
    }

    pub(crate) fn remove_role(self) -> Self {
        self.decrement("#roles :minus_one")
    }

    pub(crate) fn add_app(self) -> Self {
        self.increment("#apps :one")
    }

    pub(crate) fn remove_app(self) -> Self {
        self.decrement("#apps :minus_one")
    }

    /// Counts a member who changes from one role to another; without an old one they join, without a new one they
    /// leave. Only admins are counted by role, and apart where their membership has an end: such an admin is never the
    /// last one that the team needs. A service account is not counted at all.
    pub(crate) fn change_role_holder(
        mut self,
        user: &User,
        (old, new): (Option<HeldRole>, Option<HeldRole>),
        last: LastAdmin,
        now: Timestamp,
    ) -> Self {
        let (old, new) = (old.and_then(|held| AdminSet::of(user, held)), new.and_then(|held| AdminSet::of(user, held)));
        if old == new {
            return self;
        }
        // The sets of admins are part of the team's state, so a change of them is a new version of the team.
        self = self.increment("#version :one");
        self.set = Some("#updated_at = :now");
        self.values.extend([(":now", timestamp(now)), (":admin", string_set([user.user_id]))]);
        self.add.extend(new.map(AdminSet::member));
        self.delete = old.map(AdminSet::member);
        if old == Some(AdminSet::Lasting) && last == LastAdmin::Protected {
            self.conditions.push("size(#admins) > :one");
        }
        self
    }

    /// The write, with the error code to report if the team is deleted, a limit is reached, or the last admin would
    /// leave.
    pub(crate) fn write(self, failure: FailureCode) -> Write {
        let key = keys::team(self.team_id);
        let write = if self.add.is_empty() {
            Write::check(key)
        } else {
            let set = self.set.map(|clause| format!("SET {clause} "));
            let delete = self.delete.map(|clause| format!(" DELETE {clause}"));
            let update = [set.unwrap_or_default(), format!("ADD {}", self.add.join(", ")), delete.unwrap_or_default()];
            Write::update(key, update.concat(), Values::new())
        };
        write.only_if(self.conditions.join(" AND "), self.values, failure)
    }

    fn increment(mut self, clause: &'static str) -> Self {
        self.add.push(clause);
        self.values.push((":one", number(1)));
        self
    }

    fn decrement(mut self, clause: &'static str) -> Self {
        self.add.push(clause);
        self.values.push((":minus_one", number(-1)));
        self
    }

    fn only_if(mut self, condition: &'static str, name: &'static str, limit: impl std::fmt::Display) -> Self {
        self.conditions.push(condition);
        self.values.push((name, number(limit)));
        self
    }
}

/// The sets of a team's admins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum AdminSet {
    Lasting,
    Ending,
}

impl AdminSet {
    /// The set that lists a member with this role, if any does.
    fn of(user: &User, held: HeldRole) -> Option<Self> {
        let set = if held.expires_at.is_some() { Self::Ending } else { Self::Lasting };
        user.counts_as_admin(held.role_id).then_some(set)
    }

    /// The clause that adds or deletes the member `:admin`.
    fn member(self) -> &'static str {
        match self {
            Self::Lasting => "#admins :admin",
            Self::Ending => "#ending_admins :admin",
        }
    }
}
