//! Where a file can come from, and what its columns mean there.

use super::transform::Transform;
use rollcall_domain::column::Column;

/// What a column of a source is for a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Rule {
    /// Which part of the value it has.
    pub(crate) part: Part,
    /// How it is changed.
    pub(crate) transform: Option<Transform>,
    /// Whether a value that the field does not take is left out instead of a fault.
    pub(crate) is_lenient: bool,
}

/// Which part of a field's value a column has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// All of it. Of several such columns, the first that has a value counts.
    Whole,
    /// The given name.
    Given,
    /// The family name.
    Family,
}

/// A service that exports its users.
pub(crate) struct Source {
    /// Files of the source have all of these columns,
    all: &'static [&'static str],
    /// and at least one of these, unless there are none.
    any: &'static [&'static str],
    /// The columns that are imported, by priority. A name may occur once, a field several times.
    pub(crate) columns: &'static [(&'static str, Column, Rule)],
    /// Whether it is a service of others, where a field of ours may have another meaning, and where several columns can
    /// have the name of somebody.
    pub(crate) is_foreign: bool,
    /// Whether CSV files have a `'` before every text.
    pub(crate) marks_every_text: bool,
}

const WHOLE: Rule = Rule { part: Part::Whole, transform: None, is_lenient: false };
const GIVEN: Rule = Rule { part: Part::Given, ..WHOLE };
const FAMILY: Rule = Rule { part: Part::Family, ..WHOLE };
const UUID: Rule = Rule { transform: Some(Transform::CompactUuid), ..WHOLE };
const PREFIXED: Rule = Rule { transform: Some(Transform::StripPrefix), ..WHOLE };
const LENIENT: Rule = Rule { is_lenient: true, ..WHOLE };

const AUTH0: Source = Source {
    all: &["userid"],
    any: &["picture", "emailverified", "identities", "connection", "givenname", "loginscount", "lastlogin"],
    columns: &[
        ("userid", Column::UserId, PREFIXED),
        ("id", Column::UserId, PREFIXED),
        ("nickname", Column::Nickname, WHOLE),
        ("name", Column::Nickname, WHOLE),
        ("picture", Column::PhotoUrl, WHOLE),
    ],
    is_foreign: true,
    marks_every_text: true,
};

const FIRST_AND_LAST_NAME: &[(&str, Column, Rule)] = &[
    ("username", Column::UserId, WHOLE),
    ("firstname", Column::Nickname, GIVEN),
    ("lastname", Column::Nickname, FAMILY),
];

/// Names are as [`plain_name`] makes them.
static SOURCES: [Source; 9] = [
    // Amazon Cognito
    Source {
        all: &["cognito:username"],
        any: &[],
        columns: &[
            ("cognito:username", Column::UserId, UUID),
            ("nickname", Column::Nickname, WHOLE),
            ("name", Column::Nickname, WHOLE),
            ("gender", Column::Gender, LENIENT),
            ("birthdate", Column::BirthDate, LENIENT),
        ],
        is_foreign: true,
        marks_every_text: false,
    },
    // Firebase
    Source {
        all: &["localid"],
        any: &[],
        columns: &[
            ("localid", Column::UserId, WHOLE),
            ("displayname", Column::Nickname, WHOLE),
            ("photourl", Column::PhotoUrl, WHOLE),
        ],
        is_foreign: true,
        marks_every_text: false,
    },
    // Supabase
    Source {
        all: &["id"],
        any: &["rawusermetadata", "rawusermetadata.fullname", "rawusermetadata.avatarurl", "instanceid", "aud"],
        columns: &[
            ("id", Column::UserId, UUID),
            ("rawusermetadata.fullname", Column::Nickname, WHOLE),
            ("rawusermetadata.avatarurl", Column::PhotoUrl, WHOLE),
        ],
        is_foreign: true,
        marks_every_text: false,
    },
    // Clerk
    Source {
        all: &["id", "firstname", "lastname"],
        any: &[
            "primaryemailaddress",
            "primaryphonenumber",
            "verifiedemailaddresses",
            "passworddigest",
            "passwordhasher",
        ],
        columns: &[
            ("id", Column::UserId, WHOLE),
            ("firstname", Column::Nickname, GIVEN),
            ("lastname", Column::Nickname, FAMILY),
        ],
        is_foreign: true,
        marks_every_text: false,
    },
    // Keycloak
    Source {
        all: &["username"],
        any: &[
            "firstname",
            "lastname",
            "enabled",
            "emailverified",
            "createdtimestamp",
            "credentials",
            "requiredactions",
        ],
        columns: FIRST_AND_LAST_NAME,
        is_foreign: true,
        marks_every_text: false,
    },
    // Okta
    Source {
        all: &["login"],
        any: &["nickname", "displayname", "firstname", "lastname", "email"],
        columns: &[
            ("login", Column::UserId, WHOLE),
            ("nickname", Column::Nickname, WHOLE),
            ("displayname", Column::Nickname, WHOLE),
        ],
        is_foreign: true,
        marks_every_text: false,
    },
    // Auth0, by each of the names of its id
    AUTH0,
    Source { all: &["id"], ..AUTH0 },
    // The chat product
    Source {
        all: &["userid"],
        any: &["nick", "faceurl"],
        columns: &[
            ("userid", Column::UserId, WHOLE),
            ("nick", Column::Nickname, WHOLE),
            ("faceurl", Column::PhotoUrl, WHOLE),
        ],
        is_foreign: true,
        marks_every_text: false,
    },
];

