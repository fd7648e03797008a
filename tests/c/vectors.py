#!/usr/bin/env python3
"""Runs the shared vectors through the C interface: `vectors.py PROGRAM FOLDER [NAME…]`.

PROGRAM is made from vectors.c, FOLDER holds the `*.json` files. Prints a line for each test and fails where one does.
Every result must also match the OpenAPI contract.
"""

import json
import math
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from contract import Contract

# What a call takes in C: t for text, j for JSON, b for what an agent returned (text or JSON), f for true or false.
CALLS = {"id": "", "database_path": "", **json.loads(Path(__file__).with_name("calls.json").read_text())}
PATTERNS = {
    "$uuid": re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE),
    "$timestamp": re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"),
}


class Failed(Exception):
    """A result differs from the expected one."""


class CannotSay(Exception):
    """The C interface does not have this call."""


class Outcome:
    """The outcome of a call: a value, or an error with its kind, field and message."""

    def __init__(self, line):
        outcome, rest = line.rstrip("\n").split("\t", 1)
        self.is_error = outcome == "error"
        if self.is_error:
            kind, field, self.message = rest.split("\t", 2)
            self.kind = "".join(word.capitalize() for word in kind.split("_"))
            self.field = None if field == "-" else field
        else:
            self.value = json.loads(rest)

    def __str__(self):
        if self.is_error:
            return f"{self.kind} of field {self.field}: {self.message}"
        return json.dumps(self.value)


