"""Random workspaces, and random queries about them, that come near every limit of docs/estimate.md."""

import random
import sqlite3
from dataclasses import dataclass, field
from datetime import timedelta, timezone
from typing import Any

from computation import EPOCH, HOUR, LANES, MINUTE, Query, millis_of

NOW = "2026-03-20T12:00:00.000Z"
BACKFILLED = '{"backfilled":true,"source":"task_runs"}'
CREATED = {"created_at": NOW, "updated_at": NOW}
COMMANDS = {lane.start: lane.command for lane in LANES}
NEXT_STATUSES = {
    "not_started": ["in_progress"],
    "in_progress": ["ready_to_code_review", "ready_to_code_review", "ready_to_code_review", "failed"],
    "ready_to_code_review": ["ready_to_qa", "ready_to_qa", "changes_requested"],
    "ready_to_qa": ["completed", "completed", "changes_requested"],
    "completed": ["changes_requested", "in_progress"],
    "changes_requested": ["in_progress"],
    "failed": ["in_progress"],
}


def random_query(rng: random.Random) -> Query:
    query = Query(
        command=rng.choice(["velocity", "estimate"]),
        mode=rng.choice(["empirical", "empirical", "empirical", "mixed", "config"]),
        window=rng.choice([1, 2, 3, 5, 5, 10, 50]),
    )
    # A key may be missing, and a story's alone is often in two places: both must be errors.
    levels = ["project", "epic", "story"]
    levels = rng.choice([[], [], [], [], levels[:1], levels[:2], levels, ["story"]])
    query.scope = {level: level[0].upper() + rng.choice("00001") for level in levels}
    if rng.random() < 0.15:
        query.scope["assignee"] = rng.choice(["ADA", "bob ", "åSE"])
    if rng.random() < 0.2:
        query.overrides["all"] = rng.choice([6, 0.5, 0, -1])
    if rng.random() < 0.2:
        query.overrides[rng.choice(LANES).name] = rng.choice([3, 0, 2.5])
    if rng.random() < 0.3:
        query.config = {"alpha": rng.choice([0, 0.25, 1]), "implementationSpPerHour": 10, "qaSpPerHour": 4}
    return query


@dataclass
class Habits:
    """What is usual in a workspace. Were all of them alike, each would show a little of everything, and never
    the long rows of one thing that the limits are there for."""

    story_points: list[float | None]
    moves_recorded: float  # the share of moves that somebody recorded
    runs_per_visit: list[int]
    runs_exact: float  # the share of runs' ends that are at the moment of the move itself
    copies: list[int]  # of a run: they add nothing, but count among those that are looked at
    runs_backfilled: float  # the share of runs whose stand-ins were written
    grain: int  # times are whole multiples of it: where it is coarse many things happen at one moment


def random_habits(rng: random.Random) -> Habits:
    return Habits(
        story_points=rng.choice([[1, 2, 3, 5, 8], [1, 2, None], [None], [0, None], [0.1, 0.3, 1.7, None, 0]]),
        moves_recorded=rng.choice([0, 0.2, 0.5, 0.95, 1]),
        runs_per_visit=rng.choice([[0], [0, 1, 1], [1, 2, 4]]),
        runs_exact=rng.choice([0, 0.3, 1]),
        copies=rng.choice([[1], [1], [5, 9]]),
        runs_backfilled=rng.choice([0, 0, 0.3]),
        grain=rng.choice([1, 1, HOUR]),
    )


def spelled(rng: random.Random, status: str) -> str:
    """The status as older programs and people write it."""
    if status == "ready_to_code_review" and rng.random() < 0.3:
        status = "ready_to_review"
    return rng.choice([status] * 12 + [status.upper(), status.title(), f" {status}", f"{status} "])


def written(rng: random.Random, millis: int) -> str:
    """A time as one program or another writes it, or as nobody can read it."""
    if rng.random() < 0.04:
        return rng.choice(["", "yesterday", "2026-02-30T00:00:00Z", "2026-03-20T11:00:00", "12345"])
    moment = EPOCH + timedelta(milliseconds=millis)
    if rng.random() < 0.02:
        return moment.date().isoformat()
    if rng.random() < 0.1:
        moment = moment.astimezone(timezone(timedelta(minutes=rng.choice([330, -420, 60]))))
    text = moment.isoformat(timespec="milliseconds")
    if rng.random() < 0.05:
        text = text[:23] + "987654" + text[23:]
    return text.replace("+00:00", "Z")


