//! Reading a file that somebody uploads: [`recognise`] its form, [`Plan`] how its records become accounts, and read
//! [`Records`].

mod csv;
mod decoded;
mod encoding;
mod json;
mod object;
mod plan;
mod recognise;
mod record;
mod records;
mod row;
mod sources;
mod start;
#[cfg(test)]
mod tests;
mod transform;
mod unreadable;
mod xlsx;

pub use encoding::TextEncoding;
pub use plan::{MappedColumn, Mapping, Plan};
pub use recognise::{Given, NotImported, Reason, Recognised, RecognisedColumn, recognise};
pub use record::Record;
pub use records::Records;
pub use row::{Rejection, Row};
pub use start::{ImportStart, OnExisting, Reading};
pub use transform::Transform;
pub use unreadable::Unreadable;
pub use xlsx::Workbook;

pub(crate) use object::Object;
pub(crate) use recognise::Marks;
pub(crate) use sources::{is_secret, plain_name};

/// How much of a text file is read to recognise it, in bytes.
pub const HEAD_BYTES: usize = 1024 * 1024;

/// The maximum number of cells of a record.
pub(crate) const MAX_COLUMNS: usize = 1_024;
