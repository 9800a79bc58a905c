"""Records of the table's stream, as the pipe reads them: an event and the keys of an item."""

APP_ID = "01936f5e-0000-7000-8000-000000000001"
JOB_ID = "01936f5e-0000-7000-8000-000000000002"


def record_of(sk, event="INSERT"):
    """A write of an item of the application."""
    keys = {"pk": {"S": f"APP#{APP_ID}"}, "sk": {"S": sk}}
    return {"eventName": event, "eventSource": "aws:dynamodb", "dynamodb": {"Keys": keys}}


def signal(event="INSERT"):
    """A write of the signal that the job is to be worked on."""
    return record_of(f"WAKE#{JOB_ID}", event)
