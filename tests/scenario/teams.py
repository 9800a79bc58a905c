"""Teams: their fields, the preset roles, and requests that many tests need."""

from users import RUN_ID, serial

TEAM_FIELDS = set("team_id name admins created_at updated_at version".split())
ROLE_FIELDS = set("role_id name preset permissions version".split())
MEMBER_FIELDS = set("user_id username login status role joined_at expires_at version".split())
INVITATION_FIELDS = set(
    """
    invitation_id team_id role login note membership_days code_hint status issued_by redeemed_by created_at expires_at
    redeemed_at version
""".split()
)
AUDIT_FIELDS = set("audit_id at actor address action target team_id before after request_id".split())

PERMISSIONS = """
    team.read team.edit members.manage roles.manage apps.manage accounts.read accounts.write accounts.admin
    accounts.delete accounts.export audit.read
""".split()

# The permissions of each preset role.
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

# A well-formed id that no object has.
UNKNOWN_ID = "019aa0c4-7e00-7c3a-9d52-6b1f0a8e4d22"


class Team:
    """A team and the paths of its members, roles and invitations."""

    def __init__(self, team_id):
        self.team_id, self.path = team_id, f"/v1/teams/{team_id}"
        self.members, self.roles, self.invitations = (
            f"{self.path}/{part}" for part in ("members", "roles", "invitations")
        )

    def member_path(self, person):
        return f"{self.members}/{person.user_id}"

    def add_member(self, session, person, role_id):
        """Adds an existing user and returns the member."""
        return session.post(self.members, {"user_id": person.user_id, "role_id": role_id}).expect(201).json["member"]

    def create_role(self, session, name, *permissions):
        """Creates a custom role and returns its id."""
        return session.post(self.roles, {"name": name, "permissions": [*permissions]}).expect(201).json["role_id"]

    def invite(self, session, role_id, **other):
        """Creates an invitation. Returns it and its code."""
        issued = session.post(self.invitations, {"role_id": role_id, **other}).expect(201).json
        return issued["invitation"], issued["code"]

    def get_invitation(self, session, invitation_id):
        """The invitation as the list returns it."""
        (found,) = [one for one in session.list_all(self.invitations) if one["invitation_id"] == invitation_id]
        return found

    def logins(self, session):
        return [member["login"] for member in session.list_all(self.members)]

    def create_app(self, session, name="Harbor Chat"):
        """Creates an application of the team and returns its path."""
        return session.post("/v1/apps", {"name": name, "team_id": self.team_id}).expect(201).header("location")


def new_name(name):
    """A unique team name."""
    return f"{name} {RUN_ID} {next(serial)}"


def create_team(admin, name, first=None):
    """Creates a team, with a first admin if one is given."""
    first = {"admin_user_id": first.user_id} if first else {}
    return Team(admin.post("/v1/teams", {"name": new_name(name), **first}).expect(201).json["team_id"])


def redeem(session, code):
    return session.post("/v1/invitations/redeem", {"code": code})


def teams_of(person):
    """The role ids of a user by team id, as `GET /v1/me` returns them."""
    return {team["team_id"]: team["role"]["role_id"] for team in person.session.get("/v1/me").expect(200).json["teams"]}


def list_audit(session, **filters):
    """The audit records, newest first."""
    records = session.list_all("/v1/audit", **filters)
    assert all(record.keys() == AUDIT_FIELDS for record in records)
    ids = [record["audit_id"] for record in records]
    assert ids == sorted({*ids}, reverse=True)
    return records
