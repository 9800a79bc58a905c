"""The client's address behind a proxy."""

import pytest

from server import PASSWORD

HEADER = "X-Client-Address"


def address_of(client, **headers):
    """The address that the audit log shows for a request."""
    admin = client.sign_in(PASSWORD).with_headers(**headers)
    app = admin.post("/v1/apps", {"name": "Addressed"}).expect(201).json
    (record,) = admin.get("/v1/audit", target=app["app_id"]).json["items"]
    return record["address"]


@pytest.fixture(scope="module")
def behind_proxy(run_server):
    with run_server(
        "--memory", "--trusted-proxy", "127.0.0.1", "--client-address-header", HEADER, password=PASSWORD
    ) as server:
        yield server


def test_the_trusted_proxy_reports_its_client(behind_proxy):
    client = behind_proxy.client
    assert address_of(client, x_client_address="192.0.2.7") == "192.0.2.7"
    assert address_of(client, x_client_address="203.0.113.9, 192.0.2.8") == "192.0.2.8", "the last one is the proxy's"
    assert address_of(client, x_client_address="2001:db8::7") == "2001:db8::7"
    assert address_of(client, x_forwarded_for="192.0.2.7") == "127.0.0.1", "another header means nothing"
    assert address_of(client) == "127.0.0.1", "a request of the proxy itself"


@pytest.mark.parametrize("value", ["unknown", "", "192.0.2.7,", "192.0.2.7, x", "for=192.0.2.7"])
def test_a_report_that_is_no_address_is_an_error(behind_proxy, value):
    client = behind_proxy.client.with_headers(x_client_address=value)
    client.get("/healthz").expect_problem(503, "unavailable")
    client.post("/v1/login", {"login": "admin", "password": PASSWORD}).expect_problem(503, "unavailable")
    assert HEADER.lower() in behind_proxy.stderr, "the operator is told which header"


def test_each_client_of_the_proxy_has_a_throttle_of_its_own(behind_proxy):
    logins = (f"nobody{number}" for number in range(100))  # Each guess at its own login: only the network has to wait.

    def guess(address):
        client = behind_proxy.client.with_headers(x_client_address=address)
        return client.post("/v1/login", {"login": next(logins), "password": "wrong horse battery"}).status

    assert [guess("198.51.100.1") for _ in range(11)] == [401] * 10 + [429]
    assert guess("198.51.100.2") == 401


def test_without_a_trusted_proxy_no_header_is_believed(run_server):
    names = ["x_client_address", "x_forwarded_for", "x_real_ip", "forwarded"]
    with run_server("--memory", password=PASSWORD) as server:
        assert address_of(server.client, **dict.fromkeys(names, "192.0.2.7")) == "127.0.0.1"
    arguments = ("--trusted-proxy", "192.0.2.1", "--client-address-header", HEADER)
    with run_server("--memory", *arguments, password=PASSWORD) as server:
        assert address_of(server.client, x_client_address="192.0.2.7") == "127.0.0.1", "it is another machine's"


@pytest.mark.parametrize(
    "arguments",
    [
        ["--trusted-proxy", "127.0.0.1"],
        ["--client-address-header", HEADER],
        ["--trusted-proxy", "proxy.example", "--client-address-header", HEADER],
        ["--trusted-proxy", "127.0.0.1", "--client-address-header", "not a name"],
    ],
)
def test_an_incomplete_or_invalid_proxy_is_explained(launch, arguments):
    server = launch("--memory", *arguments)
    assert server.process.wait(5) == 2, f"{server}"
    assert "--client-address-header" in server.stderr or "--trusted-proxy" in server.stderr, f"{server}"
