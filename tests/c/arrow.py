"""The streams of `mcoda_arrow_stream` and `mcoda_global_arrow_stream`, read by pyarrow: arrow.py LIBRARY"""

import ctypes
import json
import sys

import pyarrow

library = ctypes.CDLL(sys.argv[1])
# Five pointers, which pyarrow knows.
stream = (ctypes.c_void_p * 5)()
workspace, everywhere, error = ctypes.c_void_p(), ctypes.c_void_p(), ctypes.c_void_p()
library.mcoda_error_message.restype = library.mcoda_string_text.restype = ctypes.c_char_p

TIME = pyarrow.timestamp("ms", "UTC")
QUERY = "SELECT 1 AS n, 'a' AS name, x'00' AS blob, 0.5 AS real UNION ALL SELECT 2, NULL, NULL, NULL"
# The nine questions: the call, its arguments, its number of rows, and the types of some of its columns.
QUESTIONS = [
    ("token_usage", None, 2, {"timestamp": TIME, "tokens_prompt": pyarrow.int64(), "cost_estimate": pyarrow.float64()}),
    ("token_usage_summary", [{"groupBy": "day", "since": "all"}], 2, {"day": pyarrow.date32(), "calls": pyarrow.int64()}),
    ("status_events", None, 4, {"timestamp": TIME, "to_status": pyarrow.string(), "metadata": pyarrow.string()}),
    ("tasks.list", None, 1, {"story_points": pyarrow.float64(), "created_at": TIME}),
    ("lane_visits", None, 3, {"entered_at": TIME, "lane": pyarrow.string()}),
    ("cumulative_flow", [{"now": "2026-03-21"}], 2, {"day": pyarrow.date32(), "completed": pyarrow.int64()}),
    ("throughput", [{"now": "2026-03-21"}], 2, {"day": pyarrow.date32(), "story_points": pyarrow.float64()}),
    ("economics", [{"groupBy": ["agent"]}], 2, {"agent_id": pyarrow.string(), "cost": pyarrow.float64()}),
    ("query", [QUERY], 2, {"n": pyarrow.int64(), "blob": pyarrow.binary(), "real": pyarrow.float64()}),
]


def check(code):
    assert code == 0, library.mcoda_error_message(error, None)


def text(content):
    return ctypes.c_char_p((content if isinstance(content, str) else json.dumps(content)).encode())


def created(name, *arguments):
    """What a call returns as JSON."""
    found = ctypes.c_void_p()
    check(getattr(library, name)(workspace, *map(text, arguments), ctypes.byref(found), ctypes.byref(error)))
    value = json.loads(library.mcoda_string_text(found, None))
    library.mcoda_string_free(found)
    return value


def table(export, handle, name, arguments):
    given = None if arguments is None else text(arguments)
    check(export(handle, text(name), given, ctypes.byref(stream), ctypes.byref(error)))
    with pyarrow.RecordBatchReader._import_from_c(ctypes.addressof(stream)) as reader:
        rows = reader.read_all()
    rows.validate(full=True)
    return rows


def fill():
    project = created("mcoda_projects_ensure_json", {"key": "P"})
    epic = created("mcoda_epics_create_json", {"projectId": project["id"], "key": "E", "title": "E"})
    story = created("mcoda_stories_create_json", {"epicId": epic["id"], "key": "S", "title": "S"})
    task = created("mcoda_tasks_create_json", {"userStoryId": story["id"], "key": "T", "title": "T", "storyPoints": 2})
    for hour, status in enumerate(["in_progress", "ready_to_code_review", "ready_to_qa", "completed"]):
        created("mcoda_record_status_transition_json", "T", status, {"timestamp": f"2026-03-20T{hour + 8:02}:00:00Z"})
    call = {"taskId": task["id"], "agentId": "a", "tokensPrompt": 5, "costUsd": 0.5, "timestamp": "2026-03-20T08:30:00Z"}
    created("mcoda_record_token_usages_json", [call, {"agentId": "b", "timestamp": "2026-03-21T12:00:00Z"}])


check(library.mcoda_workspace_open_db(text(":memory:"), None, ctypes.byref(workspace), ctypes.byref(error)))
fill()
found = {}
for name, arguments, count, types in QUESTIONS:
    found[name] = rows = table(library.mcoda_arrow_stream, workspace, name, arguments)
    assert rows.num_rows == count, (name, rows)
    assert {column: rows.schema.field(column).type for column in types} == types, (name, rows.schema)
assert found["token_usage"]["tokens_prompt"].to_pylist() == [5, None], found["token_usage"]
assert found["token_usage"]["cost_estimate"].to_pylist() == [0.5, None], found["token_usage"]
assert [str(day) for day in found["throughput"]["day"].to_pylist()] == ["2026-03-20", "2026-03-21"]
assert found["throughput"]["tasks"].to_pylist() == [1, 0] and found["cumulative_flow"]["completed"].to_pylist() == [1, 1]
# A record within a row.
spread = found["economics"].schema.field("cost_per_story_point").type
assert pyarrow.types.is_struct(spread), spread
assert found["economics"]["cost_per_story_point"][0].as_py()["median"] == 0.25, found["economics"]
check(library.mcoda_workspace_close(workspace, ctypes.byref(error)))

check(library.mcoda_global_open_db(text(":memory:"), None, ctypes.byref(everywhere), ctypes.byref(error)))
record = text({"modelName": "m", "tokensPrompt": 7, "timestamp": "2026-03-20T12:00:00Z"})
check(library.mcoda_global_record_token_usage_json(everywhere, record, None, ctypes.byref(error)))
rows = table(library.mcoda_global_arrow_stream, everywhere, "token_usage", [{"model": "m"}])
assert rows.num_rows == 1 and rows["tokens_prompt"].to_pylist() == [7], rows
check(library.mcoda_global_close(everywhere, ctypes.byref(error)))
