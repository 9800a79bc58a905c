#!/usr/bin/env python3
"""Compares exported files with the expected accounts. Its readers share no code with the server.

    read_back.py [--libreoffice] [--separator NAME] DIRECTORY

DIRECTORY contains `expected.json`, an array of accounts as the API returns them, and `export.csv`, `export.ndjson` and
`export.xlsx` with the same accounts in the same order. Differences are printed and make the exit status 1.

The CSV has the separator NAME: comma (the default), semicolon, tab or pipe.

With --libreoffice, Calc opens the CSV with each separator and with formula evaluation turned on, and no cell may be a
formula or an error. A control file with a formula shows first that Calc would evaluate it.
"""

import argparse
import csv
import datetime
import io
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import zipfile

import openpyxl
import pandas
from openpyxl.utils.escape import unescape

COLUMNS = """
    user_id nickname type photo_url gender birth_date location whats_up friend_verification language message_settings
    friending level role created_at updated_at
""".split()
NUMBERS = {"language", "message_settings", "level", "role"}
TIMES = {"created_at", "updated_at"}
FIELDS = {*COLUMNS, "version"}

# A mark stands before a character that could begin a formula where a cell begins, or a separator or line feed precedes.
TRIGGERS = "=+-@\t\r\0＝＋－＠'\""

# Calc's filter options: separator, quotation mark, UTF-8, from line 1, column formats, language, quote all text, detect
# special numbers, cell content as shown, export formulas, remove spaces, sheet, evaluate formulas.
CALC_CSV = "{},34,76,1,,0,false,true,false,false,false,0,true"
SEPARATORS = {"comma": ",", "semicolon": ";", "tab": "\t", "pipe": "|"}

# Spreadsheets disagree on the numbers of days before this one.
FIRST_CERTAIN_DAY = "1900-03-01"


class MismatchError(Exception):
    """A file differs from the expected accounts."""


def require(holds, message):
    if not holds:
        raise MismatchError(message)


def equal(what, found, expected):
    # Unlike Python's ==, JSON distinguishes 1, 1.0 and true.
    require(
        type(found) is type(expected) and json.dumps(found, sort_keys=True) == json.dumps(expected, sort_keys=True),
        f"{what} is {found!r} instead of {expected!r}",
    )


def guarded(text):
    marked, follows_mark = [], True
    for index, character in enumerate(text):
        if follows_mark and (character in TRIGGERS or (index == 0 and character in "\n＇")):
            marked.append("'")
        marked.append(character)
        follows_mark = character in ",;\t|\n"
    return "".join(marked)


def check_line_ends(text):
    """Checks that CR and LF occur only together, except inside quotation marks."""
    outside = "".join(re.split(r'"[^"]*"', text))
    require('"' not in outside, "a quotation mark is not closed")
    require(not re.search(r"\r(?!\n)|(?<!\r)\n", outside), "a record does not end with CRLF")
    require(text.endswith("\r\n"), "the last record does not end with CRLF")


def check_csv(path, accounts, separator):
    data = path.read_bytes()
    require(data.startswith(b"\xef\xbb\xbf"), "there is no byte order mark")
    text = data[3:].decode("utf-8")
    check_line_ends(text)
    header, *records = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    equal("the header", header, COLUMNS)
    equal("the number of records", len(records), len(accounts))
    for row, (record, account) in enumerate(zip(records, accounts, strict=True), start=2):
        equal(f"the number of cells of record {row}", len(record), len(COLUMNS))
        for column, cell in zip(COLUMNS, record, strict=True):
            what = f"{column} of record {row}"
            expected = account[column]
            if expected is None:
                equal(what, cell, "")
            elif column in NUMBERS:
                equal(what, cell, str(expected))
            else:
                equal(what, cell, guarded(expected))
    quoted = separator.join(f'"{column}"' for column in COLUMNS) + "\r\n"
    require(text.startswith(quoted), "the header is not quoted")
    marked = sum("'" in cell for record in records for cell in record)
    return f"byte order mark, CRLF, header, {len(records)} records, {marked} cells with marks"


