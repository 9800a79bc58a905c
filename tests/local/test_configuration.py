"""`rollcall plan`, `apply` and `dump`: an installation becomes what a file says, and says itself what it is."""

import json
from datetime import timedelta

import pytest

from clock import HOUR, advance
from configuration import EXAMPLE, EXAMPLE_PEOPLE, Operator, by_key, create_people, team_of
from server import PASSWORD
from terminal import Terminal
from users import create_person


@pytest.fixture
def operator(binary, tmp_path, server):
    return Operator(binary, tmp_path / "operator", server)


@pytest.fixture
def harbor_file(operator):
    """The example on the server, and its text."""
    create_people(operator.admin, *EXAMPLE_PEOPLE)
    text = EXAMPLE.read_text()
    operator("apply", "--yes", text=text).expect(0)
    return text


def test_the_example_is_planned_applied_and_then_no_difference(operator):
    create_people(operator.admin, *EXAMPLE_PEOPLE)
    text = EXAMPLE.read_text()
    planned = operator("plan", text=text).expect(2).out.decode()
    for line in ('+ team "Harbor"', '+ role "Release manager" of team "Harbor"', "    role: Release manager"):
        assert line in planned.splitlines(), planned
    assert operator.admin.list_all("/v1/teams") == [], "a plan changes nothing"
    applied = operator("apply", "--yes", text=text).expect(0)
    assert "done: " in applied.out.decode() and applied.out.decode().startswith(planned)
    for options in ([], ["--prune"]):
        assert operator("plan", *options, text=text).expect(0).out == b"No difference.\n"
    assert operator("apply", text=text).expect(0).out == b"No difference.\n", "nothing to ask"
    assert operator("plan", "--json", text=text).expect(0).json == {"steps": []}


def test_a_dump_has_no_difference_and_is_the_same_elsewhere(operator, harbor_file, binary, tmp_path, run_server):
    dump = operator("dump").expect(0).out
    assert operator("plan", "--prune", "-", stdin=dump).expect(0).out == b"No difference.\n"
    with run_server("--memory", password=PASSWORD) as server:
        elsewhere = Operator(binary, tmp_path / "elsewhere", server)
        create_people(elsewhere.admin, *EXAMPLE_PEOPLE)
        elsewhere("apply", "--yes", "-", stdin=dump).expect(0)
        assert elsewhere("dump").expect(0).out == dump
        assert elsewhere("plan", "--prune", "-", stdin=dump).expect(0)


def test_secrets_are_shown_once_and_nowhere_else(operator):
    text = "webhooks:\n  - url: https://hooks.example.com/a\n"
    applied = operator("apply", "--yes", text=text).expect(0)
    (secret,) = [line.strip() for line in applied.out.decode().splitlines() if "whsec_" in line]
    assert secret.startswith("whsec_") and "whsec_" not in applied.stderr
    for finished in (operator("dump"), operator("plan", text=text), operator("plan", "--prune", text="webhooks: []")):
        assert b"whsec_" not in finished.out and "whsec_" not in finished.stderr


def test_secrets_go_to_a_new_private_file(operator):
    text = "webhooks:\n  - url: https://hooks.example.com/a\n  - url: https://hooks.example.com/b\n"
    existing = operator.shell.directory / "taken"
    existing.write_text("mine")
    assert "taken" in operator("apply", "--yes", "--secrets", "taken", text=text).expect(1).stderr
    assert operator.admin.list_all("/v1/webhooks") == [] and existing.read_text() == "mine"
    applied = operator("apply", "--yes", "--secrets", "secrets", text=text).expect(0)
    assert b"whsec_" not in applied.out and "whsec_" not in applied.stderr
    file = operator.shell.directory / "secrets"
    assert file.stat().st_mode & 0o777 == 0o600
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    assert [line["url"] for line in lines] == ["https://hooks.example.com/a", "https://hooks.example.com/b"]
    assert all(line["secret"].startswith("whsec_") for line in lines)


def test_what_the_file_does_not_name_is_left_alone_unless_pruned(operator, harbor_file):
    text = "teams:\n  - name: Harbor\n    members: []\n    applications: []\n"
    assert operator.plan(text) == []
    planned = operator.plan(text, "--prune")
    gone = ["member jun", "member mina.park", "member nightly.audit", "application Harbor Chat", "team Northwind"]
    assert planned == [f"- {name}" for name in gone]
    operator("apply", "--prune", "--yes", text=text).expect(0)
    team = team_of(operator.admin, "Harbor")
    members = operator.admin.list_all(f"/v1/teams/{team['team_id']}/members")
    assert [member["login"] for member in members] == ["harbor.deploy"], "its service account is another list"
    assert operator.plan(text, "--prune") == []


def test_changes_are_made_and_the_rest_stays(operator, harbor_file):
    text = harbor_file.replace("role: Release manager", "role: developer").replace("Harbor deploy", "Harbor bot")
    text = text.replace("- webhook.delete", "- webhook.pause").replace("name: Harbor\n", "name: HARBOR\n")
    planned = operator.plan(text)
    assert planned[0] == "~ team Harbor" and "~ service_account harbor.deploy" in planned, planned
    operator("apply", "--yes", text=text).expect(0)
    assert operator.plan(text, "--prune") == [] and team_of(operator.admin, "HARBOR")


def test_a_key_applies_what_gives_no_role(operator):
    text = "teams:\n  - name: Harbor\n    applications:\n      - name: Chat\n"
    key = by_key(operator)
    assert operator("apply", "--yes", text=text, **key).expect(0).stderr == ""
    assert operator("plan", text=text, **key).expect(0)


