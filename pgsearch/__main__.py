"""`python -m pgsearch` is the command line."""

from pgsearch.cli import main

raise SystemExit(main())
