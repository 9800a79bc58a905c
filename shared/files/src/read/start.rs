//! How an import is started.

use rollcall_domain::{Fields, choices, file_format::Delimiter, request_body};

use super::{encoding::TextEncoding, plan::Mapping, recognise::Given};

choices! {
    /// What a row does whose account exists already.
    OnExisting {
        /// Nothing.
        Skip "skip",
        /// It changes the fields that the file has columns for.
        Update "update",
        /// It fails.
        Fail "fail",
    }
}

request_body! {
    /// How a file is read, where that differs from what was recognised.
    pub struct Reading from (fields) {
        /// The encoding's WHATWG label.
        #[schema(value_type = Option<String>, min_length = 2, example = "windows-1252")]
        pub encoding: Option<TextEncoding>,
        /// What separates the cells of a CSV file.
        #[schema(value_type = Option<String>, pattern = r"^[,;|\t]$", example = ";")]
        pub delimiter: Option<Delimiter>,
        /// Which columns are imported into which fields.
        pub mapping: Option<Mapping> = Some(read_mapping(fields)),
    }
}

request_body! {
    /// The start of an import.
    pub struct ImportStart from (fields) {
        /// Whether to report only what would happen. The job can be started again afterwards.
        pub dry_run: bool,
        /// What a row does whose account exists already.
        pub on_existing: OnExisting,
        #[schema(inline)]
        #[serde(flatten)]
        reading: Reading = Reading::read(fields),
    }
}

impl Reading {
    /// What it says of the file as a whole.
    pub fn given(&self) -> Given {
        Given { encoding: self.encoding, delimiter: self.delimiter }
    }
}

impl ImportStart {
    /// How the file is read.
    pub fn reading(&self) -> &Reading {
        &self.reading
    }
}

fn read_mapping(fields: &mut Fields) -> Option<Mapping> {
    if fields.has_value("mapping") {
        return fields.object("mapping", Mapping::read);
    }
    fields.optional::<String>("mapping").and(None)
}
