"""Records of the table's stream, as the pipe reads them: an event and the keys of an item."""

APP_ID = "01936f5e-0000-7000-8000-000000000001"
JOB_ID = "01936f5e-0000-7000-8000-000000000002"


def record_of(sk, event="INSERT"):
    """A write of an item of the application."""
    keys = {"pk": {"S": f"APP#{APP_ID}"}, "sk": {"S": sk}}
    return {"eventName": event, "eventSource": "aws:dynamodb", "dynamodb": {"Keys": keys}}


def audit_record(event="INSERT"):
    """A write of an audit record of the platform."""
    keys = {"pk": {"S": "AUDIT#PLATFORM#2026-11-30"}, "sk": {"S": JOB_ID}}
    return {"eventName": event, "eventSource": "aws:dynamodb", "dynamodb": {"Keys": keys}}


def signal(event="INSERT"):
    """A write of the signal that the job is to be worked on."""
    return record_of(f"WAKE#{JOB_ID}", event)