class Program:
    def __init__(self, path, home):
        environment = {**os.environ, "HOME": str(home)}
        self.process = subprocess.Popen(
            [path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8", env=environment
        )

    def call(self, name, *arguments):
        fields = [name] + ["-" if text is None else "=" + escaped(text) for text in arguments]
        self.process.stdin.write("\t".join(fields) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit(f"the program ended in {name} with code {self.process.wait()}")
        return Outcome(line)

    def end(self):
        self.process.stdin.close()
        return self.process.wait()


def escaped(text):
    if "\0" in text:
        raise CannotSay("text with a NUL inside")
    return text.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n")


def arguments_of(call, given):
    kinds = CALLS[call]
    if len(given) > len(kinds):
        raise CannotSay(f"{call} with {len(given)} arguments")
    for kind, value in zip(kinds, given):
        if value is None:
            yield None
        elif kind in "jf" or (kind == "b" and not isinstance(value, str)):
            yield json.dumps(value, ensure_ascii=False)
        elif isinstance(value, str):
            yield value
        else:
            raise CannotSay(f"{call} with {value!r} where it takes text")


def filled(value, saved):
    """The value with every `${name.path}` replaced by what was saved."""
    if isinstance(value, list):
        return [filled(item, saved) for item in value]
    if isinstance(value, dict):
        return {name: filled(item, saved) for name, item in value.items()}
    if not isinstance(value, str):
        return value
    whole = re.fullmatch(r"\$\{([^}]+)\}", value)
    if whole:
        return looked_up(whole[1], saved)
    return re.sub(r"\$\{([^}]+)\}", lambda found: str(looked_up(found[1], saved)), value)


def looked_up(path, saved):
    name, *steps = path.split(".")
    value = saved[name]
    for step in steps:
        value = value[int(step)] if isinstance(value, list) else value[step]
    return value


def compare(expected, got, where="result", tolerance=1e-9):
    """Fails where `got` lacks something that is expected. Numbers may differ by a share of `tolerance`."""
    if expected == "$any":
        return
    if isinstance(expected, str) and expected in PATTERNS:
        fits = isinstance(got, str) and PATTERNS[expected].fullmatch(got)
    elif isinstance(expected, dict):
        if not isinstance(got, dict) or expected.keys() - got.keys():
            raise Failed(f"{where}: expected {json.dumps(expected)}, got {json.dumps(got)}")
        for name, value in expected.items():
            compare(value, got[name], f"{where}.{name}", tolerance)
        return
    elif isinstance(expected, list):
        if not isinstance(got, list) or len(expected) != len(got):
            raise Failed(f"{where}: expected {json.dumps(expected)}, got {json.dumps(got)}")
        for place, (value, own) in enumerate(zip(expected, got)):
            compare(value, own, f"{where}.{place}", tolerance)
        return
    elif is_number(expected):
        fits = is_number(got) and math.isclose(expected, got, rel_tol=tolerance)
    else:
        fits = type(expected) is type(got) and expected == got
    if not fits:
        raise Failed(f"{where}: expected {json.dumps(expected)}, got {json.dumps(got)}")


def is_number(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool)


class Case:
    """A running case, in a fresh folder."""

    def __init__(self, program, contract, case, folder, vectors):
        self.program, self.contract, self.case = program, contract, case
        self.saved = {"folder": str(folder)}
        self.database = folder / "mcoda.db"
        self.handle = case.get("handle", "workspace")
        state = "state.sql" if self.handle == "workspace" else "state_global.sql"
        self.state_sql = (vectors / state).read_text(encoding="utf-8")
        if "fixture" in case:
            shutil.copy(vectors / "fixtures" / f"{case['fixture']}.db", self.database)

    def run(self):
        self.open()
        for step in self.case["steps"]:
            if "reopen" in step:
                self.open(step["reopen"])
            elif "error" in step:
                self.run_refused(step)
            else:
                self.run_answered(step)

    def open(self, on_top={}):
        options = filled({**self.case.get("open", {}), **on_top}, self.saved)
        # The contract has no null where a server answers an empty object or list.
        self.is_of_contract = not options.get("nullAsAbsent")
        opened = self.program.call("open", self.handle, str(self.database), json.dumps(options))
        if opened.is_error:
            raise Failed(f"open: {opened}")

    def call(self, step):
        return self.program.call(step["call"], *arguments_of(step["call"], filled(step.get("args", []), self.saved)))

    def run_answered(self, step):
        result = self.call(step)
        if result.is_error:
            raise Failed(f"{step['call']}: {result}")
        if self.is_of_contract and (faults := self.contract.faults(step["call"], result.value)):
            raise Failed(f"{step['call']}: not what the contract says: {faults} in {result}")
        if "expect" in step:
            tolerance = 0 if step.get("exact") else 1e-9
            compare(filled(step["expect"], self.saved), result.value, step["call"], tolerance)
        if "save" in step:
            self.saved[step["save"]] = result.value

    def run_refused(self, step):
        expected = step["error"]
        before = str(self.program.call("query", self.state_sql, None))
        result = self.call(step)
        fits = result.is_error and result.kind == expected["kind"]
        fits = fits and ("field" not in expected or result.field == expected["field"])
        if not (fits and expected.get("message", "") in result.message):
            raise Failed(f"{step['call']}: expected {json.dumps(expected)}, got {result}")
        # Where the handle is closed, both are the same error.
        after = str(self.program.call("query", self.state_sql, None))
        if after != before:
            raise Failed(f"{step['call']}: an error changed something: {before} became {after}")


def main():
    program_path, vectors, names = sys.argv[1], Path(sys.argv[2]), sys.argv[3:]
    files = sorted(vectors.glob("*.json"))
    if not files:
        raise SystemExit(f"no vectors in {vectors}")
    counts = {"ok": 0, "FAILED": 0, "skipped": 0}
    contract = Contract()
    if not contract.faults("velocity", {"source": 1}):
        raise SystemExit("an invalid result was not detected")
    with tempfile.TemporaryDirectory() as home:
        program = Program(program_path, home)
        for file in files:
            for case in json.loads(file.read_text(encoding="utf-8"))["cases"]:
                name = f"{file.stem}::{case['name']}"
                if names and name not in names:
                    continue
                outcome, why = "ok", ""
                with tempfile.TemporaryDirectory() as folder:
                    try:
                        Case(program, contract, case, Path(folder), vectors).run()
                    except Failed as failure:
                        outcome, why = "FAILED", f": {failure}"
                    except CannotSay as reason:
                        outcome, why = "skipped", f": C cannot say {reason}"
                counts[outcome] += 1
                print(f"{outcome} {name}{why}")
        if program.end() != 0:
            raise SystemExit("the program found a leak or another fault at its end")
    if not names and (unseen := [name for name, count in contract.checked.items() if count == 0]):
        raise SystemExit(f"no result was validated against {unseen}")
    print(f"results in C that match the contract: {sum(contract.checked.values())}")
    print("vectors in C:", ", ".join(f"{count} {outcome}" for outcome, count in counts.items()))
    sys.exit(counts["FAILED"] > 0 or counts["ok"] == 0)


if __name__ == "__main__":
    main()
