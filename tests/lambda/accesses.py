"""Which rights a request to DynamoDB or S3 needs."""

import json
from urllib.parse import parse_qs, unquote, urlsplit

from rights import Access

TRANSACTION = {"Put": "PutItem", "Update": "UpdateItem", "Delete": "DeleteItem", "ConditionCheck": "ConditionCheckItem"}


def of_table(operation, request, table):
    """The accesses of a request to the table."""
    if operation == "TransactWriteItems":
        writes = [next(iter(entry.items())) for entry in request["TransactItems"]]
        return [Access(f"dynamodb:{TRANSACTION[kind]}", table, (keys_of(write)["pk"]["S"],)) for kind, write in writes]
    if operation == "BatchGetItem":
        keys = tuple(key["pk"]["S"] for entry in request["RequestItems"].values() for key in entry["Keys"])
    elif operation == "Query":
        # The store's queries start with the partition key: `#pk = :pk AND …`.
        value = request["KeyConditionExpression"].split("=")[1].split()[0]
        keys = (request["ExpressionAttributeValues"][value]["S"],)
    else:
        keys = (keys_of(request)["pk"]["S"],)
    index = f"/index/{request['IndexName']}" if "IndexName" in request else ""
    return [Access(f"dynamodb:{operation}", table + index, keys)]


def keys_of(write):
    """The primary key of a request about one item."""
    item = write.get("Key") or write.get("Item") or {"pk": {"S": "no item"}, "sk": {"S": "no item"}}
    return {name: item[name] for name in ("pk", "sk")}


def of_objects(method, path, bucket):
    """The access of a request to S3, whose path is `/<bucket>/<key>`, or `/<bucket>` for a list."""
    url = urlsplit(path)
    query = parse_qs(url.query, keep_blank_values=True)
    _, _, key = unquote(url.path).strip("/").partition("/")
    if not key:
        return Access("s3:ListBucketMultipartUploads" if "uploads" in query else "s3:ListBucket", bucket)
    is_part = "uploadId" in query
    action = {
        "DELETE": "AbortMultipartUpload" if is_part else "DeleteObject",
        "GET": "ListMultipartUploadParts" if is_part else "GetObject",
        "HEAD": "GetObject",
        "POST": "PutObject",
        "PUT": "PutObject",
    }[method]
    return Access(f"s3:{action}", f"{bucket}/{key}")


def writes_of(operation, body):
    """The items that a successful request to the table has put or updated: (event of the stream, keys)."""
    request = json.loads(body)
    entries = request["TransactItems"] if operation == "TransactWriteItems" else [{operation: request}]
    for entry in entries:
        for kind, write in entry.items():
            if kind.startswith(("Put", "Update")):
                yield "INSERT" if kind.startswith("Put") else "MODIFY", keys_of(write)
