"""Accounts go in by an import and out by exports, whose files readers that share no code with the server compare."""

import csv
import gzip
import io
import json
import shutil

import pytest

from exported_files import check_equal
from links import follow
from mails import wait_until
from sample_accounts import account_bodies

ACCOUNTS = 300
SECONDS = 60
SEPARATORS = {"comma": ",", "semicolon": ";", "tab": "\t"}


class Jobs:
    """The jobs of a new application."""

    def __init__(self, admin):
        self.admin = admin
        app = admin.post("/v1/apps", {"name": "Harbor Chat"}).expect(201).json
        self.app = f"/v1/apps/{app['app_id']}"

    def accounts(self):
        """All accounts in the order of exports."""
        accounts = self.admin.list_all(f"{self.app}/accounts", limit=100)
        return sorted(accounts, key=lambda account: account["user_id"].encode())

    def wait(self, job):
        """The job when it is over, which has to succeed."""
        path = f"{self.app}/jobs/{job['job_id']}"
        wait_until("the end of a job", lambda: self.admin.get(path).json["finished_at"], SECONDS)
        job = self.admin.get(path).json
        assert job["status"] == "succeeded", job
        return job

    def file(self, job):
        """The content of the only file of a job."""
        (file,) = job["files"]
        status, content = follow("GET", file["download_url"])
        assert (status, len(content)) == (200, file["bytes"]), job
        return content

    def exported(self, **layout):
        return self.file(self.wait(self.admin.post(f"{self.app}/jobs", {"kind": "export", **layout}).expect(202).json))

    def imported(self, content):
        job = self.admin.post(f"{self.app}/jobs", {"kind": "import"}).expect(201).json
        assert follow("PUT", job["upload"]["url"], content)[0] == 200
        start = {"dry_run": False, "on_existing": "fail"}
        return self.wait(self.admin.post(f"{self.app}/jobs/{job['job_id']}/start", start).expect(202).json)


@pytest.fixture(scope="module")
def jobs(shared_server):
    """An application with accounts that spreadsheets could misread, which an import has created."""
    jobs = Jobs(shared_server.admin())
    lines = [json.dumps(body, ensure_ascii=False) for body in account_bodies(ACCOUNTS)]
    counts = jobs.imported("\n".join(lines).encode())["counts"]
    assert (counts["created"], counts["failed"]) == (ACCOUNTS, 0)
    return jobs


@pytest.mark.parametrize("name", SEPARATORS)
def test_every_reader_finds_the_accounts_in_the_files_of_exports(jobs, tmp_path, name):
    files = {"csv": jobs.exported(format="csv", delimiter=SEPARATORS[name])}
    files |= {format: jobs.exported(format=format) for format in ("ndjson", "xlsx")}
    options = ["--libreoffice"] if shutil.which("soffice") else []
    check_equal(tmp_path, files, jobs.accounts(), "--separator", name, *options)


def test_a_compressed_file_unpacks_to_the_plain_one(jobs):
    for format in ("csv", "ndjson"):
        assert gzip.decompress(jobs.exported(format=format, gzip=True)) == jobs.exported(format=format)


@pytest.mark.parametrize("format", ["csv", "ndjson", "xlsx"])
def test_an_export_comes_in_again_unchanged(jobs, shared_server, format):
    copy = Jobs(shared_server.admin())
    counts = copy.imported(jobs.exported(format=format))["counts"]
    assert (counts["created"], counts["failed"]) == (ACCOUNTS, 0)
    times = {"created_at": None, "updated_at": None, "version": 1}
    assert [account | times for account in copy.accounts()] == [account | times for account in jobs.accounts()]


def test_a_report_is_read_as_it_was_written(jobs):
    rows = [{"user_id": "no/id", "nickname": "=1+1", "type": "general"}, {"user_id": "ok", "type": "x;=1+1"}]
    header = ["user_id", "nickname", "type"]
    file = io.StringIO()
    csv.DictWriter(file, header, lineterminator="\n").writerows([dict(zip(header, header, strict=True)), *rows])
    job = jobs.imported(file.getvalue().encode())
    assert job["counts"]["failed"] == 2, job
    report = io.StringIO(jobs.file(job).decode("utf-8-sig"), newline="")
    found = list(csv.DictReader(report, strict=True))
    assert [[row["line"], row["column"], row["code"]] for row in found] == [
        ["2", "user_id", "bad_format"],
        ["3", "type", "not_allowed"],
    ]
    assert [row["nickname"] for row in found] == ["'=1+1", ""]
    assert found[1]["type"] == "x;'=1+1", "no separator makes a formula of a cell"
