//! The processes that are measured: one works on a job as the function `transfer` does, the other does the same as an
//! export with the SDK and the crate `csv` alone.

use std::{collections::HashMap, fs::File, time::Instant};

use aws_sdk_dynamodb::{
    Client,
    config::{BehaviorVersion, Region},
    types::AttributeValue,
};
use bench::{Failure, process};
use rollcall::TABLE;
use rollcall_api::{Context, clock::Clock, config, config::Config};
use rollcall_domain::{
    column::Column,
    id::{AppId, JobId},
};
use rollcall_store::{Connection, Secrets, Store};
use serde::{Deserialize, Serialize};

/// What a process has used for its work alone.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Spent {
    pub(crate) seconds: f64,
    pub(crate) processor_seconds: f64,
    /// The peak of the memory beyond the process at rest, in MiB.
    pub(crate) memory: f64,
}

/// Works on a job until it needs no more steps.
pub(crate) async fn work(app_id: AppId, job_id: JobId) -> Result<Spent, Failure> {
    let connection = Connection::read(&config::environment)?;
    let objects = rollcall_objects::of(&connection, &config::environment)?;
    let store = Store::new(&connection, TABLE.to_owned());
    let config = Config::read(&config::environment)?;
    let context = Context::new(store, Secrets::new(connection), config, Clock::system());
    measured(async || {
        loop {
            let event = transfer::TransferEvent { app_id, job_id, worker: "bench".to_owned() };
            if Box::pin(transfer::run(context.clone(), objects.clone(), event)).await?.over {
                return Ok(());
            }
        }
    })
    .await
}

/// Writes all accounts of an application into a file, as somebody would who has a client of `DynamoDB` and a writer of
/// CSV: without marks against formulas, parts and a hash.
pub(crate) async fn query_and_csv(app_id: AppId) -> Result<Spent, Failure> {
    let connection = Connection::read(&config::environment)?;
    let config = aws_sdk_dynamodb::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(connection.region.clone()))
        .credentials_provider(connection.credentials.clone())
        .http_client(connection.http_client.clone())
        .endpoint_url(connection.dynamodb_endpoint.clone().unwrap_or_default())
        .build();
    let query = (Client::from_conf(config).query().table_name(TABLE))
        .consistent_read(true)
        .key_condition_expression("pk = :pk AND begins_with(sk, :sk)")
        .expression_attribute_values(":pk", AttributeValue::S(format!("APP#{app_id}")))
        .expression_attribute_values(":sk", AttributeValue::S("ACCOUNT#".to_owned()));
    let path = std::env::temp_dir().join(format!("rollcall-baseline-{}.csv", std::process::id()));
    let spent = measured(async || {
        let mut file = csv::WriterBuilder::new().quote_style(csv::QuoteStyle::Always).from_path(&path)?;
        file.write_record(Column::ALL.map(Column::name))?;
        let mut pages = query.into_paginator().send();
        while let Some(page) = pages.next().await {
            for item in page?.items() {
                file.write_record(Column::ALL.map(|column| text(item, column)))?;
            }
        }
        Ok(file.flush()?)
    })
    .await;
    drop(File::open(&path).map(|_| std::fs::remove_file(&path)));
    spent
}

fn text(item: &HashMap<String, AttributeValue>, column: Column) -> &str {
    match item.get(column.name()) {
        Some(AttributeValue::S(text) | AttributeValue::N(text)) => text,
        _ => "",
    }
}

#[expect(clippy::disallowed_methods, reason = "a benchmark measures time")]
async fn measured(work: impl AsyncFnOnce() -> Result<(), Failure>) -> Result<Spent, Failure> {
    process::forget_peak()?;
    let (rest, before, start) = (process::memory()?, process::processor_seconds()?, Instant::now());
    work().await?;
    let seconds = start.elapsed().as_secs_f64();
    Ok(Spent {
        seconds,
        processor_seconds: process::processor_seconds()? - before,
        memory: process::peak_memory()? - rest,
    })
}
