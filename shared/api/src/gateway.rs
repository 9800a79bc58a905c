//! Requests and replies as they pass through the API Gateway.

use std::pin::Pin;

use axum::{http::header, response::Response};
use http_body_util::BodyExt;
use lambda_http::request::{LambdaRequest, RequestContext};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

use crate::{client_address::ClientAddress, edge::EdgeSecret};

/// The origin of the gateway's own domain. The gateway names it, and no header of the client has a say in it.
#[derive(Clone, Debug)]
pub(crate) struct GatewayOrigin(pub(crate) String);

/// Adds what the gateway reports of a request: the client's address, and the origin of its own domain.
///
/// With a network in front of the gateway, the client is the viewer that the network names, if it proves to be the
/// network. Otherwise all clients would share the throttles of a few addresses.
pub(crate) fn located(mut request: lambda_http::Request, edge_secret: Option<&EdgeSecret>) -> lambda_http::Request {
    let viewer = edge_secret.and_then(|secret| secret.viewer_address(request.headers()));
    let Some(RequestContext::ApiGatewayV2(context)) = request.extensions().get() else { return request };
    let reported = || context.http.source_ip.as_deref()?.parse().ok();
    let address = viewer.or_else(reported).map(ClientAddress);
    let origin = context.domain_name.as_ref().map(|domain| GatewayOrigin(format!("https://{domain}")));
    let extensions = request.extensions_mut();
    if let Some(address) = address {
        extensions.insert(address);
    }
    if let Some(origin) = origin {
        extensions.insert(origin);
    }
    request
}

/// A reply on its way to the gateway, which sends every file as bytes.
///
/// `lambda_http` would send a text file as text, which drops the byte order mark of a CSV file and takes up to four
/// bytes for one quotation mark. As bytes (base64) a file grows by a third, and a full selection fits into Lambda's 6
/// MB.
pub(crate) struct ToGateway(pub(crate) Response);

impl lambda_http::IntoResponse for ToGateway {
    fn into_response(self) -> Pin<Box<dyn Future<Output = Response<lambda_http::Body>> + Send>> {
        if !self.0.headers().contains_key(header::CONTENT_DISPOSITION) {
            return lambda_http::IntoResponse::into_response(self.0);
        }
        let (parts, body) = self.0.into_parts();
        Box::pin(async {
            let bytes = body.collect().await.expect("reading a file from memory cannot fail").to_bytes();
            Response::from_parts(parts, lambda_http::Body::Binary(bytes.into()))
        })
    }
}

/// The characters that a URI cannot contain unencoded.
const NOT_IN_A_PATH: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'<')
    .add(b'>')
    .add(b'?')
    .add(b'\\')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');

/// Encodes the path again, which API Gateway has decoded: a decoded space or letter makes an invalid URI, on which the
/// adapter panics. A `%` stays as it is, since the local gateway does not decode and no id contains one.
pub(crate) fn encode_path(
    mut event: lambda_runtime::LambdaEvent<LambdaRequest>,
) -> lambda_runtime::LambdaEvent<LambdaRequest> {
    if let LambdaRequest::ApiGatewayV2(request) = &mut event.payload {
        let path = request.raw_path.take().unwrap_or_default();
        request.raw_path = Some(utf8_percent_encode(&path, NOT_IN_A_PATH).to_string());
    }
    event
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn sent(headers: &[(&'static str, &str)], body: &'static str) -> lambda_http::Body {
        let mut response = Response::new(body.into());
        for (name, value) in headers {
            response.headers_mut().insert(*name, value.parse().unwrap());
        }
        lambda_http::IntoResponse::into_response(ToGateway(response)).await.into_body()
    }

    #[tokio::test]
    async fn a_file_is_sent_to_the_gateway_as_bytes() {
        let file = [("content-type", "text/csv; charset=utf-8"), ("content-disposition", "attachment")];
        assert_eq!(sent(&file, "\u{feff}a\r\n").await, lambda_http::Body::Binary(b"\xef\xbb\xbfa\r\n".to_vec()));
        let json = [("content-type", "application/json")];
        assert_eq!(sent(&json, "{}").await, lambda_http::Body::Text("{}".to_owned()));
    }

    /// The console's pages rely on the adapter sending encoded bodies and binary types as bytes.
    #[tokio::test]
    async fn a_body_that_is_not_text_is_sent_to_the_gateway_as_bytes() {
        let script = [("content-type", "text/javascript; charset=utf-8"), ("content-encoding", "gzip")];
        assert_eq!(sent(&script, "\u{1f}").await, lambda_http::Body::Binary(b"\x1f".to_vec()));
        assert_eq!(sent(&script[..1], "1;").await, lambda_http::Body::Text("1;".to_owned()));
        let font = [("content-type", "font/woff2")];
        assert_eq!(sent(&font, "wOF2").await, lambda_http::Body::Binary(b"wOF2".to_vec()));
    }

    /// A request as the gateway sends it.
    fn request(headers: &str) -> lambda_http::Request {
        let event = format!(
            r#"{{"version": "2.0", "routeKey": "GET /v1/me", "rawPath": "/v1/me", "rawQueryString": "",
            "headers": {{{headers}}}, "isBase64Encoded": false, "requestContext": {{"accountId": "1", "apiId": "a",
            "domainName": "a.execute-api.eu-central-1.amazonaws.com", "domainPrefix": "a", "http": {{"method": "GET",
            "path": "/v1/me", "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1", "userAgent": "curl"}}, "requestId": "r",
            "routeKey": "GET /v1/me", "stage": "$default", "time": "30/Nov/2026:12:00:00 +0000", "timeEpoch": 0}}}}"#
        );
        lambda_http::request::from_str(&event).unwrap()
    }

    fn address(request: &lambda_http::Request) -> String {
        request.extensions().get::<ClientAddress>().unwrap().0.to_string()
    }

    #[test]
    fn the_gateway_names_its_domain_and_the_client() {
        let forged = r#""host": "evil.example", "x-forwarded-for": "203.0.113.9", "x-forwarded-host": "evil.example""#;
        let located = located(request(forged), None);
        assert_eq!(address(&located), "192.0.2.1");
        let origin = located.extensions().get::<GatewayOrigin>().unwrap();
        assert_eq!(origin.0, "https://a.execute-api.eu-central-1.amazonaws.com");
    }

    #[test]
    fn a_network_in_front_is_believed_with_the_secret_only() {
        let secret = "0123456789abcdef0123456789abcdef";
        let edge_secret = EdgeSecret::parse(secret.to_owned()).unwrap();
        let viewer = r#""cloudfront-viewer-address": "198.51.100.10:46532""#;
        let proved = format!(r#"{viewer}, "x-edge-secret": "{secret}""#);
        assert_eq!(address(&located(request(&proved), Some(&edge_secret))), "198.51.100.10");
        assert_eq!(address(&located(request(viewer), Some(&edge_secret))), "192.0.2.1");
        assert_eq!(address(&located(request(&proved), None)), "192.0.2.1");
    }
}
