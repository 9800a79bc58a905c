//! Posts to URLs that somebody else has chosen.
//!
//! The name is resolved once, every address that it leads to is checked, and the connection is made to one of those
//! addresses: a name cannot lead elsewhere between check and use. No proxy is used, no redirect is followed, and of
//! the reply little more than its status is read.

use std::{
    fmt, io,
    net::SocketAddr,
    pin::Pin,
    sync::{Arc, LazyLock},
    time::Duration,
};

use bytes::Bytes;
use http_body_util::Full;
use hyper::{Request, client::conn::http1, header};
use hyper_util::rt::TokioIo;
use rollcall_domain::{
    delivery::DeliveryError,
    limits::MAX_WEBHOOK_REPLY_BYTES,
    webhook_url::{Loopback, WebhookUrl},
};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite},
    net::TcpStream,
};
use tokio_rustls::{
    TlsConnector,
    client::TlsStream,
    rustls::{ClientConfig, RootCertStore, crypto::aws_lc_rs, pki_types::ServerName},
};
use url::{Host, Position, Url};

/// How long a connection to one of several addresses may take: even a test of 3 s has time for a second one.
const ADDRESS_TIMEOUT: Duration = Duration::from_millis(1_250);

/// What the requests call themselves.
const USER_AGENT: &str = "Rollcall-Webhooks/1";

/// The TLS of all connections. The system's root certificates are read at the first use.
static TLS: LazyLock<Option<TlsConnector>> = LazyLock::new(|| {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    connector(roots)
});

fn connector(roots: RootCertStore) -> Option<TlsConnector> {
    let config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .ok()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Some(TlsConnector::from(Arc::new(config)))
}

/// The addresses of a name and a port.
pub type Resolving = Pin<Box<dyn Future<Output = io::Result<Vec<SocketAddr>>> + Send>>;

/// Resolves a name and a port.
pub type Resolve = Arc<dyn Fn(String, u16) -> Resolving + Send + Sync>;

/// Resolves as the system does.
fn resolve(name: String, port: u16) -> Resolving {
    Box::pin(async move { Ok(tokio::net::lookup_host((name, port)).await?.collect()) })
}

/// Posts to URLs. Cheap to clone.
#[derive(Clone)]
pub struct Outbound {
    resolve: Resolve,
}

impl Default for Outbound {
    fn default() -> Self {
        Self::new(Arc::new(resolve))
    }
}

impl fmt::Debug for Outbound {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Outbound").finish_non_exhaustive()
    }
}

impl Outbound {
    /// Posts that resolve names in this way.
    pub fn new(resolve: Resolve) -> Self {
        Self { resolve }
    }

    /// Posts JSON with these headers, and returns the status of the reply.
    pub(crate) async fn post(
        &self,
        url: &WebhookUrl,
        loopback: Loopback,
        headers: &[(&'static str, String)],
        body: Bytes,
    ) -> Result<u16, DeliveryError> {
        let parsed = Url::parse(url.as_str()).map_err(|_| DeliveryError::NameNotResolved)?;
        let addresses = self.addresses(&parsed).await?;
        if addresses.iter().any(|address| !url.permits(address.ip(), loopback)) {
            return Err(DeliveryError::AddressNotAllowed);
        }
        let stream = connect(&addresses).await?;
        let request = request(&parsed, headers, body).map_err(|_| DeliveryError::ConnectionFailed)?;
        if parsed.scheme() == "http" {
            return exchange(stream, request).await;
        }
        let tls = TLS.as_ref().ok_or(DeliveryError::TlsFailed)?;
        exchange(secured(tls, &parsed, stream).await?, request).await
    }

    /// The addresses that a URL leads to: at least one.
    async fn addresses(&self, url: &Url) -> Result<Vec<SocketAddr>, DeliveryError> {
        let port = url.port_or_known_default().ok_or(DeliveryError::NameNotResolved)?;
        let addresses = match url.host().ok_or(DeliveryError::NameNotResolved)? {
            Host::Ipv4(address) => vec![SocketAddr::new(address.into(), port)],
            Host::Ipv6(address) => vec![SocketAddr::new(address.into(), port)],
            Host::Domain(name) => {
                (self.resolve)(name.to_owned(), port).await.map_err(|_| DeliveryError::NameNotResolved)?
            }
        };
        if addresses.is_empty() { Err(DeliveryError::NameNotResolved) } else { Ok(addresses) }
    }
}

/// A connection to the first of these addresses that answers.
async fn connect(addresses: &[SocketAddr]) -> Result<TcpStream, DeliveryError> {
    for address in addresses {
        if let Ok(Ok(stream)) = tokio::time::timeout(ADDRESS_TIMEOUT, TcpStream::connect(address)).await {
            return Ok(stream);
        }
    }
    Err(DeliveryError::ConnectionFailed)
}

/// The stream, encrypted, to a server that has proved to have the name of the URL.
async fn secured<S>(tls: &TlsConnector, url: &Url, stream: S) -> Result<TlsStream<S>, DeliveryError>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let name = server_name(url).ok_or(DeliveryError::TlsFailed)?;
    tls.connect(name, stream).await.map_err(|_| DeliveryError::TlsFailed)
}

fn server_name(url: &Url) -> Option<ServerName<'static>> {
    match url.host()? {
        Host::Domain(name) => ServerName::try_from(name.to_owned()).ok(),
        Host::Ipv4(address) => Some(ServerName::from(std::net::IpAddr::V4(address))),
        Host::Ipv6(address) => Some(ServerName::from(std::net::IpAddr::V6(address))),
    }
}

