"""The pipe and the rules of its bus: which writes start a workflow, and which wake the sending of events."""

import json

import pytest

from conftest import pipe_input
from records import JOB_ID, audit_record, record_of, signal

# EventBridge demands these of every event. Records of a stream have none of them, and no pattern names one.
ENVELOPE = {
    "id": "1",
    "account": "000000000000",
    "source": "any",
    "time": "2026-11-30T00:00:00Z",
    "region": "eu-central-1",
    "resources": [],
    "detail-type": "any",
    "detail": {},
}


@pytest.fixture
def reached(aws, resources):
    """The rules that a write reaches."""

    def matches(pattern, event):
        reply = aws("events").test_event_pattern(EventPattern=pattern, Event=json.dumps(ENVELOPE | event))
        return reply["Result"]

    def reached(record):
        pipe = resources["WritesPipe"]["Properties"]
        filters = pipe["SourceParameters"]["FilterCriteria"]["Filters"]
        if not any(matches(pattern["Pattern"], record) for pattern in filters):
            return []
        target = pipe["TargetParameters"]["EventBridgeEventBusParameters"]
        event = {
            "source": target["Source"],
            "detail-type": target["DetailType"],
            "detail": pipe_input(resources, record),
        }
        rules = {name: rule for name, rule in resources.items() if rule["Type"] == "AWS::Events::Rule"}
        patterns = {name: json.dumps(rule["Properties"]["EventPattern"]) for name, rule in rules.items()}
        return [name for name, pattern in patterns.items() if matches(pattern, event)]

    return reached


@pytest.mark.parametrize("event", ["INSERT", "MODIFY"])
def test_a_signal_starts_a_workflow(reached, event):
    assert reached(signal(event)) == ["JobsRule"]


def test_an_audit_record_wakes_the_sending_of_events(reached):
    assert reached(audit_record()) == ["ChangesRule"]


@pytest.mark.parametrize(
    "record",
    [
        pytest.param(signal(event="REMOVE"), id="a signal that DynamoDB removes"),
        pytest.param(audit_record(event="REMOVE"), id="a record that DynamoDB removes"),
        pytest.param(record_of(f"JOB#{JOB_ID}"), id="a new job"),
        pytest.param(record_of(f"JOB#{JOB_ID}", event="MODIFY"), id="a checkpoint"),
        pytest.param(record_of("JOBS", event="MODIFY"), id="the set of unfinished jobs"),
        pytest.param(record_of("ACCOUNT#WAKE#1"), id="an account"),
        pytest.param(record_of("ACCOUNT#AUDIT#1"), id="another account"),
    ],
)
def test_other_writes_reach_nothing(reached, record):
    assert reached(record) == []


def test_the_stream_shows_no_content_of_items(resources):
    stream = resources["Table"]["Properties"]["StreamSpecification"]
    assert stream["StreamViewType"] == "KEYS_ONLY"


def test_a_batch_is_what_the_bus_takes_at_once(resources):
    stream = resources["WritesPipe"]["Properties"]["SourceParameters"]["DynamoDBStreamParameters"]
    assert stream["BatchSize"] == 10


def test_a_signal_of_an_event_waits_until_the_feed_shows_it(resources):
    queue = resources["Changes"]["Properties"]
    # The feed holds events back for 10 s.
    assert queue["DelaySeconds"] > 10


@pytest.mark.parametrize("name", ["JobsRule", "ChangesRule"])
def test_a_rule_reads_the_bus_of_the_pipe(resources, name):
    assert resources[name]["Properties"]["EventBusName"] == {"Ref": "Writes"}
    assert resources["WritesPipe"]["Properties"]["Target"] == {"Fn::GetAtt": ["Writes", "Arn"]}
