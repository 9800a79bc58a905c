//! Where a table is, for the commands that work on one directly.

use std::{path::PathBuf, str::FromStr, sync::Arc};

use aws_sdk_dynamodb::Client;
use rollcall_api::{
    Context,
    clock::Clock,
    config::{Config, environment},
    keyring::Keyring,
};
use rollcall_store::{Connection, Secrets, Store};

use crate::{
    data::Data,
    table::{self, TABLE},
};

/// Where a table is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// In the data directory of a local server.
    Directory(PathBuf),
    /// A table of DynamoDB with this name, which the environment leads to.
    Table(String),
}

impl FromStr for Place {
    type Err = String;

    /// Reads `dynamodb:NAME`, or else the path of a directory.
    fn from_str(text: &str) -> Result<Self, String> {
        match text.strip_prefix("dynamodb:") {
            Some("") => Err("name the table, as in dynamodb:NAME".to_owned()),
            Some(name) => Ok(Self::Table(name.to_owned())),
            None => Ok(Self::Directory(text.into())),
        }
    }
}

/// A table that was opened, and the master keys of its installation.
pub(crate) struct Opened {
    pub(crate) client: Client,
    pub(crate) table: String,
    pub(crate) context: Context,
    pub(crate) keyring: Arc<Keyring>,
    /// Keeps the directory locked.
    _data: Option<Data>,
}

impl Opened {
    pub(crate) async fn open(place: &Place) -> Result<Self, String> {
        match place {
            Place::Directory(directory) => {
                let data = Data::open(directory)?;
                let connection = data.in_process();
                table::create_if_missing(&connection).await?;
                let key_file = data.key_file.display().to_string();
                let config = Config::read(&|name: &str| match name {
                    "MASTER_KEY_FILE" => Some(key_file.clone()),
                    other => environment(other),
                })?;
                Self::new(connection, TABLE, config, Some(data)).await
            }
            Place::Table(name) => {
                Self::new(Connection::read(&environment)?, name, Config::read(&environment)?, None).await
            }
        }
    }

    async fn new(connection: Connection, table: &str, config: Config, data: Option<Data>) -> Result<Self, String> {
        let client = table::client(&connection);
        let store = Store::new(&connection, table.to_owned());
        let context = Context::new(store, Secrets::new(connection), config, Clock::system());
        let keyring = context.keyring().await.map_err(|problem| problem.to_string())?;
        Ok(Self { client, table: table.to_owned(), context, keyring, _data: data })
    }
}
