"""What must never change, or CloudFormation would replace the data or draw another key. And running on old data."""

import json

import pytest

from transformed import ROOT, Stack, source

TABLE = "arn:aws:dynamodb:eu-central-1:123456789012:table/restored"
STREAM = f"{TABLE}/stream/2026-11-30T12:00:00.000"
KEY = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:kept"


@pytest.fixture(scope="module")
def on_old_data():
    """A stack on a table and a key that exist."""
    return Stack(ExistingTable=TABLE, ExistingTableStream=STREAM, ExistingMasterKey=KEY)


def test_the_keys_of_the_table_and_its_stream_stay_as_they_are(stack):
    table = stack.resources["Table"]["Properties"]
    assert table["KeySchema"] == [
        {"AttributeName": "pk", "KeyType": "HASH"},
        {"AttributeName": "sk", "KeyType": "RANGE"},
    ]
    assert table["AttributeDefinitions"] == [
        {"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk", "gsi1pk", "gsi1sk")
    ]
    (index,) = table["GlobalSecondaryIndexes"]
    assert index == {
        "IndexName": "gsi1",
        "KeySchema": [
            {"AttributeName": "gsi1pk", "KeyType": "HASH"},
            {"AttributeName": "gsi1sk", "KeyType": "RANGE"},
        ],
        "Projection": {"ProjectionType": "KEYS_ONLY"},
    }
    assert table["StreamSpecification"] == {"StreamViewType": "KEYS_ONLY"}
    assert table["TimeToLiveSpecification"] == {"AttributeName": "ttl", "Enabled": True}
    assert "TableName" not in table


def test_another_generator_would_draw_another_key(stack):
    assert stack.resources["MasterKey"]["Properties"]["GenerateSecretString"] == {
        "SecretStringTemplate": '{"id":"k1"}',
        "GenerateStringKey": "key",
        "PasswordLength": 64,
        "ExcludePunctuation": True,
    }


def test_the_data_outlives_the_stack(stack):
    table, key = stack.resources["Table"], stack.resources["MasterKey"]
    assert (table["DeletionPolicy"], table["UpdateReplacePolicy"]) == ("Retain", "Retain")
    assert (key["DeletionPolicy"], key["UpdateReplacePolicy"]) == ("RetainExceptOnCreate", "Retain")
    protected = table["Properties"]
    assert protected["DeletionProtectionEnabled"] and protected["SSESpecification"] == {"SSEEnabled": True}
    assert protected["PointInTimeRecoverySpecification"] == {
        "PointInTimeRecoveryEnabled": True,
        "RecoveryPeriodInDays": 35,
    }


def test_a_failed_creation_leaves_nothing_but_the_table(stack):
    kept = [name for name, resource in stack.resources.items() if resource.get("DeletionPolicy") == "Retain"]
    assert kept == ["Table"]


def test_the_stack_policy_keeps_table_and_key_from_being_replaced(stack):
    policy = json.loads((ROOT / "infra/stack-policy.json").read_text(encoding="utf-8"))
    allowed, denied = policy["Statement"]
    assert (allowed["Effect"], allowed["Action"], allowed["Resource"]) == ("Allow", "Update:*", "*")
    assert (denied["Effect"], denied["Action"]) == ("Deny", ["Update:Replace", "Update:Delete"])
    names = {name.removeprefix("LogicalResourceId/") for name in denied["Resource"]}
    assert names == {"Table", "MasterKey"} and names <= set(stack.resources)


def test_a_stack_runs_on_a_table_and_a_key_that_exist(on_old_data):
    assert not {"Table", "MasterKey"} & set(on_old_data.resources)
    variables = on_old_data.resources["LoginFunction"]["Properties"]["Environment"]["Variables"]
    assert (variables["TABLE_NAME"], variables["MASTER_KEY_SECRET_ID"]) == ("restored", KEY)
    assert on_old_data.resources["MailerFunctionOutbox"]["Properties"]["EventSourceArn"] == STREAM
    assert on_old_data.resources["WritesPipe"]["Properties"]["Source"] == STREAM
    assert on_old_data.resources["MasterKeyPolicy"]["Properties"]["SecretId"] == KEY


def test_the_rights_follow_the_table_and_the_key(stack, on_old_data):
    replaced = {"table/Table": "table/restored", "secret:Table": "secret:kept", "secret:MasterKey": "secret:kept"}
    for name, role in stack.of_type("AWS::IAM::Role").items():
        expected = json.dumps(role["Properties"].get("Policies", []))
        for old, new in replaced.items():
            expected = expected.replace(old, new)
        expected = expected.replace("2026-11-30T00:00:00.000", "2026-11-30T12:00:00.000")
        found = json.dumps(on_old_data.resources[name]["Properties"].get("Policies", []))
        assert found == expected, name


PAIRS = {
    "ExistingData": ("ExistingTable", ["ExistingTableStream", "ExistingMasterKey"]),
    "ExistingStream": ("ExistingTableStream", ["ExistingTable"]),
    "CustomDomain": ("DomainName", ["CertificateArn"]),
    "Certificate": ("CertificateArn", ["DomainName"]),
    "Edge": ("EdgeSecret", ["PublicOrigin"]),
}


@pytest.mark.parametrize("rule", PAIRS)
def test_parameters_that_need_each_other_are_refused_alone(rule):
    given, needed = PAIRS[rule]
    rule = source()["Rules"][rule]
    alone = Stack(**dict.fromkeys(needed, ""), **{given: TABLE if given == "ExistingTable" else "given"})
    assert alone.decide(rule["RuleCondition"])
    refused = [assertion for assertion in rule["Assertions"] if not alone.decide(assertion["Assert"])]
    assert [assertion["AssertDescription"].split(",")[0].rstrip(".") for assertion in refused] == [
        f"{given} needs {name}" for name in needed
    ]
