//! The id of the master key by which the secrets in the table can be read.

use rollcall_domain::Code;
use serde::Deserialize;

use crate::{
    error::Fault,
    item::string,
    keys,
    table::Store,
    write::{Bookkeeping, Write},
};

#[derive(Deserialize)]
struct MasterKeyRecord {
    key_id: String,
}

impl Store {
    /// The id of the master key that this table was last used with; none before the first start.
    pub async fn master_key_id(&self) -> Result<Option<String>, Fault> {
        let record: Option<MasterKeyRecord> = self.get(&keys::master_key()).await?;
        Ok(record.map(|record| record.key_id))
    }
}

/// Records the id of the current master key, if none is recorded yet or the recorded one is this or `previous`.
pub fn record(key_id: &str, previous: Option<&str>) -> Bookkeeping {
    const IS_KNOWN: &str = "attribute_not_exists(#key_id) OR #key_id IN (:key_id, :previous)";
    let update = Write::update(keys::master_key(), "SET #key_id = :key_id", vec![(":key_id", string(key_id))]);
    let known = vec![(":previous", string(previous.unwrap_or(key_id)))];
    update.only_if(IS_KNOWN, known, Code::Conflict).bookkeeping()
}
