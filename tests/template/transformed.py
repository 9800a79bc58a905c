"""The template as CloudFormation gets it: after the transform of SAM, with every reference resolved to a text.

A resource stands for its own name: `!Ref Table` is `Table`, and `!GetAtt Table.Arn` ends with `Table`.
"""

import functools
import json
import pathlib
import re

import boto3
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator
from samtranslator.yaml_helper import yaml_parse

ROOT = pathlib.Path(__file__).parents[2]
REGION = "eu-central-1"
ACCOUNT = "123456789012"
NOTHING = object()

# With every optional part.
PARAMETERS = {
    "PublicOrigin": "https://console.example.com",
    "MailFrom": "Rollcall <rollcall@example.com>",
    "MailIdentity": "example.com",
    "ConfigurationSet": "mails",
    "EventBus": f"arn:aws:events:{REGION}:{ACCOUNT}:event-bus/events",
}

PSEUDO = {
    "AWS::Partition": "aws",
    "AWS::Region": REGION,
    "AWS::AccountId": ACCOUNT,
    "AWS::URLSuffix": "amazonaws.com",
    "AWS::StackName": "rollcall",
    "AWS::NoValue": NOTHING,
}

# The ARN of a resource in which only its name varies.
ARNS = {
    "AWS::DynamoDB::Table": f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{{}}",
    "AWS::Events::EventBus": f"arn:aws:events:{REGION}:{ACCOUNT}:event-bus/{{}}",
    "AWS::Events::Rule": f"arn:aws:events:{REGION}:{ACCOUNT}:rule/{{}}",
    "AWS::IAM::Role": f"arn:aws:iam::{ACCOUNT}:role/rollcall/{{}}",
    "AWS::Lambda::Function": f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{{}}",
    "AWS::Logs::LogGroup": f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{{}}:*",
    "AWS::S3::Bucket": "arn:aws:s3:::{}",
    "AWS::SQS::Queue": f"arn:aws:sqs:{REGION}:{ACCOUNT}:{{}}",
    "AWS::SecretsManager::Secret": f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:{{}}",
    "AWS::StepFunctions::StateMachine": f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:{{}}",
}
# `Ref` gives the ARN of these.
NAMED_BY_ARN = ("AWS::SecretsManager::Secret", "AWS::StepFunctions::StateMachine")


@functools.cache
def source():
    """The template as it is written."""
    return yaml_parse((ROOT / "template.yaml").read_text(encoding="utf-8"))


@functools.cache
def transformed():
    """The template after SAM's transform. References are not resolved."""
    template = json.loads(json.dumps(source(), default=str))
    for resource in template["Resources"].values():
        for property_, key in (("CodeUri", "code.zip"), ("DefinitionUri", "definition.json")):
            if property_ in resource.get("Properties", {}):
                resource["Properties"][property_] = f"s3://artifacts/{key}"
    session = boto3.session.Session(region_name=REGION)
    return Translator({}, Parser(), boto_session=session).translate(template, dict(PARAMETERS))


class Stack:
    """The transformed template with parameters: resources, outputs and conditions as CloudFormation resolves them."""

    def __init__(self, **parameters):
        self.template = transformed()
        declared = self.template["Parameters"]
        defaults = {name: declared[name]["Default"] for name in declared if "Default" in declared[name]}
        self.parameters = defaults | PARAMETERS | parameters
        exists = lambda resource: "Condition" not in resource or self.condition(resource["Condition"])
        self.resources = {
            name: self.resolve(resource) for name, resource in self.template["Resources"].items() if exists(resource)
        }

    def of_type(self, kind):
        return {name: resource for name, resource in self.resources.items() if resource["Type"] == kind}

    def condition(self, name):
        return self.decide(self.template["Conditions"][name])

    def decide(self, condition):
        ((operator, operands),) = condition.items()
        match operator:
            case "Condition":
                return self.condition(operands)
            case "Fn::Not":
                return not self.decide(operands[0])
            case "Fn::And":
                return all(map(self.decide, operands))
            case "Fn::Or":
                return any(map(self.decide, operands))
            case "Fn::Equals":
                first, second = map(self.resolve, operands)
                return str(first) == str(second)
        raise NotImplementedError(operator)

    def resolve(self, value):
        match value:
            case {"Ref": name}:
                found = self.reference(name)
            case {"Fn::GetAtt": [name, attribute]}:
                found = self.attribute(name, attribute)
            case {"Fn::If": [condition, yes, no]}:
                found = self.resolve(yes if self.condition(condition) else no)
            case {"Fn::Sub": [text, variables]}:
                found = self.substitute(text, self.resolve(variables))
            case {"Fn::Sub": text}:
                found = self.substitute(text, {})
            case {"Fn::Select": [index, values]}:
                found = self.resolve(values)[int(index)]
            case {"Fn::Split": [separator, text]}:
                found = self.resolve(text).split(separator)
            case {"Fn::Join": [separator, parts]}:
                found = separator.join(map(self.resolve, parts))
            case dict():
                found = {key: kept for key, inner in value.items() if (kept := self.resolve(inner)) is not NOTHING}
            case list():
                found = [kept for inner in value if (kept := self.resolve(inner)) is not NOTHING]
            case _:
                found = value
        return found

    def substitute(self, text, variables):
        value = lambda match: str(variables.get(match[1]) or self.named(match[1]))
        # Variables of the gateway have a name without a resource.
        return re.sub(r"\$\{((?!stageVariables)[\w:.]+)\}", value, text)

    def named(self, name):
        """What `${name}` stands for in a text."""
        resource, _, attribute = name.partition(".")
        return self.attribute(resource, attribute) if attribute else self.reference(name)

    def reference(self, name):
        if name in PSEUDO:
            return PSEUDO[name]
        if name in self.parameters:
            return self.parameters[name]
        kind = self.template["Resources"][name]["Type"]
        return ARNS[kind].format(name) if kind in NAMED_BY_ARN else name

    def attribute(self, name, attribute):
        kind = self.template["Resources"][name]["Type"]
        match attribute:
            case "Arn":
                return ARNS[kind].format(name)
            case "StreamArn":
                return ARNS[kind].format(name) + "/stream/2026-11-30T00:00:00.000"
        return f"{name}.{attribute}"
