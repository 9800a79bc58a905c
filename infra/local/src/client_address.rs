//! The network address of a client: that of its socket, or the one that a trusted proxy reports.

use std::net::{IpAddr, SocketAddr};

use axum::{
    extract::{ConnectInfo, Request, State},
    http::{HeaderMap, HeaderName},
    middleware::Next,
    response::{IntoResponse, Response},
};
use rollcall_api::{ClientAddress, Problem};

/// A proxy in front of this server, and the header in which it reports its clients.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrustedProxy {
    /// The address from which the proxy connects. From any other address the header means nothing.
    pub address: IpAddr,
    /// The header. The proxy sets it, or appends the client's address to what it got.
    pub header: HeaderName,
}

impl TrustedProxy {
    /// The client that the proxy reports. Only the last value is the proxy's own: those before it came with the
    /// request. Without the header the request is the proxy's own, such as its health check.
    fn client(&self, headers: &HeaderMap) -> Result<IpAddr, String> {
        let Some(value) = headers.get_all(&self.header).iter().next_back() else { return Ok(self.address) };
        let text = value.to_str().unwrap_or_default();
        let last = text.rsplit(',').next().unwrap_or_default().trim();
        let address = last.parse().or_else(|_| last.parse().map(|socket: SocketAddr| socket.ip()));
        address.map_err(|_| {
            format!("the proxy {} reports the client {last:?} in {}, which is no address", self.address, self.header)
        })
    }
}

/// Sets a request's client address. If the proxy reports none that can be read, the request fails: with a wrong address
/// the failures of one client would be counted against others.
pub(crate) async fn set(
    State(proxy): State<Option<TrustedProxy>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    mut request: Request,
    next: Next,
) -> Response {
    let peer = peer.ip().to_canonical();
    let client = match proxy.filter(|proxy| proxy.address.to_canonical() == peer) {
        Some(proxy) => proxy.client(request.headers()),
        None => Ok(peer),
    };
    match client {
        Ok(address) => {
            ClientAddress(address.to_canonical()).set(&mut request);
            next.run(request).await
        }
        Err(reason) => Problem::Unavailable(reason).into_response(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(values: &[&str]) -> Result<IpAddr, String> {
        let proxy =
            TrustedProxy { address: IpAddr::from([10, 0, 0, 1]), header: HeaderName::from_static("x-forwarded-for") };
        let headers = values.iter().map(|value| (proxy.header.clone(), value.parse().unwrap()));
        proxy.client(&headers.collect())
    }

    #[test]
    fn the_last_value_that_the_proxy_reports_is_the_client() {
        for (values, address) in [
            (&[][..], "10.0.0.1"),
            (&["192.0.2.7"], "192.0.2.7"),
            (&["203.0.113.9, 192.0.2.7"], "192.0.2.7"),
            (&["203.0.113.9", "198.51.100.1,192.0.2.7 "], "192.0.2.7"),
            (&["not an address, 192.0.2.7"], "192.0.2.7"),
            (&["192.0.2.7:4711"], "192.0.2.7"),
            (&["2001:db8::7"], "2001:db8::7"),
            (&["[2001:db8::7]:4711"], "2001:db8::7"),
        ] {
            assert_eq!(client(values), Ok(address.parse().unwrap()), "{values:?}");
        }
    }

    #[test]
    fn a_last_value_that_is_no_address_is_an_error() {
        for bad in ["", "unknown", "192.0.2.7,", "192.0.2.7, unknown", "192.0.2.300", "for=192.0.2.7"] {
            assert!(client(&[bad]).unwrap_err().contains("x-forwarded-for"), "{bad:?}");
        }
    }
}
