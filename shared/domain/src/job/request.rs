//! The bodies of requests that begin and start jobs.

use chrono::NaiveDate;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::JobKind;
use crate::{
    account::{Account, AccountType},
    account_filter::AccountFilter,
    column::Column,
    fields::{Fields, FromField},
    file_format::{Delimiter, Format},
    limits::MAX_ACCOUNTS_PER_SELECTION,
    profile::ProfilePatch,
    request_body,
    search::SearchText,
    text::{AccountId, FileName},
    violation::{Invalid, ViolationCode},
};

request_body! {
    /// Which accounts of the application are meant: those that match every part that is there.
    #[derive(Clone)]
    pub struct AccountSelection {
        /// Only accounts of this type.
        r#type: Option<AccountType>,
        /// Only accounts whose `user_id` begins with this.
        user_id_prefix: Option<String>,
        /// Only accounts with this text in their `user_id` or nickname, without regard to case, width and accents.
        #[schema(value_type = Option<String>, min_length = 1, max_length = 64)]
        q: Option<SearchText>,
    }
}

impl AccountSelection {
    fn filter(&self) -> AccountFilter {
        AccountFilter {
            account_type: self.r#type,
            user_id_prefix: self.user_id_prefix.clone().unwrap_or_default(),
            text: self.q.clone(),
        }
    }

    fn is_empty(&self) -> bool {
        self.filter() == AccountFilter::default()
    }
}

request_body! {
    /// An export of all accounts of an application, or of those that match.
    pub struct ExportRequest from (fields) {
        /// `export`
        kind: JobKind,
        /// The format of the file.
        pub format: Format,
        /// Whether the file is compressed.
        pub gzip: Option<bool>,
        /// The columns in their order; all if it is left out.
        #[schema(value_type = Option<Vec<Column>>, min_items = 1, max_items = 16)]
        pub columns: Option<Vec<Column>> = Some(read_columns(fields)),
        /// What separates the cells of a CSV file: a comma if it is left out.
        #[schema(value_type = Option<String>, pattern = r"^[,;\t]$", example = ";")]
        pub delimiter: Option<Delimiter> = Some(read_delimiter(fields, format)),
        #[schema(inline)]
        #[serde(flatten)]
        accounts: AccountSelection = AccountSelection::read(fields),
    }
}

// A schema attribute takes a literal only.
const _: () = assert!(Column::ALL.len() == 16 && MAX_ACCOUNTS_PER_SELECTION == 1_000);

request_body! {
    /// An import of a file, which is uploaded to the `upload` of the reply.
    pub struct ImportRequest {
        /// `import`
        kind: JobKind,
        /// The name of the file, for people.
        file_name: Option<FileName>,
    }
}

request_body! {
    /// The same change of many accounts. It waits until it is started with the number of accounts that it found.
    pub struct EditRequest from (fields, today: NaiveDate) {
        /// `edit`
        kind: JobKind,
        #[schema(inline)]
        #[serde(flatten)]
        accounts: AccountSelection = AccountSelection::read(fields),
        /// The accounts' ids, in place of a filter. Duplicates count once.
        #[schema(value_type = Option<Vec<AccountId>>, min_items = 1, max_items = 1_000)]
        pub user_ids: Option<Vec<AccountId>> = Some(read_ids(fields, accounts.as_ref())),
        /// The fields that change. A field that is left out stays, and null clears it or restores its default.
        #[schema(value_type = ProfilePatch)]
        pub set: Map<String, Value> = read_set(fields, today),
    }
}

request_body! {
    /// A deletion of many accounts. It waits until it is started with the number of accounts that it found.
    pub struct DeleteRequest from (fields) {
        /// `delete`
        kind: JobKind,
        #[schema(inline)]
        #[serde(flatten)]
        accounts: AccountSelection = AccountSelection::read(fields),
        /// The accounts' ids, in place of a filter. Duplicates count once.
        #[schema(value_type = Option<Vec<AccountId>>, min_items = 1, max_items = 1_000)]
        pub user_ids: Option<Vec<AccountId>> = Some(read_ids(fields, accounts.as_ref())),
    }
}

