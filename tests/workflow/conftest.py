"""Tests of the workflow of jobs, and of the pipe and the rules that wake functions, in an emulator of AWS.

    GATEWAY_PORT=4566 SFN_WAIT_SCALE=0 ministack &
    ROLLCALL_BIN=target/debug/rollcall pytest tests/workflow --endpoint http://127.0.0.1:4566

The definition and the patterns are those of the template; only the function is a fake.
"""

import io
import json
import pathlib
import re
import sys
import types
import zipfile

import boto3
import pytest
from botocore.config import Config
from samtranslator.yaml_helper import yaml_parse

sys.dont_write_bytecode = True

ROOT = pathlib.Path(__file__).parents[2]
ROLE = "arn:aws:iam::000000000000:role/any"


def pytest_addoption(parser):
    parser.addoption("--endpoint", required=True, help="the emulator, without waits between retries")


@pytest.fixture(scope="session")
def aws(pytestconfig):
    """Makes clients of the emulator."""
    return lambda service: boto3.client(
        service,
        endpoint_url=pytestconfig.getoption("--endpoint"),
        region_name="eu-central-1",
        aws_access_key_id="any",
        aws_secret_access_key="any",
        # Otherwise a synchronous execution goes to `sync-127.0.0.1`. One that never ends fails its test.
        config=Config(inject_host_prefix=False, read_timeout=30, retries={"total_max_attempts": 1}),
    )


@pytest.fixture(scope="session")
def resources():
    """The resources of the template."""
    return yaml_parse((ROOT / "template.yaml").read_text(encoding="utf-8"))["Resources"]


@pytest.fixture(scope="session")
def definition(resources):
    """The definition of the workflow, before its substitutions."""
    return (ROOT / resources["TransferWorkflow"]["Properties"]["DefinitionUri"]).read_text(encoding="utf-8")


@pytest.fixture
def run_workflow(aws, definition, resources, request, tmp_path):
    """Runs the workflow for a record of the stream, with a function that answers like this."""
    name = re.sub(r"\W", "-", request.node.name)[:60]

    def run_workflow(record, answers):
        calls = tmp_path / "calls"
        aws("lambda").create_function(
            FunctionName=name,
            Runtime=f"python{sys.version_info.major}.{sys.version_info.minor}",
            Role=ROLE,
            Handler="fake_transfer.handler",
            Code={"ZipFile": zipped(pathlib.Path(__file__).with_name("fake_transfer.py"))},
            Environment={"Variables": {"CALLS": str(calls), "ANSWERS": json.dumps(answers)}},
        )
        workflows = aws("stepfunctions")
        workflow = workflows.create_state_machine(
            name=name,
            definition=definition.replace("${Partition}", "aws").replace("${TransferFunction}", name),
            roleArn=ROLE,
            # The deployed type is STANDARD. This one answers when it is over.
            type="EXPRESS",
        )
        # The rule sends what the pipe has made of the record.
        assert resources["JobsRule"]["Properties"]["Targets"][0]["InputPath"] == "$.detail"
        started_with = json.dumps(pipe_input(resources, record))
        execution = workflows.start_sync_execution(stateMachineArn=workflow["stateMachineArn"], input=started_with)
        seen = [json.loads(line) for line in calls.read_text(encoding="utf-8").splitlines()]
        return types.SimpleNamespace(status=execution["status"], calls=seen)

    return run_workflow


def zipped(file):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.write(file, file.name)
    return buffer.getvalue()


def pipe_input(resources, record):
    """What the pipe makes of a record: its template with each `<$.path>` replaced."""

    def value(match):
        found = record
        for name in match[1].split("."):
            found = found[name]
        return json.dumps(found)

    template = resources["WritesPipe"]["Properties"]["TargetParameters"]["InputTemplate"]
    return json.loads(re.sub(r"<\$\.([\w.]+)>", value, template))
