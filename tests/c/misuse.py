#!/usr/bin/env python3
"""Writes a C program that calls every function of the header with arguments that it must refuse.

Each pointer in turn is NULL, each text in turn is not UTF-8, each handle of something open is a closed one or one of
another type, while all other arguments are valid. The header says of each parameter whether NULL is allowed. So a new
function is tested with the rest, and so is its comment.

Usage: misuse.py HEADER >misuse.c
"""

import re
import sys

# Good arguments, if the type of a parameter does not determine one: by name, or by function and name.
TEXTS = {
    "usage": '"{}"', "usages": '"[]"', "query": '"{}"', "options": '"{}"', "context": '"{}"', "text": '"{}"',
    "project": '"{\\"key\\": \\"Q\\"}"',
    "epic": '"{\\"projectId\\": \\"x\\", \\"key\\": \\"k\\", \\"title\\": \\"t\\"}"',
    "story": '"{\\"epicId\\": \\"x\\", \\"key\\": \\"k\\", \\"title\\": \\"t\\"}"',
    "tasks": '"[]"', "job": '"{\\"type\\": \\"t\\"}"', "command_run": '"{\\"commandName\\": \\"c\\"}"',
    "task_run": '"{\\"taskId\\": \\"x\\", \\"command\\": \\"c\\"}"', "end": '"{\\"status\\": \\"s\\"}"',
    "sql": '"SELECT 1 AS one"', "params": '"[]"', "pointer": '""', "value": '"{}"', "root": "folder",
    "body": '"{}"', "group_by": '"[]"', "rows": '"[]"', "jobs": '"[]"', "events": '"[]"',
    "arguments": '"[]"', ("mcoda_arrow_stream", "name"): '"token_usage"', ("mcoda_global_arrow_stream", "name"): '"token_usage"',
    "inspection": "good_inspection", "estimate": "good_estimate", "velocity": "good_velocity", "config": "good_config",
    ("mcoda_tasks_create_json", "task"): '"{\\"userStoryId\\": \\"x\\", \\"key\\": \\"k\\", \\"title\\": \\"t\\"}"',
    ("mcoda_workspace_open_db", "path"): '":memory:"', ("mcoda_global_open_db", "path"): '":memory:"',
    ("mcoda_task_runs_finish_json", "finished_at"): '"2026-03-20"', ("mcoda_rows_column", "name"): '"calls"',
}
# The parameters that the header documents as JSON, by function; filled in while parsing.
JSON = {}
# The first constant of every enum; filled in as the header is read.
CONSTANTS = {}
# Handles that are numbers in a table.
OPENED = {"mcoda_workspace", "mcoda_global", "mcoda_token_usage_cursor"}
SCALARS = {"mcoda_log_callback": "NULL", "size_t": "1", "int64_t": "1", "int32_t": "0", "double": "1.0", "bool": "true"}
NOTHING = {"bool": "got == false", "uint64_t": "got == 0", "int64_t": "got == 0", "double": "got != got", "mcoda_code": "got == MCODA_OK", "mcoda_value_type": "got == MCODA_VALUE_ABSENT", "mcoda_log_level": "got == MCODA_LOG_OFF"}


def functions(header):
    """Every function with its comment, its result and its parameters."""
    found = re.findall(r"((?://[^\n]*\n)+)((?:const )?\w+ \*?)(mcoda_\w+)\(([^;]*)\);", header)
    for comment, result, name, parameters in found:
        comment = " ".join(line.removeprefix("//").strip() for line in comment.splitlines())
        parameters = [" ".join(p.split()) for p in parameters.split(",") if p.strip() != "void"]
        for form, text in (("array", "[]"), ("object", "{}")):
            for parameter in re.findall(rf"`(\w+)` \(a JSON {form}", comment):
                JSON[name, parameter] = f'"{text}"'
        # An array of handles is a pointer that is only read.
        parameters = [p.replace("*const *", "* ") for p in parameters]
        parsed = [re.fullmatch(r"((?:const )?\w+) (\**) ?(\w+)", p).groups() for p in parameters]
        yield comment, result.strip(), name, parsed


