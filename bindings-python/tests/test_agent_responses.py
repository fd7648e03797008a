"""Responses of providers and agents: parsed, and recorded once."""

from __future__ import annotations

import json
from collections import UserDict
from dataclasses import dataclass
from datetime import datetime, timezone
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType, SimpleNamespace
from typing import Any

import pytest

import mcoda
from conftest import Shop, everything
from test_bad_input import refused

RESPONSE: dict[str, Any] = {
    "id": "msg_1",
    "type": "message",
    "model": "claude-x",
    "content": [{"type": "text", "text": "é🎉"}],
    "usage": {"input_tokens": 10, "cache_read_input_tokens": 900, "output_tokens": 5},
}


class Usage:
    """As a provider's own package returns it: a model of pydantic, which has its fields by `model_dump`."""

    def __init__(self, **fields: Any) -> None:
        self._fields = fields

    def model_dump(self) -> dict[str, Any]:
        return self._fields


TEXT = json.dumps(RESPONSE, ensure_ascii=False)
SAME: list[Any] = [
    RESPONSE,
    [RESPONSE],
    (RESPONSE,),
    TEXT,
    "\ufeff" + TEXT,
    "data: " + TEXT + "\n\ndata: [DONE]\n",
    TEXT.encode(),
    bytearray(TEXT.encode()),
    UserDict(RESPONSE),
    MappingProxyType(RESPONSE),
    Usage(**RESPONSE),
    [Usage(**RESPONSE)],
    {**RESPONSE, "usage": Usage(**RESPONSE["usage"])},
    {"response": RESPONSE},
]


@pytest.mark.parametrize("body", SAME, ids=lambda body: type(body).__name__)
def test_a_response_may_be_text_bytes_or_python_values(body: Any) -> None:
    usage = mcoda.extract_usage(body)
    assert (usage.tokens_prompt, usage.tokens_cached, usage.tokens_completion) == (910, 900, 5)
    assert (usage.model_name, usage.job_id) == ("claude-x", None)
    assert usage.metadata is not None and usage.metadata["usage"]["response_id"] == "msg_1"
    assert [one.tokens_prompt for one in mcoda.extract_usages(body)] == [910]


@dataclass
class NoModel:
    usage: Any


HOLDS_ITSELF: dict[str, Any] = {"a": 1}
HOLDS_ITSELF["again"] = [HOLDS_ITSELF]


@pytest.mark.parametrize(
    "strange",
    [
        float("nan"),
        float("-inf"),
        2**64,
        10**400,
        Decimal("1.5"),
        1j,
        b"\xff",
        {"a", "b"},
        object(),
        SimpleNamespace(input_tokens=7),
        NoModel(7),
        Usage(a=Usage(b={1: object()})),
        datetime(2026, 3, 20),
        datetime(2026, 3, 20, tzinfo=timezone.utc),
        "\ud800",
        {"\ud800": 1, 7: 2, None: 3},
        [float("nan"), [{"x": b""}]],
        HOLDS_ITSELF,
    ],
    ids=lambda value: type(value).__name__,
)
def test_values_without_a_json_form_are_ignored_in_a_response(strange: Any) -> None:
    body = {"strange": strange, "model": "m", "usage": {"x": strange, "input_tokens": 10, "output_tokens": 5}}
    for holder in (body, [strange, body], {"response": body, "strange": [strange]}):
        usage = mcoda.extract_usage(holder)
        assert (usage.tokens_prompt, usage.tokens_completion, usage.model_name) == (10, 5, "m")
    broken = {"usage": {"input_tokens": strange, "output_tokens": 5}}
    assert mcoda.extract_usage(broken).tokens_completion == 5
    assert mcoda.extract_usage(broken).tokens_prompt is None


