"""Recording calls while they are made: `track` and `tracked`."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import logging
import threading
import time
from collections.abc import AsyncGenerator, AsyncIterator, Generator, Iterator
from pathlib import Path
from typing import Any

import pytest

import mcoda
from conftest import Shop


def body(number: int, output: int = 5) -> dict[str, Any]:
    return {"id": f"msg_{number}", "type": "message", "model": "m", "usage": {"input_tokens": 12, "output_tokens": output}}


def events(number: int) -> list[dict[str, Any]]:
    return [
        {"type": "message_start", "message": body(number, output=1)},
        {"type": "content_block_delta", "delta": {"type": "text_delta", "text": "hello"}},
        {"type": "message_delta", "delta": {}, "usage": {"output_tokens": 40}},
        {"type": "message_stop"},
    ]


EVENTS = events(1)
LINES = [f"event: {event['type']}\ndata: {json.dumps(event)}\n\n" for event in EVENTS]


def only(ws: mcoda.Workspace) -> mcoda.TokenUsageRow:
    (row,) = ws.token_usage()
    return row


def test_a_tracked_call_records_its_time_and_its_usage(shop: Shop) -> None:
    ws = shop.ws
    job = ws.jobs.create(type="work")
    with ws.track(
        {"invocation_kind": "chat"}, agent="a", task="P-1", command="c", action="plan", job=job.id, metadata={"n": 1}
    ) as call:
        time.sleep(0.05)
        answer = body(1)
        assert call.response(answer) is answer
        assert call.recorded is None
    row = only(ws)
    assert (row.agent_id, row.task_id, row.command_name, row.action) == ("a", shop.task.id, "c", "plan")
    assert (row.job_id, row.invocation_kind, row.metadata["n"], row.error_kind) == (job.id, "chat", 1, None)
    assert (row.tokens_prompt, row.tokens_completion) == (12, 5)
    assert row.duration_ms is not None and 50 <= row.duration_ms < 5000
    assert row.started_at is not None and row.finished_at is not None
    assert abs((row.finished_at - row.started_at).total_seconds() * 1000 - row.duration_ms) < 2
    assert call.recorded is not None and call.recorded.records[0].id == row.id and call.error is None


def test_a_task_is_named_by_its_id_too(shop: Shop) -> None:
    with shop.ws.track(task=shop.task.id):
        pass
    assert only(shop.ws).task_id == shop.task.id


def test_a_call_that_fails_is_recorded_and_raises_its_own_exception(ws: mcoda.Workspace) -> None:
    mistake = ConnectionResetError("gone")
    with pytest.raises(ConnectionResetError) as raised:
        with ws.track(agent="a", model="gpt-5", compute_cost=True):
            raise mistake
    row = only(ws)
    assert raised.value is mistake
    assert (row.error_kind, row.agent_id, row.tokens_prompt, row.cost_estimate) == ("ConnectionResetError", "a", None, None)
    assert row.duration_ms is not None


def test_the_error_of_a_call_may_be_named(ws: mcoda.Workspace) -> None:
    with ws.track() as call:
        call.error_kind = "refusal"
    assert only(ws).error_kind == "refusal"


def test_several_responses_of_a_call_are_recorded_each(ws: mcoda.Workspace) -> None:
    with ws.track(agent="a") as call:
        call.response(body(1))
        call.response(json.dumps(body(2)))
        call.response([body(3), body(4)])
    assert [row.tokens_prompt for row in ws.token_usage()] == [12] * 4


class Model:
    """What a provider's package returns."""

    def __init__(self, fields: dict[str, Any]) -> None:
        self.fields = fields


class PydanticModel(Model):
    def model_dump(self) -> dict[str, Any]:
        return self.fields


class GeneratedModel(Model):
    def to_dict(self) -> dict[str, Any]:
        return self.fields


@dataclasses.dataclass
class Usage:
    input_tokens: int
    output_tokens: int


@dataclasses.dataclass(slots=True)
class Reply:
    id: str
    usage: Usage


@pytest.mark.parametrize(
    "response",
    [PydanticModel(body(1)), GeneratedModel(body(1)), Reply("msg_1", Usage(12, 5)), json.dumps(body(1)).encode()],
    ids=["model_dump", "to_dict", "dataclass", "bytes"],
)
def test_objects_of_the_providers_packages_are_read(ws: mcoda.Workspace, response: Any) -> None:
    with ws.track() as call:
        call.response(response)
    assert (only(ws).tokens_prompt, only(ws).tokens_completion, call.error) == (12, 5, None)


