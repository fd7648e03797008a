"""How long `import mcoda` takes beyond starting Python, its first use, opening a workspace, and a record: `python benches/import.py [ROUNDS]`.

Each round starts one process for each, in turn. Prints the medians in milliseconds of CPU time, which other programs
disturb less than the time that passes.
"""

import resource
import statistics
import subprocess
import sys

PROGRAMS = {
    "bare": "",
    "import mcoda": "import mcoda",
    "first use": "import mcoda; mcoda.Workspace",
    "opening": "import mcoda; mcoda.Workspace.open_db(':memory:')",
    "a record": "import mcoda; mcoda.Workspace.open_db(':memory:').record_token_usage(tokens_prompt=1)",
    "json, sqlite3": "import json, sqlite3",
}


def milliseconds(program: str) -> float:
    def used() -> float:
        usage = resource.getrusage(resource.RUSAGE_CHILDREN)
        return usage.ru_utime + usage.ru_stime

    before = used()
    subprocess.run([sys.executable, "-c", program], check=True)
    return (used() - before) * 1000


def main(rounds: int = 20) -> None:
    times: dict[str, list[float]] = {name: [] for name in PROGRAMS}
    for _ in range(rounds):
        for name, program in PROGRAMS.items():
            times[name].append(milliseconds(program))
    bare = statistics.median(times.pop("bare"))
    print(f"bare Python {bare:.0f} ms; beyond it:")
    for name, values in times.items():
        print(f"{name:14} {statistics.median(values) - bare:6.1f} ms")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
