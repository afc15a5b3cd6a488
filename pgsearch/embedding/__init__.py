"""Keep a collection's embeddings complete: embed what is missing, build the model's index, embed the queries.

What is missing is not a queue that can go wrong but a question to the database: which chunks have no vector of this
model, or changed since they were embedded. So an embedding that was interrupted goes on when it is run again. How the
work is shared out and done is in pgsearch.embedding.worker.
"""

from pgsearch.embedding.calibrating import calibrate_fusion
from pgsearch.embedding.fitting import EmbedderGoneError, fit_svd
from pgsearch.embedding.index import IndexProgress, IndexReport, build_vector_index
from pgsearch.embedding.queries import query_embedding
from pgsearch.embedding.registering import default_model, register_by_vector, use_where_none_is
from pgsearch.embedding.worker import EmbeddingReport, Failure, embed_missing, watch

__all__ = [
    "EmbedderGoneError",
    "EmbeddingReport",
    "Failure",
    "IndexProgress",
    "IndexReport",
    "build_vector_index",
    "calibrate_fusion",
    "default_model",
    "embed_missing",
    "fit_svd",
    "query_embedding",
    "register_by_vector",
    "use_where_none_is",
    "watch",
]