def pieces(text: str, length: int) -> list[str]:
    return [text[at : at + length] for at in range(0, len(text), length)]


@pytest.mark.parametrize(
    "chunks",
    [EVENTS, [PydanticModel(event) for event in EVENTS], LINES, pieces("".join(LINES), 7), "".join(LINES).split("\n")],
    ids=["events", "models", "server-sent events", "pieces", "lines"],
)
def test_a_stream_is_passed_on_and_recorded(ws: mcoda.Workspace, chunks: list[Any]) -> None:
    with ws.track() as call:
        assert list(call.stream(chunks)) == chunks
    assert (only(ws).tokens_prompt, only(ws).tokens_completion) == (12, 40)


def test_a_stream_that_breaks_counts_as_far_as_it_came(ws: mcoda.Workspace) -> None:
    def broken() -> Iterator[Any]:
        yield EVENTS[0]
        raise TimeoutError

    with pytest.raises(TimeoutError):
        with ws.track() as call:
            list(call.stream(broken()))
    assert (only(ws).tokens_prompt, only(ws).tokens_completion, only(ws).error_kind) == (12, 1, "TimeoutError")


def test_a_failure_to_record_does_not_reach_the_host(ws: mcoda.Workspace, caplog: pytest.LogCaptureFixture) -> None:
    with ws.track(task="nowhere") as call:
        result = 7
    assert result == 7 and isinstance(call.error, mcoda.NotFoundError) and call.recorded is None
    assert [(record.name, record.levelno) for record in caplog.records] == [("mcoda", logging.WARNING)]
    assert 'cannot record a call: taskId: there is no task "nowhere"' in caplog.text
    ws.close()
    with pytest.raises(ZeroDivisionError), ws.track(strict=True) as call:
        _ = 1 / 0
    assert isinstance(call.error, mcoda.ClosedError)
    with ws.track(provider=7) as call:  # type: ignore[arg-type]
        pass
    assert isinstance(call.error, mcoda.McodaError)


def test_a_failure_to_record_is_raised_if_asked(ws: mcoda.Workspace) -> None:
    with pytest.raises(mcoda.NotFoundError, match="nowhere"), ws.track(task="nowhere", strict=True):
        pass
    with pytest.raises(mcoda.InvalidInputError, match="body: got None"), ws.track(strict=True) as call:
        call.response(None)
    assert only(ws).error_kind == "InvalidInputError"

    @ws.tracked(task="nowhere", strict=True)
    def ask(divisor: int) -> float:
        return 1 / divisor

    with pytest.raises(mcoda.NotFoundError, match="nowhere"):
        ask(1)
    with pytest.raises(ZeroDivisionError):
        ask(0)


def test_a_failure_to_record_in_a_coroutine_is_raised_if_asked(ws: mcoda.Workspace, caplog: pytest.LogCaptureFixture) -> None:
    @ws.tracked(task="nowhere", strict=True)
    async def ask() -> int:
        return 7

    @ws.tracked(task="nowhere", strict=True)
    async def chunks() -> AsyncIterator[Any]:
        yield EVENTS[0]

    async def main() -> None:
        async with ws.track(task="nowhere") as call:
            pass
        assert isinstance(call.error, mcoda.NotFoundError) and call.recorded is None
        assert "cannot record a call" in caplog.text
        with pytest.raises(mcoda.NotFoundError, match="nowhere"):
            async with ws.track(task="nowhere", strict=True):
                pass
        with pytest.raises(ZeroDivisionError):
            async with ws.track(task="nowhere", strict=True):
                _ = 1 / 0
        with pytest.raises(mcoda.NotFoundError, match="nowhere"):
            await ask()
        with pytest.raises(mcoda.NotFoundError, match="nowhere"):
            assert [chunk async for chunk in chunks()] == EVENTS[:1]

    asyncio.run(main())
    assert len(ws.token_usage()) == 0


class Broken:
    def model_dump(self) -> object:
        raise ValueError("a fault of the package")


