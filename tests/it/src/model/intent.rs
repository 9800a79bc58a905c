//! What somebody wants to do, in numbers: what they mean is found when it is done, by what there is then.

use std::time::Duration;

use proptest::prelude::*;
use rollcall_domain::id::{AppId, InvitationId, TeamId};

use super::{
    choice::{Choice, Made, nobody},
    operation::Operation,
    state::State,
};

/// Who acts, by login: admins of the platform, members of teams, members of none, and three who are not there yet.
pub const CAST: [&str; 13] = [
    "boss", "deputy", "platform", "owner", "second", "manager", "keeper", "senior", "mina", "jisoo", "new1", "new2",
    "new3",
];

/// Those of the cast who begin as admins of the platform.
const ADMINS: usize = 3;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Redeem,
    Issue,
    Reissue,
    Revoke,
    Add,
    AddNew,
    Move,
    Remove,
    Leave,
    CreateRole,
    EditRole,
    DeleteRole,
    CreateTeam,
    RenameTeam,
    DeleteTeam,
    CreateUser,
    Disable,
    Enable,
    SetType,
    DeleteUser,
    CreateApp,
    MoveApp,
    DeleteApp,
    CreateAdmin,
    SetAdmin,
    CancelAdmin,
    Wait,
    CleanUp,
}

/// Each as often as it is wanted.
#[rustfmt::skip]
const KINDS: &[(u32, Kind)] = &[
    (6, Kind::Redeem), (5, Kind::Issue), (2, Kind::Reissue), (2, Kind::Revoke),
    (4, Kind::Add), (1, Kind::AddNew), (4, Kind::Move), (3, Kind::Remove), (2, Kind::Leave),
    (3, Kind::CreateRole), (3, Kind::EditRole), (3, Kind::DeleteRole),
    (3, Kind::CreateTeam), (1, Kind::RenameTeam), (3, Kind::DeleteTeam),
    (2, Kind::CreateUser), (2, Kind::Disable), (4, Kind::Enable), (4, Kind::SetType), (3, Kind::DeleteUser),
    (2, Kind::CreateApp), (3, Kind::MoveApp), (3, Kind::DeleteApp),
    (3, Kind::CreateAdmin), (2, Kind::SetAdmin), (2, Kind::CancelAdmin),
    (1, Kind::Wait), (2, Kind::CleanUp),
];

/// One intent of one of the cast.
#[derive(Clone, Debug)]
pub struct Intent {
    actor: usize,
    kind: Kind,
    numbers: [usize; 3],
    /// How long it comes after the others of its round.
    pub delay: Duration,
}

/// Intents that are done at the same time.
#[derive(Clone, Debug)]
pub struct Round {
    pub intents: Vec<Intent>,
    /// How long each call of the database takes meanwhile.
    pub pace: u64,
}

pub fn rounds() -> BoxedStrategy<Round> {
    let intents = prop_oneof![1 => prop::collection::vec(intent(), 1), 2 => prop::collection::vec(intent(), 2..=5)];
    let numbers = [0..64_usize, 0..64, 0..64];
    let round = |(intents, common, pace): (Vec<Shared>, [usize; 3], u64)| {
        let intent = |(mut intent, is_common): Shared| {
            for (number, common) in (0..3).filter(|number| is_common[*number]).map(|number| (number, common[number])) {
                intent.numbers[number] = common;
            }
            intent
        };
        Round { intents: intents.into_iter().map(intent).collect(), pace }
    };
    (intents, numbers, any::<u64>()).prop_map(round).boxed()
}

/// An intent, and which of its numbers it has in common with its round: people who meet are mostly at the same things.
type Shared = (Intent, [bool; 3]);

fn intent() -> impl Strategy<Value = Shared> {
    let kinds = KINDS.iter().map(|(weight, kind)| (*weight, Just(*kind))).collect();
    let kind = prop::strategy::Union::new_weighted(kinds);
    let intent = (0..64_usize, kind, [0..64_usize, 0..64, 0..64], 0..12_u64)
        .prop_map(|(actor, kind, numbers, delay)| Intent { actor, kind, numbers, delay: Duration::from_millis(delay) });
    let is_common = [0.85, 0.4, 0.5].map(prop::bool::weighted);
    (intent, is_common)
}

