"""The rights of the functions, as the transformed template gives them: judged as IAM judges a request, and listed."""

import fnmatch
import typing

LEADING_KEYS = "dynamodb:LeadingKeys"
# What SAM attaches to a role, and what of it the permissions boundary is there to narrow.
MANAGED = {
    "service-role/AWSLambdaBasicExecutionRole": ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"],
    "AWSXrayWriteOnlyAccess": [
        "xray:GetSamplingRules",
        "xray:GetSamplingStatisticSummaries",
        "xray:GetSamplingTargets",
        "xray:PutTelemetryRecords",
        "xray:PutTraceSegments",
    ],
    "service-role/AWSLambdaDynamoDBExecutionRole": [
        "dynamodb:DescribeStream",
        "dynamodb:GetRecords",
        "dynamodb:GetShardIterator",
        "dynamodb:ListStreams",
        "logs:CreateLogGroup",
        "logs:CreateLogStream",
        "logs:PutLogEvents",
    ],
    "service-role/AWSLambdaSQSQueueExecutionRole": [
        "logs:CreateLogGroup",
        "logs:CreateLogStream",
        "logs:PutLogEvents",
        "sqs:DeleteMessage",
        "sqs:GetQueueAttributes",
        "sqs:ReceiveMessage",
    ],
}
# What Lambda does in the name of a function, with the rights of its role.
STREAM_READER = ["dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator"]
QUEUE_READER = ["sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"]
LOGS = ["logs:CreateLogStream", "logs:PutLogEvents"]
TRACING = ["xray:PutTelemetryRecords", "xray:PutTraceSegments"]


class Access(typing.NamedTuple):
    """A request: an action on a resource, and the partition keys that it names."""

    action: str
    resource: str
    keys: tuple = ()


class Right(typing.NamedTuple):
    """The smallest part of a statement: one action, one resource, one pattern of keys."""

    action: str
    resource: str
    key: str | None = None

    def is_needed_by(self, access):
        is_about = self.action == access.action and fnmatch.fnmatchcase(access.resource, self.resource)
        return is_about and (self.key is None or any(fnmatch.fnmatchcase(key, self.key) for key in access.keys))


class Statement:
    def __init__(self, statement):
        self.actions, self.resources = as_list(statement["Action"]), as_list(statement["Resource"])
        self.keys = leading_keys(statement.get("Condition"))

    def covers(self, access):
        is_about = any_matches(self.actions, access.action) and any_matches(self.resources, access.resource)
        return is_about and (self.keys is None or all(any_matches(self.keys, key) for key in access.keys))

    def rights(self):
        keys = [None] if self.keys is None else self.keys
        return {Right(action, on, key) for action in self.actions for on in self.resources for key in keys}


def as_list(value):
    return value if isinstance(value, list) else [value]


def any_matches(patterns, text):
    return any(fnmatch.fnmatchcase(text, pattern) for pattern in patterns)


def leading_keys(condition):
    """The patterns of the only kind of condition that the functions' statements use."""
    if condition is None:
        return None
    ((operator, operands),) = condition.items()
    assert operator in ("ForAllValues:StringEquals", "ForAllValues:StringLike") and list(operands) == [LEADING_KEYS]
    return as_list(operands[LEADING_KEYS])


class Role:
    """The role of a function. A request needs the leave of its policies and of its boundary."""

    def __init__(self, stack, name):
        properties = stack.resources[name]["Properties"]
        documents = [policy["PolicyDocument"] for policy in properties.get("Policies", [])]
        self.own = statements(documents)
        arns = properties.get("ManagedPolicyArns", [])
        actions = [action for arn in arns for action in MANAGED[arn.split(":policy/")[1]]]
        self.managed = [Statement({"Action": actions, "Resource": "*"})]
        boundary = stack.resources[properties["PermissionsBoundary"]]["Properties"]["PolicyDocument"]
        self.boundary = statements([boundary])

    def allows(self, access):
        return any(map(covering(access), self.own + self.managed)) and any(map(covering(access), self.boundary))

    def allows_request(self, accesses):
        """Judges the accesses of one request.

        No page of AWS says whether the writes of a transaction are judged each alone, or all writes of one action
        together, with all their keys. So both must be allowed.
        """
        together = {}
        for access in accesses:
            together.setdefault((access.action, access.resource), []).extend(access.keys)
        joined = [Access(action, resource, tuple(keys)) for (action, resource), keys in together.items()]
        return all(map(self.allows, [*accesses, *joined]))

    def rights(self):
        """What the role may do: its own statements, and what the boundary leaves of the managed policies."""
        own = set().union(*(statement.rights() for statement in self.own))
        (managed,) = self.managed
        bounds = set().union(*(statement.rights() for statement in self.boundary))
        return own | {right for right in bounds if any_matches(managed.actions, right.action)}


def covering(access):
    return lambda statement: statement.covers(access)


def statements(documents):
    return [Statement(statement) for document in documents for statement in document["Statement"]]


def function_name(resource):
    """The name by which the code knows a function of the template."""
    return resource.removesuffix("Function").lower()


def roles(stack):
    """The role of each function."""
    return {function_name(name): Role(stack, f"{name}Role") for name in stack.of_type("AWS::Lambda::Function")}


def used_by_lambda(stack, function):
    """What Lambda does with the rights of a function: writes its logs, reads what wakes it, gives up what failed."""
    properties = stack.resources[function]["Properties"]
    log_group = stack.attribute(properties["LoggingConfig"]["LogGroup"], "Arn")
    used = {Right(action, log_group) for action in LOGS}
    if properties.get("TracingConfig") == {"Mode": "Active"}:
        used |= {Right(action, "*") for action in TRACING}
    for kind in ("AWS::Lambda::EventSourceMapping", "AWS::Lambda::EventInvokeConfig"):
        for waking in stack.of_type(kind).values():
            if waking["Properties"]["FunctionName"] == function:
                used |= used_for(waking["Properties"])
    return used


def used_for(waking):
    source = waking.get("EventSourceArn", "")
    used = set()
    if "/stream/" in source:
        # It lists names only, and has no resource.
        used |= {Right(action, source) for action in STREAM_READER} | {Right("dynamodb:ListStreams", "*")}
    elif source:
        used |= {Right(action, source) for action in QUEUE_READER}
    if given_up := waking.get("DestinationConfig", {}).get("OnFailure"):
        used.add(Right("sqs:SendMessage", given_up["Destination"]))
    return used