request_body! {
    /// The start of an edit or a deletion.
    pub struct BulkStart {
        /// The job's `matched`, as its reader saw it.
        pub matched: u32,
    }
}

impl ExportRequest {
    /// The accounts that are meant.
    pub fn filter(&self) -> AccountFilter {
        self.accounts.filter()
    }
}

impl EditRequest {
    /// The accounts that are meant.
    pub fn filter(&self) -> AccountFilter {
        self.accounts.filter()
    }
}

impl DeleteRequest {
    /// The accounts that are meant.
    pub fn filter(&self) -> AccountFilter {
        self.accounts.filter()
    }
}

/// A request that begins a job.
#[derive(Debug, ToSchema)]
#[serde(untagged)]
pub enum NewJob {
    /// An export.
    Export(ExportRequest),
    /// An import.
    Import(ImportRequest),
    /// A bulk edit.
    Edit(EditRequest),
    /// A bulk deletion.
    Delete(DeleteRequest),
}

impl NewJob {
    /// What the job does.
    pub fn kind(&self) -> JobKind {
        match self {
            Self::Export(_) => JobKind::Export,
            Self::Import(_) => JobKind::Import,
            Self::Edit(_) => JobKind::Edit,
            Self::Delete(_) => JobKind::Delete,
        }
    }

    /// Reads a body. The kind decides what else it has.
    pub fn read(fields: &mut Fields, today: NaiveDate) -> Option<Self> {
        match fields.peek("kind") {
            // Reports that there is no kind, or which there are. What else the body must have depends on it.
            None => {
                fields.forget(&OF_ANY_KIND);
                fields.required::<JobKind>("kind").and(None)
            }
            Some(JobKind::Export) => ExportRequest::read(fields).map(Self::Export),
            Some(JobKind::Import) => ImportRequest::read(fields).map(Self::Import),
            Some(JobKind::Edit) => EditRequest::read(fields, today).map(Self::Edit),
            Some(JobKind::Delete) => DeleteRequest::read(fields).map(Self::Delete),
        }
    }
}

/// The fields that a request has besides its kind, whatever that is.
const OF_ANY_KIND: [&str; 10] =
    ["format", "gzip", "columns", "delimiter", "file_name", "type", "user_id_prefix", "q", "user_ids", "set"];

fn read_columns(fields: &mut Fields) -> Option<Vec<Column>> {
    if !fields.has_value("columns") {
        return fields.optional::<String>("columns").and(None);
    }
    let columns: Vec<Column> = fields.list("columns", Column::ALL.len())?;
    let is_repeated = |index: usize| columns[..index].contains(&columns[index]);
    if let Some(index) = (0..columns.len()).find(|index| is_repeated(*index)) {
        let rule = "is there already. Name each column once";
        fields.violation(&format!("columns/{index}"), Invalid::new(ViolationCode::NotAllowed, rule));
        return None;
    }
    Some(columns)
}

/// A pipe separates files that are read only.
fn read_delimiter(fields: &mut Fields, format: Option<Format>) -> Option<Delimiter> {
    let is_csv = format.is_none_or(|format| format == Format::Csv);
    let delimiter: Option<Delimiter> = fields.optional("delimiter");
    let invalid = match delimiter {
        Some(Delimiter::Pipe) => Invalid::none_of(&["comma (,)", "semicolon (;)", "tab"]),
        Some(_) if !is_csv => Invalid::new(ViolationCode::NotAllowed, "belongs to CSV files only"),
        Some(_) | None => return delimiter,
    };
    fields.violation("delimiter", invalid);
    None
}

