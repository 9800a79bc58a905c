//! Requests and replies as they pass through the API Gateway.

use std::pin::Pin;

use axum::{http::header, response::Response};
use http_body_util::BodyExt;
use lambda_http::request::{LambdaRequest, RequestContext};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

use crate::client_address::ClientAddress;

/// The client's address, as the gateway reports it.
pub(crate) fn client_address(request: &lambda_http::Request) -> Option<ClientAddress> {
    match request.extensions().get::<RequestContext>()? {
        RequestContext::ApiGatewayV2(context) => context.http.source_ip.as_deref()?.parse().ok().map(ClientAddress),
        // Other variants exist only with features of the crate that are not compiled in.
        _ => None,
    }
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
}
