"""What only the local server has, as its tests use it: the clock that can be moved, and the mailbox."""

from datetime import datetime

from codes import mailed_code
from server import until
from users import PASSWORD, Person, twice

MINUTE, HOUR, DAY = 60, 3_600, 86_400

# Sending takes milliseconds, on a machine that also builds the project perhaps seconds.
DELIVERY_SECONDS = 20


def advance(client, seconds):
    """Moves the clock, and returns what it then says."""
    return datetime.fromisoformat(client.post("/_local/clock", {"advance_seconds": seconds}).is_(200).json["now"])


def pass_by(client, moment):
    """Moves the clock beyond this moment of a reply."""
    now = advance(client, 0)
    advance(client, max(0, int((datetime.fromisoformat(moment) - now).total_seconds()) + 1))


def watch(client):
    """What an authenticator takes for the time: every look at it moves the clock on to the next step."""
    return lambda: advance(client, 30).timestamp()


def shape(reply):
    """What can be told apart of replies that are to look the same."""
    names = sorted(name.lower() for name in reply.headers)
    return reply.status, names, len(reply.body), sorted(reply.json) if reply.body else None


def begin(client, email):
    """Asks for a code with which to register."""
    begun = client.post("/v1/registrations", {"email": email}).is_(202).json
    assert begun.keys() == {"registration_id", "expires_at", "resend_after"}
    return begun


def complete(client, begun, code, login, **other):
    body = {"code": code, "username": login, "login": login, **twice(PASSWORD), **other}
    return client.post(f"/v1/registrations/{begun['registration_id']}/complete", body)


class Mailbox:
    """The mails of a server, as whoever has the address reads them."""

    def __init__(self, server):
        self.client, self.settled = server.client, 0

    def mails(self, to):
        """What has come to this address, newest first."""
        mails = self.client.get("/_local/mails", to=to).is_(200).json
        for mail in mails:
            assert mail.keys() == {"to", "subject", "text", "html", "sent_at"} and mail["to"].lower() == to.lower()
        assert [mail["sent_at"] for mail in mails] == sorted((mail["sent_at"] for mail in mails), reverse=True)
        return mails

    def codes(self, to):
        return [code for mail in self.mails(to) if (code := mailed_code(mail["text"]))]

    def notices(self, to):
        """The mails without a code."""
        return [mail for mail in self.mails(to) if not mailed_code(mail["text"])]

    def code(self, to, count=1):
        """The newest code, once so many have come."""
        found = until(f"code {count} for {to}", lambda: len(codes := self.codes(to)) >= count and codes, DELIVERY_SECONDS)
        assert len(found) == count
        return found[0]

    def notice(self, to, count=1):
        """The newest mail without a code, once so many have come."""
        found = until(f"notice {count} for {to}", lambda: len(mails := self.notices(to)) >= count and mails, DELIVERY_SECONDS)
        assert len(found) == count
        return found[0]

    def settle(self):
        """Waits until every mail that is under way has come: until one that was asked for later has."""
        self.settled += 1
        begin(self.client, f"settle-{self.settled}@example.org")
        self.code(f"settle-{self.settled}@example.org")

    def register(self, email, login):
        """Somebody who came by a mailed code, and is signed in."""
        begun = begin(self.client, email)
        complete(self.client, begun, self.code(email), login).is_(201)
        return Person(self.client.sign_in(PASSWORD, login), login, PASSWORD)
