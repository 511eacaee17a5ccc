"""A study's shared storage: its URL as people write it, the driver that it needs, and a database that restarts."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from tunelab.errors import BadInput, printable
from tunelab.sweeps.optuna_internals import cached_storage
from tunelab.sweeps.unreachable import Unreachable
from tunelab.wording import masked_url

if TYPE_CHECKING:
    from optuna.storages import BaseStorage

__all__ = ["open_storage", "storage_url"]

_PATIENCE = 60.0  # seconds for a database to come back
_PAUSES = (0.2, 0.5, 1.0, 2.0)  # seconds between attempts; the last is repeated
_OPENING = 2  # attempts: two processes that make its tables at once are in each other's way
_POSTGRESQL = ("psycopg", "psycopg2")  # its drivers; SQLAlchemy's own choice differs between its versions
_EXTRAS = {"psycopg": "'tunelab[postgresql]'", "MySQLdb": "mysqlclient"}


def storage_url(typed: str) -> str:
    """Return a storage's URL as SQLAlchemy takes it: ``postgres://`` is ``postgresql://``."""
    typed = typed.strip()
    return f"postgresql://{typed.removeprefix('postgres://')}" if typed.startswith("postgres://") else typed


def _with_driver(url: str) -> str:
    """Return the URL with the driver that is installed, where it names none."""
    if not url.startswith("postgresql://"):
        return url
    driver = next((name for name in _POSTGRESQL if find_spec(name) is not None), _POSTGRESQL[0])
    return f"postgresql+{driver}://{url.removeprefix('postgresql://')}"


def open_storage(url: str) -> BaseStorage:
    """Return the storage at a URL; what is asked of it waits up to a minute for a database that has gone away.

    Raises :class:`BadInput` where it can't be opened, and later :class:`Unreachable`.
    """
    import optuna

    for attempt in range(_OPENING + 1):
        try:
            if "://" not in url or url.startswith("redis"):
                return optuna.storages.get_storage(url)
            with _loggers_as_they_are():
                storage = optuna.storages.RDBStorage(_with_driver(url), {"pool_pre_ping": True})
            return _patient(cached_storage())(storage)
        except ImportError as problem:
            name = _missing_module(problem)
            raise BadInput(
                f"the storage {printable(masked_url(url), 80)} needs {printable(name, 40)}, which isn't installed: "
                f"pip install {_EXTRAS.get(name, name)}"
            ) from None
        except Exception as problem:  # whatever a database's driver raises
            if attempt == _OPENING:
                reason = (str(problem).splitlines() or ["it gives no reason"])[0]
                reason = printable(reason.replace(url, masked_url(url)), 200)
                raise BadInput(
                    f"the storage {printable(masked_url(url), 80)} can't be opened: {reason}; "
                    "give a URL as Optuna takes it, such as sqlite:///shared.db"
                ) from None
            time.sleep(_PAUSES[min(attempt, len(_PAUSES) - 1)])
    raise AssertionError("unreachable")


@contextmanager
def _loggers_as_they_are() -> Iterator[None]:
    """Opening a database runs Alembic with a logging configuration that silences all loggers and prints by the root."""
    root, handlers, level = logging.root, logging.root.handlers[:], logging.root.level
    loggers = [one for one in root.manager.loggerDict.values() if isinstance(one, logging.Logger)]
    before = [(logger, logger.disabled) for logger in loggers]
    try:
        yield
    finally:
        for logger, disabled in before:
            logger.disabled = disabled
        root.handlers[:] = handlers
        root.setLevel(level)


def _missing_module(problem: BaseException) -> str:
    name, cause = "a driver", problem.__cause__ or problem.__context__
    for error in (problem, cause):
        name = error.name if isinstance(error, ImportError) and error.name else name
    return name


def _patient(storage: type[Any]) -> type[Any]:
    """Return a class of storage every public method of which is tried again while the database is away."""
    from optuna.storages import BaseStorage

    methods = {
        name: _tried_again(getattr(storage, name))
        for name in dir(BaseStorage)
        if not name.startswith("_") and callable(getattr(storage, name)) and name != "remove_session"
    }
    return type("PatientStorage", (storage,), methods)


def _tried_again(method: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(method)
    def patient(self: Any, *args: Any, **kwargs: Any) -> Any:
        began, attempt = time.monotonic(), 0
        while True:
            try:
                return method(self, *args, **kwargs)
            except Exception as problem:
                if not _is_away(problem):
                    raise
                waited = time.monotonic() - began
                if waited > _PATIENCE:
                    url = printable(masked_url(str(self._backend.url)), 80)
                    raise Unreachable(f"the storage {url} hasn't answered for {waited:.0f} s") from None
                time.sleep(_PAUSES[min(attempt, len(_PAUSES) - 1)])
                attempt += 1

    return patient


def _is_away(problem: BaseException | None) -> bool:
    """Return whether a connection was lost or refused, which may pass, and not something that will stay wrong."""
    from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError

    while problem is not None:
        if isinstance(problem, DBAPIError):
            return problem.connection_invalidated or isinstance(problem, OperationalError | InterfaceError)
        problem = problem.__cause__ or problem.__context__
    return False
