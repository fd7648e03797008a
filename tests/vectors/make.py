#!/usr/bin/env python3
"""Writes the databases that the shared vectors start from.

They are committed; run `python3 tests/vectors/make.py` after a change here. With `--check` nothing is written: it
fails where a committed database does not hold what this script writes. The schema is that of the TypeScript packages,
so that every vector starts with a migration.
"""

import importlib.util
import json
import pathlib
import sqlite3
import sys
import tempfile

FOLDER = pathlib.Path(__file__).resolve().parent
FIXTURES = FOLDER / "fixtures"

_spec = importlib.util.spec_from_file_location("schemas", FOLDER.parent / "old_databases" / "schemas.py")
schemas = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(schemas)


def at(clock, day=20):
    return f"2026-03-{day:02}T{clock}.000Z"


MADE = {"created_at": at("08:00:00", 1), "updated_at": at("08:00:00", 1)}


def shop():
    """Two projects on 2026-03-20, noon: a task in every place, rework, runs without events, odd usage rows."""
    yield "projects", [
        {"id": "p-shop", "key": "SHOP", "name": "Shop", **MADE},
        {"id": "p-blog", "key": "BLOG", **MADE},
    ]
    yield "epics", [
        {"id": "e-shop", "project_id": "p-shop", "key": "E1", "title": "Checkout", "priority": 1, **MADE},
        {"id": "e-blog", "project_id": "p-blog", "key": "E1", "title": "Posts", **MADE},
    ]
    yield "user_stories", [
        {"id": "s-pay", "project_id": "p-shop", "epic_id": "e-shop", "key": "S1", "title": "Pay", **MADE},
        {"id": "s-refund", "project_id": "p-shop", "epic_id": "e-shop", "key": "S2", "title": "Refund", **MADE},
        {"id": "s-post", "project_id": "p-blog", "epic_id": "e-blog", "key": "S1", "title": "Post", **MADE},
    ]
    place = {"s-pay": ("p-shop", "e-shop"), "s-refund": ("p-shop", "e-shop"), "s-post": ("p-blog", "e-blog")}
    yield "tasks", [
        {
            "id": id, "key": key, "user_story_id": story, "project_id": place[story][0], "epic_id": place[story][1],
            "title": f"Task {key}", "status": status, "story_points": points, "priority": priority,
            "assignee_human": who, "metadata_json": metadata, **MADE,
        }
        for id, key, story, status, points, priority, who, metadata in [
            ("t1", "T1", "s-pay", "completed", 3, 1, "Ada", '{"last_completed_at":"2026-03-20T08:00:00.000Z"}'),
            ("t2", "T2", "s-pay", "ready_to_review", 2, 2, "Ada", None),
            ("t3", "T3", "s-pay", "In_Progress", 5, 3, "ada", None),
            ("t4", "T4", "s-refund", "ready_to_qa", 1, 4, None, None),
            ("t5", "T5", "s-refund", "not_started", 8, 5, "Bob", "not json"),
            ("t10", "T10", "s-refund", "blocked", None, 6, None, None),
            ("t11", "T11", "s-refund", "failed", 2, 7, None, '{"failed_reason":"flaky"}'),
            ("t12", "T12", "s-refund", "cancelled", 1, 8, None, None),
            ("b1", "B1", "s-post", "completed", 4, 1, "Bob", None),
            ("b2", "T2", "s-post", "changes_requested", 2, 2, "Bob", '{"revert_event_count":1}'),
        ]
    ]
    yield "jobs", [
        {"id": "j1", "workspace_id": "w", "type": "work", "state": "running", "command_name": "work-on-tasks", **MADE},
    ]
    yield "command_runs", [
        {"id": "c1", "workspace_id": "w", "command_name": "work-on-tasks", "job_id": "j1", "status": "running",
         "started_at": at("06:00:00")},
    ]
    yield "task_runs", [
        {"id": id, "task_id": task, "command": command, "status": status, "started_at": start, "finished_at": finish,
         "story_points_at_run": points, "sp_per_hour_effective": speed}
        for id, task, command, status, start, finish, points, speed in [
            ("r1", "b1", "work-on-tasks", "succeeded", at("06:00:00", 19), at("08:00:00", 19), 4, None),
            ("r2", "b1", "code-review", "success", at("08:00:00", 19), at("09:00:00", 19), None, None),
            ("r3", "b1", "qa-tasks", "failed", at("09:00:00", 19), at("10:00:00", 19), None, None),
            ("r4", "b2", "qa-tasks", "succeeded", "unknown", None, 2, 4),
        ]
    ]
    moves = {
        "t1": [("in_progress", "02:00:00"), ("ready_to_review", "04:00:00"), ("ready_to_qa", "05:00:00"),
               ("completed", "08:00:00")],
        "t2": [("in_progress", "05:00:00"), ("ready_to_code_review", "09:00:00")],
        "t3": [("in_progress", "10:00:00")],
        "t4": [("in_progress", "03:00:00"), ("ready_to_code_review", "04:30:00"), ("ready_to_qa", "11:00:00")],
    }
    events = []
    for task, steps in moves.items():
        before = "not_started"
        for number, (status, clock) in enumerate(steps):
            events.append({"id": f"v-{task}-{number}", "task_id": task, "from_status": before, "to_status": status,
                           "timestamp": at(clock), "agent_id": "claude"})
            before = status
    events.append({"id": "v-odd", "task_id": "t5", "to_status": "in_progress", "timestamp": "some day"})
    yield "task_status_events", events
    usage = [
        ("u1", {"agent_id": "claude", "command_name": "work-on-tasks", "model_name": "m1", "project_id": "p-shop",
                "task_id": "t1", "tokens_prompt": 100, "tokens_completion": 10, "tokens_total": 110,
                "tokens_cached": 40, "cost_estimate": 0.1, "currency": "USD", "timestamp": at("02:30:00")}),
        ("u2", {"agent_id": "claude", "command_name": "code-review", "model_name": "m1", "project_id": "p-shop",
                "task_id": "t1", "job_id": "j1", "tokens_prompt": 50, "tokens_completion": 5, "duration_ms": 1500,
                "cost_estimate": 0.2, "currency": "USD", "timestamp": at("04:30:00")}),
        ("u3", {"agent_id": "codex", "metadata_json": json.dumps({"command": "qa-tasks", "phase": "verify",
                "error": "timeout"}), "tokens_prompt": 0, "duration_seconds": 2.5, "timestamp": at("07:00:00")}),
        ("u4", {"agent_id": "codex", "metadata_json": "null", "tokens_total": 7, "timestamp": at("07:00:00")}),
        ("u5", {"agent_id": "codex", "command_name": "work-on-tasks", "project_id": "p-blog", "provider": "openai",
                "cost_estimate": 0.3, "currency": "EUR", "timestamp": at("23:30:00", 19)}),
        ("u6", {"agent_id": "claude", "command_name": "work-on-tasks", "project_id": "p-blog", "tokens_prompt": 9,
                "cost_estimate": 0.4, "currency": "USD", "timestamp": at("08:00:00", 1)}),
        ("u7", {"agent_id": "a|b", "command_name": "c", "tokens_prompt": 1, "timestamp": "2026-03-20T09:00:00Z"}),
        ("u8", {"agent_id": "a", "command_name": "b|c", "tokens_prompt": 2, "timestamp": "2026-03-20T11:00:00+02:00"}),
        ("u9", {"agent_id": "ghost", "tokens_prompt": 3, "timestamp": "yesterday"}),
        ("elsewhere", {"workspace_id": "other", "tokens_prompt": 1000, "timestamp": at("09:00:00")}),
    ]
    yield "token_usage", [{"id": id, "workspace_id": "w", **row} for id, row in usage]