fn request(
    url: &Url,
    headers: &[(&'static str, String)],
    body: Bytes,
) -> Result<Request<Full<Bytes>>, hyper::http::Error> {
    let mut request = Request::post(&url[Position::BeforePath..Position::AfterQuery])
        .header(header::HOST, &url[Position::BeforeHost..Position::AfterPort])
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::USER_AGENT, USER_AGENT)
        .header(header::CONNECTION, "close");
    for (name, value) in headers {
        request = request.header(*name, value);
    }
    request.body(Full::new(body))
}

/// Sends a request, and returns the status of the reply. The connection ends with it.
async fn exchange<S>(stream: S, request: Request<Full<Bytes>>) -> Result<u16, DeliveryError>
where
    S: AsyncRead + AsyncWrite,
{
    let (reading, writing) = tokio::io::split(stream);
    // Whatever follows the status and the headers is of no interest, and a long head is not worth its memory.
    let stream = tokio::io::join(reading.take(MAX_WEBHOOK_REPLY_BYTES as u64), writing);
    let invalid = |_| DeliveryError::InvalidReply;
    let (mut sender, connection) = http1::handshake(TokioIo::new(Box::pin(stream))).await.map_err(invalid)?;
    let replied = async { sender.send_request(request).await.map(|reply| reply.status().as_u16()).map_err(invalid) };
    tokio::pin!(replied);
    tokio::select! {
        biased;
        status = &mut replied => status,
        // The connection may end together with the reply.
        _ = connection => replied.await,
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncWriteExt;
    use tokio_rustls::{
        TlsAcceptor,
        rustls::{
            ServerConfig,
            pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
        },
    };

    use super::*;

    /// The certificates are valid until 2120. The name in the server's is hooks.example.com.
    const AUTHORITY: &[u8] = include_bytes!("post/test_authority.pem");
    const SERVER: &[u8] = include_bytes!("post/test_server.pem");
    const SERVER_KEY: &[u8] = include_bytes!("post/test_server_key.pem");

    /// Answers one request with 202.
    async fn serve(stream: tokio::io::DuplexStream) {
        let certificates = vec![CertificateDer::from_pem_slice(SERVER).unwrap()];
        let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(certificates, PrivateKeyDer::from_pem_slice(SERVER_KEY).unwrap());
        let Ok(mut stream) = TlsAcceptor::from(Arc::new(config.unwrap())).accept(stream).await else { return };
        let mut request = [0; 4096];
        let length = stream.read(&mut request).await.unwrap();
        let request = String::from_utf8_lossy(&request[..length]);
        assert!(request.starts_with("POST /a?b HTTP/1.1\r\nhost: hooks.example.com"), "{request}");
        stream.write_all(b"HTTP/1.1 202 Accepted\r\n\r\n").await.unwrap();
        stream.shutdown().await.unwrap();
    }

    async fn post(url: &str, roots: RootCertStore) -> Result<u16, DeliveryError> {
        let (client, server) = tokio::io::duplex(64 * 1024);
        let url = Url::parse(url).unwrap();
        let request = request(&url, &[], Bytes::from_static(b"{}")).unwrap();
        let tls = connector(roots).unwrap();
        let sent = async { exchange(secured(&tls, &url, client).await?, request).await };
        tokio::join!(sent, serve(server)).0
    }

    #[tokio::test]
    async fn a_server_has_to_prove_its_name() {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(AUTHORITY).unwrap()).unwrap();
        assert_eq!(post("https://hooks.example.com/a?b", roots.clone()).await, Ok(202));
        assert_eq!(post("https://other.example.com/a?b", roots).await, Err(DeliveryError::TlsFailed));
        let unknown = RootCertStore::empty();
        assert_eq!(post("https://hooks.example.com/a?b", unknown).await, Err(DeliveryError::TlsFailed));
    }
}
