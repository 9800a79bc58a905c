"""Administration of console users."""

import re

import pytest

from client import TIMESTAMP, UUID_V7, in_parallel
from users import NEXT_PASSWORD, PASSWORD, RUN_ID, USER_FIELDS, new_user_body, password_fields


@pytest.fixture(scope="module", autouse=True)
def delete_users(new_person):
    """Deletes the users of this file at its end, including those that no fixture created."""


def create(admin, name, **fields):
    return admin.post("/v1/users", new_user_body(name, **fields)).expect(201)


def path_of(reply):
    return f"/v1/users/{reply.json['user']['user_id']}"


def test_a_generated_password_is_returned_once_and_must_be_changed(admin, anonymous):
    body = new_user_body("王小明", login=f"wang.{RUN_ID}", email="wang@example.com")
    created = admin.post("/v1/users", body).expect(201)
    assert created.json.keys() == {"user", "generated_password"}
    user, given = created.json["user"], created.json["generated_password"]
    assert user.keys() == USER_FIELDS
    assert re.fullmatch(UUID_V7, user["user_id"]) and re.fullmatch(TIMESTAMP, user["created_at"])
    assert (user["username"], user["login"], user["type"], user["status"]) == (
        "王小明",
        f"wang.{RUN_ID}",
        "member",
        "enabled",
    )
    assert (user["email"], user["email_verified"], user["totp_enabled"]) == ("wang@example.com", False, False)
    assert (user["password_change_required"], user["last_login_at"], user["version"]) == (True, None, 1)
    assert (created.header("location"), created.header("etag")) == (path_of(created), '"1"') and len(given) >= 12
    read = admin.get(path_of(created)).expect(200)
    assert read.json == user | {"teams": []} and read.header("etag") == '"1"'

    wang = anonymous.sign_in(given, f"WANG.{RUN_ID}")
    assert wang.get("/v1/me").expect(200).json["user"]["password_change_required"] is True
    for method, path in [
        ("GET", "/v1/apps"),
        ("GET", "/v1/users"),
        ("PATCH", "/v1/me"),
        ("GET", "/v1/me/sessions"),
        ("DELETE", "/v1/me/sessions"),
        ("POST", "/v1/me/totp"),
        ("POST", "/v1/me/email"),
    ]:
        wang.send(method, path, None if method == "GET" else {}).expect_problem(403, "password_change_required")
    wang.post("/v1/me/password", {"current_password": given, **password_fields("password1234")}).expect_violations(
        ("/password", "weak_password")
    )
    wang.post("/v1/me/password", {"current_password": given, **password_fields(PASSWORD)}).expect(204)
    assert wang.get("/v1/apps").expect(200).json == {"items": [], "next_cursor": None}
    assert wang.get("/v1/me").json["user"]["password_change_required"] is False
    assert anonymous.sign_in(PASSWORD, f"wang.{RUN_ID}").get("/v1/apps").expect(200)


def test_a_given_password_is_validated_and_must_be_changed(admin, anonymous):
    body = new_user_body("Typed", password=PASSWORD)
    own = f"brass-{body['login']}-9"
    for password, code in [
        ("short", "too_short"),
        ("b" * 257, "too_long"),
        ("password1234", "weak_password"),
        (own, "weak_password"),
    ]:
        admin.post("/v1/users", body | {"password": password}).expect_violations(("/password", code))
    created = admin.post("/v1/users", body).expect(201)
    assert created.json.keys() == {"user"} and PASSWORD.encode() not in created.body
    anonymous.sign_in(PASSWORD, body["login"]).get("/v1/apps").expect_problem(403, "password_change_required")


def test_all_violations_of_a_new_user_are_returned_at_once(admin):
    bad = {"username": "a  b", "login": "王小明", "type": "owner", "email": "wang", "password": "short"}
    expected = [
        ("/username", "bad_format"),
        ("/login", "bad_format"),
        ("/type", "not_allowed"),
        ("/email", "bad_format"),
        ("/password", "too_short"),
    ]
    admin.post("/v1/users", bad).expect_violations(*expected)
    server_set = {"user_id": "x", "email_verified": True, "status": "enabled", "totp_enabled": True, "version": 1}
    unknown = [(f"/{field}", "unknown_field") for field in server_set]
    admin.post("/v1/users", bad | server_set).expect_violations(*expected, *unknown, code="unknown_field")
    without = admin.post("/v1/users", {"generate_password": True})
    without.expect_violations(("/username", "required"), ("/login", "required"), ("/type", "required"))
    neither = {key: value for key, value in new_user_body("Neither").items() if key != "generate_password"}
    for body in (
        neither,
        {**neither, "generate_password": False},
        {**neither, "generate_password": True, "password": PASSWORD},
    ):
        admin.post("/v1/users", body).expect_problem(422, "validation_failed")
    assert admin.list_all("/v1/users", q="Neither") == []


