"""The parts of ``book/uploads/upload_store.py``, which ``python -m uploader.join`` joins to one file."""
