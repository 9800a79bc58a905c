"""Plays the readers of the table's stream: wakes the mailer, works on jobs as the workflow does, wakes the notifier."""

import http.client
import json
import threading
import uuid

# As long as the queue of the template holds signals back.
WAKE_AFTER_SECONDS = 11


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


class Stream:
    def __init__(self, resources, gateway):
        self.gateway = gateway
        self.waking = threading.Lock()
        mailer = resources["MailerFunctionOutbox"]["Properties"]
        pipe = resources["WritesPipe"]["Properties"]["SourceParameters"]
        self.mailer, self.pipe = (
            [json.loads(entry["Pattern"]) for entry in reader["FilterCriteria"]["Filters"]] for reader in (mailer, pipe)
        )
        self.job, self.change = (resources[rule]["Properties"]["EventPattern"] for rule in ("JobsRule", "ChangesRule"))

    def report(self, event, keys):
        """Invokes what the stream would wake after this write."""
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
