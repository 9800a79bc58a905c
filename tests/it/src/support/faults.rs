//! Faults of `DynamoDB` that the embedded database never has: throttling, conflicts, lost replies, latency.
//!
//! [`Faults::client`] wraps the HTTP client under the SDK. It counts and prices every call, injects the faults a test
//! has armed, and refuses transactions that overlap. An attempt of the SDK is a call: a retry is counted again.

mod pause;
mod record;
mod wire;

use std::collections::HashSet;
use std::future::pending;
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, SharedHttpClient, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use pause::Paused;
use wire::Request;

pub use pause::Pause;
pub use record::as_function;

/// For `times`: every later call.
pub const FOREVER: usize = usize::MAX;

/// How long a transaction holds its items before it runs. In process a transaction ends before a second request has
/// been signed, so without a pause transactions would never overlap. Tests wait for outcomes, never for this time.
const TRANSACTION_WINDOW: Duration = Duration::from_millis(2);

/// The most that [`Faults::add_latency`] adds to a call. Even several of them stay far below every timeout.
const LONGEST_CALL_MILLIS: u64 = 8;

/// One way in which a call fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Throttled before anything is done.
    Throttle,
    /// Status 500, before anything is done.
    ServerError,
    /// Refused because a transaction holds an item. Reads succeed: `DynamoDB` never refuses them for that.
    Conflict,
    /// Carried out, but the connection breaks before the reply.
    DropReply,
    /// Neither carried out nor replied to: the SDK's attempt timeout has to end it.
    Hang,
}

/// One call and the capacity it consumed, from its reply. The units are 0 if the call was refused, although `DynamoDB`
/// charges for a failed condition.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Call {
    /// The operation, such as `PutItem`.
    pub operation: String,
    /// Read units, of the table and its indexes.
    pub read_units: f64,
    /// Write units, of the table and its indexes.
    pub write_units: f64,
    /// Whether the call names a key to start after, beside its condition.
    pub has_start_key: bool,
}

/// The faults of one database; clones share them.
#[derive(Clone, Debug, Default)]
pub struct Faults {
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    armed: Option<(Fault, Range<usize>)>,
    only_transactions: bool,
    calls: usize,
    log: Vec<Call>,
    conflicts_like_dynamodb: bool,
    conflicts: usize,
    held: HashSet<String>,
    latency_seed: Option<u64>,
    paused: Option<(usize, Paused)>,
    /// While the index lags: the items that were written meanwhile.
    unindexed: Option<HashSet<String>>,
}

impl Faults {
    /// The HTTP client to give to the SDK in place of `inner`. `inner` must answer with bodies in memory, as the
    /// embedded database does; the capacity of a streamed reply is not counted.
    pub fn client(&self, inner: SharedHttpClient) -> SharedHttpClient {
        let faults = self.clone();
        http_client_fn(move |settings, components| {
            let inner = inner.http_connector(settings, components);
            SharedHttpConnector::new(Connector { faults: faults.clone(), inner })
        })
    }

    /// Restarts the count at 0 and makes calls fail from number `at` on: `times` of them, or [`FOREVER`].
    pub fn arm(&self, fault: Fault, at: usize, times: usize) {
        let mut state = self.state();
        state.armed = Some((fault, at..at.saturating_add(times)));
        state.only_transactions = false;
        state.calls = 0;
    }

    /// Like [`arm`](Self::arm), but only transactions are counted and fail.
    pub fn arm_transactions(&self, fault: Fault, at: usize, times: usize) {
        self.arm(fault, at, times);
        self.state().only_transactions = true;
    }

    /// Restarts the count at 0 and lets call number `at` wait before it is carried out.
    pub fn pause(&self, at: usize) -> Pause {
        let (pause, paused) = Pause::new();
        let mut state = self.state();
        (state.armed, state.only_transactions, state.calls) = (None, false, 0);
        state.paused = Some((at, paused));
        pause
    }

    /// Lets every later call succeed; the count continues.
    pub fn disarm(&self) {
        self.state().armed = None;
    }

    /// The calls since the last [`arm`](Self::arm), including those that failed.
    pub fn calls(&self) -> usize {
        self.state().calls
    }

    /// The calls with a reply since the last `take_log`, in the order of their replies. A hanging call is not among
    /// them.
    pub fn take_log(&self) -> Vec<Call> {
        std::mem::take(&mut self.state().log)
    }

    /// Whether writes conflict as in `DynamoDB`: a transaction in flight holds its items, including those it only
    /// checks, and another transaction or single write of one of them is refused. Single writes hold nothing:
    /// `DynamoDB` orders them before or after a transaction that arrives at the same time. Every call yields once, so
    /// that concurrent requests interleave even on one thread.
    pub fn conflicts_like_dynamodb(&self, on: bool) {
        self.state().conflicts_like_dynamodb = on;
    }

    /// How many calls [`conflicts_like_dynamodb`](Self::conflicts_like_dynamodb) has refused.
    pub fn conflicts(&self) -> usize {
        self.state().conflicts
    }

