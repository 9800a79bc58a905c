"""Checks the logs of the functions: every line is JSON with a time and a level, and requests and runs leave theirs."""

import datetime
import json
import pathlib
import sys

ANSWERED = {"function", "version", "cold_start", "lambda_request_id", "request_id", "method", "route", "status"}
RAN = {"function", "version", "cold_start", "lambda_request_id"}
SHARED = {"milliseconds", "outcome"}


def lines(folder):
    for path in pathlib.Path(folder).glob("function-*"):
        for text in path.read_text(encoding="utf-8").splitlines():
            line = json.loads(text)
            datetime.datetime.fromisoformat(line["timestamp"])
            assert line["level"] in ("ERROR", "WARN", "INFO"), text
            yield line


def main():
    own = [line for line in lines(sys.argv[1]) if line["target"] == "rollcall::request"]
    fields = {"answered": ANSWERED | SHARED, "ran": RAN | SHARED}
    for message, expected in fields.items():
        found = [line["fields"] for line in own if line["fields"]["message"] == message]
        assert found and all(expected <= line.keys() for line in found), f"{message}: {found[:3]}"
        assert {line["cold_start"] for line in found} == {False, True}, message
    assert any("user_id" in line["fields"] for line in own) and any("key_id" in line["fields"] for line in own)
    print(f"{len(own)} lines of requests and runs")


main()
