//! What a file looks like from outside: its format, and the separator of a CSV file.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::{choice::choices, fields::FromField, violation::Invalid};

choices! {
    /// The format of a file. Its name is also the file's extension.
    Format {
        /// Comma-separated values for spreadsheets.
        Csv "csv",
        /// One JSON object per line.
        Ndjson "ndjson",
        /// A workbook.
        Xlsx "xlsx",
    }

    /// The format of a file that is read.
    SourceFormat {
        /// Separated values.
        Csv "csv",
        /// One JSON object per line.
        Ndjson "ndjson",
        /// A JSON array, or an object that contains one.
        Json "json",
        /// A workbook, of which the first sheet is read.
        Xlsx "xlsx",
    }
}

impl Format {
    /// The name extension of a file, with that of its compression.
    pub fn extension(self, gzip: bool) -> String {
        format!("{}{}", self.as_str(), if gzip { ".gz" } else { "" })
    }

    /// The media type.
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Csv => "text/csv; charset=utf-8; header=present",
            Self::Ndjson => "application/x-ndjson",
            Self::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        }
    }
}

/// What separates the cells of a CSV file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub enum Delimiter {
    /// `,`
    #[serde(rename = ",")]
    Comma,
    /// `;`, which spreadsheets expect where the comma is the decimal sign.
    #[serde(rename = ";")]
    Semicolon,
    /// A tab.
    #[serde(rename = "\t")]
    Tab,
    /// `|`
    #[serde(rename = "|")]
    Pipe,
}

impl Delimiter {
    /// Those of files that are read.
    pub const ALL: [Self; 4] = [Self::Comma, Self::Semicolon, Self::Tab, Self::Pipe];

    /// The separator.
    pub const fn as_byte(self) -> u8 {
        match self {
            Self::Comma => b',',
            Self::Semicolon => b';',
            Self::Tab => b'\t',
            Self::Pipe => b'|',
        }
    }

    /// The separator as a text.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Comma => ",",
            Self::Semicolon => ";",
            Self::Tab => "\t",
            Self::Pipe => "|",
        }
    }
}

impl FromField for Delimiter {
    fn from_field(value: &Value) -> Result<Self, Invalid> {
        let text = String::from_field(value)?;
        let known = Self::ALL.into_iter().find(|delimiter| delimiter.as_str() == text);
        known.ok_or_else(|| Invalid::none_of(&["comma (,)", "semicolon (;)", "tab", "pipe (|)"]))
    }
}
