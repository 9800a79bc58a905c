"""Console users, administered: hired, found, changed, disabled, let go, and who may do that to whom."""

import re

import pytest

from client import TIME, UUID_V7, in_parallel
from users import NEXT_PASSWORD, PASSWORD, RUN, USER, hire, new_user, twice


@pytest.fixture(scope="module", autouse=True)
def dismissed(employ):
    """Whoever comes in these tests leaves with them."""


@pytest.fixture(scope="module")
def mina(employ):
    """A member."""
    return employ("Mina")


@pytest.fixture(scope="module")
def kay(employ):
    """A platform admin."""
    return employ("Kay", type="platform_admin")


def create(admin, name, **fields):
    return admin.post("/v1/users", new_user(name, **fields)).is_(201)


def path_of(reply):
    return f"/v1/users/{reply.json['user']['user_id']}"


def test_a_generated_password_is_shown_once_and_changed_at_the_first_sign_in(admin, stranger):
    body = new_user("王小明", login=f"wang.{RUN}", email="wang@example.com")
    created = admin.post("/v1/users", body).is_(201)
    assert created.json.keys() == {"user", "generated_password"}
    user, given = created.json["user"], created.json["generated_password"]
    assert user.keys() == USER and re.fullmatch(UUID_V7, user["user_id"]) and re.fullmatch(TIME, user["created_at"])
    assert (user["username"], user["login"], user["type"], user["status"]) == (
        "王小明",
        f"wang.{RUN}",
        "member",
        "enabled",
    )
    assert (user["email"], user["email_verified"], user["totp_enabled"]) == ("wang@example.com", False, False)
    assert (user["password_change_required"], user["last_login_at"], user["version"]) == (True, None, 1)
    assert (created.header("location"), created.header("etag")) == (path_of(created), '"1"') and len(given) >= 12
    read = admin.get(path_of(created)).is_(200)
    assert read.json == user | {"teams": []} and read.header("etag") == '"1"'

    wang = stranger.sign_in(given, f"WANG.{RUN}")
    assert wang.get("/v1/me").is_(200).json["user"]["password_change_required"] is True
    for method, path in [
        ("GET", "/v1/apps"),
        ("GET", "/v1/users"),
        ("PATCH", "/v1/me"),
        ("GET", "/v1/me/sessions"),
        ("DELETE", "/v1/me/sessions"),
        ("POST", "/v1/me/totp"),
        ("POST", "/v1/me/email"),
    ]:
        wang.send(method, path, None if method == "GET" else {}).refused(403, "password_change_required")
    wang.post("/v1/me/password", {"current_password": given, **twice("password1234")}).violates(
        ("/password", "weak_password")
    )
    wang.post("/v1/me/password", {"current_password": given, **twice(PASSWORD)}).is_(204)
    assert wang.get("/v1/apps").is_(200).json == {"items": [], "next_cursor": None}
    assert wang.get("/v1/me").json["user"]["password_change_required"] is False
    assert stranger.sign_in(PASSWORD, f"wang.{RUN}").get("/v1/apps").is_(200)


def test_a_typed_password_obeys_its_rules_and_is_changed_too(admin, stranger):
    body = new_user("Typed", password=PASSWORD)
    own = f"brass-{body['login']}-9"
    for password, code in [
        ("short", "too_short"),
        ("b" * 257, "too_long"),
        ("password1234", "weak_password"),
        (own, "weak_password"),
    ]:
        admin.post("/v1/users", body | {"password": password}).violates(("/password", code))
    created = admin.post("/v1/users", body).is_(201)
    assert created.json.keys() == {"user"} and PASSWORD.encode() not in created.body
    stranger.sign_in(PASSWORD, body["login"]).get("/v1/apps").refused(403, "password_change_required")


