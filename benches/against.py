"""What questions about velocity and remaining work cost beside an earlier build, and beside reading the same rows in SQL.

    python benches/against.py [OLD [NEW]] [--events N …] [--rounds N]

Both commits (OLD is by default the last one before the indexes, NEW is HEAD) are checked out and built below target/against, with
the working copy's core/benches/scale.rs. Each answer comes from a process of its own; the processes take turns, each build
on a copy of its own of the workspace, since only one of them creates the indexes. Prints medians as a Markdown table.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BEFORE_THE_INDEXES = "7490947d0e4d"
QUESTIONS = ["velocity", "estimate", "task by key"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("old", nargs="?", default=BEFORE_THE_INDEXES)
    parser.add_argument("new", nargs="?", default="HEAD")
    parser.add_argument("--events", type=int, nargs="+", default=[1_000, 10_000, 100_000, 1_104_000])
    parser.add_argument("--rounds", type=int, default=5)
    args = parser.parse_args()
    folder = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")).resolve() / "against"
    old, new = (build(commit, folder) for commit in (args.old, args.new))
    print("| events | tasks | | old, ms | new, ms | SQL, ms | old : new | SQL : new | processor, old : new "
          "| peak old, MiB | peak new, MiB |")
    print("|---|---|---|---|---|---|---|---|---|---|---|")
    for events in args.events:
        with tempfile.TemporaryDirectory(dir=folder) as workspaces:
            measure(old, new, Path(workspaces), events, args.rounds)


def build(commit: str, folder: Path) -> Path:
    """The benchmark with the library of the commit."""
    name = git("rev-parse", "--short=12", f"{commit}^{{commit}}").decode().strip()
    program = folder / f"scale-{name}"
    source = (ROOT / "core/benches/scale.rs").read_bytes()
    checkout = folder / name
    example = checkout / "core/examples/against.rs"
    if program.exists() and example.exists() and example.read_bytes() == source:
        return program
    shutil.rmtree(checkout, ignore_errors=True)
    checkout.mkdir(parents=True)
    subprocess.run(["tar", "-x", "-C", checkout], input=git("archive", name), check=True)
    example.parent.mkdir(exist_ok=True)
    example.write_bytes(source)
    # What only the tests need takes longer to build than the rest.
    manifest = checkout / "core/Cargo.toml"
    manifest.write_text("\n".join(without_test_dependencies(manifest.read_text().splitlines())) + "\n")
    # One folder for both: they share most dependencies.
    command = ["cargo", "build", "--release", "--package", "mcoda-core", "--example", "against",
               "--message-format", "json-render-diagnostics", "--target-dir", folder / "target"]
    lines = subprocess.run(command, cwd=checkout, stdout=subprocess.PIPE, check=True).stdout.splitlines()
    built = [json.loads(line).get("executable") for line in lines]
    shutil.copy2(next(path for path in reversed(built) if path), program)
    return program


def without_test_dependencies(manifest: list[str]) -> Iterator[str]:
    section = ""
    for line in manifest:
        section = line if line.startswith("[") else section
        is_dependency = section == "[dev-dependencies]" and line[:1].isalpha()
        if not is_dependency or line.startswith(("rusqlite", "tempfile")):
            yield line


def measure(old: Path, new: Path, folder: Path, events: int, rounds: int) -> None:
    files = {"old": folder / "old.db", "new": folder / "new.db"}
    # The earlier build makes the workspace, which therefore has none of the indexes.
    subprocess.run([old, "make", files["old"], str(events)], check=True)
    shutil.copyfile(files["old"], files["new"])
    # The first to open it creates them.
    ask(new, files["new"], QUESTIONS[0], 1)
    for question in QUESTIONS:
        asked = {
            "old": (old, files["old"], question),
            "new": (new, files["new"], question),
            "SQL": (new, files["old"], f"sql: {question}"),
        }
        taken = {who: [] for who in asked}
        for _ in range(rounds):
            for who, (program, file, words) in asked.items():
                taken[who].append(ask(program, file, words, 3))
        medians = {who: [statistics.median(column) for column in zip(*runs)] for who, runs in taken.items()}
        (wall, processor, peak, tasks), (own, own_processor, own_peak, _), (sql, *_) = (
            medians[who] for who in ("old", "new", "SQL"))
        cells = [f"{events:,}", f"{tasks:,.0f}", question, *(short(micros / 1000) for micros in (wall, own, sql)),
                 short(wall / own), short(sql / own),
                 # The system counts no processor time of what is over within its clock's tick.
                 short(processor / own_processor) if own_processor else "-", f"{peak:.1f}",
                 f"{own_peak:.1f}"]
        print(f"| {' | '.join(cells)} |", flush=True)


def ask(program: Path, file: Path, question: str, times: int) -> list[float]:
    """The medians of `times` answers of one process: wall and processor time in µs, peak memory in MiB; the number of tasks."""
    command = [program, "ask", file, question, str(times)]
    return [float(word) for word in subprocess.run(command, capture_output=True, check=True, text=True).stdout.split()]


def short(number: float) -> str:
    return f"{number:,.0f}" if number >= 100 else f"{number:.3g}"


def git(*arguments: str) -> bytes:
    return subprocess.run(["git", "-C", ROOT, *arguments], stdout=subprocess.PIPE, check=True).stdout


if __name__ == "__main__":
    main()