def test_a_response_that_cannot_be_read_is_a_warning(ws: mcoda.Workspace, caplog: pytest.LogCaptureFixture) -> None:
    with ws.track() as call:
        broken = Broken()
        assert call.response(broken) is broken
        assert call.response(7) == 7
    assert isinstance(call.error, ValueError) and len(caplog.records) == 1
    assert only(ws).tokens_prompt is None


def test_a_call_is_recorded_once(ws: mcoda.Workspace) -> None:
    with ws.track() as call:
        pass
    with pytest.raises(RuntimeError, match="track"), call:
        pass
    assert len(ws.token_usage()) == 1


def test_a_tracked_function_records_each_call(shop: Shop) -> None:
    @shop.ws.tracked(agent="a", task="P-1", command="c")
    def ask(number: int, *, output: int = 5) -> dict[str, Any]:
        """Asks."""
        return body(number, output)

    assert ask(1)["id"] == "msg_1" and ask(2, output=9)["id"] == "msg_2"
    assert (ask.__name__, ask.__doc__) == ("ask", "Asks.")
    rows = shop.ws.token_usage()
    assert [(row.task_id, row.tokens_completion) for row in rows] == [(shop.task.id, 5), (shop.task.id, 9)]


def test_a_tracked_function_may_return_anything(ws: mcoda.Workspace, caplog: pytest.LogCaptureFixture) -> None:
    @ws.tracked(agent="a")
    def ask() -> float:
        call = mcoda.current_call()
        assert call is not None
        call.response(body(1))
        return 0.5

    assert ask() == 0.5 and mcoda.current_call() is None
    assert only(ws).tokens_prompt == 12 and not caplog.records


def test_an_object_that_is_called_is_what_its_method_is(ws: mcoda.Workspace) -> None:
    class Ask:
        async def __call__(self, number: int) -> Any:
            await asyncio.sleep(0.02)
            return body(number)

    class Chunks:
        def __call__(self) -> Iterator[Any]:
            yield from events(2)

    assert asyncio.run(ws.tracked(agent="coroutine")(Ask())(1))["id"] == "msg_1"
    assert list(ws.tracked(agent="generator")(Chunks())()) == events(2)
    rows = {row.agent_id: row for row in ws.token_usage()}
    assert {name: row.tokens_completion for name, row in rows.items()} == {"coroutine": 5, "generator": 40}
    assert (rows["coroutine"].duration_ms or 0) >= 19


def test_a_tracked_generator_is_a_stream(ws: mcoda.Workspace) -> None:
    seen: list[Any] = []

    @ws.tracked(agent="a")
    def chunks() -> Generator[Any, Any, str]:
        for event in EVENTS:
            seen.append((yield event))
            assert mcoda.current_call() is not None
        return "the end"

    def whole() -> Generator[Any, Any, None]:
        assert (yield from chunks()) == "the end"

    given = []
    for chunk in whole():
        assert mcoda.current_call() is None
        given.append(chunk)
    assert given == EVENTS and seen == [None] * 4
    assert (only(ws).tokens_completion, only(ws).error_kind) == (40, None)
    generator: Any = chunks()
    next(generator)
    assert generator.send("more") == EVENTS[1] and seen[-1] == "more"
    generator.close()
    assert [row.tokens_completion for row in ws.token_usage()] == [40]
    with pytest.raises(KeyError):
        generator = chunks()
        next(generator)
        generator.throw(KeyError("k"))


def test_calls_in_coroutines_are_recorded_too(ws: mcoda.Workspace) -> None:
    @ws.tracked(agent="function")
    async def ask(number: int) -> Any:
        await asyncio.sleep(0.01)
        call = mcoda.current_call()
        assert call is not None
        call.error_kind = str(number)
        return body(number)

    @ws.tracked(agent="generator")
    async def chunks() -> AsyncIterator[Any]:
        for event in events(11):
            await asyncio.sleep(0)
            assert mcoda.current_call() is not None
            yield event

    async def main() -> None:
        await asyncio.gather(*(ask(number) for number in range(1, 6)))
        async with ws.track(agent="block") as call:
            assert [chunk async for chunk in call.stream(every(events(12)))] == events(12)
        assert call.recorded is not None
        assert len([chunk async for chunk in chunks()]) == 4
        with pytest.raises(ValueError):
            async with ws.track(agent="fault"):
                raise ValueError
        assert mcoda.current_call() is None

    asyncio.run(main())
    rows = {(row.agent_id, row.error_kind): row.tokens_completion for row in ws.token_usage()}
    functions = {("function", str(number)): 5 for number in range(1, 6)}
    assert {name: rows.pop(name) for name in functions} == functions
    assert rows == {("block", None): 40, ("generator", None): 40, ("fault", "ValueError"): None}


