"""A buffered logger for searches made by any system: rows go to the database in batches, off the path of the search.

entries.py says what a row is, outbox.py keeps rows until they are stored (in memory, or in files that survive the
process), breaker.py leaves a database alone that does not answer, delivery.py judges its answers; blocking.py and
asynchronous.py are the two loggers over them. A search that pgsearch itself makes is logged by the function
pgsearch.search, in the same statement, and needs none of this.
"""

from pgsearch.search_logger.asynchronous import AsyncSearchLogger
from pgsearch.search_logger.blocking import SearchLogger
from pgsearch.search_logger.delivery import Counters

__all__ = ["AsyncSearchLogger", "Counters", "SearchLogger"]
