"""The codes that people read somewhere and type: in a mail, in a picture, on an authenticator."""

import io
import re
import time
from datetime import UTC, datetime

import pyotp
import resvg_py
import zxingcpp
from PIL import Image

STEP_SECONDS = 30


class Authenticator:
    """An authenticator that knows nothing but the `otpauth:` address it was shown, and what time it is."""

    def __init__(self, address, now=time.time):
        self.totp, self.now, self.shown = pyotp.parse_uri(address), now, 0

    def code(self):
        """A code that it has not shown before.

        The first and the next one are good for another 15 seconds, by a clock that is 15 seconds off, too; a third one
        takes a clock that has moved on.
        """
        self.shown = max(self.shown + 1, step(self.now() + STEP_SECONDS / 2) - 1)
        return self.at(self.shown)

    def at(self, step):
        """The code of this step."""
        return self.totp.at(datetime.fromtimestamp(step * STEP_SECONDS, UTC))


def step(seconds):
    """The step that a moment lies in."""
    return int(seconds // STEP_SECONDS)


def scanned(svg):
    """What a reader of QR codes sees in a picture that is shown on a white page."""
    png = resvg_py.svg_to_bytes(svg_string=svg, width=600, background="white", skip_system_fonts=True)
    (found,) = zxingcpp.read_barcodes(Image.open(io.BytesIO(bytes(png))).convert("L"))
    assert "QR" in str(found.format), f"{found.format} is another kind of code"
    return found.text


def mailed_code(text):
    """The code of a mail, or nothing: 8 digits on a line of their own, as no other number of 8 digits stands."""
    numbers = re.findall(r"^\s*(\d{8})\s*$", text, re.MULTILINE)
    assert len(numbers) <= 1, f"which one is the code?\n{text}"
    return numbers[0] if numbers else None


def other_than(code):
    """A wrong code that looks like the right one."""
    return f"{(int(code) + 1) % 10 ** len(code):0{len(code)}}"
