"""Mails as they leave: sent to a mail server, kept in its Maildir, read there as a mail client would."""

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

from codes import mailed_code
from letters import HOUR, MINUTE, advance, shape
from mails import DELIVERY_SECONDS, begin, complete, until
from server import PASSWORD as ADMIN_PASSWORD
from users import PASSWORD

MINA, ZOE = "mina@example.com", "zoe@example.com"
HANGUL = re.compile("[가-힣]")


class PostOffice(Mailbox):
    """A mail server that takes every mail, but for the answers it is told to give to some recipients."""

    def __init__(self, directory):
        super().__init__(directory)
        self.answers, self.recipients, self.sent = {}, [], []

    async def handle_RCPT(self, server, session, envelope, address, rcpt_options):
        self.recipients.append(address)
        if address in self.answers:
            return self.answers[address]
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(rcpt_options)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        self.sent.append(envelope.original_content)
        return await super().handle_DATA(server, session, envelope)

    def letters(self, address):
        """The mails to this address, by the standard library's word."""
        parse = lambda file: email.message_from_binary_file(file, policy=policy.default)
        return [letter for letter in mailbox.Maildir(self.mail_dir, factory=parse) if letter["X-RcptTo"] == address]

    def letter(self, address):
        """The only mail to this address, once it has come."""
        (letter,) = until(f"letter to {address}", lambda: self.letters(address), DELIVERY_SECONDS)
        return letter


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as free:
        return free.getsockname()[1]


@pytest.fixture
def office(tmp_path):
    return PostOffice(tmp_path / "maildir")


@pytest.fixture
def smtp(office):
    """The office's door, not yet open."""
    controller = Controller(office, hostname="127.0.0.1", port=free_port())
    yield controller
    if controller.server:
        controller.stop()


@pytest.fixture
def client(start, smtp):
    """A server that sends its mails to the office, which is open."""
    smtp.start()
    return start_with(start, smtp.port).client


def start_with(start, port):
    return start("--memory", "--test-clock", "--smtp", f"smtp://127.0.0.1:{port}", password=ADMIN_PASSWORD)


def text_of(letter, kind="plain"):
    return letter.get_body(preferencelist=(kind,)).get_content()


def test_a_stranger_registers_by_a_letter(client, office):
    begun = begin(client, MINA)
    code = mailed_code(text_of(office.letter(MINA)))
    complete(client, begun, code, "mina").is_(201)
    client.sign_in(PASSWORD, "mina")


def test_a_letter_is_what_a_mail_client_expects(client, office):
    begin(client, MINA)
    letter = office.letter(MINA)
    assert [address.addr_spec for address in letter["to"].addresses] == [MINA]
    (sender,) = letter["from"].addresses
    assert sender.username and sender.domain and letter["subject"]
    assert abs(letter["date"].datetime - datetime.now(UTC)) < timedelta(minutes=5)
    assert re.fullmatch(r"<[^<>@\s]+@[^<>@\s]+>", letter["message-id"].strip())
    assert letter["mime-version"] == "1.0" and letter.get_content_type() == "multipart/alternative"
    parts = [part for part in letter.walk() if not part.is_multipart()]
    assert [part.get_content_type() for part in parts] == ["text/plain", "text/html"], "the best one last"
    for part in [letter, *parts]:
        assert part.defects == [] and all(not header.defects for _, header in part.items()), f"{part.defects}"
    assert {part.get_content_charset() for part in parts} == {"utf-8"}
    code = mailed_code(text_of(letter))
    assert code and code in text_of(letter, "html")
    for name in ("to", "from", "subject", "date", "message-id", "mime-version"):
        assert len(letter.get_all(name)) == 1, name


def test_a_letter_keeps_the_rules_of_the_wire(client, office):
    for number, language in enumerate(("en", "ko")):
        begin(client.having(accept_language=language), f"wire-{number}@example.com")
        office.letter(f"wire-{number}@example.com")
    assert len(office.sent) == 2
    for sent in office.sent:
        assert not re.search(rb"(?<!\r)\n|\r(?!\n)|\0", sent), "lines end by CR and LF, which stand nowhere else"
        assert max(map(len, sent.split(b"\r\n"))) <= 998
        head, _, _ = sent.partition(b"\r\n\r\n")
        assert head.isascii()
    ids = [re.search(rb"(?im)^message-id:\s*(\S+)", sent)[1] for sent in office.sent]
    assert len({*ids}) == 2


class Page(html.parser.HTMLParser):
    """What a mail client's page would load or run."""

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


def test_the_page_of_a_letter_loads_and_runs_nothing(client, office):
    begin(client, MINA)
    letter = office.letter(MINA)
    page = Page(text_of(letter, "html"))
    assert page.addresses == [] and not {*page.tags} & {"script", "img", "iframe", "link", "form", "object"}
    assert mailed_code(text_of(letter)) in page.words


def test_a_letter_speaks_the_language_of_who_asks(client, office):
    english = [None, "en-US,en;q=0.9,ko;q=0.8", "fr", "*", "kok", "ko;q=0", "", ";;,=q"]
    korean = ["ko", "KO", "ko-KR,ko;q=0.9,en-US;q=0.8,en;q=0.7", "en;q=0.5, ko"]
    for number, header in enumerate(english + korean):
        address = f"speaker-{number}@example.com"
        begin(client.having(accept_language=header) if header is not None else client, address)
        letter = office.letter(address)
        assert mailed_code(text_of(letter)), header
        for text in (letter["subject"], text_of(letter), text_of(letter, "html")):
            assert bool(HANGUL.search(text)) == (header in korean), f"{header}: {text}"


