"""How a result is compared with the expected one; tests/vectors/README.md says the rules."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import mcoda

UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE | re.ASCII)
TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", re.ASCII)
PATTERNS = {"$uuid": UUID, "$timestamp": TIMESTAMP}


def difference(found: Any, expected: Any, place: str = "result", tolerance: float = 1e-9) -> str | None:
    """Why ``found`` is not what is expected, if it is not. Numbers may differ by a share of ``tolerance``."""
    different = f"{place} is {found!r}, expected {expected!r}"
    if expected == "$any":
        return None
    if isinstance(expected, str) and expected in PATTERNS:
        return None if isinstance(found, str) and PATTERNS[expected].fullmatch(found) else different
    if isinstance(expected, dict) and isinstance(found, dict):
        for name, inner in expected.items():
            if name not in found:
                return f"{place}.{name} is missing, expected {inner!r}"
            if why := difference(found[name], inner, f"{place}.{name}", tolerance):
                return why
        return None
    if isinstance(expected, list) and isinstance(found, list) and len(expected) == len(found):
        pairs = enumerate(zip(found, expected))
        return next(filter(None, (difference(a, b, f"{place}[{n}]", tolerance) for n, (a, b) in pairs)), None)
    if is_number(expected) and is_number(found):
        return None if abs(found - expected) <= tolerance * abs(expected) else different
    return None if type(found) is type(expected) and found == expected else different


def is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def substituted(value: Any, saved: Mapping[str, Any]) -> Any:
    """The value with ``${name.path}`` replaced by what is saved there: a whole text by the value."""
    if isinstance(value, list):
        return [substituted(inner, saved) for inner in value]
    if isinstance(value, dict):
        return {name: substituted(inner, saved) for name, inner in value.items()}
    if not isinstance(value, str):
        return value
    if whole := re.fullmatch(r"\$\{([^}]*)\}", value):
        return looked_up(whole[1], saved)
    return re.sub(r"\$\{([^}]*)\}", lambda match: str(looked_up(match[1], saved)), value)


def looked_up(path: str, saved: Any) -> Any:
    for part in path.split("."):
        saved = saved[int(part)] if part.isdigit() else saved[part]
    return saved


def as_json(result: Any) -> Any:
    """The result of a method, as JSON has it in all languages."""
    if isinstance(result, (mcoda.Table, mcoda.TokenUsageSummary)):
        return as_json(result.to_dicts())
    if isinstance(result, list):
        return [as_json(one) for one in result]
    if isinstance(result, dict):
        return {name: as_json(value) for name, value in result.items()}
    if isinstance(result, bytes):
        return result.hex()
    return result.to_dict() if hasattr(result, "to_dict") else result
