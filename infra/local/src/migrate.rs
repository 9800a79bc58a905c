//! `rollcall migrate`: copies all data from one table to another, and compares the two.
//!
//! Every item is copied as it is, so passwords, second factors, keys and webhooks go on working under the same master
//! key. The position in the source is kept in the target until the end, so that a run that was interrupted goes on.

use std::{collections::HashMap, time::Duration};

use aws_sdk_dynamodb::{
    error::DisplayErrorContext,
    types::{AttributeValue, PutRequest, WriteRequest},
};
use futures_util::{StreamExt, TryStreamExt, stream};
use indicatif::ProgressBar;

use crate::{
    digest::{Digest, Item},
    place::{Opened, Place},
    progress::counter,
};

/// Items between two positions: an interrupted run repeats no more.
const PAGE: i32 = 500;

/// The most items of one `BatchWriteItem`.
const BATCH: usize = 25;

/// Batches that are written at once.
const BATCHES_AT_ONCE: usize = 8;

/// How often a batch is sent of which the table took only a part, each time after twice the wait.
const MAX_ATTEMPTS: u32 = 8;

/// The wait after the first time.
const FIRST_WAIT: Duration = Duration::from_millis(50);

/// The key of the item in the target that says how far the copy is.
const POSITION: &str = "MIGRATION";

impl Opened {
    /// Reads a page from a position on, and the position after it; `None` at the end.
    async fn page(&self, from: Option<Item>) -> Result<(Vec<Item>, Option<Item>), String> {
        let scan = self.client.scan().table_name(&self.table).consistent_read(true).limit(PAGE);
        let scan = scan.set_exclusive_start_key(from);
        let page = scan.send().await.map_err(|error| failed("read", &self.table, &error))?;
        Ok((page.items.unwrap_or_default(), page.last_evaluated_key))
    }

    /// Writes up to [`BATCH`] items.
    async fn write(&self, items: Vec<Item>) -> Result<(), String> {
        let puts = items.into_iter().map(|item| {
            let put = PutRequest::builder().set_item(Some(item)).build();
            Ok(WriteRequest::builder().put_request(put.map_err(|error| error.to_string())?).build())
        });
        let mut left = HashMap::from([(self.table.clone(), puts.collect::<Result<Vec<_>, String>>()?)]);
        for attempt in 0..MAX_ATTEMPTS {
            let sent = self.client.batch_write_item().set_request_items(Some(left)).send().await;
            let reply = sent.map_err(|error| failed("write", &self.table, &error))?;
            left = reply.unprocessed_items.unwrap_or_default();
            if left.is_empty() {
                return Ok(());
            }
            tokio::time::sleep(FIRST_WAIT * 2_u32.pow(attempt)).await;
        }
        Err(format!("{} takes no more items: run the same command again to go on", self.table))
    }

    /// How far an earlier run came, if there was one.
    async fn position(&self) -> Result<Option<HashMap<String, AttributeValue>>, String> {
        let get = self.client.get_item().table_name(&self.table).set_key(Some(position_key())).consistent_read(true);
        Ok(get.send().await.map_err(|error| failed("read", &self.table, &error))?.item)
    }

    async fn keep_position(&self, source: &str, reached: Item) -> Result<(), String> {
        let mut item = position_key();
        item.insert("source".to_owned(), AttributeValue::S(source.to_owned()));
        item.insert("reached".to_owned(), AttributeValue::M(reached));
        self.write(vec![item]).await
    }

    async fn forget_position(&self) -> Result<(), String> {
        let delete = self.client.delete_item().table_name(&self.table).set_key(Some(position_key()));
        delete.send().await.map(drop).map_err(|error| failed("write", &self.table, &error))
    }

    /// The digest of all items but the position.
    async fn digest(&self, progress: &ProgressBar) -> Result<Digest, String> {
        let (mut digest, mut from) = (Digest::default(), None);
        loop {
            let (items, next) = self.page(from).await?;
            progress.inc(items.len() as u64);
            items.iter().filter(|item| !is_position(item)).for_each(|item| digest.add(item));
            if next.is_none() {
                return Ok(digest);
            }
            from = next;
        }
    }
}

