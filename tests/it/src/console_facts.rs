//! `functions/console/web/facts.js`, the console's copy of facts of the code, is generated from the code.

use std::{fmt::Write as _, path::PathBuf};

use rollcall_domain::{
    Code, PasswordReason, ViolationCode, limits,
    permission::{Permission, Preset, UserType},
    scope::Scope,
};
use serde_json::Value;
use utoipa::PartialSchema;

/// The maximum width of a line. The layout is that of the console's formatter.
const MAX_COLUMNS: usize = 120;

/// `UPDATE_CONSOLE_FACTS=1` rewrites the file.
#[test]
fn the_facts_of_the_console_are_those_of_the_code() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../functions/console/web/facts.js");
    let current = facts();
    if std::env::var_os("UPDATE_CONSOLE_FACTS").is_some() {
        std::fs::write(&path, &current).unwrap();
    }
    assert_eq!(
        std::fs::read_to_string(&path).unwrap(),
        current,
        "functions/console/web/facts.js is not what the code says: run this test with UPDATE_CONSOLE_FACTS=1"
    );
}

fn facts() -> String {
    let permissions: Vec<_> = Permission::ALL.iter().map(|permission| permission.as_str().to_owned()).collect();
    let presets = Preset::ALL.iter().map(|preset| {
        let permissions: Vec<_> =
            preset.permissions().iter().map(|permission| permission.as_str().to_owned()).collect();
        (preset.id(), array(&permissions, 2, format!("  {}: ", preset.id()).len()))
    });
    let user_types: Vec<_> = UserType::ALL.iter().map(|kind| kind.as_str().to_owned()).collect();
    let scopes: Vec<_> = Scope::all().map(|scope| scope.as_str().to_owned()).collect();
    let error_codes: Vec<_> = Code::ALL.iter().map(|code| code.as_str().to_owned()).collect();
    let document = rollcall::documented();
    let violation_codes = words::<ViolationCode>();
    let password_reasons = words::<PasswordReason>();

    let mut text =
        String::from("// Generated from the server's code. Do not edit: a test of the server writes this file.\n");
    let mut export = |name: &str, value: String| write!(text, "\nexport const {name} = {value};\n").unwrap();
    let list = |name: &str, words: &[String]| array(words, 0, format!("export const {name} = ").len());
    export("permissions", list("permissions", &permissions));
    export("presets", object(presets));
    export("userTypes", list("userTypes", &user_types));
    export("scopes", list("scopes", &scopes));
    export("errorCodes", list("errorCodes", &error_codes));
    export("violationCodes", list("violationCodes", &violation_codes));
    export("passwordReasons", list("passwordReasons", &password_reasons));
    export("limits", object(limits(&document).map(|(name, limit)| (name, limit.to_string()))));
    text
}

/// The words of an enumeration, as its schema lists them.
fn words<T: PartialSchema>() -> Vec<String> {
    let schema = serde_json::to_value(T::schema()).unwrap();
    serde_json::from_value(schema["enum"].clone()).unwrap()
}

/// The limits that the console checks or shows. Those of texts come from the schemas of the API document.
fn limits(document: &Value) -> impl Iterator<Item = (&'static str, u64)> {
    let limit = |schema: &str, keyword: &str| {
        let limit = document["components"]["schemas"][schema][keyword].as_u64();
        limit.unwrap_or_else(|| panic!("{schema} has no {keyword}"))
    };
    let count = |limit: usize| u64::try_from(limit).unwrap();
    [
        ("adminsPerApp", count(limits::MAX_ADMINS_PER_APP)),
        ("accountsPerDeletion", count(limits::MAX_ACCOUNTS_PER_DELETION)),
        ("accountsPerExport", count(limits::MAX_ACCOUNTS_PER_SELECTION)),
        ("itemsPerPage", count(limits::MAX_PAGE)),
        ("liveInvitationsPerTeam", count(limits::MAX_LIVE_INVITATIONS)),
        ("keysPerUser", count(limits::MAX_KEYS_PER_USER)),
        ("keyDays", limits::MAX_KEY_DAYS.into()),
        ("keyOverlapHours", limits::MAX_KEY_OVERLAP_HOURS.into()),
        ("keyNetworks", count(limits::MAX_KEY_NETWORKS)),
        ("keyApps", count(limits::MAX_KEY_APPS)),
        ("membershipDays", u64::from(limits::MAX_MEMBERSHIP_DAYS)),
        ("invitationHours", limits::INVITATION_LIFETIME.as_secs() / 3600),
        ("recoveryCodes", count(limits::RECOVERY_CODES)),
        ("minLoginChars", limit("Login", "minLength")),
        ("maxLoginChars", limit("Login", "maxLength")),
        ("minUsernameChars", limit("Username", "minLength")),
        ("maxUsernameChars", limit("Username", "maxLength")),
        ("maxAccountIdChars", limit("AccountId", "maxLength")),
        ("maxProfileTextBytes", limit("Nickname", "maxLength")),
        ("maxProfileNumber", u64::from(u32::MAX)),
    ]
    .into_iter()
}

/// An array of strings: on one line if it fits between `column` and the comma or semicolon that follows it, otherwise
/// with one string a line.
fn array(words: &[String], indent: usize, column: usize) -> String {
    let quoted: Vec<_> = words.iter().map(|word| format!("\"{word}\"")).collect();
    let line = format!("[{}]", quoted.join(", "));
    if column + line.len() < MAX_COLUMNS {
        return line;
    }
    let lines: Vec<_> = quoted.iter().map(|word| format!("{:indent$}  {word},\n", "")).collect();
    format!("[\n{}{:indent$}]", lines.concat(), "")
}

fn object<'a>(entries: impl Iterator<Item = (&'a str, String)>) -> String {
    let lines: Vec<_> = entries.map(|(name, value)| format!("  {name}: {value},\n")).collect();
    format!("{{\n{}}}", lines.concat())
}
