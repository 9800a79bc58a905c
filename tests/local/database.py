"""Runs the embedded database alone and reads its table."""

import http.client
import json
import shlex
from urllib.parse import urlsplit

from mails import wait_until
from server import START_SECONDS


def start_database(launch, data):
    """Starts the database on a data directory. Returns the server and the environment that it prints."""
    server = launch("database", "--listen", "127.0.0.1:0", "--data", data)
    wait_until(
        "environment", lambda: "MASTER_KEY_FILE=" in server.stdout or server.process.poll() is not None, START_SECONDS
    )
    return server, printed_environment(server.stdout)


def printed_environment(output):
    """The variables that a shell would have after reading the output's `export` lines."""
    words = [shlex.split(line) for line in output.splitlines() if line.startswith("export ")]
    assert all(len(line) == 2 for line in words), output
    return dict(assignment.split("=", 1) for _, assignment in words)


def dynamodb(environment, operation, request):
    """Calls DynamoDB's protocol. The embedded database requires a signature but does not verify it."""
    parts = urlsplit(environment["AWS_ENDPOINT_URL_DYNAMODB"])
    assert parts.hostname == "127.0.0.1"
    scope = f"20260101/{environment['AWS_REGION']}/dynamodb/aws4_request"
    headers = {
        "X-Amz-Target": f"DynamoDB_20120810.{operation}",
        "Content-Type": "application/x-amz-json-1.0",
        "X-Amz-Date": "20260101T000000Z",
        "Authorization": f"AWS4-HMAC-SHA256 Credential=local/{scope}, SignedHeaders=host, Signature=0",
    }
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=30)
    connection.request("POST", "/", json.dumps(request), headers)
    response = connection.getresponse()
    body = response.read()
    connection.close()
    assert response.status == 200, body
    return json.loads(body)


def scan(environment):
    """All items of the table, in DynamoDB's JSON."""
    items, start = [], {}
    while True:
        page = dynamodb(environment, "Scan", {"TableName": environment["TABLE_NAME"], **start})
        items += page["Items"]
        if "LastEvaluatedKey" not in page:
            return items
        start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}


def read_items(launch, data):
    """All items of a data directory that no server uses."""
    server, environment = start_database(launch, data)
    try:
        return scan(environment)
    finally:
        server.stop()