def test_a_tracked_function_that_fails_is_recorded_with_its_time(ws: mcoda.Workspace) -> None:
    @ws.tracked(agent="function")
    def function() -> None:
        time.sleep(0.02)
        raise ValueError("a fault")

    @ws.tracked(agent="coroutine")
    async def coroutine() -> None:
        await asyncio.sleep(0.02)
        raise ValueError("a fault")

    @ws.tracked(agent="generator")
    def generator() -> Iterator[Any]:
        yield EVENTS[0]
        raise TimeoutError

    @ws.tracked(agent="async generator")
    async def async_generator() -> AsyncIterator[Any]:
        yield events(2)[0]
        raise TimeoutError

    async def main() -> None:
        with pytest.raises(ValueError, match="a fault"):
            await coroutine()
        with pytest.raises(TimeoutError):
            async for chunk in async_generator():
                assert chunk == events(2)[0]

    with pytest.raises(ValueError, match="a fault"):
        function()
    with pytest.raises(TimeoutError):
        list(generator())
    asyncio.run(main())
    rows = {row.agent_id: row for row in ws.token_usage()}
    assert {name: (row.error_kind, row.tokens_prompt) for name, row in rows.items()} == {
        "function": ("ValueError", None),
        "coroutine": ("ValueError", None),
        "generator": ("TimeoutError", 12),
        "async generator": ("TimeoutError", 12),
    }
    times = {name: row.duration_ms for name, row in rows.items()}
    assert all(taken is not None and 0 <= taken < 5000 for taken in times.values())
    assert all((times[name] or 0) >= 19 for name in ("function", "coroutine"))


def test_a_stream_that_is_left_early_is_no_error(ws: mcoda.Workspace) -> None:
    ended: list[int] = []

    @ws.tracked(agent="function")
    async def chunks(number: int) -> AsyncGenerator[Any, None]:
        try:
            for event in events(number):
                yield event
        finally:
            ended.append(number)

    async def main() -> None:
        closed = chunks(1)
        assert await closed.__anext__() == events(1)[0]
        await closed.aclose()
        assert ended == [1] and only(ws).duration_ms is not None
        async for _ in chunks(2):
            break
        async with ws.track(agent="block") as call:
            async for _ in call.stream(every(events(3))):
                break
        thrown = chunks(4)
        await thrown.__anext__()
        with pytest.raises(KeyError):
            await thrown.athrow(KeyError("k"))

    # The loop closes at its end what nobody has closed.
    asyncio.run(main())
    assert sorted(ended) == [1, 2, 4]
    rows = [(str(row.agent_id), row.error_kind, row.tokens_prompt, row.tokens_completion) for row in ws.token_usage()]
    left = ("function", None, 12, 1)
    assert sorted(rows, key=str) == sorted([left, left, ("block", None, 12, 1), ("function", "KeyError", 12, 1)], key=str)


def test_an_asynchronous_generator_gets_what_is_thrown_into_it(ws: mcoda.Workspace) -> None:
    @ws.tracked(agent="a")
    async def chunks() -> AsyncGenerator[Any, str]:
        assert (yield EVENTS[0]) == "sent"
        try:
            yield EVENTS[1]
        except KeyError:
            assert mcoda.current_call() is not None
            yield EVENTS[2]

    async def main() -> None:
        generator = chunks()
        await generator.__anext__()
        await generator.asend("sent")
        assert await generator.athrow(KeyError("k")) == EVENTS[2]
        assert [chunk async for chunk in generator] == []

    asyncio.run(main())
    assert (only(ws).tokens_completion, only(ws).error_kind) == (40, None)


