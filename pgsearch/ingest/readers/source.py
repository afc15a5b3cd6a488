"""A file to be read, with the names under which its pages are stored, and its bytes as text.

Labels of encodings mean what browsers take them for: iso-8859-1 is windows-1252, euc-kr is cp949, shift_jis is cp932.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
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
_CONTROLS = frozenset(range(32)) - frozenset(b"\t\n\v\f\r\x0e\x0f\x1b\x08\x1a\x1c\x1d\x1e\x1f")
# the longer ones first: a mark of UTF-32 begins as one of UTF-16
_MARKS = {
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
# encodings that files are found in, and what a guess reads of a file
_MANY_BYTES = ("cp949", "cp932", "gb18030", "big5", "euc_jp")
_ONE_BYTE = ("cp1252", "cp1250", "cp1251", "koi8_r", "cp1253", "cp1254", "cp1255", "cp1256", "cp874")
# what Central European texts are full of, and what others would be full of if they were read as such
_CENTRAL, _WESTERN = "šžěőűłąşţť", "ŕĺă"
# codecs of Python that stand for no encoding of texts in files
_NO_ENCODINGS = frozenset({"idna", "punycode", "undefined", "unicode-escape", "raw-unicode-escape", "utf-7"})
_SAMPLE_BYTES = 256 * 1024


def other_kind(start: bytes) -> str | None:
    """What a file that begins like this is, when it is known to be no text; in words for its owner."""
    if wide_encoding(start) is not None:
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


def wide_encoding(start: bytes) -> str | None:
    """The UTF-16 that a file which begins like this is in, by its mark, or by where the zeros of its ASCII stand."""
    for mark, encoding in _MARKS.items():
        if start.startswith(mark):
            return None if encoding == "utf-8-sig" else encoding
    probe = start[:_PROBE]
    if len(probe) % 2:
        return None
    even, odd = probe[::2], probe[1::2]
    for zeros, others, encoding in ((odd, even, "utf-16-le"), (even, odd, "utf-16-be")):
        # 가, 글 and 저 have a zero where ASCII has its letter
        if zeros.count(0) >= max(3, others.count(0) + 1) and zeros.count(0) * 10 >= len(zeros):
            text = probe.decode(encoding, "replace")
            if "\ufffd" not in text[:-1] and not any(ord(letter) in _CONTROLS for letter in text):
                return encoding
    return None


@dataclass(frozen=True, slots=True)
class Options:
    """What people say about their files: the encoding, and which columns are what (a name of ours to columns)."""

    encoding: str | None = None
    columns: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Source:
    """`origin` is the path as the user knows it, for messages; `external_id` the path relative to the root.

    What a reader had to guess goes into `notes`.
    """

    raw: BinaryIO
    origin: str
    external_id: str
    options: Options = Options()
    notes: list[str] = field(default_factory=list)

    @property
    def stem(self) -> str:
        """Name of the file without folder and suffix: the title of a document that has none."""
        name = re.sub(r"\.gz\Z", "", self.external_id.rsplit("/", 1)[-1], flags=re.IGNORECASE)
        return name.rsplit(".", 1)[0] or name

    def data(self) -> bytes:
        """All bytes of a file that becomes one page."""
        data = self.raw.read(MOST_BYTES + 1)
        if len(data) > MOST_BYTES:
            raise ValueError(f"it is longer than {MOST_BYTES // 1024 // 1024} MB, too long for one page")
        return data

    def text(self, declared: str | None = None) -> str:
        """The file as text; ValueError says at which line it is none."""
        return self.text_of(self.data(), declared)

    def text_of(self, data: bytes, declared: str | None = None) -> str:
        """Text by the mark of the bytes, the encoding that was asked for or is declared, UTF-8, or by a guess."""
        return decoded(data, self.encoding_of(data, declared))

    def encoding_of(self, data: bytes, declared: str | None = None) -> str:
        """The encoding of the bytes, as Python calls it; UTF-8, so that it fails, when nothing fits."""
        for mark, encoding in _MARKS.items():
            if data.startswith(mark):
                return encoding
        if self.options.encoding is not None:
            return codec(self.options.encoding) or "utf-8"
        wide = wide_encoding(data)
        if wide is not None:
            return wide
        escaped = _escaped_encoding(data)
        if escaped is not None:
            return escaped
        named = codec(declared) if declared else None
        if declared and named is None:
            self.notes.append(f"declares the encoding {declared!r}, which is none")
        # bytes of an encoding of single bytes are never UTF-8 by chance
        if named is not None and not (_is_single_byte(named) and _fits(data, "utf-8")) and _fits(data, named):
            return named
        if _fits(data, "utf-8"):
            return "utf-8"
        guess = _guess(data)
        if guess is None:
            return "utf-8"
        self.notes.append(f"is taken for {guess}, by its bytes; --encoding names another one")
        return guess


class EncodingError(ValueError):
    """Bytes that are no text in the encoding; `line` counts from 1."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(reason)
        self.line = line


