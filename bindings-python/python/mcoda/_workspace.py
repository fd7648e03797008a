"""A project's database."""

from __future__ import annotations

from ._calls import WorkspaceCalls
from ._opening import OpensWorkspace
from ._transaction import WorkspaceTransaction


class Workspace(OpensWorkspace, WorkspaceCalls):
    """The record of one project's work.

    Opening creates what is missing and brings older databases up to date. A handle may be used from any
    number of threads. Every call fails with ``ClosedError`` after ``close``, with ``BusyError`` where
    another process writes for longer than the timeout, and with ``StorageError`` or ``CorruptError``
    where the disk does not do its part; a call that fails has changed nothing.

    >>> import mcoda
    >>> with mcoda.Workspace.open_db(":memory:", workspace_id="shop") as ws:
    ...     ws.id
    'shop'
    """

    __slots__ = ()

    @property
    def id(self) -> str:
        """The workspace's id, which new records carry."""
        return self._native.id

    def transaction(self, limit: float | None = None) -> WorkspaceTransaction:
        """Begins a transaction, which has the calls of the workspace: all of them happen or none.

        Other calls of this handle, of other handles and of other processes that write wait until it ends. A call
        that fails has changed nothing, and the transaction goes on. What is recorded in it reaches the JSON log
        after the commit.

        Args:
            limit: After how many seconds it is rolled back where it is still open. Absent: 10.

        Raises:
            InvalidInputError: A limit that is no number above 0.

        >>> import mcoda
        >>> with mcoda.Workspace.open_db(":memory:") as ws:
        ...     with ws.transaction() as tx:
        ...         project = tx.projects.ensure(key="SHOP")
        ...         recorded = tx.record_token_usage(project_id=project.id, tokens_prompt=1200)
        ...     ws.token_usage()[0].tokens_prompt
        1200
        """
        return WorkspaceTransaction._of(self._native.begin(limit))
