#!/usr/bin/env python3
"""Compares the estimates of mcodactl with an independent computation on random workspaces.

Where they differ, docs/estimate.md says which of the two is wrong. Each workspace has a seed of its own, one
more than the last one's. A difference names it, so that it can be had again alone; its database is kept.
"""

import argparse
import json
import math
import os
import pathlib
import random
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from typing import Any

sys.dont_write_bytecode = True  # the modules beside this one leave nothing in the source tree

from computation import Query, estimate, load, millis_of, velocity
from economics import arguments as economics_arguments
from economics import as_keyed, economics, fill_usage, random_economics_query
from random_workspace import NOW, fill_workspace, random_query

QUERIES = 8  # about each workspace
ECONOMICS_QUERIES = 4


def arguments(query: Query, config_file: pathlib.Path) -> list[str]:
    """The query as arguments of mcodactl."""
    given = [query.command, "--json", f"--now={NOW}"]
    given += [f"--velocity-mode={query.mode}", f"--velocity-window={query.window}"]
    given += [f"--{level}={key}" for level, key in query.scope.items()]
    for lane, speed in query.overrides.items():
        option = "--sp-per-hour" if lane == "all" else f"--sp-per-hour-{lane}"
        given.append(f"{option}={speed}")
    if query.config:
        config_file.write_text(json.dumps({"velocity": query.config}))
        given.append(f"--config={config_file}")
    return given


class Difference(Exception):
    """Where mcodactl and the computation do not agree."""


def expected_result(database: pathlib.Path, query: Query) -> dict[str, Any] | None:
    """None if the query must be refused."""
    db = sqlite3.connect(f"{database.as_uri()}?mode=ro", uri=True)
    db.row_factory = sqlite3.Row
    history = load(db, query)
    db.close()
    if history is None:
        return None
    if query.command == "velocity":
        return velocity(history, query)
    return estimate(history, query, millis_of(NOW))


def differences(expected: Any, found: Any, place: str = "") -> Iterator[str]:
    """Fields that were not computed here (ETAs, work in progress) are not compared."""
    if isinstance(expected, dict) and isinstance(found, dict):
        for name, value in expected.items():
            yield from differences(value, found.get(name, "nothing"), f"{place}.{name}".lstrip("."))
    elif isinstance(expected, (int, float)) and isinstance(found, (int, float)):
        # The absolute tolerance is for hours that result from a subtraction, where a relative one says little.
        if not math.isclose(expected, found, rel_tol=1e-9, abs_tol=1e-9):
            yield f"{place}: expected {expected!r}, mcodactl says {found!r}"
    elif expected != found:
        yield f"{place}: expected {expected!r}, mcodactl says {found!r}"


def compare(
    command: list[str], expected: dict[str, Any] | None, read: Callable[[Any], Any] = lambda found: found
) -> None:
    done = subprocess.run(command, capture_output=True, text=True)
    if expected is None:
        if done.returncode != 1 or done.stdout or done.stderr.count("\n") != 1:
            raise Difference(f"expected one line of error and status 1, got {done.returncode}: {done.stdout}")
        return
    if done.returncode != 0:
        raise Difference(f"expected a result, got status {done.returncode}: {done.stderr}")
    found = read(json.loads(done.stdout))
    for difference in differences(expected, found):
        raise Difference(difference)
    if "rows" in expected and len(found["rows"]) != len(expected["rows"]):
        raise Difference(f"expected the groups {sorted(expected['rows'])}, got {sorted(found['rows'])}")


def check_workspace(program: pathlib.Path, empty: pathlib.Path, seed: int) -> None:
    """Creates the seed's workspace next to the empty one, queries it, and removes it if nothing differs."""
    rng = random.Random(seed)
    database = empty.with_name(f"{seed}.db")
    shutil.copy(empty, database)
    with sqlite3.connect(database) as db:
        fill_workspace(db, rng)
        fill_usage(db, rng, str(database.parent))
    db.close()
    config_file = empty.with_name(f"{seed}.json")
    for _ in range(QUERIES):
        query = random_query(rng)
        command = [str(program), f"--db={database}", *arguments(query, config_file)]
        check(seed, database, command, expected_result(database, query))
    for _ in range(ECONOMICS_QUERIES):
        asked = random_economics_query(rng)
        command = [str(program), f"--db={database}", *economics_arguments(asked)]
        with sqlite3.connect(database) as db:
            db.row_factory = sqlite3.Row
            expected = economics(db, asked)
        db.close()
        check(seed, database, command, expected, as_keyed)
    database.unlink()


def check(seed: int, database: pathlib.Path, command: list[str], expected: Any, *read: Callable[[Any], Any]) -> None:
    try:
        compare(command, expected, *read)
    except Difference as difference:
        command_line = " ".join(command)
        sys.exit(f"oracle: seed {seed}: {difference}\n  database, kept: {database}\n  command: {command_line}")


def isolate(folder: pathlib.Path) -> None:
    """The user's own settings must not change the results."""
    os.environ.update(HOME=str(folder), USERPROFILE=str(folder))
    for name in ("MCODA_CONFIG", "MCODA_DISABLE_DB"):
        os.environ.pop(name, None)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--program", type=pathlib.Path, required=True, help="the mcodactl to test")
    parser.add_argument("--workspaces", type=int, default=60, help="how many workspaces to make")
    parser.add_argument("--seed", type=int, default=1, help="the seed of the first; each one's is 1 more")
    options = parser.parse_args()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="oracle-"))
    isolate(folder)
    program = options.program.resolve()
    empty = folder / "empty.db"
    subprocess.run([program, "init", "--quiet", f"--db={empty}"], check=True)
    for seed in range(options.seed, options.seed + options.workspaces):
        check_workspace(program, empty, seed)
    shutil.rmtree(folder)
    queries = options.workspaces * (QUERIES + ECONOMICS_QUERIES)
    print(f"oracle: {options.workspaces} workspaces, {queries} queries, no difference")


if __name__ == "__main__":
    main()