    /// Delays every later call by a time drawn from the seed; `None` ends the delays. With a paused clock, requests
    /// that are sent together then interleave in an order that the seed reproduces.
    pub fn add_latency(&self, seed: Option<u64>) {
        self.state().latency_seed = seed;
    }

    /// Lets the index lag behind from now on: it does not show what is written later, until it catches up.
    pub fn lag_index(&self) {
        self.state().unindexed = Some(HashSet::new());
    }

    /// Lets the index show everything again.
    pub fn index_catches_up(&self) {
        self.state().unindexed = None;
    }

    fn latency(&self) -> Option<Duration> {
        let mut state = self.state();
        let next = state.latency_seed?.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        state.latency_seed = Some(next);
        Some(Duration::from_millis((next >> 33) % (LONGEST_CALL_MILLIS + 1)))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // A panic elsewhere in the test leaves only complete counters behind.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn next_fault(&self, request: &Request) -> (Option<Fault>, Option<Paused>) {
        let mut state = self.state();
        if state.only_transactions && !request.is_transaction() {
            return (None, None);
        }
        let index = state.calls;
        state.calls += 1;
        let paused = state.paused.take_if(|(at, _)| *at == index).map(|(_, paused)| paused);
        (state.armed.as_ref().filter(|(_, calls)| calls.contains(&index)).map(|(fault, _)| *fault), paused)
    }

    /// Holds the request's items until the result is dropped, or returns which of them are already held.
    fn hold(&self, request: &Request) -> Result<Hold, Vec<bool>> {
        let mut state = self.state();
        // Not yet a `Hold`: dropping one here would wait for the lock taken above.
        let mut items = Vec::new();
        if state.conflicts_like_dynamodb {
            let is_held: Vec<bool> = request.items.iter().map(|item| state.held.contains(item)).collect();
            if is_held.contains(&true) {
                state.conflicts += 1;
                return Err(is_held);
            }
            if request.is_transaction() {
                items.clone_from(&request.items);
                state.held.extend(request.items.iter().cloned());
            }
        }
        Ok(Hold { faults: self.clone(), items })
    }
}

/// Items held by a transaction in flight, released when it has its reply or is abandoned.
struct Hold {
    faults: Faults,
    items: Vec<String>,
}

impl Drop for Hold {
    fn drop(&mut self) {
        let mut state = self.faults.state();
        for item in &self.items {
            state.held.remove(item);
        }
    }
}

#[derive(Clone, Debug)]
struct Connector {
    faults: Faults,
    inner: SharedHttpConnector,
}

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let connector = self.clone();
        HttpConnectorFuture::new(async move { connector.answer(request).await })
    }
}

impl Connector {
    async fn answer(&self, http: HttpRequest) -> Result<HttpResponse, ConnectorError> {
        let request = Request::read(&http);
        if let Some(latency) = self.faults.latency() {
            tokio::time::sleep(latency).await;
        }
        let (fault, paused) = self.faults.next_fault(&request);
        if let Some(Paused { reached, resumed }) = paused {
            reached.send(()).ok();
            resumed.await.ok();
        }
        match fault {
            Some(Fault::Throttle) => self.refuse(&request, request.throttled()),
            Some(Fault::ServerError) => self.refuse(&request, Request::server_error()),
            Some(Fault::Conflict) if request.is_write() => self.refuse(&request, request.conflict(&[true])),
            Some(Fault::Conflict) | None => self.execute(&request, http).await,
            Some(Fault::DropReply) => {
                self.execute(&request, http).await?;
                Err(ConnectorError::io("the connection broke before the reply".into()))
            }
            Some(Fault::Hang) => pending().await,
        }
    }

    async fn execute(&self, request: &Request, http: HttpRequest) -> Result<HttpResponse, ConnectorError> {
        if self.faults.state().conflicts_like_dynamodb {
            // In process a call returns at once. Over a network, other calls would run in the meantime.
            tokio::task::yield_now().await;
        }
        let hold = match self.faults.hold(request) {
            Ok(hold) => hold,
            Err(held) => return self.refuse(request, request.conflict(&held)),
        };
        if !hold.items.is_empty() {
            tokio::time::sleep(TRANSACTION_WINDOW).await;
        }
        let reply = self.inner.call(wire::priced(http)).await?;
        let mut state = self.faults.state();
        state.log.push(request.price(&reply));
        match &mut state.unindexed {
            Some(unindexed) if request.reads_index => Ok(wire::without(reply, request, unindexed)),
            Some(unindexed) => {
                unindexed.extend(request.items.iter().cloned());
                Ok(reply)
            }
            None => Ok(reply),
        }
    }

    fn refuse(&self, request: &Request, refusal: wire::Refusal) -> Result<HttpResponse, ConnectorError> {
        let reply = wire::reply(refusal)?;
        self.faults.state().log.push(request.price(&reply));
        Ok(reply)
    }
}
