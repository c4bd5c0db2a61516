"""Whether a call is one that the provider's own description (OpenAPI) knows: its address, its header, its body.

Descriptions leave most objects open, so that a misspelt field would pass; here they are closed. What a description
is known to lack is allowed by name.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from email import message_from_bytes, policy
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import yaml
from jsonschema import Draft202012Validator
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from publisher.providers.calls import Call
from tests.shared_material import shared

_HERE = "urn:description"
_SCHEMES = {"basic": "Basic ", "bearer": "Bearer "}


@dataclass(frozen=True)
class Described:
    """A provider's description, closed.

    Args:
        document: the description.
        beyond: matches names of fields that it lacks although the provider takes them.
    """

    document: Mapping[str, Any]
    beyond: str = r"(?!)"

    def faults(self, call: Call) -> list[str]:
        """What the description says against a call; nothing when it agrees."""
        found = self._operation(call)
        if found is None:
            return [f"{call.method} {urlsplit(call.address).path}: there is no such operation"]
        pointer, operation = found
        return [
            *self._server(call),
            *self._login(call, operation),
            *self._parameters(call, operation),
            *self._body(call, pointer, operation),
        ]

    def _operation(self, call: Call) -> tuple[str, Mapping[str, Any]] | None:
        path, method = urlsplit(call.address).path, call.method.lower()
        known = sorted(self.document["paths"], key=lambda template: template.count("{"))
        for template in known:
            pattern = re.sub(r"\\{[^/]+?\\}", "[^/]+", re.escape(template))
            if re.fullmatch(pattern, path) and method in self.document["paths"][template]:
                operation = self.document["paths"][template][method]
                return f"/paths/{template.replace('~', '~0').replace('/', '~1')}/{method}", operation
        return None

    def _server(self, call: Call) -> Iterator[str]:
        asked = urlsplit(call.address)
        if asked.scheme != "https":
            yield f"{asked.scheme}: a key is sent in the clear"
        if asked.netloc not in {urlsplit(server["url"]).netloc for server in self.document["servers"]}:
            yield f"{asked.netloc} is none of its servers"

    def _login(self, call: Call, operation: Mapping[str, Any]) -> Iterator[str]:
        required = operation.get("security", self.document.get("security", ()))
        for name in {name for way in required for name in way}:
            scheme = self.document["components"]["securitySchemes"][name]["scheme"]
            if not call.headers.get("Authorization", "").startswith(_SCHEMES[scheme]):
                yield f"Authorization is not {scheme}"

    def _parameters(self, call: Call, operation: Mapping[str, Any]) -> Iterator[str]:
        """Header fields that must be there; everything behind the question mark."""
        asked = dict(parse_qsl(urlsplit(call.address).query, keep_blank_values=True))
        headers = {name.lower(): value for name, value in call.headers.items()}
        known: dict[str, Any] = {}
        for each in map(self._resolved, operation.get("parameters", ())):
            given = {"query": asked, "header": headers}.get(each["in"])
            name = each["name"].lower() if each["in"] == "header" else each["name"]
            if given is not None and each.get("required") and name not in given:
                yield f"{each['name']} is missing from the {each['in']}"
            if each["in"] == "query":
                known[name] = self._resolved(each.get("schema", {}))
        for name, value in asked.items():
            if name in known:
                yield from _complaints(Draft202012Validator(known[name]), _typed(value, known[name]), name)
            elif not re.fullmatch(self.beyond, name):
                yield f"{name}: it has no such parameter"

    def _body(self, call: Call, pointer: str, operation: Mapping[str, Any]) -> Iterator[str]:
        body = operation.get("requestBody")
        if body is None:
            if call.data:
                yield "it takes no body"
            return
        target = body["$ref"].removeprefix("#") if "$ref" in body else f"{pointer}/requestBody"
        kind = call.headers.get("Content-Type", "").partition(";")[0]
        if kind not in self._resolved(body)["content"]:
            yield f"{kind} is not what it takes"
            return
        place = f"{target}/content/{kind.replace('/', '~1')}/schema"
        closed = DRAFT202012.create_resource(_closed(self.document, self.beyond))
        registry: Registry[Any] = Registry().with_resource(_HERE, closed)
        validator = Draft202012Validator({"$ref": f"{_HERE}#{place}"}, registry=registry)
        value = json.loads(call.data) if kind == "application/json" else self._form(call, place)
        yield from _complaints(validator, value, "body")

    def _form(self, call: Call, place: str) -> dict[str, Any]:
        """A multipart form, each field as its schema has it: a list, or one text."""
        schema = self._resolved(self._at(place))
        head = f"Content-Type: {call.headers['Content-Type']}\r\n\r\n".encode()
        found: dict[str, list[str]] = {}
        for part in message_from_bytes(head + call.data, policy=policy.HTTP).iter_parts():
            name = str(part.get_param("name", header="content-disposition"))
            payload = part.get_payload(decode=True)
            found.setdefault(name, []).append(payload.decode() if isinstance(payload, bytes) else "")
        lists = {name for name, each in schema["properties"].items() if each.get("type") == "array"}
        return {n: v if n in lists or len(v) > 1 else v[0] for n, v in found.items()}

    def _resolved(self, value: Any) -> Any:
        while isinstance(value, dict) and "$ref" in value:
            value = self._at(value["$ref"].removeprefix("#"))
        return value

    def _at(self, pointer: str) -> Any:
        found: Any = self.document
        for step in pointer.split("/")[1:]:
            found = found[step.replace("~1", "/").replace("~0", "~")]
        return found


def described(name: str, *, beyond: str = r"(?!)") -> Described:
    """The description of this file name; without the shared material the test is skipped."""
    return Described(yaml.safe_load(shared("contracts", name).read_text("utf-8")), beyond)


def _closed(value: Any, beyond: str) -> Any:
    """The same, with every object that names its properties taking no others."""
    if isinstance(value, list):
        return [_closed(each, beyond) for each in value]
    if not isinstance(value, dict):
        return value
    found = {name: _closed(each, beyond) for name, each in value.items()}
    if isinstance(value.get("properties"), dict) and not {"allOf", "anyOf", "oneOf"} & set(value):
        found |= {"patternProperties": {f"^(?:{beyond})$": {}}, "additionalProperties": False}
    return found


def _typed(value: str, schema: Mapping[str, Any]) -> Any:
    return int(value) if schema.get("type") == "integer" and value.isdecimal() else value


def _complaints(validator: Draft202012Validator, value: Any, what: str) -> Iterator[str]:
    for error in validator.iter_errors(value):
        yield f"{what}{error.json_path[1:]}: {error.message}"
