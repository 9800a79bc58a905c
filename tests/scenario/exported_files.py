"""Exported files, read back by `tests/files/read_back.py`, which shares no code with the server."""

import json
import pathlib
import subprocess
import sys

READ_BACK = pathlib.Path(__file__).parents[1] / "files" / "read_back.py"


def check_equal(directory, files, accounts, *options):
    """Checks with the independent reader that each file contains these accounts. Returns what the reader says."""
    (directory / "expected.json").write_text(json.dumps(accounts, ensure_ascii=False), encoding="utf-8")
    for format, data in files.items():
        (directory / f"export.{format}").write_bytes(data)
    done = subprocess.run(
        [sys.executable, READ_BACK, *options, directory], capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, f"{done.stdout}{done.stderr}"
    return done.stdout.strip()
