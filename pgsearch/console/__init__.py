"""The console of `pgsearch serve`: what is searched, what fails and why, for people; needs the extra `server`.

A page is a module in pages/ and a template of its name in templates/, found by being there (see pages/__init__.py).
frame.py gives each of them its three forms (a page, .json, .csv), access.py says who may see it, asked.py holds what
was asked and runs the calls that answer it. Pages read by calls of the client alone, so that every figure is a
statement that anybody can run; each page shows its own.
"""
