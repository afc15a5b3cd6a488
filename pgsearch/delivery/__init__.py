"""Rows of the log on their way to the database, off the path of whatever they are about.

lines.py writes a row down, outbox.py keeps rows until they are stored (in memory, or in files that survive the
process), breaker.py leaves a database alone that does not answer, batches.py judges its answers; blocking.py and
asynchronous.py are the two buffered logs over them, of which each logger is made.
"""

from pgsearch.delivery.batches import Counters

__all__ = ["Counters"]
