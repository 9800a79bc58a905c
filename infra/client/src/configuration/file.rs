//! The file: its form, and how it is read and written.

use std::{collections::BTreeSet, fs::File, io};

use chrono::{DateTime, SecondsFormat, SubsecRound, Utc};
use serde::{Deserialize, Deserializer, Serialize};
use serde_saphyr::{MessageFormatter, Spanned, UserMessageFormatter};
use unicode_normalization::UnicodeNormalization;

use super::problem::{Place, Problem};

/// A list of the file. If it is absent, the file says nothing about the kind.
pub(super) type Entries<T> = Option<Vec<Spanned<T>>>;

/// The configuration of an installation, or a part of it.
#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ConfigurationFile {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) teams: Entries<TeamEntry>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) applications: Entries<AppEntry>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) service_accounts: Entries<PlatformAccountEntry>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) webhooks: Entries<WebhookEntry>,
}

/// A team and what belongs to it.
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TeamEntry {
    pub(super) name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) roles: Entries<RoleEntry>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) members: Entries<MemberEntry>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) service_accounts: Entries<TeamAccountEntry>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) applications: Entries<AppEntry>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) webhooks: Entries<WebhookEntry>,
}

/// A custom role.
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RoleEntry {
    pub(super) name: String,
    pub(super) permissions: BTreeSet<String>,
}

/// A person in a team, or a service account of the platform in it.
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct MemberEntry {
    pub(super) login: String,
    pub(super) role: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) expires_at: Option<Moment>,
}

/// A service account that belongs to a team.
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TeamAccountEntry {
    pub(super) login: String,
    #[serde(deserialize_with = "composed")]
    pub(super) username: String,
    pub(super) role: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) expires_at: Option<Moment>,
}

/// A service account of the platform.
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PlatformAccountEntry {
    pub(super) login: String,
    #[serde(deserialize_with = "composed")]
    pub(super) username: String,
    #[serde(rename = "type")]
    pub(super) account_type: AccountType,
}

/// The rights of a service account of the platform: those of its roles, or those of a platform admin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum AccountType {
    Service,
    PlatformService,
}

/// A webhook. Without types, it gets events of all types.
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WebhookEntry {
    pub(super) url: String,
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub(super) types: BTreeSet<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) description: Option<String>,
}

/// An application.
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AppEntry {
    pub(super) name: String,
}

/// A moment, to the millisecond, which is how exactly the server keeps it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub(super) struct Moment(pub(super) DateTime<Utc>);

impl TryFrom<String> for Moment {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let moment = DateTime::parse_from_rfc3339(&text);
        let moment = moment.map_err(|_| format!("'{text}' is no time such as 2027-01-31T00:00:00Z (RFC 3339)"))?;
        Ok(Self(moment.to_utc().trunc_subsecs(3)))
    }
}

impl From<Moment> for String {
    fn from(moment: Moment) -> Self {
        moment.0.to_rfc3339_opts(SecondsFormat::Millis, true)
    }
}

/// A text in NFC, the form in which the server keeps usernames.
fn composed<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    Ok(String::deserialize(deserializer)?.nfc().collect())
}

/// The text of a file, or of the standard input as `-`.
pub(super) fn read_text(path: &str) -> io::Result<String> {
    if path == "-" { io::read_to_string(io::stdin()) } else { File::open(path).and_then(io::read_to_string) }
}

impl ConfigurationFile {
    /// Reads the text of a file. YAML stops at the first mistake.
    pub(super) fn parse(text: &str) -> Result<Self, Problem> {
        let options = serde_saphyr::options! { with_snippet: false, reject_unsupported_tags: true };
        let file: Option<Self> = serde_saphyr::from_str_with_options(text, options).map_err(|error| Problem {
            place: error.location().map(Place::from),
            text: UserMessageFormatter.format_message(&error).replace(char::is_control, " "),
        })?;
        file.ok_or_else(|| Problem { place: None, text: "there is nothing in it".to_owned() })
    }

    /// The text of a file.
    pub(super) fn to_yaml(&self) -> Result<String, serde_saphyr::ser::Error> {
        let options = serde_saphyr::ser_options! { prefer_block_scalars: false, compact_list_indent: false };
        serde_saphyr::to_string_with_options(self, options)
    }
}

/// An entry that stands nowhere yet.
pub(super) fn unplaced<T>(value: T) -> Spanned<T> {
    Spanned { value, referenced: serde_saphyr::Location::UNKNOWN, defined: serde_saphyr::Location::UNKNOWN }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A text as people write it, or one that means something in YAML.
    fn written() -> impl Strategy<Value = String> {
        let special = prop::sample::select(vec![
            "yes",
            "null",
            "~",
            "1e3",
            "0x1",
            "2027-01-31",
            "- a",
            "a: b",
            "a #b",
            "*a",
            "&a",
            "!a",
            "%a",
            "@a",
            "<<",
            "=",
            "[a",
            "{a",
            "|",
            ">",
            "?",
            "-",
            "'a'",
            "\"a\"",
            "a\\b",
            "---",
            "...",
            "a  b",
            "true",
            "...\n",
            ".inf",
        ]);
        prop_oneof![special.prop_map(str::to_owned), "\\PC{1,90}", "[ -~]{1,90}"]
    }

    fn one<T>(entry: T) -> Vec<Spanned<T>> {
        vec![unplaced(entry)]
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_again(texts in prop::collection::vec(written(), 12), time in 0_i64..1 << 42) {
            let text = |index: usize| texts[index].clone();
            let expires_at = DateTime::from_timestamp_millis(time).map(Moment);
            let file = ConfigurationFile {
                teams: Some(one(TeamEntry {
                    name: text(0),
                    roles: Some(one(RoleEntry { name: text(1), permissions: [text(2), text(3)].into() })),
                    members: Some(one(MemberEntry { login: text(4), role: text(5), expires_at })),
                    service_accounts: Some(Vec::new()),
                    applications: None,
                    webhooks: Some(one(WebhookEntry { url: text(6), types: [].into(), description: Some(text(7)) })),
                })),
                applications: Some(one(AppEntry { name: text(8) })),
                service_accounts: Some(one(PlatformAccountEntry {
                    login: text(9),
                    username: text(10).nfc().collect(),
                    account_type: AccountType::PlatformService,
                })),
                webhooks: Some(one(WebhookEntry { url: text(11), types: [text(0)].into(), description: None })),
            };
            let yaml = file.to_yaml().unwrap();
            let read = ConfigurationFile::parse(&yaml).unwrap_or_else(|problem| panic!("{problem:?}\n{yaml}"));
            let [written, read] = [&file, &read].map(|file| serde_json::to_value(file).unwrap());
            prop_assert_eq!(written, read, "{}", yaml);
        }
    }

    #[test]
    fn moments_are_kept_as_exactly_as_the_server_keeps_them() {
        for (text, expected) in [
            ("2027-01-31T09:00:00+09:00", "2027-01-31T00:00:00.000Z"),
            ("2027-01-31T00:00:00.1239Z", "2027-01-31T00:00:00.123Z"),
        ] {
            assert_eq!(Moment::try_from(text.to_owned()).map(String::from), Ok(expected.to_owned()));
        }
        for text in ["", "2027-01-31", "tomorrow", "2027-02-30T00:00:00Z"] {
            assert!(Moment::try_from(text.to_owned()).unwrap_err().contains("RFC 3339"), "{text}");
        }
    }
}
