"""Exports, read back by `tests/files/read_back.py`, which shares no code with the server."""

import io
import json
import shutil
import zipfile

import pytest

from client import segment
from exported_files import check_equal
from sample_accounts import FORMULAS

MEDIA_TYPES = {
    "csv": "text/csv",
    "ndjson": "application/x-ndjson",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


def check_file(reply, format):
    reply.expect(200)
    assert reply.header("content-type").split(";")[0] == MEDIA_TYPES[format], f"{reply}"
    disposition = reply.header("content-disposition")
    assert disposition.startswith("attachment") and f".{format}" in disposition, f"{reply}"
    return reply.body


def selection(admin, path, user_ids):
    post = lambda format: admin.post(f"{path}/export-selection", {"user_ids": user_ids, "format": format})
    return {format: check_file(post(format), format) for format in MEDIA_TYPES}


@pytest.fixture(scope="session")
def stored(admin, populated_app):
    """All current accounts in the order of exports."""
    return sorted(
        admin.list_all(f"{populated_app.path}/accounts", limit=100), key=lambda account: account["user_id"].encode()
    )


def test_a_single_account_is_exported(admin, populated_app, stored, tmp_path, report_progress):
    report_progress("exporting single accounts")
    formula_like = next(account for account in stored if account["nickname"] in FORMULAS)
    full = next(account for account in stored if len((account["whats_up"] or "").encode()) == 500)
    odd = [
        account for account in stored if account["user_id"] in ("=1+1", "!$&'()*+,;=:@._~-", "export", "...", "'quoted")
    ]
    assert len(odd) == 5
    for number, account in enumerate([formula_like, full, *odd]):
        path = f"{populated_app.path}/accounts/{segment(account['user_id'])}/export"
        files = {format: check_file(admin.get(path, format=format), format) for format in MEDIA_TYPES}
        place = tmp_path / str(number)
        place.mkdir()
        check_equal(place, files, [account])


def test_1000_accounts_are_exported_at_once(admin, populated_app, stored, tmp_path, report_progress):
    options = ["--libreoffice"] if shutil.which("soffice") else []
    report_progress(f"exporting 1,000 at once, {'with' if options else 'without'} LibreOffice")
    chosen = stored[:700] + stored[-300:]
    files = selection(admin, populated_app.path, [account["user_id"] for account in reversed(chosen)])
    for line in check_equal(tmp_path, files, chosen, *options).splitlines():
        report_progress(line)


def test_all_remaining_accounts_are_exported(admin, populated_app, stored, tmp_path, report_progress):
    report_progress("exporting the remaining accounts")
    rest = stored[700:-300]
    for start in range(0, len(rest), 1_000):
        chosen = rest[start : start + 1_000]
        place = tmp_path / str(start)
        place.mkdir()
        check_equal(place, selection(admin, populated_app.path, [account["user_id"] for account in chosen]), chosen)


def test_unknown_accounts_are_omitted_and_duplicates_exported_once(admin, populated_app, stored, tmp_path):
    wanted = ["zz", "mina", "Mina", "nobody.at.all", "mina", "MINA", "!", "mina"]
    found = [account for account in stored if account["user_id"] in wanted]
    assert [account["user_id"] for account in found] == ["!", "MINA", "Mina", "mina"]
    check_equal(tmp_path, selection(admin, populated_app.path, wanted), found)


def test_an_export_may_be_empty(admin, populated_app, tmp_path):
    files = selection(admin, populated_app.path, ["nobody.at.all"])
    check_equal(tmp_path, files, [])
    assert files["ndjson"] == b"" and files["csv"].count(b"\r\n") == 1


def test_downloads_ignore_the_idempotency_key(admin, populated_app):
    keyed = admin.with_headers(idempotency_key="download")
    for user_id in ("mina", "Mina"):
        reply = keyed.post(
            f"{populated_app.path}/export-selection", {"user_ids": [user_id], "format": "ndjson"}
        ).expect(200)
        assert reply.header("idempotency-replayed") is None
        assert json.loads(reply.body)["user_id"] == user_id


def test_a_workbook_contains_no_secrets_and_no_external_links(admin, populated_app):
    body = (
        admin.post(f"{populated_app.path}/export-selection", {"user_ids": ["mina"], "format": "xlsx"}).expect(200).body
    )
    with zipfile.ZipFile(io.BytesIO(body)) as package:
        text = b"".join(package.read(name) for name in package.namelist())
    token = admin.headers["authorization"].removeprefix("Bearer ").encode()
    assert token not in text and b"TargetMode" not in text


def test_the_parameters_of_an_export_are_validated(admin, populated_app):
    path = f"{populated_app.path}/export-selection"
    post = lambda body: admin.post(path, body)
    post({}).expect_violations(("/user_ids", "required"), ("/format", "required"))
    post({"user_ids": [], "format": "pdf"}).expect_violations(("/user_ids", "too_short"), ("/format", "not_allowed"))
    post({"user_ids": ["a"] * 1_001, "format": "csv"}).expect_violations(("/user_ids", "too_long"))
    post({"user_ids": ["a", "b/c", 3], "format": "csv"}).expect_violations(
        ("/user_ids/1", "bad_format"), ("/user_ids/2", "wrong_type")
    )
    post({"user_ids": ["a"], "format": "csv", "x": 1}).expect_violations(("/x", "unknown_field"), code="unknown_field")
    account = f"{populated_app.path}/accounts/mina/export"
    admin.get(account).expect_violations(("format", "required"))
    admin.get(account, format="pdf").expect_violations(("format", "not_allowed"))
    admin.get(f"{account}?format=csv&format=csv").expect_violations(("format", "not_allowed"))
    admin.get(account, format="csv", limit=1).expect_violations(("limit", "unknown_field"), code="unknown_field")
    admin.get(f"{populated_app.path}/accounts/nobody.at.all/export", format="csv").expect_problem(404, "not_found")
