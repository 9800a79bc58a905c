"""Console users: what the API shows of them, how they are hired, and how they sign in."""

import itertools
import time

from codes import Authenticator

USER = set(
    """
    user_id username login type status email email_verified totp_enabled password_change_required created_at updated_at
    last_login_at version
""".split()
)
SESSION = set("session_id created_at last_seen_at expires_at address user_agent current".split())

# Strong, and with nothing of anybody's name in it.
PASSWORD = "brass-lantern-9-umbrella"
NEXT_PASSWORD = "velvet-compass-31-orchard"

# Part of every login of this run: a deployment may have seen others.
RUN = format(time.time_ns() // 1_000_000, "x")
numbers = itertools.count(1)


def twice(password):
    """A password as it is typed where it is chosen."""
    return {"password": password, "password_confirmation": password}


def new_user(name, **fields):
    """A body for `POST /v1/users` with a login that nobody has, and a password to be generated unless one is given."""
    generated = {} if "password" in fields else {"generate_password": True}
    return {"username": name, "login": f"{name}.{RUN}.{next(numbers)}", "type": "member", **generated, **fields}


def hire(admin, name, **fields):
    """Somebody new, signed in and with a password of their own."""
    reply = admin.post("/v1/users", new_user(name, **fields)).is_(201).json
    login, given = reply["user"]["login"], reply["generated_password"]
    session = admin.stranger().sign_in(given, login)
    session.post("/v1/me/password", {"current_password": given, **twice(PASSWORD)}).is_(204)
    return Person(session, login, PASSWORD)


class Person:
    """Somebody with a login and a password, and a session in which they are signed in."""

    def __init__(self, session, login, password):
        self.session, self.login, self.password = session, login, password
        self.user_id = self.user["user_id"]
        self.path = f"/v1/users/{self.user_id}"

    @property
    def user(self):
        """What they are shown of themselves."""
        return self.session.get("/v1/me").is_(200).json["user"]

    def try_to_sign_in(self, **other):
        return self.session.stranger().post("/v1/login", {"login": self.login, "password": self.password, **other})

    def sign_in(self):
        """Another session."""
        return self.signed_in(self.try_to_sign_in())

    def ticket(self):
        """What the password alone is good for where two-factor is bound."""
        reply = self.try_to_sign_in().is_(200).json
        assert reply.keys() == {"mfa"} and reply["mfa"].keys() == {"ticket", "expires_at", "methods"}
        return reply["mfa"]["ticket"]

    def second_step(self, **proof):
        """The reply to a `code` or a `recovery_code`, with a new ticket where none is given."""
        ticket = proof.pop("ticket", None) or self.ticket()
        return self.session.stranger().post("/v1/login/totp", {"ticket": ticket, **proof})

    def enrol(self):
        return self.session.post("/v1/me/totp", {"current_password": self.password}).is_(201).json

    def bind(self, now=time.time):
        """Binds two-factor; returns the authenticator and the recovery codes."""
        authenticator = Authenticator(self.enrol()["otpauth_uri"], now)
        confirmed = self.session.post("/v1/me/totp/confirm", {"code": authenticator.code()}).is_(200).json
        assert confirmed.keys() == {"recovery_codes"}
        return authenticator, confirmed["recovery_codes"]

    def signed_in(self, reply):
        """The session that a reply to a sign-in begins."""
        return self.session.stranger().as_bearer(reply.is_(200).json["token"])
