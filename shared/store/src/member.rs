//! Members of teams.
//!
//! A membership stands on both sides, the user's and the team's, in the team's counts, and in the uses of a custom role.
//! The team's side changes here, to be committed with the user's.

use rollcall_domain::{
    Code, Timestamp,
    id::{TeamId, UserId},
    role::Role,
    team::{LastAdmin, Member, Team},
    user::User,
};

use crate::{
    commit::{Meaning, Write},
    count::Step,
    error::Fault,
    item::{from_item, string, to_item},
    keys,
    query::{Order, Page, Range},
    role::use_role,
    table::Store,
    tombstone::{living, unless_gone},
    user::entitled,
};

impl Store {
    /// The member of a team who is this user.
    pub async fn member(&self, team_id: TeamId, user_id: UserId) -> Result<Option<Member>, Fault> {
        self.get(&keys::member(team_id, user_id)).await
    }

    /// The users of a team by id, after `after`.
    pub async fn users_of_team(
        &self,
        team_id: TeamId,
        after: Option<UserId>,
        limit: usize,
    ) -> Result<Page<User>, Fault> {
        let page = self.query(Range {
            pk: keys::team_partition(team_id),
            prefix: keys::MEMBER.to_owned(),
            after: after.map(|id| keys::member(team_id, id).sk),
            order: Order::Rising,
            limit,
            filter: None,
        });
        let page = page.await?;
        let members = page.items.into_iter().map(from_item).collect::<Result<Vec<Member>, _>>()?;
        let users = self.users_of(members.iter().map(|member| member.user_id)).await?;
        let next = page.next.and(members.last()).map(|last| last.user_id.to_string());
        Ok(Page { items: users.into_values().collect(), next })
    }

    /// The members of a team, at most `limit` of them, by user.
    pub async fn members(&self, team_id: TeamId, limit: usize) -> Result<Vec<Member>, Fault> {
        let items = self.of_team(team_id, keys::MEMBER, limit).await?;
        items.into_iter().map(from_item).collect()
    }
}

/// The team's side of somebody's joining. The user's side is the change of the user.
pub fn join(team_id: TeamId, member: &Member, role: &Role) -> Result<Vec<Write>, Fault> {
    let step = Step { members: 1, ..Step::default() }.appointing(member.user_id, None, Some(role.role_id));
    Ok(joined(team_id, member, step)?.into_iter().chain(use_role(team_id, role, 1)).collect())
}

/// [`join`] by an invitation, which is live no longer; its use of the role becomes the member's.
pub(crate) fn join_invited(team_id: TeamId, member: &Member, role: &Role) -> Result<Vec<Write>, Fault> {
    let step = Step { members: 1, live: -1, ..Step::default() }.appointing(member.user_id, None, Some(role.role_id));
    Ok(joined(team_id, member, step)?.into_iter().chain(use_role(team_id, role, 0)).collect())
}

fn joined(team_id: TeamId, member: &Member, step: Step) -> Result<[Write; 2], Fault> {
    let put = Write::put(to_item(&keys::member(team_id, member.user_id), member)?).only_if_absent(Code::AlreadyMember);
    Ok([put, step.write(team_id, member.joined_at, |found| unless_gone(found, |_| Code::TooManyMembers))])
}

/// The team's side of a member's going. Of a team that was deleted only the member is left.
pub fn leave(team: &Team, user_id: UserId, role: &Role, last: LastAdmin, now: Timestamp) -> Vec<Write> {
    let same = vec![(":role", string(role.role_id.to_string()))];
    let gone = Write::delete(keys::member(team.team_id, user_id));
    let gone = gone.only_if("#role_id = :role", same, Meaning::Always(Code::Conflict));
    let mut writes = vec![gone];
    if team.deleting_at.is_none() {
        let step = Step { members: -1, last, ..Step::default() }.appointing(user_id, Some(role.role_id), None);
        // A team that was deleted meanwhile is no reason to stay: decided anew, of it only the member goes.
        let refused = |found: Option<&_>| living(found).map_or(Code::Conflict, |_| Code::LastTeamAdmin);
        writes.push(step.write(team.team_id, now, refused));
        writes.extend(use_role(team.team_id, role, -1));
    }
    writes
}

/// The team's side of a member's change from one role to another.
pub fn move_role(
    team_id: TeamId,
    (before, old): (&Member, &Role),
    (after, new): (&Member, &Role),
    last: LastAdmin,
    now: Timestamp,
) -> Result<Vec<Write>, Fault> {
    let put = to_item(&keys::member(team_id, after.user_id), after)?;
    let step = Step { last, ..Step::default() }.appointing(after.user_id, Some(old.role_id), Some(new.role_id));
    let mut writes = vec![Write::put(put).only_if_version(before.version)];
    writes.push(step.write(team_id, now, |found| unless_gone(found, |_| Code::LastTeamAdmin)));
    writes.extend(use_role(team_id, old, -1));
    writes.extend(use_role(team_id, new, 1));
    Ok(writes)
}

/// The end of a membership in a team that was deleted.
pub fn forget_member(team_id: TeamId, user_id: UserId) -> Write {
    Write::delete(keys::member(team_id, user_id))
}

/// The conditions that a user is still authorised: enabled, with the epoch that was read (every loss of rights and every
/// new password raises it) and, where they act by a role in a team, with that role, unchanged.
pub fn still_authorised(user: &User, by: Option<(TeamId, &Role)>, otherwise: Code) -> Vec<Write> {
    let check = Write::check(keys::user(user.user_id));
    let ((entitled, mut values), refused) = (entitled(user), Meaning::Always(otherwise));
    let Some((team_id, role)) = by else { return vec![check.only_if(entitled, values, refused)] };
    values.push((":role", string(role.role_id.to_string())));
    let check = check.naming("#team", team_id.to_string());
    let check = check.only_if(format!("{entitled} AND #teams.#team = :role"), values, refused);
    [check].into_iter().chain(use_role(team_id, role, 0)).collect()
}
