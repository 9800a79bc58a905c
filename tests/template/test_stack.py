"""The stack, created in an emulator of AWS from the transformed template, with the defaults."""

import io
import json
import time
import zipfile

import boto3
import pytest
from samtranslator.yaml_helper import yaml_parse

from transformed import REGION, ROOT, transformed

BUCKET = "artifacts"
URL = f"https://s3.amazonaws.com/{BUCKET}/"
NAME = "rollcall"
SECONDS = 120
# The emulator refuses a template with any of these, and alarms with metric math.
UNKNOWN_TYPES = ("AWS::SecretsManager::ResourcePolicy",)


@pytest.fixture(scope="module")
def aws(pytestconfig):
    """Makes clients of the emulator."""
    endpoint = pytestconfig.getoption("--endpoint")
    if not endpoint:
        pytest.fail("--endpoint must name an emulator of AWS")
    keys = {"aws_access_key_id": "any", "aws_secret_access_key": "any"}
    return lambda service: boto3.client(service, endpoint_url=endpoint, region_name=REGION, **keys)


@pytest.fixture(scope="module")
def created(aws):
    """The events of the stack's creation, the last one first."""
    s3, stacks = aws("s3"), aws("cloudformation")
    s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.writestr("bootstrap", "#!/bin/sh\n")
    s3.put_object(Bucket=BUCKET, Key="code.zip", Body=code.getvalue())
    alarms = yaml_parse((ROOT / "infra/alarms.yaml").read_text(encoding="utf-8"))
    alarms["Resources"] = {
        name: made for name, made in alarms["Resources"].items() if "Metrics" not in made["Properties"]
    }
    s3.put_object(Bucket=BUCKET, Key="alarms.yaml", Body=json.dumps(alarms, default=str).encode())
    s3.put_object(Bucket=BUCKET, Key="definition.json", Body=(ROOT / "infra/transfer.asl.json").read_bytes())
    template = json.loads(json.dumps(transformed()))
    resources = template["Resources"]
    template["Resources"] = {name: made for name, made in resources.items() if made["Type"] not in UNKNOWN_TYPES}
    template["Resources"]["Alarms"]["Properties"]["TemplateURL"] = URL + "alarms.yaml"
    values = {"MailFrom": "rollcall@example.com", "MailIdentity": "example.com"}
    parameters = [{"ParameterKey": key, "ParameterValue": value} for key, value in values.items()]
    s3.put_object(Bucket=BUCKET, Key="template.json", Body=json.dumps(template).encode())
    stacks.create_stack(
        StackName=NAME,
        TemplateURL=URL + "template.json",
        Parameters=parameters,
        Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
    )
    deadline = time.monotonic() + SECONDS
    while stacks.describe_stacks(StackName=NAME)["Stacks"][0]["StackStatus"] == "CREATE_IN_PROGRESS":
        assert time.monotonic() < deadline, "the stack is not created in time"
        time.sleep(0.5)
    return stacks.describe_stack_events(StackName=NAME)["StackEvents"]


def test_the_stack_is_created_with_the_defaults(aws, created):
    failed = [
        (event["LogicalResourceId"], event.get("ResourceStatusReason"))
        for event in created
        if "FAILED" in event["ResourceStatus"]
    ]
    assert failed == []
    (stack,) = aws("cloudformation").describe_stacks(StackName=NAME)["Stacks"]
    assert stack["StackStatus"] == "CREATE_COMPLETE"


def test_every_resource_of_the_template_is_there(aws, created):
    """Those with a condition of an optional part are not."""
    pages = aws("cloudformation").get_paginator("list_stack_resources").paginate(StackName=NAME)
    names = {resource["LogicalResourceId"] for page in pages for resource in page["StackResourceSummaries"]}
    left_out = {
        name
        for name, made in transformed()["Resources"].items()
        if made["Type"] in UNKNOWN_TYPES or made.get("Condition") == "HasDomain"
    }
    assert names == set(transformed()["Resources"]) - left_out


def test_the_outputs_lead_to_what_was_created(aws, created):
    (stack,) = aws("cloudformation").describe_stacks(StackName=NAME)["Stacks"]
    outputs = {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}
    assert aws("dynamodb").describe_table(TableName=outputs["TableName"])["Table"]["TableStatus"] == "ACTIVE"
    secret = json.loads(aws("secretsmanager").get_secret_value(SecretId=outputs["MasterKeySecret"])["SecretString"])
    assert secret.keys() == {"id", "key"} and len(secret["key"]) == 64
    for name in ("BootstrapFunction", "CleanupFunction", "MailerFunction", "TransferFunction", "NotifierFunction"):
        assert aws("lambda").get_function(FunctionName=outputs[name])["Configuration"]["Role"]
    for name in ("DeadLetterQueue", "ChangesQueue"):
        assert aws("sqs").get_queue_attributes(QueueUrl=outputs[name], AttributeNames=["QueueArn"])["Attributes"]
    assert aws("cloudwatch").get_dashboard(DashboardName=outputs["Dashboard"])["DashboardBody"]
