"""Stands for the function `transfer`: notes each call in a file, and answers as the test has said. `null` fails."""

import json
import os
import pathlib


def handler(event, _context):
    calls = pathlib.Path(os.environ["CALLS"])
    with calls.open("a", encoding="utf-8") as file:
        file.write(json.dumps(event) + "\n")
    answers = json.loads(os.environ["ANSWERS"])
    number = len(calls.read_text(encoding="utf-8").splitlines())
    answer = answers[min(number, len(answers)) - 1]
    if answer is None:
        raise RuntimeError("the step failed")
    return answer
