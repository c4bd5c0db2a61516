"""The material that lies beside the checkout, for tests that need it: `PUBLISHER_SHARED` names its folder.

Without the variable such a test is skipped, and says so; with `CI=true` it fails, so that no build goes green on
tests that never ran.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest


def shared(*parts: str) -> Path:
    """The path of a file of the shared material; skips or fails the test that has none."""
    folder = os.environ.get("PUBLISHER_SHARED", "")
    path = Path(folder, *parts)
    if folder and path.exists():
        return path
    reason = f"{'/'.join(parts)} is not there: set PUBLISHER_SHARED to the shared material's folder"
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


def real_digest() -> bytes:
    """A digest as a newsroom sent it, byte for byte."""
    return shared("digests", "occasional-digest-2024-11-21.txt").read_bytes()