def test_every_violation_of_a_new_user_is_told_at_once(admin):
    bad = {"username": "a b c", "login": "王小明", "type": "owner", "email": "wang", "password": "short"}
    expected = [
        ("/username", "bad_format"),
        ("/login", "bad_format"),
        ("/type", "not_allowed"),
        ("/email", "bad_format"),
        ("/password", "too_short"),
    ]
    admin.post("/v1/users", bad).violates(*expected)
    server_set = {"user_id": "x", "email_verified": True, "status": "enabled", "totp_enabled": True, "version": 1}
    unknown = [(f"/{field}", "unknown_field") for field in server_set]
    admin.post("/v1/users", bad | server_set).violates(*expected, *unknown, code="unknown_field")
    without = admin.post("/v1/users", {"generate_password": True})
    without.violates(("/username", "required"), ("/login", "required"), ("/type", "required"))
    neither = {key: value for key, value in new_user("Neither").items() if key != "generate_password"}
    for body in (
        neither,
        {**neither, "generate_password": False},
        {**neither, "generate_password": True, "password": PASSWORD},
    ):
        admin.post("/v1/users", body).refused(422, "validation_failed")
    assert admin.everything("/v1/users", q="Neither") == []


def test_a_login_is_taken_once_whatever_its_case(admin):
    body = new_user("First")
    admin.post("/v1/users", body).is_(201)
    for login in (body["login"], body["login"].upper(), body["login"].title()):
        admin.post("/v1/users", body | {"login": login}).refused(409, "login_taken")
    admin.post("/v1/users", new_user("Admin", login="ADMIN")).refused(409, "login_taken")
    assert len(admin.everything("/v1/users", q=body["login"])) == 1
    rivals = in_parallel(
        4, lambda login: admin.post("/v1/users", new_user("Rival", login=login)), [f"rival.{RUN}", f"RIVAL.{RUN}"] * 2
    )
    assert sorted(reply.status for reply in rivals) == [201, 409, 409, 409]


def test_a_key_repeats_the_password_that_was_generated(admin):
    keyed, body = admin.having(idempotency_key=f"hire {RUN}"), new_user("Keyed")
    first, again = keyed.post("/v1/users", body).is_(201), keyed.post("/v1/users", body).is_(201)
    assert again.header("idempotency-replayed") == "true" and again.body == first.body
    keyed.post("/v1/users", body | {"username": "Other"}).refused(422, "idempotency_mismatch")
    assert len(admin.everything("/v1/users", q=body["login"])) == 1


def test_users_are_found_by_part_type_and_status(admin):
    part = f"find.{RUN}"
    made = [
        create(admin, f"Find{number}", login=f"{part}.{number}", type=kind)
        for number, kind in enumerate(["member", "platform_admin", "member"])
    ]
    admin.patch(path_of(made[2]), {"status": "disabled"}).is_(200)
    found = lambda **query: [user["username"] for user in admin.everything("/v1/users", q=part, **query)]
    assert found() == found(limit=1) == ["Find0", "Find1", "Find2"], "by creation"
    assert found(type="member") == found(type="member", limit=1) == ["Find0", "Find2"]
    assert found(type="platform_admin") == ["Find1"] and found(type="super_admin") == []
    assert found(status="disabled") == ["Find2"] and found(status="enabled", type="member") == ["Find0"]
    assert [user["username"] for user in admin.everything("/v1/users", q=part.upper())] == found()
    assert "Find1" in [user["username"] for user in admin.everything("/v1/users", q="fIND1")]
    listed = next(user for user in admin.everything("/v1/users", q=part) if user["username"] == "Find0")
    assert listed.keys() >= USER and listed | made[0].json["user"] == listed
    admin.get("/v1/users", type="owner").violates(("type", "not_allowed"))
    admin.get("/v1/users", status="gone").violates(("status", "not_allowed"))
    admin.get("/v1/users", order="name").violates(("order", "unknown_field"), code="unknown_field")
    cursor = admin.get("/v1/users", q=part, limit=1).json["next_cursor"]
    admin.get("/v1/users", q="other", limit=1, cursor=cursor).refused(400, "invalid_cursor")


