"""`rollcall export`, `import` and `jobs`: files go out and in again, and an interruption loses nothing."""

import hashlib
import json
import shlex
import signal
import threading

import pytest

from shell import SECONDS, answer, answering

ROWS = 2_000
APP, JOB = "019aa0c4-7e00-7c3a-9d52-6b1f0a8e4d21", "019aa0c4-7e00-7c3a-9d52-6b1f0a8e4d22"


@pytest.fixture(scope="module")
def admin(shared_server):
    return shared_server.admin()


def create_app(admin, name):
    return admin.post("/v1/apps", {"name": name}).expect(201).json["app_id"]


def accounts(admin, app):
    hidden = ("created_at", "updated_at", "version")
    items = admin.list_all(f"/v1/apps/{app}/accounts", limit=100)
    return {item["user_id"]: {name: item[name] for name in item if name not in hidden} for item in items}


def test_accounts_go_out_and_in_again(shell, admin):
    app, copy = create_app(admin, "Harbor"), create_app(admin, "Copy")
    lines = [json.dumps({"user_id": f"user-{number}", "nickname": f"Ä, {number}"}) for number in range(ROWS)]
    (shell.directory / "people.ndjson").write_text("\n".join(lines))
    imported = shell("import", app, "people.ndjson").expect(0).json
    assert (imported["status"], imported["counts"]["created"]) == ("succeeded", ROWS)
    for options in ([], ["--format", "ndjson", "--gzip"], ["--format", "xlsx"]):
        before = shell.files
        (file,) = shell("export", app, *options).expect(0).json["files"]
        (name,) = set(shell.files) - set(before)
        content = (shell.directory / name).read_bytes()
        assert (name, len(content), hashlib.sha256(content).hexdigest()) == (
            file["name"],
            file["bytes"],
            file["sha256"],
        )
        assert file["rows"] == ROWS and (shell.directory / name).stat().st_mode & 0o077 == 0
        counts = shell("import", copy, name, "--on-existing", "update").expect(0).json["counts"]
        assert counts["unchanged" if before[1:] else "created"] == ROWS, counts
    assert accounts(admin, copy) == accounts(admin, app)


def test_an_export_takes_the_filters_of_a_job(shell, admin):
    app = create_app(admin, "Filters")
    for name in ("mina", "minseo", "jun"):
        admin.post(f"/v1/apps/{app}/accounts", {"user_id": name, "type": "general"}).expect(201)
    options = ["--user-id-prefix", "min", "--columns", '["user_id"]', "--format", "ndjson"]
    (file,) = shell("export", *options, app).expect(0).json["files"]
    lines = (shell.directory / file["name"]).read_text().splitlines()
    assert [json.loads(line) for line in lines] == [{"user_id": "mina"}, {"user_id": "minseo"}]


def test_an_export_replaces_no_file(shell, admin):
    app = create_app(admin, "Twice")
    (file,) = shell("export", app).expect(0).json["files"]
    (shell.directory / file["name"]).write_text("mine")
    second = shell("export", app).expect(0)
    other = file["name"].replace(".csv", " (1).csv")
    assert (shell.directory / file["name"]).read_text() == "mine"
    assert shell.files == sorted([file["name"], other]) and f"Saved {other}" in second.stderr


def test_rows_that_fail_are_in_the_report(shell, admin):
    app = create_app(admin, "Reports")
    (shell.directory / "people.csv").write_text("user_id,gender\nmina,female\njun,neither\n")
    finished = shell("import", app, "people.csv").expect(1)
    assert finished.json["counts"]["created"] == 1 and "rows failed: 1" in finished.stderr, f"{finished}"
    assert "user_id -> user_id" in finished.stderr, f"{finished}"
    (report,) = finished.json["files"]
    assert "jun" in (shell.directory / report["name"]).read_text() and accounts(admin, app).keys() == {"mina"}


def test_a_trial_writes_nothing(shell, admin):
    app = create_app(admin, "Trial")
    (shell.directory / "people.csv").write_text("user_id\nmina\n")
    columns = {"columns": [{"index": 0, "field": "user_id"}], "constants": {"nickname": "O'Neil"}}
    tried = shell("import", app, "people.csv", "--dry-run", "--mapping", json.dumps(columns)).expect(0)
    job = tried.json
    assert (job["status"], job["counts"]["created"]) == ("awaiting_start", 1) and accounts(admin, app) == {}
    (command,) = [line for line in tried.stderr.splitlines() if "start_job" in line]
    shell(*shlex.split(command.partition("rollcall ")[2])).expect(0)
    assert shell("jobs", app, job["job_id"]).expect(0).json["status"] == "succeeded"
    assert accounts(admin, app)["mina"]["nickname"] == "O'Neil"


