//! Links for browsers: `/{bucket}/{key}` with a signature, for GET and PUT.
//!
//! A link is valid if it is the one that the functions would make for the same key and time. It is not checked by s3s,
//! which compares its time with the system's clock: a link lives by the clock of the functions, which a test can move.

use std::time::Duration;

use axum::{
    Extension, Router,
    body::Body,
    extract::{Request, State},
    http::{HeaderValue, Method, Uri, header},
    response::Response,
    routing::get,
};
use chrono::NaiveDateTime;
use percent_encoding::percent_decode_str;
use rollcall_api::{Context, service::secure};
use rollcall_domain::Timestamp;
use rollcall_objects::Objects;
use s3s::{S3Result, s3_error};
use subtle::ConstantTimeEq;
use tower_http::timeout::TimeoutBody;

use super::{BUCKET, LocalS3, answer};
use crate::data::Data;

/// How long a client may send nothing before its upload fails. A whole upload may take any time.
const READ_TIMEOUT: Duration = Duration::from_secs(30);

const DISPOSITION: &str = "response-content-disposition";

/// The headers that are passed on. Others can change what S3 does, and no signature covers them.
const PASSED_HEADERS: [header::HeaderName; 3] = [header::CONTENT_LENGTH, header::CONTENT_TYPE, header::RANGE];

/// Of no use to a download that is saved, but a browser that opens it nevertheless runs nothing.
const POLICY: &str = "default-src 'none'; frame-ancestors 'none'; sandbox";

/// The routes with all layers around them and with the objects of this installation.
///
/// Links are not among the layers: an upload has no deadline and may be large.
pub fn service(routes: Router<Context>, context: Context, data: &Data) -> Router {
    // The local server sets its origin.
    let origin = context.config.public_origin.as_deref().unwrap_or_default();
    let objects = data.objects(origin);
    let links = Links { s3: data.s3.clone(), objects: objects.clone(), context: context.clone() };
    let routes = rollcall_api::service(routes, context).layer(Extension(objects));
    let link = get(follow).put(follow).with_state(links).fallback_service(routes.clone());
    Router::new().route(&format!("/{BUCKET}/{{*key}}"), link).fallback_service(routes)
}

#[derive(Clone)]
struct Links {
    s3: LocalS3,
    objects: Objects,
    context: Context,
}

async fn follow(State(links): State<Links>, request: Request) -> Response {
    let mut response = match links.check(request).await {
        Ok(request) => answer(&links.s3.service, request).await,
        Err(refusal) => refusal.to_http_response().map(|response| response.map(Body::new)).unwrap_or_default(),
    };
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    secure(headers);
    response
}

impl Links {
    /// Returns the request of a valid link, without what only concerns the link.
    async fn check(&self, request: Request) -> S3Result<Request> {
        let query = request.uri().query().unwrap_or_default();
        let link = Link::parse(request.uri()).ok_or_else(|| s3_error!(AccessDenied))?;
        let Link { key, disposition, begins_at, lifetime } = &link;
        let expected = match *request.method() {
            Method::GET => self.objects.signed_download(key, disposition, *begins_at, *lifetime).await,
            Method::PUT => self.objects.upload_link(key, *begins_at, *lifetime).await.map(|link| link.url),
            _ => return Err(s3_error!(AccessDenied)),
        };
        let expected = expected.map_err(|_| s3_error!(AccessDenied))?;
        let (_, expected) = expected.split_once('?').unwrap_or_default();
        if !bool::from(sorted(query).as_bytes().ct_eq(sorted(expected).as_bytes())) {
            return Err(s3_error!(SignatureDoesNotMatch));
        }
        if self.context.now() >= *begins_at + *lifetime {
            return Err(s3_error!(AccessDenied, "Request has expired"));
        }
        Ok(link.request(request))
    }
}

/// What a link says of itself.
struct Link {
    key: String,
    /// Empty for an upload.
    disposition: String,
    begins_at: Timestamp,
    lifetime: Duration,
}

impl Link {
    fn parse(uri: &Uri) -> Option<Self> {
        let key = uri.path().strip_prefix('/')?.strip_prefix(BUCKET)?.strip_prefix('/')?;
        let parameter = |wanted: &str| {
            let mut pairs = form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes());
            pairs.find_map(|(name, value)| (name == wanted).then(|| value.into_owned()))
        };
        // Years have four digits: the SDK panics at longer ones.
        let begins_at = parameter("X-Amz-Date").filter(|text| text.len() == "20261120T120000Z".len())?;
        let begins_at = NaiveDateTime::parse_from_str(&begins_at, "%Y%m%dT%H%M%SZ").ok()?;
        Some(Self {
            key: percent_decode_str(key).decode_utf8().ok()?.into_owned(),
            disposition: parameter(DISPOSITION).unwrap_or_default(),
            begins_at: Timestamp::new(begins_at.and_utc()),
            lifetime: Duration::from_secs(parameter("X-Amz-Expires")?.parse().ok()?),
        })
    }

    fn request(&self, request: Request) -> Request {
        let (head, body) = request.into_parts();
        let mut passed = Request::new(Body::new(TimeoutBody::new(READ_TIMEOUT, body)));
        for name in PASSED_HEADERS {
            if let Some(value) = head.headers.get(&name) {
                passed.headers_mut().insert(name, value.clone());
            }
        }
        let mut uri = head.uri.path().to_owned();
        if head.method == Method::GET {
            let query =
                form_urlencoded::Serializer::new(String::new()).append_pair(DISPOSITION, &self.disposition).finish();
            uri = format!("{uri}?{query}");
        }
        *passed.uri_mut() = Uri::try_from(uri).unwrap_or_default();
        *passed.method_mut() = head.method;
        passed
    }
}

/// The parameters of a query in one form, whatever way they are encoded and in whatever order.
fn sorted(query: &str) -> String {
    let mut pairs: Vec<_> = form_urlencoded::parse(query.as_bytes()).collect();
    pairs.sort_unstable();
    form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}
