"""The master key: a database is refused without the key that it was used with."""

import json
import shutil

import pytest

from database import read_items, start_database
from server import PASSWORD


@pytest.fixture
def data(admin_data, tmp_path):
    """A copy of a data directory in which somebody can sign in."""
    return shutil.copytree(admin_data, tmp_path / "data")


def refusal(launch, data, *command):
    return launch(*command, "--listen", "127.0.0.1:0", "--data", data).start_error()


@pytest.mark.parametrize("command", [[], ["database"]])
@pytest.mark.parametrize("content", [None, "", "{", "{}", '{"key": "short"}', "\0", '{"key": 1}'])
def test_a_database_without_its_key_is_refused(launch, data, command, content):
    key_file = data / "master-key.json"
    if content is None:
        key_file.unlink()
    else:
        key_file.write_text(content)
    message = refusal(launch, data, *command)
    assert str(key_file) in message and "backup" in message, message
    assert key_file.exists() == (content is not None), "no key is made in its place"


@pytest.mark.parametrize("command", [[], ["database"]])
def test_a_database_with_the_key_of_another_is_refused(launch, start, data, command):
    key_file = data / "master-key.json"
    key = key_file.read_text()
    other = {"id": "k1", "key": "x" * 64}
    key_file.write_text(json.dumps(other))
    message = refusal(launch, data, *command)
    assert str(key_file) in message and "backup" in message, message
    assert other["key"] not in message, "keys are not printed"
    key_file.write_text(key)
    start("--data", data).admin().get("/v1/me").expect(200)


def test_a_key_may_follow_another_and_then_stand_alone(launch, start, data):
    key_file = data / "master-key.json"
    new = {"key": "y" * 64}
    key_file.write_text(json.dumps(new | {"previous": [json.loads(key_file.read_text())]}))
    server = start("--data", data)
    server.admin().get("/v1/me").expect(200)
    assert server.stop() == 0
    key_file.write_text(json.dumps(new))
    server = start("--data", data)
    server.admin().get("/v1/me").expect(200)
    assert server.stop() == 0


def test_data_from_before_keys_had_ids_of_their_own_stays_readable(launch, start, data):
    """Its key is named `k1`, as in the table: here, by the id of a second file."""
    (record,) = [item for item in read_items(launch, data) if item["sk"]["S"] == "MASTER_KEY"]
    key = json.loads((data / "master-key.json").read_text())
    assert "id" not in key and record["key_id"]["S"] not in ("k1", key["key"])
    (data / "master-key.json").write_text(json.dumps({"id": "k1", "key": key["key"]}))
    server = start("--data", data)
    server.admin().get("/v1/me").expect(200)
    assert server.stop() == 0


def test_a_key_that_is_there_before_the_first_start_is_used(start, tmp_path):
    data = tmp_path / "data"
    data.mkdir(mode=0o700)
    key = json.dumps({"key": "z" * 64})
    (data / "master-key.json").write_text(key)
    server = start("--data", data, password=PASSWORD)
    server.admin().get("/v1/me").expect(200)
    assert (data / "master-key.json").read_text() == key


def test_the_database_command_records_no_key(launch, tmp_path):
    """The functions may use another key than the one beside the database."""
    assert read_items(launch, tmp_path / "new") == []
    server, _ = start_database(launch, tmp_path / "new")
    assert server.stop() == 0
