"""A proxy between the functions and AWS that denies what the template does not allow.

Usage: guard.py PORT DATABASE_URL OBJECTS_URL GATEWAY_URL MAILDIR

It is the endpoint of every service of AWS for all functions. DynamoDB and S3 are the embedded database and its files.
The guard itself plays Secrets Manager (with the key in MASTER_KEY_FILE), SES (into MAILDIR), the event bus and the
readers of the table's stream. As on AWS, the session token tells whose rights count: it is the name of the function.

`GET /unneeded` lists the rights beyond the table that no request has needed so far. For the table,
`tests/template/check_rights.py` compares the template with what all tests need.
"""

import email.message
import email.utils
import http.client
import json
import mailbox
import os
import pathlib
import sys
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "template"))

import accesses
from stream import Stream

from rights import Access, function_name, roles, used_by_lambda
from transformed import ACCOUNT, REGION, Stack

IDENTITY = f"arn:aws:ses:{REGION}:{ACCOUNT}:identity/example.com"
# SES demands the right to the configuration set, too, that an identity has by default.
CONFIGURATION_SET = f"arn:aws:ses:{REGION}:{ACCOUNT}:configuration-set/mails"
# Rights that no request of the scenario needs, each with its reason: (function, action).
UNSEEN = {
    ("jobs", "s3:AbortMultipartUpload"): "a job is ended while its export writes a file",
    ("jobs", "secretsmanager:GetSecretValue"): "cursors, and replies that are stored under an Idempotency-Key",
    ("notifier", "secretsmanager:GetSecretValue"): "an event is signed for a webhook, which has no receiver here",
    ("transfer", "s3:AbortMultipartUpload"): "an export fails while it writes a file",
}
JSON = {"Content-Type": "application/x-amz-json-1.1"}
DENIED = json.dumps({"__type": "AccessDeniedException", "message": "denied", "Message": "denied"}).encode()


class Guard(BaseHTTPRequestHandler):
    # Headers and body are separate writes: with Nagle's algorithm each call would wait 40 ms for an acknowledgement.
    disable_nagle_algorithm = True
    protocol_version = "HTTP/1.1"

    def do_PUT(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        service, _, operation = (self.headers["X-Amz-Target"] or "").partition(".")
        if self.path == "/unneeded":
            lines = "".join(
                f"{function} {right.action} {right.resource}\n" for function, right in self.server.unneeded()
            )
            self.reply(200, {"Content-Type": "text/plain"}, lines.encode())
        elif self.path == "/v2/email/outbound-emails":
            self.send_mail(json.loads(body))
        elif service == "secretsmanager":
            self.get_secret(json.loads(body))
        elif service == "AWSEvents":
            self.put_events(json.loads(body))
        elif service:
            self.pass_to_table(operation, body)
        else:
            self.pass_to_objects(body)

    do_DELETE = do_GET = do_HEAD = do_POST = do_PUT

    def pass_to_table(self, operation, body):
        needed = accesses.of_table(operation, json.loads(body), self.server.stack.attribute("Table", "Arn"))
        if not self.check(needed):
            self.reply(400, JSON, DENIED)
            return
        status, headers, reply = self.forward(self.server.database, body)
        self.reply(status, headers, reply)
        if status == 200:
            for event, keys in accesses.writes_of(operation, body):
                self.server.stream.report(event, keys)

    def get_secret(self, request):
        arn = self.server.stack.attribute(request["SecretId"], "Arn")
        if not self.check([Access("secretsmanager:GetSecretValue", arn)]):
            self.reply(400, JSON, DENIED)
            return
        secret = pathlib.Path(os.environ["MASTER_KEY_FILE"]).read_text(encoding="utf-8")
        self.reply(200, JSON, json.dumps({"ARN": arn, "SecretString": secret}).encode())

    def put_events(self, request):
        buses = {entry["EventBusName"] for entry in request["Entries"]}
        if not self.check([Access("events:PutEvents", bus) for bus in buses]):
            self.reply(400, JSON, DENIED)
            return
        for entry in request["Entries"]:
            print("EVENT", entry["DetailType"], json.loads(entry["Detail"])["event_id"], flush=True)
        entries = [{"EventId": str(uuid.uuid4())} for _ in request["Entries"]]
        self.reply(200, JSON, json.dumps({"FailedEntryCount": 0, "Entries": entries}).encode())

    def send_mail(self, request):
        if not self.check([Access("ses:SendEmail", IDENTITY), Access("ses:SendEmail", CONFIGURATION_SET)]):
            self.reply(403, {"Content-Type": "application/json", "x-amzn-ErrorType": "AccessDeniedException"}, DENIED)
            return
        simple = request["Content"]["Simple"]
        letter = email.message.EmailMessage()
        letter["From"], letter["To"] = request["FromEmailAddress"], ", ".join(request["Destination"]["ToAddresses"])
        letter["Subject"], letter["Date"] = simple["Subject"]["Data"], email.utils.localtime()
        letter.set_content(simple["Body"]["Text"]["Data"], cte="8bit")
        letter.add_alternative(simple["Body"]["Html"]["Data"], subtype="html")
        self.server.maildir.add(letter)
        self.reply(200, {"Content-Type": "application/json"}, json.dumps({"MessageId": str(uuid.uuid4())}).encode())

    def pass_to_objects(self, body):
        bucket = self.server.stack.attribute("JobFiles", "Arn")
        if not self.check([accesses.of_objects(self.command, self.path, bucket)]):
            self.reply(403, {"Content-Type": "application/xml"}, b"<Error><Code>AccessDenied</Code></Error>")
            return
        status, headers, reply = self.forward(self.server.objects, body)
        # S3 does not say that something is missing to somebody who may not list the bucket.
        if status == 404 and not self.check([Access("s3:ListBucket", bucket)]):
            status, headers, reply = (
                403,
                {"Content-Type": "application/xml"},
                b"<Error><Code>AccessDenied</Code></Error>",
            )
        self.reply(status, headers, reply)

    def check(self, needed):
        """Whether the caller has these rights. The token of a link to a file is in its query."""
        query = parse_qs(urlsplit(self.path).query)
        function = self.headers["X-Amz-Security-Token"] or query.get("X-Amz-Security-Token", [""])[0]
        role = self.server.roles.get(function)
        if role is None:
            # A link that somebody has changed.
            return False
        if not role.allows_request(needed):
            print("DENIED", function, *needed, flush=True)
            return False
        self.server.seen.update((function, access) for access in needed)
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
    def __init__(self, port, database, objects, gateway, maildir):
        super().__init__(("127.0.0.1", port), Guard)
        self.database, self.objects, gateway = (urlsplit(url).netloc for url in (database, objects, gateway))
        self.maildir = mailbox.Maildir(maildir)
        self.stack = Stack()
        self.roles = roles(self.stack)
        self.stream = Stream(self.stack.resources, gateway)
        self.seen = set()

    def unneeded(self):
        """The rights beyond the table that no request has needed."""
        for name in self.stack.of_type("AWS::Lambda::Function"):
            function = function_name(name)
            seen = [access for caller, access in list(self.seen) if caller == function]
            for right in self.roles[function].rights() - used_by_lambda(self.stack, name):
                is_known = right.action.startswith("dynamodb:") or (function, right.action) in UNSEEN
                if not is_known and not any(map(right.is_needed_by, seen)):
                    yield function, right


def main():
    port, database, objects, gateway, maildir = sys.argv[1:]
    GuardServer(int(port), database, objects, gateway, maildir).serve_forever()


if __name__ == "__main__":
    main()