/// Our own files, and those of nobody in particular: the names of our fields, then common other names.
static OTHER: Source = Source {
    all: &[],
    any: &[],
    columns: &[
        ("userid", Column::UserId, WHOLE),
        ("nickname", Column::Nickname, WHOLE),
        ("type", Column::Type, WHOLE),
        ("photourl", Column::PhotoUrl, WHOLE),
        ("gender", Column::Gender, WHOLE),
        ("birthdate", Column::BirthDate, WHOLE),
        ("location", Column::Location, WHOLE),
        ("whatsup", Column::WhatsUp, WHOLE),
        ("friendverification", Column::FriendVerification, WHOLE),
        ("language", Column::Language, WHOLE),
        ("messagesettings", Column::MessageSettings, WHOLE),
        ("friending", Column::Friending, WHOLE),
        ("level", Column::Level, WHOLE),
        ("role", Column::Role, WHOLE),
        ("accountid", Column::UserId, WHOLE),
        ("uid", Column::UserId, WHOLE),
        ("id", Column::UserId, WHOLE),
        ("nick", Column::Nickname, WHOLE),
        ("displayname", Column::Nickname, WHOLE),
        ("name", Column::Nickname, WHOLE),
        ("faceurl", Column::PhotoUrl, WHOLE),
        ("avatarurl", Column::PhotoUrl, WHOLE),
    ],
    is_foreign: false,
    marks_every_text: false,
};

/// The columns of Firebase's CSV files, which have no header. The lines end with a comma.
pub(crate) const FIREBASE_COLUMNS: [&str; 29] = [
    "localId",
    "email",
    "emailVerified",
    "passwordHash",
    "passwordSalt",
    "displayName",
    "photoUrl",
    "googleId",
    "googleEmail",
    "googleDisplayName",
    "googlePhotoUrl",
    "facebookId",
    "facebookEmail",
    "facebookDisplayName",
    "facebookPhotoUrl",
    "twitterId",
    "twitterEmail",
    "twitterDisplayName",
    "twitterPhotoUrl",
    "githubId",
    "githubEmail",
    "githubDisplayName",
    "githubPhotoUrl",
    "createdAt",
    "lastLoginAt",
    "phoneNumber",
    "disabled",
    "customAttributes",
    "",
];

/// The name of a column as it is compared: without regard to case and to what separates words.
pub(crate) fn plain_name(name: &str) -> String {
    let name = name.trim().trim_start_matches('\'');
    name.chars().filter(|c| !matches!(c, ' ' | '_' | '-')).flat_map(char::to_lowercase).collect()
}

/// The source of a file with columns of these plain names. Whoever exports from Auth0 chooses the columns, so its files
/// are also known by their ids, which [`is_auth0_id`] knows.
pub(crate) fn source(names: &[String], has_auth0_ids: bool) -> &'static Source {
    let has = |name: &&str| names.iter().any(|known| known == name);
    let is_of = |source: &&Source| {
        let has_any = source.any.is_empty() || source.any.iter().any(has) || (has_auth0_ids && source.marks_every_text);
        source.all.iter().all(has) && has_any
    };
    SOURCES.iter().find(is_of).unwrap_or(&OTHER)
}

/// Whether a value is an id of Auth0: the kind of sign-in, and the id there, as in `auth0|5f7c`.
pub(crate) fn is_auth0_id(value: &str) -> bool {
    let is_kind =
        |kind: &str| kind.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    value.split_once('|').is_some_and(|(kind, id)| !kind.is_empty() && is_kind(kind) && !id.is_empty())
}

/// Whether any source has a column of this plain name, or it is a secret's.
pub(crate) fn is_known(name: &str) -> bool {
    let columns = SOURCES.iter().chain([&OTHER]).flat_map(|source| source.columns.iter());
    is_secret(name) || matches!(name, "email" | "line") || columns.map(|(known, ..)| known).any(|known| *known == name)
}

/// Whether a column of this plain name has what nobody may read: hashes, salts, keys of second factors, tokens.
pub(crate) fn is_secret(name: &str) -> bool {
    const PARTS: [&str; 9] =
        ["password", "hash", "salt", "secret", "totp", "token", "mfafactor", "credential", "backupcode"];
    PARTS.iter().any(|part| name.contains(part))
}

/// Which part of a name a column of this plain name has.
pub(crate) fn part(name: &str) -> Part {
    if matches!(name, "lastname" | "familyname" | "surname") { Part::Family } else { Part::Given }
}
