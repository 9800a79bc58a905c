"""The commands of the operator's page exist: AWS has the operations with these options, and the stack these outputs."""

import re
import shlex

import boto3
import pytest
from botocore import xform_name

from transformed import ROOT, transformed

PAGE = (ROOT / "infra/operations.md").read_text(encoding="utf-8")
# Options of the command line itself.
GLOBAL = {"query", "output"}


def commands(program):
    """The commands of a program in the page: in blocks of code and in the text."""
    blocks = re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)
    inline = re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", PAGE, flags=re.DOTALL))
    lines = [line for block in blocks for line in block.replace("\\\n", " ").splitlines()]
    found = [re.search(rf"\b{program} .*", line) for line in [*lines, *inline]]
    return [match[0].rstrip("; }") for match in found if match]


def options(words):
    return {word[2:].replace("-", "_") for word in words if word.startswith("--")}


@pytest.mark.parametrize("command", commands("aws"))
def test_aws_has_the_operation_and_its_options(command):
    _, service, operation, *rest = shlex.split(command)
    client = boto3.client(service, region_name="eu-central-1")
    method = operation.replace("-", "_")
    assert method in client.meta.method_to_api_mapping, command
    shape = client.meta.service_model.operation_model(client.meta.method_to_api_mapping[method]).input_shape
    given = options(rest) - GLOBAL
    assert given <= {xform_name(name) for name in shape.members}, command
    assert {xform_name(name) for name in shape.required_members} <= given, command


@pytest.mark.parametrize("command", commands("sam"))
def test_sam_invokes_functions_of_the_template(command):
    if command.startswith("sam remote invoke"):
        assert shlex.split(command)[3] in transformed()["Resources"], command
    else:
        assert command.startswith("sam build && sam deploy --guided --config-file infra/samconfig.toml"), command


def test_the_page_uses_outputs_of_the_template():
    used = set(re.findall(r"\(output (\w+)\)", PAGE)) | set(re.findall(r"\boutput `(\w+)`", PAGE))
    assert len(used) >= 5 and used <= set(transformed()["Outputs"]), used - set(transformed()["Outputs"])
