"""What docs/openapi/mcoda-telemetry.yaml says of results. The tests of C (tests/c/contract.py) read it here, too."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import yaml  # type: ignore[import-untyped]

CONTRACT = Path(__file__).parents[2] / "docs/openapi/mcoda-telemetry.yaml"
COMPONENTS: dict[str, Any] = yaml.safe_load(CONTRACT.read_text("utf-8"))["components"]
SCHEMAS: dict[str, Any] = COMPONENTS["schemas"]
FORMATS = jsonschema.FormatChecker(formats=())


@FORMATS.checks("date-time")  # type: ignore[untyped-decorator]
def is_utc_with_milliseconds(value: object) -> bool:
    """Stricter than RFC 3339: the library has one way to write a time."""
    return not isinstance(value, str) or bool(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", value))


def closed(schema: Any) -> Any:
    """Objects have the fields that the contract names and no others, so that one that it lacks is found too."""
    if isinstance(schema, list):
        return [closed(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    copy = {name: closed(value) for name, value in schema.items()}
    return {"additionalProperties": False, **copy} if "properties" in copy else copy


CLOSED = {**COMPONENTS, "schemas": closed(SCHEMAS)}


def faults(name: str, value: Any) -> list[str]:
    """What is wrong with a value that should be what the schema `name` says."""
    schema = {"$ref": f"#/components/schemas/{name}", "components": CLOSED}
    validator = jsonschema.Draft202012Validator(schema, format_checker=FORMATS)
    return [f"{error.json_path}: {error.message}" for error in validator.iter_errors(value)]
