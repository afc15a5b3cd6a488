"""Code repositories: files cut at their definitions, semantic nodes of symbols, routes, documents and issues.

`index_repository` brings a checkout into a collection; what it knows of Python it reads from syntax trees.
"""

from pgsearch.code.indexing import IndexReport, embed_nodes, index_repository
from pgsearch.code.summaries import SymbolSummaryBuilder

__all__ = ["IndexReport", "SymbolSummaryBuilder", "embed_nodes", "index_repository"]
