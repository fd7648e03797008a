#!/usr/bin/env python3
"""Writes into the shared vectors what their exact steps return now: for numbers that change on purpose, such as forecasts.

    python tests/vectors/exact.py forecast

needs the Python package of this checkout. Only the fields that a step expects already are written, and only in steps with
`"exact": true`. The other languages then check that theirs are equal.
"""

from __future__ import annotations

import json
import pathlib
import shutil
import sys
import tempfile
from typing import Any

import mcoda

FOLDER = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(FOLDER.parents[1] / "bindings-python" / "tests"))
from matching import as_json, difference  # noqa: E402


def results(case: dict[str, Any]) -> list[Any]:
    """What the steps of a case return, which are calls of a workspace that do not depend on each other."""
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder) / "mcoda.db"
        shutil.copy(FOLDER / "fixtures" / f"{case['fixture']}.db", file)
        with mcoda.Workspace.open_db(file, case.get("open", {})) as workspace:
            return [as_json(getattr(workspace, step["call"])(*step["args"])) for step in case["steps"]]


def of_the_same_fields(found: Any, expected: Any) -> Any:
    if isinstance(expected, dict):
        return {name: of_the_same_fields(found[name], inner) for name, inner in expected.items()}
    if isinstance(expected, list) and len(found) == len(expected):
        return [of_the_same_fields(*pair) for pair in zip(found, expected)]
    return found


def main() -> None:
    for name in sys.argv[1:] or sys.exit(__doc__):
        path = FOLDER / f"{name}.json"
        text = path.read_text(encoding="utf-8")
        changed = 0
        for case in json.loads(text)["cases"]:
            if not all(step.get("exact") for step in case["steps"]):
                continue
            for step, result in zip(case["steps"], results(case)):
                if difference(result, step["expect"], tolerance=0.0) is None:
                    continue
                now = of_the_same_fields(result, step["expect"])
                before = json.dumps(step["expect"], ensure_ascii=False)
                # Cases that expect the same change together.
                if before not in text:
                    sys.exit(f"{case['name']}: its expectation is not written as json.dumps writes it")
                text = text.replace(before, json.dumps(now, ensure_ascii=False))
                changed += 1
        path.write_text(text, encoding="utf-8")
        print(f"{name}: {changed} steps changed")


if __name__ == "__main__":
    main()
