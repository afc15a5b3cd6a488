"""Conversations in files: a JSON object a line, a file a day (UTC) and kind, months in folders, gzipped after a week.

    logs/data/2026-11/2026-11-28.jsonl              messages, as the view chat_logs has them, with more
    logs/conversations/2026-11/2026-11-28.jsonl.gz  conversations that ended on that day, as conversation_history

files.py is how a file is read and what identifies it, writing.py what a run does, erasing.py how a person leaves the
files, verifying.py whether they are what was written, reading.py the log as one stream over tables and files,
importing.py the way back. Which file there is, and what it holds, the database knows (see list_archives).
"""

from pgsearch.archive.importing import ChatImported, import_chat_logs
from pgsearch.archive.reading import LogFilter, read_logs, read_logs_frame
from pgsearch.archive.verifying import Verified, verify_archive
from pgsearch.archive.writing import Archived, write_archive

__all__ = [
    "Archived",
    "ChatImported",
    "LogFilter",
    "Verified",
    "import_chat_logs",
    "read_logs",
    "read_logs_frame",
    "verify_archive",
    "write_archive",
]
