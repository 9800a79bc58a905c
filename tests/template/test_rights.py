"""Every role has the rights that it needs, on the resources of this stack, and no others.

Which items and files the functions need is checked elsewhere: by `check_rights.py` and by the guard of `tests/lambda`.
"""

import json

import pytest

from rights import Access, function_name, roles, used_by_lambda
from transformed import Stack, transformed

# AWS knows no resource for these.
WITHOUT_RESOURCE = {"dynamodb:ListStreams", "xray:PutTelemetryRecords", "xray:PutTraceSegments"}
USED_BY_LAMBDA = ("logs:", "sqs:", "xray:", "dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShard")
FUNCTIONS = [name for name, made in transformed()["Resources"].items() if made["Type"] == "AWS::Lambda::Function"]
KEY = "secretsmanager:GetSecretValue"


@pytest.fixture(scope="module")
def role_of(stack):
    return roles(stack)


def is_used_by_lambda(right):
    return right.action.startswith((*USED_BY_LAMBDA, "dynamodb:ListStreams"))


@pytest.mark.parametrize("function", FUNCTIONS)
def test_lambda_can_do_what_it_does_for_a_function_and_no_more(stack, role_of, function):
    rights = role_of[function_name(function)].rights()
    assert set(filter(is_used_by_lambda, rights)) == used_by_lambda(stack, function)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_has_rights_to_resources_of_this_stack_only(role_of, function):
    everywhere = {right.action for right in role_of[function_name(function)].rights() if right.resource == "*"}
    assert everywhere <= WITHOUT_RESOURCE


@pytest.mark.parametrize("function", FUNCTIONS)
def test_the_boundary_leaves_a_function_every_right_of_its_own(role_of, function):
    role = role_of[function_name(function)]
    for right in set().union(*(statement.rights() for statement in role.own)):
        keys = () if right.key is None else (right.key,)
        assert role.allows(Access(right.action, right.resource, keys)), right


def test_the_boundary_has_no_right_that_no_function_has(role_of):
    bounds = set().union(*(statement.rights() for statement in role_of["login"].boundary))
    used = [Access(right.action, right.resource) for role in role_of.values() for right in role.rights()]
    assert [right for right in bounds if not any(map(right.is_needed_by, used))] == []


@pytest.mark.parametrize("function", FUNCTIONS)
def test_one_statement_has_all_keys_of_an_action_on_a_resource(role_of, function):
    """However AWS judges the writes of a transaction, alone or together, one statement allows them."""
    covered = [
        (action, resource)
        for statement in role_of[function_name(function)].own
        for action in statement.actions
        for resource in statement.resources
    ]
    assert len(covered) == len(set(covered))


def test_the_other_roles_name_their_resources(stack):
    functions = {f"{name}Role" for name in FUNCTIONS}
    for name, role in stack.of_type("AWS::IAM::Role").items():
        if name in functions:
            continue
        assert not role["Properties"].get("ManagedPolicyArns"), name
        for policy in role["Properties"]["Policies"]:
            for statement in policy["PolicyDocument"]["Statement"]:
                if statement["Resource"] == "*":
                    assert statement["Action"] in WITHOUT_RESOURCE, (name, statement)
                assert "*" not in json.dumps(statement["Action"]), (name, statement)


def test_the_secret_is_read_by_the_roles_that_may_and_by_nobody_else(stack, role_of):
    (statement,) = stack.resources["MasterKeyPolicy"]["Properties"]["ResourcePolicy"]["Statement"]
    readers = {
        stack.attribute(f"{name}Role", "Arn")
        for name in FUNCTIONS
        if any(right.action == KEY for right in role_of[function_name(name)].rights())
    }
    assert (statement["Effect"], statement["Principal"], statement["Action"]) == ("Deny", "*", KEY)
    assert set(statement["Condition"]["ArnNotEquals"]["aws:PrincipalArn"]) == readers


def test_the_table_refuses_items_to_all_but_the_roles_of_the_stack(stack, role_of):
    (statement,) = stack.resources["Table"]["Properties"]["ResourcePolicy"]["PolicyDocument"]["Statement"]
    items = {right.action for role in role_of.values() for right in role.rights() if right.key}
    assert (statement["Effect"], statement["Principal"], statement["Resource"]) == ("Deny", "*", "*")
    assert items | {"dynamodb:Scan", "dynamodb:BatchWriteItem", "dynamodb:PartiQLSelect"} <= set(statement["Action"])
    allowed = "arn:aws:iam::123456789012:role/rollcall/*"
    assert statement["Condition"] == {"ArnNotLike": {"aws:PrincipalArn": [allowed]}}
    for function in FUNCTIONS:
        assert stack.resources[f"{function}Role"]["Properties"]["Path"] == "/rollcall/"


def test_the_role_of_the_operator_reaches_the_data():
    role = "arn:aws:iam::123456789012:role/operator"
    resources = Stack(OperatorRole=role).resources
    (of_table,) = resources["Table"]["Properties"]["ResourcePolicy"]["PolicyDocument"]["Statement"]
    (of_key,) = resources["MasterKeyPolicy"]["Properties"]["ResourcePolicy"]["Statement"]
    assert role in of_table["Condition"]["ArnNotLike"]["aws:PrincipalArn"]
    assert role in of_key["Condition"]["ArnNotEquals"]["aws:PrincipalArn"]
