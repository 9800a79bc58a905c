"""Mail as a mail server receives it by SMTP, parsed like a mail client does."""

import email
import html.parser
import mailbox
import re
import socket
import time
from datetime import UTC, datetime, timedelta
from email import policy

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Mailbox

from client import shape
from clock import HOUR, MINUTE, advance, run_cleanup
from codes import mailed_code
from mails import DELIVERY_SECONDS, begin_registration, complete_registration, wait_until
from server import PASSWORD as ADMIN_PASSWORD
from server import free_port
from users import PASSWORD

MINA, ZOE = "mina@example.com", "zoe@example.com"
HANGUL = re.compile("[가-힣]")


class SmtpHandler(Mailbox):
    """Accepts all mail, except for recipients with a configured SMTP reply."""

    def __init__(self, directory):
        super().__init__(directory)
        self.replies, self.recipients, self.sent = {}, [], []

    async def handle_RCPT(self, server, session, envelope, address, rcpt_options):
        self.recipients.append(address)
        if address in self.replies:
            return self.replies[address]
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(rcpt_options)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        self.sent.append(envelope.original_content)
        return await super().handle_DATA(server, session, envelope)

    def messages(self, address):
        """The messages to an address, parsed by the standard library."""
        parse = lambda file: email.message_from_binary_file(file, policy=policy.default)
        return [message for message in mailbox.Maildir(self.mail_dir, factory=parse) if message["X-RcptTo"] == address]

    def message(self, address):
        """Waits for the only message to an address."""
        (message,) = wait_until(f"message to {address}", lambda: self.messages(address), DELIVERY_SECONDS)
        return message


@pytest.fixture
def mail_server(tmp_path):
    return SmtpHandler(tmp_path / "maildir")


@pytest.fixture
def smtp(mail_server):
    """The SMTP listener of the mail server, not yet started."""
    controller = Controller(mail_server, hostname="127.0.0.1", port=free_port())
    yield controller
    if controller.server:
        controller.stop()


@pytest.fixture
def client(start, smtp):
    """A client of a Rollcall server that sends to the running mail server."""
    smtp.start()
    return start_with_smtp(start, smtp.port).client


def start_with_smtp(start, port):
    return start("--memory", "--test-clock", "--smtp", f"smtp://127.0.0.1:{port}", password=ADMIN_PASSWORD)


def text_of(message, kind="plain"):
    return message.get_body(preferencelist=(kind,)).get_content()


def test_a_user_registers_with_a_code_sent_by_smtp(client, mail_server):
    flow = begin_registration(client, MINA)
    code = mailed_code(text_of(mail_server.message(MINA)))
    complete_registration(client, flow, code, "mina").expect(201)
    client.sign_in(PASSWORD, "mina")


def test_a_message_has_the_headers_and_parts_that_mail_clients_expect(client, mail_server):
    begin_registration(client, MINA)
    message = mail_server.message(MINA)
    assert [address.addr_spec for address in message["to"].addresses] == [MINA]
    (sender,) = message["from"].addresses
    assert sender.username and sender.domain and message["subject"]
    assert abs(message["date"].datetime - datetime.now(UTC)) < timedelta(minutes=5)
    assert re.fullmatch(r"<[^<>@\s]+@[^<>@\s]+>", message["message-id"].strip())
    assert message["mime-version"] == "1.0" and message.get_content_type() == "multipart/alternative"
    parts = [part for part in message.walk() if not part.is_multipart()]
    assert [part.get_content_type() for part in parts] == ["text/plain", "text/html"], "the preferred part is last"
    for part in [message, *parts]:
        assert part.defects == [] and all(not header.defects for _, header in part.items()), f"{part.defects}"
    assert {part.get_content_charset() for part in parts} == {"utf-8"}
    code = mailed_code(text_of(message))
    assert code and code in text_of(message, "html")
    for name in ("to", "from", "subject", "date", "message-id", "mime-version"):
        assert len(message.get_all(name)) == 1, name


