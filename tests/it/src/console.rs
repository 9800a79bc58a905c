//! The console's page and files over HTTP.

use axum::http::Method;
use flate2::read::GzDecoder;
use rollcall_domain::Code;
use rstest::rstest;
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::{io::Read as _, path::PathBuf};

use crate::support::{Client, Reply, World};

const BROWSER: &str = "text/html,application/xhtml+xml,*/*;q=0.8";

async fn browser() -> (World, Client) {
    let world = World::new().await;
    let browser = world.stranger().with("accept", BROWSER);
    (world, browser)
}

/// The URL of a file as the page references it.
fn address(page: &Reply, name: &str) -> String {
    let text = String::from_utf8(page.bytes.clone()).unwrap();
    let start = text.find("/assets/").unwrap();
    let directory: Vec<_> = text[start + 1..].split('/').take(2).collect();
    format!("/{}/{name}", directory.join("/"))
}

#[tokio::test]
async fn the_page_may_send_files_to_where_they_are_uploaded() {
    let world = World::with(&[("UPLOAD_ORIGIN", "https://Bucket.s3.eu-central-1.amazonaws.com:443")]).await;
    let page = world.stranger().with("accept", "text/html").get("/").await;
    let policy = page.is(200).header("content-security-policy");
    assert!(policy.contains(" connect-src 'self' https://bucket.s3.eu-central-1.amazonaws.com;"), "{policy}");
}

#[rstest]
#[tokio::test]
async fn every_console_path_returns_the_page(
    #[values("/", "/sign-in", "/apps/0/accounts/mina.park~7?type=admin", "/me/profile", "/nowhere")] path: &str,
) {
    let (_world, browser) = browser().await;
    let page = browser.get(path).await;
    page.is(200);
    assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
    assert_eq!(page.header("cache-control"), "no-cache");
    assert!(String::from_utf8(page.bytes.clone()).unwrap().contains("<title>Rollcall</title>"));
}

#[tokio::test]
async fn the_page_contains_the_settings_of_the_installation() {
    let world =
        World::with(&[("REGISTRATION", "off"), ("PASSWORD_MIN_LENGTH", "22"), ("PASSWORD_REQUIRE_CLASSES", "true")])
            .await;
    let page = world.stranger().get("/").await;
    let text = String::from_utf8(page.bytes.clone()).unwrap();
    let expected = r#"data-registration="closed" data-password-min-chars="22" data-password-classes="required""#;
    assert!(text.contains(expected), "{text}");
}

#[tokio::test]
async fn the_page_loads_only_its_own_files_and_runs_no_inline_script() {
    let (_world, browser) = browser().await;
    let page = browser.get("/").await;
    let policy = page.header("content-security-policy").to_owned();
    assert!(policy.starts_with("default-src 'none'; script-src 'self'; style-src 'self';"), "{policy}");
    assert!(policy.contains("frame-ancestors 'none'") && !policy.contains("unsafe"), "{policy}");
    assert!(policy.contains(" connect-src 'self';"), "{policy}");
    let text = String::from_utf8(page.bytes.clone()).unwrap();
    assert!(!text.contains("<style") && !text.contains(" style=") && !text.contains("{assets}"), "{text}");
    let scripts: Vec<_> = text.split("<script").skip(1).collect();
    assert!(scripts.len() > 1 && scripts.iter().all(|script| script.contains("src=\"/assets/")), "{text}");
    assert!(scripts.iter().all(|script| script.contains("\"></script>")), "{text}");
}

#[tokio::test]
async fn an_unchanged_page_is_a_304() {
    let (_world, browser) = browser().await;
    let page = browser.get("/").await;
    let again = browser.with("if-none-match", page.header("etag")).get("/").await;
    again.is(304);
    assert!(again.bytes.is_empty());
    assert_eq!(again.header("etag"), page.header("etag"));
    browser.with("if-none-match", "W/\"0\"").get("/").await.is(200);
}