def codec(label: str) -> str | None:
    """Python's name of the encoding that browsers take the label for; None when nobody knows one of that name."""
    try:
        import webencodings
    except ImportError:
        found = None
    else:
        found = webencodings.lookup(label.strip())
    # browsers know some encodings only to refuse them
    known = found is not None and found.name not in ("replacement", "x-user-defined")
    try:
        name = codecs.lookup(found.codec_info.name if found is not None and known else label.strip()).name
        "x".encode(name)
    except (LookupError, UnicodeError, ValueError):
        return None
    if name in _NO_ENCODINGS:
        return None
    # a page whose label could be read is in no UTF-16
    return "utf-8" if name.startswith("utf-16") else name


def decoded(data: bytes, encoding: str) -> str:
    """Text of the bytes; EncodingError with the line of the first bad byte."""
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        name = encoding.removesuffix("-sig").upper()
        raise EncodingError(
            line, f"byte 0x{data[error.start]:02x} is not {name}; name the encoding, as in --encoding euc-kr"
        ) from None


def guessed_of_many_bytes(data: bytes) -> str | None:
    """The encoding of East Asia that bytes are in which are not UTF-8; None for anything else."""
    guess = None if _fits(data, "utf-8") else _guess(data)
    return guess if guess in _MANY_BYTES else None


def _fits(data: bytes, encoding: str) -> bool:
    try:
        data.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def _escaped_encoding(data: bytes) -> str | None:
    """The encoding of seven bits in which old letters are written, which would pass for UTF-8."""
    if b"\x1b$" not in data or not data.isascii():
        return None
    return next((name for name in ("iso2022_kr", "iso2022_jp_2") if _fits(data, name)), None)


def _is_single_byte(encoding: str) -> bool:
    return re.match(r"cp125|cp874|iso8859|koi8|mac", encoding) is not None


def _guess(data: bytes) -> str | None:
    """The encoding in which the bytes are text of a language; None when they are too few to tell."""
    try:
        from charset_normalizer import from_bytes
    except ImportError:
        return None
    # a last character may be cut in two
    sample = data if len(data) <= _SAMPLE_BYTES else data[: data.rfind(b"\n", 0, _SAMPLE_BYTES) + 1]
    found = [
        one
        for one in from_bytes(sample, cp_isolation=[*_MANY_BYTES, *_ONE_BYTE])
        # nearly everything decodes as Thai
        if one.encoding != "cp874" or one.coherence > 0
    ]
    if not found:
        return None
    best = found[0]
    if best.coherence > 0:
        # what reads the same in several is in the one that most use
        alike = {name for other in found if other.chaos == best.chaos for name in other.could_be_from_charset}
        guess = best.encoding
        if "cp1252" in alike and guess == "cp1250":
            read = sample.decode(guess, "replace").lower()
            central, western = (sum(map(read.count, letters)) for letters in (_CENTRAL, _WESTERN))
            guess = "cp1250" if central > western else "cp1252"
    elif best.encoding in _MANY_BYTES and all(other.chaos > best.chaos for other in found[1:]):
        guess = best.encoding
    else:
        return None
    return guess if _fits(data, guess) else None
