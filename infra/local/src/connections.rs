//! The connections of the server: how many there may be, how long each may wait, and which one makes room.
//!
//! On AWS the API Gateway does this. Here a client that opens connections and sends nothing, or half a request, or
//! never reads its reply, must not keep others from being served.

use std::{
    collections::HashMap,
    net::{IpAddr, SocketAddr},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use axum::{Router, body::Body, extract::ConnectInfo, serve::Listener};
use http_body_util::BodyExt;
use hyper::{Request, body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::GracefulShutdown,
};
use rollcall_api::throttle::network_of;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::Notify,
};
use tokio_io_timeout::TimeoutStream;
use tower::ServiceExt;

/// How long a connection may wait for the end of a request's head, and so how long it may be idle between requests. A
/// request that has begun has a deadline of its own.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);

/// How long a client may leave a reply unread before its connection is closed.
const WRITE_TIMEOUT: Duration = Duration::from_secs(30);

/// The most connections in all, and the most of one network: several hundred browsers with six connections each, most
/// of them idle, or 200 requests at once from one machine.
const MAX_CONNECTIONS: usize = 1_024;
const MAX_OF_NETWORK: usize = 256;

/// The most connections at a time, in all and from one network.
#[derive(Clone, Copy, Debug)]
struct ConnectionLimits {
    in_all: usize,
    of_network: usize,
}

impl ConnectionLimits {
    /// Half of the files that the process may have open, after raising that number as far as it goes. The other half is
    /// for the database and for mails.
    fn of_this_process() -> Self {
        let files = getrlimit(Resource::Nofile);
        let raised = Rlimit { current: files.maximum, ..files };
        // Without the right to raise it, the limit stays as it was.
        let files = if setrlimit(Resource::Nofile, raised).is_ok() { raised } else { files };
        let files = files.current.and_then(|files| usize::try_from(files).ok());
        let in_all = files.map_or(MAX_CONNECTIONS, |files| MAX_CONNECTIONS.min(files / 2));
        Self { in_all, of_network: MAX_OF_NETWORK.min(in_all / 2) }
    }
}

/// Serves HTTP/1 until `shutdown` resolves. Then running requests are finished, and idle connections closed.
///
/// `proxy` is the address of a proxy, whose connections are those of many networks.
pub(crate) async fn serve(
    mut listener: TcpListener,
    service: Router,
    proxy: Option<IpAddr>,
    shutdown: impl Future<Output = ()>,
) {
    let connections = Arc::new(Connections::new(ConnectionLimits::of_this_process()));
    let graceful = GracefulShutdown::new();
    let mut shutdown = std::pin::pin!(shutdown);
    loop {
        let (stream, peer) = tokio::select! {
            accepted = Listener::accept(&mut listener) => accepted,
            () = &mut shutdown => break,
        };
        let address = peer.ip().to_canonical();
        let network = Some(address).filter(|address| Some(*address) != proxy).map(|address| network_of(Some(address)));
        if let Some(connection) = connections.admit(network) {
            tokio::spawn(run(stream, peer, service.clone(), connection, &graceful));
        }
    }
    drop(listener);
    graceful.shutdown().await;
}

/// Serves one connection until it ends or has to make room.
fn run(
    stream: TcpStream,
    peer: SocketAddr,
    service: Router,
    connection: Arc<ClientConnection>,
    graceful: &GracefulShutdown,
) -> impl Future<Output = ()> + use<> {
    // A reply is written as soon as it is complete, so there is nothing to wait for.
    drop(stream.set_nodelay(true));
    let mut stream = TimeoutStream::new(stream);
    stream.set_write_timeout(Some(WRITE_TIMEOUT));
    let evicted = Arc::clone(&connection.evicted);
    let answer = service_fn(move |request: Request<Incoming>| {
        let (service, request_guard) = (service.clone(), connection.begin_request());
        async move {
            let mut request = request.map(Body::new);
            request.extensions_mut().insert(ConnectInfo(peer));
            let response = service.oneshot(request).await;
            response.map(|response| {
                response.map(|body| {
                    body.map_frame(move |frame| {
                        // The closure owns the guard, and is dropped with the body.
                        let _ = &request_guard;
                        frame
                    })
                })
            })
        }
    });
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(HEAD_TIMEOUT);
    let served = graceful.watch(http.serve_connection(TokioIo::new(Box::pin(stream)), answer));
    async move {
        tokio::select! {
            // How a connection ended concerns its client only.
            _ = served => {}
            () = evicted.notified() => {}
        }
    }
}

/// The open connections.
struct Connections {
    limits: ConnectionLimits,
    open: Mutex<HashMap<u64, Open>>,
    /// Numbers connections, and the moments at which they became idle.
    clock: AtomicU64,
}