def test_steps_that_give_a_role_are_refused_to_a_key_before_anything_is_sent(operator):
    create_people(operator.admin, "jun")
    text = "teams:\n  - name: Harbor\n    members:\n      - {login: jun, role: admin}\n"
    key = by_key(operator)
    planned = operator("plan", text=text, **key).expect(2)
    assert "--sign-in" in planned.stderr and '+ member "jun" of team "Harbor"' in planned.stderr
    refused = operator("apply", "--yes", text=text, **key).expect(1)
    assert "--sign-in" in refused.stderr and operator.admin.list_all("/v1/teams") == []


def test_a_person_signs_in_on_the_terminal_and_is_signed_out(operator):
    create_people(operator.admin, "jun")
    anna = create_person(operator.admin, "Anna", type="platform_admin")
    authenticator, _ = anna.enable_totp()
    file = operator.write("teams:\n  - name: Harbor\n    members:\n      - {login: jun, role: admin}\n")
    command = Terminal(operator.shell, "apply", "--sign-in", anna.login, file)
    command.answer("Password", anna.password)
    command.answer("second factor", authenticator.code())
    command.answer("Type yes", "yes")
    code, out = command.finish()
    assert code == 0 and '+ member "jun" of team "Harbor"' in out, command.seen
    assert anna.password not in out + command.seen
    assert len(anna.session.list_all("/v1/me/sessions")) == 1, "only that of the test"
    (record,) = [one for one in operator.admin.list_all("/v1/audit") if one["action"] == "member.add"]
    assert record["actor"]["login"] == anna.login


def test_signing_in_needs_a_terminal_and_the_right_password(operator):
    file = operator.write("teams: []")
    assert "terminal" in operator("plan", "--sign-in", "admin", file).expect(1).stderr
    command = Terminal(operator.shell, "plan", "--sign-in", "admin", file)
    command.answer("Password", "wrong")
    assert command.finish() == (1, "") and "invalid_credentials" in command.seen


def test_nothing_is_applied_without_a_yes(operator):
    file = operator.write("teams:\n  - name: Harbor\n")
    assert "--yes" in operator("apply", file).expect(1).stderr
    command = Terminal(operator.shell, "apply", file)
    command.answer("Apply 1 steps?", "no")
    code, out = command.finish()
    assert code == 1 and '+ team "Harbor"' in out and "nothing was changed" in command.seen
    command = Terminal(operator.shell, "apply", file)
    command.answer("Type yes", "\x03")
    assert command.finish()[0] == 130
    assert operator.admin.list_all("/v1/teams") == []


def test_what_changed_after_the_plan_is_refused(operator, harbor_file):
    text = harbor_file.replace("- webhook.delete", "- webhook.pause") + "  - url: https://hooks.example.com/new\n"
    command = Terminal(operator.shell, "apply", operator.write(text))
    command.wait_for("Type yes")
    webhooks = operator.admin.list_all("/v1/webhooks")
    (webhook,) = [one for one in webhooks if "webhook.delete" in one["types"]]
    operator.admin.patch(f"/v1/webhooks/{webhook['webhook_id']}", {"description": "Mine"}).expect(200)
    command.answer("Type yes", "yes")
    code, _ = command.finish()
    assert code == 1 and "version_conflict" in command.seen and "new plan" in command.seen
    assert "Done: 0 of 2 steps" in command.seen.replace("\r\n", "\n")
    after = operator.admin.list_all("/v1/webhooks")
    assert len(after) == len(webhooks) and "Mine" in [one["description"] for one in after]


def test_a_run_that_stopped_midway_goes_on(operator):
    text = "teams:\n  - name: Harbor\napplications:\n  - name: Chat\n"
    operator("apply", "--yes", text=text).expect(0)
    (app,) = operator.admin.list_all("/v1/apps")
    account = operator.admin.post(f"/v1/apps/{app['app_id']}/accounts", {"user_id": "a", "type": "general"}).expect(201)
    pruned = (
        "teams:\n  - name: Harbor\n    roles:\n      - {name: Reader, permissions: [team.read]}\napplications: []\n"
    )
    stopped = operator("apply", "--prune", "--yes", text=pruned).expect(1)
    assert "app_not_empty" in stopped.stderr and '- application "Chat"' in stopped.stderr
    assert "Done: 1 of 2 steps" in stopped.stderr and 'done: + role "Reader"' in stopped.out.decode()
    lock = f"/v1/apps/{app['app_id']}/deletion-lock"
    operator.admin.put(lock, {"locked": False, "risks_acknowledged": True}).expect(200)
    operator.admin.post(f"/v1/apps/{app['app_id']}/account-deletions", {"user_ids": [account.json["user_id"]]})
    assert operator.plan(pruned, "--prune") == ["- application Chat"]
    operator("apply", "--prune", "--yes", text=pruned).expect(0)
    assert operator.plan(pruned, "--prune") == []


def test_an_ended_membership_may_stay_in_the_file(operator, server):
    create_people(operator.admin, "jun")
    end = (advance(server.client, 0) + timedelta(hours=1)).isoformat()
    text = f"teams:\n  - name: Harbor\n    members:\n      - {{login: jun, role: reviewer, expires_at: {end}}}\n"
    operator("apply", "--yes", text=text).expect(0)
    assert operator.plan(text, "--prune") == []
    advance(server.client, HOUR + 1)
    later = Operator(operator.shell.binary, operator.shell.directory.parent, server)
    assert later.plan(text, "--prune") == []