def may_be_null(comment, parameter):
    if parameter == "value":
        return "NULL makes it absent" in comment
    return re.search(rf"`{parameter}`[^.;]*NULL", comment) is not None


def good(function, kind, stars, name):
    kind = kind.removeprefix("const ")
    if stars == "**":
        return f"({kind} **)&out"
    if name == "usages" and kind != "char":
        return f"(const {kind} *const *)&good_{kind}"
    if kind == "char":
        return TEXTS.get((function, name)) or TEXTS.get(name) or JSON.get((function, name)) or f'"{name}"'
    if stars:
        return {"size_t": "&length", "uint64_t": "&count", "int32_t": "&number", "void": "NULL"}.get(kind, f"good_{kind}")
    return SCALARS.get(kind) or CONSTANTS[kind]


def call(function, parameters, changed=None, to=None):
    # There is room for one handle.
    others = [n for _, s, n in parameters if s == "**" and n != "error"][1:]
    given = ["&error" if n == "error" and s == "**" else to if n == changed else "NULL" if n in others else good(function, k, s, n)
             for k, s, n in parameters]
    return f"{function}({', '.join(given)})"


def released(parameters):
    """The statement that frees a handle if the call returned one after all."""
    for kind, stars, parameter in parameters:
        if stars == "**" and parameter != "error":
            frees = f"{kind}_close(out, NULL)" if kind in OPENED else f"{kind.removesuffix('_result')}_free(out)"
            return f" if (code == MCODA_OK && out != UNTOUCHED) {{ {frees}; }}"
    return ""


def cases(functions):
    """The statements of the program, one list per function."""
    for comment, result, name, parameters in functions:
        takes_error = bool(parameters) and parameters[-1][2] == "error"
        if result == "mcoda_code" and takes_error:
            yield from refusals(comment, name, parameters)
        elif name.endswith("_free"):
            yield f"{name}(NULL);"
        elif parameters and parameters[0][1] == "*":
            rest = ", ".join(good(name, *p) for p in parameters[1:])
            wanted = "got == NULL" if result.endswith("*") else NOTHING[result]
            yield f"{{ {result} got = {name}(NULL{', ' if rest else ''}{rest}); CHECK({wanted}); }}"


def refusals(comment, name, parameters):
    closes = name.endswith("_close")
    for kind, stars, parameter in parameters[:-1]:
        if not stars:
            continue
        base = kind.removeprefix("const ")
        null = call(name, parameters, parameter, "NULL")
        if closes:
            yield f"check_ok({null}, &error, \"{name}\", __FILE__, __LINE__);"
        elif may_be_null(comment, parameter):
            yield f"{{ mcoda_code code = {null};{released(parameters)} not_about(code, \"{parameter}\", \"{name}\"); }}"
        else:
            yield f"refused({null}, MCODA_INVALID_INPUT, \"{parameter}\", \"{name}\");"
        if base == "char" and not closes:
            field = "NULL" if parameter == "value" else f'"{parameter}"'
            yield f"refused({call(name, parameters, parameter, 'NOT_UTF8')}, MCODA_INVALID_INPUT, {field}, \"{name}\");"
        if base in OPENED and stars == "*" and not closes:
            for handle in (f"closed_{base}", f"({base} *)other_than_{base}", f"({base} *)&out"):
                yield f"refused({call(name, parameters, parameter, handle)}, MCODA_CLOSED, NULL, \"{name}\");"


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        header = file.read()
    CONSTANTS.update(re.findall(r"^enum (\w+)\n.*?^ +(MCODA_\w+) = ", header, flags=re.S | re.M))
    found = list(functions(header))
    declared = set(re.findall(r"\b(mcoda_\w+)\(", re.sub(r"//[^\n]*|/\*.*?\*/", "", header, flags=re.S)))
    assert {name for _, _, name, _ in found} == declared, "a declaration could not be parsed"
    with open(__file__.removesuffix(".py") + ".c.in", encoding="utf-8") as file:
        print(file.read().replace("@CASES@", "\n    ".join(cases(found))))


if __name__ == "__main__":
    main()