def test_a_letter_goes_to_the_address_as_its_owner_spells_it(client, office):
    begin(client, "Mina.O'Hara+Club@Example.com")
    until("letter", lambda: office.sent, DELIVERY_SECONDS)
    (recipient,) = office.recipients
    assert recipient in ("Mina.O'Hara+Club@Example.com", "Mina.O'Hara+Club@example.com"), "a domain has no case"
    begin(client, "mina@예시.kr")
    until("letter", lambda: len(office.sent) == 2, DELIVERY_SECONDS)
    local, _, domain = office.recipients[-1].partition("@")
    assert (local, domain.encode("idna")) == ("mina", "예시.kr".encode("idna"))


def test_an_address_that_would_be_more_than_one_gets_nothing(client, office):
    for tail in (f"\r\nBcc: {ZOE}", f"\nRCPT TO:<{ZOE}>", f", {ZOE}", f"> {ZOE} <", "\r\n.\r\n", "%0d%0a", "\0"):
        client.post("/v1/registrations", {"email": MINA + tail}).violates(("/email", "bad_format"))
    begin(client, "last@example.com")
    office.letter("last@example.com")
    assert office.recipients == ["last@example.com"]


def test_what_a_device_calls_itself_adds_nothing_to_its_letter(client, office):
    begun = begin(client, MINA)
    complete(client, begun, mailed_code(text_of(office.letter(MINA))), "mina").is_(201)
    named = client.having(user_agent=f"<script>alert(1)</script>\tBcc: {ZOE}")
    named.post("/v1/login", {"login": "mina", "password": PASSWORD}).is_(200)
    letters = until("notice", lambda: len(found := office.letters(MINA)) == 2 and found, DELIVERY_SECONDS)
    for letter in letters:
        assert "script" not in Page(text_of(letter, "html")).tags and letter["bcc"] is None
    assert {*office.recipients} == {MINA}


def clean_up(client):
    return client.post("/_local/cleanup").is_(200)


def soon(found):
    """Whether it is found within a second."""
    deadline = time.monotonic() + 1
    while not found() and time.monotonic() < deadline:
        time.sleep(0.01)
    return found()


def drive(client, found):
    """Lets an hour pass, minute by minute, with the schedule, until it is found."""
    for _ in range(60):
        advance(client, MINUTE)
        clean_up(client)
        if soon(found):
            return
    raise AssertionError("an hour has passed in vain")


def let_time_pass(client, office):
    """Gives everything that might still be tried again its time: the minutes that a code lives, then hours."""
    for number, seconds in enumerate([MINUTE] * 9 + [HOUR] * 5):
        advance(client, seconds)
        clean_up(client)
        # What comes by now was asked for later than what does not.
        begin(client, f"later-{number}@example.org")
        office.letter(f"later-{number}@example.org")


def test_a_rejected_recipient_is_told_to_nobody_and_not_tried_again(client, office):
    office.answers[MINA] = "550 5.1.1 no such user here"
    rejected, accepted = (client.post("/v1/registrations", {"email": address}).is_(202) for address in (MINA, ZOE))
    assert shape(rejected) == shape(accepted)
    office.letter(ZOE)
    let_time_pass(client, office)
    assert office.recipients.count(MINA) == 1 and office.letters(MINA) == []


@pytest.mark.parametrize("answer", ["451 4.3.0 try again later", "421 4.3.2 going down"])
def test_who_is_told_to_come_back_comes_back_and_delivers_once(client, office, answer):
    office.answers[MINA] = answer
    begun = begin(client, MINA)
    until("first try", lambda: MINA in office.recipients, DELIVERY_SECONDS)
    assert office.letters(MINA) == []
    del office.answers[MINA]
    drive(client, lambda: office.letters(MINA))
    complete(client, begun, mailed_code(text_of(office.letter(MINA))), "mina").is_(201)
    let_time_pass(client, office)
    assert len(office.letters(MINA)) == 1 and office.recipients.count(MINA) == 2


def test_an_office_that_slams_its_door_is_tried_again_and_nobody_waits_for_it(start, smtp, office):
    with socket.create_server(("127.0.0.1", smtp.port)) as door:
        client = start_with(start, smtp.port).client
        begun = begin(client, MINA)
        door.settimeout(DELIVERY_SECONDS)
        door.accept()[0].close()
        assert begin(client, MINA) == begun
    smtp.start()
    drive(client, lambda: office.letters(MINA))
    let_time_pass(client, office)
    assert len(office.letters(MINA)) == 1


def test_an_office_that_is_closed_keeps_nobody_waiting(start, smtp, office):
    client = start_with(start, smtp.port).client
    assert begin(client, MINA) == begin(client, MINA)
    # By the next try the office is open; should it have been quick, by the first.
    smtp.start()
    drive(client, lambda: office.letters(MINA))


def test_an_office_that_says_nothing_keeps_nobody_waiting(start):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        client = start_with(start, silent.getsockname()[1]).client
        for address in (MINA, ZOE):
            began = time.monotonic()
            begin(client, address)
            assert time.monotonic() - began < 5
        client.get("/healthz").is_(200)


@pytest.mark.parametrize("address", ["127.0.0.1:25", "http://127.0.0.1:25", "smtp://127.0.0.1:port"])
def test_what_is_no_mail_server_is_told_so_at_the_start(launch, address):
    server = launch("--listen", "127.0.0.1:0", "--memory", "--smtp", address)
    assert server.process.wait(5) > 0, f"{server}"
    assert "panicked" not in server.complained and "smtp" in server.complained.lower(), f"{server}"
