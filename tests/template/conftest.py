"""Tests of the template as CloudFormation gets it.

    pytest tests/template [--endpoint http://127.0.0.1:4566]

With an endpoint, which is that of an emulator of AWS, the stack is also created there.
"""

import sys

import pytest

from transformed import Stack

sys.dont_write_bytecode = True


def pytest_addoption(parser):
    parser.addoption("--endpoint", help="an emulator of AWS")


@pytest.fixture(scope="session")
def stack():
    """The stack with every optional part."""
    return Stack()
