"""Reads the mail of a deployment, and registers users with the mailed code."""

import email
import email.policy
import mailbox
import time

from codes import mailed_code
from users import PASSWORD, Person, password_fields

# Sending takes milliseconds. A busy machine gets more.
DELIVERY_SECONDS = 20


def wait_until(what, condition, seconds):
    """Polls `condition` until it returns a truthy value, and returns that value."""
    deadline = time.monotonic() + seconds
    while True:
        result = condition()
        if result:
            return result
        assert time.monotonic() < deadline, f"no {what} after {seconds} s"
        time.sleep(0.01)


def begin_registration(client, email, **named):
    """Starts a registration, or continues the one that is named: requests a mailed code."""
    flow = client.post("/v1/registrations", {"email": email, **named}).expect(202).json
    assert flow.keys() == {"registration_id", "expires_at", "resend_after"}
    return flow


def complete_registration(client, flow, code, login, **other):
    body = {"code": code, "username": login, "login": login, **password_fields(PASSWORD), **other}
    return client.post(f"/v1/registrations/{flow['registration_id']}/complete", body)


def is_valid_code(client, flow, code):
    """Checks a code without using it up: the login `admin` is taken, which is reported only for a valid code."""
    reply = complete_registration(client, flow, code, "admin")
    if reply.status == 409:
        return reply.expect_problem(409, "login_taken")
    return not reply.expect_problem(422, "verification_failed")


class Mailbox:
    """The mailbox of a local server, which keeps sent mail."""

    def __init__(self, client):
        self.client, self.probes = client, 0

    def mails(self, to):
        """The mail to an address, newest first."""
        mails = self.client.get("/_local/mails", to=to).expect(200).json
        for mail in mails:
            assert mail.keys() == {"to", "subject", "text", "html", "sent_at"} and mail["to"].lower() == to.lower()
        assert [mail["sent_at"] for mail in mails] == sorted((mail["sent_at"] for mail in mails), reverse=True)
        return mails

    def codes(self, to):
        return [code for mail in self.mails(to) if (code := mailed_code(mail["text"]))]

    def notices(self, to):
        """The mail without a code."""
        return [mail for mail in self.mails(to) if not mailed_code(mail["text"])]

    def code(self, to, count=1):
        """Waits for the given number of codes and returns the newest."""
        found = wait_until(
            f"code {count} for {to}", lambda: len(codes := self.codes(to)) >= count and codes, DELIVERY_SECONDS
        )
        assert len(found) == count
        return found[0]

    def notice(self, to, count=1):
        """Waits for the given number of mails without a code and returns the newest."""
        found = wait_until(
            f"notice {count} for {to}", lambda: len(mails := self.notices(to)) >= count and mails, DELIVERY_SECONDS
        )
        assert len(found) == count
        return found[0]

    def wait_for_pending(self):
        """Waits for all mail that was queued before this call. Mail is sent in order, so a later one arrives last."""
        self.probes += 1
        begin_registration(self.client, f"probe-{self.probes}@example.org")
        self.code(f"probe-{self.probes}@example.org")

    def register(self, email, login):
        """Registers a user with a mailed code and signs them in."""
        flow = begin_registration(self.client, email)
        complete_registration(self.client, flow, self.code(email), login).expect(201)
        return Person(self.client.sign_in(PASSWORD, login), login, PASSWORD)


class Maildir(Mailbox):
    """The mail of a deployment that is kept in a Maildir."""

    def __init__(self, client, directory):
        super().__init__(client)
        self.directory = directory

    def mails(self, to):
        # Open the Maildir for every read: an open one looks for new mail only once a second.
        kept = mailbox.Maildir(self.directory, create=False)
        letters = [
            email.message_from_bytes(kept.get_bytes(key), policy=email.policy.default) for key in kept.iterkeys()
        ]
        letters = [letter for letter in letters if letter["to"].addresses[0].addr_spec.lower() == to.lower()]
        letters.sort(key=lambda letter: letter["date"].datetime, reverse=True)
        return [
            {"to": to, "subject": letter["subject"], "text": letter.get_body(["plain"]).get_content()}
            for letter in letters
        ]
