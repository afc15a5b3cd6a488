"""A file to be read, with the names under which its pages are stored."""

from __future__ import annotations

from dataclasses import dataclass
from typing import BinaryIO

# One page is one value in the server, which holds at most 256 MB; a text this long is a dump, not a document.
MOST_BYTES = 64 * 1024 * 1024


# How files of other kinds begin. Some of them are text to look at: a PDF may be ASCII, and RTF and PostScript are.
_OTHER_KINDS = {
    b"%PDF-": "a PDF document",
    b"PK\x03\x04": "a zip archive, as .docx, .xlsx, .pptx, .hwpx, .odt and .epub are",
    b"\xd0\xcf\x11\xe0": "an old Office or HWP document",
    b"HWP Document File": "an old HWP document",
    b"{\\rtf": "an RTF document",
    b"%!PS": "a PostScript document",
    b"\x1f\x8b": "packed by gzip",
    b"\xfd7zXZ": "packed by xz",
    b"7z\xbc\xaf": "a 7z archive",
    b"Rar!\x1a": "a RAR archive",
    b"\x89PNG": "a PNG image",
    b"\xff\xd8\xff": "a JPEG image",
    b"\x7fELF": "a program",
    b"SQLite format 3\x00": "an SQLite database",
}
_PROBE = 1024  # bytes
# Characters that no text has, by which binary data betrays itself where it happens to decode.
_CONTROLS = frozenset(range(32)) - frozenset(b"\t\n\v\f\r\x1b\x08\x1a\x1c\x1d\x1e\x1f")


def other_kind(start: bytes) -> str | None:
    """What a file that begins like this is, when it is known to be no text; in words for its owner."""
    if start.startswith((b"\xff\xfe", b"\xfe\xff")):
        return None
    bare = start[:_PROBE].removeprefix(b"\xef\xbb\xbf").lstrip()
    for mark, kind in _OTHER_KINDS.items():
        if bare.startswith(mark):
            return kind
    controls = sum(byte in _CONTROLS for byte in start[:_PROBE])
    # one or another strays into a text, more than one in a hundred do not
    if controls > 3 and controls * 100 > len(start[:_PROBE]):
        return "binary data"
    return None


@dataclass(frozen=True, slots=True)
class Source:
    """`origin` is the path as the user knows it, for messages; `external_id` the path relative to the given root."""

    raw: BinaryIO
    origin: str
    external_id: str

    @property
    def stem(self) -> str:
        """Name of the file without folder and suffix: the title of a document that has none."""
        name = self.external_id.rsplit("/", 1)[-1]
        return name.rsplit(".", 1)[0] or name

    def text(self) -> str:
        """The file as text, UTF-8 or with a byte order mark UTF-16; ValueError says at which line it is neither."""
        data = self.raw.read(MOST_BYTES + 1)
        if len(data) > MOST_BYTES:
            raise ValueError(f"it is longer than {MOST_BYTES // 1024 // 1024} MB, too long for one page")
        if data.startswith((b"\xff\xfe", b"\xfe\xff")):
            return decoded(data, "utf-16")
        return decoded(data, "utf-8-sig")


class EncodingError(ValueError):
    """Bytes that are no text in the encoding; `line` counts from 1."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(reason)
        self.line = line


def decoded(data: bytes, encoding: str) -> str:
    """Text of the bytes; EncodingError with the line of the first bad byte."""
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        name = encoding.removesuffix("-sig").upper()
        raise EncodingError(
            line, f"byte 0x{data[error.start]:02x} is not {name}; convert the file, as with iconv -f cp949 -t utf-8"
        ) from None
