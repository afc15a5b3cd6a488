"""How fast are a million messages of conversations archived, verified and read again, and in how much memory?

Two days of conversations, ten messages each with texts of some hundred characters, every second of them with the search
that fed it, are made inside the database of a temporary server. Then the commands run one after the other, each a process
of its own as in a crontab, whose memory (the most it ever had) and processor time the system tells, with those of the
server for it. Writes the section "The archive of conversations" of results.md.

    python benchmarks/conversation_archive.py
    python benchmarks/conversation_archive.py --messages 100000 --output /tmp
"""

from __future__ import annotations

import datetime
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import psycopg

from benchmarks._report import MACHINE, number, parser, table, versions, write_section
from pgsearch import embedded
from pgsearch.commands._output import note, say
from pgsearch.database.deploy import deploy

_SETTINGS = {"shared_buffers": "1GB", "max_wal_size": "8GB", "autovacuum": "off"}
DAYS = 2
OF_CONVERSATION = 10

_ID = "(lpad(to_hex(ms), 12, '0') || '7' || substr(md5({name}), 1, 3) || '8' || substr(md5({name}), 4, 15))::uuid"
_MESSAGES = f"""
with made as materialized (
    select i, ms, to_timestamp(ms / 1000.0::float8) as ts, {_ID.format(name="'m' || i")} as message_id,
           {_ID.format(name="'q' || i")} as query_id, 'talk-' || i / %(of_conversation)s as conversation_id, i %% 2 = 1 as is_answer
      from (select i, (extract(epoch from %(day)s::date) * 1000 + (i - %(first)s) * 86000000.0 / %(n)s)::bigint as ms
              from generate_series(%(first)s, %(first)s + %(n)s - 1) as i) as numbered
),
searches as (
    insert into pgsearch.queries (query_id, ts, collection, user_query, query_normalized, search_mode, top_k, result_count,
                                  hit_ids, hit_pages, hit_scores, confidence, latency_ms)
    select query_id, ts, 'wiki', 'question ' || i, 'question ' || i, 'auto', 3, 3, '{{1,2,3}}', '{{a,b,c}}', '{{.9,.8,.7}}', .8, 12
      from made where is_answer
),
contents as (
    insert into pgsearch.message_contents (message_id, ts, conversation_id, content)
    -- letters alone: words of letters and digits have parts, and the index over the words takes ten times as long
    select message_id, ts, conversation_id,
           '질문 ' || i || ': ' || repeat(translate(md5(i::text), '0123456789', 'ghijklmnop') || ' ', case when is_answer then 12 else 3 end)
      from made
),
conversations as (
    insert into pgsearch.conversations (conversation_id, session_id, collection, user_hash, started_at, last_message_at,
                                        message_count, total_turns, is_sampled, sampling_reason, sample_weight, finalized_at)
    select conversation_id, 's-' || conversation_id, 'wiki', encode(sha256(convert_to(conversation_id, 'UTF8')), 'hex'),
           min(ts), max(ts), count(*), count(*) filter (where not is_answer), true, 'sample', 1, max(ts) + interval '100 seconds'
      from made group by conversation_id
)
insert into pgsearch.messages (message_id, ts, conversation_id, session_id, collection, user_hash, role, query_id, llm_model,
                               input_tokens, output_tokens, response_time_ms)
select message_id, ts, conversation_id, 's-' || conversation_id, 'wiki', encode(sha256(convert_to(conversation_id, 'UTF8')), 'hex'),
       case when is_answer then 'assistant' else 'user' end, case when is_answer then query_id end,
       case when is_answer then 'small-1' end, 480, 32, 1234
  from made
"""


@dataclass(frozen=True)
class Run:
    """What a command took: seconds, seconds on a processor of its own process and of the server's, its most memory in MB."""

    seconds: float
    own: float
    server: float
    memory: float


def _ended_processes(postmaster: int) -> float:
    """Processor seconds of the server's processes that have ended; 0 where the system does not tell."""
    try:
        fields = Path(f"/proc/{postmaster}/stat").read_text().rpartition(") ")[2].split()
    except OSError:
        return 0
    return (int(fields[13]) + int(fields[14])) / os.sysconf("SC_CLK_TCK")