#[tokio::test]
async fn a_file_is_cached_for_good_only_under_its_version() {
    let (_world, browser) = browser().await;
    let page = browser.get("/").await;
    let module = browser.get(&address(&page, "main.js")).await;
    module.is(200);
    assert_eq!(module.header("content-type"), "text/javascript; charset=utf-8");
    assert_eq!(module.header("cache-control"), "public, max-age=31536000, immutable");
    browser.get("/assets/0123456789abcdef/main.js").await.is_problem(Code::NotFound);
    browser.get(&address(&page, "nothing.js")).await.is_problem(Code::NotFound);
    browser.get(&address(&page, "../openapi.json")).await.is_problem(Code::NotFound);
}

#[rstest]
#[case("gzip, deflate, br", true)]
#[case("br;q=1.0, GZIP;q=0.5", true)]
#[case("gzip;q=0", false)]
#[case("identity", false)]
#[tokio::test]
async fn a_file_is_compressed_if_the_client_accepts_it(#[case] accepted: &str, #[case] compressed: bool) {
    let (_world, browser) = browser().await;
    let address = address(&browser.get("/").await, "main.js");
    let plain = browser.get(&address).await;
    let sent = browser.with("accept-encoding", accepted).get(&address).await;
    assert!(sent.header("vary").contains("Accept-Encoding"));
    assert_eq!(sent.headers.get("content-encoding").is_some(), compressed);
    let mut bytes = sent.bytes.clone();
    if compressed {
        bytes.clear();
        GzDecoder::new(&sent.bytes[..]).read_to_end(&mut bytes).unwrap();
    }
    assert_eq!(bytes, plain.bytes);
}

#[tokio::test]
async fn a_font_is_not_compressed() {
    let (_world, browser) = browser().await;
    let address = address(&browser.get("/").await, "fonts/inter-400-ascii.woff2");
    let font = browser.with("accept-encoding", "gzip").get(&address).await;
    assert_eq!(font.header("content-type"), "font/woff2");
    assert!(font.headers.get("content-encoding").is_none() && font.bytes.starts_with(b"wOF2"));
}

#[tokio::test]
async fn head_returns_the_headers_of_get() {
    let (_world, browser) = browser().await;
    let page = browser.get("/").await;
    let head = browser.send(Method::HEAD, "/", None).await;
    head.is(200);
    assert!(head.bytes.is_empty());
    assert_eq!(head.header("content-length"), page.bytes.len().to_string());
}

#[rstest]
#[case(Method::GET, "/v1/nothing")]
#[case(Method::GET, "/mailbox/nothing")]
#[case(Method::GET, "/favicon.ico")]
#[case(Method::POST, "/apps")]
#[tokio::test]
async fn an_unknown_path_is_a_problem_for_browsers_too(#[case] method: Method, #[case] path: &str) {
    let (_world, browser) = browser().await;
    browser.send(method, path, None).await.is_problem(Code::NotFound);
}

#[tokio::test]
async fn a_client_that_accepts_no_html_gets_a_problem() {
    let (world, _browser) = browser().await;
    world.stranger().get("/apps").await.is_problem(Code::NotFound);
}

#[test]
fn third_party_files_are_unmodified() {
    let web = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../functions/console/web");
    let list: Value = serde_json::from_slice(&std::fs::read(web.join("vendor/vendor.json")).unwrap()).unwrap();
    let named: Vec<_> = list.as_array().unwrap().iter().map(|row| row["file"].as_str().unwrap().to_owned()).collect();
    for row in list.as_array().unwrap() {
        let file = row["file"].as_str().unwrap();
        let sum = Sha256::digest(std::fs::read(web.join(file)).unwrap());
        assert_eq!(data_encoding::HEXLOWER.encode(&sum), row["sha256"].as_str().unwrap(), "{file}");
    }
    for directory in ["vendor", "fonts"] {
        for entry in std::fs::read_dir(web.join(directory)).unwrap() {
            let name = format!("{directory}/{}", entry.unwrap().file_name().to_str().unwrap());
            let is_served = name.rsplit_once('.').is_some_and(|(_, kind)| matches!(kind, "js" | "woff2"));
            assert!(!is_served || named.contains(&name), "{name} is not in vendor.json");
        }
    }
}
