"""Compares the rights of the functions on the table with those that the tests needed.

Usage: check_rights.py RECORD

The tests of `tests/it` write the record when they run with RECORD_RIGHTS: a function, an action, `table` or `index`,
and a prefix of partition keys on each line. A right that is missing is an error, and so is one that no test needed.
"""

import pathlib
import sys

from rights import Access, Right, roles
from transformed import Stack

INDEX = "/index/gsi1"
# Rights that no test needs as the function, each with its reason: (function, action, key).
UNSEEN = {
    ("bootstrap", "PutItem", "OUTBOX#*"): "break-glass mails a super admin who has an address",
    ("mailer", "Query", "DUE#*"): "tests deliver what is due without a function; the guard of `tests/lambda` sees it",
    ("registration", "ConditionCheckItem", "TEAM#*"): "an invitation to a custom role; `invites` redeems the same way",
    ("registration", "DeleteItem", "TEAM#*"): "a membership that ended makes room; `invites` redeems the same way",
    ("transfer", "BatchGetItem", "TEAM#*"): "the job of a member with a custom role",
    ("transfer", "ConditionCheckItem", "TEAM#*"): "the job of a member with a custom role",
    ("transfer", "Query", "APP#*"): "a task of its own reads the pages, which the record does not follow",
}


def needed(table, record):
    """The rights in a record, for each function."""
    found = {}
    for line in pathlib.Path(record).read_text(encoding="utf-8").splitlines():
        function, action, on, key = line.split()
        resource = table + (INDEX if on == "index" else "")
        found.setdefault(function, set()).add(Right(action, resource, key))
    return found


def is_unseen(function, right):
    return (function, right.action.removeprefix("dynamodb:"), right.key) in UNSEEN


def main():
    stack = Stack()
    table = stack.attribute("Table", "Arn")
    needs, problems = needed(table, sys.argv[1]), []
    for function, role in roles(stack).items():
        rights = {right for right in role.rights() if right.resource in (table, table + INDEX)}
        needs_of_function = needs.get(function, set())
        missing = [
            right for right in needs_of_function if not role.allows(Access(right.action, right.resource, (right.key,)))
        ]
        problems += [f"missing: {function} {right.action} {right.key}" for right in missing]
        unneeded = [right for right in rights - needs_of_function if not is_unseen(function, right)]
        problems += [f"no test needs: {function} {right.action} {right.key}" for right in unneeded]
    if problems:
        sys.exit("\n".join(["template.yaml gives other rights than the functions need:", *sorted(problems)]))
    print(f"{sum(map(len, needs.values()))} rights on the table are needed, and given")


if __name__ == "__main__":
    main()
