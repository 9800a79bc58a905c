//! Links to download and to upload an object.

use std::time::Duration;

use axum::http::Method;
use bytes::Bytes;
use rollcall::BUCKET;
use rollcall_objects::UploadLink;

use super::content;
use crate::support::{ORIGIN, Reply, World};

const LIFETIME: Duration = Duration::from_mins(15);
const NAME: &str = "항구 \"1\"; x.csv";

async fn download_link(world: &World, key: &str) -> String {
    world.objects().download_link(key, NAME, world.now(), LIFETIME).await.unwrap()
}

async fn upload_link(world: &World, key: &str) -> String {
    let UploadLink { url, headers } = world.objects().upload_link(key, world.now(), LIFETIME).await.unwrap();
    assert!(headers.is_empty(), "{headers:?}");
    url
}

/// Follows a link as somebody without a session.
async fn follow(world: &World, method: Method, link: &str, content: Option<&str>) -> Reply {
    let path = link.strip_prefix(ORIGIN).unwrap();
    assert!(path.starts_with(&format!("/{BUCKET}/")), "{path}");
    world.stranger().with("content-type", "text/csv").send(method, path, content.map(str::to_owned)).await
}

async fn download(world: &World, link: &str) -> Reply {
    follow(world, Method::GET, link, None).await
}

async fn upload(world: &World, link: &str, content: &str) -> Reply {
    follow(world, Method::PUT, link, Some(content)).await
}

#[track_caller]
fn is_refused(reply: &Reply) {
    reply.is(403);
    let text = String::from_utf8_lossy(&reply.bytes);
    assert!(
        text.contains("<Code>AccessDenied</Code>") || text.contains("<Code>SignatureDoesNotMatch</Code>"),
        "{text}"
    );
    is_private(reply);
}

/// Nothing of a reply is stored by caches or run by a browser.
#[track_caller]
fn is_private(reply: &Reply) {
    assert_eq!(reply.header("cache-control"), "no-store");
    assert_eq!(reply.header("x-content-type-options"), "nosniff");
    assert_eq!(reply.header("content-security-policy"), "default-src 'none'; frame-ancestors 'none'; sandbox");
}

#[tokio::test]
async fn a_download_has_the_bytes_the_type_and_the_name() {
    let world = World::new().await;
    let upload = world.objects().begin("job/a.csv", "text/csv").await.unwrap();
    world.objects().write_part(&upload, 1, Bytes::from_static(b"0123456789")).await.unwrap();
    world.objects().complete(&upload, 1).await.unwrap();
    let link = download_link(&world, "job/a.csv").await;
    let reply = download(&world, &link).await;
    assert_eq!(reply.is(200).bytes, b"0123456789");
    assert_eq!(reply.header("content-type"), "text/csv");
    assert_eq!(reply.header("content-length"), "10");
    assert_eq!(reply.header("content-disposition"), rollcall_files::attachment(NAME));
    is_private(&reply);
    let path = link.strip_prefix(ORIGIN).unwrap();
    let part = world.stranger().with("range", "bytes=2-4").get(path).await;
    assert_eq!(part.is(206).bytes, b"234");
    assert_eq!(part.header("content-range"), "bytes 2-4/10");
}

#[tokio::test]
async fn a_link_ends_with_its_lifetime() {
    let world = World::new().await;
    world.objects().put("a", Bytes::from_static(b"a")).await.unwrap();
    let (down, up) = (download_link(&world, "a").await, upload_link(&world, "b").await);
    let moment = Duration::from_millis(1);
    world.clock.advance(LIFETIME.saturating_sub(moment));
    download(&world, &down).await.is(200);
    upload(&world, &up, "b").await.is(200);
    world.clock.advance(moment);
    is_refused(&download(&world, &down).await);
    is_refused(&upload(&world, &up, "c").await);
    assert_eq!(content(&world.objects(), "b").await, "b");
    download(&world, &download_link(&world, "a").await).await.is(200);
}

