"""Segments: expressions that say who of a newsletter is meant, as `language = "de" and joined > 2026-01-01`.

From text to people: `lexing`, `parsing` (text to the frozen tree of `model`), `compiling` (tree to SQLAlchemy).
`evaluating` decides the same about one person in plain Python; tests hold the two together. The language is in
docs/segments.md.
"""
