"""Entries become feed documents: RSS 2.0, Atom 1.0 and JSON Feed 1.1, the same entries in each. Pure: no clock,
no file, no network; feedgen lives here only. `documents.feed_documents` is the way in, and holds the gate.
"""
