//! Applications and their admin accounts.

use rollcall_domain::{
    Code,
    id::{AppId, TeamId},
    limits::MAX_ADMINS_PER_APP,
    permission::Permission,
};

use super::{Attempt, Outcome};
use crate::model::{
    operation::Operation,
    state::{AppState, State},
};

impl Attempt<'_> {
    pub(super) fn app_outcome(self, operation: &Operation, new_id: &str) -> Outcome {
        let mut after = self.state.clone();
        match operation {
            Operation::CreateApp { team } => {
                self.check_team(*team)?;
                if team.is_none() && !self.is_admin() {
                    return Err(Code::ValidationFailed);
                }
                after.apps.insert(AppId::parse(new_id).unwrap(), AppState { team_id: *team, accounts: [].into() });
            }
            Operation::MoveApp { app, team } => {
                let before = self.app(*app, Permission::AppsManage)?;
                if !self.is_admin() {
                    return Err(Code::Forbidden);
                }
                if *team != before.team_id {
                    self.check_team(*team)?;
                }
                after.apps.get_mut(app).unwrap().team_id = *team;
            }
            Operation::DeleteApp { app } => {
                if !self.app(*app, Permission::AppsManage)?.accounts.is_empty() {
                    return Err(Code::AppNotEmpty);
                }
                after.apps.remove(app);
            }
            Operation::CreateAdmin { app, account } => {
                let before = self.app(*app, Permission::AccountsWrite)?;
                self.app(*app, Permission::AccountsAdmin)?;
                if before.accounts.contains_key(account) {
                    return Err(Code::AccountExists);
                }
                after.add_admin(*app, account)?;
            }
            Operation::SetAdmin { app, account, is_admin } => {
                let before = self.app(*app, Permission::AccountsRead)?;
                let was_admin = *before.accounts.get(account).ok_or(Code::NotFound)?;
                self.app(*app, Permission::AccountsAdmin)?;
                if *is_admin && !was_admin {
                    after.add_admin(*app, account)?;
                } else {
                    after.apps.get_mut(app).unwrap().accounts.insert(account.clone(), *is_admin);
                }
            }
            _ => unreachable!("{operation:?} is about something else"),
        }
        Ok(after)
    }

    /// The application, if the caller has the permission. If they may not even read it, it is not found.
    fn app(self, app: AppId, permission: Permission) -> Result<AppState, Code> {
        let found = self.state.apps.get(&app).ok_or(Code::NotFound)?;
        let may = |permission| self.may(permission, found.team_id);
        if !may(Permission::AccountsRead) && !may(Permission::AppsManage) {
            return Err(Code::NotFound);
        }
        if may(permission) { Ok(found.clone()) } else { Err(Code::Forbidden) }
    }

    fn check_team(self, team: Option<TeamId>) -> Result<(), Code> {
        let Some(team_id) = team else { return Ok(()) };
        if !self.may(Permission::TeamRead, team) || !self.state.teams.contains_key(&team_id) {
            return Err(Code::ValidationFailed);
        }
        if self.may(Permission::AppsManage, team) { Ok(()) } else { Err(Code::Forbidden) }
    }
}

impl State {
    fn add_admin(&mut self, app: AppId, account: &str) -> Result<(), Code> {
        let directory = self.apps.get_mut(&app).unwrap();
        if directory.admins() >= MAX_ADMINS_PER_APP {
            return Err(Code::AdminLimitReached);
        }
        directory.accounts.insert(account.to_owned(), true);
        Ok(())
    }
}