#[tokio::test]
async fn a_link_with_any_other_character_is_refused() {
    let world = World::new().await;
    for key in ["a", "b"] {
        world.objects().put(key, Bytes::from(key)).await.unwrap();
    }
    let link = download_link(&world, "a").await;
    let start = link.find(BUCKET).unwrap() + BUCKET.len() + 1;
    let (at, changed) = (start..link.len(), |at: usize| {
        let other = if link.as_bytes()[at] == b'1' { "2" } else { "1" };
        format!("{}{other}{}", &link[..at], &link[at + 1..])
    });
    for at in at {
        let reply = download(&world, &changed(at)).await;
        assert!([400, 403].contains(&reply.status), "{reply:?}");
        assert!(reply.bytes != b"a");
    }
    for (part, replacement) in [
        ("/a?", "/b?"),
        ("X-Amz-Expires=900", "X-Amz-Expires=9000"),
        ("X-Amz-Credential=local", "X-Amz-Credential=other"),
        ("x.csv", "x.html"),
        ("X-Amz-Date=2026", "X-Amz-Date=2027"),
        ("X-Amz-Date=2026", "X-Amz-Date=%2B20260"),
        ("X-Amz-Date=2026", "X-Amz-Date=1900"),
    ] {
        assert!(link.contains(part), "{link}");
        is_refused(&download(&world, &link.replace(part, replacement)).await);
    }
    let (unsigned, _) = link.split_once("&X-Amz-Signature").unwrap();
    let (bare, _) = link.split_once('?').unwrap();
    for wrong in [unsigned, bare, &format!("{link}&response-content-type=text/html"), &format!("{link}&acl")] {
        is_refused(&download(&world, wrong).await);
    }
    download(&world, &link).await.is(200);
}

#[tokio::test]
async fn a_link_is_for_one_method() {
    let world = World::new().await;
    world.objects().put("a", Bytes::from_static(b"a")).await.unwrap();
    let (down, up) = (download_link(&world, "a").await, upload_link(&world, "a").await);
    is_refused(&upload(&world, &down, "changed").await);
    is_refused(&download(&world, &up).await);
    follow(&world, Method::HEAD, &down, None).await.is(403);
    for method in [Method::DELETE, Method::POST, Method::PATCH, Method::OPTIONS] {
        for link in [&down, &up] {
            follow(&world, method.clone(), link, Some("{}")).await.is(404);
        }
    }
    assert_eq!(content(&world.objects(), "a").await, "a");
}

#[tokio::test]
async fn an_upload_replaces_the_object_and_may_be_larger_than_a_request_of_the_api() {
    let world = World::new().await;
    let link = upload_link(&world, "a.csv").await;
    upload(&world, &link, "first").await.is(200);
    let large = "x".repeat(2 * 1024 * 1024);
    let reply = upload(&world, &link, &large).await;
    is_private(reply.is(200));
    assert!(content(&world.objects(), "a.csv").await == large);
    let reply = download(&world, &download_link(&world, "a.csv").await).await;
    assert_eq!(reply.header("content-type"), "text/csv");
}

/// `x-amz-copy-source` makes a copy of a PUT.
#[tokio::test]
async fn headers_of_s3_do_not_change_what_a_link_does() {
    let world = World::new().await;
    world.objects().put("secret", Bytes::from_static(b"secret")).await.unwrap();
    let link = upload_link(&world, "a").await;
    let path = link.strip_prefix(ORIGIN).unwrap();
    let client = world.stranger().with("x-amz-copy-source", &format!("{BUCKET}/secret")).with("content-type", "a/b");
    client.send(Method::PUT, path, Some("mine".to_owned())).await.is(200);
    assert_eq!(content(&world.objects(), "a").await, "mine");
}

#[tokio::test]
async fn a_link_outlives_a_restart_and_works_under_any_host_name() {
    let world = World::new().await;
    world.objects().put("a", Bytes::from_static(b"a")).await.unwrap();
    let link = download_link(&world, "a").await;
    let path = link.strip_prefix(ORIGIN).unwrap();
    let restarted = world.stranger_to(&world.restarted(&[]));
    restarted.with("host", "127.0.0.1:3000").get(path).await.is(200);
}

#[tokio::test]
async fn a_valid_link_to_a_missing_object_is_not_found() {
    let world = World::new().await;
    download(&world, &download_link(&world, "missing").await).await.is(404);
}

#[tokio::test]
async fn nothing_else_of_s3_is_reached() {
    let world = World::new().await;
    world.objects().put("a", Bytes::from_static(b"a")).await.unwrap();
    let link = download_link(&world, "a").await;
    let (_, query) = link.split_once('?').unwrap();
    for path in [format!("/{BUCKET}"), format!("/{BUCKET}/"), format!("/{BUCKET}?{query}"), format!("/other/a?{query}")]
    {
        let reply = world.stranger().get(&path).await;
        assert_eq!(reply.is(404).body["code"], "not_found", "{path}");
    }
    let signed = "AWS4-HMAC-SHA256 Credential=local/20261120/local/s3/aws4_request, SignedHeaders=host, Signature=0";
    is_refused(&world.stranger().with("authorization", signed).get(&format!("/{BUCKET}/a")).await);
    is_refused(&world.stranger().get(&format!("/{BUCKET}/a?uploads")).await);
}