/// Reads the ids in place of a filter. One of the two must be there: nobody edits or deletes all accounts by an
/// oversight.
fn read_ids(fields: &mut Fields, accounts: Option<&AccountSelection>) -> Option<Vec<AccountId>> {
    let has_filter = accounts.is_none_or(|accounts| !accounts.is_empty());
    if !fields.has_value("user_ids") {
        fields.optional::<String>("user_ids");
        if has_filter {
            return None;
        }
        let rule = "is required unless there is a type, a user_id_prefix or a q";
        fields.violation("user_ids", Invalid::new(ViolationCode::Required, rule));
        return None;
    }
    let ids = fields.list("user_ids", MAX_ACCOUNTS_PER_SELECTION)?;
    if has_filter {
        let rule = "takes the place of type, user_id_prefix and q. Send one or the other";
        fields.violation("user_ids", Invalid::new(ViolationCode::NotAllowed, rule));
        return None;
    }
    Some(ids)
}

/// An object of any fields.
struct Object(Map<String, Value>);

impl FromField for Object {
    fn from_field(value: &Value) -> Result<Self, Invalid> {
        value.as_object().cloned().map(Self).ok_or_else(|| Invalid::wrong_type("an object"))
    }
}

fn read_set(fields: &mut Fields, today: NaiveDate) -> Option<Map<String, Value>> {
    let set = fields.peek::<Object>("set").map(|Object(set)| set).filter(|set| !set.is_empty());
    let Some(set) = set else {
        // Reports that it is missing or no object.
        fields.required::<Object>("set")?;
        fields.violation("set", Invalid::new(ViolationCode::Required, "needs at least one field"));
        return None;
    };
    let patch = fields.object("set", |set| {
        Account::refuse_immutable(set);
        ProfilePatch::read(set, today)
    });
    patch.map(|_| set)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn violations(body: Value) -> Vec<Value> {
        let today = NaiveDate::from_ymd_opt(2026, 11, 20).unwrap();
        let refusal = Fields::of(body).parse(|fields| NewJob::read(fields, today)).unwrap_err();
        let violations = serde_json::to_value(&refusal.violations).unwrap();
        violations.as_array().unwrap().iter().map(|found| json!([found["pointer"], found["code"]])).collect()
    }

    #[test]
    fn a_wrong_request_says_where() {
        let cases: [(Value, &[(&str, &str)]); 17] = [
            (json!({}), &[("/kind", "required")]),
            (json!({"kind": "copy"}), &[("/kind", "not_allowed")]),
            (json!({"kind": "export"}), &[("/format", "required")]),
            (
                json!({"kind": "export", "format": "pdf", "gzip": 1}),
                &[("/format", "not_allowed"), ("/gzip", "wrong_type")],
            ),
            (json!({"kind": "export", "format": "csv", "columns": []}), &[("/columns", "too_short")]),
            (
                json!({"kind": "export", "format": "csv", "columns": ["level", "level"]}),
                &[("/columns/1", "not_allowed")],
            ),
            (json!({"kind": "export", "format": "csv", "delimiter": "|"}), &[("/delimiter", "not_allowed")]),
            (json!({"kind": "export", "format": "xlsx", "delimiter": ","}), &[("/delimiter", "not_allowed")]),
            (json!({"kind": "export", "format": "csv", "q": "\u{301}"}), &[("/q", "bad_format")]),
            (json!({"kind": "export", "format": "csv", "user_ids": ["a"]}), &[("/user_ids", "unknown_field")]),
            (json!({"kind": "import", "file_name": ""}), &[("/file_name", "too_short")]),
            (json!({"kind": "delete"}), &[("/user_ids", "required")]),
            (json!({"kind": "delete", "user_id_prefix": ""}), &[("/user_ids", "required")]),
            (json!({"kind": "delete", "q": "a", "user_ids": ["a"]}), &[("/user_ids", "not_allowed")]),
            (json!({"kind": "edit", "q": "a"}), &[("/set", "required")]),
            (json!({"kind": "edit", "q": "a", "set": {}}), &[("/set", "required")]),
            (
                json!({"kind": "edit", "q": "a", "set": {"level": -1, "type": "admin", "x": 1}}),
                &[("/set/type", "immutable_field"), ("/set/level", "out_of_range"), ("/set/x", "unknown_field")],
            ),
        ];
        for (body, expected) in cases {
            let expected: Vec<_> = expected.iter().map(|(pointer, code)| json!([pointer, code])).collect();
            assert_eq!(violations(body.clone()), expected, "{body}");
        }
    }
}
