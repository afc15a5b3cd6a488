"""A buffered logger for searches made by any system: rows go to the database in batches, off the path of the search.

entries.py says what a row is; how rows are delivered is the room `delivery`. A search that pgsearch itself makes is
logged by the function pgsearch.search, in the same statement, and needs none of this.
"""

from pgsearch.delivery import Counters
from pgsearch.search_logger.loggers import AsyncSearchLogger, SearchLogger

__all__ = ["AsyncSearchLogger", "Counters", "SearchLogger"]
