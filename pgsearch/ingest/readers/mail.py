"""A mail as it was sent: its subject is the title, its text the content, who sent it when is metadata."""

from __future__ import annotations

from collections.abc import Iterator
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser

from pgsearch.ingest.bulk import Record, Refusal
from pgsearch.ingest.readers.html import convert
from pgsearch.ingest.readers.pages import page, refusal
from pgsearch.ingest.readers.source import Source


def read_mail(source: Source) -> Iterator[Record | Refusal]:
    """Title: the subject, else the name of the file. What is attached is not read."""
    try:
        mail = BytesParser(policy=policy.default).parsebytes(source.data())
        body = mail.get_body(("plain", "html"))
        text = "" if body is None else source.text_of(bytes(body.get_payload(decode=True)), body.get_content_charset())
        if body is not None and body.get_content_type() == "text/html":
            text = convert(text).text
        told = {name: _header(mail, name) for name in ("from", "to", "cc", "date")}
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        # the parser raises whatever it stumbles over
        yield refusal(source, ValueError(f"it cannot be read as mail: {error}"))
        return
    metadata = {name: value for name, value in told.items() if value}
    yield page(
        source, _header(mail, "subject") or source.stem, text.replace("\r\n", "\n").strip(), "text", metadata=metadata
    )


def _header(mail: EmailMessage, name: str) -> str:
    value = mail.get(name)
    if value is None:
        return ""
    moment = getattr(value, "datetime", None)
    return moment.isoformat() if moment is not None else " ".join(str(value).split())