def _run(dsn: str, postmaster: int, *arguments: str) -> Run:
    before = _ended_processes(postmaster)
    started = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "pgsearch", *arguments, "--dsn", dsn],
        stdout=subprocess.DEVNULL,
        stdin=subprocess.DEVNULL,
    )
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"pgsearch {' '.join(arguments)} ended with {process.returncode}")
    # kilobytes on Linux, bytes on macOS
    memory = used.ru_maxrss / (1e6 if sys.platform == "darwin" else 1e3)
    seconds = time.perf_counter() - started
    # the server's process ends a moment after ours
    time.sleep(1)
    return Run(seconds, used.ru_utime + used.ru_stime, _ended_processes(postmaster) - before, memory)


def main(given: Sequence[str] | None = None) -> int:
    takes = parser(__doc__)
    takes.add_argument("--messages", type=int, default=1_000_000, help="messages (1000000)")
    arguments = takes.parse_args(given)
    a_day = arguments.messages // DAYS // OF_CONVERSATION * OF_CONVERSATION
    total = a_day * DAYS
    today = datetime.datetime.now(datetime.UTC).date()
    lines = []
    with embedded.temporary(_SETTINGS) as dsn, tempfile.TemporaryDirectory() as folder:
        deploy(dsn)
        with psycopg.connect(dsn, autocommit=True) as connection:
            connection.execute("set timezone = 'UTC'; set jit = off")
            for back in range(DAYS, 0, -1):
                day = today - datetime.timedelta(days=back)
                note(f"{day}: {a_day:,} messages ...")
                connection.execute("select pgsearch.ensure_partitions(%s, %s)", (day, day))
                connection.execute(
                    _MESSAGES.encode(),
                    {"day": day, "n": a_day, "first": (DAYS - back) * a_day, "of_conversation": OF_CONVERSATION},
                )
            connection.execute("vacuum (analyze)")
            # the parent of every process of the server
            backend = Path(f"/proc/{connection.info.backend_pid}/stat")
            postmaster = int(backend.read_text().rpartition(") ")[2].split()[1]) if backend.exists() else 0
            version = versions(connection)["postgresql"]
        # what made the messages is no part of what follows
        time.sleep(1)
        load = os.getloadavg()[0]
        here = ("--dir", folder)
        for what, counted, command in (
            ("write the messages", total, ("archive", *here, "--only", "messages", "--compress-after", "3650")),
            (
                "write the conversations",
                total,
                ("archive", *here, "--only", "conversations", "--compress-after", "3650"),
            ),
            ("verify both", total * 2, ("archive", *here, "--verify")),
            ("see that nothing is to be done", 0, ("archive", *here, "--compress-after", "3650")),
            ("compress both", total * 2, ("archive", *here, "--compress-after", "0")),
            ("verify both, compressed", total * 2, ("archive", *here, "--verify")),
            ("read the messages (tables and files)", total, ("logs", *here)),
        ):
            run = _run(dsn, postmaster, *command)
            rates = [f"{counted / each:,.0f}" if counted else "" for each in (run.seconds, run.own + run.server)]
            lines.append(
                [what, number(run.seconds), f"{number(run.own)} + {number(run.server)}", *rates, number(run.memory)]
            )
            note("\t".join(lines[-1]))
            if what == "verify both":
                plain = sum(file.stat().st_size for file in Path(folder).rglob("*.jsonl"))
        packed = sum(file.stat().st_size for file in Path(folder).rglob("*.gz"))
    text = (
        f"## The archive of conversations\n\n`python benchmarks/conversation_archive.py`, PostgreSQL {version}, {MACHINE}, load"
        f" {load:.1f} before and {os.getloadavg()[0]:.1f} after, {today}: {total:,} messages of {total // OF_CONVERSATION:,} conversations in {DAYS} days;"
        f" files of {plain / 1e6:,.0f} MB, {packed / 1e6:,.0f} MB compressed. A process each, starting included; messages are"
        " counted in both kinds of files; where others keep the processors busy, the seconds on a processor are what counts.\n\n"
        + table(
            (
                "",
                "seconds",
                "on a processor: command + server",
                "messages/s",
                "messages per processor second",
                "most memory, MB",
            ),
            lines,
        )
    )
    write_section(arguments.output, "archive", "conversation_archive.py", text)
    say(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
