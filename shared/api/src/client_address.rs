//! From where a request comes.

use std::net::IpAddr;

use axum::extract::Request;

use crate::security_log::Requester;

/// The network address of the client, as the gateway or the socket reports it. Never taken from a header.
#[derive(Clone, Copy, Debug)]
pub struct ClientAddress(pub IpAddr);

impl ClientAddress {
    /// Makes this the client address of a request.
    pub fn set(self, request: &mut Request) {
        if let Some(requester) = request.extensions().get::<Requester>() {
            requester.locate(self.0);
        }
        request.extensions_mut().insert(self);
    }
}