/// Copies everything from one place to another. Neither may be in use meanwhile.
///
/// Returns what both have in the end.
pub async fn migrate(from: &Place, to: &Place) -> Result<String, String> {
    if from == to {
        return Err("FROM and TO are the same".to_owned());
    }
    let (source, target) = (Opened::open(from).await?, Opened::open(to).await?);
    check_key(&source, &target).await?;
    let name = format!("{from:?}");
    let start = start(&target, &name).await?;
    let progress = counter("Items copied:");
    copy(&source, &target, &name, start, &progress).await?;
    progress.finish();
    let progress = counter("Items compared:");
    let (expected, found) = (source.digest(&progress).await?, target.digest(&progress).await?);
    progress.finish();
    if expected != found {
        return Err(format!(
            "the copy differs from its source: {expected} and {found}. Was one of them in use? Empty TO, stop whatever \
             uses FROM, and run the command again"
        ));
    }
    target.forget_position().await?;
    Ok(found.to_string())
}

/// Refuses a target without the master key of the data: every password would be wrong there.
async fn check_key(source: &Opened, target: &Opened) -> Result<(), String> {
    let id = source.context.store.master_key_id().await.map_err(|fault| format!("cannot read FROM: {fault}"))?;
    let id = id.ok_or("FROM has no data: it was never used")?;
    if target.keyring.has(&id) {
        return Ok(());
    }
    Err(format!(
        "the data of FROM needs the master key {id}, but {} holds {}. Put the key of FROM there first",
        target.context.config.key_source,
        target.keyring.current_id(),
    ))
}

/// Where to start: at the beginning of an empty target, or where an earlier run from the same source stopped.
async fn start(target: &Opened, source: &str) -> Result<Option<Item>, String> {
    let Some(mut position) = target.position().await? else {
        let (items, _) = target.page(None).await?;
        return if items.is_empty() { Ok(None) } else { Err("TO has data already: name an empty one".to_owned()) };
    };
    if position.get("source") != Some(&AttributeValue::S(source.to_owned())) {
        return Err("TO has a part of other data, of a run that was interrupted: finish that one first".to_owned());
    }
    match position.remove("reached") {
        Some(AttributeValue::M(reached)) if !reached.is_empty() => Ok(Some(reached)),
        _ => Ok(None),
    }
}

async fn copy(
    source: &Opened,
    target: &Opened,
    name: &str,
    start: Option<Item>,
    progress: &ProgressBar,
) -> Result<(), String> {
    let mut from = start;
    // Before the first item, so that an interrupted run is told from other data.
    target.keep_position(name, from.clone().unwrap_or_default()).await?;
    loop {
        let (items, next) = source.page(from).await?;
        let batches: Vec<_> = items.chunks(BATCH).map(<[_]>::to_vec).collect();
        stream::iter(batches)
            .map(async |batch| {
                let count = batch.len() as u64;
                target.write(batch).await?;
                progress.inc(count);
                Ok::<_, String>(())
            })
            .buffer_unordered(BATCHES_AT_ONCE)
            .try_collect::<()>()
            .await?;
        let Some(reached) = next else { return Ok(()) };
        target.keep_position(name, reached.clone()).await?;
        from = Some(reached);
    }
}

fn position_key() -> Item {
    ["pk", "sk"].map(|name| (name.to_owned(), AttributeValue::S(POSITION.to_owned()))).into_iter().collect()
}

fn is_position(item: &Item) -> bool {
    position_key().iter().all(|(name, value)| item.get(name) == Some(value))
}

fn failed<Failure: std::error::Error>(what: &str, table: &str, error: &Failure) -> String {
    format!("cannot {what} the table {table}: {}", DisplayErrorContext(error))
}