def test_an_asynchronous_generator_that_fails_to_end_is_recorded(ws: mcoda.Workspace) -> None:
    @ws.tracked(agent="a")
    async def chunks() -> AsyncGenerator[Any, None]:
        try:
            yield EVENTS[0]
        finally:
            raise OSError("cannot close")

    async def main() -> None:
        generator = chunks()
        await generator.__anext__()
        with pytest.raises(OSError, match="cannot close"):
            await generator.aclose()

    asyncio.run(main())
    assert (only(ws).tokens_prompt, only(ws).duration_ms is not None) == (12, True)


def test_a_data_frame_is_no_response(ws: mcoda.Workspace, caplog: pytest.LogCaptureFixture) -> None:
    class Frame:
        """As pandas has it: to_dict() copies all of it."""

        def __array__(self) -> object:
            raise AssertionError

        def to_dict(self) -> object:
            raise AssertionError

    @ws.tracked(agent="a")
    def ask() -> Any:
        return {"frame": Frame(), "usage": {"prompt_tokens": 7}}

    assert isinstance(ask()["frame"], Frame) and not caplog.records
    assert only(ws).tokens_prompt == 7
    with ws.track() as call:
        call.response(Frame())
    assert isinstance(call.error, mcoda.InvalidInputError)


async def every(values: list[Any]) -> AsyncIterator[Any]:
    for value in values:
        yield value


def test_the_event_loop_goes_on_while_the_database_is_locked(file: Path) -> None:
    async def main(ws: mcoda.Workspace, other: mcoda.Workspace) -> int:
        beats = 0
        with other.transaction() as tx:
            tx.projects.ensure(key="P")

            async def call() -> None:
                async with ws.track(agent="a") as call:
                    call.response(body(1))

            waiting = asyncio.ensure_future(call())
            for _ in range(20):
                await asyncio.sleep(0.005)
                beats += 1
            assert not waiting.done()
        await waiting
        return beats

    with mcoda.Workspace.open_db(file) as ws, mcoda.Workspace.open_db(file) as other:
        assert asyncio.run(main(ws, other)) == 20
        assert only(ws).tokens_prompt == 12


def test_a_cancelled_task_records_its_call(ws: mcoda.Workspace) -> None:
    async def main() -> None:
        async def call() -> None:
            async with ws.track(agent="a"):
                await asyncio.sleep(60)

        task = asyncio.ensure_future(call())
        await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())
    assert only(ws).error_kind == "CancelledError"


def test_threads_have_calls_of_their_own(ws: mcoda.Workspace) -> None:
    start = threading.Barrier(8)

    def work(number: int) -> None:
        start.wait()
        for round in range(5):
            with ws.track(agent=str(number)) as call:
                assert mcoda.current_call() is call
                call.response(body(number * 100 + round))

    threads = [threading.Thread(target=work, args=[number]) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    rows = ws.token_usage()
    assert sorted((row.agent_id, row.tokens_prompt) for row in rows) == sorted((str(n), 12) for n in range(8) for _ in range(5))


def test_many_threads_report_to_one_call(ws: mcoda.Workspace) -> None:
    start = threading.Barrier(8)

    def work(call: mcoda.TrackedCall, number: int) -> None:
        start.wait()
        for round in range(20):
            call.response(body(number * 100 + round, output=number + 1))

    with ws.track(agent="a") as call:
        threads = [threading.Thread(target=work, args=[call, number]) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert call.error is None and call.recorded is not None and len(call.recorded.records) == 160
    rows = ws.token_usage()
    assert {row.agent_id for row in rows} == {"a"}
    assert sorted(row.tokens_completion or 0 for row in rows) == [number + 1 for number in range(8) for _ in range(20)]


def test_a_long_stream_needs_no_memory_of_its_text(ws: mcoda.Workspace) -> None:
    import tracemalloc

    def chunks() -> Iterator[Any]:
        yield EVENTS[0]
        for number in range(2000):
            yield {"type": "text", "text": "x", "snapshot": "x" * 10_000, "n": number}
        yield EVENTS[2]

    tracemalloc.start()
    with ws.track() as call:
        for _ in call.stream(chunks()):
            pass
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert only(ws).tokens_completion == 40 and peak < 2_000_000


def test_calls_outside_of_projects_are_tracked_too(file: Path) -> None:
    with mcoda.Global.open_db(file) as db:
        with db.track() as call:
            call.response(body(1))
        assert [row.tokens_prompt for row in db.token_usage()] == [12]
