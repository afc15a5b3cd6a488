"""A file to be read, with the names under which its pages are stored."""

from __future__ import annotations

from dataclasses import dataclass
from typing import BinaryIO

# One page is one value in the server, which holds at most 256 MB; a text this long is a dump, not a document.
MOST_BYTES = 64 * 1024 * 1024


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
