"""Runs a command on a terminal of its own, with a person who answers what it asks."""

import os
import pty
import select
import subprocess

from shell import SECONDS


class Terminal:
    """A command whose questions and errors go to a terminal, and whose standard output to a pipe."""

    def __init__(self, shell, *arguments):
        self.terminal, other = pty.openpty()
        self.seen = ""
        self.process = subprocess.Popen(
            ["setsid", "--ctty", "--wait", shell.binary, *map(str, arguments)],
            stdin=other,
            stdout=subprocess.PIPE,
            stderr=other,
            cwd=shell.directory,
            env={"PATH": os.environ["PATH"]} | shell.environment,
        )
        os.close(other)

    def wait_for(self, question):
        while question not in self.seen:
            assert self.read(), f"no {question!r}, but: {self.seen}"

    def answer(self, question, text):
        """Waits for a question and types an answer."""
        self.wait_for(question)
        self.seen = ""
        os.write(self.terminal, f"{text}\n".encode())

    def finish(self):
        """Waits for the end. Returns the exit code and the standard output; the rest is in `seen`."""
        out, _ = self.process.communicate(timeout=SECONDS)
        while self.read():
            pass
        os.close(self.terminal)
        return self.process.returncode, out.decode()

    def read(self):
        """Reads what the command has written; false when it has closed the terminal."""
        ready, _, _ = select.select([self.terminal], [], [], SECONDS)
        assert ready, f"nothing more after: {self.seen}"
        try:
            written = os.read(self.terminal, 65_536)
        except OSError:  # Linux reports the end of a terminal as an error.
            written = b""
        self.seen += written.decode()
        return bool(written)
