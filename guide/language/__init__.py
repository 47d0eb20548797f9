"""Language of pages, strings and docstrings: banned phrases, long sentences, missing introductions and grammar."""
