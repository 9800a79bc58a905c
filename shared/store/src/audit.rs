//! Audit records: written with the change they tell of, never changed.

use std::time::Duration;

use rollcall_domain::audit::Record;

use crate::{
    commit::Write,
    error::Fault,
    item::{ending, indexed, to_item},
    keys,
};

/// The record of a change, kept for `retention`.
pub fn record(record: &Record, retention: Duration) -> Result<Write, Fault> {
    let day = record.at.date();
    let item = to_item(&keys::audit(record.team_id, day, record.audit_id), record)?;
    let item = indexed(item, keys::audit_index(day, record.audit_id));
    Ok(Write::put(ending(item, record.at + retention)))
}
