//! Downloading one account.

use axum::extract::{Path, State};
use rollcall_api::{Context, Problem};
use rollcall_domain::{
    Code, FromField, account::Account, app::App, audit::Target, file_format::Format, id::AppId, permission::Permission,
    role::Rights, text::AccountId,
};

use crate::download::{Bytes, Download, DownloadCall, record};

/// `GET /v1/apps/{app_id}/accounts/{user_id}/export`: downloads one account as a file.
///
/// CSV and XLSX have the columns `user_id, nickname, type, photo_url, gender, birth_date, location, whats_up,
/// friend_verification, language, message_settings, friending, level, role, created_at, updated_at`; NDJSON has the
/// account as `GET` shows it. CSV is UTF-8 with a byte order mark, and every cell is quoted. A `'` stands before each
/// character that could begin a formula, before `'` and before `"`, at the start of a cell or after `,`, `;`, `|`, a
/// tab or a line feed in it. In XLSX, `birth_date`, `created_at` and `updated_at` are dates. The file is named after
/// the application, the account and the day.
#[utoipa::path(
    get,
    path = "/v1/apps/{app_id}/accounts/{user_id}/export",
    tag = "files",
    operation_id = "export_account",
    params(
        ("app_id" = AppId, Path),
        ("user_id" = AccountId, Path),
        ("format" = Format, Query, description = "The format of the file."),
    ),
    responses(
        (
            status = 200,
            description = "The file.",
            headers(("Content-Disposition")),
            content(
                (String = "text/csv"),
                (String = "application/x-ndjson"),
                (Bytes = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
            ),
        ),
    ),
    extensions(("x-codes" = json!([Code::Forbidden])), ("x-scopes" = json!(["accounts.export"]))),
)]
pub(crate) async fn export(
    State(context): State<Context>,
    Path((app_id, user_id)): Path<(String, String)>,
    DownloadCall(call): DownloadCall,
) -> Result<Download, Problem> {
    let app_id = AppId::parse(&app_id).ok_or(Code::NotFound)?;
    let user_id = AccountId::parse(&user_id).map_err(|_| Code::NotFound)?;
    let (app, account) = context.store.app_and_account(app_id, &user_id).await?;
    let (app, account) = permitted(app, account, &call.actor.rights)?;
    let mut parameters = call.request.parameters();
    let format = parameters.required("format", |name| Format::from_field(&name.into()));
    let format = parameters.finish_with(|| format)?;
    let (target, accounts) = (Target::account(app_id, &user_id), [account]);
    let file = Download::new(format, &app, user_id.as_str(), &accounts, call.now())?;
    record(&context, &call, &app, target, (&accounts, format)).await?;
    Ok(file)
}

/// The application and its account, if these rights allow exporting it. Callers who may neither read nor export
/// accounts get 404 in any case.
fn permitted(app: Option<App>, account: Option<Account>, rights: &Rights) -> Result<(App, Account), Code> {
    let app = app.ok_or(Code::NotFound)?;
    let export = app.permit(rights, Permission::AccountsExport);
    export.or_else(|_| app.check_held(rights, Permission::AccountsRead))?;
    let account = account.ok_or(Code::NotFound)?;
    export?;
    Ok((app, account))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::download::samples::bare;
    use rollcall_domain::{held_role::HeldRole, id::TeamId, role::Role, role_id::RoleId, user::User};
    use rstest::rstest;
    use serde_json::json;

    const TEAM: &str = "019aa0c4-7e00-7c3a-9d52-6b1f0a8e4d21";

    fn app(team_id: Option<&str>) -> App {
        crate::download::samples::app("Harbor Chat", team_id)
    }

    fn member(role: &str) -> Rights {
        let user: User = serde_json::from_value(json!({
            "user_id": "019aa0c4-7e00-7c3a-9d52-6b1f0a8e4d23", "username": "mina", "login": "mina", "type": "member",
            "status": "enabled", "teams": {TEAM: role},
            "created_at": "2026-11-20T12:00:00.000Z", "updated_at": "2026-11-20T12:00:00.000Z", "version": 1,
        }))
        .unwrap();
        let held = |(team_id, held): (TeamId, HeldRole)| match held.role_id {
            RoleId::Preset(preset) => Some((team_id, Role::from(preset))),
            RoleId::Custom(_) => None,
        };
        Rights::new(&user, user.teams.stored().filter_map(held).collect(), user.created_at)
    }

    #[rstest]
    #[case("admin", None, Some(Code::NotFound))]
    #[case("senior_developer", None, Some(Code::NotFound))]
    #[case("operator", None, Some(Code::NotFound))]
    #[case("developer", Some(Code::Forbidden), Some(Code::NotFound))]
    #[case("reviewer", Some(Code::Forbidden), Some(Code::NotFound))]
    #[case("member_manager", Some(Code::NotFound), Some(Code::NotFound))]
    fn an_account_is_exported_only_with_the_permission(
        #[case] role: &str,
        #[case] existing: Option<Code>,
        #[case] missing: Option<Code>,
    ) {
        let (rights, app) = (member(role), app(Some(TEAM)));
        assert_eq!(permitted(Some(app.clone()), Some(bare("a")), &rights).err(), existing);
        assert_eq!(permitted(Some(app), None, &rights).err(), missing);
    }

    #[rstest]
    fn an_account_of_another_team_is_not_found(
        #[values(None, Some("019aa0c4-7e00-7c3a-9d52-6b1f0a8e4dff"))] team: Option<&str>,
    ) {
        let foreign = permitted(Some(app(team)), Some(bare("a")), &member("admin"));
        assert_eq!(foreign.err(), Some(Code::NotFound));
        assert_eq!(permitted(None, None, &member("admin")).err(), Some(Code::NotFound));
    }
}
