"""Runs the local server as a process."""

import os
import re
import signal
import socket
import subprocess

from client import Client
from mails import wait_until

PASSWORD = "correct-horse-battery-staple-7"

# Upper limits for a busy machine.
START_SECONDS = 60
STOP_SECONDS = 20


class Server:
    """One run of the binary. Its output goes to files, so that a full pipe never blocks it.

    `command` is the binary, or a command that starts it with other limits.
    """

    def __init__(self, command, directory, number, arguments, password=None, environment=None, umask=-1):
        inherited = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG", "TMPDIR")}
        passwords = {"ADMIN_PASSWORD": password} if password else {}
        self.out, self.err = directory / f"server-{number}.out", directory / f"server-{number}.err"
        with self.out.open("wb") as out, self.err.open("wb") as err:
            self.process = subprocess.Popen(
                [*command, *map(str, arguments)],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                cwd=directory,
                umask=umask,
                env=inherited | passwords | (environment or {}),
            )

    @property
    def stdout(self):
        return self.out.read_text(encoding="utf-8")

    @property
    def stderr(self):
        return self.err.read_text(encoding="utf-8")

    def __str__(self):
        return f"exit code {self.process.poll()}, stdout:\n{self.stdout}\nstderr:\n{self.stderr}"

    def ready(self):
        """Waits for the last line of the startup message."""
        wait_until(
            "startup message",
            lambda: "Stop with Ctrl-C" in self.stdout or self.process.poll() is not None,
            START_SECONDS,
        )
        assert self.process.poll() is None, f"the server did not start: {self}"
        return self

    @property
    def url(self):
        """The URL that the server printed."""
        (url,) = re.findall(r"Rollcall runs at (\S+)", self.stdout)
        return url

    @property
    def client(self):
        return Client(self.url)

    def admin(self, password=PASSWORD):
        return self.client.sign_in(password)

    @property
    def generated_password(self):
        (password,) = re.findall(r"^\s*Password\s+(\S+)", self.stdout, re.MULTILINE)
        return password

    def prints_no_password(self):
        return not re.search(r"^\s*Password\s", self.stdout, re.MULTILINE)

    def kill(self):
        """Sends SIGKILL and returns the exit code."""
        self.process.kill()
        return self.process.wait(STOP_SECONDS)

    def stop(self, signal_number=signal.SIGTERM):
        """Sends a signal, waits for the exit and returns the exit code."""
        self.process.send_signal(signal_number)
        return self.process.wait(STOP_SECONDS)

    def start_error(self, seconds=5):
        """Waits for a failing start and returns its error message."""
        code = self.process.wait(seconds)
        assert code > 0, f"the start did not fail: {self}"
        assert "panicked" not in self.stderr and "Rollcall runs" not in self.stdout, f"{self}"
        return self.stderr.strip()


def free_port():
    """A port for a server that prints a URL other than the address at which it listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]
