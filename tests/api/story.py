"""The main story, told with an API key, by a client that openapi-python-client makes of the API document."""

import os

from rollcall_client import AuthenticatedClient, Client, models
from rollcall_client.api.accounts import create_account, delete_accounts, list_accounts, update_account
from rollcall_client.api.apps import create_app, set_deletion_lock
from rollcall_client.api.files import export_account, export_selection
from rollcall_client.api.own_identity import create_own_key, get_me, revoke_own_key, sign_out
from rollcall_client.api.public import sign_in
from rollcall_client.api.teams import create_team

URL = os.environ["ROLLCALL_URL"]


def main():
    password = os.environ["ADMIN_PASSWORD"]
    signed_in = sign_in.sync(client=Client(URL), body=models.SignIn(login="admin", password=password))
    assert isinstance(signed_in, models.SignedIn) and signed_in.token, signed_in
    session = AuthenticatedClient(URL, token=signed_in.token)
    new_key = models.NewApiKey(name="Story", scopes=list(models.Scope), expires_in_days=1, current_password=password)
    created = create_own_key.sync(client=session, body=new_key)
    client = AuthenticatedClient(URL, token=created.secret)

    team = create_team.sync(client=client, body=models.NewTeam(name="Northwind Python"))
    app = create_app.sync(client=client, body=models.NewApp(name="Harbor Chat", team_id=team.team_id))
    for user_id in ("ada", "mina", "zoe"):
        body = models.NewAccount(
            user_id=user_id, type_=models.AccountType.GENERAL, nickname=user_id.upper(), level=4_294_967_295
        )
        account = create_account.sync(app.app_id, client=client, body=body)
        assert account.nickname == user_id.upper(), account

    # A change of one field keeps the others.
    patched = update_account.sync(app.app_id, "mina", client=client, body=models.AccountPatch(nickname="Mina"))
    assert (patched.nickname, patched.level, patched.version) == ("Mina", 4_294_967_295, 2), patched
    cleared = update_account.sync(app.app_id, "mina", client=client, body=models.AccountPatch(nickname=None))
    assert (cleared.nickname, cleared.level) == (None, 4_294_967_295), cleared

    page = list_accounts.sync(app.app_id, client=client, limit=2)
    rest = list_accounts.sync(app.app_id, client=client, limit=2, cursor=page.next_cursor)
    assert [account.user_id for account in page.items + rest.items] == ["ada", "mina", "zoe"]
    assert rest.next_cursor is None

    csv = export_account.sync_detailed(app.app_id, "mina", client=client, format_=models.Format.CSV)
    assert b"mina" in csv.content, csv
    selection = models.ExportSelection(user_ids=["ada", "zoe"], format_=models.Format.NDJSON)
    lines = export_selection.sync_detailed(app.app_id, client=client, body=selection)
    assert len(lines.content.splitlines()) == 2, lines

    # Deleting is locked until the lock is lifted.
    doomed = models.AccountDeletion(user_ids=["ada", "mina", "nobody"])
    locked = delete_accounts.sync(app.app_id, client=client, body=doomed)
    assert locked.code == "account_deletion_locked", locked
    lifting = models.LockTurnWithLockedFalse(locked=False, risks_acknowledged=True)
    set_deletion_lock.sync(app.app_id, client=client, body=lifting)
    deleted = delete_accounts.sync(app.app_id, client=client, body=doomed)
    assert [result.outcome for result in deleted.results] == ["deleted", "deleted", "not_found"], deleted

    revoke_own_key.sync_detailed(created.key.key_id, client=session)
    sign_out.sync_detailed(client=session)
    for ended in (client, session):
        refused = get_me.sync(client=ended)
        assert refused.code == "unauthenticated", refused


if __name__ == "__main__":
    main()
