"""A database from nothing or from an older version: where it is, how to connect, and what is deployed to it."""
