"""Forms are written as everybody writes them; urllib3 is the oracle."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from urllib3.filepost import encode_multipart_formdata

from publisher.http import FormField, form

_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
_KIND = st.sampled_from(["message/rfc822", "text/plain"])
_FILE = st.tuples(_TEXT.filter(bool), st.binary(max_size=30), _KIND)


@settings(max_examples=60)
@given(st.lists(st.tuples(_TEXT, _TEXT | _FILE), max_size=5))
def test_a_form_is_the_one_that_urllib3_writes(fields: list[FormField]) -> None:
    content_type, body = form(fields)
    boundary = content_type.removeprefix("multipart/form-data; boundary=")
    assert (body, content_type) == encode_multipart_formdata(fields, boundary=boundary)


def test_a_name_cannot_end_its_line() -> None:
    _, body = form([('a"\r\nb', "value")])
    assert b'name="a%22%0D%0Ab"\r\n\r\nvalue\r\n' in body
