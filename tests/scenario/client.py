"""A client of Rollcall's HTTP API that hides nothing: one request, one reply, no redirect, no retry.

What holds for every reply (`shared/spec/api.md`, Headers and Errors) is checked on every reply.
"""

import http.client
import json
import re
import time
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import quote, urlencode, urlsplit

UUID_V7 = r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"
ONCE = ["content-type", "cache-control", "content-length", "etag", "location", "x-content-type-options", "x-request-id"]
PROBLEM = {"type", "title", "status", "code", "detail", "request_id"}
VIOLATION_CODES = set(
    """
    required wrong_type too_short too_long bad_format not_allowed out_of_range mismatch weak_password unknown_field
    immutable_field unknown_reference incorrect
""".split()
)

# Longer than the 5 s after which a reply is promised, as a machine under load also has to run this client.
TIMEOUT_SECONDS = 30

# Waits double from one second; a scenario makes a handful of wrong tries more than are free.
MOST_WAITS = 5


class Reply:
    """A reply as it came; `json` is the body read as JSON."""

    def __init__(self, asked, response, body):
        self.asked, self.status, self.headers, self.body = asked, response.status, response.headers, body

    @property
    def json(self):
        return json.loads(self.body.decode("utf-8"), object_pairs_hook=without_repeats)

    @property
    def code(self):
        return self.json["code"] if self.header("content-type") == "application/problem+json" else None

    def header(self, name):
        return self.headers.get(name)

    def is_(self, status):
        """Asserts the status, and hands the reply on."""
        assert self.status == status, f"{self} instead of {status}"
        return self

    def refused(self, status, code):
        """Asserts a refusal by its status and its code, and hands the reply on."""
        assert (self.status, self.code) == (status, code), f"{self} instead of {status} {code}"
        return self

    def violates(self, *expected, code="validation_failed"):
        """Asserts a 422 with exactly these violations, each `(pointer or parameter, code)`."""
        self.refused(422, code)
        found = [(error.get("pointer", error.get("parameter")), error["code"]) for error in self.json["errors"]]
        assert sorted(found) == sorted(expected), f"{self} instead of {sorted(expected)}"
        return self

    def __str__(self):
        return f"{self.asked} -> {self.status} {dict(self.headers)} {self.body[:600]!r}"


class Client:
    """Sends requests to one deployment, as one session or as nobody; clients share no connection."""

    def __init__(self, url, headers=None):
        self.url, self.headers = url.rstrip("/"), dict(headers or {})
        parts = urlsplit(self.url)
        assert parts.scheme in ("http", "https") and parts.hostname and not parts.path, f"{url} is not an origin"
        self.connect = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        self.host, self.port = parts.hostname, parts.port

    def having(self, **headers):
        """A client that sends these headers too: `having(if_match='"1"')`."""
        return type(self)(self.url, self.headers | {name.replace("_", "-"): value for name, value in headers.items()})

    def as_bearer(self, token):
        return self.having(authorization=f"Bearer {token}")

    def as_cookie(self, token):
        return self.having(cookie=f"__Host-session={token}")

    def stranger(self):
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
        """Sends `body` as JSON, or as it is where it is bytes."""
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
        check_manners(reply)
        return reply

    def sign_in(self, password, login="admin"):
        """The client of a new session, by bearer token."""
        reply = self.stranger().post("/v1/login", {"login": login, "password": password}).is_(200)
        return self.stranger().as_bearer(reply.json["token"])

    def pages(self, path, **query):
        """The pages of a list, one after the other, to its end."""
        while True:
            page = self.get(path, **query).is_(200).json
            assert page.keys() == {"items", "next_cursor"}
            yield page["items"]
            if page["next_cursor"] is None:
                return
            query["cursor"] = page["next_cursor"]

    def everything(self, path, **query):
        return [item for page in self.pages(path, **query) for item in page]


class PatientClient(Client):
    """Comes back when it is told to: a scenario's wrong tries all come from one network, which has ten a minute."""

    def send(self, method, path, body=None):
        reply = super().send(method, path, body)
        for _ in range(MOST_WAITS):
            if reply.status != 429:
                break
            time.sleep(int(reply.headers["retry-after"]))
            reply = super().send(method, path, body)
        return reply


def check_manners(reply):
    """What holds for every reply of ours."""
    for name in ONCE:
        values = reply.headers.get_all(name, [])
        assert len(values) <= 1, f"{reply}: {name} is given {len(values)} times"
    header = lambda name: reply.header(name) or ""
    assert re.fullmatch(UUID_V7, header("x-request-id")), f"{reply}: no X-Request-Id"
    assert header("x-content-type-options") == "nosniff", f"{reply}: no nosniff"
    assert header("strict-transport-security").startswith("max-age="), f"{reply}: no HSTS"
    policy = header("content-security-policy")
    assert policy and "unsafe-inline" not in policy, f"{reply}: no strict CSP"
    if reply.asked.split()[1].startswith("/v1/"):
        assert "no-store" in header("cache-control"), f"{reply}: may be stored"
    if reply.status == 204:
        assert reply.body == b"", f"{reply}: 204 with a body"
    if reply.status >= 400:
        check_problem(reply)


def check_problem(reply):
    """RFC 9457 with our members, and nothing else."""
    assert reply.header("content-type") == "application/problem+json", f"{reply}: not a problem"
    problem = reply.json
    assert PROBLEM <= problem.keys() <= PROBLEM | {"errors"}, f"{reply}: other members"
    assert problem["type"] == f"urn:problem:{problem['code']}", f"{reply}: type and code differ"
    assert problem["status"] == reply.status, f"{reply}: another status in the body"
    assert problem["request_id"] == reply.header("x-request-id"), f"{reply}: another id in the body"
    assert problem["title"] and problem["detail"], f"{reply}: says nothing"
    invalid = problem["code"] in ("validation_failed", "unknown_field", "immutable_field")
    assert bool(problem.get("errors")) == invalid, f"{reply}: violations where none belong, or none"
    for error in problem.get("errors", []):
        assert error.keys() in ({"pointer", "code", "detail"}, {"parameter", "code", "detail"}), f"{reply}: {error}"
        assert error["code"] in VIOLATION_CODES and error["detail"], f"{reply}: {error}"


def without_repeats(pairs):
    assert len(dict(pairs)) == len(pairs), f"a name is repeated among {[name for name, _ in pairs]}"
    return dict(pairs)


def segment(text):
    """A text as one segment of a path, encoded wherever that is possible."""
    return quote(text, safe="")


def in_parallel(threads, function, arguments):
    """`function` of each argument, on so many threads, in the arguments' order; the first failure is raised."""
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(function, arguments))