def test_trials_of_a_bad_file_take_no_place(shell, admin):
    app = create_app(admin, "Mending")
    (shell.directory / "people.csv").write_text("user_id,gender\nmina,neither\n")
    for _ in range(6):
        shell("import", app, "people.csv", "--dry-run").expect(1)
    assert accounts(admin, app) == {}


def test_an_import_that_is_refused_leaves_no_job_waiting(shell, admin):
    app = create_app(admin, "Refused")
    (shell.directory / "people.csv").write_text("nickname\nMina\n")
    finished = shell("import", app, "people.csv").expect(1)
    assert "/mapping/columns" in finished.stderr and "is cancelled" in finished.stderr, f"{finished}"
    assert [job["status"] for job in admin.list_all(f"/v1/apps/{app}/jobs")] == ["cancelled"]


def test_a_mapping_is_used_for_the_preview_and_the_import(shell, admin):
    app = create_app(admin, "Mapped")
    (shell.directory / "people.csv").write_bytes("Kennung;Name\nmina;Jürg\n".encode("windows-1252"))
    columns = [{"index": 0, "field": "user_id"}, {"index": 1, "field": "nickname"}]
    mapping = ["--mapping", json.dumps({"columns": columns}), "--encoding", "windows-1252", "--delimiter", ";"]
    finished = shell("import", app, "people.csv", *mapping).expect(0)
    assert "Kennung -> user_id" in finished.stderr, f"{finished}"
    assert accounts(admin, app)["mina"]["nickname"] == "Jürg"


def test_jobs_are_listed_for_one_application_and_for_all(shell, admin):
    apps = [create_app(admin, f"Listed {number}") for number in range(2)]
    exported = [shell("export", app).expect(0).json["job_id"] for app in apps]
    ids = lambda *arguments: [job["job_id"] for job in shell("jobs", *arguments).expect(0).json["items"]]
    assert ids(apps[0]) == exported[:1]
    assert ids()[:2] == exported[::-1]
    assert ids(apps[1], "--kind", "export", "--status", "succeeded") == exported[1:]
    assert ids(apps[1], "--kind", "import") == []
    shell("jobs", APP).expect_problem("not_found")
    shell("jobs", APP, JOB).expect(1)


def test_a_job_that_somebody_cancels_ends_the_command(shell, admin):
    app = create_app(admin, "Cancelled")
    job = admin.post(f"/v1/apps/{app}/jobs", {"kind": "import"}).expect(201).json["job_id"]
    admin.delete(f"/v1/apps/{app}/jobs/{job}").expect(204)
    finished = shell("jobs", app, job).expect(1)
    assert finished.json["status"] == "cancelled" and "the job is cancelled" in finished.stderr


CONTENT = b'"user_id"\r\n"mina"\r\n'


def shown_job(server, **other):
    file = {
        "name": "a.csv",
        "bytes": len(CONTENT),
        "rows": 1,
        "sha256": hashlib.sha256(CONTENT).hexdigest(),
        "download_url": f"{server.url}/file?signature=secret",
    }
    job = {"job_id": JOB, "kind": "export", "status": "succeeded", "progress": {"done": 1, "total": 1}}
    return job | {"counts": {"failed": 0}, "files": [file | other.pop("file", {})], "error": None} | other


def export_from(shell_at, download, **other):
    """Exports from a server whose downloads are answered by `download`. Returns the end, the server and the files."""

    def reply(handler, request):
        if request.path.startswith("/file"):
            download(handler, request)
        else:
            answer(handler, 202 if request.method == "POST" else 200, shown_job(server, **other))

    with answering(reply) as server:
        shell = shell_at(server)
        finished = shell("export", APP)
    return finished, server, shell.files


def downloads(server):
    return [request for request in server.seen if request.path.startswith("/file")]


def begin_download(handler, content=CONTENT[:5]):
    """Announces the whole content, and sends this."""
    handler.send_response(200)
    handler.send_header("Content-Length", str(len(CONTENT)))
    handler.end_headers()
    handler.wfile.write(content)


def test_the_key_is_not_sent_with_a_link(shell_at):
    finished, server, files = export_from(shell_at, lambda handler, request: answer(handler, 200, CONTENT))
    finished.expect(0)
    assert files == ["a.csv"] and [request.headers["authorization"] for request in downloads(server)] == [None]


def test_a_download_that_breaks_off_is_begun_again(shell_at):
    def download(handler, request):
        begin_download(handler, CONTENT[:5] if len(downloads(handler.server)) < 3 else CONTENT)

    finished, server, files = export_from(shell_at, download)
    finished.expect(0)
    assert files == ["a.csv"] and len(downloads(server)) == 3


