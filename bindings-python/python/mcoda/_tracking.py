"""Recording a call while it is made: its time, its error, and what came back."""

from __future__ import annotations

import functools
import time
from collections.abc import AsyncIterable, AsyncIterator, Callable, Generator, Iterable, Iterator, Mapping
from contextvars import ContextVar
from datetime import datetime, timedelta, timezone
from types import TracebackType
from typing import Any, TypeVar, overload

from . import _mcoda
from ._errors import InvalidInputError
from ._records import RecordedResponse
from ._types import NO_FIELDS, Fields

F = TypeVar("F", bound=Callable[..., Any])
T = TypeVar("T")

_CURRENT: ContextVar[TrackedCall | None] = ContextVar("mcoda.current_call", default=None)


def current_call() -> TrackedCall | None:
    """The innermost call that is being recorded here: in this thread, or in this task of asyncio.

    A function under ``tracked`` reports by it what it does not return.

    >>> import mcoda
    >>> with mcoda.Workspace.open_db(":memory:") as ws:
    ...     @ws.tracked(agent="claude")
    ...     def answer() -> str:
    ...         if call := mcoda.current_call():
    ...             call.response({"usage": {"prompt_tokens": 7}})
    ...         return "yes"
    ...     answer(), ws.token_usage()[0].tokens_prompt
    ('yes', 7)
    """
    return _CURRENT.get()


class TrackedCall:
    """A call of an agent that is recorded at the end of its block, ``with`` or ``async with``.

    What came back is passed to ``response`` or ``stream``. One object records one call, but any number of threads and
    tasks may report to it.
    """

    __slots__ = (
        "_given",
        "_inside",
        "_keywords",
        "_native",
        "_response",
        "_started",
        "_strict",
        "_task",
        "_timeout",
        "_zero",
        "error",
        "error_kind",
        "recorded",
    )

    error: Exception | None
    """Why something could not be read or recorded; None if nothing failed."""
    error_kind: str | None
    """The error of the call, which is recorded: the name of the exception that ended the block, unless it was set."""
    recorded: RecordedResponse | None
    """What was recorded; None before the end of the block, and if that failed."""

    def __init__(
        self,
        native: _mcoda.Handle,
        given: Fields,
        keywords: dict[str, Any],
        task: str | None,
        strict: bool,
        timeout: float | None,
    ) -> None:
        self._native, self._given, self._keywords, self._task = native, given, keywords, task
        self._strict, self._timeout = strict, timeout
        self._inside: _AsCurrent | None = None
        self._started: datetime | None = None
        self._zero = 0.0
        provider = keywords["provider"] or (given.get("provider") if isinstance(given, Mapping) else None)
        # What is no text is refused where the call is recorded.
        self._response = _mcoda.Response(provider if isinstance(provider, str) else None)
        self.error = self.error_kind = self.recorded = None

    def response(self, body: T) -> T:
        """Takes what came back, and returns it unchanged. A call may have several responses.

        ``body`` is what ``record_agent_response`` takes. Anything else is not read; see ``error``.
        """
        return self._take(body, allowed=())

    def _take(self, body: T, allowed: type[Exception] | tuple[()]) -> T:
        try:
            self._response.push(body)
        except allowed:
            pass
        except Exception as error:
            self._failed("read the response of a call", error)
            if self._strict:
                raise
        return body

    def _take_any(self, body: T) -> T:
        """A function may return anything; what is not a response has no usage."""
        return self._take(body, allowed=InvalidInputError)

    @overload
    def stream(self, chunks: Iterable[T]) -> Iterator[T]: ...
    @overload
    def stream(self, chunks: AsyncIterable[T]) -> AsyncIterator[T]: ...
    def stream(self, chunks: Iterable[T] | AsyncIterable[T]) -> Iterator[T] | AsyncIterator[T]:
        """Passes on the chunks of a stream, and takes each as ``response`` does, as it goes by: events, or parts of
        their text. Nothing but their usage is kept. A stream that is not read to its end counts as far as it was read.
        """
        return self._each_async(chunks) if isinstance(chunks, AsyncIterable) else map(self.response, chunks)

    async def _each_async(self, chunks: AsyncIterable[T]) -> AsyncIterator[T]:
        async for chunk in chunks:
            yield self.response(chunk)

    def __enter__(self) -> TrackedCall:
        self._start()
        self._inside = _AsCurrent(self)
        self._inside.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._raise_if_strict(self._record(self._end(error)), error)

    async def __aenter__(self) -> TrackedCall:
        return self.__enter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        fields = self._end(error)
        try:
            import asyncio

            # In another thread: a locked database must not stop the loop.
            done = asyncio.get_running_loop().run_in_executor(None, self._record, fields)
        except RuntimeError:
            # Another kind of loop, or one that is ending.
            failure = self._record(fields)
        else:
            # A task that is cancelled meanwhile records all the same.
            failure = await asyncio.shield(done)
        self._raise_if_strict(failure, error)

    def _start(self) -> None:
        if self._started is not None:
            raise RuntimeError("this call is being recorded, or was: track() makes one for each")
        self._started, self._zero = datetime.now(timezone.utc), time.perf_counter()

    def _end(self, error: BaseException | None) -> dict[str, Any]:
        """Takes the time, and gives the fields of the record."""
        seconds = time.perf_counter() - self._zero
        if self._inside is not None:
            self._inside.__exit__()
        # Who closes a generator has enough of it, which is no error.
        if error is not None and self.error_kind is None and not isinstance(error, GeneratorExit):
            self.error_kind = type(error).__name__
        started = self._started or datetime.now(timezone.utc)
        return {
            **self._keywords,
            "error_kind": self.error_kind,
            "started_at": started,
            "finished_at": started + timedelta(seconds=seconds),
            "duration_ms": seconds * 1000,
            # A call that was made is a call, whatever came back.
            "record_empty": True,
        }

    def _record(self, fields: dict[str, Any]) -> Exception | None:
        """Records, and gives what it failed with."""
        try:
            if self._task is not None:
                found = self._native.call("tasks.get", self._task, timeout=self._timeout)
                # The engine refuses what is not found.
                fields["task_id"] = found["id"] if found else self._task
            done = self._native.record_agent_pieces(self._response, self._given, fields, timeout=self._timeout)
            self.recorded = RecordedResponse._read(done)
        except Exception as failure:
            self._failed("record a call", failure)
            return failure
        return None

    def _raise_if_strict(self, failure: Exception | None, error: BaseException | None) -> None:
        # The host's own exception is the one that it has to see.
        if failure is not None and self._strict and error is None:
            raise failure

    def _failed(self, what: str, error: Exception) -> None:
        # The first failure is the cause. A stream would repeat it with every chunk.
        if self.error is None:
            import logging

            logging.getLogger("mcoda").warning("cannot %s: %s", what, error)
            self.error = error


