"""Answers to questions from what a search found: by a language model, or without one by extracts.

settings.py says with which model, prompt and how many passages; passages.py numbers what was found, extracts.py answers
from it with its own sentences, prompts.py tells a model what to answer from, completions.py asks the model, and
answering.py puts them together.
"""