impl Intent {
    /// Who does what.
    pub fn operation(&self, state: &State, made: &Made) -> (&'static str, Operation) {
        let it = Choice { state, made, numbers: self.numbers };
        let team = it.team();
        match self.kind {
            Kind::Redeem => {
                let invitation = it.invitation(None);
                let code = made.codes.get(&invitation).map_or("00000000", String::as_str).to_owned();
                (self.invited(state, invitation), Operation::Redeem { invitation, code })
            }
            Kind::Leave => {
                let actor = self.one_of(&it.cast_of(Some(team)), 1);
                let user = state.named(actor).map_or_else(nobody, |(user_id, _)| user_id);
                (actor, Operation::Remove { team, user })
            }
            Kind::CreateTeam
            | Kind::DeleteTeam
            | Kind::CreateUser
            | Kind::Disable
            | Kind::Enable
            | Kind::SetType
            | Kind::DeleteUser
            | Kind::MoveApp => (self.one_of(&CAST[..ADMINS], 4), self.by_the_platform(&it)),
            Kind::Wait => {
                let by = Duration::from_secs([61, 25 * 60 * 60][self.numbers[1] % 2]);
                ("nobody", Operation::Wait { by })
            }
            Kind::CleanUp => ("nobody", Operation::CleanUp),
            Kind::DeleteApp | Kind::CreateAdmin | Kind::SetAdmin | Kind::CancelAdmin => {
                let app = it.app();
                let team = state.apps.get(&app).and_then(|directory| directory.team_id);
                (self.one_of(&[&CAST[..ADMINS], &it.cast_of(team)].concat(), 2), self.in_app(&it, app))
            }
            _ => (self.one_of(&[&CAST[..1], &it.cast_of(Some(team))].concat(), 3), self.in_team(&it, team)),
        }
    }

    /// One of these, so many times as often as anybody.
    fn one_of(&self, of: &[&'static str], weight: usize) -> &'static str {
        let is_anybody = self.actor.is_multiple_of(weight + 1) || of.is_empty();
        let of = if is_anybody { &CAST[..] } else { of };
        of[self.actor / (weight + 1) % of.len()]
    }

    /// Mostly whom it is for, or somebody who is in no team.
    fn invited(&self, state: &State, invitation: InvitationId) -> &'static str {
        let login = state.invitations.get(&invitation).and_then(|offer| offer.login.as_deref());
        let free = |actor: &&&str| match login {
            Some(login) => login == **actor,
            None => state.named(actor).is_some_and(|(_, it)| it.teams.is_empty() && !it.user_type.is_admin()),
        };
        self.one_of(&CAST.iter().filter(free).copied().collect::<Vec<_>>(), 3)
    }

    fn by_the_platform(&self, it: &Choice<'_>) -> Operation {
        match self.kind {
            Kind::CreateTeam => {
                let admin = (!self.numbers[1].is_multiple_of(3)).then(|| it.joiner());
                Operation::CreateTeam { name: it.name(), admin }
            }
            Kind::DeleteTeam => Operation::DeleteTeam { team: it.team() },
            Kind::CreateUser => Operation::CreateUser { login: it.login(), user_type: it.user_type() },
            Kind::Disable => Operation::SetStatus { user: it.user(), is_enabled: false },
            Kind::Enable => Operation::SetStatus { user: it.disabled(), is_enabled: true },
            Kind::SetType => Operation::SetType { user: it.user(), user_type: it.user_type() },
            Kind::DeleteUser => Operation::DeleteUser { user: it.user() },
            _ => Operation::MoveApp { app: it.app(), team: it.owner() },
        }
    }

    fn in_app(&self, it: &Choice<'_>, app: AppId) -> Operation {
        match self.kind {
            Kind::DeleteApp => Operation::DeleteApp { app },
            Kind::CreateAdmin => Operation::CreateAdmin { app, account: it.account() },
            kind => Operation::TurnAdmin { app, account: it.account(), is_admin: kind == Kind::SetAdmin },
        }
    }

    fn in_team(&self, it: &Choice<'_>, team: TeamId) -> Operation {
        match self.kind {
            Kind::Issue => Operation::Issue { team, role: it.role(team), login: it.bound() },
            Kind::Reissue => Operation::Reissue { team, invitation: it.invitation(Some(team)) },
            Kind::Revoke => Operation::Revoke { team, invitation: it.invitation(Some(team)) },
            Kind::Add => Operation::Add { team, user: it.joiner(), role: it.role(team) },
            Kind::AddNew => Operation::AddNew { team, login: it.login(), role: it.role(team) },
            Kind::Move => Operation::Move { team, user: it.member(team), role: it.role(team) },
            Kind::Remove => Operation::Remove { team, user: it.member(team) },
            Kind::CreateRole => Operation::CreateRole { team, permissions: it.permissions() },
            Kind::EditRole => Operation::EditRole { team, role: it.custom(team), permissions: it.permissions() },
            Kind::DeleteRole => Operation::DeleteRole { team, role: it.custom(team) },
            Kind::RenameTeam => Operation::RenameTeam { team, name: it.name() },
            _ => Operation::CreateApp { team: it.owner() },
        }
    }
}
