"""Checks that a flood of sign-ins, which queue for the one instance of `login`, leaves signed-in users alone."""

import concurrent.futures
import http.client
import json
import os
import sys
from urllib.parse import urlsplit

SIGN_INS = 40
REQUESTS = 10


def call(method, path, body=None, token=None):
    connection = http.client.HTTPConnection(urlsplit(sys.argv[1]).netloc, timeout=60)
    headers = {"content-type": "application/json"} if token is None else {"authorization": f"Bearer {token}"}
    connection.request(method, path, body and json.dumps(body), headers)
    response = connection.getresponse()
    answer = response.status, json.loads(response.read())
    connection.close()
    return answer


def sign_in():
    return call("POST", "/v1/login", {"login": "admin", "password": os.environ["ADMIN_PASSWORD"]})


def main():
    _, signed_in = sign_in()
    with concurrent.futures.ThreadPoolExecutor(SIGN_INS) as flood:
        attempts = [flood.submit(sign_in) for _ in range(SIGN_INS)]
        for _ in range(REQUESTS):
            status, answer = call("GET", "/v1/me", token=signed_in["token"])
            assert status == 200, answer
        waiting = sum(not attempt.done() for attempt in attempts)
    assert waiting > SIGN_INS // 2, "the requests of a signed-in user waited for the flood"
    statuses = {attempt.result()[0] for attempt in attempts}
    assert statuses == {200}, statuses
    print(f"{REQUESTS} requests were answered while {waiting} of {SIGN_INS} sign-ins waited")


if __name__ == "__main__":
    main()
