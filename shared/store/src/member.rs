//! Members of teams.
//!
//! A membership is stored on the user's item and on the member's item, and is counted by the team and by a custom role.
//! This module writes everything but the user's item. Callers commit that in the same transaction.

use rollcall_domain::{
    Code, Timestamp,
    held_role::HeldRole,
    id::{TeamId, UserId},
    limits::MAX_MEMBERS_PER_TEAM,
    permission::UserType,
    role::Role,
    team::{LastAdmin, Member, Team},
    user::User,
};

use crate::{
    commit::Commit,
    counters::CounterUpdate,
    error::Fault,
    item::{Item, from_items, indexed, number, string, timestamp, to_item},
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

    /// A page of the users of a team by id, after `after`, including those whose membership has ended.
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

    /// The members of a team at `now`, by user id.
    pub async fn members(&self, team_id: TeamId, now: Timestamp) -> Result<Vec<Member>, Fault> {
        let mut members = self.stored_members(team_id).await?;
        members.retain(|member| !member.held().has_ended(now));
        Ok(members)
    }

    /// Members of a team whose membership has ended but is still stored.
    pub async fn overdue_members(&self, team_id: TeamId, now: Timestamp, limit: usize) -> Result<Vec<Member>, Fault> {
        let mut members = self.stored_members(team_id).await?;
        members.retain(|member| member.held().has_ended(now));
        members.truncate(limit);
        Ok(members)
    }

    async fn stored_members(&self, team_id: TeamId) -> Result<Vec<Member>, Fault> {
        from_items(self.items_of_team(team_id, keys::MEMBER, MAX_MEMBERS_PER_TEAM).await?)
    }
}

/// Adds a member to a team.
pub fn join(team_id: TeamId, joining: (&User, &Member), role: &Role) -> Result<Vec<Write>, Fault> {
    let counters = CounterUpdate::new(team_id).add_member();
    Ok(add(team_id, joining, counters)?.into_iter().chain(count_use(team_id, role, 1)).collect())
}

/// Adds a member by an invitation, which stops counting as live. The role's use by the invitation becomes the member's.
///
/// If no invitation of the team stays bound to a login, none may be bound meanwhile.
pub(crate) fn join_invited(details: &InvitationDetails, joining: (&User, &Member)) -> Result<Vec<Write>, Fault> {
    let InvitationDetails { invitation, team, role, .. } = details;
    let team_id = team.team_id;
    let mut counters = CounterUpdate::new(team_id).add_member().remove_invitation(invitation);
    if details.bound_left() == 0 {
        counters = counters.only_if_bound(team.bound);
    }
    Ok(add(team_id, joining, counters)?.into_iter().chain(count_use(team_id, role, 0)).collect())
}

fn add(team_id: TeamId, (user, member): (&User, &Member), counters: CounterUpdate) -> Result<[Write; 2], Fault> {
    let put = Write::put(item_of(team_id, member)?).only_if_absent(Code::AlreadyMember);
    let roles = (None, Some(member.held()));
    let counters = counters.change_role_holder(user, roles, LastAdmin::Protected, member.joined_at);
    let failure = FailureCode::ByItem(|found| not_found_or(found, full_or_conflict));
    Ok([put, counters.write(failure)])
}

/// Whether a team had no place left; otherwise another of its counters had changed.
fn full_or_conflict(team: &Item) -> Code {
    let members: usize = team.get("members").and_then(|count| count.as_n().ok()?.parse().ok()).unwrap_or_default();
    if members < MAX_MEMBERS_PER_TEAM { Code::Conflict } else { Code::TooManyMembers }
}

/// Removes a member from a team. A deleted team counts nothing any more, so only the member's item is removed.
pub fn leave(team: &Team, user: &User, (held, role): (HeldRole, &Role), last: LastAdmin, now: Timestamp) -> Vec<Write> {
    let same_role = vec![(":role", string(role.role_id.to_string()))];
    let delete = Write::delete(keys::member(team.team_id, user.user_id));
    let mut writes = vec![delete.only_if("#role_id = :role", same_role, Code::Conflict)];
    if team.deleting_at.is_none() {
        let counters = CounterUpdate::new(team.team_id).remove_member();
        let counters = counters.change_role_holder(user, (Some(held), None), last, now);
        // If the team was deleted since it was read, the caller must decide again, for a deleted team.
        let failure = FailureCode::ByItem(|found| existing(found).map_or(Code::Conflict, |_| Code::LastTeamAdmin));
        writes.push(counters.write(failure));
        writes.extend(count_use(team.team_id, role, -1));
    }
    writes
}

/// Gives a member another role, another end of the membership, or both.
pub fn change(
    (team_id, user): (TeamId, &User),
    (before, old): (&Member, &Role),
    (after, new): (&Member, &Role),
    last: LastAdmin,
    now: Timestamp,
) -> Result<Vec<Write>, Fault> {
    let roles = (Some(before.held()), Some(after.held()));
    let counters = CounterUpdate::new(team_id).change_role_holder(user, roles, last, now);
    let failure = FailureCode::ByItem(|found| not_found_or(found, |_| Code::LastTeamAdmin));
    let put = Write::put(item_of(team_id, after)?).only_if_version(before.version);
    let mut writes = vec![put, counters.write(failure)];
    if old.role_id == new.role_id {
        writes.extend(count_use(team_id, new, 0));
    } else {
        writes.extend(count_use(team_id, old, -1));
        writes.extend(count_use(team_id, new, 1));
    }
    Ok(writes)
}

/// Takes note that a member was reminded of the end of their membership. The caller writes the mail in the same
/// transaction.
pub fn remind(team_id: TeamId, before: &Member) -> Result<Commit, Fault> {
    let put = Write::put(item_of(team_id, &before.clone().reminded())?);
    let Some(remind_at) = before.remind_at else { return Ok(Commit::default()) };
    let values = vec![(":version", number(before.version)), (":remind_at", timestamp(remind_at))];
    Ok(Commit::new([put.only_if("#version = :version AND #remind_at = :remind_at", values, Code::Conflict)]))
}

/// A member's item. As long as the membership has an end, the item is in the due index.
pub(crate) fn item_of(team_id: TeamId, member: &Member) -> Result<Item, Fault> {
    let item = to_item(&keys::member(team_id, member.user_id), member)?;
    let place = |at| keys::due_index(at, &format!("{team_id}#{}", member.user_id));
    Ok(member.due_at().map(place).into_iter().fold(item, indexed))
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
/// password raises it) and, if they act by a role in a team, still in that role, whose permissions have not changed,
/// and in a membership that has not ended by `now`.
pub fn still_authorised(user: &User, by: Option<(TeamId, &Role)>, now: Timestamp, otherwise: Code) -> Vec<Write> {
    // As `HeldRole` is stored: the id alone, or together with the end.
    const STILL_HOLDS: &str = "(#teams.#team = :role OR \
                               (#teams.#team.#role_id = :role AND #teams.#team.#expires_at > :checked_at))";
    let check = Write::check(keys::user(user.user_id));
    let (condition, mut values) = authorised(user);
    let Some((team_id, role)) = by else { return vec![check.only_if(condition, values, otherwise)] };
    values.extend([(":role", string(role.role_id.to_string())), (":checked_at", timestamp(now))]);
    let condition = format!("{condition} AND {STILL_HOLDS}");
    let check = check.naming("#team", team_id.to_string()).only_if(condition, values, otherwise);
    [check].into_iter().chain(count_use(team_id, role, 0)).collect()
}
