"""Processes that are killed, stopped and given a jumping clock record into one workspace, while its log is rotated and
a foreign program writes into the same file; at the end no acknowledged record may be missing, duplicated or damaged.

Usage: soak.py SECONDS CLOCK (a library for LD_PRELOAD, built from clock.c). run.sh provides what it needs. SEED in the
environment repeats the order of the faults, but not their timing.
"""

import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import closing
from pathlib import Path

import mcoda

HERE = Path(__file__).parent
WRITERS = {"python-1": "writer.py", "python-2": "writer.py", "node-1": "writer.mjs", "node-2": "writer.mjs"}
A_YEAR = 365 * 86_400


class Process:
    """A writer, which is restarted after it was killed."""

    def __init__(self, name, command, file):
        self.name, self.command, self.file = name, command, file
        self.start()

    def start(self):
        self.process = subprocess.Popen([*self.command, self.file])

    def kill(self):
        if self.process.poll() is not None:
            sys.exit(f"soak: {self.name} ended by itself with {self.process.returncode}")
        self.process.kill()
        self.process.wait()
        self.start()

    def stop_for(self, seconds):
        self.process.send_signal(signal.SIGSTOP)
        time.sleep(seconds)
        self.process.send_signal(signal.SIGCONT)

    def end(self):
        self.process.terminate()
        # One that has just been restarted does not handle signals yet.
        if (code := self.process.wait(timeout=120)) not in (0, -signal.SIGTERM):
            sys.exit(f"soak: {self.name} ended with {code}")

    def lines(self):
        return self.file.read_text(encoding="ascii").split("\n")[:-1]


def shake(seconds, writers, foreign, log, clock, chance):
    """Injects one fault after the other."""
    blows = Counter()
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        time.sleep(chance.uniform(0.05, 1.0))
        blow = chance.choice(["kill"] * 6 + ["stop", "clock", "rotate", "rotate", "foreign"])
        if blow == "kill":
            chance.choice(writers).kill()
        elif blow == "stop":
            chance.choice(writers).stop_for(chance.uniform(0.5, 3.0))
        elif blow == "clock":
            clock.write_text(str(chance.choice([0, -3_600, 3_600, -A_YEAR, A_YEAR])), encoding="ascii")
        elif blow == "foreign":
            foreign.kill()
        elif log.exists():
            log.rename(log.with_name(f"rotated-{blows['rotate']}.json"))
        blows[blow] += 1
    return blows


def faults(writers, foreign, database, logs):
    """Every fault found, one line each."""
    entries = Counter()
    for log in logs:
        entries.update(entry["id"] for entry in json.loads(log.read_text(encoding="utf-8")))
    with closing(sqlite3.connect(database)) as connection:
        rows = dict(connection.execute("SELECT id, tokens_prompt FROM token_usage"))
        for writer in writers:
            acknowledged = [int(line.split()[0]) for line in writer.lines()]
            if acknowledged != list(range(1, len(acknowledged) + 1)):
                yield f"{writer.name} has inconsistent notes of what was acknowledged"
            for number in acknowledged:
                name = f"{writer.name}-{number}"
                if rows.pop(name, None) != number:
                    yield f"{name} was acknowledged and is not in the database"
                times = entries.pop(name, 0)
                if times != 1:
                    yield f"{name} was acknowledged and is {times} times in the logs"
            # The last one may have been recorded without having been acknowledged.
            rows.pop(f"{writer.name}-{len(acknowledged) + 1}", None)
            entries.pop(f"{writer.name}-{len(acknowledged) + 1}", None)
        yield from (f"{name} was recorded without a request" for name in rows)
        yield from (f"{name} is in the log {count} times without a request" for name, count in entries.items())
        notes = {number for (number,) in connection.execute("SELECT number FROM notes")}
        yield from (f"note {line} of another SQLite is gone" for line in foreign.lines() if int(line) not in notes)
        yield from (row[0] for row in connection.execute("PRAGMA integrity_check") if row[0] != "ok")
        if queued := connection.execute("SELECT count(*) FROM token_usage_log_queue").fetchone()[0]:
            yield f"{queued} records wait for the log"


def notices(writers, foreign, database, logs):
    """Whether this test would detect a lost record."""
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("DELETE FROM token_usage WHERE id = ?", (f"{writers[0].name}-1",))
    return any("is not in the database" in fault for fault in faults(writers, foreign, database, logs))


def main(seconds, clock_library):
    seed = int(os.environ.get("SEED", time.time_ns()))
    with tempfile.TemporaryDirectory(dir=os.environ.get("MCODA_SOAK_FOLDER")) as name:
        folder = Path(name)
        root, clock = folder / "shop", folder / "clock"
        root.mkdir()
        os.environ.update(HOME=name, SOAK_CLOCK=str(clock))
        with mcoda.Workspace.open(root) as workspace:
            database = workspace.database_path
        log = database.with_name("token_usage.json")
        os.environ["LD_PRELOAD"] = clock_library
        interpreters = {".py": sys.executable, ".mjs": "node"}
        writers = [
            Process(name, [interpreters[Path(file).suffix], HERE / file, name, root], folder / name)
            for name, file in WRITERS.items()
        ]
        foreign = Process("foreign", [sys.executable, HERE / "foreign.py", database], folder / "foreign")
        del os.environ["LD_PRELOAD"]
        processes = [*writers, foreign]
        try:
            blows = shake(float(seconds), writers, foreign, log, clock, random.Random(seed))
            for process in processes:
                process.end()
        finally:
            for process in processes:
                process.process.kill()
        # The next call of any process logs what a killed one had committed and not yet logged.
        with mcoda.Workspace.open(root) as workspace:
            workspace.record_token_usage(id="last")
        logs = sorted(log.parent.glob("rotated-*.json")) + [log]
        wrong = [fault for fault in faults(writers, foreign, database, logs) if not fault.startswith("last ")]
        acknowledged = sum(len(writer.lines()) for writer in writers)
        print(f"soak: seed {seed}, {acknowledged:,} records, {len(foreign.lines()):,} notes, {dict(blows)}")
        if not wrong and not notices(writers, foreign, database, logs):
            wrong = ["a record that was taken away was not noticed"]
        for fault in wrong[:20]:
            print(f"soak: {fault}", file=sys.stderr)
        if wrong or acknowledged == 0:
            sys.exit(f"soak: {len(wrong)} faults")
    print("soak: nothing lost, nothing doubled, nothing damaged")


if __name__ == "__main__":
    main(*sys.argv[1:])
