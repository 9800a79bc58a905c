"""Mails, as whoever has the address reads them, and what takes a mailed code: registering."""

import email
import email.policy
import mailbox
import time

from codes import mailed_code
from users import PASSWORD, Person, twice

# Sending takes milliseconds, on a machine that also builds the project perhaps seconds.
DELIVERY_SECONDS = 20


def until(what, found, seconds):
    """Polls `found` until it is truthy, and returns that."""
    deadline = time.monotonic() + seconds
    while True:
        result = found()
        if result:
            return result
        assert time.monotonic() < deadline, f"after {seconds} s there is still no {what}"
        time.sleep(0.01)


def begin(client, email):
    """Asks for a code with which to register."""
    begun = client.post("/v1/registrations", {"email": email}).is_(202).json
    assert begun.keys() == {"registration_id", "expires_at", "resend_after"}
    return begun


def complete(client, begun, code, login, **other):
    body = {"code": code, "username": login, "login": login, **twice(PASSWORD), **other}
    return client.post(f"/v1/registrations/{begun['registration_id']}/complete", body)


class Mailbox:
    """The mails of a deployment that shows them itself, as whoever has the address reads them."""

    def __init__(self, client):
        self.client, self.settled = client, 0

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
        found = until(
            f"code {count} for {to}", lambda: len(codes := self.codes(to)) >= count and codes, DELIVERY_SECONDS
        )
        assert len(found) == count
        return found[0]

    def notice(self, to, count=1):
        """The newest mail without a code, once so many have come."""
        found = until(
            f"notice {count} for {to}", lambda: len(mails := self.notices(to)) >= count and mails, DELIVERY_SECONDS
        )
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


class Maildir(Mailbox):
    """The mails of a deployment that sends them by SMTP, to a server that keeps them in a directory."""

    def __init__(self, client, directory):
        super().__init__(client)
        self.directory = directory

    def mails(self, to):
        # Each time anew: a Maildir that stays open looks for what is new once a second.
        kept = mailbox.Maildir(self.directory, create=False)
        letters = [email.message_from_bytes(kept.get_bytes(key), policy=email.policy.default) for key in kept]
        letters = [letter for letter in letters if letter["to"].addresses[0].addr_spec.lower() == to.lower()]
        letters.sort(key=lambda letter: letter["date"].datetime, reverse=True)
        return [
            {"to": to, "subject": letter["subject"], "text": letter.get_body(["plain"]).get_content()}
            for letter in letters
        ]
