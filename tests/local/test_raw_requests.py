"""Raw requests that a gateway would reject or normalise before they reach a function."""

import socket
from urllib.parse import urlsplit

import pytest

from server import PASSWORD


@pytest.fixture
def server(start):
    return start("--memory", password=PASSWORD)


@pytest.fixture
def admin(server):
    return server.admin()


@pytest.fixture
def app(admin):
    return admin.post("/v1/apps", {"name": "Raw"}).expect(201).header("location")


@pytest.mark.parametrize("bad", ["%ff", "%80", "%c3%28", "a%ff", "%ed%a0%80"])
def test_a_path_that_is_not_utf_8_is_not_found(admin, app, bad):
    for method, path in [
        ("GET", f"/v1/apps/{bad}"),
        ("PATCH", f"/v1/apps/{bad}"),
        ("DELETE", f"/v1/apps/{bad}"),
        ("PUT", f"/v1/apps/{bad}/deletion-lock"),
        ("GET", f"/v1/apps/{bad}/accounts"),
        ("GET", f"{app}/accounts/{bad}"),
        ("PATCH", f"{app}/accounts/{bad}"),
        ("PUT", f"{app}/accounts/{bad}/admin"),
        ("GET", f"{app}/accounts/{bad}/export?format=csv"),
    ]:
        body = {"locked": True} if method == "PUT" else {} if method == "PATCH" else None
        admin.send(method, path, body).expect_problem(404, "not_found")
    admin.anonymous().get(f"/v1/apps/{bad}").expect_problem(401, "unauthenticated")
    admin.get(f"/v1/{bad}").expect_problem(404, "not_found")


@pytest.mark.parametrize(
    "path",
    ["/v1//apps", "/v1/./apps", "/v1/x/../apps", "/v1/%61pps/", "/v1/apps%2f", "/v1/Apps", "/v1/apps;x", "/v1/apps%00"],
)
def test_paths_are_not_normalised(admin, path):
    admin.get(path).expect_problem(404, "not_found")


@pytest.mark.parametrize(
    "body",
    [
        b'{"name": "\xff"}',
        '{"name": "é"}'.encode("latin-1"),
        '{"name": "a"}'.encode("utf-16"),
        b"\xc0\x80",
        b'{"name": "\xed\xa0\x80"}',
    ],
)
def test_a_body_that_is_not_utf_8_is_malformed(admin, body):
    admin.post("/v1/apps", body).expect_problem(400, "malformed_json")
    assert admin.get("/v1/apps").json["items"] == []


def test_headers_that_are_not_ascii_are_refused_if_they_are_used(admin, server):
    odd = "schlüssel".encode("latin-1")
    body = {"name": "Odd"}
    admin.with_headers(idempotency_key=odd).post("/v1/apps", body).expect_problem(400, "invalid_idempotency_key")
    admin.with_headers(if_match=odd).patch("/v1/me", {"username": "Odd"}).expect_problem(400, "invalid_if_match")
    admin.with_headers(content_type=odd).post("/v1/apps", body).expect_problem(415, "unsupported_media_type")
    server.client.with_headers(authorization=odd).get("/v1/me").expect_problem(401, "unauthenticated")
    server.client.with_headers(cookie=odd).get("/v1/me").expect_problem(401, "unauthenticated")
    admin.with_headers(user_agent=odd).get("/v1/me").expect(200)
    assert admin.get("/v1/apps").json["items"] == []


def exchange(server, request):
    """Sends bytes and returns everything that the server sends back."""
    parts, reply = urlsplit(server.url), b""
    with socket.create_connection((parts.hostname, parts.port), timeout=20) as connection:
        connection.sendall(request)
        while chunk := connection.recv(65_536):
            reply += chunk
    return reply


def test_the_size_limit_applies_to_chunked_bodies(server, admin):
    chunk = b"10000\r\n" + b" " * 0x10000 + b"\r\n"
    head = (
        "POST /v1/apps HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n"
        f"Connection: close\r\nAuthorization: {admin.headers['authorization']}\r\n\r\n"
    )
    reply = exchange(server, head.encode() + chunk + b"1\r\n \r\n0\r\n\r\n")
    assert reply.startswith(b"HTTP/1.1 413 ") and b'"payload_too_large"' in reply, reply
    small = exchange(server, head.encode() + b'10\r\n{"name":"chunks"\r\n1\r\n}\r\n0\r\n\r\n')
    assert small.startswith(b"HTTP/1.1 201 "), small


def test_an_oversized_body_is_refused_before_it_is_read(server):
    head = (
        b"POST /v1/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        b"Connection: close\r\nContent-Length: 10485760\r\n\r\n"
    )
    reply = exchange(server, head + b"{")
    assert reply.startswith(b"HTTP/1.1 413 ") and b'"payload_too_large"' in reply, reply
