#!/usr/bin/env python3
"""Writes a workspace in the schema of the TypeScript packages, and what is known about it.

Both files are committed; run `python3 tests/golden/make.py` after a change here. With `--check` nothing is written: it
fails where a committed file is not what this script writes.

No result comes from the library. Velocities and estimates are those of tests/oracle/computation.py, which follows
docs/estimate.md; rows and sums of token usage are found by the plain loops in expected.py, which follow docs/usage.md.
"""

import importlib.util
import json
import pathlib
import sqlite3
import sys
import tempfile

sys.dont_write_bytecode = True  # the modules of other folders leave nothing in the source tree

FOLDER = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(FOLDER), str(FOLDER.parent / "oracle")]

import expected
import workspace

_spec = importlib.util.spec_from_file_location("vectors", FOLDER.parent / "vectors" / "make.py")
vectors = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(vectors)
schemas = vectors.schemas

DATABASE, CASES = "workspace.db", "cases.json"


def make(folder):
    database = folder / DATABASE
    database.unlink(missing_ok=True)
    vectors.write(database, schemas.WORKSPACE, workspace.rows())
    db = sqlite3.connect(f"{database.as_uri()}?mode=ro", uri=True)
    db.row_factory = sqlite3.Row
    known = {
        "now": workspace.NOW,
        "workspaceId": workspace.ID,
        "config": {"velocity": workspace.VELOCITY},
    }
    cases = ",\n".join(f"    {json.dumps(case)}" for case in expected.cases(db))
    db.close()
    head = ",\n".join(f'  "{name}": {json.dumps(value)}' for name, value in known.items())
    (folder / CASES).write_text(f'{{\n{head},\n  "cases": [\n{cases}\n  ]\n}}\n', encoding="utf-8")


def check():
    with tempfile.TemporaryDirectory() as folder:
        made = pathlib.Path(folder)
        make(made)
        differing = [CASES] if (made / CASES).read_bytes() != (FOLDER / CASES).read_bytes() else []
        if schemas.content(made / DATABASE) != schemas.content(FOLDER / DATABASE):
            differing.append(DATABASE)
        count = len(json.loads((made / CASES).read_text(encoding="utf-8"))["cases"])
    if differing:
        sys.exit(f"not what make.py writes: {', '.join(differing)}")
    print(f"the golden workspace and its {count} results are what make.py writes")


if __name__ == "__main__":
    check() if sys.argv[1:] == ["--check"] else make(FOLDER)
