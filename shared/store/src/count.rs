//! What a team has, counted on the team itself by the changes that make it more or less.

use rollcall_domain::{
    Code, Timestamp,
    id::{TeamId, UserId},
    limits::{MAX_LIVE_INVITATIONS, MAX_MEMBERS_PER_TEAM, MAX_ROLES_PER_TEAM},
    permission::Preset,
    role_id::RoleId,
    team::LastAdmin,
};

use crate::{
    commit::{Meaning, Values, Write},
    item::{Item, number, string, string_set},
    keys,
    tombstone::LIVING,
};

/// What a change adds to a team's counts and takes off them, in one update.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Step {
    pub(crate) members: i64,
    pub(crate) live: i64,
    pub(crate) roles: i64,
    pub(crate) apps: i64,
    pub(crate) admin: Option<(UserId, Appointment)>,
    pub(crate) last: LastAdmin,
}

/// What becomes of a team's admin.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Appointment {
    Appointed,
    Dismissed,
}

impl Default for Step {
    fn default() -> Self {
        Self { members: 0, live: 0, roles: 0, apps: 0, admin: None, last: LastAdmin::Removable }
    }
}

impl Step {
    /// The step that also makes somebody an admin, or no longer one, where that is the change.
    pub(crate) fn appointing(self, user_id: UserId, before: Option<RoleId>, after: Option<RoleId>) -> Self {
        let is_admin = |role_id: Option<RoleId>| role_id == Some(Preset::Admin.into());
        let appointment = match (is_admin(before), is_admin(after)) {
            (false, true) => Some(Appointment::Appointed),
            (true, false) => Some(Appointment::Dismissed),
            (true, true) | (false, false) => None,
        };
        Self { admin: appointment.map(|appointment| (user_id, appointment)), ..self }
    }

    /// The update of a team that must not be deleted. What it adds to is bounded: `refused` tells what it means that the
    /// team is gone, that a bound is reached, or that the last admin stays.
    pub(crate) fn write(self, team_id: TeamId, now: Timestamp, refused: fn(Option<&Item>) -> Code) -> Write {
        let (mut guard, mut values, mut adds) = (LIVING.to_owned(), Values::new(), Vec::new());
        let mut set_and_delete = String::new();
        let bounded = [
            (
                "#members :members",
                ":members",
                self.members,
                " AND #members < :most_members",
                ":most_members",
                MAX_MEMBERS_PER_TEAM,
            ),
            ("#live :live", ":live", self.live, " AND #live < :most_live", ":most_live", MAX_LIVE_INVITATIONS),
            ("#roles :roles", ":roles", self.roles, " AND #roles < :most_roles", ":most_roles", MAX_ROLES_PER_TEAM),
        ];
        for (add, name, step, bound, most_name, most) in bounded {
            if step != 0 {
                adds.push(add);
                values.push((name, number(step)));
            }
            if step > 0 {
                guard.push_str(bound);
                values.push((most_name, number(most)));
            }
        }
        if self.apps != 0 {
            adds.push("#apps :apps");
            values.push((":apps", number(self.apps)));
        }
        if let Some((user_id, appointment)) = self.admin {
            set_and_delete.push_str("SET #updated_at = :now ");
            adds.push("#version :one");
            values.extend([(":now", string(now.to_string())), (":one", number(1))]);
            values.push((":ids", string_set([user_id.to_string()])));
            match appointment {
                Appointment::Appointed => adds.push("#admins :ids"),
                Appointment::Dismissed => set_and_delete.push_str("DELETE #admins :ids "),
            }
            if matches!((appointment, self.last), (Appointment::Dismissed, LastAdmin::Protected)) {
                guard.push_str(" AND size(#admins) > :one");
            }
        }
        let key = keys::team(team_id);
        let write = if adds.is_empty() {
            Write::check(key)
        } else {
            Write::update(key, format!("{set_and_delete}ADD {}", adds.join(", ")), Values::new())
        };
        write.only_if(guard, values, Meaning::ByItem(refused))
    }
}
