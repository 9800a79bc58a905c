"""`rollcall migrate`: all data moves between data directories and tables, and everything still works."""

import pathlib
import shutil
import subprocess
import tempfile

import pytest

from database import read_items, scan, start_database
from server import PASSWORD

# A run that takes longer hangs.
SECONDS = 120

KEY_FILE = "master-key.json"


def migrate(launch, *places, **options):
    """Runs the command. Returns what it prints."""
    run = launch("migrate", *places, **options)
    assert run.process.wait(SECONDS) == 0, f"{run}"
    return run.stdout


def refusal(launch, *places):
    return launch("migrate", *places).start_error(SECONDS)


def with_key_of(data, directory):
    """An empty data directory with the master key of another one."""
    directory.mkdir(mode=0o700)
    shutil.copy(data / KEY_FILE, directory / KEY_FILE)
    return directory


def in_order(items):
    return sorted(items, key=lambda item: (item["pk"]["S"], item["sk"]["S"]))


@pytest.fixture
def data(admin_data, tmp_path):
    return shutil.copytree(admin_data, tmp_path / "data")


@pytest.fixture
def in_memory(memory_directory):
    with tempfile.TemporaryDirectory(dir=memory_directory) as directory:
        yield pathlib.Path(directory)


def test_data_moves_to_a_table_and_back_and_everything_still_works(start, launch, tmp_path, harbor_data):
    data = shutil.copytree(harbor_data.data, tmp_path / "data")
    server = start("--data", data)
    owner, admin = harbor_data.owner.at(server.url), harbor_data.admin.at(server.url)
    authenticator, _ = owner.enable_totp()
    key = admin.by_key(PASSWORD)
    hook = admin.post("/v1/webhooks", {"url": "https://hooks.example.com/"}).expect(201).header("location")
    assert server.stop() == 0

    database, environment = start_database(launch, with_key_of(data, tmp_path / "table"))
    table = f"dynamodb:{environment['TABLE_NAME']}"
    printed = migrate(launch, data, table, environment=environment)
    moved = in_order(scan(environment))
    assert moved == in_order(read_items(launch, data)) and f"{len(moved)} items" in printed
    back = with_key_of(data, tmp_path / "back")
    assert migrate(launch, table, back, environment=environment) == printed, "the same number and hash"
    database.stop()

    server = start("--data", back)
    owner = harbor_data.owner.at(server.url)
    owner.session_from(owner.second_step(code=authenticator.code())).get("/v1/me").expect(200)
    key.at(server.url).get(hook).expect(200)


def test_a_migration_that_is_killed_goes_on(start, launch, in_memory, admin_data):
    data = shutil.copytree(admin_data, in_memory / "data")
    start("--data", data, "--seed", 2000).stop()
    expected = read_items(launch, data)
    target = with_key_of(data, in_memory / "target")
    copied = []
    for attempt in range(15):
        run = launch("migrate", data, target)
        try:
            run.process.wait(0.1 * 1.5**attempt)
            break
        except subprocess.TimeoutExpired:
            run.kill()
            copied.append(len(read_items(launch, target)))
    assert run.process.returncode == 0, f"{run}"
    assert in_order(read_items(launch, target)) == in_order(expected)
    assert any(0 < count < len(expected) for count in copied), f"it was never killed half-way: {copied}"


def test_data_with_another_key_is_refused(launch, tmp_path, data):
    message = refusal(launch, data, tmp_path / "target")
    assert str(tmp_path / "target" / KEY_FILE) in message and "Put the key of FROM there" in message, message


def test_a_target_with_data_is_refused(launch, tmp_path, data):
    target = shutil.copytree(data, tmp_path / "target")
    before = read_items(launch, target)
    assert "TO has data already" in refusal(launch, data, target)
    assert read_items(launch, target) == before


def test_a_directory_in_use_is_refused(start, launch, tmp_path, data):
    start("--data", data)
    assert "is in use" in refusal(launch, data, with_key_of(data, tmp_path / "target"))


def test_a_source_without_data_is_refused(launch, tmp_path):
    assert "has no data" in refusal(launch, tmp_path / "source", tmp_path / "target")


def end_sessions(launch, place, *options, environment=None):
    run = launch("end-sessions", place, *options, environment=environment)
    assert run.process.wait(SECONDS) == 0, f"{run}"
    return run.stdout


def test_sessions_that_a_backup_brought_back_end_and_keys_if_asked(start, launch, tmp_path, harbor_data):
    data = shutil.copytree(harbor_data.data, tmp_path / "data")
    server = start("--data", data)
    admin = harbor_data.admin.at(server.url)
    key = admin.by_key(PASSWORD)
    sessions = [harbor_data.admin, harbor_data.owner.session, harbor_data.mina.session]
    for session in sessions:
        session.at(server.url).get("/v1/me").expect(200)
    assert server.stop() == 0
    assert end_sessions(launch, data) == "Ended the sessions of 3 users.\n"

    server = start("--data", data)
    for session in sessions:
        session.at(server.url).get("/v1/me").expect(401)
    records = key.at(server.url).get("/v1/audit?action=user.end_sessions").expect(200).json["items"]
    assert [record["actor"] for record in records] == [None] * 3
    assert server.stop() == 0

    database, environment = start_database(launch, data)
    table = f"dynamodb:{environment['TABLE_NAME']}"
    printed = end_sessions(launch, table, "--keys", environment=environment)
    assert printed == "Ended the sessions and API keys of 3 users.\n"
    database.stop()
    server = start("--data", data)
    key.at(server.url).get("/v1/me").expect(401)
    server.admin().get("/v1/me").expect(200)
