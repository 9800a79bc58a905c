"""A process of the local server, seen from outside: its arguments, its output, its signals, its exit code."""

import os
import re
import signal
import subprocess

from client import Client
from mails import until

PASSWORD = "correct-horse-battery-staple-7"

# A machine that also builds the project is slow; waiting ends with what is waited for.
START_SECONDS = 60
STOP_SECONDS = 20


class Server:
    """One run of the binary. Its output goes to files, so that it never waits for a reader."""

    def __init__(self, binary, directory, number, arguments, password=None, environment=None, umask=-1):
        inherited = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG", "TMPDIR")}
        passwords = {"ADMIN_PASSWORD": password} if password else {}
        self.out, self.err = directory / f"server-{number}.out", directory / f"server-{number}.err"
        with self.out.open("wb") as out, self.err.open("wb") as err:
            self.process = subprocess.Popen(
                [binary, *map(str, arguments)],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                cwd=directory,
                umask=umask,
                env=inherited | passwords | (environment or {}),
            )

    @property
    def printed(self):
        return self.out.read_text(encoding="utf-8")

    @property
    def complained(self):
        return self.err.read_text(encoding="utf-8")

    def __str__(self):
        return f"exit code {self.process.poll()}, printed:\n{self.printed}\ncomplained:\n{self.complained}"

    def ready(self):
        """Waits for the last line of the greeting."""
        until("greeting", lambda: "Stop with Ctrl-C" in self.printed or self.process.poll() is not None, START_SECONDS)
        assert self.process.poll() is None, f"the server ended at once: {self}"
        return self

    @property
    def url(self):
        """The address it says it listens at."""
        (url,) = re.findall(r"Rollcall runs at (\S+)", self.printed)
        return url

    @property
    def client(self):
        return Client(self.url)

    def admin(self, password=PASSWORD):
        return self.client.sign_in(password)

    @property
    def generated_password(self):
        (password,) = re.findall(r"^\s*Password\s+(\S+)", self.printed, re.MULTILINE)
        return password

    def says_no_password(self):
        return not re.search(r"^\s*Password\s", self.printed, re.MULTILINE)

    def kill(self):
        """SIGKILL: no word of goodbye, nothing flushed."""
        self.process.kill()
        return self.process.wait(STOP_SECONDS)

    def stop(self, how=signal.SIGTERM):
        """Asks it to end, and returns its exit code."""
        self.process.send_signal(how)
        return self.process.wait(STOP_SECONDS)

    def refusal(self, seconds=5):
        """Waits for a start that fails, and returns its one clear sentence."""
        code = self.process.wait(seconds)
        assert code > 0, f"it did not fail: {self}"
        assert "panicked" not in self.complained and "Rollcall runs" not in self.printed, f"{self}"
        return self.complained.strip()
