"""One of the processes of the load test. load.py says what it does and what it writes; writer.c and writer.mjs do the
same. Usage: writer.py NAME ROOT SECONDS FILE TASK…

With MCODA_LOAD_BESIDE set it has a table of its own in the same file as well, which it writes and reads with Python's
``sqlite3``.
"""

import os
import sqlite3
import sys
import time

import mcoda

RECORDS_A_MOVE, QUERIES = 20, 10
STATUSES = ["in_progress", "ready_to_code_review", "ready_to_qa", "changes_requested"]


class Notes:
    """Another copy of SQLite in this process, which keeps notes in the same file."""

    def __init__(self, path, name):
        self.name = name
        self.connection = sqlite3.connect(path, timeout=30, isolation_level=None)
        self.connection.execute("CREATE TABLE IF NOT EXISTS notes (writer TEXT, number INTEGER)")

    def write(self, number):
        with self.connection:
            self.connection.execute("BEGIN IMMEDIATE")
            self.connection.execute("INSERT INTO notes VALUES (?, ?)", (self.name, number))
        wanted = "SELECT number FROM notes WHERE rowid = last_insert_rowid() AND writer = ?"
        assert self.connection.execute(wanted, (self.name,)).fetchone() == (number,)


def main(name, root, seconds, file, *tasks):
    seconds = float(seconds)
    with open(file, "w") as log, mcoda.Workspace.open(root) as workspace:

        def timed(what, call):
            begun = time.monotonic()
            try:
                result = call()
            except mcoda.McodaError as error:
                log.write(f"failed {what} {error.kind}\n")
                return None, 0
            return result, (time.monotonic() - begun) * 1e6

        notes = Notes(workspace.database_path, name) if "MCODA_LOAD_BESIDE" in os.environ else None
        print("ready", flush=True)
        assert sys.stdin.readline() == "\n"
        begun, following = time.monotonic(), seconds / QUERIES
        number = 0
        while time.monotonic() - begun < seconds:
            number += 1
            usage = {
                "id": f"{name}-{number}",
                "taskId": tasks[number % len(tasks)],
                "agentId": name,
                "commandName": "work-on-tasks",
                "tokensPrompt": number,
                "tokensCompletion": 1,
            }
            recorded, took = timed(usage["id"], lambda: workspace.record_token_usage(usage))
            if recorded:
                log.write(f"recorded {recorded.id} {took:.0f} {'logged' if recorded.logged else 'unlogged'}\n")
            if number % RECORDS_A_MOVE == 0:
                move = number // RECORDS_A_MOVE
                task, status = tasks[move % len(tasks)], STATUSES[move // len(tasks) % 4]
                moved, took = timed("move", lambda: workspace.record_status_transition(task, status))
                if moved:
                    # Another process may have moved it there meanwhile: then there is no event.
                    log.write(f"moved {moved.event_id or '-'} {took:.0f}\n")
                if notes:
                    notes.write(move)
                    log.write(f"noted {move}\n")
            if time.monotonic() - begun >= following:
                query = {"agent": name, "groupBy": ["agent"]}
                rows, took = timed("query", lambda: workspace.token_usage_summary(query))
                if rows:
                    log.write(f"queried {rows[0].calls} {took:.0f}\n")
                following += seconds / QUERIES
        if notes:
            notes.connection.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
