"""Exceptions as Python has them."""

from __future__ import annotations

import copy
import pickle

import pytest

import mcoda
from mcoda import _mcoda

CLASSES: list[tuple[type[mcoda.McodaError], int, str, type[Exception]]] = [
    (mcoda.InvalidInputError, 1, "InvalidInput", ValueError),
    (mcoda.NotFoundError, 2, "NotFound", LookupError),
    (mcoda.ConflictError, 3, "Conflict", mcoda.McodaError),
    (mcoda.BusyError, 4, "Busy", mcoda.McodaError),
    (mcoda.StorageError, 5, "Storage", OSError),
    (mcoda.CorruptError, 6, "Corrupt", mcoda.McodaError),
    (mcoda.UnsupportedError, 7, "Unsupported", mcoda.McodaError),
    (mcoda.ClosedError, 8, "Closed", mcoda.McodaError),
    (mcoda.InternalError, 9, "Internal", mcoda.McodaError),
]


@pytest.mark.parametrize(("cls", "code", "kind", "base"), CLASSES)
def test_a_kind_is_a_class_with_the_number_that_all_languages_have(
    cls: type[mcoda.McodaError], code: int, kind: str, base: type[Exception]
) -> None:
    assert (cls.code, cls.kind) == (code, kind)
    assert issubclass(cls, base) and issubclass(cls, mcoda.McodaError)
    assert f"{cls.__module__}.{cls.__qualname__}" == f"mcoda.{kind}Error"


@pytest.mark.parametrize("cls", [one[0] for one in CLASSES])
def test_an_error_survives_pickling(cls: type[mcoda.McodaError]) -> None:
    error = cls("jobId: there is no job", "jobId", "a cause")
    error.__dict__["request"] = 7
    for same in (pickle.loads(pickle.dumps(error)), copy.copy(error)):
        assert type(same) is cls
        assert (str(same), same.message) == ("jobId: there is no job",) * 2
        assert (same.field, same.detail, same.__dict__["request"]) == ("jobId", "a cause", 7)
        assert same.args == error.args


def test_an_error_of_the_engine_carries_its_parts(ws: mcoda.Workspace) -> None:
    with pytest.raises(mcoda.NotFoundError) as caught:
        ws.record_token_usage(job_id="nobody")
    error = caught.value
    assert (error.code, error.kind, error.field, error.detail) == (2, "NotFound", "jobId", None)
    assert str(error) == error.message == 'jobId: there is no job "nobody"'
    assert pickle.loads(pickle.dumps(error)).args == error.args
    with pytest.raises(mcoda.InvalidInputError) as caught_sql:
        ws.query("SELEC 1")
    assert caught_sql.value.detail and "syntax error" in caught_sql.value.detail


def test_a_panic_is_an_internal_error_and_the_handle_goes_on(
    ws: mcoda.Workspace, capfd: pytest.CaptureFixture[str]
) -> None:
    panic = getattr(_mcoda, "_panic_for_a_test", None)
    if panic is None:
        pytest.skip("this wheel is not built for development")
    with pytest.raises(mcoda.InternalError) as caught:
        panic()
    assert str(caught.value.detail).startswith("a fault made for a test (bindings-python/src/lib.rs:")
    assert capfd.readouterr() == ("", "")
    assert ws.record_token_usage(tokens_prompt=1).recorded
