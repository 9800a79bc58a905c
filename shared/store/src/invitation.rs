//! Invitations, the codes that lead to them, and the breaker that counts both.
//!
//! A live invitation stands on its record, its code, its team's count, the use of its role and, where it is bound to
//! nobody, in the breaker. They change here, together, or not at all.

use rollcall_domain::{
    Code, Timestamp,
    breaker::{Breaker, BreakerReservation},
    id::{InvitationId, TeamId, UserId},
    invitation::{Invitation, InvitationStatus},
    limits::{INVITATION_HISTORY, MAX_PAGE},
    permission::Preset,
    role::Role,
    role_id::RoleId,
    team::{Member, Team},
    text::Login,
    throttle::Throttle,
    user::User,
};
use serde::{Deserialize, Serialize};

use crate::{
    commit::{Bookkeeping, Commit, Meaning, Values, Write},
    count::Step,
    error::Fault,
    item::{Item, ending, from_item, indexed, key_of, number, string, to_item},
    keys,
    member::{join_invited, still_authorised},
    query::{Order, Page, Range},
    role::use_role,
    table::Store,
    team::living,
    throttle::ThrottleId,
    tombstone::unless_gone,
};

/// Where a code leads.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Pointer {
    /// To which invitation.
    pub invitation_id: InvitationId,
    /// Of which team.
    pub team_id: TeamId,
    role_id: RoleId,
    issuer_id: UserId,
    /// For whom alone, if for somebody.
    #[serde(default)]
    pub login: Option<Login>,
}

impl Pointer {
    /// Where a code leads that nobody drew: nowhere, by the same reading, so that the time it takes tells nothing.
    pub fn to_nowhere() -> Self {
        let (invitation_id, team_id) = (InvitationId::from_bytes([0; 16]), TeamId::from_bytes([0; 16]));
        let role_id = Preset::Reviewer.into();
        Self { invitation_id, team_id, role_id, issuer_id: UserId::from_bytes([0; 16]), login: None }
    }
}

/// What is read before a code is tried.
#[derive(Debug)]
pub struct CodeLookup {
    /// The throttles that were asked for, in their order.
    pub throttles: Vec<Option<Throttle>>,
    /// The breaker.
    pub breaker: Breaker,
    /// Where the code leads.
    pub pointer: Pointer,
}

/// What an invitation is about, all of it as of one moment.
#[derive(Debug)]
pub struct Invited {
    /// The invitation itself.
    pub invitation: Invitation,
    /// Its team, tombstones included.
    pub team: Team,
    /// Its role as it is.
    pub role: Role,
    /// Who issued it.
    pub issuer: User,
}

impl Store {
    /// Lanes, the breaker, and where a code leads that has one of these hashes, in one consistent read.
    pub async fn look_up_code(&self, throttles: &[ThrottleId], hashes: &[String]) -> Result<CodeLookup, Fault> {
        let keys = throttles.iter().map(ThrottleId::key).chain([keys::breaker()]);
        let keys: Vec<_> = keys.chain(hashes.iter().map(|hash| keys::code(hash))).collect();
        let mut tried = CodeLookup {
            throttles: vec![None; throttles.len()],
            breaker: Breaker::default(),
            pointer: Pointer::to_nowhere(),
        };
        for item in self.batch_get(&keys).await? {
            let key = key_of(&item);
            if let Some(index) = throttles.iter().position(|lane| lane.key() == key) {
                tried.throttles[index] = Some(from_item(item)?);
            } else if key == keys::breaker() {
                tried.breaker = from_item(item)?;
            } else {
                tried.pointer = from_item(item)?;
            }
        }
        Ok(tried)
    }

    /// The breaker.
    pub async fn breaker(&self) -> Result<Breaker, Fault> {
        Ok(self.get(&keys::breaker()).await?.unwrap_or_default())
    }

