//! An operation that a user intends, as numbers. Which users, teams and roles they select depends on the state in which
//! the operation runs.

use std::time::Duration;

use proptest::prelude::*;
use rollcall_domain::id::{AppId, InvitationId, TeamId};

use super::{
    choice::{Choice, Created, unknown_user},
    operation::Operation,
    state::State,
};

/// The logins of the callers: three admins of the platform, members of teams, two members of no team, and three that do
/// not exist at the start.
pub const LOGINS: [&str; 13] = [
    "boss", "deputy", "platform", "owner", "second", "manager", "custom", "senior", "mina", "jisoo", "new1", "new2",
    "new3",
];

/// How many of [`LOGINS`] are admins of the platform at the start.
const ADMIN_COUNT: usize = 3;

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
    UnsetAdmin,
    Wait,
    CleanUp,
}

/// The weight of each kind.
#[rustfmt::skip]
const KINDS: &[(u32, Kind)] = &[
    (6, Kind::Redeem), (5, Kind::Issue), (2, Kind::Reissue), (2, Kind::Revoke),
    (4, Kind::Add), (1, Kind::AddNew), (4, Kind::Move), (3, Kind::Remove), (2, Kind::Leave),
    (3, Kind::CreateRole), (3, Kind::EditRole), (3, Kind::DeleteRole),
    (3, Kind::CreateTeam), (1, Kind::RenameTeam), (3, Kind::DeleteTeam),
    (2, Kind::CreateUser), (2, Kind::Disable), (4, Kind::Enable), (4, Kind::SetType), (3, Kind::DeleteUser),
    (2, Kind::CreateApp), (3, Kind::MoveApp), (3, Kind::DeleteApp),
    (3, Kind::CreateAdmin), (2, Kind::SetAdmin), (2, Kind::UnsetAdmin),
    (1, Kind::Wait), (2, Kind::CleanUp),
];

/// An intent of one login.
#[derive(Clone, Debug)]
pub struct Intent {
    caller: usize,
    kind: Kind,
    numbers: [usize; 3],
    /// How long after the start of the round it begins.
    pub delay: Duration,
}

/// Intents that run concurrently.
#[derive(Clone, Debug)]
pub struct Round {
    pub intents: Vec<Intent>,
    /// Seed of the latency of each database call.
    pub latency_seed: u64,
}

pub fn rounds() -> BoxedStrategy<Round> {
    let intents = prop_oneof![1 => prop::collection::vec(intent(), 1), 2 => prop::collection::vec(intent(), 2..=5)];
    let numbers = [0..64_usize, 0..64, 0..64];
    let round = |(intents, common, latency_seed): (Vec<Shared>, [usize; 3], u64)| {
        let intent = |(mut intent, is_common): Shared| {
            for (number, common) in (0..3).filter(|number| is_common[*number]).map(|number| (number, common[number])) {
                intent.numbers[number] = common;
            }
            intent
        };
        Round { intents: intents.into_iter().map(intent).collect(), latency_seed }
    };
    (intents, numbers, any::<u64>()).prop_map(round).boxed()
}

/// An intent, and which of its numbers it shares with its round, so that concurrent operations often concern the same
/// things.
type Shared = (Intent, [bool; 3]);

fn intent() -> impl Strategy<Value = Shared> {
    let kinds = KINDS.iter().map(|(weight, kind)| (*weight, Just(*kind))).collect();
    let kind = prop::strategy::Union::new_weighted(kinds);
    let intent =
        (0..64_usize, kind, [0..64_usize, 0..64, 0..64], 0..12_u64).prop_map(|(caller, kind, numbers, delay)| Intent {
            caller,
            kind,
            numbers,
            delay: Duration::from_millis(delay),
        });
    let is_common = [0.85, 0.4, 0.5].map(prop::bool::weighted);
    (intent, is_common)
}

