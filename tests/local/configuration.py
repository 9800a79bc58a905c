"""An operator who keeps the configuration of a server in a file."""

import pathlib

from server import PASSWORD
from shell import Shell

EXAMPLE = pathlib.Path(__file__).parents[2] / "infra/example.yaml"
EXAMPLE_PEOPLE = ["jun", "mina.park", "lee"]


def create_people(admin, *logins):
    for login in logins:
        body = {"username": login, "login": login, "type": "member", "generate_password": True}
        admin.post("/v1/users", body).expect(201)


def team_of(admin, name):
    (team,) = [team for team in admin.list_all("/v1/teams") if team["name"] == name]
    return team


class Operator:
    """A platform admin at the shell of a server."""

    def __init__(self, binary, directory, server):
        directory.mkdir(exist_ok=True)
        self.admin, self.password = server.admin(), PASSWORD
        token = self.admin.headers["authorization"].removeprefix("Bearer ")
        self.shell = Shell(binary, directory, server.url, token)

    def write(self, text, name="rollcall.yaml"):
        (self.shell.directory / name).write_text(text)
        return name

    def __call__(self, command, *arguments, text=None, **environment):
        if text is not None:
            arguments = [*arguments, self.write(text)]
        return self.shell(command, *arguments, **environment)

    def plan(self, text, *options):
        """The steps of a plan, as `sign kind name` each."""
        steps = self("plan", "--json", *options, text=text).json["steps"]
        signs = {"create": "+", "update": "~", "delete": "-"}
        return [f"{signs[step['action']]} {step['kind']} {step['name']}" for step in steps]


def by_key(operator):
    """The environment with an API key that has every scope, in place of the session."""
    key = operator.admin.by_key(PASSWORD)
    return {"ROLLCALL_KEY": key.headers["authorization"].removeprefix("Bearer ")}
