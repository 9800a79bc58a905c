"""A proxy between the functions and the local database and files that denies what template.yaml does not allow.

Usage: guard.py PORT DATABASE_URL OBJECTS_URL GATEWAY_URL

It is the endpoint of DynamoDB and of S3 for all functions. As on AWS, the session token tells whose rights count: it is
the name of the function. The guard understands the part of IAM that the template uses: Allow statements on the table
or its index, each with leading keys, on the bucket, and on the event bus, which it plays, too. The embedded database
has no stream, so the guard also plays the readers of the table's stream: it invokes the mailer, it works on jobs as the
workflow does, and it wakes the notifier.
"""

import fnmatch
import http.client
import json
import sys
import threading
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit

from samtranslator.yaml_helper import yaml_parse

TRANSACTION = {"Put": "PutItem", "Update": "UpdateItem", "Delete": "DeleteItem", "ConditionCheck": "ConditionCheckItem"}
BUCKET = "${JobFiles.Arn}"
EVENT_BUS = "event bus"
# As long as the queue of the template holds signals back.
WAKE_AFTER_SECONDS = 11


def rights(template):
    """The rights of each function: {function: [(actions, patterns of what they may touch)]}."""
    table = {}
    for name, resource in template["Resources"].items():
        if resource["Type"] != "AWS::Serverless::Function":
            continue
        statements = [s for policy in resource["Properties"].get("Policies", []) for s in policy["Statement"]]
        # With every optional part.
        statements = [s["Fn::If"][1] if "Fn::If" in s else s for s in statements]
        table[name.removesuffix("Function").lower()] = [
            (as_list(statement["Action"]), patterns(statement))
            for statement in statements
            if as_list(statement["Action"])[0].startswith(("dynamodb:", "s3:", "events:"))
        ]
    return table


def as_list(value):
    return value if isinstance(value, list) else [value]


def patterns(statement):
    """What a statement is about: `table/<leading key>`, `index/<leading key>`, or an object of the bucket."""
    resource = json.dumps(statement["Resource"])
    if "EventBus" in resource:
        return [EVENT_BUS]
    if "JobFiles" in resource:
        return [statement["Resource"].get("Fn::Sub", BUCKET)]
    (keys,) = statement["Condition"].values()
    kind = "index" if "/index/" in resource else "table"
    return [f"{kind}/{key}" for key in as_list(keys["dynamodb:LeadingKeys"])]


def table_accesses(operation, request):
    """The accesses of a request to DynamoDB: (action, what it touches)."""
    if operation == "TransactWriteItems":
        for entry in request["TransactItems"]:
            ((kind, write),) = entry.items()
            yield f"dynamodb:{TRANSACTION[kind]}", f"table/{key_of(write)['pk']['S']}"
    elif operation == "BatchGetItem":
        for entry in request["RequestItems"].values():
            yield from ((f"dynamodb:{operation}", f"table/{key['pk']['S']}") for key in entry["Keys"])
    elif operation == "Query":
        # The store's queries start with the partition key: `#pk = :pk AND …`.
        value = request["KeyConditionExpression"].split("=")[1].split()[0]
        kind = "index" if "IndexName" in request else "table"
        yield f"dynamodb:{operation}", f"{kind}/{request['ExpressionAttributeValues'][value]['S']}"
    else:
        yield f"dynamodb:{operation}", f"table/{key_of(request)['pk']['S']}"


def key_of(write):
    item = write.get("Key") or write.get("Item") or {"pk": {"S": "no item"}, "sk": {"S": "no item"}}
    return {name: item[name] for name in ("pk", "sk")}


def object_access(method, path, query):
    """The access of a request to S3, whose path is `/<bucket>/<key>`, or `/<bucket>` for a list."""
    if unquote(path).strip("/").count("/") == 0:
        return "s3:ListBucketMultipartUploads" if "uploads" in query else "s3:ListBucket", BUCKET
    is_part = "uploadId" in query
    action = {
        "DELETE": "AbortMultipartUpload" if is_part else "DeleteObject",
        "GET": "ListMultipartUploadParts" if is_part else "GetObject",
        "HEAD": "GetObject",
        "POST": "PutObject",
        "PUT": "PutObject",
    }[method]
    return f"s3:{action}", BUCKET + "/" + unquote(path).split("/", 2)[2]