class _AsCurrent:
    """Within it the call is current. Generators run in the context of their caller, which must not see it between."""

    __slots__ = ("_call", "_token")

    def __init__(self, call: TrackedCall) -> None:
        self._call = call

    def __enter__(self) -> None:
        self._token = _CURRENT.set(self._call)

    def __exit__(self, *_: object) -> None:
        try:
            _CURRENT.reset(self._token)
        except ValueError:
            # A generator around the block ended in another context, which never had the call.
            pass


class Tracks:
    """What records calls while they are made."""

    __slots__ = ()

    _native: _mcoda.Handle

    def track(
        self,
        context: Fields = NO_FIELDS,
        /,
        *,
        agent: str | None = None,
        task: str | None = None,
        command: str | None = None,
        action: str | None = None,
        job: str | None = None,
        model: str | None = None,
        provider: str | None = None,
        metadata: Fields | None = None,
        compute_cost: bool | None = None,
        strict: bool = False,
        timeout: float | None = None,
    ) -> TrackedCall:
        """Records the call of an agent that the block makes: how long it took, how it failed, and the usage in what
        came back. A call without usage is recorded as well, without counts. Use ``async with`` in a coroutine: it
        records in another thread, so that the event loop goes on.

        An exception that leaves the block is recorded by its name (``error_kind``), and raised again.

        Args:
            context: More about the call. A mapping of the fields of ``record_agent_response``.
            agent: The agent (``agent_id``).
            task: The task's id or key.
            command: The command (``command_name``), for example ``work-on-tasks``.
            action: The step of the command.
            job: The job's id (``job_id``).
            model: The model, if the response does not name it (``model_name``).
            provider: The provider, if the meaning of the response's numbers depends on it.
            metadata: Additional data.
            compute_cost: Whether a cost that the response does not report is computed from the price table.
            strict: Whether a failure to record is raised. Otherwise it is a warning of the logger ``mcoda``, and in
                ``error`` of the call: recording does not disturb the work. An exception of the block comes first.
            timeout: Seconds, above 0, after which recording is given up. Absent: no limit but that of the handle.

        >>> import mcoda
        >>> with mcoda.Workspace.open_db(":memory:") as ws:
        ...     with ws.track(agent="claude", command="review") as call:
        ...         reply = call.response({"id": "msg_1", "usage": {"input_tokens": 12, "output_tokens": 5}})
        ...     row = ws.token_usage()[0]
        >>> row.agent_id, row.command_name, row.tokens_total, row.duration_ms < 1000
        ('claude', 'review', 17, True)
        """
        keywords = {
            "agent_id": agent,
            "command_name": command,
            "action": action,
            "job_id": job,
            "model_name": model,
            "provider": provider,
            "metadata": metadata,
            "compute_cost": compute_cost,
        }
        return TrackedCall(self._native, context, keywords, task, strict, timeout)

    def tracked(
        self,
        context: Fields = NO_FIELDS,
        /,
        *,
        agent: str | None = None,
        task: str | None = None,
        command: str | None = None,
        action: str | None = None,
        job: str | None = None,
        model: str | None = None,
        provider: str | None = None,
        metadata: Fields | None = None,
        compute_cost: bool | None = None,
        strict: bool = False,
        timeout: float | None = None,
    ) -> Callable[[F], F]:
        """Records every call of a function, as ``track`` does: a function, a coroutine function, a generator or an
        asynchronous generator. What it returns is its response if it is one; what a generator yields is its stream.
        The function reports other responses by ``current_call()``.

        >>> import mcoda
        >>> with mcoda.Workspace.open_db(":memory:") as ws:
        ...     @ws.tracked(agent="claude", command="review")
        ...     def review(text: str) -> dict:
        ...         return {"id": "msg_1", "usage": {"input_tokens": len(text), "output_tokens": 5}}
        ...     answer = review("def f(): pass")
        ...     ws.token_usage()[0].tokens_prompt
        13
        """
        settings: dict[str, Any] = {
            "agent": agent,
            "task": task,
            "command": command,
            "action": action,
            "job": job,
            "model": model,
            "provider": provider,
            "metadata": metadata,
            "compute_cost": compute_cost,
            "strict": strict,
            "timeout": timeout,
        }
        return functools.partial(_wrapped, functools.partial(self.track, context, **settings))


