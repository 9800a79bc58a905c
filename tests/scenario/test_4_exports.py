"""Exports, read back with `tests/files/read_back.py`, which shares no code with their writers."""

import io
import json
import pathlib
import shutil
import subprocess
import sys
import zipfile

import pytest

from client import segment
from people import FORMULAS

READ_BACK = pathlib.Path(__file__).parents[1] / "files" / "read_back.py"
MEDIA_TYPES = {
    "csv": "text/csv",
    "ndjson": "application/x-ndjson",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


def check_file(reply, format):
    reply.is_(200)
    assert reply.header("content-type").split(";")[0] == MEDIA_TYPES[format], f"{reply}"
    disposition = reply.header("content-disposition")
    assert disposition.startswith("attachment") and f".{format}" in disposition, f"{reply}"
    return reply.body


def check_equal(directory, files, accounts, *options):
    """The files of each format hold these accounts, by the independent reader's word."""
    (directory / "expected.json").write_text(json.dumps(accounts, ensure_ascii=False), encoding="utf-8")
    for format, data in files.items():
        (directory / f"export.{format}").write_bytes(data)
    done = subprocess.run(
        [sys.executable, READ_BACK, *options, directory], capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, f"{done.stdout}{done.stderr}"
    return done.stdout.strip()


def selection(admin, path, user_ids):
    post = lambda format: admin.post(f"{path}/export-selection", {"user_ids": user_ids, "format": format})
    return {format: check_file(post(format), format) for format in MEDIA_TYPES}


@pytest.fixture(scope="session")
def stored(admin, directory):
    """Every account as it is, in the order of files."""
    return sorted(
        admin.everything(f"{directory.path}/accounts", limit=100), key=lambda account: account["user_id"].encode()
    )


def test_one_account_is_a_file(admin, directory, stored, tmp_path, say):
    say("exporting single accounts")
    formula_like = next(account for account in stored if account["nickname"] in FORMULAS)
    full = next(account for account in stored if len((account["whats_up"] or "").encode()) == 500)
    odd = [
        account for account in stored if account["user_id"] in ("=1+1", "!$&'()*+,;=:@._~-", "export", "...", "'quoted")
    ]
    assert len(odd) == 5
    for number, account in enumerate([formula_like, full, *odd]):
        path = f"{directory.path}/accounts/{segment(account['user_id'])}/export"
        files = {format: check_file(admin.get(path, format=format), format) for format in MEDIA_TYPES}
        place = tmp_path / str(number)
        place.mkdir()
        check_equal(place, files, [account])


def test_a_thousand_at_once_are_a_file(admin, directory, stored, tmp_path, say):
    options = ["--libreoffice"] if shutil.which("soffice") else []
    say(f"exporting 1,000 at once, {'with' if options else 'without'} LibreOffice")
    chosen = stored[:700] + stored[-300:]
    files = selection(admin, directory.path, [account["user_id"] for account in reversed(chosen)])
    for line in check_equal(tmp_path, files, chosen, *options).splitlines():
        say(line)


def test_every_other_account_is_exported_as_it_is(admin, directory, stored, tmp_path, say):
    say("exporting all the others")
    rest = stored[700:-300]
    for start in range(0, len(rest), 1_000):
        chosen = rest[start : start + 1_000]
        place = tmp_path / str(start)
        place.mkdir()
        check_equal(place, selection(admin, directory.path, [account["user_id"] for account in chosen]), chosen)


def test_missing_accounts_are_left_out_and_repeated_ones_count_once(admin, directory, stored, tmp_path):
    wanted = ["zz", "mina", "Mina", "nobody.at.all", "mina", "MINA", "!", "mina"]
    found = [account for account in stored if account["user_id"] in wanted]
    assert [account["user_id"] for account in found] == ["!", "MINA", "Mina", "mina"]
    check_equal(tmp_path, selection(admin, directory.path, wanted), found)


def test_nobody_is_a_file_too(admin, directory, tmp_path):
    files = selection(admin, directory.path, ["nobody.at.all"])
    check_equal(tmp_path, files, [])
    assert files["ndjson"] == b"" and files["csv"].count(b"\r\n") == 1


def test_a_file_is_neither_remembered_nor_repeated(admin, directory):
    """`Idempotency-Key` is ignored on file downloads."""
    keyed = admin.having(idempotency_key="download")
    for user_id in ("mina", "Mina"):
        reply = keyed.post(f"{directory.path}/export-selection", {"user_ids": [user_id], "format": "ndjson"}).is_(200)
        assert reply.header("idempotency-replayed") is None
        assert json.loads(reply.body)["user_id"] == user_id


def test_an_archive_holds_no_secrets_and_no_links(admin, directory):
    body = admin.post(f"{directory.path}/export-selection", {"user_ids": ["mina"], "format": "xlsx"}).is_(200).body
    with zipfile.ZipFile(io.BytesIO(body)) as package:
        text = b"".join(package.read(name) for name in package.namelist())
    token = admin.headers["authorization"].removeprefix("Bearer ").encode()
    assert token not in text and b"TargetMode" not in text


def test_what_is_asked_of_an_export_obeys_its_rules(admin, directory):
    path = f"{directory.path}/export-selection"
    post = lambda body: admin.post(path, body)
    post({}).violates(("/user_ids", "required"), ("/format", "required"))
    post({"user_ids": [], "format": "pdf"}).violates(("/user_ids", "too_short"), ("/format", "not_allowed"))
    post({"user_ids": ["a"] * 1_001, "format": "csv"}).violates(("/user_ids", "too_long"))
    post({"user_ids": ["a", "b/c", 3], "format": "csv"}).violates(
        ("/user_ids/1", "bad_format"), ("/user_ids/2", "wrong_type")
    )
    post({"user_ids": ["a"], "format": "csv", "x": 1}).violates(("/x", "unknown_field"), code="unknown_field")
    account = f"{directory.path}/accounts/mina/export"
    admin.get(account).violates(("format", "required"))
    admin.get(account, format="pdf").violates(("format", "not_allowed"))
    admin.get(f"{account}?format=csv&format=csv").violates(("format", "not_allowed"))
    admin.get(account, format="csv", limit=1).violates(("limit", "unknown_field"), code="unknown_field")
    admin.get(f"{directory.path}/accounts/nobody.at.all/export", format="csv").refused(404, "not_found")
