"""`tests/smoke`: it passes on a sound installation, and says what is wrong with one that is not."""

import os
import pathlib
import subprocess
import sys

import pytest

from server import PASSWORD
from users import RUN_ID

SMOKE = pathlib.Path(__file__).resolve().parents[1] / "smoke"


def smoke(origin, password=PASSWORD, login="admin"):
    environment = os.environ | {"ADMIN_PASSWORD": password}
    command = [sys.executable, SMOKE, origin, "--login", login]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)


def test_a_sound_installation_passes_and_keeps_nothing(start):
    server = start("--memory", password=PASSWORD)
    admin = server.admin()
    run = smoke(server.url)
    assert (run.returncode, run.stderr) == (0, "") and run.stdout.count("ok  ") == 6, f"{run}"
    assert [user["login"] for user in admin.list_all("/v1/users")] == ["admin"]
    mails = server.client.get("/_local/mails").expect(200).json
    assert "success@simulator.amazonses.com" in str(mails)


def test_a_believed_header_fails(start):
    server = start(
        "--memory", "--trusted-proxy", "127.0.0.1", "--client-address-header", "X-Forwarded-For", password=PASSWORD
    )
    run = smoke(server.url)
    assert run.returncode == 1 and "X-Forwarded-For is believed" in run.stderr, f"{run}"


@pytest.mark.parametrize("options", [{"password": "wrong horse battery"}, {"login": f"nobody.{RUN_ID}"}])
def test_a_wrong_password_says_where_to_look(start, options):
    run = smoke(start("--memory", password=PASSWORD).url, **options)
    assert run.returncode == 1 and "bootstrap" in run.stderr and "Traceback" not in run.stderr, f"{run}"


@pytest.mark.parametrize("origin", ["http://127.0.0.1:9", "127.0.0.1", "https://console.example.com/v1"])
def test_no_installation_is_no_traceback(origin):
    run = smoke(origin)
    assert run.returncode == 1 and run.stderr.startswith("failed: ") and "Traceback" not in run.stderr, f"{run}"
