"""The events of everything that this scenario has changed: each is as the API document describes its type."""

import api_document


def schemas():
    return api_document.document()["components"]["schemas"]


def changed_fields(event):
    """The names of the fields that the document has for the data of an event."""
    reference = schemas()["Event"]["discriminator"]["mapping"][event["type"]]
    data = schemas()[reference.rsplit("/", 1)[-1]]["properties"]["data"]["properties"]["after"]
    return schemas()[data["oneOf"][0]["$ref"].rsplit("/", 1)[-1]]["properties"].keys()


def test_events_are_as_the_api_document_describes_them(admin):
    validator = api_document.validator({"$ref": "#/components/schemas/Event"})
    cursor, more, seen = "start", True, set()
    while more:
        page = admin.get("/v1/events", cursor=cursor, limit=100).expect(200).json
        for event in page["items"]:
            errors = [f"{error.json_path}: {error.message}" for error in validator.iter_errors(event)]
            assert not errors, f"{event}: {errors}"
            for state in filter(None, event["data"].values()):
                unknown = state.keys() - changed_fields(event)
                assert not unknown, f"{event}: the API document has no {unknown}"
            seen.add(event["type"])
        cursor, more = page["next_cursor"], page["more"]
    assert {"user.create", "app.create", "account.edit"} <= seen
