"""Console users: their fields, how tests create them, and how they sign in."""

import itertools
import time

from codes import Authenticator

USER_FIELDS = set(
    """
    user_id username login type status email email_verified totp_enabled password_change_required created_at updated_at
    last_login_at version
""".split()
)
SESSION_FIELDS = set("session_id created_at last_seen_at expires_at address user_agent current".split())

# Strong passwords that contain no part of a user's name.
PASSWORD = "brass-lantern-9-umbrella"
NEXT_PASSWORD = "velvet-compass-31-orchard"

# Part of every login of this run, because the deployment may contain users of earlier runs.
RUN_ID = format(time.time_ns() // 1_000_000, "x")
serial = itertools.count(1)


def password_fields(password):
    """A new password with its confirmation."""
    return {"password": password, "password_confirmation": password}


def new_user_body(name, **fields):
    """A body for `POST /v1/users` with a unique login. The server generates the password unless one is given."""
    generated = {} if "password" in fields else {"generate_password": True}
    return {"username": name, "login": f"{name}.{RUN_ID}.{next(serial)}", "type": "member", **generated, **fields}


def new_member_body(name, **fields):
    """The `new_user` of a new team member, whose type is always `member`."""
    body = new_user_body(name, **fields)
    del body["type"]
    return body


def create_person(admin, name, **fields):
    """Creates a user, signs them in and replaces their generated password."""
    reply = admin.post("/v1/users", new_user_body(name, **fields)).expect(201).json
    login, given = reply["user"]["login"], reply["generated_password"]
    session = admin.anonymous().sign_in(given, login)
    session.post("/v1/me/password", {"current_password": given, **password_fields(PASSWORD)}).expect(204)
    return Person(session, login, PASSWORD)


class Person:
    """A user with their login, their password and a session."""

    def __init__(self, session, login, password):
        self.session, self.login, self.password = session, login, password
        self.user_id = self.user["user_id"]
        self.path = f"/v1/users/{self.user_id}"

    def at(self, url):
        """The same user on another server, which has a copy of the data."""
        return Person(self.session.at(url), self.login, self.password)

    @property
    def user(self):
        """The user as `GET /v1/me` returns it."""
        return self.session.get("/v1/me").expect(200).json["user"]

    def try_to_sign_in(self, **other):
        return self.session.anonymous().post("/v1/login", {"login": self.login, "password": self.password, **other})

    def sign_in(self):
        """Signs in again and returns the new session."""
        return self.session_from(self.try_to_sign_in())

    def mfa_ticket(self):
        """Signs in with the password and returns the ticket for the second step."""
        reply = self.try_to_sign_in().expect(200).json
        assert reply.keys() == {"mfa"} and reply["mfa"].keys() == {"ticket", "expires_at", "methods"}
        return reply["mfa"]["ticket"]

    def second_step(self, **proof):
        """Sends a `code` or a `recovery_code`, with a new ticket unless one is given, and returns the reply."""
        ticket = proof.pop("ticket", None) or self.mfa_ticket()
        return self.session.anonymous().post("/v1/login/totp", {"ticket": ticket, **proof})

    def begin_totp(self):
        return self.session.post("/v1/me/totp", {"current_password": self.password}).expect(201).json

    def enable_totp(self, now=time.time):
        """Turns on two-factor. Returns the authenticator and the recovery codes."""
        authenticator = Authenticator(self.begin_totp()["otpauth_uri"], now)
        confirmed = self.session.post("/v1/me/totp/confirm", {"code": authenticator.code()}).expect(200).json
        assert confirmed.keys() == {"recovery_codes"}
        return authenticator, confirmed["recovery_codes"]

    def session_from(self, reply):
        """A client with the session of a reply to a sign-in."""
        return self.session.anonymous().as_bearer(reply.expect(200).json["token"])
