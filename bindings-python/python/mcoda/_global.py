"""The user's global database."""

from __future__ import annotations

from ._opening import OpensGlobal
from ._transaction import GlobalTransaction


class Global(OpensGlobal):
    """The user's own database: agents, and the usage of their calls outside of any project.

    >>> import mcoda
    >>> with mcoda.Global.open_db(":memory:") as db:
    ...     recorded = db.record_token_usage(model_name="m", tokens_prompt=5)
    ...     db.token_usage()[0].tokens_prompt
    5
    """

    __slots__ = ()

    def transaction(self, limit: float | None = None) -> GlobalTransaction:
        """Begins a transaction, as ``Workspace.transaction`` does."""
        return GlobalTransaction._of(self._native.begin(limit))