def test_a_response_nested_too_deeply_is_truncated() -> None:
    deep: Any = 7
    for _ in range(100_000):
        deep = {"a": deep}
    body: dict[str, Any] = {"deep": deep, "usage": {"input_tokens": 10, "output_tokens": 5}}
    assert mcoda.extract_usage(body).tokens_prompt == 10
    deep = body.pop("deep")
    while isinstance(deep, dict):
        deep = deep.pop("a")


NOTHING: list[Any] = ["", "hello", "{", "[[[[", "null", "\ud800", b"", b"\xff\xfe\x00", b"{", {}, [], (), [7]]
NOTHING += [{"usage": 7}, [None], bytearray()]


@pytest.mark.parametrize("body", NOTHING, ids=repr)
def test_a_response_without_usage_is_an_empty_record(body: Any, ws: mcoda.Workspace) -> None:
    usage = mcoda.extract_usage(body)
    assert all(value is None for value in usage.to_dict().values())
    assert repr(usage) == "TokenUsage()" and mcoda.extract_usages(body) == []
    recorded = ws.record_agent_response(body, agent_id="claude")
    assert (recorded.usage, recorded.records, list(ws.token_usage())) == (usage, (), [])


@pytest.mark.parametrize("body", [None, 7, 7.5, float("nan"), True, {1, 2}, object(), Usage, Decimal(1)], ids=repr)
def test_a_body_of_another_type_is_refused(body: Any, shop: Shop) -> None:
    before = everything(shop.ws)
    for call in (mcoda.extract_usage, mcoda.extract_usages, shop.ws.record_agent_response):
        refused(lambda: call(body), mcoda.InvalidInputError, "body")
    assert everything(shop.ws) == before


def test_a_provider_is_text() -> None:
    usage = {"input_tokens": 10, "output_tokens": 5, "cached_tokens": 4}
    assert mcoda.extract_usage({"usage": usage}, "openai").provider == "openai"
    assert mcoda.extract_usage({"usage": usage}, provider=None).tokens_prompt == 10
    refused(lambda: mcoda.extract_usage("", 7), mcoda.InvalidInputError, "provider")  # type: ignore[arg-type]


def test_an_exception_of_a_models_code_is_raised(ws: mcoda.Workspace) -> None:
    class Broken(Usage):
        def model_dump(self) -> dict[str, Any]:
            raise KeyboardInterrupt

    for body in (Broken(), {"usage": Broken()}):
        with pytest.raises(KeyboardInterrupt):
            ws.record_agent_response(body)
    endless: Any = SimpleNamespace(model_dump=lambda: endless)
    refused(lambda: mcoda.extract_usage(endless), mcoda.InvalidInputError, "body")


def test_extracted_usage_can_be_recorded(ws: mcoda.Workspace) -> None:
    usage = mcoda.extract_usage(RESPONSE)
    ws.record_token_usage(usage.to_dict(), agent_id="claude")
    row = ws.token_usage()[0]
    assert (row.tokens_prompt, row.agent_id, row.model_name) == (910, "claude", "claude-x")


def test_a_response_is_recorded_with_its_context(shop: Shop) -> None:
    ws = shop.ws
    job = ws.jobs.create(type="work", command_name="c")
    run = ws.command_runs.create(command_name="c", job_id=job.id)
    task_run = ws.task_runs.create(task_id=shop.task.id, command="c")
    began, ended = datetime(2026, 3, 20, 12, tzinfo=timezone.utc), "2026-03-20T12:00:03Z"
    context: dict[str, Any] = {
        "provider": "anthropic",
        "workspace_id": "w",
        "agent_id": "claude",
        "job_id": job.id,
        "command_run_id": run.id,
        "task_run_id": task_run.id,
        "task_id": shop.task.id,
        "project_id": shop.project.id,
        "epic_id": shop.epic.id,
        "user_story_id": shop.story.id,
        "command_name": "c",
        "action": "plan",
        "invocation_kind": "chat",
        "timestamp": ended,
    }
    recorded = ws.record_agent_response(
        RESPONSE,
        **context,
        model_name="not this one",
        started_at=began,
        finished_at=ended,
        duration_ms=2900,
        metadata={"a": 1},
        compute_cost=True,
        as_deltas=False,
    )
    usage = mcoda.extract_usage(RESPONSE, "anthropic")
    assert usage.metadata is not None
    usage.metadata["usage"]["cost_source"] = "unknown"  # no price is known of this model
    assert recorded.usage == usage
    assert [one.recorded and not one.duplicate and not one.updated for one in recorded.records] == [True]
    (stored,) = ws.query("SELECT * FROM token_usage").to_dicts()
    assert {name: stored[name] for name in context} == {**context, "timestamp": "2026-03-20T12:00:03.000Z"}
    assert (stored["model_name"], stored["duration_ms"]) == ("claude-x", 2900)
    assert json.loads(str(stored["metadata_json"]))["a"] == 1
    mapped = ws.record_agent_response(TEXT, {"agentId": "claude", "compute_cost": True}, session_id="s")
    assert mapped.records[0].id == recorded.records[0].id