def test_logins_are_unique_regardless_of_case(admin):
    body = new_user_body("First")
    admin.post("/v1/users", body).expect(201)
    for login in (body["login"], body["login"].upper(), body["login"].title()):
        admin.post("/v1/users", body | {"login": login}).expect_problem(409, "login_taken")
    admin.post("/v1/users", new_user_body("Admin", login="ADMIN")).expect_problem(409, "login_taken")
    assert len(admin.list_all("/v1/users", q=body["login"])) == 1
    rivals = in_parallel(
        4,
        lambda login: admin.post("/v1/users", new_user_body("Rival", login=login)),
        [f"rival.{RUN_ID}", f"RIVAL.{RUN_ID}"] * 2,
    )
    assert sorted(reply.status for reply in rivals) == [201, 409, 409, 409]


def test_an_idempotency_key_replays_the_generated_password(admin):
    keyed, body = admin.with_headers(idempotency_key=f"create_person {RUN_ID}"), new_user_body("Keyed")
    first, again = keyed.post("/v1/users", body).expect(201), keyed.post("/v1/users", body).expect(201)
    assert again.header("idempotency-replayed") == "true" and again.body == first.body
    keyed.post("/v1/users", body | {"username": "Other"}).expect_problem(422, "idempotency_mismatch")
    assert len(admin.list_all("/v1/users", q=body["login"])) == 1


def test_users_are_filtered_by_text_type_and_status(admin):
    part = f"find.{RUN_ID}"
    made = [
        create(admin, f"Find{number}", login=f"{part}.{number}", type=user_type)
        for number, user_type in enumerate(["member", "platform_admin", "member"])
    ]
    admin.patch(path_of(made[2]), {"status": "disabled"}).expect(200)
    found = lambda **query: [user["username"] for user in admin.list_all("/v1/users", q=part, **query)]
    assert found() == found(limit=1) == ["Find0", "Find1", "Find2"], "in order of creation"
    assert found(type="member") == found(type="member", limit=1) == ["Find0", "Find2"]
    assert found(type="platform_admin") == ["Find1"] and found(type="super_admin") == []
    assert found(status="disabled") == ["Find2"] and found(status="enabled", type="member") == ["Find0"]
    assert [user["username"] for user in admin.list_all("/v1/users", q=part.upper())] == found()
    assert "Find1" in [user["username"] for user in admin.list_all("/v1/users", q="fIND1")]
    listed = next(user for user in admin.list_all("/v1/users", q=part) if user["username"] == "Find0")
    assert listed.keys() >= USER_FIELDS and listed | made[0].json["user"] == listed
    admin.get("/v1/users", type="owner").expect_violations(("type", "not_allowed"))
    admin.get("/v1/users", status="gone").expect_violations(("status", "not_allowed"))
    admin.get("/v1/users", order="name").expect_violations(("order", "unknown_field"), code="unknown_field")
    cursor = admin.get("/v1/users", q=part, limit=1).json["next_cursor"]
    admin.get("/v1/users", q="other", limit=1, cursor=cursor).expect_problem(400, "invalid_cursor")


def test_an_edit_changes_only_the_fields_it_contains(admin):
    created = create(admin, "Before", email="before@example.com")
    path, before = path_of(created), created.json["user"]
    edited = admin.with_headers(if_match='"1"').patch(path, {"username": "After.Hours"}).expect(200)
    after = edited.json
    assert after | {"username": "Before", "updated_at": before["updated_at"], "version": 1} == after | before, (
        "nothing else has changed"
    )
    assert (after["username"], after["version"], edited.header("etag")) == ("After.Hours", 2, '"2"')
    assert after["updated_at"] > before["updated_at"]
    admin.with_headers(if_match='"1"').patch(path, {"username": "Late"}).expect_problem(412, "version_conflict")
    admin.with_headers(if_match='"1"').delete(path).expect_problem(412, "version_conflict")
    assert admin.patch(path, {"email": None}).expect(200).json["email"] is None
    typed = admin.patch(path, {"email": "after@example.com"}).expect(200).json
    assert (typed["email"], typed["email_verified"]) == ("after@example.com", False)
    admin.delete(f"{path}/email").expect(204)
    assert admin.get(path).json["email"] is None
    admin.patch(path, {"login": "other"}).expect_violations(("/login", "immutable_field"), code="immutable_field")
    bad = {
        "username": "ab",
        "type": "owner",
        "status": "gone",
        "email": "x",
        "email_verified": True,
        "password": PASSWORD,
    }
    codes = ["too_short", "not_allowed", "not_allowed", "bad_format", "unknown_field", "unknown_field"]
    admin.patch(path, bad).expect_violations(
        *((f"/{field}", code) for field, code in zip(bad, codes, strict=True)), code="unknown_field"
    )
    assert admin.get(path).json["username"] == "After.Hours"


