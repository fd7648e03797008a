"""The stream of `mcoda_arrow_stream`, read by pyarrow: arrow.py LIBRARY"""

import ctypes
import sys

import pyarrow

library = ctypes.CDLL(sys.argv[1])
# Five pointers, which pyarrow knows.
stream = (ctypes.c_void_p * 5)()
workspace = ctypes.c_void_p()
error = ctypes.c_void_p()
library.mcoda_error_message.restype = ctypes.c_char_p


def check(code):
    assert code == 0, library.mcoda_error_message(error, None)


def text(content):
    return ctypes.c_char_p(content.encode())


check(library.mcoda_workspace_open_db(text(":memory:"), None, ctypes.byref(workspace), ctypes.byref(error)))
records = '[{"modelName": "a", "tokensPrompt": 5, "costUsd": 0.5, "timestamp": "2026-03-20T12:00:00Z"}, {"modelName": "b"}]'
check(library.mcoda_record_token_usages_json(workspace, text(records), None, ctypes.byref(error)))
for name, arguments in [("token_usage", None), ("token_usage_summary", text('[{"groupBy": ["model"], "since": "all"}]'))]:
    check(library.mcoda_arrow_stream(workspace, text(name), arguments, ctypes.byref(stream), ctypes.byref(error)))
    with pyarrow.RecordBatchReader._import_from_c(ctypes.addressof(stream)) as reader:
        table = reader.read_all()
    assert table.num_rows == 2, table
    if name == "token_usage":
        assert table.schema.field("timestamp").type == pyarrow.timestamp("ms", "UTC"), table.schema
    assert table["tokens_prompt"].to_pylist()[0] == 5 and table["cost_estimate"].to_pylist()[0] == 0.5, table
    table.validate(full=True)
check(library.mcoda_workspace_close(workspace, ctypes.byref(error)))
