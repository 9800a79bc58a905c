"""What the emulator leaves out, and what the parameters set."""

import json
import re
import tomllib

import pytest

from transformed import ROOT, Stack, source, transformed

FUNCTIONS = [name for name, made in transformed()["Resources"].items() if made["Type"] == "AWS::Lambda::Function"]
DOMAIN = {"DomainName": "console.example.com", "CertificateArn": "arn:aws:acm:eu-central-1:1:certificate/a"}
PASSWORDS = {"password", "current_password", "generate_password"}
OWN_DOMAIN = "https://Api.execute-api.eu-central-1.amazonaws.com"


def variables(stack, function):
    return stack.resources[function]["Properties"]["Environment"]["Variables"]


def output(stack, name):
    return stack.resolve(stack.template["Outputs"][name]["Value"])


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_logs_json_into_the_one_group_and_is_described(stack, function):
    properties = stack.resources[function]["Properties"]
    assert properties["LoggingConfig"] == {"LogFormat": "JSON", "LogGroup": "Logs"}
    assert properties["Architectures"] == ["arm64"] and properties["Description"].endswith(".")
    assert "FunctionName" not in properties and properties["TracingConfig"] == {"Mode": "Active"}


def test_no_function_reserves_concurrency_by_default(stack):
    """A new account has ten executions in all, and refuses any reservation."""
    for function in FUNCTIONS:
        assert "ReservedConcurrentExecutions" not in stack.resources[function]["Properties"], function


@pytest.mark.parametrize("name", ["Login", "Me", "Registration", "Users", "Teams"])
def test_concurrency_is_reserved_by_parameter(name):
    resources = Stack(**{f"{name}Concurrency": "7"}).resources
    reserved = {
        function: resources[function]["Properties"].get("ReservedConcurrentExecutions") for function in FUNCTIONS
    }
    assert reserved.pop(f"{name}Function") == "7" and set(reserved.values()) == {None}


def test_signing_in_shares_no_concurrency_with_the_own_identity(stack):
    def routes(function):
        events = source()["Resources"][function]["Properties"]["Events"].values()
        return {event["Properties"]["Path"] for event in events}

    assert routes("LoginFunction") == {
        "/v1/login",
        "/v1/login/totp",
        "/v1/password-resets",
        "/v1/password-resets/{reset_id}/complete",
    }
    assert {"/v1/me", "/v1/logout"} <= routes("MeFunction")


def routes_that_hash():
    """The routes whose body has a password, which is checked or becomes that of a user."""
    document = json.loads((ROOT / "functions/console/openapi.json").read_text(encoding="utf-8"))
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            if "requestBody" in operation and PASSWORDS & names(document, operation["requestBody"]):
                yield f"{method.upper()} {path}"


def names(document, schema):
    """The names of all properties of a schema, and of those that it refers to."""
    if isinstance(schema, list):
        return set().union(*(names(document, part) for part in schema))
    if not isinstance(schema, dict):
        return set()
    if "$ref" in schema:
        return names(document, document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]])
    return set(schema.get("properties", {})).union(*(names(document, part) for part in schema.values()))


def test_the_api_and_each_route_that_hashes_are_throttled(stack):
    settings = Stack(RequestsPerSecond="9", RequestBurst="8", HashesPerSecond="7", HashBurst="6").resources[
        "ApiApiGatewayDefaultStage"
    ]["Properties"]
    assert settings["DefaultRouteSettings"] == {"ThrottlingRateLimit": "9", "ThrottlingBurstLimit": "8"}
    api = transformed()["Resources"]["Api"]["Properties"]["Body"]["paths"]
    for route, throttle in settings["RouteSettings"].items():
        method, path = route.split()
        assert method.lower() in api[path], route
        assert throttle == {"ThrottlingRateLimit": "7", "ThrottlingBurstLimit": "6"}
    assert set(settings["RouteSettings"]) == set(routes_that_hash())


def test_the_table_is_bounded_by_parameter(stack):
    assert "OnDemandThroughput" not in stack.resources["Table"]["Properties"]
    table = Stack(MaxWriteUnits="500").resources["Table"]["Properties"]
    assert table["OnDemandThroughput"] == {"MaxWriteRequestUnits": "500"}
    assert table["GlobalSecondaryIndexes"][0]["OnDemandThroughput"] == {"MaxWriteRequestUnits": "500"}


def test_what_is_kept_and_for_how_long_is_set_by_parameter():
    stack = Stack(LogRetentionDays="30", RecoveryDays="7")
    assert stack.resources["Logs"]["Properties"]["RetentionInDays"] == "30"
    recovery = stack.resources["Table"]["Properties"]["PointInTimeRecoverySpecification"]
    assert recovery["RecoveryPeriodInDays"] == "7"