    /// What a code's invitation is about, and the user of this id; nothing where any part of the invitation is gone.
    pub async fn invited(
        &self,
        pointer: &Pointer,
        redeemer: Option<UserId>,
    ) -> Result<(Option<Invited>, Option<User>), Fault> {
        let (team_id, issuer_id) = (pointer.team_id, pointer.issuer_id);
        let custom = pointer.role_id.custom().map(|role_id| keys::role(team_id, role_id));
        let (mut invitation, mut team, mut issuer, mut user) = (None, None, None, None);
        let mut role = match pointer.role_id {
            RoleId::Preset(preset) => Some(Role::from(preset)),
            RoleId::Custom(_) => None,
        };
        let record = keys::invitation(team_id, pointer.invitation_id);
        let people = [Some(issuer_id), redeemer.filter(|id| *id != issuer_id)].into_iter().flatten();
        let keys =
            [record.clone(), keys::team(team_id)].into_iter().chain(custom.clone()).chain(people.map(keys::user));
        for item in self.batch_get(&keys.collect::<Vec<_>>()).await? {
            let key = key_of(&item);
            if key == record {
                invitation = Some(from_item(item)?);
            } else if key == keys::team(team_id) {
                team = Some(from_item(item)?);
            } else if Some(&key) == custom.as_ref() {
                role = Some(from_item(item)?);
            } else {
                let found: User = from_item(item)?;
                issuer = issuer.or_else(|| Some(found.clone()).filter(|found| found.user_id == issuer_id));
                user = user.or_else(|| Some(found).filter(|found| Some(found.user_id) == redeemer));
            }
        }
        let whole = invitation.zip(team).zip(role.zip(issuer));
        let invited = whole.map(|((invitation, team), (role, issuer))| Invited { invitation, team, role, issuer });
        Ok((invited, user))
    }

    /// The invitation of this id.
    pub async fn invitation(&self, team_id: TeamId, invitation_id: InvitationId) -> Result<Option<Invitation>, Fault> {
        self.get(&keys::invitation(team_id, invitation_id)).await
    }

    /// A team's invitations, newest first, after `after`.
    pub async fn invitations(
        &self,
        team_id: TeamId,
        after: Option<InvitationId>,
        limit: usize,
    ) -> Result<Page<Invitation>, Fault> {
        let range = Range {
            pk: keys::team_partition(team_id),
            prefix: keys::INVITATION.to_owned(),
            after: after.map(|id| format!("{}{id}", keys::INVITATION)),
            order: Order::Falling,
            limit: limit + 1,
            filter: None,
        };
        let mut items = self.query(range).await?.items;
        let more = items.len() > limit;
        items.truncate(limit);
        let items = items.into_iter().map(from_item).collect::<Result<Vec<Invitation>, _>>()?;
        let next = items.last().filter(|_| more).map(|last| last.invitation_id.to_string());
        Ok(Page { items, next })
    }

