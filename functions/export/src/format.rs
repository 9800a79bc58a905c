//! File formats.

use std::io::{self, Write};

use rollcall_domain::{Invalid, Timestamp, ViolationCode, fields::FromField};
use serde_json::Value;
use utoipa::ToSchema;

use crate::{csv::Csv, encoder::Encoder, ndjson::Ndjson, xlsx::Xlsx};

/// The format of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ToSchema)]
#[schema(rename_all = "snake_case")]
pub(crate) enum Format {
    Csv,
    Ndjson,
    Xlsx,
}

impl Format {
    /// The format's name in the API, which is also its file extension.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Ndjson => "ndjson",
            Self::Xlsx => "xlsx",
        }
    }

    /// The format's media type.
    pub(crate) const fn media_type(self) -> &'static str {
        match self {
            Self::Csv => "text/csv; charset=utf-8; header=present",
            Self::Ndjson => "application/x-ndjson",
            Self::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        }
    }

    /// The format of this name.
    pub(crate) fn read(name: &str) -> Result<Self, Invalid> {
        let known = [Self::Csv, Self::Ndjson, Self::Xlsx].into_iter().find(|format| format.as_str() == name);
        known.ok_or_else(|| Invalid::new(ViolationCode::NotAllowed, "takes one of: csv, ndjson, xlsx"))
    }

    /// Starts a file of accounts as they were at `as_of`.
    pub(crate) fn begin<'a, Sink>(self, sink: Sink, as_of: Timestamp) -> io::Result<Box<dyn Encoder<Sink> + Send + 'a>>
    where
        Sink: Write + Send + 'a,
    {
        Ok(match self {
            Self::Csv => Box::new(Csv::begin(sink)?),
            Self::Ndjson => Box::new(Ndjson::begin(sink)),
            Self::Xlsx => Box::new(Xlsx::begin(sink, as_of)?),
        })
    }
}

impl FromField for Format {
    fn from_field(value: &Value) -> Result<Self, Invalid> {
        Self::read(&String::from_field(value)?)
    }
}