def allowed(statements, access):
    action, touched = access
    return any(
        action in actions and any(fnmatch.fnmatchcase(touched, pattern) for pattern in patterns)
        for actions, patterns in statements
    )


def stream_patterns(template):
    """The patterns by which the readers of the stream filter it, and those of the rules behind the pipe."""
    resources = template["Resources"]
    mailer = resources["MailerFunction"]["Properties"]["Events"]["Outbox"]["Properties"]
    pipe = resources["WritesPipe"]["Properties"]["SourceParameters"]
    readers = [
        [json.loads(entry["Pattern"]) for entry in reader["FilterCriteria"]["Filters"]] for reader in (mailer, pipe)
    ]
    return [*readers, *(resources[rule]["Properties"]["EventPattern"] for rule in ("JobsRule", "ChangesRule"))]


def matches(pattern, value):
    """Whether a value matches a pattern of EventBridge, of the kinds that the template uses."""
    if isinstance(pattern, dict):
        return all(matches(inner, (value or {}).get(name)) for name, inner in pattern.items())
    return any(matches_rule(rule, value) for rule in pattern)


def matches_rule(rule, value):
    match rule:
        case {"prefix": prefix}:
            return isinstance(value, str) and value.startswith(prefix)
    return value == rule


class Guard(BaseHTTPRequestHandler):
    # Headers and body are separate writes: with Nagle's algorithm each call would wait 40 ms for an acknowledgement.
    disable_nagle_algorithm = True
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        target = self.headers["X-Amz-Target"]
        if not target:
            self.pass_to_objects(body)
            return
        operation, request = target.split(".")[1], json.loads(body)
        if operation == "PutEvents":
            self.put_events(request)
            return
        if not self.check(self.headers["X-Amz-Security-Token"], table_accesses(operation, request)):
            refusal = {"__type": "com.amazon.coral.service#AccessDeniedException", "Message": "denied"}
            self.reply(400, {"Content-Type": "application/x-amz-json-1.0"}, json.dumps(refusal).encode())
            return
        status, headers, reply = self.forward(self.server.database, body)
        self.reply(status, headers, reply)
        if status == 200:
            self.server.stream(operation, request)

    def put_events(self, request):
        json_type = {"Content-Type": "application/x-amz-json-1.1"}
        if not self.check(self.headers["X-Amz-Security-Token"], [("events:PutEvents", EVENT_BUS)]):
            self.reply(400, json_type, b'{"__type": "AccessDeniedException", "message": "denied"}')
            return
        for entry in request["Entries"]:
            print("EVENT", entry["DetailType"], json.loads(entry["Detail"])["event_id"], flush=True)
        entries = [{"EventId": str(uuid.uuid4())} for _ in request["Entries"]]
        self.reply(200, json_type, json.dumps({"FailedEntryCount": 0, "Entries": entries}).encode())

    def do_PUT(self):
        self.pass_to_objects(self.rfile.read(int(self.headers.get("Content-Length", 0))))

    do_GET = do_HEAD = do_DELETE = do_PUT

    def pass_to_objects(self, body):
        url = urlsplit(self.path)
        query = parse_qs(url.query, keep_blank_values=True)
        function = self.headers["X-Amz-Security-Token"] or query.get("X-Amz-Security-Token", [""])[0]
        denied = (403, {"Content-Type": "application/xml"}, b"<Error><Code>AccessDenied</Code></Error>")
        if not self.check(function, [object_access(self.command, url.path, query)]):
            self.reply(*denied)
            return
        status, headers, reply = self.forward(self.server.objects, body)
        # S3 does not say that something is missing to somebody who may not list the bucket.
        if status == 404 and not self.check(function, [("s3:ListBucket", BUCKET)]):
            status, headers, reply = denied
        self.reply(status, headers, reply)

    def check(self, function, accesses):
        # Whoever changes a link names nobody. S3 refuses it by its signature, which is not checked here.
        if function not in self.server.rights:
            return False
        for access in accesses:
            if not allowed(self.server.rights[function], access):
                print("DENIED", function, *access, flush=True)
                return False
        return True

    def forward(self, server, body):
        connection = http.client.HTTPConnection(server)
        # The headers go along unchanged, `Host` too: it is part of the signature.
        connection.request(self.command, self.path, body, dict(self.headers))
        answer = connection.getresponse()
        status, headers, reply = answer.status, dict(answer.headers), answer.read()
        connection.close()
        return status, headers, reply

    def reply(self, status, headers, body):
        self.send_response(status)
        length = len(body)
        for name, value in headers.items():
            if name.lower() == "content-length" and self.command == "HEAD":
                length = value
            elif name.lower() not in ("content-length", "connection", "transfer-encoding", "date", "server"):
                self.send_header(name, value)
        if status != 204:
            self.send_header("Content-Length", str(length))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *_):
        pass


