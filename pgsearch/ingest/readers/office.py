"""PDF, Word, PowerPoint, Excel, HWPX and EPUB, by markitdown and python-hwpx: one file is one page."""

from __future__ import annotations

import io
import logging
import warnings
import zipfile
from collections.abc import Iterator
from pathlib import PurePath

from pgsearch.errors import from_extra
from pgsearch.ingest.bulk import Record, Refusal
from pgsearch.ingest.readers.markdown import markdown_page
from pgsearch.ingest.readers.pages import refusal
from pgsearch.ingest.readers.source import Source

with from_extra("documents", "PDF, Word, PowerPoint, Excel and HWPX need markitdown and python-hwpx"):
    import markitdown
    from markitdown import converters

_CONVERTERS = {
    ".pdf": converters.PdfConverter,
    ".docx": converters.DocxConverter,
    ".pptx": converters.PptxConverter,
    ".xlsx": converters.XlsxConverter,
    ".epub": converters.EpubConverter,
}


def read_office(source: Source) -> Iterator[Record | Refusal]:
    """Title: the first heading that opens the document, else the name of the file."""
    try:
        text = _markdown(source.data(), PurePath(source.external_id).suffix.lower())
        yield markdown_page(source, text)
    except ValueError as error:
        yield refusal(source, error)


def _markdown(data: bytes, suffix: str) -> str:
    logging.getLogger("pdfminer").setLevel(logging.ERROR)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            if suffix == ".hwpx":
                with from_extra("documents", "HWPX needs python-hwpx"):
                    from hwpx import TextExtractor
                with zipfile.ZipFile(io.BytesIO(data)) as archive, TextExtractor(archive) as extractor:
                    return extractor.extract_text(paragraph_separator="\n\n", object_behavior="nested")
            # chosen by the name: markitdown's own choice takes for plain text what it does not know
            converter = _CONVERTERS[suffix]()  # type: ignore[no-untyped-call]
            return str(converter.convert(io.BytesIO(data), markitdown.StreamInfo(extension=suffix)).markdown)
        except ImportError:
            raise
        except Exception as error:
            # the libraries beneath it raise whatever they have
            told = str(error).strip().splitlines()
            raise ValueError(f"it cannot be read as {suffix}: {told[0] if told else type(error).__name__}") from error