def test_a_message_obeys_the_line_rules_of_smtp(client, mail_server):
    for number, language in enumerate(("en", "ko")):
        begin_registration(client.with_headers(accept_language=language), f"wire-{number}@example.com")
        mail_server.message(f"wire-{number}@example.com")
    assert len(mail_server.sent) == 2
    for sent in mail_server.sent:
        assert not re.search(rb"(?<!\r)\n|\r(?!\n)|\0", sent), "CR and LF occur only together, at line ends"
        assert max(map(len, sent.split(b"\r\n"))) <= 998
        head, _, _ = sent.partition(b"\r\n\r\n")
        assert head.isascii()
    ids = [re.search(rb"(?im)^message-id:\s*(\S+)", sent)[1] for sent in mail_server.sent]
    assert len({*ids}) == 2


class Page(html.parser.HTMLParser):
    """Collects what an HTML part would load or run."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.addresses, self.words = [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.addresses += [value for name, value in attributes if name in ("src", "srcset", "background", "action")]
        assert not any(name.startswith("on") for name, _ in attributes), f"{tag} {attributes}"

    def handle_data(self, data):
        self.words += data.split()


def test_the_html_part_loads_and_runs_nothing(client, mail_server):
    begin_registration(client, MINA)
    message = mail_server.message(MINA)
    page = Page(text_of(message, "html"))
    assert page.addresses == [] and not {*page.tags} & {"script", "img", "iframe", "link", "form", "object"}
    assert mailed_code(text_of(message)) in page.words


def test_a_message_is_in_the_language_of_the_request(client, mail_server):
    english = [None, "en-US,en;q=0.9,ko;q=0.8", "fr", "*", "kok", "ko;q=0", "", ";;,=q"]
    korean = ["ko", "KO", "ko-KR,ko;q=0.9,en-US;q=0.8,en;q=0.7", "en;q=0.5, ko"]
    for number, header in enumerate(english + korean):
        address = f"reader-{number}@example.com"
        begin_registration(client.with_headers(accept_language=header) if header is not None else client, address)
        message = mail_server.message(address)
        assert mailed_code(text_of(message)), header
        for text in (message["subject"], text_of(message), text_of(message, "html")):
            assert bool(HANGUL.search(text)) == (header in korean), f"{header}: {text}"


def test_a_message_is_sent_to_the_address_as_it_was_entered(client, mail_server):
    begin_registration(client, "Mina.O'Hara+Club@Example.com")
    wait_until("message", lambda: mail_server.sent, DELIVERY_SECONDS)
    (recipient,) = mail_server.recipients
    assert recipient in ("Mina.O'Hara+Club@Example.com", "Mina.O'Hara+Club@example.com"), (
        "only the case of the domain may change"
    )
    begin_registration(client, "mina@예시.kr")
    wait_until("message", lambda: len(mail_server.sent) == 2, DELIVERY_SECONDS)
    local, _, domain = mail_server.recipients[-1].partition("@")
    assert (local, domain.encode("idna")) == ("mina", "예시.kr".encode("idna"))


def test_an_address_cannot_inject_recipients(client, mail_server):
    for tail in (f"\r\nBcc: {ZOE}", f"\nRCPT TO:<{ZOE}>", f", {ZOE}", f"> {ZOE} <", "\r\n.\r\n", "%0d%0a", "\0"):
        client.post("/v1/registrations", {"email": MINA + tail}).expect_violations(("/email", "bad_format"))
    begin_registration(client, "last@example.com")
    mail_server.message("last@example.com")
    assert mail_server.recipients == ["last@example.com"]


def test_the_name_of_a_device_cannot_inject_headers_or_markup(client, mail_server):
    flow = begin_registration(client, MINA)
    complete_registration(client, flow, mailed_code(text_of(mail_server.message(MINA))), "mina").expect(201)
    named = client.with_headers(user_agent=f"<script>alert(1)</script>\tBcc: {ZOE}")
    for device in (client, named):  # The first sign-in is no news.
        device.post("/v1/login", {"login": "mina", "password": PASSWORD}).expect(200)
    messages = wait_until("notice", lambda: len(found := mail_server.messages(MINA)) == 2 and found, DELIVERY_SECONDS)
    for message in messages:
        assert "script" not in Page(text_of(message, "html")).tags and message["bcc"] is None
    assert {*mail_server.recipients} == {MINA}


def appears_within_a_second(found):
    deadline = time.monotonic() + 1
    while not found() and time.monotonic() < deadline:
        time.sleep(0.01)
    return found()


def run_cleanups_until(client, found):
    """Advances the clock by minutes and runs the cleanup, for at most an hour, until the condition holds."""
    for _ in range(60):
        advance(client, MINUTE)
        run_cleanup(client)
        if appears_within_a_second(found):
            return
    raise AssertionError("the condition did not hold within an hour")


def run_all_retries(client, mail_server):
    """Advances the clock far enough for every possible retry: the lifetime of a code, then some hours."""
    for number, seconds in enumerate([MINUTE] * 9 + [HOUR] * 5):
        advance(client, seconds)
        run_cleanup(client)
        # Mail is sent in order, so when this message arrives, no earlier one is pending.
        begin_registration(client, f"later-{number}@example.org")
        mail_server.message(f"later-{number}@example.org")


def test_a_rejected_recipient_is_not_revealed_and_not_retried(client, mail_server):
    mail_server.replies[MINA] = "550 5.1.1 no such user here"
    rejected, accepted = (client.post("/v1/registrations", {"email": address}).expect(202) for address in (MINA, ZOE))
    assert shape(rejected) == shape(accepted)
    mail_server.message(ZOE)
    run_all_retries(client, mail_server)
    assert mail_server.recipients.count(MINA) == 1 and mail_server.messages(MINA) == []


@pytest.mark.parametrize("smtp_reply", ["451 4.3.0 try again later", "421 4.3.2 going down"])
def test_a_temporary_error_is_retried_and_the_message_is_delivered_once(client, mail_server, smtp_reply):
    mail_server.replies[MINA] = smtp_reply
    flow = begin_registration(client, MINA)
    wait_until("first try", lambda: MINA in mail_server.recipients, DELIVERY_SECONDS)
    assert mail_server.messages(MINA) == []
    del mail_server.replies[MINA]
    run_cleanups_until(client, lambda: mail_server.messages(MINA))
    complete_registration(client, flow, mailed_code(text_of(mail_server.message(MINA))), "mina").expect(201)
    run_all_retries(client, mail_server)
    assert len(mail_server.messages(MINA)) == 1 and mail_server.recipients.count(MINA) == 2


def test_a_dropped_connection_is_retried_and_does_not_delay_requests(start, smtp, mail_server):
    with socket.create_server(("127.0.0.1", smtp.port)) as listener:
        client = start_with_smtp(start, smtp.port).client
        begin_registration(client, MINA)
        listener.settimeout(DELIVERY_SECONDS)
        listener.accept()[0].close()
        begin_registration(client, ZOE)
    smtp.start()
    run_cleanups_until(client, lambda: mail_server.messages(MINA))
    run_all_retries(client, mail_server)
    assert len(mail_server.messages(MINA)) == 1


def test_an_unreachable_mail_server_does_not_delay_requests(start, smtp, mail_server):
    client = start_with_smtp(start, smtp.port).client
    begin_registration(client, MINA)
    # The mail server now accepts the retry, or already the first attempt.
    smtp.start()
    run_cleanups_until(client, lambda: mail_server.messages(MINA))


def test_a_silent_mail_server_does_not_delay_requests(start):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        client = start_with_smtp(start, silent.getsockname()[1]).client
        for address in (MINA, ZOE):
            began = time.monotonic()
            begin_registration(client, address)
            assert time.monotonic() - began < 5
        client.get("/healthz").expect(200)


@pytest.mark.parametrize("address", ["127.0.0.1:25", "http://127.0.0.1:25", "smtp://127.0.0.1:port"])
def test_an_invalid_smtp_address_fails_the_start(launch, address):
    server = launch("--listen", "127.0.0.1:0", "--memory", "--smtp", address)
    assert server.process.wait(5) > 0, f"{server}"
    assert "panicked" not in server.stderr and "smtp" in server.stderr.lower(), f"{server}"
