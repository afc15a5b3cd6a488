"""Models of others, which know nothing of a database: what embeds texts, and what re-scores passages."""
