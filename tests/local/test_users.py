"""Lists of console users on a fresh deployment, unverified addresses, and the last super admin."""

import pytest

from client import in_parallel
from mails import Mailbox
from users import RUN_ID, create_person, new_user_body


@pytest.fixture
def admin(server):
    return server.admin()


def create(admin, name, **fields):
    return admin.post("/v1/users", new_user_body(name, **fields)).expect(201).json["user"]


def test_filters_select_users_in_order_of_creation(admin):
    root = admin.get("/v1/me").json["user"]
    users = [
        create(admin, "Wang", username="王小明"),
        create(admin, "Kestrel", type="platform_admin"),
        create(admin, "kestrel.two"),
        create(admin, "Zoe", type="super_admin"),
    ]
    admin.patch(f"/v1/users/{users[2]['user_id']}", {"status": "disabled"}).expect(200)
    ids = lambda **query: [user["user_id"] for user in admin.list_all("/v1/users", **query)]
    of = lambda *indices: [users[index]["user_id"] for index in indices]
    assert ids() == ids(limit=1) == ids(limit=2) == [root["user_id"], *of(0, 1, 2, 3)]
    assert ids(type="member") == ids(type="member", limit=1) == of(0, 2)
    assert ids(type="super_admin") == [root["user_id"], *of(3)] and ids(type="platform_admin") == of(1)
    assert ids(status="disabled") == of(2) and len(ids(status="enabled")) == 4
    assert ids(q="KESTREL") == ids(q="estre", limit=1) == of(1, 2) and ids(q="小") == of(0)
    assert ids(q=RUN_ID) == of(0, 1, 2, 3) and ids(q="nobody.at.all") == []
    assert (
        ids(q="kestrel", status="enabled", type="platform_admin") == of(1)
        and ids(q="kestrel", type="super_admin") == []
    )
    for query in ({"type": "owner"}, {"status": "asleep"}):
        ((name, _),) = query.items()
        admin.get("/v1/users", **query).expect_violations((name, "not_allowed"))
    admin.get("/v1/users", role="x").expect_violations(("role", "unknown_field"), code="unknown_field")
    for limit in (0, -1, 101, 2**31):
        admin.get("/v1/users", limit=limit).expect_violations(("limit", "out_of_range"))


def test_every_user_is_on_exactly_one_page(admin):
    in_parallel(4, lambda number: create(admin, f"many.{number:03}"), range(60))
    names = [user["username"] for user in admin.list_all("/v1/users", q="many.", limit=7)]
    assert sorted(names) == [f"many.{number:03}" for number in range(60)]


def test_an_unverified_address_gets_no_mail(server, admin):
    user, mailbox = create(admin, "Hired", email="hired@example.com"), Mailbox(server.client)
    path = f"/v1/users/{user['user_id']}"
    given = admin.post(f"{path}/password", {"generate_password": True}).expect(200).json["generated_password"]
    server.client.sign_in(given, user["login"])
    admin.patch(path, {"status": "disabled"}).expect(200)
    mailbox.wait_for_pending()
    assert mailbox.mails("hired@example.com") == []
    assert given not in server.stdout + server.stderr


def test_two_super_admins_cannot_delete_each_other_in_parallel(server, admin):
    for _ in range(3):
        one, two = (create_person(admin, name, type="super_admin") for name in ("One", "Two"))
        pairs = [(one, two), (two, one)]
        replies = in_parallel(2, lambda pair: pair[0].session.delete(pair[1].path), pairs)
        assert sum(reply.status == 204 for reply in replies) <= 1
        for reply in replies:
            assert reply.status == 204 or reply.status in (401, 403, 404, 409), f"{reply}"
        left = [
            user["login"]
            for user in admin.list_all("/v1/users", type="super_admin")
            if user["login"] in (one.login, two.login)
        ]
        assert len(left) == 2 - sum(reply.status == 204 for reply in replies)