def pipeline():
    """A pipeline with enough history for a forecast: of 24 tasks 14 are completed, one after rework, three are in lanes."""
    yield "projects", [{"id": "p", "key": "P", **MADE}]
    yield "epics", [{"id": "e", "project_id": "p", "key": "E", "title": "Epic", **MADE}]
    yield "user_stories", [{"id": "s", "project_id": "p", "epic_id": "e", "key": "S", "title": "Story", **MADE}]
    in_lanes = {14: "ready_to_qa", 15: "ready_to_code_review", 16: "in_progress"}
    yield "tasks", [
        {"id": f"t{n}", "project_id": "p", "epic_id": "e", "user_story_id": "s", "key": f"T{n}", "title": f"Task {n}",
         "status": "completed" if n < 14 else in_lanes.get(n, "not_started"), "priority": n,
         "story_points": None if n % 9 == 8 else 1 + n % 3, **MADE}
        for n in range(24)
    ]
    minutes = {n: [20 * n * 3, 45 + 10 * (n % 4), 20 + 15 * (n % 3), 10 + 5 * (n % 5)] for n in range(17)}
    events = []
    for n, (begin, work, review, qa) in minutes.items():
        steps = [("in_progress", begin), ("ready_to_code_review", begin + work)]
        if n == 5:
            steps += [("changes_requested", begin + work + 15), ("in_progress", begin + work + 20),
                      ("ready_to_code_review", begin + work + 50)]
            work += 50
        steps += [("ready_to_qa", begin + work + review), ("completed", begin + work + review + qa)]
        before = "not_started"
        kept = {14: 3, 15: 2, 16: 1}.get(n, len(steps))
        for number, (status, minute) in enumerate(steps[:kept]):
            events.append({"id": f"v{n}-{number}", "task_id": f"t{n}", "from_status": before, "to_status": status,
                           "timestamp": at(f"{2 + minute // 60 % 22:02}:{minute % 60:02}:00")})
            before = status
    yield "task_status_events", events
    yield "token_usage", [
        {"id": f"u{n}", "workspace_id": "w", "task_id": f"t{n}", "tokens_total": 1000 * (1 + n % 3) + n,
         "cost_estimate": 0.25 * (1 + n % 3), "currency": "USD", "timestamp": at("10:00:00")}
        for n in range(15)
    ]