def reject_duplicate_names(pairs):
    names = [name for name, _ in pairs]
    require(len(set(names)) == len(names), f"duplicate name among {names}")
    return dict(pairs)


def check_ndjson(path, accounts, _separator):
    *lines, rest = path.read_bytes().split(b"\n")
    equal("what follows the last line feed", rest.decode("utf-8"), "")
    equal("the number of lines", len(lines), len(accounts))
    for number, (line, account) in enumerate(zip(lines, accounts, strict=True), start=1):
        require(not line.endswith(b"\r"), f"line {number} ends with CR")
        equal(f"line {number}", json.loads(line.decode("utf-8"), object_pairs_hook=reject_duplicate_names), account)
    return f"{len(lines)} lines with all {len(FIELDS)} fields"


def check_xlsx(path, accounts, _separator):
    with zipfile.ZipFile(path) as package:
        require(package.testzip() is None, "the archive is damaged")
        for name in package.namelist():
            require("vba" not in name and "external" not in name, f"{name} is not allowed")
            part = package.read(name)
            # In the text of an account, `<` is written as `&lt;`.
            bad = [b"<f>", b"<f ", b"<hyperlink"] + [b"External"] * name.endswith(".rels")
            require(not any(mark in part for mark in bad), f"{name} contains a formula or a link")
    workbook = openpyxl.load_workbook(path)
    equal("the sheets", workbook.sheetnames, ["accounts"])
    header, *rows = workbook["accounts"].iter_rows()
    equal("the header", [cell.value for cell in header], COLUMNS)
    equal("the number of rows", len(rows), len(accounts))
    for row, account in zip(rows, accounts, strict=True):
        for column, cell in zip(COLUMNS, row, strict=True):
            what = f"{column} in {cell.coordinate}"
            require(cell.hyperlink is None, f"{what} is a link")
            if account[column] is None:
                require(cell.value is None, f"{what} is {cell.value!r} instead of empty")
                continue
            equal(f"the type of {what}", cell.data_type, xlsx_type(column, account[column]))
            equal(what, xlsx_value(column, cell.value), account[column])
    equal("the filter", workbook["accounts"].auto_filter.ref, f"A1:P{len(rows) + 1}")
    return f"one sheet, header with a filter, {len(rows)} rows of texts, numbers and dates, no formula, no link"


def xlsx_type(column, expected):
    if column in NUMBERS:
        return "n"
    is_day = column == "birth_date" and expected >= FIRST_CERTAIN_DAY
    return "d" if is_day or column in TIMES else "s"


def xlsx_value(column, value):
    """The value as the API returns it."""
    if column in TIMES:
        return value.isoformat(timespec="milliseconds") + "Z"
    if isinstance(value, datetime.datetime):
        return value.date().isoformat()
    # Excel encodes characters that XML does not allow as _xHHHH_, which openpyxl does not decode.
    return unescape(value) if isinstance(value, str) else value


def in_calc(path, profile, separator):
    """Opens a CSV file in LibreOffice and returns the sheet."""
    command = ["soffice", f"-env:UserInstallation={profile.as_uri()}", "--headless", "--convert-to", "xlsx"]
    command += [f"--infilter=Text - txt - csv (StarCalc):{CALC_CSV.format(ord(separator))}", "--outdir", profile, path]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    converted = profile / (path.stem + ".xlsx")
    require(converted.exists(), f"LibreOffice did not convert {path}: {done.stdout}{done.stderr}")
    return openpyxl.load_workbook(converted).active


