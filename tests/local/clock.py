"""Controls a local server that was started with `--test-clock`: its clock and its cleanup."""

from datetime import datetime

from mails import wait_until

MINUTE, HOUR, DAY = 60, 3_600, 86_400

# How long the server's own cleanup, which runs at its start, may take on a busy machine.
CLEANUP_SECONDS = 60


def advance(client, seconds):
    """Moves the clock forward and returns its time."""
    reply = client.post("/_local/clock", {"advance_seconds": seconds}).expect(200).json
    assert reply.keys() == {"now"}
    return datetime.fromisoformat(reply["now"])


def advance_past(client, moment):
    """Moves the clock past a timestamp of a reply."""
    now = advance(client, 0)
    advance(client, max(0, int((datetime.fromisoformat(moment) - now).total_seconds()) + 1))


def ticking_time(client):
    """A time source for an authenticator. Each call moves the clock to the next TOTP step, so that no code repeats."""
    return lambda: advance(client, 30).timestamp()


def run_cleanup(client):
    """Runs the cleanup and returns its report. Waits while the server's own cleanup holds the lease."""

    def run():
        report = client.post("/_local/cleanup").expect(200).json
        return None if report["skipped"] else report

    report = wait_until("cleanup", run, CLEANUP_SECONDS)
    assert report["more"] is False, report
    return report
