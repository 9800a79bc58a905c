"""The API document: every reply that the client gets is held to it."""

import functools
import json
import pathlib
import re

from jsonschema import Draft202012Validator, FormatChecker

PATH = pathlib.Path(__file__).resolve().parents[2] / "functions/console/openapi.json"

# The items of a list that are validated. Each takes a millisecond, and some lists have thousands.
VALIDATED_ITEMS = 3


@functools.cache
def document():
    return json.loads(PATH.read_text())


def validator(schema):
    """A validator of a schema of the document, whose references it resolves."""
    root = {"components": document()["components"], "allOf": [schema]}
    return Draft202012Validator(root, format_checker=FormatChecker())


@functools.cache
def patterns():
    """The paths as patterns. Paths without parameters come first."""
    paths = sorted(document()["paths"], key=lambda path: path.count("{"))
    return [(re.compile(re.sub(r"\\{[^/]+\\}", "[^/]+", re.escape(path))), path) for path in paths]


def template_of(path):
    """The path of the document that a request's path fits, or None."""
    return next((template for pattern, template in patterns() if pattern.fullmatch(path.split("?")[0])), None)


@functools.cache
def reply_validator(method, template, status):
    response = document()["paths"][template][method]["responses"][status]
    shared = response.get("$ref", "").rsplit("/", 1)[-1]
    response = document()["components"]["responses"][shared] if shared else response
    content = response.get("content", {})
    media = content.get("application/json", content.get("application/problem+json", {}))
    return validator(media["schema"]) if media else None


def check(method, path, reply):
    """Asserts that the document describes the reply. Replies to what is no operation are not its subject."""
    template = template_of(path)
    described = document()["paths"].get(template, {}).get(method.lower())
    if not described:
        return
    status = str(reply.status)
    assert status in described["responses"], f"{reply}: the API document has no {status}"
    found = reply_validator(method.lower(), template, status)
    if found and "json" in (reply.header("content-type") or ""):
        body = json.loads(reply.body)
        if isinstance(body, dict) and isinstance(body.get("items"), list):
            body["items"] = body["items"][:VALIDATED_ITEMS]
        errors = [f"{error.json_path}: {error.message}" for error in found.iter_errors(body)]
        assert not errors, f"{reply}: not as the API document says: {errors}"
