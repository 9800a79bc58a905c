"""Accounts that look like those of a chat product, the same ones every time: bodies for `POST …/accounts`.

people.py [COUNT]      prints them, one JSON object a line
"""

import json
import random
import sys

SYMBOLS = "!$&'()*+,;=:@._~-"
ADMINS = 7
MAX_ADMINS = 10
TEXT_BYTES = 500
MAX_U32 = 2**32 - 1

NAMES = [
    "王小明",
    "欧阳娜娜",
    "陳怡君",
    "𠮷野家",
    "김민지",
    "박서준",
    "최유나",
    "محمد علي",
    "فاطمة الزهراء",
    "نور\u200cالدین",
    "Zoë Brønsted",
    "Jose\u0301 Nu\u0301n\u0303ez",
    "Nguyễn Thị Ánh",
    "Z\u0351\u036b\u0343a\u0329lgo",
    "ऋषि शर्मा",
    "สมชาย ใจดี",
    "Владимир Шишкин",
    "さくら 🌸",
    "👩\u200d👩\u200d👧\u200d👦 Lee",
    "👨🏽\u200d🚀 Tariq",
    "🏳️\u200d🌈 Robin",
    "👍🏿",
    "❤️\u200d🔥",
    "🇰🇷 서울",
    'O\'Neill "Mac", Jr.',
    "a;b\\c|d",
    "<b>bold</b>&amp;",
    "  spaces around  ",
    "\u202eabc",
    "_x0041_ is no A",
    "line\u2028separator",
    "null",
    "true",
    "007",
    "1e5",
    "2026-11-20",
    "00123",
    "#N/A",
    "\ufeffmark",
    "end\ufffe",
]

# Texts that a spreadsheet would evaluate or strip.
FORMULAS = [
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "'quoted",
    '=HYPERLINK("http://a.example","x")',
    "=cmd|' /C calc'!A0",
    "＝1+1",
    "＋1",
    "－1",
    "＠SUM(A1)",
    "+82 10-1234-5678",
    "-",
    "=",
    "''",
    "'=1+1",
    "x;=1+1",
    "x,=1+1",
    "x|=1+1",
    'x;"=1+1',
    "x;'=1+1",
]

PLACES = [
    "Busan",
    "부산",
    "上海",
    "دبي",
    "São Paulo",
    "Reykjavík",
    "=A1",
    "Nullarbor, AU",
    "@home",
    '北京 "三里屯", 1号',
]

LINES = [
    "On deck until six",
    "在海边 🏖️\n明天回来",
    "=1+1\nsecond line",
    "\n=1+1 after a line feed",
    "ends with a line feed\n",
    "한 줄\n두 줄\n세 줄",
    '"quoted",\n"twice"',
    "-- \nsignature",
    "مرحبا\nبالعالم",
    "\n",
]

# Texts of exactly 500 bytes.
FULL = [
    "王" * 166 + "ab",
    "é" * 250,
    "👩\u200d👩\u200d👧\u200d👦" * 20,
    "e\u0301" * 166 + "ab",
    "😀" * 125,
    "x" * 500,
    "=" + "1" * 499,
    '"' * 500,
    "&" * 500,
    "ن" * 250,
]

# Ids with a special meaning in a path, a query, a spreadsheet or a case-insensitive key.
STRANGE_IDS = [
    *(symbol for symbol in SYMBOLS if symbol != "."),
    SYMBOLS,
    "...",
    "..a",
    "a..",
    ".a",
    "a.",
    "-._~",
    "~",
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "'quoted",
    "a+b",
    "a-b",
    "a&b=c",
    "a;b",
    "a,b",
    "user:42",
    "mina@example.com",
    "Mina",
    "mina",
    "MINA",
    "admin",
    "export",
    "accounts",
    "null",
    "true",
    "0",
    "00",
    "a" * 32,
    "Z" * 32,
    "!" * 32,
    "~" * 32,
    "$ne",
    "(a)",
    "*",
    "**",
    "A:B",
    "a=",
    "=a",
]

