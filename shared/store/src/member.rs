//! Members of teams.
//!
//! A membership is stored on the user's item and on the member's item, and is counted by the team and by a custom role.
//! This module writes everything but the user's item. Callers commit that in the same transaction.

use rollcall_domain::{
    Code, Timestamp,
    id::{TeamId, UserId},
    limits::MAX_MEMBERS_PER_TEAM,
    permission::UserType,
    role::Role,
    team::{LastAdmin, Member, Team},
    user::User,
};

use crate::{
    counters::CounterUpdate,
    error::Fault,
    item::{Item, from_items, string, to_item},
    keys,
    query::{Page, Range},
    redemption::InvitationDetails,
    role::count_use,
    table::Store,
    tombstone::{existing, not_found_or},
    user::authorised,
    write::{FailureCode, Write},
};

impl Store {
    /// The member of a team who is this user.
    pub async fn member(&self, team_id: TeamId, user_id: UserId) -> Result<Option<Member>, Fault> {
        self.get(&keys::member(team_id, user_id)).await
    }

    /// A page of the users of a team by id, after `after`.
    pub async fn users_of_team(
        &self,
        team_id: TeamId,
        after: Option<UserId>,
        limit: usize,
    ) -> Result<Page<User>, Fault> {
        let range = Range::new(keys::team_partition(team_id), limit)
            .prefix(keys::MEMBER)
            .after(after.map(|id| keys::member(team_id, id).sk));
        let page = self.query(range).await?;
        let members: Vec<Member> = from_items(page.items)?;
        let users = self.users_of(members.iter().map(|member| member.user_id)).await?;
        let next = page.next.and(members.last()).map(|last| last.user_id.to_string());
        Ok(Page { items: users.into_values().collect(), next })
    }

    /// The members of a team by user id, at most `limit` of them.
    pub async fn members(&self, team_id: TeamId, limit: usize) -> Result<Vec<Member>, Fault> {
        from_items(self.items_of_team(team_id, keys::MEMBER, limit).await?)
    }
}

/// Adds a member to a team.
pub fn join(team_id: TeamId, member: &Member, role: &Role) -> Result<Vec<Write>, Fault> {
    let counters = CounterUpdate::new(team_id).add_member();
    Ok(add(team_id, member, role, counters)?.into_iter().chain(count_use(team_id, role, 1)).collect())
}

/// Adds a member by an invitation, which stops counting as live. The role's use by the invitation becomes the member's.
///
/// If no invitation of the team stays bound to a login, none may be bound meanwhile.
pub(crate) fn join_invited(details: &InvitationDetails, member: &Member) -> Result<Vec<Write>, Fault> {
    let InvitationDetails { invitation, team, role, .. } = details;
    let team_id = team.team_id;
    let mut counters = CounterUpdate::new(team_id).add_member().remove_invitation(invitation);
    if details.bound_left() == 0 {
        counters = counters.only_if_bound(team.bound);
    }
    Ok(add(team_id, member, role, counters)?.into_iter().chain(count_use(team_id, role, 0)).collect())
}

fn add(team_id: TeamId, member: &Member, role: &Role, counters: CounterUpdate) -> Result<[Write; 2], Fault> {
    let put = Write::put(to_item(&keys::member(team_id, member.user_id), member)?).only_if_absent(Code::AlreadyMember);
    let counters = counters.add_role_holder(member.user_id, role.role_id, member.joined_at);
    let failure = FailureCode::ByItem(|found| not_found_or(found, full_or_conflict));
    Ok([put, counters.write(failure)])
}

/// Whether a team had no place left; otherwise another of its counters had changed.
fn full_or_conflict(team: &Item) -> Code {
    let members: usize = team.get("members").and_then(|count| count.as_n().ok()?.parse().ok()).unwrap_or_default();
    if members < MAX_MEMBERS_PER_TEAM { Code::Conflict } else { Code::TooManyMembers }
}

/// Removes a member from a team. A deleted team counts nothing any more, so only the member's item is removed.
pub fn leave(team: &Team, user_id: UserId, role: &Role, last: LastAdmin, now: Timestamp) -> Vec<Write> {
    let same_role = vec![(":role", string(role.role_id.to_string()))];
    let delete = Write::delete(keys::member(team.team_id, user_id));
    let mut writes = vec![delete.only_if("#role_id = :role", same_role, Code::Conflict)];
    if team.deleting_at.is_none() {
        let counters = CounterUpdate::new(team.team_id).remove_member();
        let counters = counters.remove_role_holder(user_id, role.role_id, last, now);
        // If the team was deleted since it was read, the caller must decide again, for a deleted team.
        let failure = FailureCode::ByItem(|found| existing(found).map_or(Code::Conflict, |_| Code::LastTeamAdmin));
        writes.push(counters.write(failure));
        writes.extend(count_use(team.team_id, role, -1));
    }
    writes
}

/// Moves a member from one role to another.
pub fn move_role(
    team_id: TeamId,
    (before, old): (&Member, &Role),
    (after, new): (&Member, &Role),
    last: LastAdmin,
    now: Timestamp,
) -> Result<Vec<Write>, Fault> {
    let put = to_item(&keys::member(team_id, after.user_id), after)?;
    let counters = CounterUpdate::new(team_id);
    let counters = counters.move_role_holder(after.user_id, (old.role_id, new.role_id), last, now);
    let failure = FailureCode::ByItem(|found| not_found_or(found, |_| Code::LastTeamAdmin));
    let mut writes = vec![Write::put(put).only_if_version(before.version), counters.write(failure)];
    writes.extend(count_use(team_id, old, -1));
    writes.extend(count_use(team_id, new, 1));
    Ok(writes)
}

/// Removes a member of a deleted team.
pub fn purge_member(team_id: TeamId, user_id: UserId) -> Write {
    Write::delete(keys::member(team_id, user_id))
}

/// Checks that a user could still join a team: they are no admin of the platform, and not in the team.
pub fn may_still_join(user: &User, team_id: TeamId) -> Write {
    let check = Write::check(keys::user(user.user_id)).naming("#team", team_id.to_string());
    let values = vec![(":member", string(UserType::Member.as_str()))];
    check.only_if("#type = :member AND attribute_not_exists(#teams.#team)", values, Code::Conflict)
}

/// Checks that a user is still authorised: enabled, with the epoch that was read (every loss of rights and every new
/// password raises it) and, if they act by a role in a team, still in that role, whose permissions have not changed.
pub fn still_authorised(user: &User, by: Option<(TeamId, &Role)>, otherwise: Code) -> Vec<Write> {
    let check = Write::check(keys::user(user.user_id));
    let (condition, mut values) = authorised(user);
    let Some((team_id, role)) = by else { return vec![check.only_if(condition, values, otherwise)] };
    values.push((":role", string(role.role_id.to_string())));
    let condition = format!("{condition} AND #teams.#team = :role");
    let check = check.naming("#team", team_id.to_string()).only_if(condition, values, otherwise);
    [check].into_iter().chain(count_use(team_id, role, 0)).collect()
}