def test_what_reads_the_stream_and_the_schedule_gives_up_at_some_time(stack):
    mapping = stack.resources["MailerFunctionOutbox"]["Properties"]
    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"] and mapping["FilterCriteria"]["Filters"]
    assert (mapping["MaximumRetryAttempts"], mapping["MaximumRecordAgeInSeconds"]) == (5, 3600)
    for name, schedule in stack.of_type("AWS::Scheduler::Schedule").items():
        assert "RetryPolicy" in schedule["Properties"]["Target"] and "Name" not in schedule["Properties"], name
    assert stack.resources["MailerFunctionSchedule"]["Properties"]["ScheduleExpression"] == "rate(1 minute)"


def test_without_an_origin_the_gateway_names_it(stack):
    stack = Stack(PublicOrigin="")
    assert variables(stack, "LoginFunction")["PUBLIC_ORIGIN"] == ""
    assert variables(stack, "MailerFunction")["PUBLIC_ORIGIN"] == OWN_DOMAIN == output(stack, "ConsoleUrl")
    (rule,) = stack.resources["JobFiles"]["Properties"]["CorsConfiguration"]["CorsRules"]
    assert rule["AllowedOrigins"] == ["https://*.execute-api.eu-central-1.amazonaws.com"]
    assert endpoint_is_off(stack) is False


def test_a_domain_of_its_own_is_the_origin_and_the_only_way_in():
    stack = Stack(PublicOrigin="", **DOMAIN)
    assert variables(stack, "LoginFunction")["PUBLIC_ORIGIN"] == "https://console.example.com"
    assert variables(stack, "MailerFunction")["PUBLIC_ORIGIN"] == output(stack, "ConsoleUrl")
    assert endpoint_is_off(stack) is True
    assert stack.resources["DomainMapping"]["Properties"] == {
        "ApiId": "Api",
        "DomainName": "Domain",
        "Stage": "ApiApiGatewayDefaultStage",
    }


def test_an_origin_in_front_wins_over_the_domain():
    stack = Stack(PublicOrigin="https://edge.example.com", **DOMAIN)
    for function in ("LoginFunction", "MailerFunction"):
        assert variables(stack, function)["PUBLIC_ORIGIN"] == "https://edge.example.com"


def endpoint_is_off(stack):
    body = stack.resources["Api"]["Properties"]["Body"]
    return body["servers"][0]["x-amazon-apigateway-endpoint-configuration"]["disableExecuteApiEndpoint"]


def test_the_secret_of_the_network_in_front_is_not_shown():
    parameter = source()["Parameters"]["EdgeSecret"]
    assert parameter["NoEcho"] is True
    assert re.fullmatch(parameter["AllowedPattern"], "x" * 32) and not re.fullmatch(parameter["AllowedPattern"], "x")
    assert variables(Stack(EdgeSecret="x" * 32), "ConsoleFunction")["EDGE_SECRET"] == "x" * 32


def test_no_resource_has_a_fixed_name(stack):
    """Two stacks of one account must not collide."""
    names = ("TableName", "FunctionName", "QueueName", "BucketName", "LogGroupName", "RoleName", "ManagedPolicyName")
    owners = ("AWS::DynamoDB::Table", "AWS::Lambda::Function", "AWS::SQS::Queue", "AWS::S3::Bucket")
    owners += ("AWS::Logs::LogGroup", "AWS::IAM::Role", "AWS::IAM::ManagedPolicy")
    for name, resource in stack.resources.items():
        if resource["Type"] in owners:
            assert not set(names) & set(resource["Properties"]), name
    assert stack.resources["Writes"]["Properties"]["Name"] == "rollcall-writes"


def test_the_outputs_are_those_that_the_commands_need(stack):
    outputs = stack.template["Outputs"]
    assert {
        *("ApiUrl", "ConsoleUrl", "TableName", "TableStream", "MasterKeySecret", "LogGroup", "DeadLetterQueue"),
        *("ChangesQueue", "Dashboard", "Version", "BootstrapFunction", "CleanupFunction", "MailerFunction"),
        "TransferFunction",
    } <= set(outputs)
    assert all(output["Description"].endswith(".") for output in outputs.values())
    manifest = tomllib.loads((ROOT / "Cargo.toml").read_text(encoding="utf-8"))
    assert output(stack, "Version") == manifest["workspace"]["package"]["version"]


def test_a_deployment_is_tagged():
    settings = tomllib.loads((ROOT / "infra/samconfig.toml").read_text(encoding="utf-8"))
    assert settings["default"]["deploy"]["parameters"]["tags"] == "application=rollcall"
