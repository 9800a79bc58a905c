"""Runs the commands of the binary that call a server, and servers that answer as a test wants."""

import contextlib
import http.server
import json
import os
import subprocess
import threading

# Upper limit for a busy machine.
SECONDS = 60

# For servers that only look at it.
KEY = "rck_secret.of-a.key"


class Finished:
    """A command that has ended."""

    def __init__(self, process, stdout, stderr):
        self.code, self.out, self.stderr = process.returncode, stdout, stderr.decode()

    @property
    def json(self):
        return json.loads(self.out)

    def expect(self, code):
        assert self.code == code, f"{self} instead of {code}"
        assert "panicked" not in self.stderr, f"{self}"
        return self

    def expect_problem(self, code):
        """Asserts a refusal of the server: the problem on the standard error, and nothing else."""
        self.expect(1)
        assert self.out == b"" and json.loads(self.stderr)["code"] == code, f"{self} instead of {code}"
        return self

    def __str__(self):
        return f"exit code {self.code}, stdout:\n{self.out[:2000]}\nstderr:\n{self.stderr}"


class Shell:
    """A person with a directory, a home and a key."""

    def __init__(self, binary, directory, url, key=None):
        self.binary, self.directory, self.home = binary, directory / "work", directory / "home"
        self.environment = {"ROLLCALL_URL": url, "HOME": str(self.home)} | ({"ROLLCALL_KEY": key} if key else {})
        self.directory.mkdir(exist_ok=True)
        self.home.mkdir(exist_ok=True)

    def start(self, *arguments, **environment):
        return subprocess.Popen(
            [self.binary, *map(str, arguments)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=self.directory,
            env={"PATH": os.environ["PATH"]} | self.environment | environment,
        )

    def __call__(self, *arguments, stdin=b"", **environment):
        process = self.start(*arguments, **environment)
        return self.finish(process, stdin)

    def finish(self, process, stdin=b""):
        return Finished(process, *process.communicate(stdin, timeout=SECONDS))

    def write_key(self, key, mode=0o600):
        path = self.home / ".config/rollcall/key"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(key)
        path.chmod(mode)
        return path

    @property
    def files(self):
        return sorted(os.listdir(self.directory))


class Seen:
    """A request that a server got."""

    def __init__(self, handler):
        self.method, self.path, self.headers = handler.command, handler.path, handler.headers
        self.body = handler.rfile.read(int(handler.headers.get("content-length", 0)))

    @property
    def json(self):
        return json.loads(self.body)


def answer(handler, status, body=b"", content_type="application/json", **headers):
    """Sends a reply. `body` is sent as JSON unless it is bytes."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    handler.send_response(status)
    for name, value in {"content_type": content_type, "content_length": len(content), **headers}.items():
        handler.send_header(name.replace("_", "-"), str(value))
    handler.end_headers()
    handler.wfile.write(content)


@contextlib.contextmanager
def answering(reply):
    """A server that answers each request by `reply(handler, request)`. It keeps the requests in `seen`."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def handle_one_request(self):
            self.raw_requestline = self.rfile.readline()
            if self.raw_requestline and self.parse_request():
                request = Seen(self)
                self.server.seen.append(request)
                reply(self, request)
            self.close_connection = True

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.seen, server.url = [], f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