impl Intent {
    /// The login and its operation.
    pub fn operation(&self, state: &State, created: &Created) -> (&'static str, Operation) {
        let it = Choice { state, created, numbers: self.numbers };
        let team = it.team();
        match self.kind {
            Kind::Redeem => {
                let invitation = it.invitation(None);
                let code = created.codes.get(&invitation).map_or("00000000", String::as_str).to_owned();
                (self.redeemer(state, invitation), Operation::Redeem { invitation, code })
            }
            Kind::Leave => {
                let caller = self.pick_login(&it.logins_in(Some(team)), 1);
                let user = state.named(caller).map_or_else(unknown_user, |(user_id, _)| user_id);
                (caller, Operation::Remove { team, user })
            }
            Kind::CreateTeam
            | Kind::DeleteTeam
            | Kind::CreateUser
            | Kind::Disable
            | Kind::Enable
            | Kind::SetType
            | Kind::DeleteUser
            | Kind::MoveApp => (self.pick_login(&LOGINS[..ADMIN_COUNT], 4), self.platform_operation(&it)),
            Kind::Wait => {
                let by = Duration::from_secs([61, 25 * 60 * 60][self.numbers[1] % 2]);
                ("nobody", Operation::Wait { by })
            }
            Kind::CleanUp => ("nobody", Operation::CleanUp),
            Kind::DeleteApp | Kind::CreateAdmin | Kind::SetAdmin | Kind::UnsetAdmin => {
                let app = it.app();
                let team = state.apps.get(&app).and_then(|app| app.team_id);
                (
                    self.pick_login(&[&LOGINS[..ADMIN_COUNT], &it.logins_in(team)].concat(), 2),
                    self.app_operation(&it, app),
                )
            }
            _ => (
                self.pick_login(&[&LOGINS[..1], &it.logins_in(Some(team))].concat(), 3),
                self.team_operation(&it, team),
            ),
        }
    }

    /// Picks one of these logins, `weight` times as often as any login.
    fn pick_login(&self, of: &[&'static str], weight: usize) -> &'static str {
        let is_anybody = self.caller.is_multiple_of(weight + 1) || of.is_empty();
        let of = if is_anybody { &LOGINS[..] } else { of };
        of[self.caller / (weight + 1) % of.len()]
    }

    /// Mostly the login that the invitation is bound to, or a user who is in no team.
    fn redeemer(&self, state: &State, invitation: InvitationId) -> &'static str {
        let login = state.invitations.get(&invitation).and_then(|found| found.login.as_deref());
        let free = |caller: &&&str| match login {
            Some(login) => login == **caller,
            None => state.named(caller).is_some_and(|(_, it)| it.teams.is_empty() && !it.user_type.is_admin()),
        };
        self.pick_login(&LOGINS.iter().filter(free).copied().collect::<Vec<_>>(), 3)
    }

    fn platform_operation(&self, it: &Choice<'_>) -> Operation {
        match self.kind {
            Kind::CreateTeam => {
                let admin = (!self.numbers[1].is_multiple_of(3)).then(|| it.user_to_add());
                Operation::CreateTeam { name: it.name(), admin }
            }
            Kind::DeleteTeam => Operation::DeleteTeam { team: it.team() },
            Kind::CreateUser => Operation::CreateUser { login: it.login(), user_type: it.user_type() },
            Kind::Disable => Operation::SetStatus { user: it.user(), is_enabled: false },
            Kind::Enable => Operation::SetStatus { user: it.disabled_user(), is_enabled: true },
            Kind::SetType => Operation::SetType { user: it.user(), user_type: it.user_type() },
            Kind::DeleteUser => Operation::DeleteUser { user: it.user() },
            _ => Operation::MoveApp { app: it.app(), team: it.owner() },
        }
    }

    fn app_operation(&self, it: &Choice<'_>, app: AppId) -> Operation {
        match self.kind {
            Kind::DeleteApp => Operation::DeleteApp { app },
            Kind::CreateAdmin => Operation::CreateAdmin { app, account: it.account() },
            kind => Operation::SetAdmin { app, account: it.account(), is_admin: kind == Kind::SetAdmin },
        }
    }

    fn team_operation(&self, it: &Choice<'_>, team: TeamId) -> Operation {
        match self.kind {
            Kind::Issue => Operation::Issue { team, role: it.role(team), login: it.bound_login() },
            Kind::Reissue => Operation::Reissue { team, invitation: it.invitation(Some(team)) },
            Kind::Revoke => Operation::Revoke { team, invitation: it.invitation(Some(team)) },
            Kind::Add => Operation::Add { team, user: it.user_to_add(), role: it.role(team) },
            Kind::AddNew => Operation::AddNew { team, login: it.login(), role: it.role(team) },
            Kind::Move => Operation::Move { team, user: it.member(team), role: it.role(team) },
            Kind::Remove => Operation::Remove { team, user: it.member(team) },
            Kind::CreateRole => Operation::CreateRole { team, permissions: it.permissions() },
            Kind::EditRole => Operation::EditRole { team, role: it.custom_role(team), permissions: it.permissions() },
            Kind::DeleteRole => Operation::DeleteRole { team, role: it.custom_role(team) },
            Kind::RenameTeam => Operation::RenameTeam { team, name: it.name() },
            _ => Operation::CreateApp { team: it.owner() },
        }
    }
}