def test_a_disabled_user_is_signed_out_until_enabled(admin, new_person):
    person = new_person("Disabled")
    assert admin.patch(person.path, {"status": "disabled"}).expect(200).json["status"] == "disabled"
    person.session.get("/v1/me").expect_problem(401, "unauthenticated")
    person.try_to_sign_in().expect_problem(401, "invalid_credentials")
    assert admin.patch(person.path, {"status": "enabled"}).expect(200).json["status"] == "enabled"
    person.session.get("/v1/me").expect_problem(401, "unauthenticated")
    person.sign_in().get("/v1/me").expect(200)


def test_a_new_type_ends_all_sessions(admin, new_person):
    person = new_person("Promoted")
    person.session.get("/v1/users").expect_problem(404, "not_found")
    assert admin.patch(person.path, {"type": "platform_admin"}).expect(200).json["type"] == "platform_admin"
    person.session.get("/v1/me").expect_problem(401, "unauthenticated")
    promoted = person.sign_in()
    assert promoted.get("/v1/users").expect(200).json["items"]
    admin.patch(person.path, {"type": "member"}).expect(200)
    promoted.get("/v1/users").expect_problem(401, "unauthenticated")


def test_a_user_must_change_a_password_that_an_admin_set(admin, new_person):
    person = new_person("Forgetful")
    reset = admin.post(f"{person.path}/password", {"generate_password": True}).expect(200)
    assert reset.json.keys() == {"generated_password"}
    person.session.get("/v1/me").expect_problem(401, "unauthenticated")
    person.password = reset.json["generated_password"]
    session = person.sign_in()
    session.get("/v1/apps").expect_problem(403, "password_change_required")
    assert admin.post(f"{person.path}/password", {"password": NEXT_PASSWORD}).expect(200).json == {}
    session.get("/v1/me").expect_problem(401, "unauthenticated")
    person.password = NEXT_PASSWORD
    session = person.sign_in()
    session.post("/v1/me/password", {"current_password": NEXT_PASSWORD, **password_fields(PASSWORD)}).expect(204)
    session.get("/v1/apps").expect(200)
    admin.post(f"{person.path}/password", {"password": "password1234"}).expect_violations(
        ("/password", "weak_password")
    )
    for body in ({}, {"password": PASSWORD, "generate_password": True}):
        admin.post(f"{person.path}/password", body).expect_problem(422, "validation_failed")
    session.get("/v1/me").expect(200)


def test_an_admin_ends_all_sessions_of_a_user(admin, new_person):
    person = new_person("Elsewhere")
    other = person.sign_in()
    admin.delete(f"{person.path}/sessions").expect(204)
    for session in (person.session, other):
        session.get("/v1/me").expect_problem(401, "unauthenticated")
    person.sign_in().get("/v1/me").expect(200)


def test_a_deleted_user_is_gone_and_their_login_is_free(admin, new_person):
    person = new_person("Leaving")
    admin.delete(person.path).expect(204)
    person.session.get("/v1/me").expect_problem(401, "unauthenticated")
    person.try_to_sign_in().expect_problem(401, "invalid_credentials")
    for method, path in [
        ("GET", ""),
        ("PATCH", ""),
        ("DELETE", ""),
        ("POST", "/password"),
        ("DELETE", "/totp"),
        ("DELETE", "/sessions"),
    ]:
        bodies = {"PATCH": {"username": "Back"}, "POST": {"generate_password": True}}
        admin.send(method, person.path + path, bodies.get(method)).expect_problem(404, "not_found")
    assert admin.list_all("/v1/users", q=person.login) == []
    again = create(admin, "Successor", login=person.login.upper())
    assert again.json["user"]["user_id"] != person.user_id
