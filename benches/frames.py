"""Compares reading all token usage into a DataFrame: this package beside pandas.read_sql, sqlite3 and polars.

Run it with the Python of `make test-python`, with the package built with optimisation:

    python benches/frames.py [ROWS]

Each way runs in a process of its own, on the same file, and reports its CPU time and its peak memory, imports included.
"""

from __future__ import annotations

import json
import os
import resource
import sqlite3
import subprocess
import sys
import tempfile
from pathlib import Path

SELECT = "SELECT * FROM token_usage ORDER BY timestamp"


def made(file: Path, rows: int) -> None:
    """A workspace with so many calls, as an agent pipeline records them."""
    import mcoda

    mcoda.Workspace.open_db(file, workspace_id="bench").close()
    columns = (
        "id, workspace_id, agent_id, model_name, command_name, action, provider, currency, tokens_prompt,"
        " tokens_completion, tokens_total, tokens_cached, cost_estimate, duration_ms, started_at, finished_at,"
        " timestamp, metadata_json"
    )

    def row(n: int) -> tuple[object, ...]:
        time = f"2026-{n * 11 // rows + 1:02}-{n // 3600 % 28 + 1:02}T{n // 150 % 24:02}:{n // 60 % 60:02}:{n % 60:02}.000Z"
        prompt, completion = 1000 + n % 9000, 100 + n % 900
        agent, model = f"agent-{n % 7}", ("claude-sonnet-4-5", "gpt-5", "glm-4.6")[n % 3]
        metadata = f'{{"attempt":{n % 3},"branch":"task/{n % 500}","commandName":"work-on-tasks"}}'
        return (
            f"019a0000-0000-7000-8000-{n:012}", "bench", agent, model, "work-on-tasks", "implement", "anthropic", "USD",
            prompt, completion, prompt + completion, prompt // 2, prompt * 3e-6 + completion * 15e-6, 1500 + n % 60000,
            time, time, time, metadata,
        )  # fmt: skip

    with sqlite3.connect(file) as database:
        places = ", ".join("?" * (columns.count(",") + 1))
        database.executemany(f"INSERT INTO token_usage ({columns}) VALUES ({places})", map(row, range(rows)))
    database.close()


def read_sql(file: str) -> int:
    import pandas

    return len(pandas.read_sql(SELECT, sqlite3.connect(file)))


def tuples(file: str) -> int:
    return len(sqlite3.connect(file).execute(SELECT).fetchall())


def read_database(file: str) -> int:
    import polars

    return len(polars.read_database(SELECT, sqlite3.connect(file), infer_schema_length=None))


def usage_to_pandas(file: str) -> int:
    import mcoda

    with mcoda.Workspace.open_db(file, workspace_id="bench") as ws:
        return len(ws.token_usage().to_pandas())


def usage_to_polars(file: str) -> int:
    import mcoda

    with mcoda.Workspace.open_db(file, workspace_id="bench") as ws:
        return len(ws.token_usage().to_polars())


def query_to_pandas(file: str) -> int:
    import mcoda

    with mcoda.Workspace.open_db(file, workspace_id="bench", query_bytes=1 << 31) as ws:
        return len(ws.query(SELECT).to_pandas())


WAYS = {
    "pandas.read_sql": read_sql,
    "sqlite3, tuples": tuples,
    "polars.read_database": read_database,
    "token_usage().to_pandas()": usage_to_pandas,
    "token_usage().to_polars()": usage_to_polars,
    "query(…).to_pandas()": query_to_pandas,
}


def measure(way: str, file: str) -> None:
    rows = WAYS[way](file)
    used = resource.getrusage(resource.RUSAGE_SELF)
    print(json.dumps([rows, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024]))


def main(rows: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "mcoda.db"
        made(file, rows)
        print(f"{rows:,} rows, {os.path.getsize(file) / 1e6:.0f} MB\n")
        print(f"{'':28} {'CPU':>8} {'peak':>9} {'CPU':>7} {'peak':>7}   (of pandas.read_sql)")
        first: list[float] = []
        for way in WAYS:
            done = subprocess.run([sys.executable, __file__, way, file], check=True, capture_output=True, text=True)
            found, cpu, peak = json.loads(done.stdout)
            assert found == rows, (way, found)
            first = first or [cpu, peak]
            print(f"{way:28} {cpu:6.2f} s {peak:6.0f} MB {cpu / first[0]:7.2f} {peak / first[1]:7.2f}", flush=True)


if __name__ == "__main__":
    if len(sys.argv) == 3:
        measure(*sys.argv[1:])
    else:
        main(int(sys.argv[1]) if len(sys.argv) == 2 else 500_000)
