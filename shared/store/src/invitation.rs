//! Invitations: reads, and the commits that issue and end them.
//!
//! A live invitation is stored on several items that must agree: its own item, its code, the counters of its team, the
//! uses of its role and, if it is not bound to a login, the breaker. One commit changes all of them.

use rollcall_domain::{
    Code, Timestamp,
    id::{InvitationId, TeamId},
    invitation::{Invitation, InvitationStatus},
    limits::{INVITATION_HISTORY, MAX_LIVE_INVITATIONS, MAX_PAGE},
    role::Role,
    text::Login,
};

use crate::{
    breaker::count_live,
    commit::Commit,
    counters::CounterUpdate,
    error::Fault,
    invitation_code,
    item::{Item, from_items, indexed, string, timestamp, to_item, with_ttl},
    keys,
    query::{Page, Range},
    role::count_use,
    table::Store,
    team::check_exists,
    tombstone::not_found_or,
    write::{FailureCode, Write},
};

impl Store {
    /// The invitation of this id.
    pub async fn invitation(&self, team_id: TeamId, invitation_id: InvitationId) -> Result<Option<Invitation>, Fault> {
        self.get(&keys::invitation(team_id, invitation_id)).await
    }

    /// A page of a team's invitations, newest first, after `after`.
    pub async fn invitations(
        &self,
        team_id: TeamId,
        after: Option<InvitationId>,
        limit: usize,
    ) -> Result<Page<Invitation>, Fault> {
        let range = Range::new(keys::team_partition(team_id), limit + 1)
            .prefix(keys::INVITATION)
            .after(after.map(|id| keys::invitation(team_id, id).sk))
            .descending();
        let invitations: Vec<Invitation> = from_items(self.query(range).await?.items)?;
        Ok(Page::cut(invitations, limit, |last| last.invitation_id.to_string()))
    }

    /// Invitations of a team that have expired but are still stored as live, newest first. It examines only the newest
    /// invitations of the team; the cleanup finds the older ones.
    pub async fn overdue_invitations(
        &self,
        team_id: TeamId,
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<Invitation>, Fault> {
        self.stored_as_live(team_id, "#status = :live AND #expires_at <= :now", now, limit).await
    }

    /// The live invitations of a team that are bound to this login, newest first.
    pub async fn invitations_bound_to(
        &self,
        team_id: TeamId,
        login: &Login,
        now: Timestamp,
    ) -> Result<Vec<Invitation>, Fault> {
        let mut live =
            self.stored_as_live(team_id, "#status = :live AND #expires_at > :now", now, MAX_LIVE_INVITATIONS).await?;
        // Compared here, since the login is stored as it was typed.
        live.retain(|invitation| invitation.login.as_ref().is_some_and(|bound| bound.key() == login.key()));
        Ok(live)
    }

    async fn stored_as_live(
        &self,
        team_id: TeamId,
        filter: &'static str,
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<Invitation>, Fault> {
        const MAX_PAGES: usize = 10;
        let (mut found, mut after) = (Vec::new(), None);
        for _ in 0..MAX_PAGES {
            let values = vec![(":live", string(InvitationStatus::Live.as_str())), (":now", timestamp(now))];
            let range = Range::new(keys::team_partition(team_id), MAX_PAGE)
                .prefix(keys::INVITATION)
                .after(after)
                .descending()
                .filter(filter, values);
            let page = self.query(range).await?;
            found.extend(from_items::<Invitation>(page.items)?);
            after = page.next;
            if found.len() >= limit || after.is_none() {
                break;
            }
        }
        found.truncate(limit);
        Ok(found)
    }
}

/// Issues an invitation. A conflict can mean that another invitation has the same code: draw another.
pub fn issue(invitation: &Invitation) -> Result<Commit, Fault> {
    let failure = FailureCode::ByItem(|found| not_found_or(found, |_| Code::TooManyInvitations));
    let counters = CounterUpdate::new(invitation.team_id).add_invitation(invitation).write(failure);
    let commit = Commit::new(put_live(invitation)?).and(counters);
    Ok(commit.extended(count_use(invitation.team_id, &invitation.role, 1)).extended(count_live(invitation, 1)))
}

/// Ends a live invitation that was not redeemed. `role` is its role as stored now.
pub fn end(before: &Invitation, after: &Invitation, role: &Role) -> Result<Commit, Fault> {
    let counters = CounterUpdate::new(before.team_id).remove_invitation(before).write(Code::Conflict.into());
    let commit = Commit::new(put_ended(before, after)?).and(counters);
    Ok(commit.extended(count_use(before.team_id, role, -1)).extended(count_live(before, -1)))
}

/// Ends a live invitation and issues another in its place, which leaves all counters as they are.
pub fn replace(before: &Invitation, after: &Invitation, fresh: &Invitation) -> Result<Commit, Fault> {
    let commit = Commit::new(put_ended(before, after)?).extended(put_live(fresh)?);
    Ok(commit.and(check_exists(fresh.team_id)).extended(count_use(fresh.team_id, &fresh.role, 0)))
}

/// Removes an invitation of a deleted team.
pub fn purge(invitation: &Invitation) -> Commit {
    let delete = Write::delete(keys::invitation(invitation.team_id, invitation.invitation_id));
    let commit = Commit::new([delete.only_if_version(invitation.version)]);
    if invitation.status == InvitationStatus::Live {
        commit.and(invitation_code::delete(invitation)).extended(count_live(invitation, -1))
    } else {
        commit
    }
}

/// Stores a new invitation and its code.
fn put_live(invitation: &Invitation) -> Result<[Write; 2], Fault> {
    let put = Write::put(item_of(invitation)?).only_if_absent(Code::Conflict);
    Ok([put, invitation_code::put(invitation)?])
}

/// Stores an invitation that has ended, and deletes its code.
pub(crate) fn put_ended(before: &Invitation, after: &Invitation) -> Result<[Write; 2], Fault> {
    let put = Write::put(item_of(after)?).only_if_version(before.version);
    Ok([put, invitation_code::delete(before)])
}

fn item_of(invitation: &Invitation) -> Result<Item, Fault> {
    let key = keys::invitation(invitation.team_id, invitation.invitation_id);
    let item = to_item(&key, invitation)?;
    Ok(if invitation.status == InvitationStatus::Live {
        indexed(item, keys::due_index(invitation.expires_at, &invitation.invitation_id))
    } else {
        // Only now: a live invitation counts in its team, its role and the breaker until the cleanup has ended it.
        with_ttl(item, invitation.expires_at + INVITATION_HISTORY)
    })
}
