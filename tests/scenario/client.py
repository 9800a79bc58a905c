"""An HTTP client for tests: one request, one reply, no redirects, no retries.

The client checks the conventions that hold for every reply, such as security headers and the shape of errors.
"""

import http.client
import json
import re
import time
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import quote, urlencode, urlsplit

import api_document

UUID_V7 = r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
TIMESTAMP = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"
SINGLE_HEADERS = [
    "content-type",
    "cache-control",
    "content-length",
    "etag",
    "location",
    "x-content-type-options",
    "x-request-id",
]
PROBLEM_FIELDS = {"type", "title", "status", "code", "detail", "request_id"}
VIOLATION_CODES = set(
    """
    required wrong_type too_short too_long bad_format not_allowed out_of_range mismatch weak_password unknown_field
    immutable_field unknown_reference incorrect
""".split()
)

# The server replies within 5 s. A busy machine gets more.
TIMEOUT_SECONDS = 30

# Each wait is twice the previous one, starting at one second.
MAX_RETRIES = 5


class Reply:
    """A reply. `json` is its parsed body."""

    def __init__(self, request, response, body):
        self.request, self.status, self.headers, self.body = request, response.status, response.headers, body

    @property
    def json(self):
        return json.loads(self.body.decode("utf-8"), object_pairs_hook=reject_duplicate_names)

    @property
    def code(self):
        return self.json["code"] if self.header("content-type") == "application/problem+json" else None

    def header(self, name):
        return self.headers.get(name)

    def expect(self, status):
        """Asserts the status and returns the reply."""
        assert self.status == status, f"{self} instead of {status}"
        return self

    def expect_problem(self, status, code):
        """Asserts the status and the code of an error and returns the reply."""
        assert (self.status, self.code) == (status, code), f"{self} instead of {status} {code}"
        return self

    def expect_violations(self, *expected, code="validation_failed"):
        """Asserts a 422 with exactly these violations. Each is `(pointer or parameter, code)`."""
        self.expect_problem(422, code)
        found = [(error.get("pointer", error.get("parameter")), error["code"]) for error in self.json["errors"]]
        assert sorted(found) == sorted(expected), f"{self} instead of {sorted(expected)}"
        return self

    def __str__(self):
        return f"{self.request} -> {self.status} {dict(self.headers)} {self.body[:600]!r}"


class Client:
    """Sends requests to one deployment, with or without a session."""

    def __init__(self, url, headers=None):
        self.url, self.headers = url.rstrip("/"), dict(headers or {})
        parts = urlsplit(self.url)
        assert parts.scheme in ("http", "https") and parts.hostname and not parts.path, f"{url} is not an origin"
        self.connect = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        self.host, self.port = parts.hostname, parts.port

    def with_headers(self, **headers):
        """A client that also sends these headers, for example `with_headers(if_match='"1"')`."""
        return type(self)(self.url, self.headers | {name.replace("_", "-"): value for name, value in headers.items()})

    def at(self, url):
        """The same session on another server, which has a copy of the data."""
        return type(self)(url, self.headers)

    def as_bearer(self, token):
        return self.with_headers(authorization=f"Bearer {token}")

    def as_cookie(self, token):
        return self.with_headers(cookie=f"__Host-session={token}")

    def anonymous(self):
        return type(self)(self.url)

    def get(self, path, **query):
        return self.send("GET", path + ("?" + urlencode(query) if query else ""))

    def post(self, path, body=None):
        return self.send("POST", path, body)

    def put(self, path, body=None):
        return self.send("PUT", path, body)

    def patch(self, path, body):
        return self.send("PATCH", path, body)

    def delete(self, path, body=None):
        return self.send("DELETE", path, body)

    def send(self, method, path, body=None):
        """Sends `body` as JSON. Bytes are sent unchanged."""
        headers = {"user-agent": "rollcall-scenario", **self.headers}
        if body is not None:
            headers.setdefault("content-type", "application/json")
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body, ensure_ascii=False).encode()
        connection = self.connect(self.host, self.port, timeout=TIMEOUT_SECONDS)
        try:
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            reply = Reply(f"{method} {path[:200]}", response, response.read())
        finally:
            connection.close()
        check_conventions(reply)
        api_document.check(method, path, reply)
        return reply

    def sign_in(self, password, login="admin"):
        """A client with a new session, which it sends as a bearer token."""
        reply = self.anonymous().post("/v1/login", {"login": login, "password": password}).expect(200)
        return self.anonymous().as_bearer(reply.json["token"])

    def by_key(self, password):
        """A client with a new API key of the session's user that has every scope, in place of the session."""
        scopes = self.get("/v1/openapi.json").json["components"]["schemas"]["Scope"]["enum"]
        key = {"name": "Scenario", "scopes": scopes, "expires_in_days": 1, "current_password": password}
        return self.anonymous().as_bearer(self.post("/v1/me/keys", key).expect(201).json["secret"])

    def pages(self, path, **query):
        """The items of a list, page by page."""
        while True:
            page = self.get(path, **query).expect(200).json
            assert page.keys() == {"items", "next_cursor"}
            yield page["items"]
            if page["next_cursor"] is None:
                return
            query["cursor"] = page["next_cursor"]

    def list_all(self, path, **query):
        return [item for page in self.pages(path, **query) for item in page]