LANES = ("in_progress", "ready_to_code_review", "ready_to_qa", "completed")


def odd():
    """Projects whose history says little or something impossible, on 2026-03-20."""
    hours = {
        "EMPTY": [],
        # One task that is implemented, and one that is completed.
        "ONE": [[3]],
        "ONLY": [[3, 4, 5, 6]],
        "DONE": [[1 + n, 2 + n, 3 + n, 4 + n] for n in range(3)],
        # 0 points or none.
        "POINTLESS": [[1 + n, 2 + n, 3 + n, 4 + n] for n in range(8)] + [[9]] + [[]] * 2,
        # Each event is earlier than the one before it, and some are later than noon.
        "BACKWARDS": [[20 - n, 10 - n, 5, 4] for n in range(5)] + [[16, 3], [23]] + [[]] * 2,
        # All of them at one moment.
        "MOMENT": [[4, 4, 4, 4]] * 30 + [[4]] * 10 + [[]] * 20,
    }
    yield "projects", [{"id": key, "key": key, **MADE} for key in hours]
    yield "epics", [{"id": key, "project_id": key, "key": "E", "title": "Epic", **MADE} for key in hours]
    yield "user_stories", [
        {"id": key, "project_id": key, "epic_id": key, "key": "S", "title": "Story", **MADE} for key in hours
    ]
    tasks = [(key, n, moves) for key, tasks in hours.items() for n, moves in enumerate(tasks)]
    yield "tasks", [
        {"id": f"{key}-{n}", "project_id": key, "epic_id": key, "user_story_id": key, "key": f"T{n}",
         "title": f"Task {n}", "status": ("not_started", *LANES)[len(moves)], "priority": n,
         "story_points": (0, None)[n % 2] if key == "POINTLESS" else 2, **MADE}
        for key, n, moves in tasks
    ]
    yield "task_status_events", [
        {"id": f"{key}-{n}-{step}", "task_id": f"{key}-{n}", "from_status": ("not_started", *LANES)[step],
         "to_status": LANES[step], "timestamp": at(f"{hour:02}:00:00")}
        for key, n, moves in tasks for step, hour in enumerate(moves)
    ]


def global_database():
    """Two agents and a command run."""
    yield "agents", [
        {"id": "a1", "slug": "claude", "adapter": "cli", **MADE},
        {"id": "a2", "slug": "codex", "adapter": "cli", **MADE},
    ]
    yield "command_runs", [{"id": "g1", "command_name": "chat", "status": "running", "started_at": at("06:00:00")}]
    yield "token_usage", [
        {"id": "x1", "agent_id": "a1", "command_run_id": "g1", "command_name": "chat", "tokens_prompt": 5,
         "tokens_completion": 1, "cost_estimate": 0.5, "timestamp": at("06:30:00")},
    ]


def write(path, schema, rows):
    database = sqlite3.connect(path, isolation_level=None)
    database.execute("PRAGMA page_size=1024")
    database.execute("PRAGMA foreign_keys=ON")
    database.execute("BEGIN")
    for table, lines in schemas.tables(schema).items():
        database.execute(f"CREATE TABLE {table} ({', '.join(lines)})")
    for table, records in rows:
        for record in records:
            columns, places = ", ".join(record), ", ".join("?" * len(record))
            database.execute(f"INSERT INTO {table} ({columns}) VALUES ({places})", list(record.values()))
    database.execute("COMMIT")
    database.close()


def make(folder):
    write(folder / "shop.db", schemas.WORKSPACE, shop())
    write(folder / "pipeline.db", schemas.WORKSPACE, pipeline())
    write(folder / "odd.db", schemas.WORKSPACE, odd())
    write(folder / "global.db", schemas.GLOBAL, global_database())


def check():
    with tempfile.TemporaryDirectory() as folder:
        made = pathlib.Path(folder)
        make(made)
        names = {path.name for path in made.glob("*.db")}
        differing = names ^ {path.name for path in FIXTURES.glob("*.db")}
        differing |= {
            name for name in names - differing if schemas.content(made / name) != schemas.content(FIXTURES / name)
        }
    if differing:
        sys.exit(f"not what make.py writes: {', '.join(sorted(differing))}")
    print(f"{len(names)} databases of the vectors are what make.py writes")


if __name__ == "__main__":
    if sys.argv[1:] == ["--check"]:
        check()
    else:
        for old in FIXTURES.glob("*.db"):
            old.unlink()
        make(FIXTURES)
