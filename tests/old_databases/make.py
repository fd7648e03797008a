#!/usr/bin/env python3
"""Writes the databases of this folder, one for each schema that shipped.

The databases are committed, and the migration tests open every one of them on every run. Run
`python3 tests/old_databases/make.py` only to add another; the same SQLite writes the same bytes again.
With `--check` nothing is written: it fails where a committed database is not what this script makes.
"""

import json
import pathlib
import sqlite3
import sys
import tempfile

from schemas import (
    BEFORE_2026,
    FIRST,
    GLOBAL,
    GLOBAL_BEFORE_2026,
    GLOBAL_EARLY,
    GLOBAL_INDEXES,
    OLD_DEFAULTS,
    PROTOTYPE,
    WORKSPACE,
    WORKSPACE_INDEXES,
    content,
    tables,
)

FOLDER = pathlib.Path(__file__).resolve().parent

STATUSES = ["completed", "in_progress", "ready_to_review"]


def without(schema, leave_out):
    """The schema without the columns of `leave_out`; a table mapped to None is omitted."""
    result = {}
    for table, lines in schema.items():
        columns = leave_out.get(table, "")
        if columns is not None:
            result[table] = [line for line in lines if line.split()[0] not in columns.split()]
    return result


def value(table, name, declaration, row):
    """A plausible value for the column, different in every row, sometimes NULL."""
    may_be_null = "NOT NULL" not in declaration and "PRIMARY" not in declaration
    if "REFERENCES" in declaration:
        parent = declaration.split("REFERENCES ")[1].split("(")[0]
        return None if row == 2 and may_be_null else f"{parent}-{row}"
    if name == "id":
        return f"{table}-{row}"
    if (table, name) == ("agents", "name"):
        return f"agents-{row}"
    if name == "agent_id":
        return f"agents-{row}"
    if row == 2 and may_be_null:
        return None
    if name == "status":
        return STATUSES[row % 3] if table != "task_comments" else ["open", "resolved", "open"][row % 3]
    if name == "metadata_json" and row == 1:
        return '{"commandName": "work-on-tasks", "action": "draft \u2014 caf\u00e9"}'
    if name.endswith("_json"):
        return json.dumps({"row": row, "column": name})
    if name.endswith("_at") or name == "timestamp":
        return f"2025-11-{10 + row}T08:30:00" + (".250Z" if row == 0 else "Z")
    if " INTEGER" in declaration:
        return 100 * row
    if " REAL" in declaration:
        return 0.125 + row
    return f"{name.replace('_', ' ')} '{row}'"


def write(folder, name, schema, indexes, *, wal=False, enforce=True, more=()):
    path = folder / f"{name}.db"
    path.unlink(missing_ok=True)
    database = sqlite3.connect(path, isolation_level=None)
    database.execute("PRAGMA page_size=1024")
    if wal:
        database.execute("PRAGMA journal_mode=WAL")
    database.execute(f"PRAGMA foreign_keys={'ON' if enforce else 'OFF'}")
    database.execute("BEGIN")
    for table, lines in schema.items():
        database.execute(f"CREATE TABLE {table} ({', '.join(lines)})")
    for index in indexes:
        table, columns = index.split(" ON ")[1].rstrip(")").split("(")
        present = [line.split()[0] for line in schema.get(table, [])]
        if all(column in present for column in columns.split(", ")):
            database.execute(index)
    for table, lines in schema.items():
        columns = [line for line in lines if not line.startswith(("PRIMARY KEY(", "UNIQUE("))]
        names = [column.split()[0] for column in columns]
        for row in range(3):
            values = [value(table, column.split()[0], column, row) for column in columns]
            places = ", ".join("?" * len(values))
            database.execute(f"INSERT INTO {table} ({', '.join(names)}) VALUES ({places})", values)
    for statement in more:
        database.execute(statement)
    database.execute("COMMIT")
    if enforce:
        assert not database.execute("PRAGMA foreign_key_check").fetchall(), name
    assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)], name
    database.close()


