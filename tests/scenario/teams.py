"""Teams: what the API shows of them, who may do what in them, and how somebody comes in."""

from users import RUN, numbers

TEAM = set("team_id name admins created_at updated_at version".split())
ROLE = set("role_id name preset permissions version".split())
MEMBER = set("user_id username login status role joined_at version".split())
INVITATION = set(
    """
    invitation_id team_id role login note code_hint status issued_by redeemed_by created_at expires_at redeemed_at
    version
""".split()
)
RECORD = set("audit_id at actor address action target team_id before after request_id".split())

PERMISSIONS = """
    team.read team.edit members.manage roles.manage apps.manage accounts.read accounts.write accounts.admin
    accounts.delete accounts.export audit.read
""".split()

# The table of the documents, column by column.
PRESETS = {
    "admin": PERMISSIONS,
    "member_manager": ["team.read", "team.edit", "members.manage", "roles.manage"],
    "senior_developer": [
        "team.read",
        "apps.manage",
        "accounts.read",
        "accounts.write",
        "accounts.admin",
        "accounts.delete",
        "accounts.export",
    ],
    "developer": ["team.read", "accounts.read", "accounts.write"],
    "operator": ["team.read", "accounts.read", "accounts.write", "accounts.export"],
    "reviewer": ["team.read", "accounts.read", "audit.read"],
}

# Ids that are nobody's and nothing's.
NOBODY = "019aa0c4-7e00-7c3a-9d52-6b1f0a8e4d22"


class Team:
    """A team, by the addresses of what is in it."""

    def __init__(self, team_id):
        self.team_id, self.path = team_id, f"/v1/teams/{team_id}"
        self.members, self.roles, self.invitations = (
            f"{self.path}/{part}" for part in ("members", "roles", "invitations")
        )

    def member(self, person):
        return f"{self.members}/{person.user_id}"

    def add(self, session, person, role_id):
        """Somebody there is already becomes a member."""
        return session.post(self.members, {"user_id": person.user_id, "role_id": role_id}).is_(201).json["member"]

    def role(self, session, name, *permissions):
        """A new custom role's id."""
        return session.post(self.roles, {"name": name, "permissions": [*permissions]}).is_(201).json["role_id"]

    def invite(self, session, role_id, **other):
        """A new invitation, and its code."""
        issued = session.post(self.invitations, {"role_id": role_id, **other}).is_(201).json
        return issued["invitation"], issued["code"]

    def invitation(self, session, invitation_id):
        """How an invitation stands in the list."""
        (found,) = [one for one in session.everything(self.invitations) if one["invitation_id"] == invitation_id]
        return found

    def logins(self, session):
        return [member["login"] for member in session.everything(self.members)]

    def app(self, session, name="Harbor Chat"):
        """A new application's address."""
        return session.post("/v1/apps", {"name": name, "team_id": self.team_id}).is_(201).header("location")


def new_name(name):
    """A name that no other team has."""
    return f"{name} {RUN} {next(numbers)}"


def found(admin, name, first=None):
    """A new team, with its first admin where one is named."""
    first = {"admin_user_id": first.user_id} if first else {}
    return Team(admin.post("/v1/teams", {"name": new_name(name), **first}).is_(201).json["team_id"])


def redeem(session, code):
    return session.post("/v1/invitations/redeem", {"code": code})


def teams_of(person):
    """The teams that somebody is shown as their own, each with the role there."""
    return {team["team_id"]: team["role"]["role_id"] for team in person.session.get("/v1/me").is_(200).json["teams"]}


def audited(session, **filters):
    """What the log holds, newest first."""
    records = session.everything("/v1/audit", **filters)
    assert all(record.keys() == RECORD for record in records)
    ids = [record["audit_id"] for record in records]
    assert ids == sorted({*ids}, reverse=True)
    return records
