"""The data directory: who may use it, and what happens if it cannot be written."""

import os
import resource
import shutil

import pytest

from server import PASSWORD

FILES = ["lock", "rollcall.db", "rollcall.db-wal", "rollcall.db-shm", "master-key.json"]


@pytest.mark.parametrize("mode", [0o777, 0o770, 0o702, 0o1777])
def test_a_directory_that_others_may_write_to_is_refused(launch, tmp_path, mode):
    data = tmp_path / "data"
    data.mkdir()
    data.chmod(mode)
    message = launch("--listen", "127.0.0.1:0", "--data", data).start_error()
    assert str(data) in message and "chmod" in message, message
    assert list(data.iterdir()) == []


def test_a_directory_that_others_may_read_is_used(start, tmp_path):
    data = tmp_path / "data"
    data.mkdir(mode=0o755)
    start("--data", data, password=PASSWORD).admin().get("/v1/me").expect(200)


@pytest.mark.parametrize("name", FILES)
def test_a_link_in_the_directory_is_not_followed(launch, tmp_path, name):
    data, target = tmp_path / "data", tmp_path / "target"
    data.mkdir(mode=0o700)
    target.write_text("kept")
    (data / name).symlink_to(target)
    message = launch("--listen", "127.0.0.1:0", "--data", data).start_error()
    assert str(data / name) in message, message
    assert target.read_text() == "kept"
    (data / name).unlink()
    (data / name).symlink_to(tmp_path / "nothing")
    message = launch("--listen", "127.0.0.1:0", "--data", data).start_error()
    assert str(data / name) in message and not (tmp_path / "nothing").exists(), message


def test_the_folder_of_the_files_of_jobs_is_no_link(launch, tmp_path):
    data, target = tmp_path / "data", tmp_path / "target"
    data.mkdir(mode=0o700)
    target.mkdir(mode=0o700)
    (data / "jobs").symlink_to(target)
    message = launch("--listen", "127.0.0.1:0", "--data", data).start_error()
    assert str(data / "jobs") in message and list(target.iterdir()) == [], message


def test_a_folder_of_the_files_of_jobs_that_others_may_write_to_is_refused(launch, tmp_path):
    jobs = tmp_path / "data" / "jobs"
    jobs.mkdir(parents=True)
    jobs.parent.chmod(0o700)
    jobs.chmod(0o777)
    message = launch("--listen", "127.0.0.1:0", "--data", jobs.parent).start_error()
    assert str(jobs) in message and "chmod" in message, message


@pytest.mark.parametrize("name", ["rollcall.db", "master-key.json"])
def test_a_file_that_others_may_write_to_is_refused(launch, admin_data, tmp_path, name):
    data = shutil.copytree(admin_data, tmp_path / "data")
    (data / name).chmod(0o666)
    message = launch("--listen", "127.0.0.1:0", "--data", data).start_error()
    assert str(data / name) in message and "chmod" in message, message


def test_a_link_beside_the_key_is_not_written_through(start, tmp_path):
    """The key is first written under a temporary name."""
    data, target = tmp_path / "data", tmp_path / "target"
    data.mkdir(mode=0o700)
    target.write_text("kept")
    (data / "master-key.part").symlink_to(target)
    start("--data", data, password=PASSWORD).admin().get("/v1/me").expect(200)
    assert target.read_text() == "kept"


def test_at_a_limit_on_the_size_of_files_writes_fail_and_readings_go_on(start):
    server = start(password=PASSWORD)
    admin, pid = server.admin(), server.process.pid
    path = admin.post("/v1/apps", {"name": "Before"}).expect(201).header("location")
    _, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (4_096, hard))
    for _ in range(2):
        refused = admin.post("/v1/apps", {"name": "During"}).expect_problem(503, "unavailable")
        assert refused.header("retry-after")
    admin.get(path).expect(200)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (hard, hard))
    admin.post("/v1/apps", {"name": "After"}).expect(201)
    assert [app["name"] for app in admin.get("/v1/apps").json["items"]] == ["Before", "After"]
    assert server.stop() == 0


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a directory away")
def test_a_directory_of_another_user_is_refused(launch, tmp_path):
    data = tmp_path / "data"
    data.mkdir(mode=0o700)
    os.chown(data, 12_345, -1)
    message = launch("--listen", "127.0.0.1:0", "--data", data).start_error()
    assert str(data) in message and "another user" in message, message
