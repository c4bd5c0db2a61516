"""The check of calls against descriptions: one that could not fail would be worth nothing."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from publisher.http import form
from publisher.providers.calls import Call
from tests.contract.described import Described

DOCUMENT: dict[str, Any] = {
    "servers": [{"url": "https://api.example.org"}],
    "security": [{"key": []}],
    "components": {
        "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}},
        "schemas": {
            "Mail": {
                "type": "object",
                "required": ["to"],
                "properties": {"to": {"type": "string"}, "tags": {"type": "object"}},
            }
        },
    },
    "paths": {
        "/v1/{domain}/mails": {
            "post": {
                "parameters": [{"in": "header", "name": "X-Token", "required": True}],
                "requestBody": {
                    "content": {
                        "application/json": {
                            "schema": {"type": "array", "items": {"$ref": "#/components/schemas/Mail"}}
                        },
                        "multipart/form-data": {
                            "schema": {
                                "type": "object",
                                "properties": {
                                    "to": {"type": "array", "items": {"type": "string"}},
                                    "text": {"type": "string"},
                                },
                            }
                        },
                    }
                },
            },
            "get": {
                "parameters": [
                    {
                        "in": "query",
                        "name": "count",
                        "required": True,
                        "schema": {"type": "integer", "maximum": 9},
                    },
                    {"in": "query", "name": "sort", "schema": {"enum": ["yes", "no"]}},
                ]
            },
        }
    },
}
HEADERS = {"Authorization": "Bearer k", "X-Token": "t", "Content-Type": "application/json"}
ADDRESS = "https://api.example.org/v1/mg.example.org/mails"
GOOD = Call(ADDRESS, HEADERS, json.dumps([{"to": "a", "tags": {"anything": 1}}]).encode())
QUESTION = Call(f"{ADDRESS}?count=3&sort=no", HEADERS, b"", "GET")


def faults(call: Call, beyond: str = r"(?!)") -> list[str]:
    return Described(DOCUMENT, beyond).faults(call)


def test_a_good_call_has_no_faults() -> None:
    assert faults(GOOD) == faults(QUESTION) == []


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ([{"to": "a", "subjekt": "b"}], "subjekt"),
        ([{"to": 5}], "5 is not of type"),
        ([{"tags": {}}], "'to' is a required property"),
        ({"to": "a"}, "is not of type 'array'"),
    ],
)
def test_a_wrong_field_in_json_is_found(body: Any, said: str) -> None:
    (fault,) = faults(replace(GOOD, data=json.dumps(body).encode()))
    assert said in fault


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (replace(GOOD, address="https://api.example.org/v1/mails"), "no such operation"),
        (replace(GOOD, method="PUT"), "no such operation"),
        (replace(GOOD, address=ADDRESS.replace("api", "ipa")), "none of its servers"),
        (replace(GOOD, address=ADDRESS.replace("https", "http")), "in the clear"),
        (replace(GOOD, headers={**HEADERS, "Authorization": "k"}), "not bearer"),
        (replace(GOOD, headers={**HEADERS, "Content-Type": "text/plain"}), "text/plain"),
        (replace(GOOD, headers={k: v for k, v in HEADERS.items() if k != "X-Token"}), "X-Token is missing"),
        (replace(QUESTION, data=b"{}"), "takes no body"),
        (replace(QUESTION, address=f"{ADDRESS}?sort=no"), "count is missing"),
        (replace(QUESTION, address=f"{ADDRESS}?count=10"), "maximum"),
        (replace(QUESTION, address=f"{ADDRESS}?count=1&sort=up"), "'up' is not one of"),
        (replace(QUESTION, address=f"{ADDRESS}?count=1&limit=2"), "limit: it has no such parameter"),
    ],
)
def test_whatever_else_is_wrong_is_found(call: Call, said: str) -> None:
    (fault,) = faults(call)
    assert said in fault


def test_a_form_is_checked_field_by_field() -> None:
    def call(*fields: tuple[str, str]) -> Call:
        kind, data = form(fields)
        return Call(ADDRESS, {**HEADERS, "Content-Type": kind}, data)

    assert faults(call(("to", "a"), ("to", "b"), ("text", "Grüße\n"))) == []
    (fault,) = faults(call(("to", "a"), ("txet", "b")))
    assert "txet" in fault
    (fault,) = faults(call(("to", "a"), ("text", "b"), ("text", "c")))
    assert "is not of type 'string'" in fault


def test_what_is_allowed_beyond_the_description_is_allowed_by_name() -> None:
    call = replace(GOOD, data=b'[{"to": "a", "stream": "b"}]')
    assert faults(call, "stream") == []
    assert faults(call, "strea") != []
