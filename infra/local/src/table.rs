//! The table, with the schema that `template.yaml` defines.

use aws_sdk_dynamodb::{
    Client,
    config::{BehaviorVersion, Config, Region},
    error::{BuildError, DisplayErrorContext},
    operation::create_table::CreateTableError,
    types::{
        AttributeDefinition, BillingMode, GlobalSecondaryIndex, KeySchemaElement, KeyType, Projection, ProjectionType,
        ScalarAttributeType,
    },
};
use rollcall_store::Connection;

/// The name of the table in the embedded database.
pub const TABLE: &str = "rollcall";

/// Creates the table, unless it exists.
pub async fn create_if_missing(connection: &Connection) -> Result<(), String> {
    let config = Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(connection.region.clone()))
        .credentials_provider(connection.credentials.clone())
        .http_client(connection.http_client.clone());
    let config = match &connection.dynamodb_endpoint {
        Some(endpoint) => config.endpoint_url(endpoint),
        None => config,
    };
    let client = Client::from_conf(config.build());
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
        Ok(_) => Ok(()),
        Err(error) if error.as_service_error().is_some_and(CreateTableError::is_resource_in_use_exception) => Ok(()),
        Err(error) => Err(failed(&DisplayErrorContext(&error))),
    }
}

fn keys(partition: &str, sort: &str) -> Result<Vec<KeySchemaElement>, BuildError> {
    let key = |name: &str, key_type| KeySchemaElement::builder().attribute_name(name).key_type(key_type).build();
    Ok(vec![key(partition, KeyType::Hash)?, key(sort, KeyType::Range)?])
}