def test_a_response_without_an_id_is_identified_by_the_hosts_id(ws: mcoda.Workspace) -> None:
    body = {"usage": {"input_tokens": 1, "output_tokens": 1}}
    for duplicate in (False, True):
        assert ws.record_agent_response(body, response_id="r").records[0].duplicate is duplicate
    assert not ws.record_agent_response(body).records[0].duplicate
    refused(lambda: ws.record_agent_response(body, response_id=" "), mcoda.InvalidInputError, "responseId")
    refused(lambda: ws.record_agent_response(body, duration_ms=-1), mcoda.InvalidInputError, "durationMs")
    refused(lambda: ws.record_agent_response(body, {"agent": "x"}), mcoda.InvalidInputError, "agent")
    refused(lambda: ws.record_agent_response(body, task_id="x"), mcoda.NotFoundError, "taskId")


def test_a_file_of_responses_is_recorded_once(ws: mcoda.Workspace, tmp_path: Path) -> None:
    file = tmp_path / "responses.jsonl"
    lines = [TEXT, "no JSON", '{"a": 1}', '{"torn', TEXT.replace("msg_1", "msg_2"), TEXT.replace(": 5", ": 6")]
    file.write_text("\n".join(lines), encoding="utf-8")
    first, again = (ws.record_agent_file(file, agent_id="claude") for _ in range(2))
    assert (first.lines, first.objects, first.bytes) == (6, 4, file.stat().st_size)
    assert (first.recorded, first.updated, first.duplicates, first.refused) == (2, 0, 0, 0)
    skipped = first.skipped
    assert (skipped.without_usage, skipped.damaged, skipped.not_json, skipped.too_long) == (1, 1, 1, 0)
    assert (again.recorded, again.updated, again.duplicates) == (0, 0, 2)
    assert [(row.agent_id, row.tokens_completion) for row in ws.token_usage()] == [("claude", 6), ("claude", 5)]
    with mcoda.Global.open_db(tmp_path / "global.db") as db:
        assert db.record_agent_file(str(file), {"commandName": "c"}, model_name="m").recorded == 2
        assert db.record_agent_response(TEXT.replace(": 5", ": 6")).records[0].duplicate


def test_a_file_that_cannot_be_read_is_a_storage_error_that_names_it(shop: Shop, tmp_path: Path) -> None:
    before = everything(shop.ws)
    for path in (tmp_path / "none.jsonl", tmp_path):
        assert str(path) in refused(lambda: shop.ws.record_agent_file(path), mcoda.StorageError)
    with pytest.raises(mcoda.InvalidInputError):
        shop.ws.record_agent_file(7)  # type: ignore[arg-type]
    (tmp_path / "responses.jsonl").write_text(TEXT, encoding="utf-8")
    refused(
        lambda: shop.ws.record_agent_file(tmp_path / "responses.jsonl", job_id="x"), mcoda.NotFoundError, "jobId"
    )
    assert everything(shop.ws) == before
