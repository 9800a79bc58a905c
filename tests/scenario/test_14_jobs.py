"""Jobs, from their request to their files: export, import with its preview and trial, bulk edit and bulk deletion."""

import csv
import hashlib
import http.client
import io
import json
import time
from urllib.parse import urlsplit

import pytest

JOB_FIELDS = set(
    """
    job_id kind app_id status created_by created_at started_at finished_at expires_at as_of progress counts matched
    files error request
""".split()
)
COUNTS = set("created updated unchanged skipped deleted failed".split())

# Another account system's file: an id that needs no change, a name, and one row that is wrong.
UPLOAD = "user_id,nickname,level\r\nimported.1,Ha-eun,7\r\nimported.2,José,x\r\nimported.3,Li,9\r\n"

# A job begins within seconds where a workflow has to be started first.
DEADLINE_SECONDS = 120


@pytest.fixture(scope="module")
def app(admin):
    """An application with five accounts, which the end of the file deletes."""
    created = admin.post("/v1/apps", {"name": f"Jobs {time.strftime('%d %b %H:%M:%S')}"}).expect(201).json
    path = f"/v1/apps/{created['app_id']}"
    for number in range(5):
        body = {"user_id": f"pilot.{number}", "type": "general", "nickname": f"Pilot {number}"}
        admin.post(f"{path}/accounts", body).expect(201)
    yield path
    admin.put(f"{path}/deletion-lock", {"locked": False, "risks_acknowledged": True}).expect(200)
    if left := [account["user_id"] for account in admin.list_all(f"{path}/accounts", limit=100)]:
        admin.post(f"{path}/account-deletions", {"user_ids": left}).expect(200)
    admin.delete(path).expect(204)


def begin(admin, app, body):
    """Begins a job and returns its path and its first state."""
    reply = admin.post(f"{app}/jobs", body)
    assert reply.status == (201 if body["kind"] == "import" else 202), f"{reply}"
    job = reply.json
    assert job.keys() - {"upload"} == JOB_FIELDS and job["counts"].keys() == COUNTS
    assert reply.header("location") == f"{app}/jobs/{job['job_id']}"
    return reply.header("location"), job


