"""A project's database."""

from __future__ import annotations

from ._calls import WorkspaceCalls
from ._opening import OpensWorkspace
from ._transaction import WorkspaceTransaction


class Workspace(OpensWorkspace, WorkspaceCalls):
    """The database of one project.

    Opening creates missing files and tables and migrates older databases. Any number of threads may use a handle.
    Every call raises ``ClosedError`` after ``close``, ``BusyError`` if another process writes for longer than the
    timeout, and ``StorageError`` or ``CorruptError`` on errors of the disk. A call that fails has changed nothing.

    >>> import mcoda
    >>> with mcoda.Workspace.open_db(":memory:", workspace_id="shop") as ws:
    ...     ws.id
    'shop'
    """

    __slots__ = ()

    @property
    def id(self) -> str:
        """The workspace's id, which is stored in new records."""
        return self._native.id

    def transaction(self, limit: float | None = None) -> WorkspaceTransaction:
        """Begins a transaction, which has the calls of the workspace: all of them take effect, or none.

        Writing calls of this handle, of other handles and of other processes wait until it ends. A call that fails
        has changed nothing, and the transaction continues. Its records are written to the JSON log after the commit.

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
