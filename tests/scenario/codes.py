"""Reads the codes that users type: mailed codes, QR codes and TOTP codes."""

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
    """A TOTP authenticator. It knows only the `otpauth:` URI and the time."""

    def __init__(self, uri, now=time.time):
        self.totp, self.now, self.last_step = pyotp.parse_uri(uri), now, 0

    def code(self):
        """A code that was not returned before.

        Two consecutive codes are valid for at least 15 seconds, even if the clock is 15 seconds off. A third code is
        valid only after the clock has moved on.
        """
        self.last_step = max(self.last_step + 1, step(self.now() + STEP_SECONDS / 2) - 1)
        return self.at(self.last_step)

    def at(self, step):
        """The code of a step."""
        return self.totp.at(datetime.fromtimestamp(step * STEP_SECONDS, UTC))


def step(seconds):
    """The step that contains a Unix time."""
    return int(seconds // STEP_SECONDS)


def read_qr_code(svg):
    """Decodes a QR code that is displayed on a white page."""
    png = resvg_py.svg_to_bytes(svg_string=svg, width=600, background="white", skip_system_fonts=True)
    image = Image.open(io.BytesIO(bytes(png))).convert("L")
    # Only QR codes: with all formats, others are sometimes found by chance in its squares.
    (found,) = zxingcpp.read_barcodes(image, formats=zxingcpp.BarcodeFormat.QRCode)
    return found.text


def mailed_code(text):
    """The code of a mail: the only line that consists of 8 digits. None if there is no such line."""
    numbers = re.findall(r"^\s*(\d{8})\s*$", text, re.MULTILINE)
    assert len(numbers) <= 1, f"more than one code:\n{text}"
    return numbers[0] if numbers else None


def wrong_code(code):
    """A well-formed code that differs from this one."""
    return f"{(int(code) + 1) % 10 ** len(code):0{len(code)}}"