def test_a_download_that_always_breaks_off_leaves_no_file(shell_at):
    finished, _, files = export_from(shell_at, lambda handler, request: begin_download(handler))
    finished.expect(3)
    assert files == [] and f"rollcall jobs {APP} {JOB}" in finished.stderr and "secret" not in finished.stderr


@pytest.mark.parametrize("content", [CONTENT[:-1], CONTENT + b"x", CONTENT.replace(b"mina", b"mino"), b""])
def test_a_download_of_something_else_leaves_no_file(shell_at, content):
    finished, server, files = export_from(shell_at, lambda handler, request: answer(handler, 200, content))
    finished.expect(1)
    assert files == [] and "SHA-256" in finished.stderr and len(downloads(server)) == 1, f"{finished}"


@pytest.mark.parametrize("name", ["../a.csv", "/tmp/a.csv", "..", "", "a\nb.csv"])
def test_a_file_name_that_leads_elsewhere_is_refused(shell_at, name):
    finished, server, files = export_from(shell_at, None, file={"name": name})
    finished.expect(1)
    assert files == [] and "no plain name" in finished.stderr and downloads(server) == [], f"{finished}"


def test_a_link_in_plain_http_beyond_this_machine_is_refused(shell_at):
    finished, _, files = export_from(shell_at, None, file={"download_url": "http://192.0.2.1/file"})
    finished.expect(1)
    assert files == [] and "not encrypted" in finished.stderr, f"{finished}"


def test_a_job_that_fails_says_why(shell_at):
    error = {"code": "forbidden", "detail": "The right is gone."}
    finished, _, files = export_from(shell_at, None, status="failed", error=error, files=[])
    finished.expect(1)
    assert finished.json["status"] == "failed" and "forbidden: The right is gone." in finished.stderr and files == []


def test_a_server_that_goes_away_leaves_the_job_to_be_followed(shell_at):
    def reply(handler, request):
        if request.method == "POST":
            answer(handler, 202, shown_job(server, status="queued"))

    with answering(reply) as server:
        finished = shell_at(server)("export", APP).expect(3)
    assert f"rollcall jobs {APP} {JOB}" in finished.stderr, f"{finished}"


def interrupt(shell_at, reply, *arguments):
    """Presses Ctrl-C as soon as `reply` sets the event that it gets."""
    reached = threading.Event()
    with answering(lambda handler, request: reply(server, handler, request, reached)) as server:
        shell = shell_at(server)
        (shell.directory / "people.csv").write_text("user_id\nmina\n")
        process = shell.start(*arguments)
        assert reached.wait(SECONDS), "the request did not come"
        process.send_signal(signal.SIGINT)
        return shell.finish(process), server, shell.files


def stop_here(handler, reached):
    """Answers nothing more, until the client closes the connection."""
    handler.wfile.flush()
    reached.set()
    handler.rfile.read(1)


def test_an_interrupted_export_says_how_to_go_on(shell_at):
    def reply(server, handler, request, reached):
        answer(handler, 202 if request.method == "POST" else 200, shown_job(server, status="running"))
        if request.method == "GET":
            reached.set()

    finished, _, _ = interrupt(shell_at, reply, "export", APP)
    finished.expect(130)
    assert f"rollcall jobs {APP} {JOB}" in finished.stderr and finished.out == b"", f"{finished}"


def test_an_interrupted_download_leaves_no_file(shell_at):
    def reply(server, handler, request, reached):
        if request.path.startswith("/file"):
            begin_download(handler)
            stop_here(handler, reached)
        else:
            answer(handler, 202 if request.method == "POST" else 200, shown_job(server))

    finished, _, files = interrupt(shell_at, reply, "export", APP)
    finished.expect(130)
    assert files == ["people.csv"] and f"rollcall jobs {APP} {JOB}" in finished.stderr, f"{finished}"


def test_an_interrupted_upload_cancels_the_job(shell_at):
    def reply(server, handler, request, reached):
        link = {"url": f"{server.url}/upload", "method": "PUT", "headers": {}, "max_bytes": 1000}
        match request.method:
            case "PUT":
                stop_here(handler, reached)
            case "DELETE":
                answer(handler, 204)
            case _:
                answer(handler, 201, shown_job(server, status="awaiting_upload", upload=link))

    finished, server, _ = interrupt(shell_at, reply, "import", APP, "people.csv")
    finished.expect(130)
    assert f"The job {JOB} is cancelled" in finished.stderr, f"{finished}"
    last = server.seen[-1]
    assert (last.method, last.path) == ("DELETE", f"/v1/apps/{APP}/jobs/{JOB}")
