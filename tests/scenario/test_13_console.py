"""The console as browsers fetch it: one page at every place, and files that are kept for good."""

import gzip
import re

import pytest

ASSETS = r"/assets/[0-9a-f]{16}/[^\"'>\s]+"


@pytest.fixture(scope="module")
def browser(stranger):
    return stranger.having(accept="text/html,application/xhtml+xml,*/*;q=0.8", accept_encoding="gzip, br")


def text_of(reply):
    body = gzip.decompress(reply.body) if reply.header("content-encoding") == "gzip" else reply.body
    return body.decode("utf-8")


@pytest.fixture(scope="module")
def page(browser):
    return browser.get("/").is_(200)


def test_every_place_is_the_page(browser, page):
    for place in ("/sign-in", "/apps", "/teams/x/members", "/me/profile", "/apps/x/accounts/mina.park?type=admin"):
        again = browser.get(place).is_(200)
        assert set(re.findall(ASSETS, text_of(page))) <= set(re.findall(ASSETS, text_of(again))), (
            "and what the place needs"
        )
        assert again.header("cache-control") == "no-cache"
        browser.having(if_none_match=again.header("etag")).get(place).is_(304)


def test_every_file_that_the_page_names_arrives_compressed_and_for_good(browser, page):
    files = sorted(set(re.findall(ASSETS, text_of(page))))
    assert len(files) > 30
    for file in files:
        reply = browser.get(file).is_(200)
        assert reply.header("cache-control") == "public, max-age=31536000, immutable", reply
        assert (reply.header("content-encoding") == "gzip") == (not file.endswith(".woff2")), reply
        assert file.endswith(".woff2") or text_of(reply).strip(), reply
    browser.get(files[0].replace("/assets/", "/assets/0")).refused(404, "not_found")


def test_programs_get_no_page(stranger):
    stranger.having(accept="application/json").get("/teams").refused(404, "not_found")