def added_later(schema, leave_out):
    """The migration that the TypeScript packages ran on their old databases: new columns come last."""
    statements = []
    for table, columns in leave_out.items():
        for line in schema[table] if columns else []:
            if line.split()[0] in columns.split():
                statements.append(f"ALTER TABLE {table} ADD COLUMN {line}")
    return statements


def make(folder):
    workspace, everywhere = tables(WORKSPACE), tables(GLOBAL)
    write(folder, "workspace_today", workspace, WORKSPACE_INDEXES, wal=True)
    write(folder, "workspace_before_2026", without(workspace, BEFORE_2026), WORKSPACE_INDEXES)
    write(folder, "workspace_first", without(workspace, FIRST), WORKSPACE_INDEXES)
    write(
        folder,
        "workspace_updated_by_typescript",
        without(workspace, BEFORE_2026),
        WORKSPACE_INDEXES,
        wal=True,
        more=added_later(workspace, BEFORE_2026),
    )

    write(folder, "global_today", everywhere, GLOBAL_INDEXES, wal=True)
    write(folder, "global_before_2026", without(everywhere, GLOBAL_BEFORE_2026), GLOBAL_INDEXES)
    write(folder, "global_early", without(everywhere, GLOBAL_EARLY), GLOBAL_INDEXES)
    old_defaults = [
        "DELETE FROM workspace_defaults",
        "INSERT INTO workspace_defaults VALUES ('by id', 'agents-1', '2025-10-01T00:00:00.000Z')",
        "INSERT INTO workspace_defaults VALUES ('by slug', 'slug ''0''', '2025-10-02T00:00:00.000Z')",
        "INSERT INTO workspace_defaults VALUES ('never touched', 'agents-2', NULL)",
    ]
    write(
        folder,
        "global_old_defaults",
        without(everywhere, GLOBAL_BEFORE_2026) | tables(OLD_DEFAULTS),
        GLOBAL_INDEXES,
        more=old_defaults,
    )

    # The prototype did not enforce foreign keys, and could not have: agents has no column id.
    prototype = tables(PROTOTYPE)
    agents = [
        "UPDATE agents SET created_at = '2025-09-01 10:00:00', updated_at = NULL WHERE name = 'agents-0'",
        "UPDATE agents SET created_at = 'some day', updated_at = 'later' WHERE name = 'agents-1'",
        "UPDATE agents SET provider = 'ollama' WHERE name = 'agents-2'",
        "UPDATE token_usage SET agent_id = 'long gone' WHERE agent_id IS NULL",
        "INSERT INTO token_usage (id, timestamp) VALUES ('by nobody', '2025-11-20T00:00:00Z')",
    ]
    write(folder, "prototype_referring_to_id", prototype, [], enforce=False, more=agents)

    by_name = {
        table: [line.replace("REFERENCES agents(id)", "REFERENCES agents(name)") for line in lines]
        for table, lines in (prototype | tables(OLD_DEFAULTS)).items()
    }
    known = agents + [
        "UPDATE token_usage SET agent_id = 'agents-1' WHERE agent_id = 'long gone'",
        "UPDATE workspace_defaults SET default_agent = 'agents-2'",
        "CREATE INDEX idx_agent_usage_limits_agent_id ON agent_models(agent_name)",
        "CREATE INDEX usage_by_label ON token_usage(request_label)",
    ]
    write(folder, "prototype_referring_to_name", by_name, [], enforce=False, more=known)


def check():
    with tempfile.TemporaryDirectory() as folder:
        made = pathlib.Path(folder)
        make(made)
        names = {path.name for path in made.glob("*.db")}
        differing = names ^ {path.name for path in FOLDER.glob("*.db")}
        differing |= {name for name in names - differing if content(made / name) != content(FOLDER / name)}
    if differing:
        sys.exit(f"not what make.py makes: {', '.join(sorted(differing))}")
    print(f"{len(names)} old databases are what make.py makes")


if __name__ == "__main__":
    check() if sys.argv[1:] == ["--check"] else make(FOLDER)
