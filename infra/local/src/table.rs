//! The table, with the schema that `template.yaml` defines.

use aws_sdk_dynamodb::{
    Client,
    config::{BehaviorVersion, Config, Region},
    error::{BuildError, DisplayErrorContext},
    operation::create_table::CreateTableError,
    types::{
        AttributeDefinition, BillingMode, GlobalSecondaryIndex, KeySchemaElement, KeyType, Projection, ProjectionType,
        ScalarAttributeType, TimeToLiveSpecification, TimeToLiveStatus,
    },
};
use rollcall_store::Connection;

/// The name of the table in the embedded database.
pub const TABLE: &str = "rollcall";

/// The attribute with the time after which an item may be removed, in seconds since the Unix epoch.
pub(crate) const TTL: &str = "ttl";

/// A client for what the store does not do: creating the table and removing what has expired.
pub(crate) fn client(connection: &Connection) -> Client {
    let config = Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(connection.region.clone()))
        .credentials_provider(connection.credentials.clone())
        .http_client(connection.http_client.clone());
    let config = match &connection.dynamodb_endpoint {
        Some(endpoint) => config.endpoint_url(endpoint),
        None => config,
    };
    Client::from_conf(config.build())
}

/// Creates the table, unless it exists, and sees to it that its items may expire.
pub async fn create_if_missing(connection: &Connection) -> Result<(), String> {
    let client = client(connection);
    let failed = |error: &dyn std::fmt::Display| format!("cannot create the table: {error}");
    let index = GlobalSecondaryIndex::builder()
        .index_name("gsi1")
        .set_key_schema(Some(keys("gsi1pk", "gsi1sk").map_err(|error| failed(&error))?))
        .projection(Projection::builder().projection_type(ProjectionType::KeysOnly).build())
        .build()
        .map_err(|error| failed(&error))?;
    let attributes = ["pk", "sk", "gsi1pk", "gsi1sk"]
        .map(|name| AttributeDefinition::builder().attribute_name(name).attribute_type(ScalarAttributeType::S).build());
    let attributes = attributes.into_iter().collect::<Result<Vec<_>, _>>().map_err(|error| failed(&error))?;
    let created = client
        .create_table()
        .table_name(TABLE)
        .billing_mode(BillingMode::PayPerRequest)
        .set_attribute_definitions(Some(attributes))
        .set_key_schema(Some(keys("pk", "sk").map_err(|error| failed(&error))?))
        .global_secondary_indexes(index)
        .send()
        .await;
    match created {
        Ok(_) => {}
        Err(error) if error.as_service_error().is_some_and(CreateTableError::is_resource_in_use_exception) => {}
        Err(error) => return Err(failed(&DisplayErrorContext(&error))),
    }
    enable_ttl(&client).await
}

/// Switches the TTL on, unless it is. Enabling it twice is an error.
async fn enable_ttl(client: &Client) -> Result<(), String> {
    let failed = |error: &dyn std::fmt::Display| format!("cannot switch on the table's TTL: {error}");
    let described = client.describe_time_to_live().table_name(TABLE).send().await;
    let described = described.map_err(|error| failed(&DisplayErrorContext(&error)))?;
    let status = described.time_to_live_description.and_then(|ttl| ttl.time_to_live_status);
    if matches!(status, Some(TimeToLiveStatus::Enabled | TimeToLiveStatus::Enabling)) {
        return Ok(());
    }
    let ttl = TimeToLiveSpecification::builder().enabled(true).attribute_name(TTL).build();
    let ttl = ttl.map_err(|error| failed(&error))?;
    let enabled = client.update_time_to_live().table_name(TABLE).time_to_live_specification(ttl).send().await;
    enabled.map(drop).map_err(|error| failed(&DisplayErrorContext(&error)))
}

fn keys(partition: &str, sort: &str) -> Result<Vec<KeySchemaElement>, BuildError> {
    let key = |name: &str, key_type| KeySchemaElement::builder().attribute_name(name).key_type(key_type).build();
    Ok(vec![key(partition, KeyType::Hash)?, key(sort, KeyType::Range)?])
}