/// What is known of an open connection.
struct Open {
    network: Option<String>,
    /// When it became idle; `None` while it serves a request.
    idle_since: Option<u64>,
    evicted: Arc<Notify>,
}

impl Connections {
    fn new(limits: ConnectionLimits) -> Self {
        Self { limits, open: Mutex::default(), clock: AtomicU64::new(0) }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<u64, Open>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tick(&self) -> u64 {
        self.clock.fetch_add(1, Ordering::Relaxed)
    }

    /// Registers a new connection. At a limit the one that has been idle for longest is closed for it; if a request is
    /// worked on in every one, the new connection is refused.
    fn admit(self: &Arc<Self>, network: Option<String>) -> Option<Arc<ClientConnection>> {
        let mut open = self.lock();
        let of_network = open.values().filter(|other| network.is_some() && other.network == network).count();
        if of_network >= self.limits.of_network {
            evict(&mut open, |other| other.network == network)?;
        } else if open.len() >= self.limits.in_all {
            evict(&mut open, |_| true)?;
        }
        let (id, evicted) = (self.tick(), Arc::new(Notify::new()));
        open.insert(id, Open { network, idle_since: Some(id), evicted: Arc::clone(&evicted) });
        Some(Arc::new(ClientConnection { id, evicted, connections: Arc::clone(self) }))
    }
}

/// Closes the candidate that has been idle for longest, if one is idle.
fn evict(open: &mut HashMap<u64, Open>, is_candidate: impl Fn(&Open) -> bool) -> Option<()> {
    let candidates = open.iter().filter(|(_, other)| is_candidate(other));
    let idle = candidates.filter_map(|(id, other)| Some((other.idle_since?, *id)));
    let (_, id) = idle.min()?;
    open.remove(&id)?.evicted.notify_one();
    Some(())
}

/// An open connection, until it is dropped.
struct ClientConnection {
    id: u64,
    evicted: Arc<Notify>,
    connections: Arc<Connections>,
}

impl ClientConnection {
    fn begin_request(self: &Arc<Self>) -> RequestGuard {
        self.set_idle_since(None);
        RequestGuard(Arc::clone(self))
    }

    fn set_idle_since(&self, moment: Option<u64>) {
        if let Some(open) = self.connections.lock().get_mut(&self.id) {
            open.idle_since = moment;
        }
    }
}

impl Drop for ClientConnection {
    fn drop(&mut self) {
        self.connections.lock().remove(&self.id);
    }
}

/// Marks a connection as busy until its reply was handed to the socket's buffer.
struct RequestGuard(Arc<ClientConnection>);

impl Drop for RequestGuard {
    fn drop(&mut self) {
        self.0.set_idle_since(Some(self.0.connections.tick()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn connections() -> Arc<Connections> {
        Arc::new(Connections::new(ConnectionLimits { in_all: 3, of_network: 2 }))
    }

    fn admit(connections: &Arc<Connections>, network: &str) -> Option<Arc<ClientConnection>> {
        connections.admit(Some(network.to_owned()))
    }

    fn ids(connections: &Connections) -> Vec<u64> {
        let mut ids: Vec<_> = connections.lock().keys().copied().collect();
        ids.sort_unstable();
        ids
    }

    #[test]
    fn the_longest_idle_connection_of_a_network_makes_room_for_its_next_one() {
        let connections = connections();
        let (first, second) = (admit(&connections, "a").unwrap(), admit(&connections, "a").unwrap());
        drop(first.begin_request());
        let third = admit(&connections, "a").unwrap();
        assert_eq!(ids(&connections), [first.id, third.id], "the first one was used after the second");
        drop(second);
        assert_eq!(ids(&connections), [first.id, third.id]);
    }

    #[test]
    fn a_connection_with_a_request_does_not_make_room() {
        let connections = connections();
        let (first, second) = (admit(&connections, "a").unwrap(), admit(&connections, "a").unwrap());
        let (one, _other) = (first.begin_request(), second.begin_request());
        assert!(admit(&connections, "a").is_none());
        let third = admit(&connections, "b").unwrap();
        let _request = third.begin_request();
        assert!(admit(&connections, "c").is_none());
        drop(one);
        let fourth = admit(&connections, "c").unwrap();
        assert_eq!(ids(&connections), [second.id, third.id, fourth.id]);
    }

    #[test]
    fn connections_of_a_proxy_are_limited_in_all_only() {
        let connections = connections();
        let through_proxy: Vec<_> = (0..3).map(|_| connections.admit(None).unwrap()).collect();
        let requests: Vec<_> = through_proxy.iter().map(ClientConnection::begin_request).collect();
        assert!(connections.admit(None).is_none());
        drop(requests);
        assert!(connections.admit(None).is_some());
    }
}
