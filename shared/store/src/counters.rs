//! The counters on a team's item: members, custom roles, live invitations, applications, and the set of its admins.

use rollcall_domain::{
    Timestamp,
    id::{TeamId, UserId},
    invitation::Invitation,
    limits::{MAX_LIVE_INVITATIONS, MAX_MEMBERS_PER_TEAM, MAX_ROLES_PER_TEAM},
    permission::Preset,
    role_id::RoleId,
    team::LastAdmin,
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

    /// Counts a member who joins in this role. Only admins are counted by role.
    pub(crate) fn add_role_holder(self, user_id: UserId, role_id: RoleId, now: Timestamp) -> Self {
        if is_admin(role_id) { self.add_admin(user_id, now) } else { self }
    }

    /// Counts off a member who leaves in this role.
    pub(crate) fn remove_role_holder(self, user_id: UserId, role_id: RoleId, last: LastAdmin, now: Timestamp) -> Self {
        if is_admin(role_id) { self.remove_admin(user_id, last, now) } else { self }
    }

    /// Counts a member who moves from one role to another.
    pub(crate) fn move_role_holder(
        self,
        user_id: UserId,
        (old, new): (RoleId, RoleId),
        last: LastAdmin,
        now: Timestamp,
    ) -> Self {
        match (is_admin(old), is_admin(new)) {
            (false, true) => self.add_admin(user_id, now),
            (true, false) => self.remove_admin(user_id, last, now),
            (true, true) | (false, false) => self,
        }
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

    fn add_admin(self, user_id: UserId, now: Timestamp) -> Self {
        let mut update = self.admins_changed(user_id, now);
        update.add.push("#admins :admin");
        update
    }

    fn remove_admin(self, user_id: UserId, last: LastAdmin, now: Timestamp) -> Self {
        let mut update = self.admins_changed(user_id, now);
        update.delete = Some("#admins :admin");
        if last == LastAdmin::Protected {
            update.conditions.push("size(#admins) > :one");
        }
        update
    }

    /// The set of admins is part of the team's state, so a change of it is a new version of the team.
    fn admins_changed(self, user_id: UserId, now: Timestamp) -> Self {
        let mut update = self.increment("#version :one");
        update.set = Some("#updated_at = :now");
        update.values.extend([(":now", timestamp(now)), (":admin", string_set([user_id]))]);
        update
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

fn is_admin(role_id: RoleId) -> bool {
    role_id == Preset::Admin.into()
}
