"""A proxy between the functions and the embedded database that denies what template.yaml does not allow.

Usage: guard.py PORT DATABASE_URL GATEWAY_URL

The endpoint of a function is http://127.0.0.1:PORT/<function>. The guard understands the part of IAM that the template
uses: Allow statements on the table or its index, each with leading keys. The embedded database has no stream, so the
guard also invokes the mailer when mail is written to the outbox.
"""

import fnmatch
import http.client
import json
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlparse

from samtranslator.yaml_helper import yaml_parse

TRANSACTION = {"Put": "PutItem", "Update": "UpdateItem", "Delete": "DeleteItem", "ConditionCheck": "ConditionCheckItem"}


def rights(template):
    """The statements of each function: {function: [(actions, is on the index, leading keys)]}."""
    table = {}
    for name, resource in template["Resources"].items():
        if resource["Type"] != "AWS::Serverless::Function":
            continue
        statements = [s for policy in resource["Properties"].get("Policies", []) for s in policy["Statement"]]
        table[name.removesuffix("Function").lower()] = [
            (as_list(statement["Action"]), "/index/" in json.dumps(statement["Resource"]), leading_keys(statement))
            for statement in statements
            if "dynamodb:" in json.dumps(statement["Action"])
        ]
    return table


def as_list(value):
    return value if isinstance(value, list) else [value]


def leading_keys(statement):
    (keys,) = statement["Condition"].values()
    return as_list(keys["dynamodb:LeadingKeys"])


def accesses(operation, request):
    """The accesses of a request: (action, is on the index, leading key)."""
    if operation == "TransactWriteItems":
        for entry in request["TransactItems"]:
            ((kind, write),) = entry.items()
            yield TRANSACTION[kind], False, (write.get("Key") or write["Item"])["pk"]["S"]
    elif operation == "BatchGetItem":
        for entry in request["RequestItems"].values():
            yield from ((operation, False, key["pk"]["S"]) for key in entry["Keys"])
    elif operation == "Query":
        # The store's queries start with the partition key: `#pk = :pk AND …`.
        value = request["KeyConditionExpression"].split("=")[1].split()[0]
        yield operation, "IndexName" in request, request["ExpressionAttributeValues"][value]["S"]
    else:
        item = request.get("Key") or request.get("Item") or {"pk": {"S": "no item"}}
        yield operation, False, item["pk"]["S"]


def allowed(statements, access):
    action, is_index, key = access
    return any(
        f"dynamodb:{action}" in actions
        and is_index == on_index
        and any(fnmatch.fnmatchcase(key, like) for like in keys)
        for actions, on_index, keys in statements
    )


def invoke_mailer(gateway, keys):
    """Invokes the mailer with the event that the table's stream would send, and waits for the reply."""
    records = [{"dynamodb": {"Keys": {"pk": {"S": key}}, "SequenceNumber": "1"}} for key in keys]
    connection = http.client.HTTPConnection(gateway)
    connection.request("POST", "/2015-03-31/functions/mailer/invocations", json.dumps({"Records": records}))
    answer = connection.getresponse()
    print("mailer", answer.status, answer.read(), flush=True)
    connection.close()


class Guard(BaseHTTPRequestHandler):
    # Headers and body are separate writes: with Nagle's algorithm each call would wait 40 ms for an acknowledgement.
    disable_nagle_algorithm = True
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        function = self.path.strip("/")
        operation = self.headers["X-Amz-Target"].split(".")[1]
        accessed = [*accesses(operation, json.loads(body))]
        for access in accessed:
            if not allowed(self.server.rights[function], access):
                print("DENIED", function, *access, flush=True)
                refusal = {"__type": "com.amazon.coral.service#AccessDeniedException", "Message": f"{access}"}
                self.reply(400, {"Content-Type": "application/x-amz-json-1.0"}, json.dumps(refusal).encode())
                return
        connection = http.client.HTTPConnection(self.server.database)
        connection.request("POST", "/", body, dict(self.headers))
        answer = connection.getresponse()
        self.reply(answer.status, dict(answer.headers), answer.read())
        connection.close()
        mails = [
            key for action, _, key in accessed if key.startswith("OUTBOX#") and action in ("PutItem", "UpdateItem")
        ]
        if mails and answer.status == 200:
            threading.Thread(target=invoke_mailer, args=(self.server.gateway, mails), daemon=True).start()

    def reply(self, status, headers, body):
        self.send_response(status)
        for name, value in headers.items():
            if name.lower() not in ("content-length", "connection", "transfer-encoding", "date", "server"):
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def main():
    port, database, gateway = sys.argv[1:]
    with open("template.yaml", encoding="utf-8") as template:
        table = rights(yaml_parse(template.read()))
    server = ThreadingHTTPServer(("127.0.0.1", int(port)), Guard)
    server.rights, server.database, server.gateway = table, urlparse(database).netloc, urlparse(gateway).netloc
    server.serve_forever()


if __name__ == "__main__":
    main()
