"""Eight processes in three languages record into one workspace as fast as they can, and the results are compared
with the data that is there afterwards.

Usage: load.py SECONDS C_WRITER [--beside]. The Python package and the Node package must be there: run.sh sees to that.
With --beside the Python processes write with ``sqlite3`` into the same file as well.

Each writer opens the workspace of a root folder with nothing but defaults, says ``ready``, and begins when it reads
a line. It records with ids of its own, moves a task after every 20 records (all writers move the same tasks), and asks
ten times in all what it has recorded so far. Into its file it writes a line for each call that came back:

    recorded ID MICROSECONDS logged|unlogged      queried CALLS MICROSECONDS
    moved EVENT_ID|- MICROSECONDS                 failed ID|move|query KIND
    noted NUMBER (with sqlite3)

A kind is that of the error, ``Busy`` for example. What is no error of the library's ends the writer, and the test.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import mcoda

HERE = Path(__file__).parent
PROCESSES = {"C": 3, "Python": 3, "Node": 2}
TASKS = 5


class Writer:
    """One of the processes."""

    def __init__(self, language, number, command, root, seconds, folder, tasks):
        self.language = language
        self.name = f"{language.lower()}-{number}"
        self.file = folder / self.name
        self.memory = []
        arguments = [*command, self.name, root, str(seconds), self.file, *tasks]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        self.process = subprocess.Popen(arguments, text=True, **pipes)

    def wait_until_ready(self):
        if self.process.stdout.readline() != "ready\n":
            sys.exit(f"{self.name} did not begin")

    def begin(self):
        self.process.stdin.write("\n")
        self.process.stdin.flush()

    def look_at_memory(self):
        """Notes its resident memory, in MiB, while it lives."""
        try:
            status = Path(f"/proc/{self.process.pid}/status").read_text()
        except OSError:
            return
        for line in status.splitlines():
            if line.startswith("VmRSS:"):
                self.memory.append(int(line.split()[1]) / 1024)


class Figures:
    """The summed results of the writers of one language."""

    def __init__(self, writers):
        self.processes = len(writers)
        self.microseconds = []
        self.queries = []
        self.errors = Counter()
        each = [self.read(writer.file) for writer in writers]
        self.fewest, self.most = min(each), max(each)
        self.memory = [(writer.memory[0], writer.memory[-1]) for writer in writers if writer.memory]

    def read(self, path):
        before = len(self.microseconds)
        with open(path, encoding="utf-8") as file:
            for line in file:
                what, *rest = line.split()
                if what == "recorded":
                    self.microseconds.append(int(rest[1]))
                elif what == "queried":
                    self.queries.append(int(rest[1]))
                elif what == "failed":
                    # C says BUSY, the others Busy.
                    self.errors[rest[1].replace("_", "").lower()] += 1
        return len(self.microseconds) - before

    def row(self, name, seconds):
        waits = sorted(self.microseconds)
        times = [waits[min(len(waits) - 1, int(len(waits) * part))] / 1000 for part in (0.5, 0.99, 0.999, 1)]
        busy = self.errors["busy"]
        growth = max((after - before for before, after in self.memory), default=0)
        return [
            name,
            str(self.processes),
            f"{len(waits):,}",
            f"{len(waits) / seconds:,.0f}",
            f"{self.fewest:,}–{self.most:,}",
            *(f"{one:,.2f}" if one < 10 else f"{one:,.0f}" for one in times),
            f"{max(self.queries, default=0) / 1000:,.0f}",
            str(busy),
            str(self.errors.total() - busy),
            f"{growth:+.1f}",
        ]


HEADS = ["", "processes", "records", "records/s", "each process", "p50 ms", "p99 ms", "p99.9 ms", "longest ms"]
HEADS += ["longest query ms", "Busy", "other errors", "MiB grown"]


def print_table(writers, seconds):
    rows = [HEADS, ["---"] * len(HEADS)]
    for language in PROCESSES:
        rows.append(Figures([one for one in writers if one.language == language]).row(language, seconds))
    rows.append(Figures(writers).row("all", seconds))
    for row in rows:
        print(f"| {' | '.join(row)} |")


def furnish(root):
    """Creates the workspace; returns its database, its JSON log and the ids of its tasks."""
    with mcoda.Workspace.open(root) as workspace:
        project = workspace.projects.ensure(key="P")
        epic = workspace.epics.create(project_id=project.id, key="P-E", title="e")
        story = workspace.stories.create(epic_id=epic.id, key="P-S", title="s")
        wanted = [{"user_story_id": story.id, "key": f"T{number}", "title": "t"} for number in range(TASKS)]
        tasks = [task.id for task in workspace.tasks.create_many(wanted)]
        database = workspace.database_path
    return database, database.with_name("token_usage.json"), tasks


def run_writers(commands, root, seconds, folder, tasks):
    """Lets all of them begin at once, and waits for the last one."""
    writers = [
        Writer(language, number, commands[language], root, seconds, folder, tasks)
        for language, count in PROCESSES.items()
        for number in range(count)
    ]
    try:
        for writer in writers:
            writer.wait_until_ready()
        for writer in writers:
            writer.begin()
        begun = time.monotonic()
        # What a process takes once at its start is no growth.
        while any(writer.process.poll() is None for writer in writers):
            time.sleep(0.25)
            if time.monotonic() - begun > seconds / 10:
                for writer in writers:
                    writer.look_at_memory()
    finally:
        for writer in writers:
            writer.process.kill()
            writer.process.wait()
    failed = [f"{writer.name} ({writer.process.returncode})" for writer in writers if writer.process.returncode]
    if failed:
        sys.exit(f"ended with an error: {', '.join(failed)}")
    return writers


def main():
    seconds, c_writer, *beside = sys.argv[1:]
    seconds = float(seconds)
    commands = {
        "C": [c_writer],
        "Python": [sys.executable, HERE / "writer.py"],
        "Node": ["node", HERE / "writer.mjs"],
    }
    if beside:
        os.environ["MCODA_LOAD_BESIDE"] = "1"
    with tempfile.TemporaryDirectory(dir=os.environ.get("MCODA_LOAD_FOLDER")) as name:
        folder = Path(name)
        os.environ["HOME"] = name
        root = folder / "shop"
        root.mkdir()
        database, log, tasks = furnish(root)
        writers = run_writers(commands, root, seconds, folder, tasks)
        print_table(writers, seconds)
        sizes = [f"{path.name} {path.stat().st_size / 2**20:.1f} MiB" for path in (database, log)]
        print(f"load: {os.cpu_count()} processors, {seconds:g} s, {', '.join(sizes)}")
        check = [sys.executable, HERE / "check.py", database, log, *(writer.file for writer in writers)]
        if subprocess.run(check, check=False).returncode:
            sys.exit("load: what was acknowledged is not what is there")
    print("load: nothing lost, nothing doubled, no error" + (", beside Python's sqlite3" if beside else ""))


if __name__ == "__main__":
    main()