def test_an_edit_changes_what_it_names(admin):
    created = create(admin, "Before", email="before@example.com")
    path, before = path_of(created), created.json["user"]
    edited = admin.having(if_match='"1"').patch(path, {"username": "After.Hours"}).is_(200)
    after = edited.json
    assert after | {"username": "Before", "updated_at": before["updated_at"], "version": 1} == after | before, (
        "and nothing else"
    )
    assert (after["username"], after["version"], edited.header("etag")) == ("After.Hours", 2, '"2"')
    assert after["updated_at"] > before["updated_at"]
    admin.having(if_match='"1"').patch(path, {"username": "Late"}).refused(412, "version_conflict")
    admin.having(if_match='"1"').delete(path).refused(412, "version_conflict")
    assert admin.patch(path, {"email": None}).is_(200).json["email"] is None
    typed = admin.patch(path, {"email": "after@example.com"}).is_(200).json
    assert (typed["email"], typed["email_verified"]) == ("after@example.com", False)
    admin.delete(f"{path}/email").is_(204)
    assert admin.get(path).json["email"] is None
    admin.patch(path, {"login": "other"}).violates(("/login", "immutable_field"), code="immutable_field")
    bad = {
        "username": "ab",
        "type": "owner",
        "status": "gone",
        "email": "x",
        "email_verified": True,
        "password": PASSWORD,
    }
    codes = ["too_short", "not_allowed", "not_allowed", "bad_format", "unknown_field", "unknown_field"]
    admin.patch(path, bad).violates(
        *((f"/{field}", code) for field, code in zip(bad, codes, strict=True)), code="unknown_field"
    )
    assert admin.get(path).json["username"] == "After.Hours"


def test_whoever_is_disabled_is_out_at_once_until_enabled(admin, employ):
    person = employ("Disabled")
    assert admin.patch(person.path, {"status": "disabled"}).is_(200).json["status"] == "disabled"
    person.session.get("/v1/me").refused(401, "unauthenticated")
    person.try_to_sign_in().refused(401, "invalid_credentials")
    assert admin.patch(person.path, {"status": "enabled"}).is_(200).json["status"] == "enabled"
    person.session.get("/v1/me").refused(401, "unauthenticated")
    person.sign_in().get("/v1/me").is_(200)


def test_another_type_ends_every_session(admin, employ):
    person = employ("Promoted")
    person.session.get("/v1/users").refused(404, "not_found")
    assert admin.patch(person.path, {"type": "platform_admin"}).is_(200).json["type"] == "platform_admin"
    person.session.get("/v1/me").refused(401, "unauthenticated")
    promoted = person.sign_in()
    assert promoted.get("/v1/users").is_(200).json["items"]
    admin.patch(person.path, {"type": "member"}).is_(200)
    promoted.get("/v1/users").refused(401, "unauthenticated")


def test_a_password_that_an_admin_sets_is_changed_by_its_owner(admin, employ):
    person = employ("Forgetful")
    reset = admin.post(f"{person.path}/password", {"generate_password": True}).is_(200)
    assert reset.json.keys() == {"generated_password"}
    person.session.get("/v1/me").refused(401, "unauthenticated")
    person.password = reset.json["generated_password"]
    session = person.sign_in()
    session.get("/v1/apps").refused(403, "password_change_required")
    assert admin.post(f"{person.path}/password", {"password": NEXT_PASSWORD}).is_(200).json == {}
    session.get("/v1/me").refused(401, "unauthenticated")
    person.password = NEXT_PASSWORD
    session = person.sign_in()
    session.post("/v1/me/password", {"current_password": NEXT_PASSWORD, **twice(PASSWORD)}).is_(204)
    session.get("/v1/apps").is_(200)
    admin.post(f"{person.path}/password", {"password": "password1234"}).violates(("/password", "weak_password"))
    for body in ({}, {"password": PASSWORD, "generate_password": True}):
        admin.post(f"{person.path}/password", body).refused(422, "validation_failed")
    session.get("/v1/me").is_(200)


def test_an_admin_ends_somebodys_sessions(admin, employ):
    person = employ("Elsewhere")
    other = person.sign_in()
    admin.delete(f"{person.path}/sessions").is_(204)
    for session in (person.session, other):
        session.get("/v1/me").refused(401, "unauthenticated")
    person.sign_in().get("/v1/me").is_(200)