def jitter(rng: random.Random, habits: Habits) -> int:
    """How far a run's end is from the move it belongs to: often on this side of a minute or on that."""
    if rng.random() < habits.runs_exact:
        return 0
    return rng.choice([1, MINUTE - 1, -MINUTE, MINUTE + 1, -MINUTE - 1, rng.randint(-90_000, 90_000)])


def insert(db: sqlite3.Connection, table: str, **row: Any) -> None:
    marks = ", ".join("?" for _ in row)
    db.execute(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({marks})", tuple(row.values()))


@dataclass
class Life:
    """The history of a task, as rows."""

    status: str = "not_started"
    moves: list[dict[str, Any]] = field(default_factory=list)
    runs: list[dict[str, Any]] = field(default_factory=list)

    def add_move(self, origin: str | None, target: str, at: str, metadata: str | None) -> None:
        row = {"from_status": origin, "to_status": target, "timestamp": at, "metadata_json": metadata}
        self.moves.append(row)


def random_life(rng: random.Random, habits: Habits) -> Life:
    """Forwards and back again, at times into the future, with zero time between moves now and then."""
    life = Life()
    entered = millis_of(NOW) - rng.choice([2, 10, 100]) * HOUR
    for _ in range(rng.choice([0, 1, 2, 4, 8])):
        target = rng.choice(NEXT_STATUSES[life.status])
        left = entered + rng.choice([0, 1, 500, MINUTE] + [rng.randint(0, 2 * HOUR)] * 6)
        left -= left % habits.grain
        if rng.random() < habits.moves_recorded:
            metadata = rng.choice([None] * 8 + ["{}", "null", "{bad", '{"x":"backfilled"}', BACKFILLED])
            life.add_move(spelled(rng, life.status), spelled(rng, target), written(rng, left), metadata)
        if life.status in COMMANDS:
            for _ in range(rng.choice(habits.runs_per_visit)):
                add_run(rng, habits, life, target, entered, left)
        life.status, entered = target, left
    if rng.random() < 0.3:
        rng.shuffle(life.moves)
    rng.shuffle(life.runs)
    if rng.random() < 0.2:
        life.status = rng.choice(["blocked", "cancelled", "weird"])
    return life


def add_run(rng: random.Random, habits: Habits, life: Life, target: str, entered: int, left: int) -> None:
    """A run of the lane that the task is in, near the moves at both of its ends."""
    started, finished = entered + jitter(rng, habits), left + jitter(rng, habits)
    for _ in range(rng.choice(habits.copies)):
        row = {"command": COMMANDS[life.status], "started_at": written(rng, started)}
        row["status"] = rng.choice(["succeeded"] * 8 + ["success", "failed", "running", "SUCCEEDED"])
        row["finished_at"] = None if rng.random() < 0.1 else written(rng, finished)
        row["story_points_at_run"] = rng.choice([None, None, 1, 2.5, 0])
        row["sp_per_hour_effective"] = rng.choice([None, 3.3, 0, -1, 12])
        life.runs.append(row)
    if rng.random() < habits.runs_backfilled:
        life.add_move(None, life.status, written(rng, started), BACKFILLED)
        life.add_move(life.status, target, written(rng, finished), BACKFILLED)


def add_task(
    db: sqlite3.Connection, rng: random.Random, habits: Habits, task: str, parents: dict[str, str]
) -> None:
    life = random_life(rng, habits)
    row = {"status": spelled(rng, life.status), "story_points": rng.choice(habits.story_points)}
    row["assignee_human"] = rng.choice([None, "Ada", " ada", "BOB", "Åse"])
    insert(db, "tasks", id=task, key=task, title="-", **row, **parents, **CREATED)
    for table, rows in (("task_status_events", life.moves), ("task_runs", life.runs)):
        for number, row in enumerate(rows):
            insert(db, table, id=f"{task}-{number}", task_id=task, **row)


def fill_workspace(db: sqlite3.Connection, rng: random.Random) -> None:
    """One or two projects, epics and stories with the same keys in each, and some tasks."""
    habits = random_habits(rng)
    for p in range(rng.choice([1, 1, 2])):
        project = f"P{p}"
        insert(db, "projects", id=project, key=project, **CREATED)
        for e in range(rng.choice([1, 2])):
            epic = f"{project}-E{e}"
            insert(db, "epics", id=epic, key=f"E{e}", project_id=project, title="-", **CREATED)
            for s in range(rng.choice([1, 2])):
                story = f"{epic}-S{s}"
                parents = {"project_id": project, "epic_id": epic}
                insert(db, "user_stories", id=story, key=f"S{s}", title="-", **parents, **CREATED)
                parents["user_story_id"] = story
                for t in range(rng.choice([0, 1, 3, 6])):
                    add_task(db, rng, habits, f"{story}-T{t}", parents)
