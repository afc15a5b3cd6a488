"""The clients: a connection or a pool, and one method for each SQL function."""

from pgsearch.client.asynchronous import AsyncClient
from pgsearch.client.blocking import Client

__all__ = ["AsyncClient", "Client"]