def check_in_pandas(path, accounts, separator):
    """Reads the three files as pandas does when it is told to keep texts."""
    texts = {"dtype": str, "keep_default_na": False}
    table = pandas.read_csv(path, sep=separator, encoding="utf-8-sig", **texts)
    equal("the header in pandas", list(table.columns), COLUMNS)
    guarded_texts = [[guarded(cell_text(account[column])) for column in COLUMNS] for account in accounts]
    equal("the CSV in pandas", table.to_numpy().tolist(), guarded_texts)
    lines = pandas.read_json(path.with_suffix(".ndjson"), lines=True, dtype=False, convert_dates=False)
    ids = [account["user_id"] for account in accounts]
    equal("the ids of the NDJSON in pandas", [str(user_id) for user_id in lines.get("user_id", [])], ids)
    sheet = pandas.read_excel(path.with_suffix(".xlsx"), **texts)
    equal("the header of the workbook in pandas", list(sheet.columns), COLUMNS)
    equal("the ids of the workbook in pandas", [unescape(user_id) for user_id in sheet["user_id"]], ids)
    return f"{len(table)} rows in pandas, the same ids in the other files"


def cell_text(value):
    return "" if value is None else str(value)


def check_in_calc(path, accounts, own_separator):
    with tempfile.TemporaryDirectory() as directory:
        profile = pathlib.Path(directory)
        for name, separator in SEPARATORS.items():
            control = profile / "control.csv"
            control.write_bytes(f"\ufeffcontrol\r\nx{separator}=1+1\r\n".encode())
            equal(f"the control's type by {name}", in_calc(control, profile, separator)["B2"].data_type, "f")
            for row in in_calc(path, profile, separator).iter_rows():
                for cell in row:
                    what = f"{cell.coordinate} in LibreOffice by {name}, {cell.value!r},"
                    require(cell.data_type not in ("f", "e"), f"{what} is a formula or an error")
                    require(cell.hyperlink is None, f"{what} is a link")
        sheet = in_calc(path, profile, own_separator)
    header, *rows = sheet.iter_rows(max_col=len(COLUMNS))
    equal("the header in LibreOffice", [cell.value for cell in header], COLUMNS)
    equal("the number of rows in LibreOffice", len(rows), len(accounts))
    formula_like = 0
    for row, account in zip(rows, accounts, strict=True):
        for column, cell in zip(COLUMNS, row, strict=True):
            text = account[column]
            if isinstance(text, str) and guarded(text) != text:
                formula_like += 1
                what = f"{column} in {cell.coordinate} in LibreOffice"
                equal(f"the type of {what}", cell.data_type, "s")
                equal(what, unescape(cell.value), guarded(text))
    separators = ", ".join(SEPARATORS)
    return f"by {separators}: the control is evaluated, none of {len(rows)} rows; {formula_like} texts have marks"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("directory", type=pathlib.Path)
    parser.add_argument(
        "--libreoffice", action="store_true", help="also open the CSV in LibreOffice, which must be installed"
    )
    parser.add_argument("--separator", choices=SEPARATORS, default="comma", help="the separator of the CSV")
    arguments = parser.parse_args()

    accounts = json.loads((arguments.directory / "expected.json").read_text(encoding="utf-8"))
    checks = [("export.csv", check_csv), ("export.ndjson", check_ndjson), ("export.xlsx", check_xlsx)]
    checks.append(("export.csv", check_in_pandas))
    if arguments.libreoffice:
        checks.append(("export.csv", check_in_calc))
    failures = 0
    for account in accounts:
        if account.keys() != FIELDS:
            sys.exit(f"expected.json: an account has the fields {sorted(account)} instead of {sorted(FIELDS)}")
    for name, check in checks:
        try:
            print(f"{name}: {check(arguments.directory / name, accounts, SEPARATORS[arguments.separator])}")
        except (
            MismatchError,
            OSError,
            ValueError,
            KeyError,
            csv.Error,
            subprocess.SubprocessError,
            zipfile.BadZipFile,
        ) as error:
            failures += 1
            print(f"{name}: DIFFERENT: {error}", file=sys.stderr)
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
