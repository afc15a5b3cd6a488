"""The HTTP API: what the functions do, for programs that speak HTTP; needs the extra `server`.

app.py puts it together from the routes (searching, chatting, conversations, analytics, functions, health, pages) over
services.py, which holds the pool and what else lives as long as the server. guard.py stands before all of them with
the limits, problems.py says in which form errors are told, serving.py runs it.
"""