def test_whoever_is_deleted_is_gone_and_the_login_is_free(admin, employ):
    person = employ("Leaving")
    admin.delete(person.path).is_(204)
    person.session.get("/v1/me").refused(401, "unauthenticated")
    person.try_to_sign_in().refused(401, "invalid_credentials")
    for method, path in [
        ("GET", ""),
        ("PATCH", ""),
        ("DELETE", ""),
        ("POST", "/password"),
        ("DELETE", "/totp"),
        ("DELETE", "/sessions"),
    ]:
        bodies = {"PATCH": {"username": "Back"}, "POST": {"generate_password": True}}
        admin.send(method, person.path + path, bodies.get(method)).refused(404, "not_found")
    assert admin.everything("/v1/users", q=person.login) == []
    again = create(admin, "Successor", login=person.login.upper())
    assert again.json["user"]["user_id"] != person.user_id


def test_ones_own_id_takes_ones_own_routes(admin, kay):
    root = f"/v1/users/{admin.get('/v1/me').json['user']['user_id']}"
    for client, path in ((admin, root), (kay.session, kay.path)):
        client.patch(path, {"username": "Myself"}).refused(403, "use_own_route")
        client.patch(path, {"status": "disabled"}).refused(403, "use_own_route")
        client.post(f"{path}/password", {"generate_password": True}).refused(403, "use_own_route")
        for tail in ("", "/totp", "/email", "/sessions"):
            client.delete(path + tail).refused(403, "use_own_route")
        client.get("/v1/me").is_(200)


def test_to_a_member_there_are_no_users(admin, mina):
    somebody = path_of(create(admin, "Somebody"))
    missing = admin.get("/v1/users/019aa0c4-7e00-7c3a-9d52-6b1f0a8e4d22").refused(404, "not_found").json
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
            reply = mina.session.send(method, path + tail, body).refused(404, "not_found")
            assert {**reply.json, "request_id": 0} == {**missing, "request_id": 0}
    mina.session.get("/v1/users").refused(404, "not_found")
    mina.session.post("/v1/users", new_user("Forged")).refused(404, "not_found")
    mina.session.post("/v1/users", {"type": 7}).refused(404, "not_found")
    assert admin.everything("/v1/users", q="Forged") == []
    admin.get(somebody).is_(200)


def test_a_platform_admin_acts_on_members_only(admin, employ, kay):
    """The table of the platform's permissions, by the rank in the middle."""
    peer, boss, member = employ("Peer", type="platform_admin"), employ("Boss", type="super_admin"), employ("Member")
    for other in (peer, boss):
        assert kay.session.get(other.path).is_(200).json["login"] == other.login
        for body in ({"username": "Renamed"}, {"status": "disabled"}, {"type": "member"}, {"type": "super_admin"}):
            kay.session.patch(other.path, body).refused(403, "forbidden")
        kay.session.post(f"{other.path}/password", {"generate_password": True}).refused(403, "forbidden")
        for tail in ("/totp", "/email", ""):
            kay.session.delete(other.path + tail).refused(403, "forbidden")
        other.session.get("/v1/me").is_(200)
    for rank in ("super_admin", "platform_admin"):
        kay.session.patch(member.path, {"type": rank}).refused(403, "forbidden")
    kay.session.post("/v1/users", new_user("Raised", type="super_admin")).refused(403, "forbidden")
    assert admin.everything("/v1/users", q="Raised") == []
    hire(kay.session, "Colleague", type="platform_admin")
    assert kay.session.patch(member.path, {"username": "Renamed"}).is_(200).json["username"] == "Renamed"
    kay.session.post(f"{member.path}/password", {"generate_password": True}).is_(200)
    for status in ("disabled", "enabled"):
        kay.session.patch(member.path, {"status": status}).is_(200)
    kay.session.delete(member.path).is_(204)


def test_of_two_super_admins_who_disable_each_other_one_is_left(admin, employ):
    one, two = (employ(name, type="super_admin") for name in ("One", "Two"))
    pairs = [(one, two), (two, one)]
    replies = in_parallel(2, lambda pair: pair[0].session.patch(pair[1].path, {"status": "disabled"}), pairs)
    for reply in replies:
        assert reply.status in (200, 401, 403, 404, 409), f"{reply}"
    done = sum(reply.status == 200 for reply in replies)
    states = [admin.get(person.path).json["status"] for person in (one, two)]
    assert done <= 1 and states.count("disabled") == done and states.count("enabled") == 2 - done
