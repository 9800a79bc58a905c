"""The workflow: how often it calls the function, and with what."""

import json
import re

from records import APP_ID, JOB_ID, signal


def test_a_signal_reaches_the_function_as_the_ids_of_its_job(run_workflow):
    ran = run_workflow(signal(), [{"over": True}])
    (call,) = ran.calls
    assert (ran.status, call["app_id"], call["job_id"]) == ("SUCCEEDED", APP_ID, JOB_ID)
    assert set(call) == {"app_id", "job_id", "worker"}


def test_steps_are_repeated_by_one_worker_until_the_job_is_over(run_workflow):
    ran = run_workflow(signal(), [{"over": False}, {"over": False}, {"over": True}])
    assert ran.status == "SUCCEEDED" and len(ran.calls) == 3
    assert len({call["worker"] for call in ran.calls}) == 1
    assert ran.calls[0]["worker"].startswith("arn:")


def test_a_failed_step_is_repeated_by_the_same_worker(run_workflow):
    ran = run_workflow(signal(), [{"over": False}, None, None, {"over": True}])
    assert ran.status == "SUCCEEDED" and len(ran.calls) == 4
    assert len({call["worker"] for call in ran.calls}) == 1


def test_a_step_that_keeps_failing_is_left_to_the_cleanup(run_workflow):
    ran = run_workflow(signal(), [None])
    assert ran.status == "SUCCEEDED" and len(ran.calls) == 6


def test_the_template_gives_every_substitution_of_the_definition(definition, resources):
    given = resources["TransferWorkflow"]["Properties"]["DefinitionSubstitutions"]
    assert set(re.findall(r"\$\{(\w+)\}", definition)) == set(given)


def test_a_step_may_take_as_long_as_the_function(definition, resources):
    step = json.loads(definition)["States"]["Step"]
    assert step["TimeoutSeconds"] > resources["TransferFunction"]["Properties"]["Timeout"]
