"""Signs links to the files of jobs as the functions do, by signature version 4 of AWS in the query of a URL."""

import hashlib
import hmac
import http.client
import json
from datetime import UTC, datetime
from urllib.parse import quote, urlencode, urlsplit

BUCKET = "rollcall-jobs"
LIFETIME_SECONDS = 900


def digest(key, message):
    return hmac.digest(key, message, "sha256")


def derived_secret(data):
    """The secret key of a data directory: HKDF of its master key, then the HMAC of nothing."""
    master_key = json.loads((data / "master-key.json").read_text())["key"].encode()
    key = digest(digest(bytes(32), master_key), b"rollcall/v1/object-link\x01")
    return digest(key, b"").hex()


def sign(url, secret, method, key, now=None):
    """A link to an object of the S3 at this URL."""
    now = now or datetime.now(UTC)
    day, time = f"{now:%Y%m%d}", f"{now:%Y%m%dT%H%M%SZ}"
    scope = f"{day}/local/s3/aws4_request"
    parameters = {
        "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
        "X-Amz-Credential": f"local/{scope}",
        "X-Amz-Date": time,
        "X-Amz-Expires": LIFETIME_SECONDS,
        "X-Amz-SignedHeaders": "host",
        "x-id": {"GET": "GetObject", "PUT": "PutObject"}[method],
    }
    if method == "GET":
        parameters["response-content-disposition"] = 'attachment; filename="a.csv"'
    query = urlencode(sorted(parameters.items()), quote_via=quote)
    path, host = f"/{BUCKET}/{quote(key)}", urlsplit(url).netloc
    canonical = "\n".join([method, path, query, f"host:{host}", "", "host", "UNSIGNED-PAYLOAD"])
    text = "\n".join(["AWS4-HMAC-SHA256", time, scope, hashlib.sha256(canonical.encode()).hexdigest()])
    signing_key = f"AWS4{secret}".encode()
    for part in scope.split("/"):
        signing_key = digest(signing_key, part.encode())
    return f"{url}{path}?{query}&X-Amz-Signature={digest(signing_key, text.encode()).hex()}"


def follow(method, link, content=None):
    """Sends the request of a link. Returns the status and the content of the reply."""
    parts = urlsplit(link)
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=60)
    connection.request(method, f"{parts.path}?{parts.query}", content)
    response = connection.getresponse()
    reply = response.status, response.read()
    connection.close()
    return reply
