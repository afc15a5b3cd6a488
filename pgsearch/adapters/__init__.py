"""Searches of pgsearch as retrievers of LangChain, LlamaIndex and Haystack; each is a module with an extra."""