DEFAULTS = {
    "nickname": None,
    "photo_url": None,
    "gender": "unknown",
    "birth_date": None,
    "location": None,
    "whats_up": None,
    "friend_verification": "need_confirm",
    "language": 0,
    "message_settings": 0,
    "friending": "allowed",
    "level": 0,
    "role": 0,
}


def account_bodies(count=2_000):
    """The bodies in the order in which tests send them. Those with strange ids come first."""
    rng = random.Random(20_261_120)
    ids = list(dict.fromkeys(STRANGE_IDS))
    assert count > 2 * len(ids), "too few accounts to include every special case"
    taken = set(ids)
    while len(ids) < count:
        user_id = ordinary_id(rng)
        if user_id not in taken:
            taken.add(user_id)
            ids.append(user_id)
    bodies = [account_body(rng, index, user_id) for index, user_id in enumerate(ids)]
    for body in bodies[3 :: count // ADMINS][:ADMINS]:
        body["type"] = "admin"
    return bodies


def ordinary_id(rng):
    stem = "".join(
        rng.choice("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") for _ in range(rng.randint(3, 14))
    )
    return stem + rng.choice(SYMBOLS) + str(rng.randrange(10 ** rng.randint(1, 8)))


def account_body(rng, index, user_id):
    """A body with some fields missing, empty or null."""
    sometimes = {
        "nickname": lambda: rng.choice([pick(NAMES, index), pick(FORMULAS, index), f"{pick(NAMES, index)} {index}"]),
        "photo_url": lambda: f"https://img.example.com/p/{index}.png?size=64&v={rng.randrange(9)}#face",
        "gender": lambda: rng.choice(["unknown", "female", "male", None]),
        "birth_date": lambda: f"{rng.randint(1900, 2012)}-{rng.randint(1, 12):02}-{rng.randint(1, 28):02}",
        "location": lambda: rng.choice([pick(PLACES, index), "", None]),
        "whats_up": lambda: rng.choice([pick(LINES, index), pick(FORMULAS, index), ""]),
        "friend_verification": lambda: rng.choice(["need_confirm", "allow_any", "deny_any"]),
        "language": lambda: rng.choice([0, 1, MAX_U32, rng.randint(0, MAX_U32), None]),
        "message_settings": lambda: rng.choice([0, 1, MAX_U32]),
        "friending": lambda: rng.choice(["allowed", "forbidden"]),
        "level": lambda: rng.choice([0, 60, MAX_U32]),
        "role": lambda: rng.choice([0, 3, MAX_U32]),
    }
    body = {"user_id": user_id, "type": "general"}
    body |= {field: value() for field, value in sometimes.items() if rng.random() < 0.7}
    special = {
        1: {
            "nickname": pick(FULL, index // 8),
            "location": pick(FULL, index // 8 + 3),
            "whats_up": pick(FULL, index // 8 + 5),
        },
        2: {"nickname": pick(FORMULAS, index // 8), "whats_up": pick(LINES, index // 8)},
        3: {"nickname": pick(NAMES, index // 8), "location": pick(FORMULAS, index // 8)},
        4: {"photo_url": ("https://예시.kr/사진/" + "p" * TEXT_BYTES)[: TEXT_BYTES - 8], "birth_date": "1900-01-01"},
        5: {"photo_url": None, "birth_date": "2024-02-29"},
    }
    return body | special.get(index % 8, {})


def pick(values, index):
    return values[index % len(values)]


def expected_account(body):
    """The account as the API returns it, without its timestamps and its version."""
    absent = {field for field, value in body.items() if value is None or value == ""}
    return DEFAULTS | {field: value for field, value in body.items() if field not in absent}


if __name__ == "__main__":
    for body in account_bodies(*map(int, sys.argv[1:])):
        print(json.dumps(body, ensure_ascii=False))
