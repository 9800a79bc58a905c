"""What members, platform admins and super admins may do to other users."""

import pytest

from client import in_parallel, without_request_id
from users import PASSWORD, create_person, new_user_body


@pytest.fixture(scope="module")
def mina(new_person):
    """A member."""
    return new_person("Mina")


@pytest.fixture(scope="module")
def kay(new_person):
    """A platform admin."""
    return new_person("Kay", type="platform_admin")


def test_ones_own_account_is_changed_by_the_me_routes_only(admin, kay):
    root = f"/v1/users/{admin.get('/v1/me').json['user']['user_id']}"
    for client, path in ((admin, root), (kay.session, kay.path)):
        client.patch(path, {"username": "Myself"}).expect_problem(403, "use_own_route")
        client.patch(path, {"status": "disabled"}).expect_problem(403, "use_own_route")
        client.post(f"{path}/password", {"generate_password": True}).expect_problem(403, "use_own_route")
        for tail in ("", "/totp", "/email", "/sessions"):
            client.delete(path + tail).expect_problem(403, "use_own_route")
        client.get("/v1/me").expect(200)


def test_members_may_not_see_users(admin, mina):
    somebody = create_person(admin, "Somebody").path
    missing = admin.get("/v1/users/019aa0c4-7e00-7c3a-9d52-6b1f0a8e4d22").expect_problem(404, "not_found")
    for path in (somebody, mina.path, "/v1/users/x"):
        for method, tail, body in [
            ("GET", "", None),
            ("PATCH", "", {"username": "Forged"}),
            ("DELETE", "", None),
            ("POST", "/password", {"password": PASSWORD}),
            ("DELETE", "/totp", None),
            ("DELETE", "/email", None),
            ("DELETE", "/sessions", None),
        ]:
            reply = mina.session.send(method, path + tail, body).expect_problem(404, "not_found")
            assert without_request_id(reply) == without_request_id(missing)
    mina.session.get("/v1/users").expect_problem(404, "not_found")
    mina.session.post("/v1/users", new_user_body("Forged")).expect_problem(404, "not_found")
    mina.session.post("/v1/users", {"type": 7}).expect_problem(404, "not_found")
    assert admin.list_all("/v1/users", q="Forged") == []
    admin.get(somebody).expect(200)


def test_a_platform_admin_acts_on_members_only(admin, new_person, kay):
    """The permissions of a platform admin, the middle of the three user types."""
    peer, boss, member = (
        new_person("Peer", type="platform_admin"),
        new_person("Boss", type="super_admin"),
        new_person("Member"),
    )
    for other in (peer, boss):
        assert kay.session.get(other.path).expect(200).json["login"] == other.login
        for body in ({"username": "Renamed"}, {"status": "disabled"}, {"type": "member"}, {"type": "super_admin"}):
            kay.session.patch(other.path, body).expect_problem(403, "forbidden")
        kay.session.post(f"{other.path}/password", {"generate_password": True}).expect_problem(403, "forbidden")
        for tail in ("/totp", "/email", ""):
            kay.session.delete(other.path + tail).expect_problem(403, "forbidden")
        other.session.get("/v1/me").expect(200)
    for rank in ("super_admin", "platform_admin"):
        kay.session.patch(member.path, {"type": rank}).expect_problem(403, "forbidden")
    kay.session.post("/v1/users", new_user_body("Raised", type="super_admin")).expect_problem(403, "forbidden")
    assert admin.list_all("/v1/users", q="Raised") == []
    create_person(kay.session, "Colleague", type="platform_admin")
    assert kay.session.patch(member.path, {"username": "Renamed"}).expect(200).json["username"] == "Renamed"
    kay.session.post(f"{member.path}/password", {"generate_password": True}).expect(200)
    for status in ("disabled", "enabled"):
        kay.session.patch(member.path, {"status": status}).expect(200)
    kay.session.delete(member.path).expect(204)


def test_two_super_admins_cannot_disable_each_other_in_parallel(admin, new_person):
    one, two = (new_person(name, type="super_admin") for name in ("One", "Two"))
    pairs = [(one, two), (two, one)]
    replies = in_parallel(2, lambda pair: pair[0].session.patch(pair[1].path, {"status": "disabled"}), pairs)
    for reply in replies:
        assert reply.status in (200, 401, 403, 404, 409), f"{reply}"
    done = sum(reply.status == 200 for reply in replies)
    states = [admin.get(person.path).json["status"] for person in (one, two)]
    assert done <= 1 and states.count("disabled") == done and states.count("enabled") == 2 - done
