"""The event bus: what happens in a server arrives on a bus of EventBridge, whole and in order."""

import json
import os
import subprocess
import time
import urllib.request

import pytest

PASSWORD = "correct-horse-battery-staple-7"
BUS = "rollcall-events"
# The feed holds events back for 10 s.
HOLD_BACK = 11


@pytest.fixture
def queue(aws):
    """A queue that gets the creations of applications from a bus."""
    events, sqs = aws("events"), aws("sqs")
    events.create_event_bus(Name=BUS)
    url = sqs.create_queue(QueueName=BUS)["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    pattern = {"source": ["rollcall"], "detail-type": ["app.create"]}
    events.put_rule(Name="apps", EventBusName=BUS, EventPattern=json.dumps(pattern))
    events.put_targets(Rule="apps", EventBusName=BUS, Targets=[{"Id": "queue", "Arn": arn}])
    return url


@pytest.fixture
def call(pytestconfig):
    """Sends requests to a server that puts its events onto the bus."""
    binary = os.environ.get("ROLLCALL_BIN")
    if not binary:
        pytest.fail("ROLLCALL_BIN must name the server binary")
    environment = {
        "ADMIN_PASSWORD": PASSWORD,
        "EVENT_BUS": BUS,
        "AWS_ENDPOINT_URL_EVENTBRIDGE": pytestconfig.getoption("--endpoint"),
        "AWS_REGION": "eu-central-1",
        "AWS_ACCESS_KEY_ID": "any",
        "AWS_SECRET_ACCESS_KEY": "any",
    }
    command = [os.path.abspath(binary), "--memory", "--test-clock", "--listen", "127.0.0.1:0"]
    server = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
    first_line = server.stdout.readline()
    origin, token = first_line.split()[-1], None

    def call(path, body):
        headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
        request = urllib.request.Request(origin + path, json.dumps(body).encode(), headers)
        with urllib.request.urlopen(request, timeout=30) as reply:
            return json.load(reply)

    token = call("/v1/login", {"login": "admin", "password": PASSWORD})["token"]
    yield call
    server.kill()
    server.wait()


def test_events_arrive_on_the_bus_in_order(aws, queue, call):
    created = [call("/v1/apps", {"name": f"App {number}"})["app_id"] for number in range(12)]
    call("/_local/clock", {"advance_seconds": HOLD_BACK})
    arrived, deadline = [], time.monotonic() + 30
    while len(arrived) < len(created):
        assert time.monotonic() < deadline, f"only {len(arrived)} events arrived"
        reply = aws("sqs").receive_message(QueueUrl=queue, MaxNumberOfMessages=10, WaitTimeSeconds=1)
        arrived += [json.loads(message["Body"]) for message in reply.get("Messages", [])]
    assert [event["detail"]["app_id"] for event in arrived] == created
    for event in arrived:
        detail = event["detail"]
        assert (event["source"], event["detail-type"]) == ("rollcall", "app.create")
        assert detail["type"] == "app.create" and detail["version"] == 1
        assert detail["data"]["after"]["name"].startswith("App ")
