//! One installation whose database is behind a loopback socket, with thousands of users.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use axum::{
    Router,
    body::Body,
    http::{Request, StatusCode},
};
use http_body_util::BodyExt;
use rollcall::{Data, TABLE};
use rollcall_api::{ClientAddress, Context, clock::Clock, config::Config};
use rollcall_domain::{
    credential::{Credential, PasswordHash},
    id::UserId,
    new_user::NewUser,
    password::Password,
    permission::UserType,
    text::{Login, Username},
    user::Status,
};
use rollcall_store::{Connection, Secrets, Store, Writer};
use serde_json::Value;
use tokio::net::TcpListener;
use tower::ServiceExt;

/// A password that satisfies every rule.
pub(crate) const PASSWORD: &str = "correct horse battery";

/// The installation: a super admin and the users that a measurement adds.
pub(crate) struct World {
    pub(crate) context: Context,
    service: Router,
    hash: PasswordHash,
}

impl World {
    pub(crate) async fn new() -> Result<Self, String> {
        let (address, key_file) = start_database()?;
        let connection = Connection::read(&|name: &str| match name {
            "AWS_ENDPOINT_URL_DYNAMODB" => Some(format!("http://{address}")),
            "AWS_REGION" | "AWS_ACCESS_KEY_ID" | "AWS_SECRET_ACCESS_KEY" => Some("local".to_owned()),
            _ => None,
        })?;
        let config = Config::read(&|name: &str| match name {
            "PUBLIC_ORIGIN" => Some("https://console.example.com".to_owned()),
            "MASTER_KEY_FILE" => Some(key_file.clone()),
            _ => None,
        })?;
        let store = Store::new(&connection, TABLE.to_owned());
        let context = Context::new(store, Secrets::new(connection), config, Clock::system());
        let first = bootstrap::BootstrapEvent::first(Some(PASSWORD.to_owned()));
        bootstrap::run(context.clone(), first).await.map_err(|problem| problem.to_string())?;
        let hash = rollcall_api::password::hash(&context, Password::new(PASSWORD)).await;
        let service = rollcall_api::service(login::routes().split_for_parts().0, context.clone());
        Ok(Self { context, service, hash: hash.map_err(|problem| problem.to_string())? })
    }

    /// Adds a user with this login and [`PASSWORD`], which is not hashed again.
    pub(crate) async fn add(&self, login: &str, status: Status) -> Result<(), String> {
        let (username, login) = (Username::parse(login), Login::parse(login));
        let (Ok(username), Ok(login)) = (username, login) else { return Err("invalid login".to_owned()) };
        let user_id = UserId::new(self.context.uuid().map_err(|problem| problem.to_string())?);
        let mut user = NewUser::named(username, login, UserType::Member).create(user_id, self.context.now());
        user.status = status;
        let mut credential = Credential::new(user_id, Some(self.hash.clone()));
        credential.enabled = status == Status::Enabled;
        let commit = rollcall_store::user::create(&user, &credential).map_err(|fault| fault.to_string())?;
        Writer::new(self.context.store.clone()).commit(commit).await.map_err(|error| format!("{error:?}"))
    }

    /// Signs in, and fails if the sign-in does.
    pub(crate) async fn sign_in(&self, body: &Value) -> Result<Value, String> {
        let (status, bytes) = self.post(body, Ipv4Addr::LOCALHOST).await?;
        if status != StatusCode::OK {
            return Err(format!("{status}: {}", String::from_utf8_lossy(&bytes)));
        }
        serde_json::from_slice(&bytes).map_err(|error| error.to_string())
    }

    /// Sends a sign-in from an address.
    pub(crate) async fn post(&self, body: &Value, address: Ipv4Addr) -> Result<(StatusCode, Vec<u8>), String> {
        let request = Request::post("/v1/login").header("content-type", "application/json");
        let mut request = request.body(Body::from(body.to_string())).map_err(|error| error.to_string())?;
        request.extensions_mut().insert(ClientAddress(IpAddr::V4(address)));
        let Ok(response) = self.service.clone().oneshot(request).await;
        let status = response.status();
        let bytes = response.into_body().collect().await.map_err(|error| error.to_string())?.to_bytes();
        Ok((status, bytes.to_vec()))
    }
}

/// Starts the embedded database on its own thread. Returns its address and the file of its master key.
fn start_database() -> Result<(SocketAddr, String), String> {
    let (started, starting) = std::sync::mpsc::channel();
    std::thread::spawn(move || -> Result<(), String> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.map_err(|error| error.to_string())?.block_on(async {
            let data = Data::temporary()?;
            rollcall::create_if_missing(&data.in_process()).await?;
            let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.map_err(|error| error.to_string())?;
            let address = listener.local_addr().map_err(|error| error.to_string())?;
            drop(started.send((address, data.key_file.display().to_string())));
            data.database.serve(listener, std::future::pending()).await.map_err(|error| error.to_string())
        })
    });
    starting.recv().map_err(|_| "the database did not start".to_owned())
}