def _wrapped(track: Callable[[], TrackedCall], function: F) -> F:
    # It takes longer to import than all of this package.
    import inspect

    def is_one(kind: Callable[[Any], bool]) -> bool:
        # An object that is called is of the kind that its method is.
        return kind(function) or kind(getattr(function, "__call__"))

    if is_one(inspect.isasyncgenfunction):
        wrap = _async_generator
    elif is_one(inspect.iscoroutinefunction):
        wrap = _coroutine_function
    else:
        wrap = _generator if is_one(inspect.isgeneratorfunction) else _function
    return functools.wraps(function)(wrap(track, function))  # type: ignore[return-value]


def _function(track: Callable[[], TrackedCall], function: Callable[..., Any]) -> Callable[..., Any]:
    def call(*arguments: Any, **keywords: Any) -> Any:
        with track() as call:
            return call._take_any(function(*arguments, **keywords))

    return call


def _coroutine_function(track: Callable[[], TrackedCall], function: Callable[..., Any]) -> Callable[..., Any]:
    async def call(*arguments: Any, **keywords: Any) -> Any:
        async with track() as call:
            return call._take_any(await function(*arguments, **keywords))

    return call


def _generator(track: Callable[[], TrackedCall], function: Callable[..., Any]) -> Callable[..., Any]:
    def call(*arguments: Any, **keywords: Any) -> Any:
        call = track()
        call._start()
        try:
            value = yield from _Observed(call, function(*arguments, **keywords))
        except BaseException as error:
            call.__exit__(type(error), error, None)
            raise
        call.__exit__(None, None, None)
        return value

    return call


def _async_generator(track: Callable[[], TrackedCall], function: Callable[..., Any]) -> Callable[..., Any]:
    async def call(*arguments: Any, **keywords: Any) -> Any:
        call = track()
        call._start()
        generator = function(*arguments, **keywords)
        step, given = generator.asend, None
        try:
            while True:
                with _AsCurrent(call):
                    chunk = await step(given)
                call._take_any(chunk)
                try:
                    step, given = generator.asend, (yield chunk)
                except GeneratorExit:
                    raise
                except BaseException as thrown:
                    # The generator may go on after it, as it would without us.
                    step, given = generator.athrow, thrown
        except StopAsyncIteration:
            await call.__aexit__(None, None, None)
        except BaseException as error:
            try:
                with _AsCurrent(call):
                    await generator.aclose()
            finally:
                await call.__aexit__(type(error), error, None)
            raise

    return call


class _Observed(Generator[Any, Any, Any]):
    """A generator whose chunks are the stream of a call. The call is current while the generator's own code runs."""

    def __init__(self, call: TrackedCall, generator: Generator[Any, Any, Any]) -> None:
        self._call, self._generator = call, generator

    def send(self, value: Any) -> Any:
        with _AsCurrent(self._call):
            chunk = self._generator.send(value)
        return self._call._take_any(chunk)

    def throw(self, *error: Any) -> Any:
        with _AsCurrent(self._call):
            chunk = self._generator.throw(*error)
        return self._call._take_any(chunk)

    def close(self) -> None:
        with _AsCurrent(self._call):
            self._generator.close()
