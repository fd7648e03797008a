"""Compares the results of the load test with the results its writers got: nothing may be lost, duplicated or partial.

Usage: check.py DATABASE LOG FILE… (the files that the writers wrote). Prints what is wrong, and fails if anything is.
Then it damages what it read, in ways that must be noticed, and fails if one is not.
"""

import json
import sqlite3
import sys
from collections import Counter, defaultdict
from contextlib import closing
from dataclasses import dataclass, field


@dataclass
class Expected:
    """What the writers know."""

    recorded: Counter = field(default_factory=Counter)
    events: Counter = field(default_factory=Counter)
    notes: Counter = field(default_factory=Counter)
    refused: set = field(default_factory=set)
    wrong: list = field(default_factory=list)

    def read(self, file):
        mine = 0
        name = ""
        for line in file:
            what, *rest = line.split()
            if what == "recorded":
                mine += 1
                self.recorded[rest[0]] += 1
                name = rest[0].rpartition("-")[0]
                if rest[2] != "logged":
                    self.wrong.append(f"{rest[0]} was not in the log when its call returned")
            elif what == "moved" and rest[0] != "-":
                self.events[rest[0]] += 1
            elif what == "noted":
                self.notes[name, int(rest[0])] += 1
            elif what == "queried" and int(rest[0]) != mine:
                self.wrong.append(f"{name} queried after {mine} records of its own and got {rest[0]}")
            elif what == "failed":
                self.refused.add(rest[0])
                self.wrong.append(f"{rest[0]} failed: {rest[1]}")


def differing(what, expected, found, more=frozenset()):
    """Whatever is not there exactly once, and whatever is there beyond that."""
    for name, count in expected.items():
        if count != 1 or found[name] != 1:
            yield f"{name}: acknowledged {count} times, {found[name]} times in {what}"
    for name in found.keys() - expected.keys() - more:
        yield f"{name}: never acknowledged, {found[name]} times in {what}"


def faults(expected, database, log):
    """All that is wrong, one line each."""
    yield from expected.wrong
    rows = database.execute("SELECT id, tokens_prompt FROM token_usage").fetchall()
    yield from differing("the database", expected.recorded, Counter(name for name, _ in rows), expected.refused)
    yield from differing("the JSON log", expected.recorded, Counter(one["id"] for one in log), expected.refused)
    # Each record counts as many tokens as its id says.
    for where, records in [("database", rows), ("log", [(one["id"], one["tokensPrompt"]) for one in log])]:
        for name, tokens in records:
            if name.rpartition("-")[2] != str(tokens):
                yield f"{name} has {tokens} tokens in the {where}"
    yield from chain_faults(expected, database)
    if expected.notes:
        notes = Counter(database.execute("SELECT writer, number FROM notes").fetchall())
        yield from differing("the notes of another SQLite", expected.notes, notes)
    if queued := database.execute("SELECT count(*) FROM token_usage_log_queue").fetchone()[0]:
        yield f"{queued} records wait for the log"
    for (result,) in database.execute("PRAGMA integrity_check"):
        if result != "ok":
            yield f"integrity_check: {result}"
    for broken in database.execute("PRAGMA foreign_key_check"):
        yield f"foreign_key_check: {broken}"


def chain_faults(expected, database):
    """Each event begins where the last one of its task ended, and the task is where its last event says."""
    sql = "SELECT id, task_id, from_status, to_status FROM task_status_events ORDER BY rowid"
    events = database.execute(sql).fetchall()
    yield from differing("the history", expected.events, Counter(event[0] for event in events))
    chains = defaultdict(list)
    for _, task, before, after in events:
        chains[task].append((before, after))
    for task, status in database.execute("SELECT id, status FROM tasks"):
        chain = chains[task]
        if chain and status != chain[-1][1]:
            yield f"task {task} is {status}, its last event says {chain[-1][1]}"
        for (_, ended), (begun, _) in zip(chain, chain[1:]):
            if ended != begun:
                yield f"task {task}: an event ends at {ended}, the next one begins at {begun}"


FIRST_EVENT = "WHERE rowid = (SELECT min(rowid) FROM task_status_events)"
LAST_ROW = "WHERE rowid = (SELECT max(rowid) FROM token_usage)"
DAMAGES = {
    "a row is missing": f"DELETE FROM token_usage {LAST_ROW}",
    "a row has other tokens": f"UPDATE token_usage SET tokens_prompt = 0 {LAST_ROW}",
    "a row that nobody recorded": """
        INSERT INTO token_usage (id, workspace_id, timestamp, tokens_prompt) VALUES ('x-1', 'x', '2026', 1)""",
    "a row of a task that is not there": f"UPDATE token_usage SET task_id = 'x' {LAST_ROW}",
    "an event is missing": f"DELETE FROM task_status_events {FIRST_EVENT}",
    "an event leads elsewhere": f"UPDATE task_status_events SET to_status = 'blocked' {FIRST_EVENT}",
    "a task has moved without an event": """
        UPDATE tasks SET status = 'blocked' WHERE id = (SELECT task_id FROM task_status_events)""",
    "a record waits for the log": "INSERT INTO token_usage_log_queue (usage_id) SELECT min(id) FROM token_usage",
}
LOG_DAMAGES = {
    "a record is missing from the log": lambda log: log[1:],
    "a record is in the log twice": lambda log: [*log, log[0]],
    "a record is another one in the log": lambda log: [{**log[0], "tokensPrompt": 0}, *log[1:]],
}


def unnoticed(expected, database, log):
    """The damages that this check does not see."""
    for name, sql in DAMAGES.items():
        database.execute("BEGIN")
        changed = database.execute(sql).rowcount
        if changed < 1 or not any(faults(expected, database, log)):
            yield name
        database.execute("ROLLBACK")
    for name, damage in LOG_DAMAGES.items():
        if not any(faults(expected, database, damage(log))):
            yield name


def main(database_path, log_path, *files):
    expected = Expected()
    for path in files:
        with open(path, encoding="utf-8") as file:
            expected.read(file)
    with open(log_path, encoding="utf-8") as file:
        log = json.load(file)
    with closing(sqlite3.connect(database_path, isolation_level=None)) as database:
        wrong = list(faults(expected, database, log))
        for line in wrong[:20]:
            print(line, file=sys.stderr)
        if wrong:
            sys.exit(f"{len(wrong)} faults")
        blind = list(unnoticed(expected, database, log))
        if blind:
            sys.exit(f"the check would not notice: {', '.join(blind)}")


if __name__ == "__main__":
    main(*sys.argv[1:])