    /// Some invitations of a team whose time ran out and whose records do not tell so yet, the newest first. Those that
    /// are older than many others are left to the cleanup.
    pub async fn overdue_invitations(
        &self,
        team_id: TeamId,
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<Invitation>, Fault> {
        const PAGES: usize = 10;
        let live = InvitationStatus::Live.as_str();
        let (mut found, mut after) = (Vec::new(), None);
        for _ in 0..PAGES {
            let overdue = vec![(":live", string(live)), (":now", string(now.to_string()))];
            let page = self.query(Range {
                pk: keys::team_partition(team_id),
                prefix: keys::INVITATION.to_owned(),
                after,
                order: Order::Falling,
                limit: MAX_PAGE,
                filter: Some(("#status = :live AND #expires_at <= :now", overdue)),
            });
            let page = page.await?;
            found.extend(page.items.into_iter().map(from_item).collect::<Result<Vec<Invitation>, _>>()?);
            after = page.next;
            if found.len() >= limit || after.is_none() {
                break;
            }
        }
        found.truncate(limit);
        Ok(found)
    }
}

/// A new invitation, live from now on. A code that another one has is a conflict: draw another.
pub fn issue(invitation: &Invitation) -> Result<Commit, Fault> {
    let step = Step { live: 1, ..Step::default() };
    let step =
        step.write(invitation.team_id, invitation.created_at, |found| unless_gone(found, |_| Code::TooManyInvitations));
    let commit = Commit::new(open(invitation)?).and(step);
    Ok(commit.extended(use_role(invitation.team_id, &invitation.role, 1)).extended(count_live(invitation, 1)))
}

/// The end of a live invitation that nobody joined by, with its role as it is.
pub fn end(before: &Invitation, after: &Invitation, role: &Role, now: Timestamp) -> Result<Commit, Fault> {
    let step = Step { live: -1, ..Step::default() };
    let step = step.write(before.team_id, now, |_| Code::Conflict);
    let commit = Commit::new(record(before, after)?).and(step);
    Ok(commit.extended(use_role(before.team_id, role, -1)).extended(count_live(before, -1)))
}

/// An invitation in place of one that was live until now: the counts stay as they are.
pub fn replace(before: &Invitation, after: &Invitation, fresh: &Invitation) -> Result<Commit, Fault> {
    let commit = Commit::new(record(before, after)?).extended(open(fresh)?);
    Ok(commit.and(living(fresh.team_id)).extended(use_role(fresh.team_id, &fresh.role, 0)))
}

/// Somebody joins by an invitation: the team's side of it. The user's side is the change of the user.
///
/// Whoever issued it must still be who it was, in the role it had, and that role what it was.
pub fn redeem(
    invited: &Invited,
    after: &Invitation,
    member: &Member,
    issuers_role: Option<&Role>,
) -> Result<Commit, Fault> {
    let (before, team_id) = (&invited.invitation, invited.team.team_id);
    let commit = Commit::new(record(before, after)?).extended(join_invited(team_id, member, &invited.role)?);
    Ok(commit.checking(still_authorised(&invited.issuer, issuers_role.map(|role| (team_id, role)), Code::Conflict)))
}

/// The end of an invitation into a team that was deleted.
pub fn forget(invitation: &Invitation) -> Commit {
    let gone = Write::delete(keys::invitation(invitation.team_id, invitation.invitation_id));
    let is_live = invitation.status == InvitationStatus::Live;
    let commit = Commit::new([gone.only_if_version(invitation.version)]);
    if is_live { commit.and(forget_code(invitation)).extended(count_live(invitation, -1)) } else { commit }
}

/// Counts a try at an unbound code, if the breaker still stands as the reservation found it.
pub fn reserve(reservation: &BreakerReservation, now: Timestamp) -> Bookkeeping {
    const BEGIN: &str = "SET #tries = :one, #since = :now";
    let taken = Meaning::Always(Code::Conflict);
    let begin = || Write::update(keys::breaker(), BEGIN, vec![(":one", number(1)), (":now", string(now.to_string()))]);
    let write = match reservation {
        BreakerReservation::Begin(None) => begin().only_if("attribute_not_exists(#since)", Values::new(), taken),
        BreakerReservation::Begin(Some(since)) => {
            begin().only_if("#since = :seen", vec![(":seen", string(since.to_string()))], taken)
        }
        BreakerReservation::Count { since, below } => {
            Write::update(keys::breaker(), "ADD #tries :one", vec![(":one", number(1))]).only_if(
                "#since = :seen AND #tries < :below",
                vec![(":seen", string(since.to_string())), (":below", number(below))],
                taken,
            )
        }
    };
    write.bookkeeping()
}

/// Takes a try off the breaker's count: it was none at a code, or it was not made.
pub fn undo_attempt() -> Bookkeeping {
    Write::update(keys::breaker(), "ADD #tries :minus", vec![(":minus", number(-1))]).bookkeeping()
}

/// Takes a try off the breaker's count that record_success, and the code that it record_success.
pub fn record_success() -> Bookkeeping {
    Write::update(keys::breaker(), "ADD #tries :minus, #live :minus", vec![(":minus", number(-1))]).bookkeeping()
}

/// The record and its code.
fn open(invitation: &Invitation) -> Result<[Write; 2], Fault> {
    let pointer = Pointer {
        invitation_id: invitation.invitation_id,
        team_id: invitation.team_id,
        role_id: invitation.role.role_id,
        issuer_id: invitation.issued_by.user_id,
        login: invitation.login.clone(),
    };
    let pointer = ending(to_item(&keys::code(&invitation.code_hash), &pointer)?, invitation.expires_at);
    Ok([
        Write::put(item_of(invitation)?).only_if_absent(Code::Conflict),
        Write::put(pointer).only_if_absent(Code::Conflict),
    ])
}

/// The record's step and the end of its code.
fn record(before: &Invitation, after: &Invitation) -> Result<[Write; 2], Fault> {
    Ok([Write::put(item_of(after)?).only_if_version(before.version), forget_code(before)])
}

/// The code's own end may have come already. Should another invitation have got the same code since then, nothing is
/// written until that one has ended.
fn forget_code(invitation: &Invitation) -> Write {
    let own = vec![(":own", string(invitation.invitation_id.to_string()))];
    Write::delete(keys::code(&invitation.code_hash)).only_if(
        "attribute_not_exists(#pk) OR #invitation_id = :own",
        own,
        Meaning::Always(Code::Conflict),
    )
}

/// Codes that are bound to a login are nothing to guess at, and are not counted.
fn count_live(invitation: &Invitation, live: i64) -> Option<Write> {
    let count = || Write::update(keys::breaker(), "ADD #live :live", vec![(":live", number(live))]);
    invitation.login.is_none().then(count)
}

fn item_of(invitation: &Invitation) -> Result<Item, Fault> {
    let key = keys::invitation(invitation.team_id, invitation.invitation_id);
    let item = ending(to_item(&key, invitation)?, invitation.expires_at + INVITATION_HISTORY);
    let due = keys::due_index(invitation.expires_at, &invitation.invitation_id);
    Ok(if invitation.status == InvitationStatus::Live { indexed(item, due) } else { item })
}
