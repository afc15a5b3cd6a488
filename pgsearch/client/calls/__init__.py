"""One pure function for each SQL function: the statement, its parameters and the row that comes back.

A module is named like the room of sql/ whose functions it calls, and has each row beside the call that gives it;
call.py says what a call is, and inner.py has the calls that no client has a method for. The methods of both clients are
written from these functions by `make docs`, so a signature changes in one place and the two cannot drift apart.
"""

from pgsearch.client.calls.call import MODES_OF_MEANING, Call, Fusion, Names, SearchMode
from pgsearch.database.vectors import Vector

__all__ = ["MODES_OF_MEANING", "Call", "Fusion", "Names", "SearchMode", "Vector"]
