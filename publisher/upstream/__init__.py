"""Feeds of others as the source of digests: asked politely, read without trust, laid out as the editors want."""
