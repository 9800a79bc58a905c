"""The console as browsers fetch it: one page for all paths, and immutable assets."""

import gzip
import re

import pytest

ASSETS = r"/assets/[0-9a-f]{16}/[^\"'>\s]+"


@pytest.fixture(scope="module")
def browser(anonymous):
    return anonymous.with_headers(accept="text/html,application/xhtml+xml,*/*;q=0.8", accept_encoding="gzip, br")


def text_of(reply):
    body = gzip.decompress(reply.body) if reply.header("content-encoding") == "gzip" else reply.body
    return body.decode("utf-8")


@pytest.fixture(scope="module")
def page(browser):
    return browser.get("/").expect(200)


def test_every_console_path_returns_the_page(browser, page):
    for place in ("/sign-in", "/apps", "/teams/x/members", "/me/profile", "/apps/x/accounts/mina.park?type=admin"):
        again = browser.get(place).expect(200)
        assert set(re.findall(ASSETS, text_of(page))) <= set(re.findall(ASSETS, text_of(again))), (
            "plus the assets of this path"
        )
        assert again.header("cache-control") == "no-cache"
        browser.with_headers(if_none_match=again.header("etag")).get(place).expect(304)


def test_all_assets_are_compressed_and_immutable(browser, page):
    files = sorted(set(re.findall(ASSETS, text_of(page))))
    assert len(files) > 30
    for file in files:
        reply = browser.get(file).expect(200)
        assert reply.header("cache-control") == "public, max-age=31536000, immutable", reply
        assert (reply.header("content-encoding") == "gzip") == (not file.endswith(".woff2")), reply
        assert file.endswith(".woff2") or text_of(reply).strip(), reply
    browser.get(files[0].replace("/assets/", "/assets/0")).expect_problem(404, "not_found")


def test_clients_that_accept_no_html_get_no_page(anonymous):
    anonymous.with_headers(accept="application/json").get("/teams").expect_problem(404, "not_found")
