"""The pipe: which writes start a workflow."""

import json

import pytest

from records import JOB_ID, record_of, signal

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
def starts_a_workflow(aws, resources):
    filters = resources["JobsPipe"]["Properties"]["SourceParameters"]["FilterCriteria"]["Filters"]

    def starts_a_workflow(record):
        event = json.dumps(ENVELOPE | record)
        return any(
            aws("events").test_event_pattern(EventPattern=pattern["Pattern"], Event=event)["Result"]
            for pattern in filters
        )

    return starts_a_workflow


@pytest.mark.parametrize("event", ["INSERT", "MODIFY"])
def test_a_signal_starts_a_workflow(starts_a_workflow, event):
    assert starts_a_workflow(signal(event))


@pytest.mark.parametrize(
    "record",
    [
        pytest.param(signal(event="REMOVE"), id="a signal that DynamoDB removes"),
        pytest.param(record_of(f"JOB#{JOB_ID}"), id="a new job"),
        pytest.param(record_of(f"JOB#{JOB_ID}", event="MODIFY"), id="a checkpoint"),
        pytest.param(record_of("JOBS", event="MODIFY"), id="the set of unfinished jobs"),
        pytest.param(record_of("ACCOUNT#WAKE#1"), id="an account"),
    ],
)
def test_other_writes_start_none(starts_a_workflow, record):
    assert not starts_a_workflow(record)


def test_the_stream_shows_no_content_of_items(resources):
    stream = resources["Table"]["Properties"]["StreamSpecification"]
    assert stream["StreamViewType"] == "KEYS_ONLY"


def test_a_record_is_a_workflow_of_its_own(resources):
    stream = resources["JobsPipe"]["Properties"]["SourceParameters"]["DynamoDBStreamParameters"]
    assert stream["BatchSize"] == 1
