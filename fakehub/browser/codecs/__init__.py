"""The compiled modules of numcodecs in Python: the same formats, so either side reads what the other wrote.

LZ4 and Snappy are not among Python's own compressors: where Blosc would use one of them, it uses zlib, and says so in
the data's header, as its format allows.
"""
