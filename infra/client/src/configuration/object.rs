//! An object of the configuration, whether a file names it or an installation has it: both are compared in this form.

use std::fmt::{self, Display};

use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Map, Value};
use unicode_normalization::UnicodeNormalization;

/// The preset roles, which every team has.
pub(super) const PRESETS: [&str; 6] =
    ["admin", "member_manager", "senior_developer", "developer", "operator", "reviewer"];

/// What kinds of objects there are, in the order in which they are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Team,
    Role,
    ServiceAccount,
    Member,
    App,
    Webhook,
}

impl Kind {
    /// The field by which objects of the kind are told apart within their owner.
    pub(super) fn name_field(self) -> &'static str {
        match self {
            Self::Team | Self::Role | Self::App => "name",
            Self::ServiceAccount | Self::Member => "login",
            Self::Webhook => "url",
        }
    }

    /// The field with the id, in replies and in paths.
    pub(super) fn id_field(self) -> &'static str {
        match self {
            Self::Team => "team_id",
            Self::Role => "role_id",
            Self::ServiceAccount | Self::Member => "user_id",
            Self::App => "app_id",
            Self::Webhook => "webhook_id",
        }
    }

    /// The name of the kind in programs.
    pub(super) fn id(self) -> &'static str {
        match self {
            Self::Team => "team",
            Self::Role => "role",
            Self::ServiceAccount => "service_account",
            Self::Member => "member",
            Self::App => "application",
            Self::Webhook => "webhook",
        }
    }

    /// Whether the server takes names for the same that differ in case only.
    fn ignores_case(self) -> bool {
        matches!(self, Self::Team | Self::ServiceAccount | Self::Member)
    }
}

/// What an object is called: a name within a team, or within the platform.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ObjectName {
    pub(super) kind: Kind,
    pub(super) team: Option<String>,
    pub(super) name: String,
}

/// A list of objects: those of one kind that one team, or the platform, has.
pub(super) type List = (Kind, Option<String>);

/// The form of a name in which two names of one object are equal.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key {
    pub(super) list: List,
    name: String,
}

impl Key {
    /// What sorts before all names of a list.
    pub(super) fn before(list: List) -> Self {
        Self { list, name: String::new() }
    }
}

impl ObjectName {
    pub(super) fn new(kind: Kind, team: Option<&str>, name: &str) -> Self {
        Self { kind, team: team.map(str::to_owned), name: name.to_owned() }
    }

    pub(super) fn key(&self) -> Key {
        let name = if self.kind.ignores_case() { folded(&self.name) } else { self.name.clone() };
        Key { list: (self.kind, self.team.as_deref().map(folded)), name }
    }
}

/// As a person reads it. What cannot be seen is escaped, so that a name cannot pretend to be another.
impl Display for ObjectName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {:?}", self.kind.id().replace('_', " "), self.name)?;
        self.team.as_ref().map_or(Ok(()), |team| write!(formatter, " of team {team:?}"))
    }
}

/// A text without case and compatibility forms. The server's comparison of team names goes a little further; it refuses
/// the few pairs that pass here.
pub(super) fn folded(text: &str) -> String {
    text.nfkc().collect::<String>().to_lowercase()
}

/// An object: what it is called, and its other fields. A field that is not set is absent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Object {
    pub(super) name: ObjectName,
    pub(super) fields: Map<String, Value>,
}

impl Object {
    /// The object of an entry of the file.
    pub(super) fn of<T: Serialize>(kind: Kind, team: Option<&str>, entry: &T) -> Self {
        let Ok(Value::Object(mut fields)) = serde_json::to_value(entry) else { return Self::named(kind, team, "") };
        let name = fields.remove(kind.name_field());
        let name = name.as_ref().and_then(Value::as_str).unwrap_or_default();
        Self { name: ObjectName::new(kind, team, name), fields }
    }

    /// An object with no other field than its name.
    pub(super) fn named(kind: Kind, team: Option<&str>, name: &str) -> Self {
        Self { name: ObjectName::new(kind, team, name), fields: Map::new() }
    }

    /// The entry of the file for the object.
    pub(super) fn entry<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        let mut fields = self.fields.clone();
        fields.insert(self.name.kind.name_field().to_owned(), self.name.name.clone().into());
        serde_json::from_value(Value::Object(fields))
    }

    /// A field as text; empty if it is not set.
    pub(super) fn text(&self, field: &str) -> &str {
        self.fields.get(field).and_then(Value::as_str).unwrap_or_default()
    }
}