class GuardServer(ThreadingHTTPServer):
    def __init__(self, port, database, objects, gateway, template):
        super().__init__(("127.0.0.1", port), Guard)
        self.database, self.objects, self.gateway = (urlsplit(url).netloc for url in (database, objects, gateway))
        self.rights = rights(template)
        self.mailer, self.pipe, self.job, self.change = stream_patterns(template)
        self.waking = threading.Lock()

    def stream(self, operation, request):
        """Invokes what the table's stream would wake after these writes."""
        entries = request["TransactItems"] if operation == "TransactWriteItems" else [{operation: request}]
        puts_and_updates = [
            (kind, write) for entry in entries for kind, write in entry.items() if kind.startswith(("Put", "Update"))
        ]
        for kind, write in puts_and_updates:
            keys = key_of(write)
            event = "INSERT" if kind.startswith("Put") else "MODIFY"
            record = {"eventName": event, "dynamodb": {"Keys": keys, "SequenceNumber": "1"}}
            if any(matches(pattern, record) for pattern in self.mailer):
                self.begin(self.invoke, "mailer", {"Records": [record]})
            if any(matches(pattern, record) for pattern in self.pipe):
                self.pass_to_bus({name: value["S"] for name, value in keys.items()})

    def pass_to_bus(self, keys):
        """Does what the rules of the bus would have done."""
        event = {"source": "rollcall.table", "detail": keys}
        if matches(self.job, event):
            app_id, job_id = (keys[name].split("#")[1] for name in ("pk", "sk"))
            self.begin(self.work, {"app_id": app_id, "job_id": job_id})
        if matches(self.change, event) and self.waking.acquire(blocking=False):
            threading.Timer(WAKE_AFTER_SECONDS, self.wake).start()

    def wake(self):
        """Invokes the notifier for all signals that were gathered."""
        self.waking.release()
        self.invoke("notifier", {"Records": []})

    def begin(self, work, *arguments):
        threading.Thread(target=work, args=arguments, daemon=True).start()

    def work(self, job):
        """Works on a job as `infra/transfer.asl.json` does."""
        event = {**job, "worker": str(uuid.uuid4())}
        while self.invoke("transfer", event).get("over") is False:
            pass

    def invoke(self, function, event):
        """Invokes a function and waits for the reply."""
        connection = http.client.HTTPConnection(self.gateway)
        connection.request("POST", f"/2015-03-31/functions/{function}/invocations", json.dumps(event))
        answer = connection.getresponse()
        status, reply = answer.status, answer.read()
        connection.close()
        print(function, status, reply, flush=True)
        return json.loads(reply) if status == 200 else {}


def main():
    port, database, objects, gateway = sys.argv[1:]
    with open("template.yaml", encoding="utf-8") as file:
        template = yaml_parse(file.read())
    GuardServer(int(port), database, objects, gateway, template).serve_forever()


if __name__ == "__main__":
    main()