class RetryingClient(Client):
    """Retries throttled requests: the scenario's failed logins share one network, which may fail ten times a minute."""

    def send(self, method, path, body=None):
        reply = super().send(method, path, body)
        for _ in range(MAX_RETRIES):
            if reply.status != 429:
                break
            time.sleep(int(reply.headers["retry-after"]))
            reply = super().send(method, path, body)
        return reply


def check_conventions(reply):
    """Checks what holds for every reply."""
    for name in SINGLE_HEADERS:
        values = reply.headers.get_all(name, [])
        assert len(values) <= 1, f"{reply}: {name} occurs {len(values)} times"
    header = lambda name: reply.header(name) or ""
    assert re.fullmatch(UUID_V7, header("x-request-id")), f"{reply}: no X-Request-Id"
    assert header("x-content-type-options") == "nosniff", f"{reply}: no nosniff"
    assert header("strict-transport-security").startswith("max-age="), f"{reply}: no HSTS"
    policy = header("content-security-policy")
    assert policy and "unsafe-inline" not in policy, f"{reply}: no strict CSP"
    if reply.request.split()[1].startswith("/v1/"):
        assert "no-store" in header("cache-control"), f"{reply}: may be cached"
    if reply.status == 204:
        assert reply.body == b"", f"{reply}: 204 with a body"
    if reply.status >= 400:
        check_problem(reply)


def check_problem(reply):
    """Checks that an error is an RFC 9457 problem with exactly the documented members."""
    assert reply.header("content-type") == "application/problem+json", f"{reply}: not application/problem+json"
    problem = reply.json
    assert PROBLEM_FIELDS <= problem.keys() <= PROBLEM_FIELDS | {"errors"}, f"{reply}: unexpected members"
    assert problem["type"] == f"urn:problem:{problem['code']}", f"{reply}: type and code differ"
    assert problem["status"] == reply.status, f"{reply}: another status in the body"
    assert problem["request_id"] == reply.header("x-request-id"), f"{reply}: another request id in the body"
    assert problem["title"] and problem["detail"], f"{reply}: empty title or detail"
    invalid = problem["code"] in ("validation_failed", "unknown_field", "immutable_field")
    assert bool(problem.get("errors")) == invalid, f"{reply}: violations are missing or unexpected"
    for error in problem.get("errors", []):
        place = "parameter" if "parameter" in error else "pointer"
        is_current = (error.get("pointer"), error["code"]) == ("/password", "not_allowed")
        reason = {"reason"} if error["code"] == "weak_password" or is_current else set()
        assert error.keys() == {place, "code", "detail"} | reason, f"{reply}: {error}"
        assert error["code"] in VIOLATION_CODES and error["detail"], f"{reply}: {error}"


def reject_duplicate_names(pairs):
    assert len(dict(pairs)) == len(pairs), f"duplicate name among {[name for name, _ in pairs]}"
    return dict(pairs)


def segment(text):
    """Percent-encodes a text as one path segment."""
    return quote(text, safe="")


def in_parallel(threads, function, arguments):
    """Calls `function` with each argument on a thread pool. Returns the results in order or raises the first error."""
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(function, arguments))


def shape(reply):
    """What an attacker could use to tell two replies apart: status, header names, body length and JSON members."""
    names = sorted(name.lower() for name in reply.headers)
    return reply.status, names, len(reply.body), sorted(reply.json) if reply.body else None


def without_request_id(reply):
    """The body of an error without the member that differs in every reply."""
    return {name: value for name, value in reply.json.items() if name != "request_id"}
