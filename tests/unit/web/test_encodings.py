"""Which coding a reader gets, whatever Accept-Encoding says."""

from __future__ import annotations

import gzip

import brotli
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from publisher.web.encodings import CODINGS, IDENTITY, compressed, preferred


@pytest.mark.parametrize(
    ("accepted", "best"),
    [
        (None, "identity"),
        ("", "identity"),
        ("gzip", "gzip"),
        ("gzip, deflate", "gzip"),
        ("x-gzip", "gzip"),
        ("GZIP", "gzip"),
        ("br", "br"),
        ("gzip, deflate, br, zstd", "br"),
        ("*", "br"),
        ("br;q=0.5, gzip;q=0.8", "gzip"),
        ("br;q=0, gzip", "gzip"),
        ("gzip;q=0", "identity"),
        ("gzip;q=0.000", "identity"),
        ("gzip ; q=0", "identity"),
        ("gzip;Q=0", "identity"),
        ("*;q=0", "identity"),
        ("gzip;q=0, *", "br"),
        ("gzip, *;q=0", "gzip"),
        ("identity", "identity"),
        ("identity, gzip;q=0.5", "identity"),
        ("identity;q=0.5, gzip", "gzip"),
        ("identity;q=0, gzip;q=0.1", "gzip"),
        ("identity;q=0", "identity"),
        ("deflate", "identity"),
        ("gzip;q=much", "identity"),
        ("gzip;q=2", "identity"),
        ("gzip;q=1.5", "gzip"),
        ("gzip;q=0.5;level=3", "gzip"),
        (",,gzip,", "gzip"),
    ],
)
def test_the_coding_is_the_one_that_the_reader_likes_best(accepted: str | None, best: str) -> None:
    assert preferred(accepted)[0] == best


WEIGHTS = st.dictionaries(st.sampled_from(["br", "gzip", "identity", "*", "deflate"]), st.integers(0, 1000))


@given(WEIGHTS)
@settings(max_examples=200, deadline=None, derandomize=True)
def test_no_coding_is_used_that_the_reader_refuses(weights: dict[str, int]) -> None:
    header = ", ".join(f"{name};q={weight / 1000:.3f}" for name, weight in weights.items())
    order = preferred(header)
    assert IDENTITY in order
    for coding in CODINGS:
        assert (coding in order) is (weights.get(coding, weights.get("*", 0)) > 0)
    liked = [weights.get(coding, weights.get("*", 0)) for coding in order if coding != IDENTITY]
    assert liked == sorted(liked, reverse=True)


@given(st.text(max_size=60))
@settings(max_examples=200, deadline=None, derandomize=True)
def test_no_header_breaks_an_answer(accepted: str) -> None:
    order = preferred(accepted)
    assert IDENTITY in order
    assert set(order) <= {IDENTITY, *CODINGS}


@pytest.mark.parametrize("coding", CODINGS)
def test_the_same_bytes_are_compressed_to_the_same_bytes(coding: str) -> None:
    data = b"<p>The harbour opens again.</p>" * 100
    packed = compressed(data, coding)
    unpacked = gzip.decompress(packed) if coding == "gzip" else brotli.decompress(packed)
    assert unpacked == data
    assert packed == compressed(data, coding)
    assert len(packed) < len(data) / 10
    if coding == "gzip":
        assert packed[4:8] == bytes(4), "no time in it"