def settled(admin, path):
    """The job once nobody works on it any more."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while (job := admin.get(path).expect(200).json)["status"] in ("queued", "running"):
        assert time.monotonic() < deadline, f"{path} still is {job['status']}"
        time.sleep(0.2)
    return job


def finished(admin, path, **counts):
    """The job, which has succeeded with these counts and no others."""
    job = settled(admin, path)
    assert (job["status"], job["error"]) == ("succeeded", None), f"{job}"
    assert {name: count for name, count in job["counts"].items() if count} == counts, f"{job}"
    return job


def transfer(method, url, headers=None, body=None):
    """Sends a request to a link, which may lead to another host than the API."""
    parts = urlsplit(url)
    connect = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = connect(parts.hostname, parts.port, timeout=30)
    try:
        connection.request(method, f"{parts.path}?{parts.query}", body, headers or {})
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


def download(file):
    """The content of a file of a job, which is what the job says of it."""
    status, content = transfer("GET", file["download_url"])
    assert status == 200, f"{status} {content[:300]!r}"
    assert (len(content), hashlib.sha256(content).hexdigest()) == (file["bytes"], file["sha256"])
    return content


def account_of(admin, app, user_id):
    return admin.get(f"{app}/accounts/{user_id}").expect(200).json


def test_an_export_has_every_account_once(admin, app):
    path, job = begin(admin, app, {"kind": "export", "format": "ndjson", "user_id_prefix": "pilot."})
    assert job["request"] == {"format": "ndjson", "user_id_prefix": "pilot."}
    job = finished(admin, path)
    assert job["progress"] == {"done": 5, "total": 5}
    [file] = job["files"]
    rows = [json.loads(line) for line in download(file).decode().splitlines()]
    assert [row["user_id"] for row in rows] == [f"pilot.{number}" for number in range(5)] and file["rows"] == 5
    assert [listed["job_id"] for listed in admin.get(f"{app}/jobs", kind="export").json["items"]] == [job["job_id"]]
    admin.delete(path).expect(204)
    assert admin.get(path).json["files"] == []


def test_a_download_link_with_a_changed_byte_is_refused(admin, app):
    path, _ = begin(admin, app, {"kind": "export", "format": "csv", "gzip": True})
    [file] = finished(admin, path)["files"]
    status, _ = transfer("GET", file["download_url"][:-1] + ("0" if file["download_url"][-1] != "0" else "1"))
    assert status == 403
    download(file)


@pytest.fixture(scope="module")
def uploaded(admin, app):
    """The path of an import whose file is uploaded."""
    path, job = begin(admin, app, {"kind": "import", "file_name": "accounts.csv"})
    start = {"dry_run": True, "on_existing": "fail"}
    admin.post(f"{path}/start", start).expect_problem(409, "wrong_status")
    upload = job["upload"]
    assert upload["method"] == "PUT" and len(UPLOAD) < upload["max_bytes"]
    status, reply = transfer("PUT", upload["url"], upload["headers"], UPLOAD.encode())
    assert status in (200, 201, 204), f"{status} {reply[:300]!r}"
    return path


def test_the_preview_shows_what_the_file_is(admin, app, uploaded):
    preview = admin.post(f"{uploaded}/preview", {}).expect(200).json
    assert (preview["format"], preview["delimiter"], preview["has_header"]) == ("csv", ",", True)
    assert [column["field"] for column in preview["columns"]] == ["user_id", "nickname", "level"]
    assert preview["rows"][0]["user_id"] == "imported.1"
    assert admin.get(f"{app}/accounts/imported.1").status == 404


def check_report(admin, path):
    """Checks that the report names the one wrong row, as it was."""
    [report] = admin.get(path).expect(200).json["files"]
    header, *rows = csv.reader(io.StringIO(download(report).decode("utf-8-sig")))
    assert header == ["line", "column", "code", "detail", "user_id", "nickname", "level"]
    assert [(row[0], row[1], row[2], row[4]) for row in rows] == [("3", "level", "wrong_type", "imported.2")]


def test_a_trial_reports_what_would_happen_and_writes_nothing(admin, app, uploaded):
    admin.post(f"{uploaded}/start", {"dry_run": True, "on_existing": "fail"}).expect(202)
    job = settled(admin, uploaded)
    assert (job["status"], job["counts"]["created"], job["counts"]["failed"]) == ("awaiting_start", 2, 1), f"{job}"
    check_report(admin, uploaded)
    assert admin.get(f"{app}/accounts/imported.1").status == 404


def test_the_same_file_is_then_imported(admin, app, uploaded):
    admin.post(f"{uploaded}/start", {"dry_run": False, "on_existing": "fail"}).expect(202)
    finished(admin, uploaded, created=2, failed=1)
    check_report(admin, uploaded)
    assert (account_of(admin, app, "imported.1")["level"], account_of(admin, app, "imported.3")["level"]) == (7, 9)
    assert admin.get(f"{app}/accounts/imported.2").status == 404


def test_an_edit_changes_exactly_the_accounts_that_it_found(admin, app):
    ids = ["pilot.0", "pilot.1", "nobody"]
    path, _ = begin(admin, app, {"kind": "edit", "user_ids": ids, "set": {"level": 42, "nickname": None}})
    job = settled(admin, path)
    assert (job["status"], job["matched"]) == ("awaiting_start", 2)
    admin.post(f"{path}/start", {"matched": 3}).expect_problem(409, "matched_differs")
    admin.post(f"{path}/start", {"matched": 2}).expect(202)
    finished(admin, path, updated=2)
    changed = account_of(admin, app, "pilot.0")
    assert (changed["level"], changed["nickname"]) == (42, None)
    assert account_of(admin, app, "pilot.2")["level"] == 0


def test_a_deletion_needs_the_lock_lifted(admin, app):
    deletion = {"kind": "delete", "user_ids": ["pilot.0", "pilot.1"]}
    admin.post(f"{app}/jobs", deletion).expect_problem(409, "account_deletion_locked")
    admin.put(f"{app}/deletion-lock", {"locked": False, "risks_acknowledged": True}).expect(200)
    path, _ = begin(admin, app, deletion)
    assert settled(admin, path)["matched"] == 2
    admin.put(f"{app}/deletion-lock", {"locked": True}).expect(200)
    admin.post(f"{path}/start", {"matched": 2}).expect_problem(409, "account_deletion_locked")
    admin.put(f"{app}/deletion-lock", {"locked": False, "risks_acknowledged": True}).expect(200)
    admin.post(f"{path}/start", {"matched": 2}).expect(202)
    finished(admin, path, deleted=2)
    assert admin.get(f"{app}/accounts/pilot.0").status == 404
    account_of(admin, app, "pilot.2")


def test_a_job_that_waits_is_cancelled(admin, app):
    path, _ = begin(admin, app, {"kind": "import"})
    admin.delete(path).expect(204)
    job = admin.get(path).expect(200).json
    assert (job["status"], job["error"], job["files"]) == ("cancelled", None, [])
