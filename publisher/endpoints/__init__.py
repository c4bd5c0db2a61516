"""Where documents are put: one file a kind of endpoint. What they share is proven by tests/contract.

Every endpoint has a `name`, `put(document) -> bool` (True when bytes changed) and `get(path) -> bytes | None`.
"""
